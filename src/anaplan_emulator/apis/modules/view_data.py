"""Reading a view's cells: in which form, of which pages, and how many (facts 4.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from starlette.responses import JSONResponse, Response

from anaplan_emulator.calls import Call, whole_number
from anaplan_emulator.engine.definitions import LINE_ITEMS
from anaplan_emulator.engine.structure import item_key
from anaplan_emulator.engine.views import (
    Layout,
    Page,
    View,
    choices,
    count_cells,
    current_page,
    export_texts,
    read_grid,
)
from anaplan_emulator.replies import ApiError, csv_text

Form = Literal["plain", "escaped", "json"]

LAYOUTS: tuple[str, ...] = get_args(Layout)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a view is to be read.

    Attributes:
        form: How the answer is written.
        layout: How cells are laid out.
        chosen: What is selected on pages.
        max_rows: How many rows are wanted at most.
    """

    form: Form
    layout: Layout
    chosen: Page
    max_rows: int | None


def requested_reading(call: Call, view: View) -> Reading:
    """Read how a view is to be read.

    Raises:
        ApiError: 400, 406.
    """
    export_type, module_id = call.query.get("exportType"), call.query.get("moduleId")
    if (export_type is None) != (module_id is None):
        raise ApiError(400, "exportType and moduleId must be given together")
    if module_id is not None and module_id != view.module.id:
        raise ApiError(400, f"The view is not of module '{module_id}'")
    form = _form(call)
    layout = requested_layout(export_type or "GRID_CURRENT_PAGE")
    if export_type is not None:
        if form == "json":
            raise ApiError(406)
        form = "escaped"
    return Reading(form, layout, _chosen(call, view), _max_rows(call))


def requested_layout(export_type: object) -> Layout:
    """Read an export type.

    Raises:
        ApiError: 400.
    """
    for layout in get_args(Layout):
        if layout == export_type:
            chosen: Layout = layout
            return chosen
    raise ApiError(400, f"Invalid exportType: '{export_type}'. Expected: {', '.join(LAYOUTS)}")


def answer(call: Call, view: View, reading: Reading) -> Response:
    """Read a view's cells.

    Raises:
        ApiError: 400 where there are too many cells, 500 for an empty module.
    """
    settings = call.world.settings
    page = current_page(call.db, view, reading.chosen)
    # As was observed (facts 4.7).
    if settings.quirks == "live" and view.id == view.module.id and _is_empty(call, view):
        raise ApiError(500)
    cells = count_cells(call.db, view, reading.layout, reading.chosen, reading.max_rows)
    if cells > settings.view_cells_limit:
        raise ApiError(
            400,
            f"The view has more than {settings.view_cells_limit} cells: use a large-volume read"
            " request instead",
        )
    if reading.form == "json":
        if page is None:
            return JSONResponse({"pages": [], "columnCoordinates": [], "rows": []})
        grid = read_grid(call.db, view, page, reading.max_rows)
        return JSONResponse(
            {
                "pages": grid.pages,
                "columnCoordinates": grid.columns,
                "rows": [
                    {"rowCoordinates": labels, "cells": cells_of_row}
                    for labels, cells_of_row in grid.rows
                ],
            }
        )
    rows = export_texts(call.db, view, reading.layout, reading.chosen, reading.max_rows)
    text = csv_text(rows) if reading.form == "escaped" else _plain_text(rows)
    return Response(text, media_type="text/csv")


def _plain_text(rows: Iterable[Iterable[str]]) -> str:
    """Write rows as they are, whatever commas and quotes they hold."""
    return "".join(f"{','.join(row)}\n" for row in rows)


def _is_empty(call: Call, view: View) -> bool:
    return any(
        not choices(call.db, view, name)
        for names in view.axes.values()
        for name in names
        if name != LINE_ITEMS
    )


def _form(call: Call) -> Form:
    for accepted in call.headers.get("accept", "*/*").split(","):
        media_type, *parameters = (part.strip().lower() for part in accepted.split(";"))
        if media_type == "application/json" and call.query.get("format") == "v1":
            return "json"
        if media_type in ("text/csv", "text/*", "*/*", ""):
            return "escaped" if "escaped=true" in parameters else "plain"
    raise ApiError(406)


def _chosen(call: Call, view: View) -> Page:
    on_pages = {view.id_on_axis(name): name for name in view.pages}
    chosen: dict[str, tuple[str, int]] = {}
    for given in call.query.getlist("pages"):
        for selector in given.split(","):
            dimension_id, colon, chosen_id = selector.strip().partition(":")
            name = on_pages.get(dimension_id)
            found = _choice(call, view, name, chosen_id) if name and colon else None
            if name is None or found is None:
                raise ApiError(400, f"Invalid page selector '{selector}'")
            chosen[name] = found
    return chosen


def _choice(call: Call, view: View, name: str, chosen_id: str) -> tuple[str, int] | None:
    if name == LINE_ITEMS:
        wanted = next((item.key for item in view.line_items if item.id == chosen_id), None)
    else:
        wanted = item_key(view.dimension(name), chosen_id)
    return next((each for each in choices(call.db, view, name) if each[1] == wanted), None)


def _max_rows(call: Call) -> int | None:
    text = call.query.get("maxRows")
    if text is None:
        return None
    number = whole_number(text)
    if number is None or number < 0:
        raise ApiError(400, f"Invalid value for maxRows: '{text}'")
    return number
