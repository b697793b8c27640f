"""Listings of the Integration API: pages, and the two ways to sort.

Source: docs/anaplan-behaviour.md#paging, #sorting-and-searching.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.datastructures import URL
from starlette.responses import JSONResponse

from anaplan_emulator.apis.calls import Call, integer_parameter
from anaplan_emulator.apis.replies import ApiError, envelope

Row = TypeVar("Row")
SortKeys = Mapping[str, Callable[[Row], Any]]

_STRICT_SORT = re.compile(r"[+-]\w+(,[+-]\w+)*")
_EXTRA_PAGE_SIZE = 20


def listing(
    call: Call,
    key: str,
    rows: Sequence[Row],
    describe: Callable[[Row], Any],
    *,
    kind: str,
    model_id: str | None = None,
    extra_next: bool = False,
    unlimited: bool = False,
) -> JSONResponse:
    """Return a response with a page of rows.

    Args:
        call: The request, with `limit` and `offset`.
        key: The member for the rows, which is missing if there are none.
        rows: All rows, sorted.
        describe: Returns the JSON values of a row.
        kind: The last segment of `meta.schema`.
        model_id: Id of the model that the response is about, if any.
        extra_next: Whether, as observed, the response to a request without `limit` has a next
            page although all rows were returned.
        unlimited: Whether a request without `limit` returns all rows.
    """
    offset = _integer(call, "offset", 0, minimum=0)
    max_limit = call.tenant.settings.page_limit
    if unlimited and call.query.get("limit") is None:
        max_limit = max(max_limit, len(rows))
    limit = min(_integer(call, "limit", max_limit, minimum=1), max_limit)
    page = rows[offset : offset + limit]
    paging: dict[str, Any] = {
        "currentPageSize": len(page),
        "totalSize": len(rows),
        "offset": offset,
    }
    url = URL(call.url)
    if offset + len(page) < len(rows):
        following = url.include_query_params(limit=limit, offset=offset + limit)
        paging["next"] = str(following)
    elif (
        extra_next and call.is_live and not call.query.get("limit") and len(rows) > _EXTRA_PAGE_SIZE
    ):
        paging["next"] = str(
            url.include_query_params(limit=_EXTRA_PAGE_SIZE, offset=_EXTRA_PAGE_SIZE)
        )
    if offset > 0:
        before = url.include_query_params(limit=limit, offset=max(0, offset - limit))
        paging["previous"] = str(before)
    payload: dict[str, Any] = (
        {key: [describe(row) for row in page]} if page or not call.is_live else {}
    )
    return envelope(kind, model_id=model_id, paging=paging, **payload)


def sort_strictly(call: Call, rows: Sequence[Row], keys: SortKeys[Row]) -> list[Row]:
    """Sort users, workspaces or models: signs are required, and unknown fields are errors."""
    sort = call.query.get("sort")
    if sort is None:
        return list(rows)
    if not _STRICT_SORT.fullmatch(sort):
        raise ApiError(
            400, f"Bad sort order format: '{sort}'. Expected pattern: [+-]field(,[+-]field)*"
        )
    fields = [(part[1:], part[0] == "-") for part in sort.split(",")]
    if any(name not in keys for name, _ in fields):
        raise ApiError(400, f"Failed to parse sort parameter: '{sort}'")
    return _sorted(rows, keys, fields)


def sort_leniently(call: Call, rows: Sequence[Row], keys: SortKeys[Row]) -> list[Row]:
    """Sort anything in a model: signs are optional, and unknown fields are ignored."""
    sort = call.query.get("sort", "")
    # An unencoded plus sign arrives as a space.
    parts = [part for part in sort.split(",") if part.strip()]
    fields = [(part.lstrip("+- "), part.startswith("-")) for part in parts]
    return _sorted(rows, keys, [field for field in fields if field[0] in keys])


def matches(pattern: str, *texts: str) -> bool:
    """Return whether a text contains the pattern of `s`, ignoring case, with SQL's wildcards."""
    wildcards = {"%": ".*", "_": "."}
    parts = [wildcards.get(letter, re.escape(letter)) for letter in pattern]
    expression = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return any(expression.search(text) for text in texts)


def _sorted(rows: Sequence[Row], keys: SortKeys[Row], fields: list[tuple[str, bool]]) -> list[Row]:
    result = list(rows)
    for name, descending in reversed(fields):
        result.sort(key=keys[name], reverse=descending)
    return result


def _integer(call: Call, name: str, default: int, *, minimum: int) -> int:
    text = call.query.get(name)
    error = ApiError(400, f"Invalid value for {name}: '{text}'")
    number = integer_parameter(text, error, minimum=minimum)
    return default if number is None else number
