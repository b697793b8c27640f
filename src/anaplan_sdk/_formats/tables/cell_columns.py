"""Matching the columns of a table by name with the dimensions and line items of a module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anaplan_sdk._formats.tables.arguments import ColumnsArgument
from anaplan_sdk._formats.tables.column_matching import check_unique, is_unnamed_index
from anaplan_sdk._formats.tables.names import listed
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    ColumnMismatchException,
    InvalidArgumentException,
)


@dataclass(frozen=True)
class ModuleLineItem:
    """A line item of the module.

    Attributes:
        id: Its id.
        name: Its name.
        data_type: The type of its values, such as `NUMBER`.
        dimensions: The ids of its dimensions by name.
    """

    id: str
    name: str
    data_type: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class CellColumns:
    """What the columns of a table are.

    Attributes:
        places: The positions of the columns that are read, in the order of the table. The other
            attributes refer to the order of these.
        dimensions: The position of each dimension's column, by the name of the dimension.
        line_items: The position of each line item's column, with the line item.
        line_item: The position of the column with the names of line items, in a long table.
        value: The position of the column with their values, in a long table.
    """

    places: list[int]
    dimensions: dict[str, int]
    line_items: list[tuple[int, ModuleLineItem]]
    line_item: int | None = None
    value: int | None = None


def match_cells(
    names: Sequence[str],
    module: Sequence[ModuleLineItem],
    *,
    dimensions: ColumnsArgument | None,
    line_items: ColumnsArgument | None,
    line_item_column: str | None,
    value_column: str | None,
) -> CellColumns:
    """Match the columns of a table with the dimensions and line items of a module.

    Args:
        names: The names of the table's columns.
        module: The line items.
        dimensions: The columns of dimensions: their names, or names of dimensions by column.
        line_items: The columns of line items, likewise.
        line_item_column: The column with names of line items, in a long table.
        value_column: The column with their values, in a long table.

    Returns:
        What the columns are.

    Raises:
        ColumnMismatchException: A column is missing, unknown or there twice.
        InvalidArgumentException: The arguments contradict each other.
        ArgumentTypeException: `dimensions` or `line_items` is neither a mapping nor a sequence of
            names.
    """
    if (line_item_column is None) is not (value_column is None):
        raise InvalidArgumentException(
            "line_item_column and value_column must be given together: they are a long table's."
        )
    if line_item_column is not None and line_items is not None:
        raise InvalidArgumentException(
            "line_items are the columns of a wide table, and line_item_column one of a long table: "
            "give one of them."
        )
    long_columns = [name for name in (line_item_column, value_column) if name is not None]
    chosen_dimensions = _by_column("dimensions", dimensions)
    chosen_items = _by_column("line_items", line_items)
    explicit = [*(chosen_dimensions or ()), *(chosen_items or ()), *long_columns]
    _check_explicit(names, explicit)
    by_name = {each.name: each for each in module}
    every = {name: None for each in module for name in each.dimensions}
    _check_targets("dimension", [*(chosen_dimensions or {}).values()], every)
    _check_targets("line item", [*(chosen_items or {}).values()], by_name)
    of_dimensions, of_items = dict(chosen_dimensions or {}), dict(chosen_items or {})
    unexpected: list[str] = []
    for name in names:
        if name in explicit or is_unnamed_index(name):
            continue
        if chosen_dimensions is None and name in every:
            of_dimensions[name] = name
        elif chosen_items is None and not long_columns and (item := _item_of(name, by_name, every)):
            of_items[name] = item
        elif chosen_dimensions is None or (chosen_items is None and not long_columns):
            unexpected.append(name)
    items = [by_name[item] for item in of_items.values()]
    used = [*of_dimensions, *of_items, *long_columns]
    check_unique([name for name in names if name in used])
    check_unique([*of_dimensions.values()])
    check_unique([*of_items.values()])
    needed = {
        name: None for each in (module if long_columns else items) for name in each.dimensions
    }
    missing = [name for name in needed if name not in of_dimensions.values()]
    if not items and not long_columns:
        missing = []
    # A dimension that no written line item has: several rows would write the same cells.
    unexpected += [column for column, name in of_dimensions.items() if name not in needed and items]
    if unexpected or missing or not (items or long_columns):
        _refuse(names, unexpected, missing, every, by_name, has_items=bool(items or long_columns))
    read = [name for name in names if name in used]
    place = read.index
    return CellColumns(
        [names.index(name) for name in read],
        {name: place(column) for column, name in of_dimensions.items()},
        [(place(column), by_name[name]) for column, name in of_items.items()],
        None if line_item_column is None else place(line_item_column),
        None if value_column is None else place(value_column),
    )


def _item_of(
    name: str, items: Mapping[str, ModuleLineItem], dimensions: Mapping[str, None]
) -> str | None:
    """Return the line item that a column is named after.

    The line item that has the name of a dimension is `Name (2)`, as in a table of a view.
    """
    if name in items:
        return name
    base = name.removesuffix(" (2)")
    return base if base in items and base in dimensions else None


def _by_column(argument: str, given: ColumnsArgument | None) -> dict[str, str] | None:
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Mapping | Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentTypeException(
            f"{argument} must be a mapping of names, or a sequence of names, not "
            f"{type(given).__name__}."
        )
    return dict(given) if isinstance(given, Mapping) else {name: name for name in given}


def _check_explicit(names: Sequence[str], explicit: Sequence[str]) -> None:
    if missing := [name for name in explicit if name not in names]:
        raise ColumnMismatchException(
            f"The table has no {listed(missing)}; it has {listed(names)}.", missing=missing
        )
    if repeated := [name for name, count in Counter(explicit).items() if count > 1]:
        raise ColumnMismatchException(
            f"More than one argument names the column {listed(repeated)}.", repeated=repeated
        )


def _check_targets(kind: str, given: Sequence[str], known: Mapping[str, object]) -> None:
    if unknown := [name for name in given if name not in known]:
        raise ColumnMismatchException(
            f"The module has no {kind} {listed(unknown)}; it has {listed(known)}.",
            unexpected=unknown,
            expected=list(known),
        )


def _refuse(
    names: Sequence[str],
    unexpected: list[str],
    missing: list[str],
    dimensions: Mapping[str, object],
    line_items: Mapping[str, object],
    *,
    has_items: bool,
) -> None:
    problems: list[str] = []
    if unexpected:
        problems.append(
            f"{listed(unexpected)} is neither a dimension of the line items that are written nor "
            "a line item"
        )
    if missing:
        noun = "dimension" if len(missing) == 1 else "dimensions"
        problems.append(f"there is no column for the {noun} {listed(missing)}")
    if not has_items:
        problems.append("there is no column for a line item")
    raise ColumnMismatchException(
        f"The table's columns, {listed(names)}, are not those of the module: "
        f"{'; '.join(problems)}. The module has the dimensions {listed(dimensions)} and the "
        f"line items {listed(line_items)}. dimensions={{...}} and line_items={{...}} rename "
        "columns, sequences of names choose them.",
        missing=missing,
        unexpected=unexpected,
        expected=[*dimensions, *line_items],
    )
