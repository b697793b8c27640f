"""Routes of staging tables, with OData's query options."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.calls import Call, integer_parameter
from anaplan_emulator.apis.consolidation import state
from anaplan_emulator.apis.consolidation.odata import (
    ODataError,
    UnsupportedODataError,
    parse_filter,
    parse_order,
)
from anaplan_emulator.apis.consolidation.requests import json_body
from anaplan_emulator.apis.consolidation.state import Row, Table
from anaplan_emulator.apis.replies import ApiError

_FORMATS = ("flat", "default")


def read_table(call: Call) -> Response:
    """GET /odata/{table}."""
    table = state.find_table(call.db, call.path["tableName"])
    if _option(call, "apply") is not None:
        raise ApiError(501, "The emulator does not know $apply")
    if call.query.get("Format", "default") not in _FORMATS:
        raise ApiError(400, "Format must be flat or default.")
    paging = requested_page(call, call.tenant.settings.consolidation_page_limit)
    skip = _integer("$skip", _option(call, "skip"), minimum=0) or 0
    top = _integer("$top", _option(call, "top"), minimum=0)
    columns = _columns(table, _option(call, "select"))
    rows = [row for _, row in _selected(call, table)]
    for name, descending in reversed(_order(table, _option(call, "orderby"))):
        rows.sort(key=lambda row: _sort_key(row[name]), reverse=descending)
    total = len(rows)
    rows = rows[skip:] if top is None else rows[skip : skip + top]
    if paging is not None:
        page, size = paging
        body: Any = {
            "CurrentPage": page,
            "TotalPages": -(-len(rows) // size),
            "TotalRows": len(rows),
            "value": rows[(page - 1) * size : page * size],
        }
    elif _option(call, "count") == "true":
        body = {"@odata.count": total, "value": rows}
    else:
        return JSONResponse(_select_columns(rows, columns))
    return JSONResponse({**body, "value": _select_columns(body["value"], columns)})


def add_row(call: Call) -> Response:
    """POST /odata/{table}."""
    table = state.find_table(call.db, call.path["tableName"])
    state.insert(call.db, table, [json_body(call)])
    return Response()


def add_rows(call: Call) -> Response:
    """POST /odata/batch/{table}."""
    table = state.find_table(call.db, call.path["tableName"])
    rows = json_body(call)
    if not isinstance(rows, list):
        raise ApiError(400, "A batch must be a JSON array of records.")
    state.insert(call.db, table, rows)
    return Response()


def update_rows(call: Call) -> Response:
    """PUT /odata/{table}."""
    table = state.find_table(call.db, call.path["tableName"])
    changes = state.validated_part(table, json_body(call))
    if not _is_filtered(call, table):
        raise ApiError(400, "A $filter is required.")
    state.update(call.db, table, _selected(call, table), changes)
    return Response()


def delete_rows(call: Call) -> Response:
    """DELETE /odata/{table}: rows that match a filter or a record in the body, or all rows."""
    table = state.find_table(call.db, call.path["tableName"])
    record = state.validated_part(table, json_body(call) if call.body.strip() else {})
    if not record and not _is_filtered(call, table):
        state.clear(call.db, table)
        return Response(status_code=204)
    found = [
        (key, row)
        for key, row in _selected(call, table)
        if all(row[name] == value for name, value in record.items())
    ]
    state.delete(call.db, found)
    return Response()


def requested_page(call: Call, limit: int) -> tuple[int, int] | None:
    """Return the number and size of the requested page, or None.

    Raises:
        ApiError: 400, a number is not valid.
    """
    page = _integer("Page", call.query.get("Page"), minimum=1)
    size = _integer("PageSize", call.query.get("PageSize"), minimum=1)
    if page is None and size is None:
        return None
    if size is not None and size > limit:
        raise ApiError(400, f"PageSize must not be greater than {limit}.")
    return page or 1, size or limit


def _integer(name: str, text: str | None, *, minimum: int) -> int | None:
    error = ApiError(400, f"{name} must be an integer of at least {minimum}.")
    return integer_parameter(text, error, minimum=minimum)


def _option(call: Call, name: str) -> str | None:
    # The dollar sign is optional.
    return call.query.get(f"${name}", call.query.get(name))


def _is_filtered(call: Call, table: Table) -> bool:
    return _option(call, "filter") is not None or any(name in call.query for name in table.columns)


def _selected(call: Call, table: Table) -> list[tuple[int, Row]]:
    """Return the rows that match the filter, and `column=value` in the query."""
    matches: Callable[[Row], bool] = lambda _: True  # noqa: E731
    text = _option(call, "filter")
    try:
        if text is not None:
            matches = parse_filter(text, table.columns)
        rows = state.select(call.db, table, matches)
    except UnsupportedODataError as error:
        raise ApiError(501, f"The emulator does not know {error}") from error
    except ODataError as error:
        raise ApiError(400, f"$filter: {error}.") from error
    given = {name: call.query[name] for name in table.columns if name in call.query}
    return [(key, row) for key, row in rows if _has_values(row, given)]


def _has_values(row: Row, given: Mapping[str, str]) -> bool:
    return all(row[name] is not None and str(row[name]) == text for name, text in given.items())


def _order(table: Table, text: str | None) -> list[tuple[str, bool]]:
    try:
        return parse_order(text, table.columns) if text else []
    except ODataError as error:
        raise ApiError(400, f"$orderby: {error}.") from error


def _sort_key(value: Any) -> tuple[bool, Any]:
    # Null sorts first (OData 4.01, section 11.2.6.2).
    return value is not None, 0 if value is None else value


def _columns(table: Table, text: str | None) -> list[str]:
    names = [name.strip() for name in text.split(",")] if text else ["*"]
    if "*" in names:
        return list(table.columns)
    for name in names:
        if name not in table.columns:
            raise ApiError(400, f"$select: no column is called '{name}'.")
    return names


def _select_columns(rows: list[Row], columns: list[str]) -> list[Row]:
    return [{name: row[name] for name in columns} for row in rows]
