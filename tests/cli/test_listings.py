"""`anaplan ls` and `anaplan show`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_emulator import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Command, Compare

    from anaplan_emulator import Emulator

LONG = "Import of the daily passenger counts by origin, destination and fare class from the lake"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("kind", "identifier", "name"),
    [
        ("workspaces", "824de59dd81a718cbae501abe49f102e", "Network Planning"),
        ("models", "90360869A4629FDAB24AE773ACAAC720", "Flight Operations"),
        ("files", "113000000000", "airlines.csv"),
        ("imports", "112000000003", "Flights from flights.csv"),
        ("exports", "116000000000", "Flight Facts - tabular.csv"),
        ("processes", "118000000000", "Load flights"),
        ("actions", "117000000000", "Delete all flights"),
        ("lists", "101000000003", "Flights"),
        ("modules", "102000000001", "Passenger Plan"),
        ("views", "2000000000001", "Flight Facts.Loaded Flights"),
        ("line-items", "208000000000", "Passengers"),
        ("dashboards", "115000000000", "Network Overview"),
    ],
)
def test_each_kind_is_listed_and_described(
    anaplan: Command, kind: str, identifier: str, name: str
) -> None:
    listed = anaplan("ls", kind, "-o", "csv")
    assert (identifier, name) in [(row["id"], row["name"]) for row in rows(listed.out)]
    by_id = anaplan("show", identifier, "-o", "json")
    assert (str(by_id.json["id"]), by_id.json["name"]) == (identifier, name)
    by_name = anaplan("show", name, "-o", "json", "--kind", kind)
    assert by_name.json == by_id.json


def test_a_listing_of_views_has_no_line_items(anaplan: Command) -> None:
    names = {row["name"] for row in rows(anaplan("ls", "views", "-o", "csv").out)}
    assert {"Flight Facts", "Flight Facts.Loaded Flights"} < names
    assert not names & {"Date", "Passengers"}


def test_sizes_are_readable_for_people_and_exact_for_programs(anaplan: Command) -> None:
    assert "24.6 MB" in anaplan("ls", "workspaces").out
    assert rows(anaplan("ls", "workspaces", "-o", "csv").out)[0]["current_size"] == "24576000"
    assert anaplan("ls", "workspaces", "-o", "json").json[0]["current_size"] == 24576000


def test_models_of_all_workspaces_are_listed_with_their_workspace(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "workspace_name" not in anaplan("ls", "models", "-o", "csv").out
    monkeypatch.delenv("ANAPLAN_WORKSPACE_ID")
    monkeypatch.delenv("ANAPLAN_MODEL_ID")
    assert rows(anaplan("ls", "models", "-o", "csv").out)[0]["workspace_name"] == "Network Planning"


def test_a_search_ignores_case(anaplan: Command) -> None:
    found = anaplan("ls", "imports", "--search", "AIR", "-o", "csv")
    assert [row["id"] for row in rows(found.out)] == [
        "112000000000",
        "112000000001",
        "112000000002",
    ]


@pytest.mark.parametrize(
    ("output", "out", "err"),
    [
        ("table", "", "No exports with 'zz' in their names.\n"),
        ("csv", "id,name,format\n", ""),
        ("json", "[]\n", ""),
        ("jsonl", "", ""),
    ],
)
def test_an_empty_listing(anaplan: Command, output: str, out: str, err: str) -> None:
    done = anaplan("ls", "exports", "--search", "zz", "--output", output)
    assert (done.code, done.out, done.err) == (0, out, err)


def test_imports_fit_a_terminal(anaplan: Command, emulator: Emulator, snapshot: Compare) -> None:
    imports: Any = [
        {"id": "112000000000", "name": LONG, "importType": "LINE_ITEM_DEFINITION"},
        {"id": "112000000001", "name": "x" * 90, "importDataSourceId": "113000000000"},
    ]
    emulator.add_fault(Fault(path="*/imports", body={"imports": imports}, times=None))
    snapshot("ls-imports-80", anaplan("ls", "imports", on_terminal=True).out)


def test_the_description_of_a_workspace_fits_a_terminal(
    anaplan: Command, snapshot: Compare
) -> None:
    snapshot("show-workspace-80", anaplan("show", "Network Planning", on_terminal=True).out)


def test_what_an_import_reads_is_described(anaplan: Command) -> None:
    found = anaplan("show", "Flights from flights.csv", "-o", "json").json
    assert (found["kind"], found["type"], found["source_type"]) == (
        "import",
        "HIERARCHY_DATA",
        "FILE",
    )
    assert (found["file_id"], found["file_name"]) == (113000000002, "flights.csv")
    columns = [each["name"] for each in found["source_columns"]]
    assert (columns[:2], len(columns)) == (["flight_id", "year"], 20)


def test_what_reads_a_file_is_described(anaplan: Command) -> None:
    assert anaplan("upload", "-", "--to", "flights.csv", stdin="a,b\n").code == 0
    found = anaplan("show", "flights.csv", "-o", "json").json
    assert [each["id"] for each in found["imports"]] == [112000000003, 112000000004]
    assert [each["id"] for each in found["chunks"]] == [0]


def test_the_columns_of_an_export_are_described(anaplan: Command) -> None:
    found = anaplan("show", "Flight Facts - tabular.csv", "-o", "json").json
    assert found["kind"] == "export"  # And not its output, a file with the same id.
    assert found["columns"][2] == {
        "column": 3,
        "name": "Airline",
        "type": "ENTITY",
        "list": "Airlines",
    }


def test_line_items_and_views_of_a_module_are_described(anaplan: Command) -> None:
    found = anaplan("show", "Passenger Plan", "-o", "json").json
    assert found["kind"] == "module"  # And not its default view.
    assert found["line_items"][0]["applies_to"] == [{"id": 101000000005, "name": "Countries"}]
    view = found["views"][-1]["name"]
    assert view == "Passenger Plan.Approved Plan"
    assert anaplan("show", view, "-o", "json").json["kind"] == "view"


def test_the_state_of_a_model_is_described(anaplan: Command) -> None:
    closed = anaplan("show", "Flight Operations 2012", "-o", "json").json
    assert (closed["active_state"], closed["current_step"]) == ("ARCHIVED", "Closed")
    # Its id is found in any case, though Anaplan writes capitals.
    assert anaplan("show", closed["id"].lower(), "-o", "json").json == closed


def test_a_description_as_csv_is_one_row(anaplan: Command) -> None:
    (row,) = rows(anaplan("show", "Load flights", "-o", "csv").out)
    assert row == {"kind": "process", "id": "118000000000", "name": "Load flights"}


@pytest.mark.parametrize(
    ("arguments", "code", "err"),
    [
        (
            ["show", "Load flight"],
            5,
            "workspace or model 'Load flight' that the user can see; similar: process 'Load",
        ),
        (["show", "112000000099"], 5, "There is no import 112000000099 that the user can see.\n"),
        (["show", "F" * 32], 5, "'anaplan ls models' lists what there is.\n"),
        (
            ["show", "118000000000", "--kind", "lists"],
            2,
            "an id of processes; this takes lists.\nSuch ids begin with 101....\n",
        ),
        (["ls", "files", "-m", "112000000000"], 2, "Such ids have 32 hexadecimal digits.\n"),
        (
            ["upload", "-", "--to", "F" * 32],
            2,
            "has the form of an id of a workspace or a model; this takes files.\n",
        ),
    ],
)
def test_what_is_not_found(anaplan: Command, arguments: list[str], code: int, err: str) -> None:
    done = anaplan(*arguments, stdin="content")
    assert (done.code, done.out) == (code, "")
    assert err in done.err


def test_an_ambiguous_name_lists_its_candidates(anaplan: Command, emulator: Emulator) -> None:
    namesake: Any = {"imports": [{"id": "112000000009", "name": "Load flights"}]}
    emulator.add_fault(Fault(path="*/imports", body=namesake, times=None))
    done = anaplan("show", "Load flights")
    assert done.code == 5
    assert done.err.splitlines() == [
        "Error: Several have the name 'Load flights':",
        "  import 'Load flights' (112000000009)",
        "  process 'Load flights' (118000000000)",
        "Use one of the ids.",
    ]
    assert anaplan("show", "Load flights", "--kind", "processes").code == 0


def test_without_a_model_only_models_and_workspaces_are_found(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANAPLAN_MODEL_ID")
    assert anaplan("show", "Flight Operations").code == 0
    done = anaplan("show", "Load flights")
    assert done.code == 5
    assert done.err.endswith("Without --model, only workspaces and models are searched.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ls", "import"), "did you mean 'imports'?"),
        (("ls", "workspace"), "did you mean 'workspaces'?"),
        (("ls", "users"), "'anaplan users ls' lists them."),
        (("ls", "integrations"), "'anaplan cw ls' lists them."),
        (("show", "Flights", "--kind", "list"), "did you mean 'lists'?"),
        (("files",), "Did you mean 'ls files'?"),
    ],
)
def test_what_was_probably_meant_is_suggested(
    anaplan: Command, emulator: Emulator, arguments: tuple[str, ...], said: str
) -> None:
    done = anaplan(*arguments)
    assert (done.code, said in done.err) == (2, True), done.err
    assert emulator.requests() == []


def test_names_that_contain_what_was_typed_are_similar(anaplan: Command) -> None:
    done = anaplan("ls", "files", "-m", "Flight")
    assert done.code == 5
    assert "similar: model 'Flight Operations' (" in done.err
    assert done.err.endswith("'anaplan ls models' lists what the user can see.\n")


def test_a_narrow_table_of_models_keeps_their_names(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANAPLAN_WORKSPACE_ID")
    lines = anaplan("ls", "models", on_terminal=True).out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "STATE", "WORKSPACE"]
    assert max(map(len, lines)) <= 80
    # Two models, of which none has more than two lines.
    assert len(lines) <= 5
    assert "SIZE" in anaplan("ls", "models").out.splitlines()[0]


def test_the_dimensions_of_a_module_are_described(anaplan: Command) -> None:
    found = anaplan("show", "Passenger Plan", "--kind", "modules", "-o", "json").json
    assert {"Time", "Versions"} <= {each["name"] for each in found["dimensions"]}
