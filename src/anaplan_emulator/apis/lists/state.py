"""Describing lists and their items, and resetting the index (docs/anaplan-behaviour.md#lists)."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from anaplan_emulator.engine import structure
from anaplan_emulator.engine.cells import item_count
from anaplan_emulator.engine.list_items import Item, Subset, read_subsets, top_level_item
from anaplan_emulator.engine.structure import (
    Field,
    ListStructure,
    item_id,
    list_by_key,
    top_level_id,
)
from anaplan_emulator.tenant.data_types import render

PERMITTED_ITEMS = 999_999_999
"""Greatest index of an item."""


def all_lists(db: sqlite3.Connection, model: int) -> list[ListStructure]:
    """Read a model's lists, without Time and Versions."""
    rows = db.execute(
        "SELECT key FROM lists WHERE model = ? AND kind = 'LIST' ORDER BY id", (model,)
    )
    return [list_by_key(db, row["key"]) for row in rows.fetchall()]


def list_by_id(db: sqlite3.Connection, model: int, list_id: str) -> ListStructure | None:
    """Find a list by id, but not Time or Versions."""
    found = structure.list_by_id(db, model, list_id)
    return found if found is not None and found.kind == "LIST" else None


def describe_list(db: sqlite3.Connection, item_list: ListStructure) -> dict[str, Any]:
    """Return a list's metadata as JSON values. The spelling `nextitemIndex` is Anaplan's."""
    top, count = top_level_item(db, item_list.key), item_count(db, item_list)
    body: dict[str, Any] = {
        "id": item_list.id,
        "name": item_list.name,
        "properties": _describe_properties(db, item_list),
        "hasSelectiveAccess": False,
        "managedBy": "",
        "dataTags": [],
        "numberedList": item_list.numbered,
        "useTopLevelAsPageDefault": False,
        "itemCount": count + (top is not None),
        # How many more may be added.
        "permittedItems": PERMITTED_ITEMS - count,
        "workflowEnabled": False,
        "productionData": item_list.production_data,
        "usedInAppliesTo": _used_in(db, item_list),
    }
    if item_list.numbered:
        body["nextitemIndex"] = item_list.next_index
    if display_name := _display_name(db, item_list):
        body["displayNameProperty"] = display_name
    if item_list.parent is not None:
        parent = list_by_key(db, item_list.parent)
        body["parent"] = {"id": parent.id, "name": parent.name}
    if list_subsets := read_subsets(db, item_list.key):
        body["subsets"] = [{"id": subset.id, "name": subset.name} for subset in list_subsets]
    if top is not None:
        body["topLevelItem"] = {"id": top_level_id(item_list), "name": top}
    if category := _category(db, item_list):
        body["category"] = category
    return body


def describe_item(
    db: sqlite3.Connection,
    item_list: ListStructure,
    parent_list: ListStructure | None,
    top: str | None,
    item: Item,
) -> dict[str, Any]:
    """Return an item as JSON values. The parent of an item without one is the top-level item."""
    body: dict[str, Any] = {"id": item_id(db, item_list, item.key), "name": item.name}
    if item.code is not None:
        body["code"] = item.code
    if item.parent is not None and parent_list is not None:
        body |= {"parent": item.parent_name, "parentId": item_id(db, parent_list, item.parent)}
    elif top is not None:
        body |= {"parent": top, "parentId": top_level_id(item_list)}
    return body | {"listId": item_list.id, "listName": item_list.name}


def describe_values(
    fields: tuple[Field, ...], subsets: tuple[Subset, ...], item: Item
) -> dict[str, Any]:
    """Return the additional members of an item with `includeAll`."""
    return {
        "subsets": {
            subset.name: contained for subset, contained in zip(subsets, item.subsets, strict=True)
        },
        "properties": {
            field.name: render(field.data_type, value)
            for field, value in zip(fields, item.values, strict=True)
        },
        "read": [],
        "write": [],
    }


def csv_rows(
    items: Iterable[Mapping[str, Any]], subsets: tuple[Subset, ...], fields: tuple[Field, ...]
) -> Iterator[list[object]]:
    """Yield the rows of a CSV file of items, given as JSON values.

    Args:
        items: The items, with the members of `describe_values` if there are subsets or fields.
        subsets: The subsets that have a column.
        fields: The properties that have a column.
    """
    members = ("id", "name", "code", "parent", "parentId", "listId", "listName")
    yield [*members, *(each.name for each in subsets), *(each.name for each in fields)]
    for item in items:
        yield [
            *(item.get(member, "") for member in members),
            *(str(item["subsets"][each.name]).lower() for each in subsets),
            *(item["properties"][each.name] for each in fields),
        ]


def reset_index(db: sqlite3.Connection, item_list: ListStructure) -> None:
    """Reset the index of an empty list to 1."""
    db.execute("UPDATE lists SET next_index = 1 WHERE key = ?", (item_list.key,))


def _describe_properties(db: sqlite3.Connection, item_list: ListStructure) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT name, data_type FROM properties WHERE list = ? ORDER BY key", (item_list.key,)
    )
    return [
        {
            "name": row["name"],
            "format": row["data_type"],
            "formula": None,
            "notes": "",
            "referencedBy": [],
            "dataTags": [],
        }
        for row in rows
    ]


def _display_name(db: sqlite3.Connection, item_list: ListStructure) -> str | None:
    row = db.execute(
        "SELECT name FROM properties WHERE list = ? AND display_name", (item_list.key,)
    ).fetchone()
    return row["name"] if row else None


def _used_in(db: sqlite3.Connection, item_list: ListStructure) -> str:
    rows = db.execute(
        "SELECT modules.name FROM dimensions JOIN modules ON modules.key = dimensions.module"
        " WHERE dimensions.list = ? ORDER BY modules.key",
        (item_list.key,),
    )
    return ", ".join(row["name"] for row in rows)


def _category(db: sqlite3.Connection, item_list: ListStructure) -> str | None:
    row = db.execute(
        "SELECT category FROM list_details WHERE list = ?", (item_list.key,)
    ).fetchone()
    return row["category"] if row else None
