"""Ids that a tenant's description gives are used, and derived ones differ from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.any_tenant import AdminClient, tenant_with

from anaplan_emulator import TenantError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anaplan_emulator import Emulator, TenantDescription

FILE = {"name": "items.csv", "id": "113000000042"}
MODEL: dict[str, Any] = {
    "versions": [{"name": "Actual", "id": "107000000001"}, {"name": "Plan", "id": "107000000017"}],
    "lists": [
        {
            "name": "Products",
            "id": "101000000007",
            "subsets": [{"name": "Sold", "id": "109000000003"}, "Other"],
            "top_level_item": "All",
            "items": [
                {"name": "Pear", "id": "333000000009", "code": "P"},
                {"name": "Apple", "id": "333000000004", "subsets": ["Sold"]},
                {"name": "Fig", "parent": ""},
                {"name": "Kiwi", "id": "333000000012"},
            ],
        },
        {"name": "Derived", "items": [{"name": "One"}, {"name": "Two"}]},
        {"name": "Numbers", "numbered": True, "items": [{"code": "a", "id": "201000000030"}, {}]},
    ],
    "modules": [
        {
            "name": "Prices",
            "id": "102000000321",
            "dimensions": ["Products"],
            "line_items": [{"name": "Price", "id": "207000000005"}, {"name": "Cost"}],
            "views": [{"name": "Saved", "id": "206000000001"}, {"name": "Derived"}],
            "cells": [{"Products": "Apple", "Price": 4}, {"Products": "P", "Price": 9}],
        },
        {"name": "Derived", "dimensions": ["Derived"], "line_items": [{"name": "Units"}]},
    ],
    "dashboards": [{"name": "Board", "id": "115000000008"}, "Another"],
    "files": [FILE, {"name": "other.csv"}],
    "imports": [
        {
            "name": "Load",
            "id": "112000000055",
            "file": "items.csv",
            "target": {"list": "Products", "name": "Name"},
        }
    ],
    "exports": [{"name": "Save", "id": "116000000066", "module": "Prices"}],
    "other_actions": [
        {"name": "Open", "id": "117000000000", "action_type": "OPEN_DASHBOARD"},
        {"name": "Close", "action_type": "OPEN_DASHBOARD"},
    ],
    "processes": [{"name": "Nightly", "id": "118000000077", "actions": ["Load"]}],
}


@pytest.fixture
def tenant() -> TenantDescription:
    return tenant_with(**MODEL)


@pytest.fixture
def client(emulator: Emulator) -> Iterator[AdminClient]:
    with AdminClient(emulator) as client:
        yield client


def ids(client: AdminClient, path: str, member: str = "") -> dict[str, str]:
    return {each["name"]: each["id"] for each in client.get(path)[member or path.strip("/")]}


def test_given_ids_are_listed_and_derived_ones_are_others(client: AdminClient) -> None:
    assert ids(client, "/lists") == {
        "Products": "101000000007",
        "Derived": "101000000008",
        "Numbers": "101000000009",
    }
    assert ids(client, "/modules") == {"Prices": "102000000321", "Derived": "102000000322"}
    assert ids(client, "/versions", "versionMetadata") == {
        "Actual": "107000000001",
        "Plan": "107000000017",
    }
    assert ids(client, "/files") == {
        "items.csv": "113000000042",
        "other.csv": "113000000000",
        "Save": "116000000066",
    }
    assert ids(client, "/imports") == {"Load": "112000000055"}
    assert ids(client, "/exports") == {"Save": "116000000066"}
    assert ids(client, "/actions") == {"Open": "117000000000", "Close": "117000000001"}
    assert ids(client, "/processes") == {"Nightly": "118000000077"}
    items = ids(client, "/lineItems", "items")
    # 201 is the prefix of the given ids of a list's items, and 202 that of another list.
    assert items["Price"] == "207000000005"
    assert items["Cost"].endswith("000000001")
    assert len({item[:-9] for item in items.values()}) == 3
    views = ids(client, "/views")
    assert views["Prices.Saved"] == "206000000001"
    assert views["Prices.Derived"] == "2321000000002"


def test_items_keep_their_order_and_their_ids(client: AdminClient) -> None:
    path = "/lists/101000000007/items"
    listed = client.get(path)["listItems"]
    # An item without an id has one after those that are given.
    assert [(each["name"], each["id"]) for each in listed] == [
        ("Pear", "333000000009"),
        ("Apple", "333000000004"),
        ("Fig", "333000000013"),
        ("Kiwi", "333000000012"),
    ]
    assert {each["parentId"] for each in listed} == {"333000000000"}
    (sold,) = client.get("/dimensions/109000000003/items")["items"]
    assert sold["id"] == "333000000004"
    numbers = client.get("/lists/101000000009/items")["listItems"]
    assert [each["name"] for each in numbers] == ["#30", "#31"]


def test_items_are_found_and_added_by_id(client: AdminClient) -> None:
    cell = {
        "lineItemId": "207000000005",
        "dimensions": [{"dimensionId": "101000000007", "itemId": "333000000004"}],
        "value": 5,
    }
    # There is no item with this id, although one has this index.
    unknown = {**cell, "dimensions": [{"dimensionName": "Products", "itemId": "333000000010"}]}
    path = f"{client.model}/modules/102000000321/data"
    reply = client.http.post(path, json=[cell, unknown]).json()
    assert [each["failureType"] for each in reply["failures"]] == ["invalidItem"]
    assert client.cells("102000000321")[1:] == [
        ["Pear", "9", "0"],
        ["Apple", "5", "0"],
        ["Fig", "0", "0"],
        ["Kiwi", "0", "0"],
    ]
    items = f"{client.model}/lists/101000000007/items"
    added = client.http.post(f"{items}?action=add", json={"items": [{"name": "Plum"}]}).json()
    assert added["added"] == 1
    body = {"items": [{"id": "333000000004"}]}
    assert client.http.post(f"{items}?action=delete", json=body).json()["deleted"] == 1
    listed = client.get("/lists/101000000007/items")["listItems"]
    assert [each["id"][-2:] for each in listed] == ["09", "13", "12", "14"]


def test_revisions_have_given_ids_and_include_the_ids_of_items(emulator: Emulator) -> None:
    revision = "0123456789ABCDEF0123456789ABCDEF"
    model = {**MODEL, "revisions": [{"name": "One", "id": revision}]}
    tenant = tenant_with(**model).model_dump()
    copy = {"name": "Copy", "id": "F" * 32, "copy_of": "Model"}
    tenant["workspaces"][0]["models"] = [*tenant["workspaces"][0]["models"], copy]
    emulator.load_tenant(type(emulator.tenant.description).model_validate(tenant))
    for model_id in ("", "F" * 32):
        with AdminClient(emulator, model_id=model_id) as client:
            (listed,) = client.get("/alm/revisions")["revisions"]
            items = client.get("/lists/101000000007/items")["listItems"]
        assert listed["id"] == revision
        assert [each["id"][-2:] for each in items] == ["09", "04", "13", "12"]


def changed(**changes: object) -> dict[str, Any]:
    return {**MODEL, **changes}


@pytest.mark.parametrize(
    ("model", "message"),
    [
        pytest.param(
            changed(dashboards=[{"name": "Board", "id": "101000000007"}]),
            "each object in a model needs an id of its own: '101000000007'",
            id="two objects",
        ),
        pytest.param(
            {"lists": [{"name": "L", "items": [{"name": n, "id": "201000000001"} for n in "ab"]}]},
            "201000000001",
            id="two items",
        ),
        pytest.param(
            {"lists": [{"name": "L", "items": [{"name": "a", "id": "201000000000"}]}]},
            "items of list L, item 1: 201000000000 is the id of the list's top-level item",
            id="top-level item",
        ),
        pytest.param(
            changed(imports=[{"name": "Load", "id": "116000000001"}], processes=[]),
            "imports[0].id: ids of imports begin with 112",
            id="prefix of another action",
        ),
        pytest.param(
            changed(files=[{**FILE, "id": "116000000001"}]),
            "files[0].id: only ids of exports begin with 116",
            id="file with the prefix of exports",
        ),
        pytest.param(
            {
                "lists": [{"name": "L", "id": "101000000007"}],
                "revisions": [
                    {
                        "name": "1.0",
                        "structure": {
                            "lists": [
                                {"name": "L", "id": "101000000007", "subsets": ["S"]},
                                {"name": "M", "id": "101000000007"},
                            ]
                        },
                    }
                ],
            },
            "revisions[0].structure.lists[1].id: each object in a model needs an id of its own",
            id="addition by a revision",
        ),
    ],
)
def test_ids_that_contradict_each_other_are_refused(
    emulator: Emulator, model: dict[str, Any], message: str
) -> None:
    # `anaplan tenant check` may find some of them earlier.
    with pytest.raises((TenantError, ValueError), match=re.escape(message)):
        emulator.load_tenant(tenant_with(**model))
    assert emulator.tenant.description.name == "Any"
