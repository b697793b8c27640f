"""The description of a module: its dimensions, line items, cells and saved views."""

from collections.abc import Collection, Iterable, Mapping
from typing import Self

from pydantic import Field, model_validator

from anaplan_emulator.tenant.action_definitions import LINE_ITEMS
from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.description import Description, require_distinct, require_known
from anaplan_emulator.tenant.formulas import is_constant, terms
from anaplan_emulator.tenant.list_description import (
    FieldDescription,
    ListDescription,
    Scalar,
    require_fields,
)


class LineItemDescription(FieldDescription):
    """A line item.

    Its formula may be a constant (TRUE, FALSE, 12.5 or "text"), or a sum of number line items of
    the module that have no formula themselves, such as `Units - Returns`.
    """

    formula: str = ""
    notes: str = ""
    code: str | None = None
    summary: str = ""
    """Anaplan's summary method. The default is `Sum` for numbers and `None` for other formats."""
    style: str = "Normal"
    decimal_places: int = Field(default=-1, ge=-1, le=15)
    """Number of decimal places shown; -1 shows as many as the number has."""
    start_of_section: bool = False

    @model_validator(mode="after")
    def _check_formula(self) -> Self:
        if self.formula and self.format is DataType.LIST:
            raise ValueError(f"{self.name}: a list item can't be a constant")
        if self.formula and not is_constant(self.formula, self.format):
            if self.format is not DataType.NUMBER:
                raise ValueError(f"{self.name}: {self.formula} is not a constant")
            terms(self.formula)
        return self


class ViewDescription(Description):
    """A saved view. Without axes it has the layout of the module's default view.

    `Line Items` are on one axis, and come last if that is rows or columns.
    """

    name: str = Field(min_length=1)
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    """Line items that it does not show."""
    filter: str = ""
    """A boolean line item: only rows in which any of its cells is true are shown."""

    @property
    def axes(self) -> tuple[str, ...]:
        """The names on all axes."""
        return (*self.rows, *self.columns, *self.pages)

    @model_validator(mode="after")
    def _check_axes(self) -> Self:
        if self.axes and not (self.rows and self.columns):
            raise ValueError(f"{self.name}: rows and columns must not be empty")
        if LINE_ITEMS in (*self.rows[:-1], *self.columns[:-1]):
            raise ValueError(f"{self.name}: {LINE_ITEMS} come last on their axis")
        return self


class ModuleDescription(Description):
    """A module."""

    name: str = Field(min_length=1)
    dimensions: tuple[str, ...] = Field(min_length=1)
    line_items: tuple[LineItemDescription, ...] = Field(min_length=1)
    cells: tuple[dict[str, Scalar], ...] = ()
    """Cells with content: an object for each combination of items, which holds the name of an item
    for each dimension and values for line items."""
    views: tuple[ViewDescription, ...] = ()
    """Its saved views."""


class ModuleAddition(ModuleDescription):
    """A new module, or additional line items for an existing one, without dimensions."""

    dimensions: tuple[str, ...] = ()


def check_module(
    module: ModuleDescription, lists: Mapping[str, ListDescription], dimensions: Collection[str]
) -> None:
    """Check a module against the lists and dimensions of the model.

    Raises:
        ValueError: A name is unknown or not distinct, or a formula, view or cell is not valid.
    """
    require_distinct("dimension", module.dimensions)
    require_distinct("line item", [item.name for item in module.line_items])
    for dimension in module.dimensions:
        require_known("dimension", dimension, dimensions)
    for item in module.line_items:
        if item.list:
            require_known("list", item.list, lists)
        _check_sum(item, module)
    require_distinct("view", [view.name for view in module.views])
    for view in module.views:
        _check_view(view, module)
    for cell in module.cells:
        require_writable(module, [name for name in cell if name not in module.dimensions])
        for dimension in module.dimensions:
            if dimension not in cell:
                raise ValueError(f"a cell of {module.name} has no item of {dimension!r}")


def require_writable(module: ModuleDescription, line_items: Iterable[str]) -> None:
    """Check that line items exist and have no formula.

    Raises:
        ValueError: One of them does not.
    """
    writable = [item for item in module.line_items if not item.formula]
    require_fields(f"writable line item of {module.name}", line_items, writable)


def _check_sum(item: LineItemDescription, module: ModuleDescription) -> None:
    if not item.formula or is_constant(item.formula, item.format):
        return
    for term in terms(item.formula):
        if not any(
            each.name == term.name and each.format is DataType.NUMBER and not each.formula
            for each in module.line_items
        ):
            raise ValueError(
                f"{item.name}: {item.formula} is neither a constant nor a sum: {term.name!r} is not"
                f" a number line item of {module.name}, or has a formula itself"
            )


def _check_view(view: ViewDescription, module: ModuleDescription) -> None:
    if view.axes and sorted(view.axes) != sorted([*module.dimensions, LINE_ITEMS]):
        raise ValueError(f"{view.name}: each dimension of {module.name} is on one axis")
    line_items = [item.name for item in module.line_items]
    for name in view.hidden:
        if name not in line_items:
            raise ValueError(f"{view.name}: no line item is called {name!r}")
    if set(view.hidden) == set(line_items):
        raise ValueError(f"{view.name}: all line items are hidden")
    if view.filter:
        booleans = [item.name for item in module.line_items if item.format is DataType.BOOLEAN]
        require_known("boolean line item", view.filter, booleans)
