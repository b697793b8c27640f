"""Inserting and finding rows of a model, and choosing their ids."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections.abc import Iterator
from itertools import chain, count

from anaplan_emulator.engine.structure import TIME_ITEM_PREFIX, Field, list_by_key
from anaplan_emulator.engine.value_readers import find_items
from anaplan_emulator.store.records import insert_record
from anaplan_emulator.tenant.data_types import DataType, Stored, parser
from anaplan_emulator.tenant.list_description import Scalar

# The prefixes of list items and line items. Those with six digits follow when a model has more
# lists and modules than there are prefixes with three; saved views have the ones between.
_FIRST_ITEM_PREFIX, _FIRST_LONG_ITEM_PREFIX = 201, 200_001
_FIRST_SUBSET = 109_000_000_000


class ModelRows:
    """Inserts and finds rows of a model.

    Args:
        db: A transaction.
        model: Key of the model.
    """

    def __init__(self, db: sqlite3.Connection, model: int) -> None:
        self.db = db
        self.model = model
        self.item_prefixes = _free_item_prefixes(db, model)
        self.subset_ids = count(_first_free_subset(db, model))

    def insert(self, table: str, **values: Stored) -> int:
        """Insert a row and return its rowid."""
        return insert_record(self.db, table, values)

    def find(self, table: str, name: str) -> int | None:
        """Return the key of the row with a name, if there is one."""
        row = self.db.execute(
            f"SELECT key FROM {table} WHERE model = ? AND name = ?", (self.model, name)
        ).fetchone()
        return row["key"] if row else None

    def next_id(self, table: str, prefix: int) -> str:
        """Return the id that follows the last one with a prefix."""
        (last,) = self.db.execute(
            f"SELECT max(CAST(id AS INTEGER)) FROM {table} WHERE model = ? AND id GLOB ?",
            (self.model, f"{prefix}?????????"),
        ).fetchone()
        return f"{prefix}{0:09}" if last is None else str(last + 1)

    def stored(self, field: Field, scalar: Scalar) -> Stored:
        """Return the stored value of a field."""
        if field.data_type is DataType.LIST and field.entity_list is not None:
            return self.item(field.entity_list, str(scalar))
        return parser(field.data_type)(str(scalar))

    def item(self, list_key: int, text: str) -> int:
        """Return the key of the item with a name or code.

        Raises:
            ValueError: The list has no such item.
        """
        try:
            return find_items(self.db, list_key, [text], "either")[text]
        except KeyError:
            name = list_by_key(self.db, list_key).name
            raise ValueError(f"list {name} has no item {text!r}") from None


def _free_item_prefixes(db: sqlite3.Connection, model: int) -> Iterator[int]:
    (last,) = db.execute(
        """
        SELECT max(prefix) FROM (
            SELECT item_prefix AS prefix FROM lists WHERE model = :model AND kind = 'LIST'
            UNION ALL
            SELECT CAST(substr(line_items.id, 1, length(line_items.id) - 9) AS INTEGER)
            FROM line_items
            JOIN modules ON modules.key = line_items.module WHERE modules.model = :model
        )
        """,
        {"model": model},
    ).fetchone()
    prefixes = chain(range(_FIRST_ITEM_PREFIX, 1000), count(_FIRST_LONG_ITEM_PREFIX))
    return (each for each in prefixes if each > (last or 0) and each != TIME_ITEM_PREFIX)


def _first_free_subset(db: sqlite3.Connection, model: int) -> int:
    (last,) = db.execute(
        "SELECT max(CAST(subsets.id AS INTEGER)) FROM subsets JOIN lists ON lists.key = list"
        " WHERE model = ?",
        (model,),
    ).fetchone()
    return _FIRST_SUBSET if last is None else int(last) + 1
