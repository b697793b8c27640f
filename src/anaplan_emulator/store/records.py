"""Rows of the database as dataclasses."""

import sqlite3
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


def read_record(kind: type[Record], row: sqlite3.Row, **values: Any) -> Record:
    """Make a dataclass from a row.

    Args:
        kind: The dataclass. Its fields have the names of columns.
        row: The row. SQLite stores a boolean as an integer.
        values: Values of the fields that are not columns or are stored in another form.
    """
    for field in fields(kind):
        name = field.name
        if name not in values:
            value = row[name]
            is_boolean = field.type in (bool, bool | None) and value is not None
            values[name] = bool(value) if is_boolean else value
    return kind(**values)
