"""The description of a module: its dimensions, line items, cells and saved views."""

from collections.abc import Collection, Sequence
from typing import Self

from pydantic import Field, model_validator

from anaplan_emulator.tenant.action_definitions import LINE_ITEMS
from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.description import (
    Captured,
    DataFile,
    Description,
    ObjectId,
)
from anaplan_emulator.tenant.formulas import is_constant, terms
from anaplan_emulator.tenant.list_description import FieldDescription, Scalar
from anaplan_emulator.tenant.problems import Checks, Location, Mistake

_STORE_IT = "Write a constant or a sum of line items, or add stored: true and its values as cells."


class LineItemDescription(FieldDescription):
    """A line item.

    Its formula may be a constant (TRUE, FALSE, 12.5 or "text"), or a sum of number line items of
    the module that have no formula themselves, such as `Units - Returns`.
    """

    id: ObjectId = Field(default="", examples=["204000000000"])
    """Its id; derived from the order of the line items by default."""
    formula: str = Field(default="", examples=["Units - Returns"])
    """A constant, a sum of line items, or any formula if its values are stored."""
    stored: bool = Field(default=False, examples=[True])
    """Whether the values of a formula are those in the module's cells: for a formula that the
    emulator can't calculate. Its cells can't be written."""
    notes: str = Field(default="", examples=["Without returns"])
    """Notes."""
    code: str | None = Field(default=None, examples=["NET"])
    """Code."""
    summary: str = Field(default="", examples=["Sum"])
    """Anaplan's summary method. The default is `Sum` for numbers and `None` for other formats."""
    style: str = Field(default="Normal", examples=["Summary"])
    """Anaplan's style."""
    decimal_places: int = Field(default=-1, ge=-1, le=15, examples=[2])
    """Number of decimal places shown; -1 shows as many as the number has."""
    start_of_section: bool = Field(default=False, examples=[True])
    """Whether a section begins with it."""

    @property
    def is_computed(self) -> bool:
        """Whether the emulator computes its values, so that it has none in cells."""
        return bool(self.formula) and not self.stored

    @model_validator(mode="after")
    def _check_formula(self) -> Self:
        if self.stored:
            if not self.formula:
                raise Mistake(
                    f"{self.name}: only the values of a formula can be stored",
                    "Add the formula, or remove stored: values without a formula can be written.",
                    "stored",
                )
            return self
        if self.formula and self.format is DataType.LIST:
            raise Mistake(f"{self.name}: a list item can't be a constant", _STORE_IT, "formula")
        if self.formula and not is_constant(self.formula, self.format):
            if self.format is not DataType.NUMBER:
                raise Mistake(
                    f"{self.name}: {self.formula} is not a constant", _STORE_IT, "formula"
                )
            try:
                terms(self.formula)
            except ValueError as error:
                raise Mistake(str(error), _STORE_IT, "formula") from error
        return self


class ViewDescription(Description):
    """A saved view. Without axes it has the layout of the module's default view.

    `Line Items` are on one axis, and come last if that is rows or columns.
    """

    id: ObjectId = Field(default="", examples=["2000000000001"])
    """Its id; derived from the order of the views by default."""
    name: str = Field(min_length=1, examples=["Units by month"])
    """Name of the view."""
    rows: tuple[str, ...] = Field(default=(), examples=[["Products"]])
    """Dimensions on rows."""
    columns: tuple[str, ...] = Field(default=(), examples=[["Time", "Line Items"]])
    """Dimensions on columns."""
    pages: tuple[str, ...] = Field(default=(), examples=[["Versions"]])
    """Dimensions on pages."""
    hidden: tuple[str, ...] = Field(default=(), examples=[["Returns"]])
    """Line items that it does not show."""
    filter: str = Field(default="", examples=["Listed"])
    """A boolean line item: only rows in which any of its cells is true are shown."""

    @property
    def axes(self) -> tuple[str, ...]:
        """The names on all axes."""
        return (*self.rows, *self.columns, *self.pages)

    @model_validator(mode="after")
    def _check_axes(self) -> Self:
        if self.axes and not (self.rows and self.columns):
            raise Mistake(
                f"{self.name}: rows and columns must not be empty",
                "Add them, or leave out all axes for those of the module's default view.",
                "columns" if self.rows else "rows",
            )
        if LINE_ITEMS in (*self.rows[:-1], *self.columns[:-1]):
            raise Mistake(
                f"{self.name}: {LINE_ITEMS} come last on their axis",
                member="rows" if LINE_ITEMS in self.rows else "columns",
            )
        return self


class ModuleDescription(Captured):
    """A module."""

    id: ObjectId = Field(default="", examples=["102000000000"])
    """Its id; derived from the order of the modules by default."""
    name: str = Field(min_length=1, examples=["Sales"])
    """Name of the module."""
    dimensions: tuple[str, ...] = Field(default=(), examples=[["Products", "Time", "Versions"]])
    """Names of its dimensions: lists, `Time` or `Versions`. A module without them has one cell for
    each line item."""
    line_items: tuple[LineItemDescription, ...] = Field(
        min_length=1, examples=[[{"name": "Units"}, {"name": "Listed", "format": "BOOLEAN"}]]
    )
    """Its line items."""
    cells: tuple[dict[str, Scalar], ...] = Field(
        default=(),
        examples=[[{"Products": "P1", "Time": "Jan 26", "Versions": "Actual", "Units": 12.5}]],
    )
    """Cells with content: an object for each combination of items, which holds the name of an item
    for each dimension and values for line items."""
    cells_file: DataFile = Field(default="", examples=["data/sales.csv"])
    """CSV or Parquet file with the cells, instead of `cells`, relative to the tenant's file. It has
    a column for each dimension, and one for each line item that has values."""
    views: tuple[ViewDescription, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "Units by month",
                    "rows": ["Products"],
                    "columns": ["Time", "Line Items"],
                    "pages": ["Versions"],
                }
            ]
        ],
    )
    """Its saved views."""


class ModuleAddition(ModuleDescription):
    """A new module, or additional line items for an existing one, without dimensions."""

    dimensions: tuple[str, ...] = Field(default=(), examples=[["Products"]])
    """Names of its dimensions, if it is a new module."""


def check_module(
    checks: Checks,
    location: Location,
    module: ModuleDescription,
    lists: Collection[str],
    dimensions: Collection[str],
    in_lists: Sequence[Location],
) -> None:
    """Check a module against the lists and dimensions of the model.

    Args:
        checks: Collects the mistakes.
        location: Where the module is described.
        module: The module.
        lists: Names of all lists of the model.
        dimensions: Names of all that can be a dimension.
        in_lists: Where the lists of the model are described.
    """
    places = {name: (*location, name) for name in ("dimensions", "line_items", "views")}
    for kind, member, names in (
        ("dimension", "dimensions", module.dimensions),
        ("line item", "line_items", [item.name for item in module.line_items]),
        ("view", "views", [view.name for view in module.views]),
    ):
        checks.distinct(kind, [(each, (*places[member], n)) for n, each in enumerate(names)])
    for number, dimension in enumerate(module.dimensions):
        place = (*places["dimensions"], number)
        checks.known("dimension", dimension, dimensions, place, *in_lists)
    check_line_items(checks, location, module, module, lists, in_lists)
    for number, view in enumerate(module.views):
        _check_view(checks, (*places["views"], number), view, module)
    if module.cells and module.cells_file:
        checks.add(
            (*location, "cells_file"),
            "a module has cells or cells_file, but not both",
            "Move all cells to the file, or remove cells_file.",
        )
    _check_cells(checks, location, module)


def check_line_items(
    checks: Checks,
    location: Location,
    module: ModuleDescription,
    whole: ModuleDescription,
    lists: Collection[str],
    in_lists: Sequence[Location],
) -> None:
    """Check the lists and formulas of line items.

    Args:
        checks: Collects the mistakes.
        location: Where the line items are described.
        module: The module with the line items, or additions to it.
        whole: The module with all its line items.
        lists: Names of all lists of the model.
        in_lists: Where the lists of the model are described.
    """
    for number, item in enumerate(module.line_items):
        place = (*location, "line_items", number)
        if item.list:
            checks.known("list", item.list, lists, (*place, "list"), *in_lists)
        _check_sum(checks, (*place, "formula"), item, whole)


def _check_cells(checks: Checks, location: Location, module: ModuleDescription) -> None:
    with_cells = [item.name for item in module.line_items if not item.is_computed]
    kind, line_items = f"writable line item of {module.name}", (*location, "line_items")
    for number, cell in enumerate(module.cells):
        at = (*location, "cells", number)
        for name in cell:
            if name not in module.dimensions:
                checks.known(kind, name, with_cells, (*at, name), line_items)
        for dimension in module.dimensions:
            if dimension not in cell:
                checks.add(
                    at,
                    f"a cell of {module.name} has no item of {dimension!r}",
                    f"Add the member {dimension!r} with the name or code of an item.",
                )


def check_writable(
    checks: Checks, at: Location, name: str, module: ModuleDescription, line_items: Location
) -> None:
    """Check that a line item exists and has no formula.

    Args:
        checks: Collects the mistakes.
        at: Where its name is.
        name: Its name.
        module: The module.
        line_items: Where the module's line items are described.
    """
    names = [item.name for item in module.line_items if not item.formula]
    checks.known(f"writable line item of {module.name}", name, names, at, line_items)


def _check_sum(
    checks: Checks, at: Location, item: LineItemDescription, module: ModuleDescription
) -> None:
    if not item.is_computed or is_constant(item.formula, item.format):
        return
    numbers = [
        each.name
        for each in module.line_items
        if each.format is DataType.NUMBER and not each.formula
    ]
    for term in terms(item.formula):
        if term.name not in numbers:
            checks.doubt(
                at,
                f"{item.name}: {item.formula} is neither a constant nor a sum: {term.name!r} is not"
                f" a number line item of {module.name}, or has a formula itself",
                at[:-2],
                hint=_STORE_IT,
            )


def _check_view(
    checks: Checks, at: Location, view: ViewDescription, module: ModuleDescription
) -> None:
    line_items = (*at[:-2], "line_items")
    if view.axes and sorted(view.axes) != sorted([*module.dimensions, LINE_ITEMS]):
        checks.add(
            at,
            f"{view.name}: each dimension of {module.name} must be on exactly one axis",
            f"They are {', '.join(map(repr, [*module.dimensions, LINE_ITEMS]))}.",
        )
    names = [item.name for item in module.line_items]
    known = [
        checks.known("line item", name, names, (*at, "hidden", number), line_items)
        for number, name in enumerate(view.hidden)
    ]
    if all(known) and set(view.hidden) == set(names):
        checks.doubt((*at, "hidden"), f"{view.name}: all line items are hidden", line_items)
    if view.filter:
        booleans = [item.name for item in module.line_items if item.format is DataType.BOOLEAN]
        checks.known("boolean line item", view.filter, booleans, (*at, "filter"), line_items)
