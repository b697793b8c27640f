"""A list's items as a table: who is in it, and what is known of each."""

# ruff: noqa: S608 (identifiers are made of our own keys; values are bound)

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from anaplan_emulator.engine.formats import DataType, Stored, render
from anaplan_emulator.engine.structure import Field, ListStructure, properties


@dataclass(frozen=True, slots=True)
class Subset:
    """A subset of a list: a dimension of its own, whose items are the list's."""

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
        parent: Key of its parent; the top level item has none.
        parent_name: Name of its parent.
        values: What its properties hold; of those that are items, the names.
        subsets: Whether it is in each subset.
    """

    key: int
    name: str
    code: str | None
    parent: int | None
    parent_name: str | None
    values: tuple[Stored, ...] = ()
    subsets: tuple[bool, ...] = ()


def subsets(db: sqlite3.Connection, list_key: int) -> tuple[Subset, ...]:
    """Read a list's subsets."""
    rows = db.execute("SELECT key, id, name FROM subsets WHERE list = ? ORDER BY key", (list_key,))
    return tuple(Subset(row["key"], row["id"], row["name"]) for row in rows)


def top_level_item(db: sqlite3.Connection, list_key: int) -> str | None:
    """Read the name of the item above all others, if the list has one."""
    row = db.execute(
        "SELECT top_level_item FROM list_details WHERE list = ?", (list_key,)
    ).fetchone()
    return row["top_level_item"] if row else None


def read_items(
    db: sqlite3.Connection,
    items_of: ListStructure,
    *,
    fields: tuple[Field, ...] = (),
    within: tuple[Subset, ...] = (),
) -> Iterator[Item]:
    """Read a list's items, in the order of their index.

    Args:
        db: A transaction.
        items_of: The list.
        fields: The properties to read.
        within: The subsets to look into.
    """
    columns = ["items.key", "items.name", "items.code", "items.parent", "above.name"]
    columns += [_value(field) for field in fields]
    columns += [
        f"EXISTS (SELECT 1 FROM subset_items WHERE subset = {subset.key} AND item = items.key)"
        for subset in within
    ]
    rows = db.execute(
        f"""
        SELECT {", ".join(columns)}
        FROM list_items AS items LEFT JOIN list_items AS above ON above.key = items.parent
        WHERE items.list = ? ORDER BY items.key
        """,
        (items_of.key,),
    )
    for row in rows:
        key, name, code, parent, parent_name, *rest = row
        values, inside = rest[: len(fields)], rest[len(fields) :]
        yield Item(key, name, code, parent, parent_name, tuple(values), tuple(map(bool, inside)))


def list_rows(db: sqlite3.Connection, items_of: ListStructure) -> Iterator[list[str]]:
    """Write a list as texts: a header, then a row for each item.

    The columns are Name, Code, Parent, the properties and the subsets. Items without a parent are
    below the top level item, where the list has one.
    """
    fields, within = properties(db, items_of.key), subsets(db, items_of.key)
    top = top_level_item(db, items_of.key) or ""
    names = [field.name for field in fields] + [subset.name for subset in within]
    yield ["Name", "Code", "Parent", *names]
    for item in read_items(db, items_of, fields=fields, within=within):
        yield [
            item.name,
            item.code or "",
            item.parent_name or top,
            *(
                render(field.data_type, value)
                for field, value in zip(fields, item.values, strict=True)
            ),
            *("true" if inside else "false" for inside in item.subsets),
        ]


def _value(field: Field) -> str:
    value = f"SELECT value FROM property_values WHERE item = items.key AND property = {field.key}"
    if field.data_type is DataType.LIST:
        return f"(SELECT name FROM list_items WHERE key = ({value}))"
    return f"({value})"
