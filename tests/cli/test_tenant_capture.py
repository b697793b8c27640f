"""`anaplan tenant capture`: from one emulator, of which another one is started."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ruamel.yaml import YAML
from tests.cli.conftest import PROGRAM, Command

from anaplan_emulator import Emulator, Fault
from anaplan_sdk import Client
from anaplan_sdk.cli.tenant.capturing.formulas import is_calculated
from anaplan_sdk.cli.tenant.capturing.model_capture import capture_model
from anaplan_sdk.cli.tenant.capturing.name_similarity import similarity
from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions, CaptureReport, Data
from anaplan_sdk.cli.tenant.capturing.pseudonyms import Pseudonyms

SAMPLE_DATA = files("anaplan_emulator") / "sample_data"
FLIGHTS = gzip.decompress((SAMPLE_DATA / "flights-2013-02.csv.gz").read_bytes())
SECRET = re.compile(r"Fl1ghts!|Sk7l1ne|AnaplanAuthToken|auk_")


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own, for the secret of the pseudonyms and the states of captures."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("ANAPLAN_", "XDG_")):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        yield home


def client_of(emulator: Emulator) -> Client:
    return Client(
        base_url=emulator.base_url,
        user_email=emulator.user_email,
        password=emulator.password,
        workspace_id=emulator.workspace_id,
        model_id=emulator.model_id,
    )


def run_pipeline(client: Client) -> tuple[int, list[dict[str, str]], bytes]:
    """Load the flights; return the number of refused rows, the rows, and the export."""
    ids = {each.name: each.id for each in client.get_files()}
    for name in ("airlines.csv", "airports.csv"):
        client.upload_file(ids[name], (SAMPLE_DATA / name).read_bytes())
    client.upload_file(ids["flights.csv"], FLIGHTS)
    process = client.resolve.action("Load flights")
    task = client.run_action(process)
    refused = list(client.get_process_dump_rows(process, task.id))
    export = client.resolve.action("Flight Facts - tabular.csv")
    return len(refused), refused, client.export_and_download(export)


@dataclass
class Loaded:
    """An emulator with the flights, and what its pipeline returned."""

    emulator: Emulator
    result: Any


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    with Emulator() as emulator, client_of(emulator) as client:
        yield Loaded(emulator, run_pipeline(client))


@dataclass
class Captured:
    """A capture, and the requests that it sent."""

    folder: Path
    report: CaptureReport
    requests: list[str]

    @property
    def tenant(self) -> dict[str, Any]:
        tenant: dict[str, Any] = json.loads((self.folder / "tenant.json").read_text("utf-8"))
        return tenant

    @property
    def model(self) -> dict[str, Any]:
        model: dict[str, Any] = self.tenant["workspaces"][0]["models"][0]
        return model


def captured(
    emulator: Emulator, folder: Path, data: Data, *, anonymise: bool, sample_items: int = 100
) -> Captured:
    options = CaptureOptions(data, anonymise, sample_items, "json")
    emulator.clear_requests()
    with client_of(emulator) as client:
        report = capture_model(
            client, str(emulator.workspace_id), str(emulator.model_id), folder, options
        )
    requests = [f"{each.method} {each.path}" for each in emulator.requests()]
    return Captured(folder, report, requests)


@pytest.fixture(scope="module")
def everything(
    loaded: Loaded, own_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Captured:
    folder = tmp_path_factory.mktemp("all")
    return captured(loaded.emulator, folder, "all", anonymise=False)


@pytest.fixture(scope="module")
def anonymous(loaded: Loaded, own_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Captured:
    return captured(loaded.emulator, tmp_path_factory.mktemp("sample"), "sample", anonymise=True)


@pytest.fixture(scope="module")
def started(everything: Captured) -> Iterator[Emulator]:
    """An emulator started from the capture."""
    with Emulator(everything.folder / "tenant.json") as emulator:
        yield emulator


def named(several: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(each for each in several if each["name"] == name)


class Replies:
    """Replies of an emulator's Integration API."""

    def __init__(self, emulator: Emulator) -> None:
        self._client = httpx2.Client(base_url=emulator.base_url, timeout=60)
        reply = self._client.post(
            "/token/authenticate", auth=(emulator.user_email, emulator.password)
        )
        token = reply.json()["tokenInfo"]["tokenValue"]
        self._client.headers |= {
            "Authorization": f"AnaplanAuthToken {token}",
            "Accept": "application/json",
        }
        self.model = f"/2/0/models/{emulator.model_id}"
        self.full = f"/2/0/workspaces/{emulator.workspace_id}{self.model.removeprefix('/2/0')}"

    def text(self, path: str) -> str:
        return self._client.get(path).text

    def __call__(self, path: str) -> Any:
        reply = self._client.get(path)
        if reply.is_error:
            return reply.status_code
        content: dict[str, Any] = json.loads(reply.text, object_hook=without_times)
        content.pop("meta", None)
        return content

    def close(self) -> None:
        self._client.close()


def without_times(content: dict[str, Any]) -> dict[str, Any]:
    """Leave out times, how often a model was changed, and the output of exports."""
    left_out = {"lastLoginDate", "lastModified", "lastSavedSerialNumber", "creationTime"}
    if str(content.get("id")).startswith("116"):
        left_out.add("chunkCount")
    return {name: value for name, value in content.items() if name not in left_out}


def paths_of(get: Replies) -> Iterator[str]:
    """Yield the paths of everything that the Integration API lists of a model."""
    model, full = get.model, get.full
    yield from ("/2/0/users", "/2/0/users/me", full.partition("/models")[0])
    yield from (f"{model}?modelDetails=true", f"{model}/status", f"{model}/modelCalendar")
    for name in ("currentPeriod", "versions", "dashboards", "alm/revisions"):
        yield f"{model}/{name}"
    yield f"{model}/dimensions/101999999999/items"
    yield f"{model}/lists"
    for each in get(f"{model}/lists")["lists"]:
        yield f"{model}/lists/{each['id']}"
        yield f"{model}/lists/{each['id']}/items?includeAll=true"
    yield f"{model}/modules"
    for each in get(f"{model}/modules")["modules"]:
        yield f"{model}/modules/{each['id']}/lineItems?includeAll=true"
    yield f"{model}/views?includesubsidiaryviews=true"
    for each in get(f"{model}/views?includesubsidiaryviews=true")["views"]:
        yield f"{model}/views/{each['id']}"
        # The other view of the module has all of its cells, too.
        if each["id"] != "102000000000":
            yield f"{model}/views/{each['id']}/data?format=v1"
    for kind in ("files", "imports", "exports", "processes", "actions"):
        yield f"{full}/{kind}"
        for each in get(f"{full}/{kind}")[kind]:
            if kind != "files":
                yield f"{full}/{kind}/{each['id']}"
            elif each["id"].startswith("113"):
                yield f"{full}/files/{each['id']}/chunks"


class TestCapturingEverything:
    def test_every_listing_of_an_emulator_started_from_it_is_equal(
        self, loaded: Loaded, started: Emulator
    ) -> None:
        before, after = Replies(loaded.emulator), Replies(started)
        different = [
            path
            for path in paths_of(before)
            if before.text(path) != after.text(path) and before(path) != after(path)
        ]
        before.close()
        after.close()
        assert different == []

    def test_only_reads_are_sent(self, everything: Captured) -> None:
        others = [each for each in everything.requests if not each.startswith("GET ")]
        allowed = re.compile(
            r"POST /token/authenticate"
            r"|POST /2/0/workspaces/\w+/models/\w+/views/\d+/readRequests/?"
            r"|DELETE /2/0/workspaces/\w+/models/\w+/views/\d+/readRequests/\w+"
        )
        assert [each for each in others if not allowed.fullmatch(each)] == []

    def test_what_was_read_is_counted(self, everything: Captured) -> None:
        read = everything.report.read
        assert (read["lists"], read["modules"], read["line items"]) == (6, 2, 14)
        assert (read["items"], read["rows of cells"]) == (26_440, 24_348)
        assert (read["imports"], read["exports"], read["processes"]) == (6, 4, 2)

    def test_blank_and_calculated_cells_are_left_out(self, everything: Captured) -> None:
        path = everything.folder / named(everything.model["modules"], "Flight Facts")["cells_file"]
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        assert header[0] == "Flights"
        assert "All Flights" not in header
        # 608 flights were refused, and have no facts.
        assert len(path.read_text("utf-8").splitlines()) == 1 + 24_343

    def test_default_imports_are_guessed_as_they_are(self, everything: Captured) -> None:
        content = (files("anaplan_emulator") / "tenant" / "default.json").read_text("utf-8")
        default = json.loads(content)["workspaces"][0]["models"][0]
        guessed = {each["name"]: each["target"] for each in everything.model["imports"]}
        assert guessed == {each["name"]: each["target"] for each in default["imports"]}
        assert all(each["confirm"] for each in everything.model["imports"])

    def test_deletions_and_processes_are_as_they_are(self, everything: Captured) -> None:
        deletion = named(everything.model["deletions"], "Delete all flights")
        assert deletion["list"] == "Flights"
        assert (deletion["module"], deletion["line_item"]) == ("Flight Facts", "All Flights")
        process = named(everything.model["processes"], "Reload flights")
        assert process["actions"][0] == "Delete all flights"

    def test_layouts_of_exports_are_guessed(self, everything: Captured) -> None:
        grid = named(everything.model["exports"], "Passenger Plan - grid.csv")
        assert grid["module"] == "Passenger Plan"
        assert (grid["rows"], grid["columns"]) == (["Countries"], ["Time", "Line Items"])
        assert grid["pages"] == ["Versions"]
        pages = named(everything.model["exports"], "Passenger Plan - all pages.csv")
        assert (pages["columns"], pages["pages"]) == (["Time"], ["Versions", "Line Items"])
        tabular = named(everything.model["exports"], "Flight Facts - tabular.csv")
        assert (tabular["module"], tabular["labels"]) == ("Flight Facts", "code")

    def test_hidden_line_items_and_filters_of_views(self, everything: Captured) -> None:
        module = named(everything.model["modules"], "Flight Facts")
        view = named(module["views"], "Loaded Flights")
        assert view["hidden"] == ["Loaded", "All Flights"]
        assert view["filter"] == "Loaded"
        assert "filter" in module["confirm"][0]

    def test_an_action_without_a_definition_is_listed(self, everything: Captured) -> None:
        (other,) = everything.model["other_actions"]
        assert (other["name"], other["action_type"]) == ("Approve the busiest months", "OPTIMIZER")
        assert any(each.place == f"action {other['name']}" for each in everything.report.skipped)

    def test_what_is_forbidden_is_reported(self, everything: Captured) -> None:
        places = {each.place for each in everything.report.skipped}
        assert "administrators of the workspace" in places

    def test_no_secrets_are_written(self, everything: Captured) -> None:
        for path in everything.folder.rglob("*"):
            if path.is_file():
                assert not SECRET.search(path.read_text("utf-8")), path.name

    def test_the_report_says_what_was_guessed(self, everything: Captured) -> None:
        report = (everything.folder / "report.md").read_text("utf-8")
        assert "tzone" in report
        assert "Anaplan shows no mapping" in report
        content = json.loads((everything.folder / "report.json").read_text("utf-8"))
        assert len(content["guessed"]) == len(everything.report.guessed)


def test_the_pipeline_has_the_same_result(loaded: Loaded, everything: Captured) -> None:
    """An emulator without items: what a person has to complete is the export's filter."""
    tenant = everything.tenant
    model = tenant["workspaces"][0]["models"][0]
    for each in model["lists"]:
        if each["name"] not in ("Regions", "Countries"):
            each.pop("items", None)
            each.pop("items_file", None)
    named(model["modules"], "Flight Facts").pop("cells_file")
    named(model["exports"], "Flight Facts - tabular.csv")["omit_empty_rows"] = True
    path = everything.folder / "empty.json"
    path.write_text(json.dumps(tenant), "utf-8")
    with Emulator(path) as emulator, client_of(emulator) as client:
        result = run_pipeline(client)
    path.unlink()
    assert result[0] == loaded.result[0] == 608
    assert result[1] == loaded.result[1]
    assert result[2] == loaded.result[2]


class TestAnonymous:
    def test_no_original_text_or_number_occurs(self, anonymous: Captured, loaded: Loaded) -> None:
        with client_of(loaded.emulator) as client:
            originals = {
                text
                for each in client.tr.get_lists()
                for item in client.tr.get_list_items(each.id)
                for text in (item.name, item.code or "", *map(str, item.properties.values()))
            }
            for user in client.audit.get_users():
                originals |= {user.email, user.id, user.first_name, user.last_name}
        # #1 is generated; numbers may be those of other cells, scaled.
        originals = {each for each in originals if len(each) > 3 and each[0] not in "#-0123456789"}
        written = "\n".join(
            path.read_text("utf-8") for path in anonymous.folder.rglob("*") if path.is_file()
        )
        words = set(re.split(r"[,\n\"']|: ", written))
        assert {each for each in originals if each in words} == set()
        for text in ("skyline", "JetBlue", "New_York", "N14228", "412000", "0.685", "Loaded after"):
            assert text not in written

    def test_short_codes_do_not_occur(self, anonymous: Captured) -> None:
        cells = named(anonymous.model["modules"], "Flight Facts")["cells_file"]
        with (anonymous.folder / cells).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 96
        values = {row[name] for row in rows for name in ("Airline", "Origin", "Destination")}
        assert not values & {"EWR", "JFK", "LGA", "UA", "B6", "AA"}

    def test_references_stay_consistent(self, anonymous: Captured) -> None:
        lists = {each["name"]: each for each in anonymous.model["lists"]}
        codes: dict[str, set[str]] = {}
        for name in ("Airlines", "Airports", "Flights"):
            if "items" in lists[name]:
                codes[name] = {each["code"] for each in lists[name]["items"]}
            else:
                path = anonymous.folder / lists[name]["items_file"]
                with path.open(encoding="utf-8", newline="") as file:
                    codes[name] = {row["code"] for row in csv.DictReader(file)}
        cells = named(anonymous.model["modules"], "Flight Facts")["cells_file"]
        with (anonymous.folder / cells).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["Flights"] for row in rows} <= codes["Flights"]
        assert {row["Airline"] for row in rows} <= codes["Airlines"]
        assert {row["Origin"] for row in rows} | {row["Destination"] for row in rows} <= (
            codes["Airports"]
        )

    def test_it_starts(self, anonymous: Captured) -> None:
        with Emulator(anonymous.folder / "tenant.json") as emulator, client_of(emulator) as client:
            airports = client.tr.get_list_items(client.resolve.list("Airports"))
            assert len(airports) > 100
            assert all(each.parent for each in airports)

    def test_notes_and_categories_are_left_out(self, anonymous: Captured) -> None:
        assert "categories" not in anonymous.model
        assert all("notes" not in each for each in anonymous.model["versions"])

    def test_the_secret_is_private_and_outside(self, anonymous: Captured, own_home: Path) -> None:
        path = own_home / ".config/anaplan-sdk/capture.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        secret = path.read_text("utf-8")
        for each in anonymous.folder.rglob("*"):
            assert each.is_dir() or secret not in each.read_text("utf-8")

    def test_nothing_that_was_read_stays_behind(self, anonymous: Captured, own_home: Path) -> None:
        assert list((own_home / ".local/state/anaplan-sdk/captures").glob("*")) == []
        assert anonymous.folder.is_dir()


UNUSUAL: dict[str, Any] = {
    "name": "Unusual",
    "users": [
        {
            "email": "canary@corp.example",
            "password": "Secr3t-canary!",
            "first_name": "Canarina",
            "last_name": "Canarovich",
            "workspaces": {"Work": "admin"},
            "roles": ["tenant_admin"],
        },
        {
            "email": "visitor@corp.example",
            "password": "Secr3t-canary!",
            "first_name": "Xaver",
            "last_name": "Visitor",
            "workspaces": {"Work": "visitor"},
        },
    ],
    "workspaces": [
        {
            "name": "Work",
            "models": [
                {
                    "name": "Model",
                    "lists": [
                        {
                            "name": "Customers",
                            "top_level_item": "Total Kanarium",
                            "properties": [
                                {"name": "Salary", "format": "NUMBER"},
                                {"name": "Since", "format": "DATE"},
                                {"name": "Remark", "format": "TEXT"},
                            ],
                            "items": [
                                {
                                    "name": "Kanarium GmbH",
                                    "code": "KANA-1",
                                    "properties": {
                                        "Salary": 987654.25,
                                        "Since": "2019-07-23",
                                        "Remark": "ask canary@corp.example",
                                    },
                                },
                                {"name": 'Vogel; "& Söhne", AG', "code": "KANA-2"},
                            ],
                        },
                        {
                            "name": "Orders",
                            "numbered": True,
                            "properties": [{"name": "Title", "display_name": True}],
                            "items": [
                                {"code": "ORD-1", "properties": {"Title": "Order of Kanarium"}},
                                {"code": "ORD-2", "properties": {"Title": "Second"}},
                            ],
                        },
                    ],
                    "modules": [
                        {
                            "name": "Orders",
                            "dimensions": ["Orders"],
                            "line_items": [{"name": "Paid", "format": "BOOLEAN"}],
                            "cells": [{"Orders": "ORD-1", "Paid": True}],
                        },
                        {
                            "name": "Sales",
                            "dimensions": ["Customers"],
                            "line_items": [
                                {"name": "Units"},
                                {"name": "Returns"},
                                {"name": "Net", "formula": "Units - Returns"},
                                {
                                    "name": "Share",
                                    "formula": "Units / Customers.'Kanarium GmbH' + Customers.KANA",
                                    "stored": True,
                                },
                                {
                                    "name": "Is It",
                                    "format": "BOOLEAN",
                                    "formula": 'NAME(ITEM(Customers)) = "Kanarium GmbH"',
                                    "stored": True,
                                },
                                {"name": "Mail", "format": "TEXT"},
                            ],
                            "cells": [
                                {
                                    "Customers": "KANA-1",
                                    "Units": 424242,
                                    "Share": 0.123456,
                                    "Is It": True,
                                    "Mail": "canary@corp.example",
                                }
                            ],
                            "views": [{"name": "Kanarium GmbH only"}],
                        },
                        {"name": "Settings", "line_items": [{"name": "Rate", "format": "NUMBER"}]},
                    ],
                    "files": [{"name": "for canary@corp.example.csv"}, {"name": "KANA-1.csv"}],
                    "imports": [
                        {
                            "name": "Customers from KANA-1",
                            "file": "KANA-1.csv",
                            "target": {"list": "Customers", "name": "Kanarium GmbH"},
                        },
                        {"name": "From another model", "type": "MODULE_DATA"},
                    ],
                    "exports": [{"name": "Sales of Kanarium GmbH", "module": "Sales"}],
                    "other_actions": [{"name": "Order Kanarium GmbH"}],
                    "processes": [
                        {"name": "Kanarium GmbH daily", "actions": ["Customers from KANA-1"]}
                    ],
                    "dashboards": ["Board of canary@corp.example"],
                }
            ],
        }
    ],
}
CANARIES = re.compile(
    # None of them can be part of a pseudonym.
    r"kanarium|kana-|vogel;|söhne|canar|corp\.example|xaver|visitor@|987654\.25|424242\b"
    r"|0\.123456|2019-07-23",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def unusual(
    own_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Emulator, Path]]:
    folder = tmp_path_factory.mktemp("unusual")
    path = folder / "original.json"
    path.write_text(json.dumps(UNUSUAL), "utf-8")
    content = "Kanarium GmbH,code,since\nKanarium GmbH,KANA-1,2019-07-23\nNew one,KANA-9,424242\n"
    with Emulator(path) as emulator, client_of(emulator) as client:
        client.upload_file(client.resolve.file("KANA-1.csv"), content)
        yield emulator, folder


class TestUnusualModel:
    @pytest.mark.parametrize("data", ["none", "sample", "all"])
    def test_canaries_occur_nowhere(self, unusual: tuple[Emulator, Path], data: Data) -> None:
        emulator, folder = unusual
        result = captured(emulator, folder / data, data, anonymise=True)
        for path in result.folder.rglob("*"):
            if path.is_file():
                found = CANARIES.search(path.read_text("utf-8"))
                assert found is None, (path.name, found)

    def test_contents_of_files_are_replaced(self, unusual: tuple[Emulator, Path]) -> None:
        emulator, folder = unusual
        result = captured(emulator, folder / "contents", "all", anonymise=True)
        (file,) = (each for each in result.model["files"] if "default_file" in each)
        with (result.folder / file["default_file"]).open(encoding="utf-8", newline="") as lines:
            header, first, second = csv.reader(lines)
        assert header[1:] == ["code", "since"]
        customers = named(result.model["lists"], "Customers")["items"]
        assert first[:2] == [customers[0]["name"], customers[0]["code"]]
        assert second[0] not in ("New one", "", first[0])

    def test_an_emulator_starts_from_it(self, unusual: tuple[Emulator, Path]) -> None:
        emulator, folder = unusual
        result = captured(emulator, folder / "start", "all", anonymise=True)
        with Emulator(result.folder / "tenant.json") as other, client_of(other) as client:
            for each in client.tr.get_lists():
                assert len(client.tr.get_list_items(each.id)) == 2
            names = {each.name for each in client.tr.get_modules()}
            assert names == {"Orders", "Sales", "Settings"}

    def test_formulas_and_cells(self, unusual: tuple[Emulator, Path]) -> None:
        emulator, folder = unusual
        result = captured(emulator, folder / "formulas", "all", anonymise=False)
        module = named(result.model["modules"], "Sales")
        net, share = (named(module["line_items"], name) for name in ("Net", "Share"))
        assert "stored" not in net
        assert share["stored"] is True
        (cell,) = module["cells"]
        assert "Net" not in cell
        assert (cell["Share"], cell["Is It"], cell["Units"]) == (0.123456, True, 424242)

    @pytest.mark.parametrize("is_shown", [True, False], ids=["shown", "not-shown"])
    def test_a_display_name_is_shown_or_found_out(
        self, unusual: tuple[Emulator, Path], is_shown: bool
    ) -> None:
        emulator, folder = unusual
        if not is_shown:
            with client_of(emulator) as client:
                metadata = client.tr.get_list_metadata(client.resolve.list("Orders"))
            shown = metadata.model_dump(mode="json", by_alias=True)
            del shown["displayNameProperty"]
            path = f"*/lists/{metadata.id}"
            emulator.add_fault(Fault(path=path, body={"metadata": shown}, times=None))
        result = captured(emulator, folder / f"display-{is_shown}", "all", anonymise=False)
        emulator.clear_faults()
        orders = named(result.model["lists"], "Orders")
        assert named(orders["properties"], "Title")["display_name"] is True
        reasons = [each for each in orders.get("confirm", ()) if "instead of items' names" in each]
        assert len(reasons) == (0 if is_shown else 1)
        assert named(result.model["modules"], "Orders")["cells"] == [
            {"Orders": "ORD-1", "Paid": True}
        ]

    def test_roles_in_the_workspace_are_shown_to_administrators(
        self, unusual: tuple[Emulator, Path]
    ) -> None:
        emulator, folder = unusual
        result = captured(emulator, folder / "roles", "none", anonymise=False)
        users = {each["email"]: each.get("workspaces") for each in result.tenant["users"]}
        assert users["canary@corp.example"] == {"Work": "admin"}
        assert users["visitor@corp.example"] == {"Work": "visitor"}
        assert "Secr3t" not in (result.folder / "tenant.json").read_text("utf-8")

    def test_an_import_without_a_file_has_no_target(self, unusual: tuple[Emulator, Path]) -> None:
        emulator, folder = unusual
        result = captured(emulator, folder / "imports", "none", anonymise=False)
        other = named(result.model["imports"], "From another model")
        assert "file" not in other
        assert "target" not in other


class TestCommand:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "captured"

    def test_writes_yaml_and_a_report(self, anaplan: Command, folder: Path) -> None:
        done = anaplan("tenant", "capture", "-o", str(folder))
        assert done.code == 0, done.err
        tenant = YAML(typ="safe").load(folder / "tenant.yaml")
        assert tenant["default_model"] == "Flight Operations"
        assert "Guessed, to be confirmed" in done.err
        assert (folder / "report.md").exists()
        assert done.out == ""

    def test_prints_json(self, anaplan: Command, folder: Path) -> None:
        line = ("tenant", "capture", "-o", str(folder), "--output", "json", "--data", "none")
        done = anaplan(*line)
        assert done.json["read"]["lists"] == 6
        assert "items" not in done.json["read"]

    def test_refuses_a_complete_capture_and_other_arguments(
        self, anaplan: Command, folder: Path
    ) -> None:
        line = ("tenant", "capture", "-o", str(folder), "--data", "none")
        assert anaplan(*line).code == 0
        again = anaplan(*line)
        assert (again.code, "complete capture already" in again.err) == (2, True)
        other_line = ("tenant", "capture", "-o", str(folder), "--data", "all")
        assert "complete capture already" in anaplan(*other_line).err
        marker = folder / "capture.json"
        marker.write_text(
            marker.read_text("utf-8").replace('"complete": true', '"complete": false')
        )
        other = anaplan(*other_line)
        assert other.code == 2
        assert "data was 'none', now 'all'" in other.err

    def test_refuses_a_file(self, anaplan: Command, folder: Path) -> None:
        folder.write_text("mine", "utf-8")
        done = anaplan("tenant", "capture", "-o", str(folder))
        assert (done.code, "is a file" in done.err) == (2, True)
        assert folder.read_text("utf-8") == "mine"

    def test_refuses_a_folder_with_other_files(self, anaplan: Command, folder: Path) -> None:
        folder.mkdir()
        (folder / "own.txt").write_text("mine", "utf-8")
        done = anaplan("tenant", "capture", "-o", str(folder))
        assert (done.code, "is not empty" in done.err) == (2, True)
        assert [each.name for each in folder.iterdir()] == ["own.txt"]

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("*/lists/101000000004", 403),
            ("*/modules/102000000001/lineItems", 404),
            ("*/imports/112000000000", 403),
            ("*/views/102000000001/readRequests*", 404),
            ("*/versions", 403),
            ("*/dashboards", 404),
        ],
        ids=["list", "module", "import", "cells", "versions", "dashboards"],
    )
    def test_an_object_that_is_not_returned_is_skipped(
        self, anaplan: Command, folder: Path, emulator: Emulator, path: str, status: int
    ) -> None:
        emulator.add_fault(Fault(path=path, status=status))
        done = anaplan("tenant", "capture", "-o", str(folder), "--format", "json")
        emulator.clear_faults()
        assert done.code == 0, done.err
        assert "not read" in (folder / "report.md").read_text("utf-8")
        assert anaplan("tenant", "check", str(folder / "tenant.json")).code == 0

    def test_a_model_that_cannot_be_read_is_an_error(
        self, anaplan: Command, folder: Path, emulator: Emulator
    ) -> None:
        emulator.set_active_state("Flight Operations", "ARCHIVED")
        done = anaplan("tenant", "capture", "-o", str(folder))
        emulator.set_active_state("Flight Operations", "UNLOCKED")
        assert done.code not in (0, 1)
        assert not (folder / "tenant.yaml").exists()

    def test_lists_of_properties_are_guessed_without_values(
        self, anaplan: Command, folder: Path
    ) -> None:
        assert anaplan("tenant", "capture", "-o", str(folder), "--format", "json").code == 0
        content = json.loads((folder / "tenant.json").read_text("utf-8"))
        flights = named(content["workspaces"][0]["models"][0]["lists"], "Flights")
        assert named(flights["properties"], "Carrier")["list"] == "Airlines"

    def test_help_fits_80_columns(self, anaplan: Command) -> None:
        text = anaplan("tenant", "capture", "--help").out
        assert max(map(len, text.splitlines())) <= 80
        assert "-o" in text

    def test_it_imports_no_emulator(self, shell: Command) -> None:
        code = "import anaplan_sdk.cli.tenant.capturing.model_capture, sys; "
        code += "assert not [n for n in sys.modules if n.startswith('anaplan_emulator')]"
        assert shell(f'{sys.executable} -c "{code}"').code == 0


def test_from_a_capture_to_a_green_test(home: Path, anaplan: Command, shell: Command) -> None:
    """What the guide says, word by word."""
    guide = (Path(__file__).parents[2] / "docs/guides/capture.md").read_text("utf-8")
    code = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)[0]
    settings = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)[0]
    assert anaplan("tenant", "capture", "-m", "Flight Operations", "-o", "captured").code == 0
    checked = anaplan("tenant", "check", "captured/tenant.yaml")
    assert checked.code == 0, checked.err
    assert anaplan("tenant", "show", "captured/tenant.yaml").code == 0
    (home / "pyproject.toml").write_text(settings, "utf-8")
    (home / "test_airlines.py").write_text(code, "utf-8")
    done = shell(
        f"{sys.executable} -m pytest -q -p no:cacheprovider -p no:randomly test_airlines.py"
    )
    assert done.code == 0, done.out
    assert "1 passed" in done.out


@pytest.mark.parametrize(
    "moment",
    ["  list Airports", "  module Passenger Plan", "  cells of Passenger Plan", "  exports"],
    ids=["lists", "modules", "cells", "actions"],
)
def test_a_capture_that_was_killed_continues(
    home: Path, emulator: Emulator, anaplan: Command, moment: str
) -> None:
    """Killed as soon as it says that it reads an object: nothing before that is read again."""
    folder = home / "captured"
    line = ["tenant", "capture", "-o", str(folder), "--no-anonymise", "--data", "all"]
    killed = subprocess.Popen([*PROGRAM, *line], stderr=subprocess.PIPE, text=True, cwd=home)
    assert killed.stderr is not None
    seen: list[str] = []
    for text in killed.stderr:
        seen.append(text.rstrip("\n"))
        if seen[-1] == moment:
            killed.send_signal(signal.SIGKILL)
            break
    killed.wait(20)
    killed.stderr.close()
    assert not (folder / "tenant.yaml").exists()
    done = anaplan(*line)
    assert done.code == 0, done.err
    again = [each for each in done.err.splitlines() if each in seen and ":" not in each]
    # The object in which it was killed may have been read before that.
    assert set(again) <= {seen[-1], *seen[-1:]}
    other = home / "other"
    assert anaplan(*line[:3], str(other), *line[4:]).code == 0
    assert (folder / "tenant.yaml").read_bytes() == (other / "tenant.yaml").read_bytes()
    assert list(folder.rglob(".anaplan-*")) == []


class TestPseudonyms:
    pseudonyms = Pseudonyms(b"a secret of this test")

    def test_the_same_text_has_the_same_one(self) -> None:
        assert self.pseudonyms.text("France") == Pseudonyms(b"a secret of this test").text("France")
        assert self.pseudonyms.text("France") != Pseudonyms(b"another secret").text("France")

    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ("", r""),
            ("#12", r"#12"),
            ("1117", r"\d{18}"),
            ("2013-02-01-UA-1545-EWR", r"[A-Z2-9]{14}"),
            ("United States", r"[A-Z][a-z]+ [A-Z][a-z]+"),
            ("Pat@Example.com", r"[a-z]+@example\.com"),
        ],
        ids=["empty", "generated", "digits", "code", "words", "address"],
    )
    def test_shapes_stay(self, text: str, shape: str) -> None:
        assert re.fullmatch(shape, self.pseudonyms.text(text))

    def test_different_texts_stay_different(self) -> None:
        texts = [f"Item {number}" for number in range(20_000)]
        assert len({self.pseudonyms.text(each) for each in texts}) == len(texts)

    @pytest.mark.parametrize("text", ["1", "-1", "7", "0.5", "-2.5", "0.1", "1234567.89", "1e3"])
    def test_numbers_keep_their_sign_and_kind(self, text: str) -> None:
        scaled = self.pseudonyms.number(text, "102 207")
        assert float(scaled) != float(text)
        assert (float(scaled) < 0) == (float(text) < 0)
        assert float(scaled).is_integer() == float(text).is_integer()

    def test_zero_stays_and_a_line_item_has_one_factor(self) -> None:
        assert float(self.pseudonyms.number("0", "102 207")) == 0
        ratio = float(self.pseudonyms.number("1000000", "102 207")) / 1000000
        other = float(self.pseudonyms.number("3000000", "102 207")) / 3000000
        assert ratio == pytest.approx(other)
        assert ratio != float(self.pseudonyms.number("1000000", "102 208")) / 1000000

    def test_dates_move_by_the_same_number_of_weeks(self) -> None:
        moved = self.pseudonyms.date("2013-02-15T10:00:00Z")
        assert moved.endswith("T10:00:00Z")
        assert moved[:10] < "2013-02-15"

    def test_it_does_not_show_the_secret(self) -> None:
        assert "secret" not in repr(self.pseudonyms)


@pytest.mark.parametrize(
    ("formula", "data_format", "is_known"),
    [
        ("TRUE", "BOOLEAN", True),
        ("12.5", "NUMBER", True),
        ('"text"', "TEXT", True),
        ("Units - Returns", "NUMBER", True),
        ("'Pre-orders' + Units", "NUMBER", True),
        ("Units * 2", "NUMBER", False),
        ("Other.Units", "NUMBER", False),
        ("NAME(ITEM(Regions))", "TEXT", False),
        ("Units > 1", "BOOLEAN", False),
        ("START()", "DATE", False),
    ],
)
def test_formulas_that_the_emulator_calculates(
    formula: str, data_format: str, is_known: bool
) -> None:
    assert is_calculated(formula, data_format, ["Units", "Returns", "Pre-orders"]) is is_known


@pytest.mark.parametrize(
    ("column", "field", "least", "most"),
    [
        ("lat", "Latitude", 0.8, 0.85),
        ("tzone", "Time Zones", 0.6, 0.6),
        ("dep_delay", "Departure Delay", 0.85, 0.85),
        ("tailnum", "Tail Number", 0.8, 0.85),
        ("country", "Countries", 1, 1),
        ("load_factor", "Load Factor", 1, 1),
        ("dst", "Time Zones", 0, 0),
        ("", "Time Zones", 0, 0),
    ],
)
def test_similarity_of_names(column: str, field: str, least: float, most: float) -> None:
    assert least <= similarity(column, field) <= most
