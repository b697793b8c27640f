"""Views: how a module is laid out on pages, rows and columns, and what is shown of it.

The default view of a module has the id of the module, that of a line item the id of the line item
(facts 4.2): both need no description. Saved views do.
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
    count_places,
    item_labels,
    read_cells,
    rendered,
)
from anaplan_emulator.engine.definitions import LINE_ITEMS
from anaplan_emulator.engine.structure import (
    Field,
    ListStructure,
    ModuleStructure,
    module_by_key,
    modules,
)

LINE_ITEMS_ID = "20000000012"
"""The id of the line items where they stand on an axis (facts 4.2)."""

Layout = Literal[
    "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_MULTI_COLUMN", "TABULAR_SINGLE_COLUMN"
]
Page = Mapping[str, tuple[str, int]]
"""What is selected on pages: by the name that stands there, a label and a key."""


@dataclass(frozen=True, slots=True)
class View:
    """A view of a module.

    Attributes:
        id: Its id: that of a module, a line item or a saved view.
        name: Its name.
        module: The module it shows.
        rows: The names of what stands on rows: dimensions, and the line items.
        columns: The same of columns.
        pages: The same of pages.
        line_items: Those that it shows.
        filter: What hides rows.
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
        """What stands on each axis."""
        return {"rows": self.rows, "columns": self.columns, "pages": self.pages}

    def dimension(self, name: str) -> ListStructure:
        """Find a dimension of the module."""
        return next(each for each in self.module.dimensions if each.name.lower() == name.lower())

    def dimensions(self, names: Sequence[str]) -> tuple[ListStructure, ...]:
        """Find dimensions; the line items are none."""
        return tuple(self.dimension(name) for name in names if name != LINE_ITEMS)

    def id_on_axis(self, name: str) -> str:
        """The id of what stands on an axis."""
        return LINE_ITEMS_ID if name == LINE_ITEMS else self.dimension(name).id

    def fixed(self, page: Page) -> dict[int, int]:
        """The keys that a page fixes."""
        return {
            self.dimension(name).key: key for name, (_, key) in page.items() if name != LINE_ITEMS
        }

    def shown_on(self, page: Page) -> tuple[Field, ...]:
        """The line items that a page shows."""
        if LINE_ITEMS not in page:
            return self.line_items
        return tuple(item for item in self.line_items if item.key == page[LINE_ITEMS][1])


@dataclass(frozen=True, slots=True)
class Grid:
    """One page of a view.

    Attributes:
        pages: What is selected.
        columns: For each column, a label for each of what stands there.
        rows: For each row, its labels and its cells.
    """

    pages: list[str]
    columns: list[tuple[str, ...]]
    rows: Iterator[tuple[list[str], list[str]]]


@dataclass(frozen=True, slots=True)
class ListedView:
    """A view as listings show it."""

    id: str
    name: str
    module_id: str
    module_name: str
    kind: Literal["default", "saved", "subsidiary"]


def list_views(db: sqlite3.Connection, model: int, *, subsidiary: bool) -> list[ListedView]:
    """List the views of a model, module by module.

    Args:
        db: Where they are.
        model: Whose they are.
        subsidiary: Whether those of line items are wanted too.
    """
    saved = db.execute("SELECT * FROM views WHERE model = ? ORDER BY key", (model,)).fetchall()
    found: list[ListedView] = []
    for module in modules(db, model):
        found.append(ListedView(module.id, module.name, module.id, module.name, "default"))
        found += [
            ListedView(row["id"], row["name"], module.id, module.name, "saved")
            for row in saved
            if row["module"] == module.key
        ]
        if subsidiary:
            found += [
                ListedView(item.id, item.name, module.id, module.name, "subsidiary")
                for item in module.line_items
            ]
    return found


def view_by_id(db: sqlite3.Connection, model: int, view_id: str) -> View | None:
    """Find a view: a module's default view, a saved one, or that of a line item."""
    row = db.execute(
        "SELECT key, id, name, key AS module, NULL AS definition FROM modules"
        " WHERE model = ?1 AND id = ?2"
        " UNION ALL SELECT key, id, name, module, definition FROM views"
        " WHERE model = ?1 AND id = ?2"
        " UNION ALL SELECT line_items.key, line_items.id, line_items.name, module, NULL"
        " FROM line_items JOIN modules ON modules.key = module"
        " WHERE modules.model = ?1 AND line_items.id = ?2",
        (model, view_id),
    ).fetchone()
    if row is None:
        return None
    module = module_by_key(db, row["module"])
    if row["definition"] is not None:
        return _saved_view(row["id"], row["name"], module, json.loads(row["definition"]))
    if view_id == module.id:
        return _default_view(module.id, module.name, module)
    return _view_of_line_item(module, next(i for i in module.line_items if i.id == view_id))


def choices(db: sqlite3.Connection, view: View, name: str) -> list[tuple[str, int]]:
    """Read what can be selected on pages: labels and keys."""
    if name == LINE_ITEMS:
        return [(item.name, item.key) for item in view.line_items]
    return item_labels(db, view.dimension(name))


def pages(db: sqlite3.Connection, view: View, chosen: Page) -> Iterator[Page]:
    """Go through the pages, the current one first, leaving out all that isn't chosen."""
    options = [[chosen[name]] if name in chosen else choices(db, view, name) for name in view.pages]
    for page in product(*options):
        yield dict(zip(view.pages, page, strict=True))


def current_page(db: sqlite3.Connection, view: View, chosen: Page) -> Page | None:
    """Find the page that is shown: the first item where nothing is chosen."""
    return next(pages(db, view, chosen), None)


def count_rows(db: sqlite3.Connection, view: View, page: Page) -> int:
    """Count the rows of a page."""
    lines = count_places(
        db,
        view.module,
        view.dimensions(view.rows),
        fixed=view.fixed(page),
        only=view.filter,
    )
    return lines * (len(view.line_items) if LINE_ITEMS in view.rows else 1)


def count_columns(db: sqlite3.Connection, view: View) -> int:
    """Count the columns."""
    return math.prod(len(choices(db, view, name)) for name in view.columns)


def count_cells(
    db: sqlite3.Connection, view: View, layout: Layout, chosen: Page, max_rows: int | None
) -> int:
    """Count the cells that an export of that layout would write."""
    page = current_page(db, view, chosen)
    if page is None:
        return 0
    most = math.inf if max_rows is None else max_rows
    if layout == "GRID_CURRENT_PAGE":
        return int(min(count_rows(db, view, page), most)) * count_columns(db, view)
    dimensions, fixed = view.module.dimensions, view.fixed(chosen)
    places = count_places(db, view.module, dimensions, fixed=fixed, only=view.filter)
    if layout == "GRID_ALL_PAGES":
        most = math.inf
    return int(min(places, most)) * len(view.shown_on(chosen))


def read_grid(db: sqlite3.Connection, view: View, page: Page, max_rows: int | None = None) -> Grid:
    """Read one page, or its first rows."""
    labels = [[label for label, _ in choices(db, view, name)] for name in view.columns]
    return Grid(
        [label for label, _ in page.values()],
        list(product(*labels)),
        islice(_rows(db, view, page), max_rows),
    )


def grid_texts(
    db: sqlite3.Connection, view: View, page: Page, max_rows: int | None = None
) -> Iterator[list[str]]:
    """Write one page as lines: what is selected, the columns' labels, and the rows."""
    grid = read_grid(db, view, page, max_rows)
    if grid.pages:
        yield grid.pages
    for labels in zip(*grid.columns, strict=True):
        yield [""] * len(view.rows) + list(labels)
    for labels_of_row, cells in grid.rows:
        yield labels_of_row + cells


def export_texts(
    db: sqlite3.Connection,
    view: View,
    layout: Layout,
    chosen: Page,
    max_rows: int | None = None,
) -> Iterator[list[str]]:
    """Write a view as an export of that layout would, its header first.

    Args:
        db: Where it is.
        view: What to write.
        layout: All pages one after another, or the current one; or a table.
        chosen: What of the pages is wanted; where nothing is chosen, the first or all of it.
        max_rows: How many rows of the table, or of each page, are wanted at most.
    """
    if layout.startswith("TABULAR"):
        table = _table(db, view, chosen, single=layout == "TABULAR_SINGLE_COLUMN")
        yield from islice(table, None if max_rows is None else max_rows + 1)
        return
    wanted = pages(db, view, chosen)
    for page in wanted if layout == "GRID_ALL_PAGES" else islice(wanted, 1):
        yield from grid_texts(db, view, page, max_rows)


def _rows(db: sqlite3.Connection, view: View, page: Page) -> Iterator[tuple[list[str], list[str]]]:
    rows, columns = view.dimensions(view.rows), view.dimensions(view.columns)
    across = math.prod(len(item_labels(db, dimension)) for dimension in columns)
    width = len(rows) + len(columns)
    shown = view.shown_on(page)
    records = read_cells(
        db, view.module, (*rows, *columns), shown, fixed=view.fixed(page), only=view.filter
    )
    while line := list(islice(records, across)):
        labels = list(line[0][: len(rows)])
        values = [rendered(shown, record[width:]) for record in line]
        if LINE_ITEMS in view.rows:
            for item, cells in zip(shown, zip(*values, strict=True), strict=True):
                yield [*labels, item.name], list(cells)
        else:
            yield labels, [text for cells in values for text in cells]


def _table(
    db: sqlite3.Connection, view: View, chosen: Page, *, single: bool
) -> Iterator[list[str]]:
    dimensions = view.module.dimensions
    shown = view.shown_on(chosen)
    names = [dimension.name for dimension in dimensions]
    yield [*names, LINE_ITEMS, "Value"] if single else [*names, *(item.name for item in shown)]
    records = read_cells(
        db, view.module, dimensions, shown, fixed=view.fixed(chosen), only=view.filter
    )
    for record in records:
        labels = list(record[: len(dimensions)])
        values = rendered(shown, record[len(dimensions) :])
        if single:
            for item, value in zip(shown, values, strict=True):
                yield [*labels, item.name, value]
        else:
            yield labels + values


def _default_axes(
    module: ModuleStructure,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Lay a module out: time on columns if there is any, else the line items."""
    others = [each.name for each in module.dimensions if each.kind != "TIME"]
    lists = [each.name for each in module.dimensions if each.kind == "LIST"]
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


def _view_of_line_item(module: ModuleStructure, item: Field) -> View:
    """Lay a single line item out: its name stands on an axis only where that would be empty."""
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
