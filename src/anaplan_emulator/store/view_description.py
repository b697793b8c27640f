"""The description of a saved view: how it lays a module out, and what it shows of it."""

from collections.abc import Collection
from typing import Self

from pydantic import Field, model_validator

from anaplan_emulator.engine.definitions import LINE_ITEMS
from anaplan_emulator.store.description import Description


class ViewDescription(Description):
    """A saved view. Without axes it is laid out as the module's default view is.

    `Line Items` stand on one axis, and come last on rows or columns.
    """

    name: str = Field(min_length=1)
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    """Line items that it doesn't show."""
    filter: str = ""
    """A boolean line item: rows are shown in which it is true anywhere."""

    @property
    def axes(self) -> tuple[str, ...]:
        """All that stands on an axis."""
        return (*self.rows, *self.columns, *self.pages)

    @model_validator(mode="after")
    def _line_items_last(self) -> Self:
        if self.axes and not (self.rows and self.columns):
            raise ValueError(f"{self.name}: something stands on rows, and something on columns")
        if LINE_ITEMS in (*self.rows[:-1], *self.columns[:-1]):
            raise ValueError(f"{self.name}: {LINE_ITEMS} come last on their axis")
        return self


def check_view(
    view: ViewDescription,
    module: str,
    dimensions: Collection[str],
    line_items: Collection[str],
) -> None:
    """See that a view fits its module.

    Raises:
        ValueError: It doesn't.
    """
    if view.axes and sorted(view.axes) != sorted([*dimensions, LINE_ITEMS]):
        raise ValueError(f"{view.name}: each dimension of {module} is on one axis")
    for name in view.hidden:
        if name not in line_items:
            raise ValueError(f"{view.name}: no line item is called {name!r}")
    if set(view.hidden) == set(line_items):
        raise ValueError(f"{view.name}: all line items are hidden")
