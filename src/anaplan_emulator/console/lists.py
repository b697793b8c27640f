"""The page of a list: its items as a tree, or as a table with their properties."""

import sqlite3
from dataclasses import dataclass

from starlette.responses import Response

from anaplan_emulator.apis.lists.state import list_by_id
from anaplan_emulator.console.models import requested_model
from anaplan_emulator.console.rendering import page
from anaplan_emulator.console.visits import PageError, Visit, Window
from anaplan_emulator.engine.list_items import Item, read_items, read_subsets, top_level_item
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    ListStructure,
    item_id,
    list_by_key,
    properties,
)
from anaplan_emulator.tenant.data_types import DataType, render


@dataclass(frozen=True, slots=True)
class Node:
    """An item in the tree.

    Attributes:
        id: Its id.
        name: Its name.
        code: Its code, if it has one.
        list_name: Name of its list.
        children: Number of items whose parent it is.
    """

    id: str
    name: str
    code: str | None
    list_name: str
    children: int


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item in the table, with its values as texts."""

    id: str
    name: str
    code: str | None
    parent: str | None
    values: tuple[str, ...]


def show_list(visit: Visit) -> Response:
    """GET /models/{model}/lists/{list}: a list, and its items as a tree or a table."""
    with visit.tenant.store.snapshot() as db:
        model = requested_model(db, visit)
        item_list = list_by_id(db, model.key, visit.parameters["list"])
        if item_list is None:
            raise PageError(404, f"{model.name} has no such list.")
        parent = list_by_key(db, item_list.parent) if item_list.parent else None
        common = {
            "model": model,
            "list": item_list,
            "parent_list": parent,
            "top": top_level_item(db, item_list.key),
            "subsets": read_subsets(db, item_list.key),
            "fields": properties(db, item_list.key),
            "search": visit.query.get("search", ""),
        }
        if visit.query.get("show") == "tree":
            return page(
                visit, "list_tree.html", item_list.name, **common, **_tree(db, visit, item_list)
            )
        return page(visit, "list.html", item_list.name, **common, **_table(db, visit, item_list))


def _table(db: sqlite3.Connection, visit: Visit, item_list: ListStructure) -> dict[str, object]:
    fields, subsets = properties(db, item_list.key), read_subsets(db, item_list.key)
    search = visit.query.get("search", "")
    first = item_list.key * ITEMS_PER_LIST
    total = db.execute(
        "SELECT count(*) FROM list_items WHERE key BETWEEN ? AND ?"
        " AND (? = '' OR instr(lower(name), ?) OR instr(lower(code), ?))",
        (first, first + ITEMS_PER_LIST - 1, search, search.lower(), search.lower()),
    ).fetchone()[0]
    window = Window.requested(visit, total)
    items = read_items(
        db,
        item_list,
        fields=fields,
        subsets=subsets,
        search=search,
        limit=window.size,
        offset=window.start,
    )
    return {"rows": [_row(db, item_list, fields, item) for item in items], "window": window}


def _row(
    db: sqlite3.Connection, item_list: ListStructure, fields: tuple[Field, ...], item: Item
) -> ItemRow:
    values = [
        # A list item is given by its name.
        render(DataType.TEXT if field.data_type is DataType.LIST else field.data_type, value)
        for field, value in zip(fields, item.values, strict=True)
    ]
    marks = ["yes" if contained else "" for contained in item.subsets]
    return ItemRow(
        item_id(db, item_list, item.key), item.name, item.code, item.parent_name, (*values, *marks)
    )


def _tree(db: sqlite3.Connection, visit: Visit, item_list: ListStructure) -> dict[str, object]:
    """Read a level of the tree: the items below one, or those without a parent in this list."""
    below = visit.query.get("below", "")
    first = item_list.key * ITEMS_PER_LIST
    last = first + ITEMS_PER_LIST - 1
    if below.isascii() and below.isdecimal() and len(below) < 19:
        where, values = "parent = ?", [int(below)]
        ancestors = _ancestors(db, item_list, int(below))
    else:
        where = "key BETWEEN ? AND ? AND (parent IS NULL OR parent NOT BETWEEN ? AND ?)"
        values = [first, last, first, last]
        ancestors = []
    (total,) = db.execute(f"SELECT count(*) FROM list_items WHERE {where}", values).fetchone()  # noqa: S608
    window = Window.requested(visit, total)
    rows = db.execute(
        f"SELECT items.key, items.name, items.code, lists.name AS list_name,"  # noqa: S608
        " (SELECT count(*) FROM list_items AS below WHERE below.parent = items.key) AS children"
        f" FROM (SELECT * FROM list_items WHERE {where} ORDER BY key LIMIT ? OFFSET ?) AS items"
        " JOIN lists ON lists.key = items.list ORDER BY items.key",
        [*values, window.size, window.start],
    )
    nodes = [Node(str(row["key"]), *tuple(row)[1:]) for row in rows]
    return {"nodes": nodes, "ancestors": ancestors, "window": window}


def _ancestors(
    db: sqlite3.Connection, item_list: ListStructure, item: int
) -> list[tuple[str, str]]:
    """Return the keys and names of an item and of those above it, the highest first."""
    model_lists = "SELECT key FROM lists WHERE model = (SELECT model FROM lists WHERE key = ?)"
    found: list[tuple[str, str]] = []
    current: int | None = item
    while current is not None:
        row = db.execute(
            f"SELECT name, parent FROM list_items WHERE key = ? AND list IN ({model_lists})",  # noqa: S608
            (current, item_list.key),
        ).fetchone()
        if row is None or str(current) in [key for key, _ in found]:
            break
        found.insert(0, (str(current), row["name"]))
        current = row["parent"]
    if not found:
        raise PageError(404, f"{item_list.name} has no such item.")
    return found
