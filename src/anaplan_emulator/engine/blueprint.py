"""A model's structure as a document, by which copies of the model can be compared.

Everything is identified by its id, and list items by their index: these are the same in all copies
of a model, unlike keys of the database. Items of production lists, cells, the current period,
switchovers and edit ranges of versions are data and not part of it.
"""

import hashlib
import json
import sqlite3
from typing import Any

from anaplan_emulator.engine.structure import ITEMS_PER_LIST

Blueprint = dict[str, Any]

ATTRIBUTES = ("code", "summary", "style", "decimal_places", "start_of_section")
"""Attributes of a line item that do not affect its cells."""


def read_blueprint(db: sqlite3.Connection, model: int) -> Blueprint:
    """Read a model's structure."""
    lists = db.execute("SELECT * FROM lists WHERE model = ? ORDER BY key", (model,)).fetchall()
    ids = {row["key"]: row["id"] for row in lists}
    modules = db.execute("SELECT * FROM modules WHERE model = ? ORDER BY key", (model,)).fetchall()
    # Uploaded files that no import uses are data.
    files = db.execute(
        "SELECT * FROM files"
        " WHERE model = ? AND (file_format IS NOT NULL OR id LIKE '116%') ORDER BY id",
        (model,),
    )
    actions = db.execute("SELECT * FROM actions WHERE model = ? ORDER BY id", (model,))
    views = db.execute(
        "SELECT views.*, modules.id AS module_id FROM views JOIN modules ON modules.key = module"
        " WHERE views.model = ? ORDER BY views.id",
        (model,),
    )
    dashboards = db.execute("SELECT * FROM dashboards WHERE model = ? ORDER BY id", (model,))
    return {
        "calendar": _calendar(db, model),
        "versions": _versions(db, model),
        "lists": {row["id"]: _list(db, row, ids) for row in lists},
        "modules": {row["id"]: _module(db, row, ids) for row in modules},
        "files": {
            row["id"]: {"name": row["name"], "file_format": row["file_format"]} for row in files
        },
        "actions": {
            row["id"]: {"name": row["name"], "definition": json.loads(row["definition"])}
            for row in actions
        },
        "views": {
            row["id"]: {
                "name": row["name"],
                "module": row["module_id"],
                "definition": json.loads(row["definition"]),
            }
            for row in views
        },
        "dashboards": {row["id"]: {"name": row["name"]} for row in dashboards},
    }


def digest(blueprint: Blueprint) -> str:
    """Return a digest of a structure."""
    return hashlib.sha256(json.dumps(blueprint, sort_keys=True).encode()).hexdigest()


def _calendar(db: sqlite3.Connection, model: int) -> dict[str, Any]:
    row = db.execute("SELECT * FROM calendars WHERE model = ?", (model,)).fetchone()
    definition: dict[str, Any] = json.loads(row["definition"])
    del definition["current_period"]
    return definition | {"fiscal_year": row["fiscal_year"]}


def _versions(db: sqlite3.Connection, model: int) -> dict[str, dict[str, Any]]:
    """Return the versions by the index of their item."""
    rows = db.execute(
        "SELECT versions.*, list_items.name FROM versions"
        " JOIN list_items ON list_items.key = versions.item"
        " JOIN lists ON lists.key = list_items.list WHERE lists.model = ? ORDER BY item",
        (model,),
    )
    return {
        str(row["item"] % ITEMS_PER_LIST): {
            name: row[name] for name in ("name", "is_current", "is_actual", "notes")
        }
        for row in rows
    }


def _list(db: sqlite3.Connection, row: sqlite3.Row, ids: dict[int, str]) -> dict[str, Any]:
    key = row["key"]
    properties = db.execute(
        "SELECT * FROM properties WHERE list = ? ORDER BY key", (key,)
    ).fetchall()
    return {
        "name": row["name"],
        "kind": row["kind"],
        "numbered": bool(row["numbered"]),
        "production_data": bool(row["production_data"]),
        "parent": ids.get(row["parent"]),
        "item_prefix": row["item_prefix"],
        "properties": {
            each["name"]: {
                "data_type": each["data_type"],
                "entity_list": ids.get(each["entity_list"]),
                "display_name": bool(each["display_name"]),
            }
            for each in properties
        },
        "details": _details(db, key),
        "subsets": _subsets(db, key, items=not row["production_data"]),
        "items": {} if row["production_data"] else _items(db, key, properties),
    }


def _details(db: sqlite3.Connection, list_key: int) -> dict[str, Any] | None:
    """Return the details that lists have, unlike Time and Versions."""
    row = db.execute(
        "SELECT top_level_item, category FROM list_details WHERE list = ?", (list_key,)
    ).fetchone()
    return dict(row) if row else None


def _subsets(db: sqlite3.Connection, list_key: int, *, items: bool) -> dict[str, dict[str, Any]]:
    """Return a list's subsets. The items in a subset of a production list are data."""
    found = {}
    for row in db.execute("SELECT * FROM subsets WHERE list = ? ORDER BY id", (list_key,)):
        members = db.execute(
            "SELECT item FROM subset_items WHERE subset = ? ORDER BY item", (row["key"],)
        )
        indexes = [item % ITEMS_PER_LIST for (item,) in members] if items else []
        found[row["id"]] = {"name": row["name"], "items": indexes}
    return found


def _items(
    db: sqlite3.Connection, list_key: int, properties: list[sqlite3.Row]
) -> dict[str, dict[str, Any]]:
    """Return a list's items by their index."""
    items = {
        row["key"]: {
            "name": row["name"],
            "code": row["code"],
            "number": row["key"] % ITEMS_PER_LIST if row["number"] is None else row["number"],
            "parent": None if row["parent"] is None else row["parent"] % ITEMS_PER_LIST,
            "properties": {},
        }
        for row in db.execute(
            "SELECT list_items.*, number FROM list_items"
            " LEFT JOIN item_numbers ON item = key WHERE list = ? ORDER BY key",
            (list_key,),
        )
    }
    for field in properties:
        values = db.execute(
            "SELECT item, value FROM property_values WHERE property = ?", (field["key"],)
        )
        for item, value in values:
            # A reference to an item becomes the index of the item.
            reference = value if field["entity_list"] is None else value % ITEMS_PER_LIST
            items[item]["properties"][field["name"]] = reference
    return {str(key % ITEMS_PER_LIST): item for key, item in items.items()}


def _module(db: sqlite3.Connection, row: sqlite3.Row, ids: dict[int, str]) -> dict[str, Any]:
    key = row["key"]
    dimensions = db.execute(
        "SELECT list FROM dimensions WHERE module = ? ORDER BY position", (key,)
    )
    line_items = db.execute(
        "SELECT * FROM line_items JOIN line_item_attributes ON line_item = line_items.key"
        " WHERE module = ? ORDER BY line_items.key",
        (key,),
    )
    return {
        "name": row["name"],
        "dimensions": [ids[each["list"]] for each in dimensions],
        "line_items": {
            each["id"]: {
                "name": each["name"],
                "data_type": each["data_type"],
                "entity_list": ids.get(each["entity_list"]),
                "formula": each["formula"],
                "stored": bool(each["stored"]),
                "notes": each["notes"],
                "attributes": {name: each[name] for name in ATTRIBUTES},
            }
            for each in line_items
        },
    }
