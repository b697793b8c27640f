"""Inserting and finding rows of a model, and choosing their ids."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections.abc import Iterator
from itertools import chain, count

from anaplan_emulator.engine.structure import TIME_ITEM_PREFIX
from anaplan_emulator.loaders.given_ids import GivenIds
from anaplan_emulator.store.records import insert_record
from anaplan_emulator.tenant.data_types import Stored
from anaplan_emulator.tenant.description import DIGITS_OF_NUMBER

# The prefixes of list items and line items. Those with six digits follow when a model has more
# lists and modules than there are prefixes with three; saved views have the ones between.
_FIRST_ITEM_PREFIX, _FIRST_LONG_ITEM_PREFIX = 201, 200_001
_FIRST_VIEW_PREFIX = 2000
_FIRST_SUBSET = 109_000_000_000
_NUMBERS = 10**DIGITS_OF_NUMBER
# Ids with greater numbers, such as that of the list of users, are not followed by derived ones.
_LAST_NUMBER = _NUMBERS - 1_000_000


class ModelRows:
    """Inserts and finds rows of a model.

    Args:
        db: A transaction.
        model: Key of the model.
        given: The ids that the description gives, which derived ones must differ from.
    """

    def __init__(self, db: sqlite3.Connection, model: int, given: GivenIds) -> None:
        self.db = db
        self.model = model
        self._given = given
        used = _used_prefixes(db, model)
        self.item_prefixes = _free_item_prefixes(used["items"] | given.prefixes)
        """Prefixes for the items of lists and the line items of modules."""
        self._view_prefixes = used["views"] | given.prefixes
        self._subset_ids = count(_first_free_subset(db, model))

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
        """Return the id that follows the last one with a prefix, and that is not given."""
        first = prefix * _NUMBERS
        (last,) = self.db.execute(
            f"SELECT max(CAST(id AS INTEGER)) FROM {table}"
            " WHERE model = ? AND CAST(id AS INTEGER) BETWEEN ? AND ?",
            (self.model, first, first + _LAST_NUMBER),
        ).fetchone()
        return self.derived(count(first if last is None else last + 1))

    def next_subset_id(self) -> str:
        """Return an id for a subset."""
        return self.derived(self._subset_ids)

    def derived(self, candidates: Iterator[int]) -> str:
        """Return the first of some ids that is not given."""
        return next(text for text in map(str, candidates) if text not in self._given)

    def view_prefix(self, module_number: int) -> int:
        """Return the prefix for the saved views of a module, by the number in its id."""
        first = _FIRST_VIEW_PREFIX + module_number
        if first >= _FIRST_LONG_ITEM_PREFIX:
            first = _FIRST_VIEW_PREFIX
        prefix = next(each for each in count(first) if each not in self._view_prefixes)
        self._view_prefixes.add(prefix)
        return prefix


def _used_prefixes(db: sqlite3.Connection, model: int) -> dict[str, set[int]]:
    rows = db.execute(
        f"""
        SELECT 'items' AS kind, item_prefix AS prefix FROM lists
        WHERE model = :model AND kind = 'LIST'
        UNION
        SELECT 'items', CAST(substr(line_items.id, 1, length(line_items.id) - {DIGITS_OF_NUMBER})
            AS INTEGER)
        FROM line_items JOIN modules ON modules.key = line_items.module
        WHERE modules.model = :model
        UNION
        SELECT 'views', CAST(substr(id, 1, length(id) - {DIGITS_OF_NUMBER}) AS INTEGER)
        FROM views WHERE model = :model
        """,
        {"model": model},
    )
    used: dict[str, set[int]] = {"items": {TIME_ITEM_PREFIX}, "views": set()}
    for kind, prefix in rows:
        used[kind].add(prefix)
    return used


def _free_item_prefixes(used: set[int]) -> Iterator[int]:
    prefixes = chain(range(_FIRST_ITEM_PREFIX, 1000), count(_FIRST_LONG_ITEM_PREFIX))
    return (each for each in prefixes if each not in used)


def _first_free_subset(db: sqlite3.Connection, model: int) -> int:
    (last,) = db.execute(
        "SELECT max(CAST(subsets.id AS INTEGER)) FROM subsets JOIN lists ON lists.key = list"
        " WHERE model = ?",
        (model,),
    ).fetchone()
    return _FIRST_SUBSET if last is None else int(last) + 1
