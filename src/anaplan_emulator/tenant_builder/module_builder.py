"""Building a module: its line items, cells and saved views."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Self

from anaplan_emulator.tenant.action_definitions import LINE_ITEMS
from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.list_description import Scalar
from anaplan_emulator.tenant.model_description import TIME, VERSIONS
from anaplan_emulator.tenant.module_description import (
    LineItemDescription,
    ModuleDescription,
    ViewDescription,
)
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant_builder.handles import ViewHandle, require_own
from anaplan_emulator.tenant_builder.list_builder import Format, ListBuilder, format_members
from anaplan_emulator.tenant_builder.model_parts import ModelParts, describe

_FIRST_VIEW_PREFIX = 2000

Dimension = ListBuilder | Literal["Time", "Versions"]
"""A dimension of a module: a list, TIME or VERSIONS."""
Axis = Dimension | Literal["Line Items"]
"""What an axis of a view or an export can show: a dimension, or LINE_ITEMS."""


class ModuleBuilder:
    """A module of a model that is being built. `ModelBuilder.module` creates it.

    Args:
        parts: The model.
        description: The module, without cells.
    """

    def __init__(self, parts: ModelParts, description: ModuleDescription) -> None:
        self.parts = parts
        self._description = description
        self._cells: dict[tuple[str, ...], dict[str, Scalar]] = {}

    @property
    def id(self) -> int:
        """Its id."""
        return int(self._description.id)

    @property
    def name(self) -> str:
        """Its name."""
        return self._description.name

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of its dimensions."""
        return self._description.dimensions

    @property
    def writable(self) -> tuple[str, ...]:
        """Names of the line items that have no formula."""
        return tuple(each.name for each in self._description.line_items if not each.formula)

    def line_item(
        self,
        name: str,
        format: Format = DataType.NUMBER,  # noqa: A002 (Anaplan's own term)
        *,
        formula: str = "",
        stored: bool = False,
        summary: str = "",
        notes: str = "",
        code: str | None = None,
        decimal_places: int = -1,
    ) -> Self:
        """Add a line item.

        Args:
            name: Its name.
            format: NUMBER (the default), TEXT, BOOLEAN, DATE, or a list.
            formula: A constant, or a sum of number line items of the module without a formula,
                such as `Units - Returns`; or any formula of Anaplan's, if its values are stored.
            stored: Whether the values of the formula are those that `cell` gives.
            summary: Anaplan's summary method; `Sum` by default for numbers, otherwise `None`.
            notes: Notes.
            code: Its code.
            decimal_places: Number of decimal places shown; -1 shows as many as the number has.

        Returns:
            The module itself.

        Raises:
            TenantError: The line item exists already, or its formula can't be calculated.
        """
        line_item = describe(
            f"line item {name} of {self.name}",
            LineItemDescription,
            {
                **format_members(name, format, self.parts),
                "formula": formula,
                "stored": stored,
                "summary": summary,
                "notes": notes,
                "code": code,
                "decimal_places": decimal_places,
            },
        )
        self._change(line_items=(*self._description.line_items, line_item))
        return self

    def cell(self, items: str | Sequence[str], values: Mapping[str, Scalar]) -> Self:
        """Give content to the cells of a combination of items.

        Args:
            items: Name or code of an item of each dimension, in the order of the dimensions.
            values: Values by the name of the line item.

        Returns:
            The module itself.

        Raises:
            TenantError: An item or line item does not exist, or a value has the wrong type.
        """
        place = (items,) if isinstance(items, str) else tuple(items)
        if len(place) != len(self.dimensions):
            raise TenantError(
                f"a cell of {self.name} needs an item of each of {', '.join(self.dimensions)}"
            )
        for dimension, item in zip(self.dimensions, place, strict=True):
            self.parts.require_item(dimension, item)
        if place in self._cells:
            raise TenantError(f"{self.name} has cells for {', '.join(place)} already")
        fields = {each.name: each for each in self._description.line_items}
        for name, value in values.items():
            if name not in fields or fields[name].is_computed:
                problem = "has a formula" if name in fields else "does not exist"
                raise TenantError(f"{self.name}: the line item {name!r} {problem}")
            self.parts.check_value(fields[name], value)
        self._cells[place] = dict(values)
        return self

    def view(
        self,
        name: str,
        *,
        rows: Sequence[Axis] = (),
        columns: Sequence[Axis] = (),
        pages: Sequence[Axis] = (),
        hidden: Iterable[str] = (),
        filter: str = "",  # noqa: A002 (Anaplan's own term)
    ) -> ViewHandle:
        """Add a saved view. Without axes it has the layout of the module's default view.

        Args:
            name: Its name.
            rows: Dimensions on rows.
            columns: Dimensions on columns. LINE_ITEMS are on one axis, and come last if that is
                rows or columns.
            pages: Dimensions on pages.
            hidden: Names of line items that it does not show.
            filter: A boolean line item: only rows in which any of its cells is true are shown.

        Returns:
            The view.

        Raises:
            TenantError: The axes or line items are not those of the module.
        """
        number = int(self._description.id[3:])
        views = self._description.views
        view = describe(
            f"view {name} of {self.name}",
            ViewDescription,
            {
                "id": f"{_FIRST_VIEW_PREFIX + number}{len(views) + 1:09}",
                "name": name,
                "rows": axis_names(rows, self.parts),
                "columns": axis_names(columns, self.parts),
                "pages": axis_names(pages, self.parts),
                "hidden": tuple(hidden),
                "filter": filter,
            },
        )
        self._change(views=(*views, view))
        return ViewHandle(int(view.id), view.name)

    def build(self) -> ModuleDescription:
        """Return the description of the module.

        Returns:
            The description, with the cells.
        """
        cells = tuple(
            {**dict(zip(self.dimensions, place, strict=True)), **values}
            for place, values in self._cells.items()
        )
        return self._description.model_copy(update={"cells": cells})

    def _change(self, **members: object) -> None:
        changed = self._description.model_copy(update=members)
        self.parts.replace("modules", self._description, changed)
        self._description = changed


def axis_names(axis: Iterable[Axis], parts: ModelParts) -> tuple[str, ...]:
    """Return the names of what is on an axis.

    Args:
        axis: Dimensions and LINE_ITEMS.
        parts: The model.

    Returns:
        The names.

    Raises:
        TenantError: Something can't be on an axis, or is a list of another model.
    """
    return tuple(LINE_ITEMS if each == LINE_ITEMS else dimension_name(each, parts) for each in axis)


def dimension_name(dimension: object, parts: ModelParts) -> str:
    """Return the name of a dimension.

    Args:
        dimension: The dimension.
        parts: The model.

    Returns:
        The name.

    Raises:
        TenantError: It is not a dimension, or is a list of another model.
    """
    if isinstance(dimension, ListBuilder):
        require_own("list", dimension.name, dimension.parts, parts)
        return dimension.name
    if dimension in (TIME, VERSIONS):
        return str(dimension)
    raise TenantError(
        f"{dimension!r} is not a dimension: use what model.list(...) returned, TIME or VERSIONS"
    )
