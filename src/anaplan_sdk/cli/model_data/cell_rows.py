"""Cells to write, as rows of an input have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.model_data.input_rows import InputRow, InputRows, Problems
from anaplan_sdk.cli.model_data.input_values import converted

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import Dimension, LineItem

# The columns of the layout with one column for all values, as exports and people call them.
_LINE_ITEM_COLUMNS = ("line items", "line item", "line_item")
_VALUE_COLUMN = "value"


@dataclass(frozen=True)
class CellReader:
    """Makes cells of rows.

    Attributes:
        source: The rows.
        line_items: The line items of the module, by their names in lower case.
        dimensions: The dimensions of each line item that occurs, by its id.
        dimension_columns: The column of each dimension, by its name.
        line_item_column: The column with names of line items; None if each has a column.
        value_columns: The columns with values.
        by_code: The names of dimensions whose items are given by code.
        keeps: Whether an empty value writes nothing.
    """

    source: InputRows
    line_items: Mapping[str, LineItem]
    dimensions: Mapping[str, Sequence[Dimension]]
    dimension_columns: Mapping[str, str]
    line_item_column: str | None
    value_columns: Sequence[str]
    by_code: Sequence[str]
    keeps: bool

    @staticmethod
    def of_module(
        client: Client,
        module_id: str,
        source: InputRows,
        by_code: Sequence[str],
        *,
        keeps: bool,
    ) -> CellReader:
        """Find out what the columns of an input are.

        Args:
            client: The client.
            module_id: The module.
            source: The rows.
            by_code: Dimensions whose items are given by code.
            keeps: Whether an empty value writes nothing.

        Returns:
            The reader.

        Raises:
            CommandError: A column or a line item is not known, or one is missing.
            AnaplanException: The module could not be read.
        """
        line_items = {each.name.casefold(): each for each in client.tr.get_line_items(module_id)}
        folded = {column.casefold(): column for column in source.columns}
        line_item_column = next(
            (folded[name] for name in _LINE_ITEM_COLUMNS if name in folded), None
        )
        if line_item_column is not None:
            if _VALUE_COLUMN not in folded:
                raise usage_error(
                    f"There is a column {line_item_column!r}, but no column 'Value'.",
                    "Name the column of values 'Value', or give each line item a column.",
                )
            value_columns = [folded[_VALUE_COLUMN]]
            used = _line_items_of(source, line_item_column, line_items)
        else:
            value_columns = [each for each in source.columns if each.casefold() in line_items]
            used = [line_items[each.casefold()] for each in value_columns]
        dimensions = {str(each.id): client.tr.get_line_item_dimensions(each.id) for each in used}
        names = {each.name: None for some in dimensions.values() for each in some}
        columns = {name: folded[name.casefold()] for name in names if name.casefold() in folded}
        if clash := set(columns.values()) & set(value_columns):
            raise usage_error(
                f"{clash.pop()!r} is a dimension and a line item.",
                "Use the columns 'Line Items' and 'Value' for line items.",
            )
        reader = CellReader(
            source,
            line_items,
            dimensions,
            columns,
            line_item_column,
            value_columns,
            [_dimension_named(text, names) for text in by_code if source.rows],
            keeps,
        )
        if source.rows:
            reader._check_columns(list(names))
        return reader

    def cells(self) -> tuple[list[dict[str, Any]], list[InputRow]]:
        """Make cells of all rows.

        Returns:
            The cells, and the row that each of them is from.

        Raises:
            CommandError: Rows are not valid; the message lists them.
        """
        problems = self.source.problems()
        cells: list[dict[str, Any]] = []
        origins: list[InputRow] = []
        first: dict[tuple[str, ...], InputRow] = {}
        for row in self.source.rows:
            for column in self.value_columns:
                if column not in row.values:
                    continue
                value = row.values[column]
                if self.keeps and value in (None, ""):
                    continue
                cell = self._cell(row, column, value, problems)
                if cell is None:
                    continue
                # Anaplan would write both, and the later value would stay.
                if (same := first.setdefault(_identity(cell), row)) is not row:
                    name = self._line_item(row, column).name
                    problems.add(row, f"{name}: the same cell as in {self.source.place(same)}")
                cells.append(cell)
                origins.append(row)
        problems.raise_if_any()
        return cells, origins

    def _check_columns(self, dimensions: Sequence[str]) -> None:
        line_items = ", ".join(each.name for each in self.line_items.values())
        if not self.value_columns:
            raise usage_error(
                "No column has the name of a line item.",
                f"The module has the line items {line_items}; or use columns 'Line Items' and "
                "'Value'.",
            )
        known = {*self.dimension_columns.values(), *self.value_columns, self.line_item_column}
        if unknown := [each for each in self.source.columns if each not in known]:
            raise usage_error(
                f"The module has no {' and no '.join(map(repr, unknown))}.",
                f"Columns are dimensions and line items: {', '.join(dimensions)}, {line_items}.",
            )
        if missing := [each for each in dimensions if each not in self.dimension_columns]:
            raise usage_error(
                f"There is no column for the dimension {' and '.join(map(repr, missing))}.",
                "Every dimension needs a column with names of items.",
            )

    def _cell(
        self, row: InputRow, column: str, value: Any, problems: Problems
    ) -> dict[str, Any] | None:
        line_item = self._line_item(row, column)
        if line_item.formula and line_item.formula_scope in ("", "All Versions"):
            problems.add(row, f"{line_item.name} is calculated by a formula")
            return None
        try:
            is_empty = value is None or value == ""
            written = "" if is_empty else converted(value, line_item.format)
        except ValueError as error:
            problems.add(row, f"{line_item.name}: {error}")
            return None
        coordinates = self._coordinates(row, line_item, problems)
        return {
            "lineItemId": str(line_item.id),
            "dimensions": coordinates,
            "value": written,
        }

    def _line_item(self, row: InputRow, column: str) -> LineItem:
        name = column if self.line_item_column is None else row.values.get(self.line_item_column)
        return self.line_items[str(name).strip().casefold()]

    def _coordinates(
        self, row: InputRow, line_item: LineItem, problems: Problems
    ) -> list[dict[str, str]]:
        coordinates: list[dict[str, str]] = []
        expected = {each.name: str(each.id) for each in self.dimensions[str(line_item.id)]}
        for name, identifier in expected.items():
            item = str(row.values.get(self.dimension_columns.get(name, "")) or "").strip()
            if not item:
                problems.add(row, f"there is no item of {name}, which {line_item.name} has")
            kind = "itemCode" if name in self.by_code else "itemName"
            coordinates.append({"dimensionId": identifier, kind: item})
        for name, column in self.dimension_columns.items():
            # Otherwise several rows would silently write the same cell.
            if name not in expected and row.values.get(column) not in (None, ""):
                problems.add(row, f"{line_item.name} does not have the dimension {name}")
        return coordinates


def _identity(cell: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what identifies a cell. Anaplan does not distinguish case."""
    items = (each["itemName" if "itemName" in each else "itemCode"] for each in cell["dimensions"])
    return cell["lineItemId"], *(item.casefold() for item in items)


def _line_items_of(
    source: InputRows, column: str, line_items: Mapping[str, LineItem]
) -> list[LineItem]:
    """Return the line items that a column has."""
    problems = source.problems()
    found: dict[str, LineItem] = {}
    for row in source.rows:
        name = str(row.values.get(column) or "").strip()
        if name.casefold() in line_items:
            found[name.casefold()] = line_items[name.casefold()]
        else:
            near = get_close_matches(name, [each.name for each in line_items.values()], 1)
            hint = f"; similar: {near[0]!r}" if near else ""
            problems.add(row, f"the module has no line item {name!r}{hint}")
    problems.raise_if_any()
    return list(found.values())


def _dimension_named(text: str, names: Mapping[str, object]) -> str:
    found = next((name for name in names if name.casefold() == text.casefold()), None)
    if found is None:
        raise usage_error(f"There is no dimension {text!r}.", f"There are: {', '.join(names)}.")
    return found
