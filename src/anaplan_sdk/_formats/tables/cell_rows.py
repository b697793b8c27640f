"""The cells that the rows of a table are written to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.cell_columns import CellColumns, ModuleLineItem
from anaplan_sdk._formats.tables.names import listed
from anaplan_sdk._formats.tables.table import Table
from anaplan_sdk._formats.tables.table_builder import RefusedTable
from anaplan_sdk._formats.tables.table_rows import Row, TableRows
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.models.writes import Failure

Nulls: TypeAlias = Literal["skip", "clear"]
Match: TypeAlias = Literal["name", "code"]

# Only the items of lists and of list subsets have codes.
_WITH_CODES = ("101", "109")
_USERS = "101999999999"


class Cell(dict[str, object]):
    """A cell to write, as Anaplan has it, with the row that it comes from."""

    __slots__ = ("line_item", "row", "values_of_row")

    def __init__(self, fields: Mapping[str, object], row: int, line_item: str, values: Row) -> None:
        super().__init__(fields)
        self.row = row
        self.line_item = line_item
        self.values_of_row = values


class CellRows:
    """Makes cells of the rows of a table, one row at a time.

    Args:
        library: The Arrow library.
        rows: The rows. Their values are those of the columns in the order of the table.
        columns: What the columns are.
        module: The line items of the module.
        nulls: Whether a null leaves the cell as it is or empties it.
        match: Whether dimensions have names or codes of items; also by dimension.

    Raises:
        InvalidArgumentException: `nulls` or `match` is not valid.
    """

    def __init__(
        self,
        library: ArrowLibrary,
        rows: TableRows,
        columns: CellColumns,
        module: Sequence[ModuleLineItem],
        *,
        nulls: Nulls,
        match: Match | Mapping[str, Match],
    ) -> None:
        check_nulls(nulls)
        self._rows = rows
        self._columns = columns
        self._by_name = {each.name.casefold(): each for each in module}
        self._clears = nulls == "clear"
        self._refused = RefusedTable(library, rows.names, ["line_item"])
        ids = {name: each for item in module for name, each in item.dimensions.items()}
        matches = _matches(match, columns.dimensions)
        self._coordinates = {
            name: (place, ids[name], _key_field(ids[name], matches[name]))
            for name, place in columns.dimensions.items()
        }

    @property
    def count(self) -> int:
        """The number of rows read so far."""
        return self._rows.count

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells.

        Raises:
            InvalidTableException: A value can't be written; the error has its row and column.
        """
        for index, values in self._rows:
            coordinates: dict[str, dict[str, str]] = {}
            missing: list[str] = []
            for name, (place, dimension_id, field) in self._coordinates.items():
                if (key := _key(values[place])) is None:
                    missing.append(name)
                else:
                    coordinates[name] = {"dimensionId": dimension_id, field: key}
            if missing:
                self._refused.add(
                    index, f"The row has no item of {', '.join(missing)}.", values, None
                )
                continue
            for item, value in self._values(index, values):
                if value is None and not self._clears:
                    continue
                valid, reason = _checked(value, item.data_type)
                if reason:
                    self._refused.add(index, reason, values, item.name)
                    continue
                dimensions = [coordinates[name] for name in item.dimensions]
                fields = {"lineItemId": item.id, "dimensions": dimensions, "value": valid}
                yield Cell(fields, index, item.name, values)

    def add_failure(self, failure: Failure) -> None:
        """Add a cell that Anaplan has refused."""
        reason = ": ".join(filter(None, (failure.reason, failure.details)))
        cell: object = failure.item
        if isinstance(cell, Cell):
            self._refused.add(cell.row, reason, cell.values_of_row, cell.line_item)
        else:
            self._refused.add(None, reason, None, None)

    def refused(self) -> Table:
        """Return the refused rows and cells."""
        return self._refused.table()

    def _values(self, index: int, values: Row) -> Iterator[tuple[ModuleLineItem, object]]:
        columns = self._columns
        if columns.line_item is None or columns.value is None:
            for place, item in columns.line_items:
                yield item, values[place]
            return
        name = _key(values[columns.line_item])
        item_of_row = self._by_name.get((name or "").casefold())
        if item_of_row is None:
            reason = (
                f"The module has no line item {name!r}." if name else "The row has no line item."
            )
            self._refused.add(index, reason, values, name)
        else:
            yield item_of_row, values[columns.value]


def check_nulls(nulls: str) -> None:
    """Check what a caller wants nulls to do.

    Raises:
        InvalidArgumentException: It is neither "skip" nor "clear".
    """
    if nulls not in ("skip", "clear"):
        raise InvalidArgumentException(f"nulls must be 'skip' or 'clear', not {nulls!r}.")


def _matches(
    match: Match | Mapping[str, Match], dimensions: Mapping[str, object]
) -> dict[str, Match]:
    if isinstance(match, str):
        matches: dict[str, Match] = dict.fromkeys(dimensions, match)
    else:
        matches = {**dict.fromkeys(dimensions, "name"), **match}
    if unknown := [name for name in matches if name not in dimensions]:
        raise InvalidArgumentException(
            f"match: there is no dimension {listed(unknown)}; the dimensions are "
            f"{listed(dimensions)}."
        )
    if wrong := [each for each in matches.values() if each not in ("name", "code")]:
        raise InvalidArgumentException(f"match must be 'name' or 'code', not {wrong[0]!r}.")
    return matches


def _key_field(dimension_id: str, match: Match) -> str:
    has_codes = dimension_id.startswith(_WITH_CODES) and dimension_id != _USERS
    return "itemCode" if match == "code" and has_codes else "itemName"


def _key(value: object) -> str | None:
    """Return the name or code of an item; None if the value is null or empty."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _checked(value: object, data_type: str) -> tuple[object, str | None]:
    """Return what is sent for a value, or why it is refused.

    For one boolean that is not expected, or another value in the place of one, Anaplan would refuse
    all cells of the request.
    """
    if data_type == "BOOLEAN":
        text = "false" if value is None or value == "" else str(value).strip().lower()
        if text in ("true", "false"):
            return text == "true", None
        return value, f"{value!r} is neither true nor false."
    if data_type == "NUMBER":
        if isinstance(value, bool):
            return value, f"{str(value).lower()!r} is not a number."
        # An empty number is 0.
        return (0 if value is None or value == "" else value), None
    # Texts and dates, and the names of items and periods.
    return _key(value) or "", None
