"""Lists and their items, as the Integration API describes them (facts 4.9)."""

import sqlite3
from typing import Any

from anaplan_emulator.engine import structure
from anaplan_emulator.engine.cells import item_count
from anaplan_emulator.engine.formats import render
from anaplan_emulator.engine.list_table import Item, Subset, subsets, top_level_item
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    ListStructure,
    item_id,
    list_by_key,
)

PERMITTED_ITEMS = 999_999_999
"""The greatest index of an item."""


def all_lists(db: sqlite3.Connection, model: int) -> list[ListStructure]:
    """Read a model's lists; Time and Versions are none."""
    rows = db.execute(
        "SELECT key FROM lists WHERE model = ? AND kind = 'LIST' ORDER BY id", (model,)
    )
    return [list_by_key(db, row["key"]) for row in rows.fetchall()]


def list_by_id(db: sqlite3.Connection, model: int, list_id: str) -> ListStructure | None:
    """Find a list by its id; Time and Versions are none."""
    found = structure.list_by_id(db, model, list_id)
    return found if found is not None and found.kind == "LIST" else None


def describe_list(db: sqlite3.Connection, items_of: ListStructure) -> dict[str, Any]:
    """Write a list's metadata. What it doesn't have is left out; `nextitemIndex` is so spelled."""
    top = top_level_item(db, items_of.key)
    body: dict[str, Any] = {
        "id": items_of.id,
        "name": items_of.name,
        "properties": _describe_properties(db, items_of),
        "hasSelectiveAccess": False,
        "managedBy": "",
        "numberedList": items_of.numbered,
        "useTopLevelAsPageDefault": False,
        "itemCount": item_count(db, items_of) + (top is not None),
        "permittedItems": PERMITTED_ITEMS,
        "workflowEnabled": False,
        "productionData": items_of.production_data,
        "usedInAppliesTo": _used_in(db, items_of),
    }
    if items_of.numbered:
        body["nextitemIndex"] = items_of.next_index
    if items_of.parent is not None:
        parent = list_by_key(db, items_of.parent)
        body["parent"] = {"id": parent.id, "name": parent.name}
    if known := subsets(db, items_of.key):
        body["subsets"] = [{"id": subset.id, "name": subset.name} for subset in known]
    if top is not None:
        body["topLevelItem"] = {"id": _top_level_id(items_of), "name": top}
    if category := _category(db, items_of):
        body["category"] = category
    return body


def describe_item(
    items_of: ListStructure, above: ListStructure | None, top: str | None, item: Item
) -> dict[str, Any]:
    """Write an item; an item without a parent is below the top level item, if there is one."""
    body: dict[str, Any] = {"id": item_id(items_of, item.key), "name": item.name}
    if item.code is not None:
        body["code"] = item.code
    if item.parent is not None and above is not None:
        body |= {"parent": item.parent_name, "parentId": item_id(above, item.parent)}
    elif top is not None:
        body |= {"parent": top, "parentId": _top_level_id(items_of)}
    return body | {"listId": items_of.id, "listName": items_of.name}


def describe_values(
    fields: tuple[Field, ...], within: tuple[Subset, ...], item: Item
) -> dict[str, Any]:
    """Write what `includeAll` adds to an item."""
    return {
        "subsets": {
            subset.name: inside for subset, inside in zip(within, item.subsets, strict=True)
        },
        "properties": {
            field.name: render(field.data_type, value)
            for field, value in zip(fields, item.values, strict=True)
        },
        "read": [],
        "write": [],
    }


def reset_index(db: sqlite3.Connection, items_of: ListStructure) -> None:
    """Let the items of an empty list be counted from 1 again."""
    db.execute("UPDATE lists SET next_index = 1 WHERE key = ?", (items_of.key,))


def _describe_properties(db: sqlite3.Connection, items_of: ListStructure) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT name, data_type FROM properties WHERE list = ? ORDER BY key", (items_of.key,)
    )
    return [
        {
            "name": row["name"],
            "format": row["data_type"],
            "formula": None,
            "notes": "",
            "referencedBy": [],
        }
        for row in rows
    ]


def _used_in(db: sqlite3.Connection, items_of: ListStructure) -> str:
    rows = db.execute(
        "SELECT modules.name FROM dimensions JOIN modules ON modules.key = dimensions.module"
        " WHERE dimensions.list = ? ORDER BY modules.key",
        (items_of.key,),
    )
    return ", ".join(row["name"] for row in rows)


def _category(db: sqlite3.Connection, items_of: ListStructure) -> str | None:
    row = db.execute("SELECT category FROM list_details WHERE list = ?", (items_of.key,)).fetchone()
    return row["category"] if row else None


def _top_level_id(items_of: ListStructure) -> str:
    return item_id(items_of, items_of.key * ITEMS_PER_LIST)
