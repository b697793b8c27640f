"""What the Integration API's listings share: pages, and its two ways to sort (facts 4.1)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.datastructures import URL
from starlette.responses import JSONResponse

from anaplan_emulator.calls import Call, whole_number
from anaplan_emulator.replies import ApiError, envelope

Row = TypeVar("Row")
SortKeys = Mapping[str, Callable[[Row], Any]]

_STRICT = re.compile(r"[+-]\w+(,[+-]\w+)*")
_STRAY_PAGE = 20


def listing(
    call: Call,
    key: str,
    rows: Sequence[Row],
    describe: Callable[[Row], Any],
    *,
    kind: str,
    model_id: str | None = None,
    stray_next: bool = False,
    unlimited: bool = False,
) -> JSONResponse:
    """Answer with a page of rows.

    Args:
        call: The call, for `limit` and `offset`.
        key: The key of the rows in the reply, which is missing where there are none.
        rows: All rows, sorted.
        describe: Makes the JSON of a row.
        kind: Last word of `meta.schema`.
        model_id: The model the reply is about, if any.
        stray_next: Whether a call without `limit` was seen to point to a next page although all
            rows were returned.
        unlimited: Whether a call without `limit` gets all rows.
    """
    offset = _whole_number(call, "offset", 0, least=0)
    most = call.world.settings.page_limit
    if unlimited and call.query.get("limit") is None:
        most = max(most, len(rows))
    limit = min(_whole_number(call, "limit", most, least=1), most)
    page = rows[offset : offset + limit]
    paging: dict[str, Any] = {
        "currentPageSize": len(page),
        "totalSize": len(rows),
        "offset": offset,
    }
    url = URL(call.url)
    live = call.world.settings.quirks == "live"
    if offset + len(page) < len(rows):
        following = url.include_query_params(limit=limit, offset=offset + limit)
        paging["next"] = str(following)
    elif stray_next and live and not call.query.get("limit") and len(rows) > _STRAY_PAGE:
        paging["next"] = str(url.include_query_params(limit=_STRAY_PAGE, offset=_STRAY_PAGE))
    if offset > 0:
        before = url.include_query_params(limit=limit, offset=max(0, offset - limit))
        paging["previous"] = str(before)
    payload: dict[str, Any] = {key: [describe(row) for row in page]} if page or not live else {}
    return envelope(kind, model_id=model_id, paging=paging, **payload)


def sort_strictly(call: Call, rows: Sequence[Row], keys: SortKeys[Row]) -> list[Row]:
    """Sort as users, workspaces and models do: signs are needed, fields are checked."""
    asked = call.query.get("sort")
    if asked is None:
        return list(rows)
    if not _STRICT.fullmatch(asked):
        raise ApiError(
            400, f"Bad sort order format: '{asked}'. Expected pattern: [+-]field(,[+-]field)*"
        )
    fields = [(part[1:], part[0] == "-") for part in asked.split(",")]
    if any(name not in keys for name, _ in fields):
        raise ApiError(400, f"Failed to parse sort parameter: '{asked}'")
    return _sorted(rows, keys, fields)


def sort_leniently(call: Call, rows: Sequence[Row], keys: SortKeys[Row]) -> list[Row]:
    """Sort as everything inside a model does: signs may be missing, unknown fields are ignored."""
    asked = call.query.get("sort", "")
    # An unencoded plus sign arrives as a space.
    parts = [part for part in asked.split(",") if part.strip()]
    fields = [(part.lstrip("+- "), part.startswith("-")) for part in parts]
    return _sorted(rows, keys, [field for field in fields if field[0] in keys])


def matches(pattern: str, *texts: str) -> bool:
    """Search as `s` does: contained anywhere, whatever the case, with SQL's wildcards."""
    wildcards = {"%": ".*", "_": "."}
    parts = [wildcards.get(letter, re.escape(letter)) for letter in pattern]
    wanted = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return any(wanted.search(text) for text in texts)


def _sorted(rows: Sequence[Row], keys: SortKeys[Row], fields: list[tuple[str, bool]]) -> list[Row]:
    result = list(rows)
    for name, descending in reversed(fields):
        result.sort(key=keys[name], reverse=descending)
    return result


def _whole_number(call: Call, name: str, default: int, *, least: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    number = whole_number(text)
    if number is None or number < least:
        raise ApiError(400, f"Invalid value for {name}: '{text}'")
    return number
