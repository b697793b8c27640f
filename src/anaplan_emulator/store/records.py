"""Rows of the database: reading them as dataclasses, and inserting them."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")

_ROWS_PER_STATEMENT = 50
# SQLite's default limit of the placeholders in a statement is 32,766.
_VALUES_PER_STATEMENT = 32_000


def read_record(kind: type[Record], row: sqlite3.Row, **values: Any) -> Record:
    """Make a dataclass from a row.

    Args:
        kind: The dataclass. Its fields have the names of columns.
        row: The row. SQLite stores a boolean as an integer.
        values: Values of the fields that are not columns or are stored in another form.
    """
    for name, is_boolean in _columns(kind):
        if name not in values:
            value = row[name]
            values[name] = bool(value) if is_boolean and value is not None else value
    return kind(**values)


@cache
def _columns(kind: "type[DataclassInstance]") -> tuple[tuple[str, bool], ...]:
    """Return the fields of a dataclass, and whether they are booleans."""
    return tuple((field.name, field.type in (bool, bool | None)) for field in fields(kind))


def insert_record(db: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> int:
    """Insert a row with values for its columns, and return its rowid if the table has rowids."""
    columns, placeholders = ", ".join(values), ", ".join("?" * len(values))
    cursor = db.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({placeholders})",  # noqa: S608 (constant names)
        list(values.values()),
    )
    return cursor.lastrowid or 0


def insert_rows(db: sqlite3.Connection, insert: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert many rows, which takes half as long as `executemany`.

    Args:
        db: The database.
        insert: The statement up to its values, such as `INSERT INTO items (key, name)`.
        rows: The rows, which have the same number of values.

    Returns:
        The number of rows that were inserted: all, unless the statement ignores some.
    """
    width = len(rows[0]) if rows else 1
    size = max(1, min(_ROWS_PER_STATEMENT, _VALUES_PER_STATEMENT // width))
    row = f"({', '.join('?' * width)})"
    statement = f"{insert} VALUES {', '.join([row] * size)}"
    end = len(rows) - len(rows) % size
    inserted = 0
    for start in range(0, end, size):
        values = list(chain.from_iterable(rows[start : start + size]))
        inserted += db.execute(statement, values).rowcount
    if end < len(rows):
        inserted += db.executemany(f"{insert} VALUES {row}", rows[end:]).rowcount
    return inserted
