"""Listing the items of dimensions, and finding them by name or code.

Source: docs/anaplan-behaviour.md#dimension-items.
"""

import sqlite3
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from anaplan_emulator.apis.access import Model
from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.engine.list_items import top_level_item
from anaplan_emulator.engine.structure import (
    ListStructure,
    item_id,
    list_by_id,
    list_by_key,
    top_level_id,
)
from anaplan_emulator.engine.value_readers import find_items

USERS_ID = "101999999999"
"""Id of the list of users, which every model has."""
_USERS_PREFIX = 100
"""First digits of the ids of its items, which are not documented."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a dimension."""

    id: str
    name: str
    code: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return it as JSON values, without a code if it has none."""
        body = {"id": self.id, "name": self.name}
        return body if self.code is None else body | {"code": self.code}


class ItemSearch(BaseModel):
    """The body of a search for items."""

    model_config = ConfigDict(extra="ignore", strict=True)

    names: list[str] = Field(default_factory=list)
    codes: list[str] = Field(default_factory=list)


def requested_search(call: Call) -> ItemSearch:
    """Return the search in the body.

    Raises:
        ApiError: 400, the body is not valid.
    """
    try:
        search = ItemSearch.model_validate_json(call.body)
    except ValidationError as error:
        raise ApiError(
            400, "The body must be an object with arrays of strings: names, codes"
        ) from error
    if not search.names and not search.codes:
        raise ApiError(400, "Either names or codes must be given")
    return search


def listed_items(call: Call, model: Model, dimension_id: str) -> list[Item]:
    """Return the items of a dimension of the model.

    Raises:
        ApiError: 400, the dimension cannot be listed or has too many items; 404.
    """
    if dimension_id == USERS_ID:
        return require_within_limit(call, _users(call.db, model))
    dimension, subset = _dimension(call.db, model, dimension_id)
    if dimension.kind in ("TIME", "VERSIONS"):
        raise ApiError(400, f"The items of {dimension.name} cannot be listed for the whole model")
    rows = call.db.execute(
        "SELECT * FROM list_items WHERE list = :list AND (:subset IS NULL OR key IN"
        " (SELECT item FROM subset_items WHERE subset = :subset)) ORDER BY key",
        {"list": dimension.key, "subset": subset},
    )
    items = [read_item(call.db, dimension, row) for row in rows]
    return require_within_limit(call, [*items, *_top_level(call.db, dimension, subset)])


def found_items(call: Call, model: Model, dimension_id: str, search: ItemSearch) -> list[Item]:
    """Return the items with the given names or codes, ignoring case.

    Raises:
        ApiError: 400, codes are given for a dimension without codes; 404.
    """
    if dimension_id == USERS_ID:
        names = {name.lower() for name in (*search.names, *search.codes)}
        return [user for user in _users(call.db, model) if user.name.lower() in names]
    dimension, subset = _dimension(call.db, model, dimension_id)
    if search.codes and not _has_codes(call.db, dimension):
        raise ApiError(400, f"The dimension {dimension.name} has no codes")
    keys = {
        *find_items(call.db, dimension.key, search.names, "name").values(),
        *find_items(call.db, dimension.key, search.codes, "code").values(),
    }
    rows = [
        call.db.execute("SELECT * FROM list_items WHERE key = ?", (key,)).fetchone()
        for key in sorted(keys)
        if subset is None or _is_in(call.db, subset, key)
    ]
    names = {name.lower() for name in search.names}
    top = [item for item in _top_level(call.db, dimension, subset) if item.name.lower() in names]
    return [*(read_item(call.db, dimension, row) for row in rows), *top]


def all_items(db: sqlite3.Connection, dimension: ListStructure) -> list[Item]:
    """Read all items of a dimension."""
    rows = db.execute("SELECT * FROM list_items WHERE list = ? ORDER BY key", (dimension.key,))
    return [read_item(db, dimension, row) for row in rows]


def read_item(db: sqlite3.Connection, dimension: ListStructure, row: sqlite3.Row) -> Item:
    """Make an item from its row."""
    return Item(item_id(db, dimension, row["key"]), row["name"], row["code"])


def require_within_limit(call: Call, items: list[Item]) -> list[Item]:
    """Check that there are not too many items to list, and return them.

    Raises:
        ApiError: 400, there are too many.
    """
    limit = call.tenant.settings.dimension_items_limit
    if len(items) > limit:
        raise ApiError(400, f"The dimension has more than {limit} items")
    return items


def _dimension(
    db: sqlite3.Connection, model: Model, dimension_id: str
) -> tuple[ListStructure, int | None]:
    """Return a dimension as a list, and the key of the subset if it is one."""
    dimension = list_by_id(db, model.key, dimension_id)
    if dimension is not None:
        return dimension, None
    row = db.execute(
        "SELECT subsets.key, list FROM subsets JOIN lists ON lists.key = list"
        " WHERE lists.model = ? AND subsets.id = ?",
        (model.key, dimension_id),
    ).fetchone()
    if row is None:
        raise ApiError(404)
    return list_by_key(db, row["list"]), row["key"]


def _is_in(db: sqlite3.Connection, subset: int, key: int) -> bool:
    row = db.execute("SELECT 1 FROM subset_items WHERE subset = ? AND item = ?", (subset, key))
    return row.fetchone() is not None


def _top_level(db: sqlite3.Connection, dimension: ListStructure, subset: int | None) -> list[Item]:
    """Return the top-level item, which has the index 0 and comes last."""
    name = top_level_item(db, dimension.key) if subset is None else None
    return [Item(top_level_id(dimension), name)] if name else []


def _has_codes(db: sqlite3.Connection, dimension: ListStructure) -> bool:
    """Return whether any item has a code. Items of an empty list might have one."""
    if dimension.kind in ("TIME", "VERSIONS"):
        return False
    row = db.execute(
        "SELECT count(*), count(code) FROM list_items WHERE list = ?", (dimension.key,)
    ).fetchone()
    return bool(row[0] == 0 or row[1] > 0)


def _users(db: sqlite3.Connection, model: Model) -> list[Item]:
    rows = db.execute(
        """
        SELECT numbered.number, numbered.email
        FROM (
            SELECT id, email, row_number() OVER (ORDER BY created_at, id) AS number FROM users
        ) AS numbered
        JOIN workspace_members ON workspace_members.user_id = numbered.id
        WHERE workspace_members.workspace_id = ? ORDER BY numbered.number
        """,
        (model.workspace_id,),
    )
    return [Item(f"{_USERS_PREFIX}{row['number']:09}", row["email"], row["email"]) for row in rows]
