"""HTTP in and out of staging tables: OData's query options, and pages."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.consolidation import state
from anaplan_emulator.apis.consolidation.requests import json_body, whole_number
from anaplan_emulator.apis.consolidation.state import Row, Table
from anaplan_emulator.calls import Call
from anaplan_emulator.engine.odata import (
    ODataError,
    UnsupportedODataError,
    parse_filter,
    parse_order,
)
from anaplan_emulator.replies import ApiError

_FORMATS = ("flat", "default")


def read_table(call: Call) -> Response:
    """GET /odata/{table}."""
    table = state.find_table(call.db, call.path["tableName"])
    if _option(call, "apply") is not None:
        raise ApiError(501, "The emulator does not know $apply")
    if call.query.get("Format", "default") not in _FORMATS:
        raise ApiError(400, "Format is flat or default.")
    paging = page_asked_for(call, call.world.settings.consolidation_page_limit)
    skip = whole_number("$skip", _option(call, "skip"), least=0) or 0
    top = whole_number("$top", _option(call, "top"), least=0)
    columns = _columns(table, _option(call, "select"))
    rows = [row for _, row in _selected(call, table)]
    for name, descending in reversed(_order(table, _option(call, "orderby"))):
        rows.sort(key=lambda row: _place(row[name]), reverse=descending)
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
        return JSONResponse(_only(rows, columns))
    return JSONResponse({**body, "value": _only(body["value"], columns)})


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
        raise ApiError(400, "A batch is a JSON array of records.")
    state.insert(call.db, table, rows)
    return Response()


def update_rows(call: Call) -> Response:
    """PUT /odata/{table}."""
    table = state.find_table(call.db, call.path["tableName"])
    changes = state.fitted_part(table, json_body(call))
    if not _is_filtered(call, table):
        raise ApiError(400, "A $filter is needed.")
    state.update(call.db, table, _selected(call, table), changes)
    return Response()


def delete_rows(call: Call) -> Response:
    """DELETE /odata/{table}: of the rows that a filter or a record in the body fits, or of all."""
    table = state.find_table(call.db, call.path["tableName"])
    record = state.fitted_part(table, json_body(call) if call.body.strip() else {})
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


def page_asked_for(call: Call, most: int) -> tuple[int, int] | None:
    """Return the number and size of the page asked for, or nothing.

    Raises:
        ApiError: 400.
    """
    page = whole_number("Page", call.query.get("Page"), least=1)
    size = whole_number("PageSize", call.query.get("PageSize"), least=1)
    if page is None and size is None:
        return None
    if size is not None and size > most:
        raise ApiError(400, f"PageSize is at most {most}.")
    return page or 1, size or most


def _option(call: Call, name: str) -> str | None:
    # The dollar may be left out.
    return call.query.get(f"${name}", call.query.get(name))


def _is_filtered(call: Call, table: Table) -> bool:
    return _option(call, "filter") is not None or any(name in call.query for name in table.columns)


def _selected(call: Call, table: Table) -> list[tuple[int, Row]]:
    """Read the rows that the filter lets through, and `column=value` in the query."""
    wanted: Callable[[Row], bool] = lambda _: True  # noqa: E731
    text = _option(call, "filter")
    try:
        if text is not None:
            wanted = parse_filter(text, table.columns)
        rows = state.select(call.db, table, wanted)
    except UnsupportedODataError as error:
        raise ApiError(501, f"The emulator does not know {error}") from error
    except ODataError as error:
        raise ApiError(400, f"$filter: {error}.") from error
    given = {name: call.query[name] for name in table.columns if name in call.query}
    return [(key, row) for key, row in rows if _is_like(row, given)]


def _is_like(row: Row, given: Mapping[str, str]) -> bool:
    return all(row[name] is not None and str(row[name]) == text for name, text in given.items())


def _order(table: Table, text: str | None) -> list[tuple[str, bool]]:
    try:
        return parse_order(text, table.columns) if text else []
    except ODataError as error:
        raise ApiError(400, f"$orderby: {error}.") from error


def _place(value: Any) -> tuple[bool, Any]:
    # Null comes first (OData 4.01, 11.2.6.2).
    return value is not None, 0 if value is None else value


def _columns(table: Table, text: str | None) -> list[str]:
    asked = [name.strip() for name in text.split(",")] if text else ["*"]
    if "*" in asked:
        return list(table.columns)
    for name in asked:
        if name not in table.columns:
            raise ApiError(400, f"$select: no column is called '{name}'.")
    return asked


def _only(rows: list[Row], columns: list[str]) -> list[Row]:
    return [{name: row[name] for name in columns} for row in rows]
