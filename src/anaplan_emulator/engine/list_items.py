"""Reading a list's items, with their properties and subsets."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from anaplan_emulator.engine.structure import ITEMS_PER_LIST, Field, ListStructure, properties
from anaplan_emulator.tenant.data_types import DataType, Stored, render


@dataclass(frozen=True, slots=True)
class Subset:
    """A subset of a list, which can be a dimension of its own."""

    key: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, with its values in the order of the list's properties and subsets.

    Attributes:
        key: Its key.
        name: Its name.
        code: Its code, if it has one.
        parent: Key of its parent, unless that is the top-level item.
        parent_name: Name of its parent.
        values: Values of its properties; a list item is given by its name.
        subsets: Whether it is in each of the subsets.
    """

    key: int
    name: str
    code: str | None
    parent: int | None
    parent_name: str | None
    values: tuple[Stored, ...] = ()
    subsets: tuple[bool, ...] = ()


def read_subsets(db: sqlite3.Connection, list_key: int) -> tuple[Subset, ...]:
    """Read a list's subsets."""
    rows = db.execute("SELECT key, id, name FROM subsets WHERE list = ? ORDER BY key", (list_key,))
    return tuple(Subset(row["key"], row["id"], row["name"]) for row in rows)


def top_level_item(db: sqlite3.Connection, list_key: int) -> str | None:
    """Return the name of the list's top-level item, if it has one."""
    row = db.execute(
        "SELECT top_level_item FROM list_details WHERE list = ?", (list_key,)
    ).fetchone()
    return row["top_level_item"] if row else None


def read_items(
    db: sqlite3.Connection,
    item_list: ListStructure,
    *,
    fields: tuple[Field, ...] = (),
    subsets: tuple[Subset, ...] = (),
    search: str = "",
    limit: int = -1,
    offset: int = 0,
) -> Iterator[Item]:
    """Yield a list's items, in the order of their index.

    Args:
        db: A transaction.
        item_list: The list.
        fields: The properties to read.
        subsets: The subsets to check for each item.
        search: A part of the name or code of the items to read, in any case.
        limit: Greatest number of items; -1 for all.
        offset: Number of items to leave out at the beginning.
    """
    columns = ["items.key", "items.name", "items.code", "items.parent", "parents.name"]
    columns += [_value(field) for field in fields]
    columns += [
        f"EXISTS (SELECT 1 FROM subset_items WHERE subset = {subset.key} AND item = items.key)"
        for subset in subsets
    ]
    first = item_list.key * ITEMS_PER_LIST
    # A range of keys, as SQLite would sort all items if they were found by their list.
    matching, patterns = "", []
    if search:
        matching = "AND (instr(lower(items.name), ?) OR instr(lower(items.code), ?))"
        patterns = [search.lower()] * 2
    rows = db.execute(
        f"""
        SELECT {", ".join(columns)}
        FROM list_items AS items LEFT JOIN list_items AS parents ON parents.key = items.parent
        WHERE items.key BETWEEN ? AND ? {matching} ORDER BY items.key LIMIT ? OFFSET ?
        """,
        (first, first + ITEMS_PER_LIST - 1, *patterns, limit, offset),
    )
    for row in rows:
        key, name, code, parent, parent_name, *rest = row
        values, in_subsets = rest[: len(fields)], rest[len(fields) :]
        yield Item(
            key, name, code, parent, parent_name, tuple(values), tuple(map(bool, in_subsets))
        )


def list_rows(db: sqlite3.Connection, item_list: ListStructure) -> Iterator[list[str]]:
    """Yield a list as the pages of a large read contain it: a header, and a row for each item.

    The column of names has no heading. Write and Read, which are about selective access, are empty.
    The parent of items without one is the top-level item, if the list has one.

    Source: docs/anaplan-behaviour.md#large-reads.
    """
    fields, list_subsets = properties(db, item_list.key), read_subsets(db, item_list.key)
    top = top_level_item(db, item_list.key) or ""
    names = [subset.name for subset in list_subsets] + [field.name for field in fields]
    yield ["", "Parent", "Write", "Read", "Code", *names]
    for item in read_items(db, item_list, fields=fields, subsets=list_subsets):
        yield [
            item.name,
            item.parent_name or top,
            "",
            "",
            item.code or "",
            *("true" if contained else "false" for contained in item.subsets),
            *(
                render(field.data_type, value)
                for field, value in zip(fields, item.values, strict=True)
            ),
        ]


def preview_rows(db: sqlite3.Connection, item_list: ListStructure) -> Iterator[list[str]]:
    """Yield the rows of a list's preview: names, which have no heading, parents and codes."""
    top = top_level_item(db, item_list.key) or ""
    yield ["", "Parent", "Code"]
    for item in read_items(db, item_list):
        yield [item.name, item.parent_name or top, item.code or ""]


def _value(field: Field) -> str:
    value = f"SELECT value FROM property_values WHERE item = items.key AND property = {field.key}"
    if field.data_type is DataType.LIST:
        return f"(SELECT name FROM list_items WHERE key = ({value}))"
    return f"({value})"
