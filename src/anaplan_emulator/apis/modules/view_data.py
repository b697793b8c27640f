"""Reading a view's cells (docs/anaplan-behaviour.md#view-data)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic_core import to_json
from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.calls import Call, integer_parameter
from anaplan_emulator.apis.replies import ApiError, csv_text
from anaplan_emulator.engine.structure import item_key
from anaplan_emulator.engine.views import (
    Layout,
    Page,
    View,
    count_cells,
    count_selectable,
    current_page,
    export_rows,
    read_grid,
    selectable,
)
from anaplan_emulator.tenant.action_definitions import LINE_ITEMS

Format = Literal["plain", "escaped", "json"]

LAYOUTS: tuple[str, ...] = get_args(Layout)


@dataclass(frozen=True, slots=True)
class ViewDataRequest:
    """A request for a view's cells.

    Attributes:
        format: The format of the response.
        layout: The layout of the cells.
        selection: The selected items on pages.
        max_rows: Greatest number of rows.
    """

    format: Format
    layout: Layout
    selection: Page
    max_rows: int | None


def parse_request(call: Call, view: View) -> ViewDataRequest:
    """Parse the parameters of a request.

    Raises:
        ApiError: 400, a parameter is not valid; 406, the format is not available.
    """
    export_type, module_id = call.query.get("exportType"), call.query.get("moduleId")
    if (export_type is None) != (module_id is None):
        raise ApiError(400, "exportType and moduleId must be given together")
    if module_id is not None and module_id != view.module.id:
        raise ApiError(400, f"The view does not belong to module '{module_id}'")
    format_ = _format(call)
    layout = requested_layout(export_type or "GRID_CURRENT_PAGE")
    if export_type is not None:
        if format_ == "json":
            raise ApiError(406)
        format_ = "escaped"
    return ViewDataRequest(format_, layout, _selection(call, view), _max_rows(call))


def requested_layout(export_type: object) -> Layout:
    """Parse an export type.

    Raises:
        ApiError: 400, there is no such type.
    """
    for layout in get_args(Layout):
        if layout == export_type:
            known: Layout = layout
            return known
    raise ApiError(400, f"Invalid exportType: '{export_type}'. Expected: {', '.join(LAYOUTS)}")


def view_data_response(call: Call, view: View, request: ViewDataRequest) -> Response:
    """Return a view's cells as a response.

    Raises:
        ApiError: 400, there are too many cells; 500, the module is empty.
    """
    settings = call.tenant.settings
    page = current_page(call.db, view, request.selection)
    # As observed (docs/anaplan-behaviour.md#view-data).
    if call.is_live and view.id == view.module.id and _is_empty(call, view):
        raise ApiError(500)
    cells = count_cells(call.db, view, request.layout, request.selection, request.max_rows)
    if cells > settings.view_cells_limit:
        raise ApiError(
            400,
            f"The view has more than {settings.view_cells_limit} cells: use a large-volume read"
            " request instead",
        )
    if request.format == "json":
        if page is None:
            return JSONResponse({"pages": [], "columnCoordinates": [], "rows": []})
        grid = read_grid(call.db, view, page, request.max_rows)
        return _StreamedJSONResponse(
            {
                "pages": grid.pages,
                "columnCoordinates": grid.columns,
                "rows": (
                    {"rowCoordinates": labels, "cells": row_cells}
                    for labels, row_cells in grid.rows
                ),
            }
        )
    rows = export_rows(call.db, view, request.layout, request.selection, request.max_rows)
    text = csv_text(rows) if request.format == "escaped" else _plain_text(rows)
    return Response(text, media_type="text/csv")


class _StreamedJSONResponse(JSONResponse):
    """A response of JSON whose arrays may be iterators: a million cells are never in memory."""

    def render(self, content: object) -> bytes:
        return to_json(content)


def _plain_text(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as text, without escaping commas and quotes."""
    return "".join(f"{','.join(row)}\n" for row in rows)


def _is_empty(call: Call, view: View) -> bool:
    return any(
        not count_selectable(call.db, view, name)
        for names in view.axes.values()
        for name in names
        if name != LINE_ITEMS
    )


def _format(call: Call) -> Format:
    for accepted in call.headers.get("accept", "*/*").split(","):
        media_type, *parameters = (part.strip().lower() for part in accepted.split(";"))
        if media_type == "application/json" and call.query.get("format") == "v1":
            return "json"
        if media_type in ("text/csv", "text/*", "*/*", ""):
            return "escaped" if "escaped=true" in parameters else "plain"
    raise ApiError(406)


def _selection(call: Call, view: View) -> Page:
    on_pages = {view.id_on_axis(name): name for name in view.pages}
    selection: dict[str, tuple[str, int]] = {}
    for parameter in call.query.getlist("pages"):
        for selector in parameter.split(","):
            dimension_id, colon, item_id = selector.strip().partition(":")
            name = on_pages.get(dimension_id)
            item = _selectable_item(call, view, name, item_id) if name and colon else None
            if name is None or item is None:
                raise ApiError(400, f"Invalid page selector '{selector}'")
            selection[name] = item
    return selection


def _selectable_item(call: Call, view: View, name: str, item_id: str) -> tuple[str, int] | None:
    if name == LINE_ITEMS:
        key = next((item.key for item in view.line_items if item.id == item_id), None)
    else:
        key = item_key(call.db, view.dimension(name), item_id)
    return next((each for each in selectable(call.db, view, name) if each[1] == key), None)


def _max_rows(call: Call) -> int | None:
    text = call.query.get("maxRows")
    return integer_parameter(text, ApiError(400, f"Invalid value for maxRows: '{text}'"))
