"""Views: the layout of a module on pages, rows and columns, and reading its cells.

A module's default view has the id of the module, and a line item's view the id of the line item
(docs/anaplan-behaviour.md#id-prefixes). Only saved views are stored.
"""

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Literal

from anaplan_emulator.engine.cells import (
    Filter,
    count_combinations,
    item_count,
    item_labels,
    read_cells,
    rendered,
)
from anaplan_emulator.engine.structure import (
    LINE_ITEMS_ID,
    Field,
    ListStructure,
    ModuleStructure,
    module_by_key,
    modules,
)
from anaplan_emulator.tenant.action_definitions import LINE_ITEMS

Layout = Literal[
    "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_MULTI_COLUMN", "TABULAR_SINGLE_COLUMN"
]
Page = Mapping[str, tuple[str, int]]
"""A selection on pages: the label and key of an item, by the name of the dimension."""


@dataclass(frozen=True, slots=True)
class View:
    """A view of a module.

    Attributes:
        id: Its id: that of a module, a line item or a saved view.
        name: Its name.
        module: The module.
        rows: Names of the dimensions on rows, including the line items.
        columns: Names of the dimensions on columns.
        pages: Names of the dimensions on pages.
        line_items: The line items that it shows.
        filter: The filter of a saved view.
    """

    id: str
    name: str
    module: ModuleStructure
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    pages: tuple[str, ...]
    line_items: tuple[Field, ...]
    filter: Filter | None = None

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """The names on each axis."""
        return {"rows": self.rows, "columns": self.columns, "pages": self.pages}

    def dimension(self, name: str) -> ListStructure:
        """Return a dimension of the module by name."""
        return next(each for each in self.module.dimensions if each.name.lower() == name.lower())

    def dimensions(self, names: Sequence[str]) -> tuple[ListStructure, ...]:
        """Return dimensions by name; the line items are not a dimension."""
        return tuple(self.dimension(name) for name in names if name != LINE_ITEMS)

    def id_on_axis(self, name: str) -> str:
        """Return the id of a dimension, or of the line items."""
        return LINE_ITEMS_ID if name == LINE_ITEMS else self.dimension(name).id

    def fixed_items(self, page: Page) -> dict[int, int]:
        """Return the key of the selected item by the key of its dimension."""
        return {
            self.dimension(name).key: key for name, (_, key) in page.items() if name != LINE_ITEMS
        }

    def line_items_on(self, page: Page) -> tuple[Field, ...]:
        """Return the line items that a page shows."""
        if LINE_ITEMS not in page:
            return self.line_items
        return tuple(item for item in self.line_items if item.key == page[LINE_ITEMS][1])


@dataclass(frozen=True, slots=True)
class Grid:
    """A page of a view.

    Attributes:
        pages: Labels of the selection on pages.
        columns: The labels of each column, one for each dimension on columns.
        rows: The labels and cells of each row.
    """

    pages: list[str]
    columns: list[tuple[str, ...]]
    rows: Iterator[tuple[list[str], list[str]]]


@dataclass(frozen=True, slots=True)
class ViewSummary:
    """A view as it is listed."""

    id: str
    name: str
    module_id: str
    module_name: str
    kind: Literal["default", "saved", "subsidiary"]


def list_views(db: sqlite3.Connection, model: int, *, subsidiary: bool) -> list[ViewSummary]:
    """List the views of a model, module by module.

    Args:
        db: A transaction.
        model: Key of the model.
        subsidiary: Whether views of line items are included.
    """
    saved = db.execute("SELECT * FROM views WHERE model = ? ORDER BY key", (model,)).fetchall()
    found: list[ViewSummary] = []
    for module in modules(db, model):
        found.append(ViewSummary(module.id, module.name, module.id, module.name, "default"))
        found += [
            ViewSummary(row["id"], row["name"], module.id, module.name, "saved")
            for row in saved
            if row["module"] == module.key
        ]
        if subsidiary:
            found += [
                ViewSummary(item.id, item.name, module.id, module.name, "subsidiary")
                for item in module.line_items
            ]
    return found


def view_by_id(db: sqlite3.Connection, model: int, view_id: str) -> View | None:
    """Find a view: a module's default view, a saved view, or a line item's view."""
    row = db.execute(
        "SELECT key, id, name, key AS module, NULL AS definition FROM modules"
        " WHERE model = :model AND id = :id"
        " UNION ALL SELECT key, id, name, module, definition FROM views"
        " WHERE model = :model AND id = :id"
        " UNION ALL SELECT line_items.key, line_items.id, line_items.name, module, NULL"
        " FROM line_items JOIN modules ON modules.key = module"
        " WHERE modules.model = :model AND line_items.id = :id",
        {"model": model, "id": view_id},
    ).fetchone()
    if row is None:
        return None
    module = module_by_key(db, row["module"])
    if row["definition"] is not None:
        return _saved_view(row["id"], row["name"], module, json.loads(row["definition"]))
    if view_id == module.id:
        return _default_view(module.id, module.name, module)
    return _line_item_view(module, next(i for i in module.line_items if i.id == view_id))


def selectable(db: sqlite3.Connection, view: View, name: str) -> list[tuple[str, int]]:
    """Return the labels and keys of the items of a dimension, or of the line items."""
    if name == LINE_ITEMS:
        return [(item.name, item.key) for item in view.line_items]
    return item_labels(db, view.dimension(name))


def count_selectable(db: sqlite3.Connection, view: View, name: str) -> int:
    """Count the items of a dimension, or the line items."""
    return len(view.line_items) if name == LINE_ITEMS else item_count(db, view.dimension(name))


def pages(db: sqlite3.Connection, view: View, selection: Page) -> Iterator[Page]:
    """Yield the pages with the selected items, beginning with the current page."""
    options = [
        [selection[name]] if name in selection else selectable(db, view, name)
        for name in view.pages
    ]
    for page in product(*options):
        yield dict(zip(view.pages, page, strict=True))


def current_page(db: sqlite3.Connection, view: View, selection: Page) -> Page | None:
    """Return the current page: the selected items, or else the first ones."""
    return next(pages(db, view, selection), None)


def count_rows(db: sqlite3.Connection, view: View, page: Page) -> int:
    """Count the rows of a page."""
    combinations = count_combinations(
        db,
        view.module,
        view.dimensions(view.rows),
        fixed=view.fixed_items(page),
        only=view.filter,
    )
    return combinations * (len(view.line_items) if LINE_ITEMS in view.rows else 1)


def count_columns(db: sqlite3.Connection, view: View) -> int:
    """Count the columns."""
    return math.prod(count_selectable(db, view, name) for name in view.columns)


def count_cells(
    db: sqlite3.Connection, view: View, layout: Layout, selection: Page, max_rows: int | None
) -> int:
    """Count the cells that an export with a layout would write."""
    page = current_page(db, view, selection)
    if page is None:
        return 0
    limit = math.inf if max_rows is None else max_rows
    if layout == "GRID_CURRENT_PAGE":
        return int(min(count_rows(db, view, page), limit)) * count_columns(db, view)
    dimensions, fixed = view.module.dimensions, view.fixed_items(selection)
    combinations = count_combinations(db, view.module, dimensions, fixed=fixed, only=view.filter)
    if layout == "GRID_ALL_PAGES":
        limit = math.inf
    return int(min(combinations, limit)) * len(view.line_items_on(selection))


def read_grid(db: sqlite3.Connection, view: View, page: Page, max_rows: int | None = None) -> Grid:
    """Read a page, or its first rows."""
    labels = [[label for label, _ in selectable(db, view, name)] for name in view.columns]
    return Grid(
        [label for label, _ in page.values()],
        list(product(*labels)),
        islice(_rows(db, view, page), max_rows),
    )


def grid_rows(
    db: sqlite3.Connection, view: View, page: Page, max_rows: int | None = None
) -> Iterator[list[str]]:
    """Yield a page as rows of texts: the selection, the labels of the columns, and the rows."""
    grid = read_grid(db, view, page, max_rows)
    if grid.pages:
        yield grid.pages
    for labels in zip(*grid.columns, strict=True):
        yield [""] * len(view.rows) + list(labels)
    for row_labels, cells in grid.rows:
        yield row_labels + cells


def export_rows(
    db: sqlite3.Connection,
    view: View,
    layout: Layout,
    selection: Page,
    max_rows: int | None = None,
) -> Iterator[list[str]]:
    """Yield a view as rows of texts, as an export with a layout would write it.

    Args:
        db: A transaction.
        view: The view.
        layout: The layout.
        selection: The selected items on pages. Where none is selected, the first one is used for
            the current page, and all are used for other layouts.
        max_rows: Greatest number of rows of the table, or of each page.
    """
    if layout.startswith("TABULAR"):
        table = _table(db, view, selection, single=layout == "TABULAR_SINGLE_COLUMN")
        yield from islice(table, None if max_rows is None else max_rows + 1)
        return
    selected_pages = pages(db, view, selection)
    for page in selected_pages if layout == "GRID_ALL_PAGES" else islice(selected_pages, 1):
        yield from grid_rows(db, view, page, max_rows)


def _rows(db: sqlite3.Connection, view: View, page: Page) -> Iterator[tuple[list[str], list[str]]]:
    rows, columns = view.dimensions(view.rows), view.dimensions(view.columns)
    across = math.prod(item_count(db, dimension) for dimension in columns)
    line_items = view.line_items_on(page)
    records = read_cells(
        db,
        view.module,
        (*rows, *columns),
        line_items,
        fixed=view.fixed_items(page),
        only=view.filter,
    )
    cells_of_records = rendered(records, line_items)
    while line := list(islice(cells_of_records, across)):
        labels = list(line[0][0][: len(rows)])
        values = [texts for _, texts in line]
        if LINE_ITEMS in view.rows:
            for item, cells in zip(line_items, zip(*values, strict=True), strict=True):
                yield [*labels, item.name], list(cells)
        else:
            yield labels, [text for cells in values for text in cells]


def _table(
    db: sqlite3.Connection, view: View, selection: Page, *, single: bool
) -> Iterator[list[str]]:
    dimensions = view.module.dimensions
    line_items = view.line_items_on(selection)
    names = [dimension.name for dimension in dimensions]
    yield [*names, LINE_ITEMS, "Value"] if single else [*names, *(item.name for item in line_items)]
    records = read_cells(
        db, view.module, dimensions, line_items, fixed=view.fixed_items(selection), only=view.filter
    )
    for record, values in rendered(records, line_items):
        labels = record[: len(dimensions)]
        if single:
            for item, value in zip(line_items, values, strict=True):
                yield [*labels, item.name, value]
        else:
            yield [*labels, *values]


def _default_axes(
    module: ModuleStructure,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the default axes of a module, with Time on columns if possible, else line items.

    Without any dimensions the line items are on rows.
    """
    others = [each.name for each in module.dimensions if each.kind != "TIME"]
    lists = [each.name for each in module.dimensions if each.kind == "LIST"]
    if not module.dimensions:
        return (LINE_ITEMS,), (), ()
    if len(others) == len(module.dimensions):
        first = (lists or others)[0]
        return (first,), (LINE_ITEMS,), tuple(name for name in others if name != first)
    time = next(each.name for each in module.dimensions if each.kind == "TIME")
    rows = lists[:1]
    return (
        (*rows, LINE_ITEMS),
        (time,),
        tuple(name for name in others if name not in rows),
    )


def _default_view(view_id: str, name: str, module: ModuleStructure) -> View:
    rows, columns, pages_ = _default_axes(module)
    return View(view_id, name, module, rows, columns, pages_, module.line_items)


def _line_item_view(module: ModuleStructure, item: Field) -> View:
    """Return a line item's view. Its name is on an axis only if that would be empty otherwise."""
    rows, columns, pages_ = _default_axes(module)
    if LINE_ITEMS in rows:
        rows = tuple(name for name in rows if name != LINE_ITEMS) or rows
    return View(item.id, item.name, module, rows, columns, pages_, (item,))


def _saved_view(
    view_id: str, name: str, module: ModuleStructure, definition: Mapping[str, list[str] | str]
) -> View:
    rows, columns, pages_ = (tuple(definition[axis]) for axis in ("rows", "columns", "pages"))
    if not (rows or columns or pages_):
        rows, columns, pages_ = _default_axes(module)
    hidden = {each.lower() for each in definition["hidden"]}
    view = View(
        id=view_id,
        name=name,
        module=module,
        rows=rows,
        columns=columns,
        pages=pages_,
        line_items=tuple(each for each in module.line_items if each.name.lower() not in hidden),
    )
    if not definition["filter"]:
        return view
    line_item = module.line_item(str(definition["filter"]))
    return replace(view, filter=Filter(line_item, view.dimensions((*rows, *pages_))))
