"""The page of a module: a view of it as a grid, for the selected items on pages."""

import sqlite3
from dataclasses import dataclass
from itertools import islice

from starlette.responses import Response

from anaplan_emulator.apis.access import Model
from anaplan_emulator.console.models import requested_model
from anaplan_emulator.console.rendering import page
from anaplan_emulator.console.visits import PageError, Visit, Window
from anaplan_emulator.engine.structure import ModuleStructure, module_by_id
from anaplan_emulator.engine.views import (
    Page,
    View,
    ViewSummary,
    count_columns,
    count_rows,
    current_page,
    list_views,
    read_grid,
    selectable,
    view_by_id,
)

MAX_OPTIONS = 300
"""Greatest number of items to choose from: the names of larger lists are typed."""

_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Selector:
    """The choice of an item of a dimension on pages.

    Attributes:
        parameter: The query parameter with the item's name.
        name: Name of the dimension.
        selected: Name of the selected item.
        options: Names of all items; none if they are too many.
        unknown: The requested name, if the dimension has no such item.
    """

    parameter: str
    name: str
    selected: str
    options: tuple[str, ...]
    unknown: str | None


@dataclass(frozen=True, slots=True)
class GridPart:
    """The shown part of a grid.

    Attributes:
        headings: Labels of the columns, one row for each dimension on columns.
        rows: Labels and cells of the rows.
        row_window: The shown rows.
        column_window: The shown columns.
    """

    headings: list[tuple[str, ...]]
    rows: list[tuple[list[str], list[str]]]
    row_window: Window
    column_window: Window


def show_module(visit: Visit) -> Response:
    """GET /models/{model}/modules/{module}: a module, and a view of it as a grid."""
    with visit.tenant.store.snapshot() as db:
        model = requested_model(db, visit)
        module = module_by_id(db, model.key, visit.parameters["module"])
        if module is None:
            raise PageError(404, f"{model.name} has no such module.")
        view = _requested_view(db, visit, model, module)
        selection, selectors = _selection(db, visit, view)
        shown = current_page(db, view, selection)
        grid = _part(db, visit, view, shown) if shown is not None else None
        views = _views(db, model, module)
    return page(
        visit,
        "module.html",
        module.name,
        model=model,
        module=module,
        view=view,
        views=views,
        selectors=selectors,
        grid=grid,
    )


def _views(db: sqlite3.Connection, model: Model, module: ModuleStructure) -> list[ViewSummary]:
    views = list_views(db, model.key, subsidiary=False)
    return [each for each in views if each.module_id == module.id]


def _requested_view(
    db: sqlite3.Connection, visit: Visit, model: Model, module: ModuleStructure
) -> View:
    view = view_by_id(db, model.key, visit.query.get("view") or module.id)
    if view is None or view.module.id != module.id:
        raise PageError(404, f"{module.name} has no such view.")
    return view


def _selection(db: sqlite3.Connection, visit: Visit, view: View) -> tuple[Page, list[Selector]]:
    """Return the selected items on pages, and the means to select others."""
    selection: dict[str, tuple[str, int]] = {}
    selectors = []
    for number, name in enumerate(view.pages):
        parameter = f"p{number}"
        items = selectable(db, view, name)
        requested = visit.query.get(parameter, "").strip()
        found = next((item for item in items if item[0].lower() == requested.lower()), None)
        selected = found or next(iter(items), None)
        if selected is not None:
            selection[name] = selected
        selectors.append(
            Selector(
                parameter=parameter,
                name=name,
                selected=selected[0] if selected else "",
                options=tuple(label for label, _ in items) if len(items) <= MAX_OPTIONS else (),
                unknown=requested if requested and found is None else None,
            )
        )
    return selection, selectors


def _part(db: sqlite3.Connection, visit: Visit, view: View, shown: Page) -> GridPart:
    columns = Window.requested(visit, count_columns(db, view), size=_COLUMNS, name="columns")
    rows = Window.requested(visit, count_rows(db, view, shown))
    grid = read_grid(db, view, shown)
    labels = grid.columns[columns.start : columns.end]
    return GridPart(
        headings=list(zip(*labels, strict=True)),
        rows=[
            (names, cells[columns.start : columns.end])
            for names, cells in islice(grid.rows, rows.start, rows.end)
        ],
        row_window=rows,
        column_window=columns,
    )
