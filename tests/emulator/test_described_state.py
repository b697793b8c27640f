"""The emulator describes its state, from which another one with the same listings starts."""

from __future__ import annotations

import gzip
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.any_tenant import AdminClient, all_listings, tenant_with
from tests.emulator.conftest import SHOP

from anaplan_emulator import Emulator
from anaplan_emulator.tenant.tenant_file import read_tenant
from anaplan_emulator.tenant.tenant_writer import write_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT = read_tenant(None)
SECRETS = [user.password for user in DEFAULT.users]


@pytest.fixture
def second() -> Iterator[Emulator]:
    with Emulator(tenant_with()) as emulator:
        yield emulator


def load_flights(emulator: Emulator) -> None:
    """Upload the sample data and run the default tenant's process."""
    folder = files("anaplan_emulator") / "sample_data"
    flights = gzip.decompress((folder / "flights-2013-02.csv.gz").read_bytes())
    contents = {
        "airlines.csv": (folder / "airlines.csv").read_bytes(),
        "airports.csv": (folder / "airports.csv").read_bytes(),
        "flights.csv": b"".join(flights.splitlines(keepends=True)[:1301]),
    }
    with AdminClient(emulator) as client:
        for each in client.get("/files")["files"]:
            if each["name"] in contents:
                path = f"{client.model}/files/{each['id']}"
                reply = client.http.put(path, content=contents[each["name"]])
                assert reply.status_code == 204
        processes = {each["name"]: each["id"] for each in client.get("/processes")["processes"]}
        result = client.run("processes", processes["Load flights"])
        assert result["successful"], result


@pytest.fixture
def flights(emulator: Emulator) -> Emulator:
    emulator.load_tenant(DEFAULT)
    load_flights(emulator)
    return emulator


def without_uploads(listings: dict[str, Any]) -> dict[str, Any]:
    return {
        path: reply
        for path, reply in listings.items()
        if not path.endswith(("/chunks", "/files")) and "/imports/" not in path
    }


def test_the_default_tenant_with_its_flights(
    flights: Emulator, second: Emulator, tmp_path: Path
) -> None:
    emails = [flights.user_email, "admin@skyline.example"]
    expected = without_uploads(all_listings(flights, *emails))
    described = flights.describe(secrets=True)
    second.load_tenant(described)
    assert without_uploads(all_listings(second, *emails)) == expected
    assert second.describe(secrets=True) == described
    path = flights.save_tenant(tmp_path / "saved", secrets=True)
    saved = sorted(str(each.relative_to(path.parent)) for each in path.parent.rglob("*.csv"))
    assert "Flight Operations/lists/Flights.csv" in saved
    second.load_tenant(read_tenant(path))
    assert second.describe(secrets=True) == described


def test_the_shop_after_changes(emulator: Emulator, second: Emulator, tmp_path: Path) -> None:
    emulator.load_tenant(SHOP)
    with AdminClient(emulator) as client:
        lists = {each["name"]: each["id"] for each in client.get("/lists")["lists"]}
        path = f"{client.model}/lists/{lists['Products']}/items"
        items = client.http.get(path).json()["listItems"]
        body: dict[str, Any] = {"items": [{"id": items[0]["id"]}]}
        assert client.http.post(f"{path}?action=delete", json=body).json()["deleted"] == 1
        body = {"items": [{"name": "Added", "code": items[1]["name"]}]}
        assert client.http.post(f"{path}?action=add", json=body).json()["added"] == 1
    expected = all_listings(emulator)
    second.load_tenant(emulator.describe(secrets=True))
    assert all_listings(second) == expected
    for name in ("tenant.json", "tenant.yml"):
        write_tenant(emulator.describe(secrets=True), tmp_path / name, data="inline")
        second.load_tenant(read_tenant(tmp_path / name))
        assert all_listings(second) == expected


HOSTILE = [
    "yes",
    "null",
    "1e3",
    "#1",
    "- a",
    "a: b",
    "{x}",
    "'",
    '"',
    "é\t",
    "\N{BEL}",
    "=1",
    " ",
    "a\rb",
]
RICH = tenant_with(
    calendar={"start": "2025-02-01", "past_years": 1, "current_period": "2025-03-15"},
    versions=[
        {"name": "Actual", "id": "107000000001"},
        {"name": "Plan", "edit_from": "2025-03-01", "switchover": "2025-02-01", "notes": "n"},
    ],
    lists=[
        {"name": "CON", "items": [{"name": name} for name in HOSTILE]},
        {"name": "con", "production_data": True} | {"name": "../con", "top_level_item": "Top"},
        {
            "name": "Numbers",
            "numbered": True,
            "id": "101000000900",
            "parent": "CON",
            "properties": [
                {"name": "name", "display_name": True},
                {"name": "subset: x", "format": "LIST", "list": "CON"},
            ],
            "subsets": ["x"],
            "items": [
                {
                    "id": f"400000000{number:03}",
                    "code": f"c{number}",
                    "parent": name,
                    "properties": {"name": name, "subset: x": name},
                    "subsets": ["x"],
                }
                for number, name in enumerate(HOSTILE[::-1], 1)
            ],
        },
        {
            "name": "Twins",
            "items": [{"name": "a", "code": "b"}, {"name": "b", "code": "c"}, {"name": "c"}],
        },
    ],
    modules=[
        {
            "name": "Cells",
            "dimensions": ["Twins", "Versions"],
            "line_items": [
                {"name": "Text", "format": "TEXT", "notes": "a\nb", "code": "T"},
                {"name": "Ref", "format": "LIST", "list": "Twins"},
                {"name": "Number", "decimal_places": 2, "style": "Heading"},
                {"name": "Sum", "formula": "Number + Number"},
            ],
            "cells": [
                {"Twins": "a", "Versions": "Plan", "Text": 'x,y\r\n"', "Ref": "b", "Number": 0.1},
                {"Twins": "c", "Versions": "Plan", "Text": "true", "Ref": "c", "Number": 12345678},
            ],
            "views": [
                {"name": "V", "rows": ["Twins"], "columns": ["Versions", "Line Items"]},
            ],
        },
        {
            "name": "Settings",
            "line_items": [
                {"name": "Rate", "formula": "RATE('Cells'.Number)", "stored": True},
                {"name": "On", "format": "BOOLEAN", "formula": "TRUE"},
                {"name": "Day", "format": "DATE"},
            ],
            "cells": [{"Rate": 0.25, "Day": "2026-02-03"}],
        },
    ],
    dashboards=["One"],
    files=[{"name": "f.csv", "default": "a;b\r\n", "encoding": "UTF-16LE", "separator": ";"}],
    imports=[{"name": "I", "file": "f.csv", "confirm": ["its target"]}],
    exports=[{"name": "E", "module": "Cells", "labels": "code"}, {"name": "F"}],
    other_actions=[{"name": "O", "id": "117000000123", "action_type": "OPEN_DASHBOARD"}],
    processes=[{"name": "P", "actions": ["I", "E"]}],
    revisions=[
        {"name": "Base"},
        {"name": "More", "structure": {"lists": [{"name": "Twins", "items": [{"name": "d"}]}]}},
    ],
)


@pytest.mark.parametrize("largest", [0, 1000])
def test_a_rich_model_with_difficult_names(
    emulator: Emulator,
    second: Emulator,
    tmp_path: Path,
    largest: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("anaplan_emulator.tenant.tenant_writer.LARGEST_INLINE_ROWS", largest)
    monkeypatch.setattr("anaplan_emulator.tenant.tenant_writer.LARGEST_INLINE_BYTES", largest)
    emulator.load_tenant(RICH)
    expected = all_listings(emulator)
    described = emulator.describe(secrets=True)
    assert described.workspaces[0].models[0].imports[0].confirm == ("its target",)
    path = emulator.save_tenant(tmp_path / "saved", secrets=True)
    second.load_tenant(read_tenant(path))
    assert all_listings(second) == expected
    assert second.describe(secrets=True) == described
    inside = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert all(each.is_relative_to(tmp_path / "saved") for each in inside)
    assert len(inside) == (1 if largest else 7)


def test_copies_keep_their_revisions(emulator: Emulator, second: Emulator) -> None:
    emulator.load_tenant(DEFAULT)
    models = {model.name: model for each in emulator.describe().workspaces for model in each.models}
    second.load_tenant(emulator.describe(secrets=True))
    admin = "admin@skyline.example"
    replies = []
    for each in (emulator, second):
        copy, original = (
            models[name].id for name in sorted(models, reverse=True) if "Crew Planning" in name
        )
        found = []
        for target, source in ((copy, original), (original, copy)):
            with AdminClient(each, admin, model_id=target) as client:
                path = f"{client.model}/alm/syncableRevisions?sourceModelId={source}"
                reply = client.http.get(path)
                found.append((reply.status_code, reply.json().get("revisions")))
        replies.append(found)
    assert replies[0] == replies[1]
    assert any(revisions for _, revisions in replies[0])


def test_secrets_are_described_only_when_asked_for(emulator: Emulator, tmp_path: Path) -> None:
    emulator.load_tenant(DEFAULT)
    text = emulator.describe().model_dump_json()
    path = emulator.save_tenant(tmp_path)
    consolidation = DEFAULT.consolidation
    assert consolidation is not None
    for secret in (*SECRETS, consolidation.api_token, "skyline-s3-example-secret"):
        assert secret not in text
        assert secret not in path.read_text("utf-8")
        assert secret in emulator.describe(secrets=True).model_dump_json()
    emulator.load_tenant(read_tenant(path))
    assert emulator.password == "********"
    with AdminClient(emulator) as client:
        assert client.get("/lists")["lists"]


def test_users_and_workspaces_are_described_as_they_are_now(
    emulator: Emulator, second: Emulator
) -> None:
    emulator.load_tenant(SHOP)
    with emulator.tenant.store.transaction() as db:
        db.execute("UPDATE users SET email = 'new@shop.example' WHERE email = 'bob@shop.example'")
    emulator.set_active_state("Sales", "LOCKED")
    described = emulator.describe(secrets=True)
    assert "new@shop.example" in [user.email for user in described.users]
    second.load_tenant(described)
    emails = [user.email for user in described.users if user.active and not user.single_sign_on]
    assert all_listings(second, *emails) == all_listings(emulator, *emails)
