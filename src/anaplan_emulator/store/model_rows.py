"""Rows of one model: written, found, and given their ids."""

# ruff: noqa: S608 (identifiers are made of our own keys; values are bound)

import sqlite3
from itertools import count

from anaplan_emulator.engine.formats import DataType, Stored, parser
from anaplan_emulator.engine.structure import Field, list_by_key
from anaplan_emulator.engine.values import find_items
from anaplan_emulator.store.model_description import Scalar

_FIRST_ITEM_PREFIX = 201
_FIRST_SUBSET = 109_000_000_000


class ModelRows:
    """Writes a model's rows.

    Args:
        db: A transaction.
        model: The model's key.
    """

    def __init__(self, db: sqlite3.Connection, model: int) -> None:
        self.db = db
        self.model = model
        self.prefixes = count(_first_free_prefix(db, model))
        self.subsets = count(_first_free_subset(db, model))

    def insert(self, table: str, **values: Stored) -> int:
        """Insert a row, and return its id."""
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        row = self.db.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING rowid",
            list(values.values()),
        ).fetchone()
        return int(row[0])

    def find(self, table: str, name: str) -> int | None:
        """Return the key of what has this name."""
        row = self.db.execute(
            f"SELECT key FROM {table} WHERE model = ? AND name = ?", (self.model, name)
        ).fetchone()
        return row["key"] if row else None

    def next_id(self, table: str, prefix: int) -> str:
        """Return the id after the last one of the prefix."""
        (last,) = self.db.execute(
            f"SELECT max(CAST(id AS INTEGER)) FROM {table} WHERE model = ? AND id GLOB ?",
            (self.model, f"{prefix}?????????"),
        ).fetchone()
        return f"{prefix}{0:09}" if last is None else str(last + 1)

    def stored(self, field: Field, scalar: Scalar) -> Stored:
        """Return a value as it is kept in this field."""
        if field.data_type is DataType.LIST and field.entity_list is not None:
            return self.item(field.entity_list, str(scalar))
        return parser(field.data_type)(str(scalar))

    def item(self, list_key: int, text: str) -> int:
        """Return the key of the item that has this name or code.

        Raises:
            ValueError: There is none.
        """
        try:
            return find_items(self.db, list_key, [text], "either")[text]
        except KeyError:
            name = list_by_key(self.db, list_key).name
            raise ValueError(f"list {name} has no item {text!r}") from None


def _first_free_prefix(db: sqlite3.Connection, model: int) -> int:
    (last,) = db.execute(
        """
        SELECT max(prefix) FROM (
            SELECT item_prefix AS prefix FROM lists WHERE model = ?1 AND kind = 'LIST'
            UNION ALL
            SELECT CAST(substr(line_items.id, 1, 3) AS INTEGER) FROM line_items
            JOIN modules ON modules.key = line_items.module WHERE modules.model = ?1
        )
        """,
        (model,),
    ).fetchone()
    return _FIRST_ITEM_PREFIX if last is None else int(last) + 1


def _first_free_subset(db: sqlite3.Connection, model: int) -> int:
    (last,) = db.execute(
        "SELECT max(CAST(subsets.id AS INTEGER)) FROM subsets JOIN lists ON lists.key = list"
        " WHERE model = ?",
        (model,),
    ).fetchone()
    return _FIRST_SUBSET if last is None else int(last) + 1
