"""Parts that a capture can't describe completely: formulas, mappings, and simple modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.any_tenant import AdminClient, tenant_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anaplan_emulator import Emulator, TenantDescription

SETTINGS, MARGINS = "102000000000", "102000000001"


@pytest.fixture
def tenant() -> TenantDescription:
    return tenant_with(
        lists=[{"name": "Products", "items": [{"name": "Pear"}, {"name": "Fig"}]}],
        modules=[
            {
                "name": "Settings",
                "line_items": [
                    {"name": "Rate"},
                    {"name": "Double", "formula": "Rate + Rate"},
                    {"name": "Best", "format": "LIST", "list": "Products"},
                ],
                "cells": [{"Rate": 1.5, "Best": "Fig"}],
                "views": [{"name": "Some", "hidden": ["Double"]}],
            },
            {
                "name": "Margins",
                "dimensions": ["Products"],
                "line_items": [
                    {"name": "Price"},
                    {"name": "Margin", "formula": "Price * 'Settings'.Rate", "stored": True},
                    {
                        "name": "Best",
                        "format": "LIST",
                        "list": "Products",
                        "formula": "Settings.Best",
                        "stored": True,
                    },
                ],
                "cells": [{"Products": "Pear", "Price": 2, "Margin": 3, "Best": "Fig"}],
            },
        ],
        files=[{"name": "rates.csv", "default": "Rate\n7\n"}, {"name": "any.csv"}],
        imports=[
            {
                "name": "Rates",
                "file": "rates.csv",
                "target": {"module": "Settings", "dimensions": {}, "line_items": {"Rate": "Rate"}},
            },
            {"name": "Unmapped", "file": "any.csv", "type": "HIERARCHY_DATA"},
            {"name": "From a model"},
        ],
        exports=[{"name": "Settings.csv", "module": "Settings"}, {"name": "Unknown.xls"}],
        other_actions=[{"name": "Open", "action_type": "OPEN_DASHBOARD"}],
        processes=[{"name": "All", "actions": ["Rates", "Unknown.xls"]}],
    )


@pytest.fixture
def client(emulator: Emulator) -> Iterator[AdminClient]:
    with AdminClient(emulator) as client:
        yield client


def test_a_module_without_dimensions_has_one_cell_for_each_line_item(client: AdminClient) -> None:
    assert client.cells(SETTINGS) == [["Rate", "1.5"], ["Double", "3"], ["Best", "Fig"]]
    axes = client.get(f"/views/{SETTINGS}")
    assert [each["name"] for each in axes["rows"]] == ["Line Items"]
    assert "columns" not in axes
    rate = client.get(f"/modules/{SETTINGS}/lineItems?includeAll=true")["items"][0]
    assert (rate["cellCount"], rate["appliesTo"]) == (1, [])
    assert "dimensions" not in client.get(f"/lineItems/{rate['id']}/dimensions")
    saved = next(each for each in client.get("/views")["views"] if each["name"] == "Settings.Some")
    assert client.cells(saved["id"]) == [["Rate", "1.5"], ["Best", "Fig"]]
    writes: list[dict[str, object]] = [
        {"lineItemName": "Rate", "dimensions": [], "value": value} for value in ("", 4, 5)
    ]
    path = f"{client.model}/modules/{SETTINGS}/data"
    assert client.http.post(path, json=writes).json()["numberOfCellsChanged"] == 3
    assert client.cells(SETTINGS)[:2] == [["Rate", "5"], ["Double", "10"]]


def test_a_module_without_dimensions_is_imported_exported_and_read(client: AdminClient) -> None:
    assert client.run("imports", "112000000000")["successful"]
    assert client.run("exports", "116000000000")["successful"]
    output = client.http.get(f"{client.model}/files/116000000000/chunks/0")
    assert output.text.replace('"', "").splitlines() == ["Rate,Double,Best", "7,14,Fig"]
    metadata = client.get("/exports/116000000000")["exportMetadata"]
    assert (metadata["columnCount"], metadata["rowCount"]) == (3, 1)
    body = {"exportType": "TABULAR_MULTI_COLUMN"}
    requests = f"{client.model}/views/{SETTINGS}/readRequests"
    request = client.http.post(requests, json=body).json()["viewReadRequest"]
    page = f"{requests}/{request['requestId']}"
    while client.http.get(page).json()["viewReadRequest"]["requestState"] != "COMPLETE":
        pass
    text = client.http.get(f"{page}/pages/0", headers={"Accept": "text/csv"}).text
    assert text.splitlines() == ["Rate,Double,Best", "7,14,Fig"]


def test_stored_values_of_formulas_are_shown_but_cannot_be_written(client: AdminClient) -> None:
    assert client.cells(MARGINS)[1:] == [["Pear", "2", "3", "Fig"], ["Fig", "0", "0", ""]]
    price, margin, best = client.get(f"/modules/{MARGINS}/lineItems?includeAll=true")["items"]
    assert margin["formula"] == "Price * 'Settings'.Rate"
    assert price["referencedBy"] == [{"id": margin["id"], "name": "Margin"}]
    assert best["referencedBy"] == []
    pear = {"dimensionName": "Products", "itemName": "Pear"}
    write = {"lineItemName": "Margin", "dimensions": [pear], "value": 9}
    reply = client.http.post(f"{client.model}/modules/{MARGINS}/data", json=[write]).json()
    assert [each["failureType"] for each in reply["failures"]] == ["cellIsCalculated"]
    items = f"{client.model}/lists/101000000000/items?action=delete"
    assert client.http.post(items, json={"items": [{"name": "Fig"}]}).status_code == 200
    assert client.cells(MARGINS)[1:] == [["Pear", "2", "3", ""]]


def detail(result: dict[str, Any]) -> str:
    assert not result["successful"]
    return str(result["details"][-1]["localMessageText"])


@pytest.mark.parametrize(
    ("collection", "action_id", "missing"),
    [
        ("imports", "112000000001", "it has no `target`"),
        ("imports", "112000000002", "it has no `file`"),
        ("exports", "116000000001", "it has no `module`"),
        ("actions", "117000000000", "it is an action of the kind OPEN_DASHBOARD"),
    ],
)
def test_an_action_that_is_not_described_is_listed_but_fails(
    client: AdminClient, collection: str, action_id: str, missing: str
) -> None:
    assert action_id in [each["id"] for each in client.get(f"/{collection}")[collection]]
    assert client.http.get(f"{client.model}/{collection}/{action_id}").status_code == 200
    assert missing in detail(client.run(collection, action_id))


def test_metadata_of_actions_that_are_not_described(client: AdminClient) -> None:
    types = [each["importType"] for each in client.get("/imports")["imports"]]
    assert types == ["MODULE_DATA", "HIERARCHY_DATA", "MODULE_DATA"]
    source = client.get("/imports/112000000001")["importMetadata"]["source"]
    assert (source["columnCount"], source["headerNames"]) == (0, [])
    metadata = client.get("/exports/116000000001")["exportMetadata"]
    assert (metadata["columnCount"], metadata["rowCount"]) == (0, 0)
    assert client.get("/actions")["actions"][0]["actionType"] == "OPEN_DASHBOARD"


def test_a_process_ends_at_an_action_that_is_not_described(client: AdminClient) -> None:
    result = client.run("processes", "118000000000")
    assert not result["successful"]
    rates, unknown = result["nestedResults"]
    assert rates["successful"]
    assert "it has no `module`" in detail(unknown)
    assert client.cells(SETTINGS)[0] == ["Rate", "7"]
