"""One page of a view, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError
from anaplan_sdk.cli.references import choose

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import ViewData, ViewInfo

# The dimension of line items has this id in every model.
_LINE_ITEMS = "20000000012"


@dataclass(frozen=True)
class ViewPage:
    """A page of a view.

    Attributes:
        info: The dimensions of the view.
        data: The cells.
    """

    info: ViewInfo
    data: ViewData

    @staticmethod
    def read(
        client: Client, view_id: str, selected: Mapping[str, str], max_rows: int | None
    ) -> ViewPage:
        """Read a page.

        Args:
            client: The client.
            view_id: The view.
            selected: Items by their dimensions on pages, both by name or id.
            max_rows: The most rows of the view; None for all.

        Returns:
            The page.

        Raises:
            CommandError: The view has no such dimension on its pages, or the page is too large.
            NameNotFoundException: There is no such item.
            AnaplanException: The view could not be read.
        """
        from anaplan_sdk.exceptions import AnaplanRequestException

        info = client.tr.get_view_info(view_id)
        pages = selected_pages(client, view_id, selected, info)
        try:
            data = client.tr.get_view_data(view_id, pages=pages, max_rows=max_rows)
        except AnaplanRequestException as error:
            if error.status_code not in (400, 413):
                raise
            # The SDK's message names methods of Python.
            raise CommandError(
                ExitCode.FAILED,
                f"Anaplan refused to return the page: {error.reason or error}",
                "It may have more than 1,000,000 cells: without --page, and with the layout multi "
                "or single, views of any size are read.",
            ) from error
        return ViewPage(info, data)

    @property
    def selection(self) -> dict[str, str]:
        """The item of each dimension on pages."""
        names = (each.name for each in self.info.pages)
        return dict(zip(names, self.data["pages"], strict=False))

    def grid(self) -> Iterator[dict[str, str]]:
        """Yield the rows as the view shows them: a column for each item on columns.

        Yields:
            The rows. Items of several dimensions on columns have `|` between them.
        """
        from anaplan_sdk._formats.csv_rows import unique_names

        columns = [" | ".join(each) for each in self.data["columnCoordinates"]]
        names = unique_names([*(each.name for each in self.info.rows), *columns])
        for row in self.data["rows"]:
            yield dict(zip(names, (*row["rowCoordinates"], *row["cells"]), strict=True))

    def table(self, *, single: bool) -> Iterator[dict[str, str]]:
        """Yield rows with a column for each dimension, as exports have them.

        Args:
            single: Whether all values are in one column, instead of one for each line item.

        Yields:
            The rows.
        """
        if single:
            for coordinates, value in self._cells():
                yield {**coordinates, "Value": value}
            return
        name = next((each.name for each in self._dimensions() if str(each.id) == _LINE_ITEMS), "")
        found: dict[tuple[str, ...], dict[str, str]] = {}
        for coordinates, value in self._cells():
            item = coordinates.pop(name, "Value")
            found.setdefault(tuple(coordinates.values()), {**coordinates})[item] = value
        items = dict.fromkeys(item for row in found.values() for item in row)
        for row in found.values():
            yield {item: row.get(item, "") for item in items}

    def _cells(self) -> Iterator[tuple[dict[str, str], str]]:
        """Yield each cell with its items by dimension."""
        rows, columns = (
            [each.name for each in axis] for axis in (self.info.rows, self.info.columns)
        )
        for row in self.data["rows"]:
            on_rows = dict(zip(rows, row["rowCoordinates"], strict=True))
            for items, value in zip(self.data["columnCoordinates"], row["cells"], strict=True):
                on_columns = dict(zip(columns, items, strict=True))
                yield {**on_rows, **on_columns, **self.selection}, value

    def _dimensions(self) -> Iterator[Any]:
        yield from (*self.info.rows, *self.info.columns, *self.info.pages)


def selected_pages(
    client: Client, view_id: str, selected: Mapping[str, str], info: ViewInfo | None = None
) -> list[tuple[str, str]]:
    """Return the ids of dimensions on pages, each with the id of its selected item.

    Args:
        client: The client.
        view_id: The view.
        selected: Items by their dimensions on pages, both by name or id.
        info: The dimensions of the view; read if None.

    Returns:
        The ids.

    Raises:
        CommandError: The view has no such dimension on its pages.
        NameNotFoundException: There is no such item.
    """
    known = info or client.tr.get_view_info(view_id)
    return [
        _selector(client, view_id, known, dimension, item) for dimension, item in selected.items()
    ]


def _selector(
    client: Client, view_id: str, info: ViewInfo, dimension: str, item: str
) -> tuple[str, str]:
    """Return the ids of a dimension on pages and of an item."""
    folded = dimension.casefold()
    for each in info.pages:
        if folded in (each.name.casefold(), str(each.id)):
            return str(each.id), _item_id(client, view_id, str(each.id), each.name, item)
    names = ", ".join(repr(each.name) for each in info.pages)
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"The view has no dimension {dimension!r} on its pages.",
        f"It has there: {names}." if names else "It has none there: leave out --page.",
    )


def _item_id(client: Client, view_id: str, dimension_id: str, dimension: str, item: str) -> str:
    from anaplan_sdk.exceptions import AnaplanRequestException
    from anaplan_sdk.models import NamedObject

    found = client.tr.lookup_dimension_items(dimension_id, names=[item])
    if not found:
        # Anaplan refuses codes for a dimension that has none.
        with suppress(AnaplanRequestException):
            found = client.tr.lookup_dimension_items(dimension_id, codes=[item])
    if found:
        exact = next((each for each in found if each.name == item), found[0])
        return str(exact.id)
    shown = client.tr.get_view_dimension_items(view_id, dimension_id)
    if any(str(each.id) == item for each in shown):
        return item
    named = [NamedObject(id=each.id, name=each.name, kind="item") for each in shown]
    return str(choose(named, item, f"item of {dimension}").id)
