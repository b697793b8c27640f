"""Cells of modules: read page by page, and written without keeping them in memory."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anaplan_sdk._runtime.targets import replacing
from anaplan_sdk.cli.tenant.capturing.list_items import (
    MOST_IN_FILE,
    ItemWriter,
    replaced,
    write_rows,
)
from anaplan_sdk.cli.tenant.capturing.model_reader import is_about_one_object, reason
from anaplan_sdk.cli.tenant.capturing.pseudonyms import finite_number
from anaplan_sdk.cli.tenant.capturing.structure import (
    TIME,
    VERSIONS,
    LineItemStructure,
    ModuleStructure,
)
from anaplan_sdk.exceptions import AnaplanException

# Quarters, half-years, years and other totals of Time.
_TOTAL = re.compile(r"(Q\d|H\d|FY\d\d|YTD|YTG|All Periods|Total)\b.*", re.IGNORECASE)
_ROWS_BETWEEN_LINES = 50_000


@dataclass
class _Columns:
    """The columns of a module's rows that are captured."""

    dimensions: list[tuple[str, str]]
    """The column and the name of each dimension."""
    line_items: list[tuple[str, LineItemStructure]]


@dataclass
class CellWriter:
    """Writes the cells of modules.

    Args:
        items: Finds the items that cells refer to.
        versions: The names of the versions.
        has_calendar: Whether the calendar could be read.
    """

    items: ItemWriter
    versions: set[str]
    has_calendar: bool
    _not_leaves: int = field(default=0, init=False)

    def write(self, module: ModuleStructure, path: Path) -> dict[str, Any]:
        """Write the cells of a module.

        Args:
            module: The module.
            path: The file for more than a few rows.

        Returns:
            The members of the module in the tenant file: `cells` or `cells_file`.
        """
        reader = self.items.reader
        key = f"cells of {module.name}"
        if TIME in module.dimensions and not self.has_calendar:
            reader.report.skip(key, "left out: the calendar could not be read")
            return {}
        written: dict[str, Any] | None = reader.state.value(key)
        if written is None:
            reader.show(key)
            try:
                written = self._write(module, path)
            except AnaplanException as error:
                if not is_about_one_object(error):
                    raise
                written = {"problem": reason(error)}
            reader.state.store(key, written)
        if "problem" in written:
            reader.report.skip(key, f"not read: {written['problem']}")
            return {}
        for text in written["notes"]:
            reader.report.skip(key, text)
        if not written["rows"]:
            return {}
        reader.report.count("rows of cells", written["rows"])
        if written["rows"] <= MOST_IN_FILE:
            return {"cells": written["cells"]}
        return {"cells_file": f"{path.parent.name}/{path.name}"}

    def _write(self, module: ModuleStructure, path: Path) -> dict[str, Any]:
        """Write the file, or return the cells if there are only a few."""
        reader = self.items.reader
        self._not_leaves = 0
        notes: set[str] = set()
        first: list[dict[str, Any]] = []
        stored = [each for each in module.line_items if not each.is_calculated]
        headers = [*module.dimensions, *(each.name for each in stored)]
        rows = self._rows(module, stored, notes)
        with closing(rows):
            for row in rows:
                first.append(row)
                if len(first) > MOST_IN_FILE:
                    break
            count = len(first)
            if count > MOST_IN_FILE:

                def lines() -> Iterator[list[str]]:
                    yield from ([row.get(name, "") for name in headers] for row in first)
                    for number, row in enumerate(rows, count + 1):
                        if not number % _ROWS_BETWEEN_LINES:
                            reader.show(f"cells of {module.name}: {number:,} rows")
                        yield [row.get(name, "") for name in headers]

                with replacing(path) as file:
                    count = write_rows(file, headers, lines())
        reader.show(f"cells of {module.name}: {count:,} rows")
        if self._not_leaves:
            notes.add(
                f"{self._not_leaves:,} rows of totals and other items that are not in the lists "
                "were left out"
            )
        cells = [self._typed(module, row) for row in first] if count <= MOST_IN_FILE else []
        return {"rows": count, "cells": cells, "notes": sorted(notes)}

    def _typed(self, module: ModuleStructure, row: dict[str, str]) -> dict[str, Any]:
        """Return a row with numbers and booleans, which are easier to read and change."""
        typed: dict[str, Any] = dict(row)
        for name, text in row.items():
            item = module.named(name)
            if name in module.dimensions or item is None:
                continue
            if item.data_format == "BOOLEAN":
                typed[name] = text == "true"
            elif item.data_format == "NUMBER":
                number = float(text)
                typed[name] = int(number) if number.is_integer() else number
        return typed

    def _rows(
        self, module: ModuleStructure, stored: list[LineItemStructure], notes: set[str]
    ) -> Generator[dict[str, str]]:
        """Yield the rows of leaf cells that have content, by the names in the tenant file."""
        large_reads = self.items.reader.client.tr
        source = large_reads.read_view(module.id)
        columns: _Columns | None = None
        with closing(source):
            for row in source:
                if columns is None:
                    columns = _find_columns(list(row), module, stored, notes)
                    if len(module.dimensions) < _number_of_dimensions(list(row), module):
                        notes.add("left out: they have dimensions that are not in the capture")
                        return
                # Most rows of a large module are empty, and finding items takes time.
                filled = [
                    (item, row[column])
                    for column, item in columns.line_items
                    if _has(row, column, item)
                ]
                if not filled:
                    continue
                coordinates = self._coordinates(row, columns)
                if coordinates is None:
                    continue
                values = self._values(module, filled, notes)
                if values:
                    yield {**coordinates, **values}

    def _coordinates(self, row: dict[str, str], columns: _Columns) -> dict[str, str] | None:
        """Return the items of a row; None if it is a total, or not in the sample."""
        found: dict[str, str] = {}
        is_sample = self.items.options.data == "sample"
        for column, dimension in columns.dimensions:
            text = row[column]
            if dimension == TIME:
                reference = None if _TOTAL.fullmatch(text) else text
            elif dimension == VERSIONS:
                reference = text if text in self.versions else None
            else:
                item = self.items.find(dimension, text)
                if item is not None and is_sample and not item[3]:
                    return None
                reference = None if item is None else self.items.shown(item[2] or item[1])
            if reference is None:
                self._not_leaves += 1
                return None
            found[dimension] = reference
        return found

    def _values(
        self, module: ModuleStructure, filled: list[tuple[LineItemStructure, str]], notes: set[str]
    ) -> dict[str, str]:
        values: dict[str, str] = {}
        for item, text in filled:
            if item.data_format == "LIST":
                reference = self.items.reference(item.list, text, select=True)
                if reference is None:
                    notes.add(f"{item.name}: values that are not in {item.list} were left out")
                    continue
                values[item.name] = reference
            elif item.data_format == "NUMBER" and finite_number(text) is None:
                notes.add(f"{item.name}: values that are not finite numbers were left out")
            else:
                place = f"{module.id} {item.shown['id']}"
                values[item.name] = replaced(text, item.data_format, place, self.items.pseudonyms)
        return values


def _has(row: dict[str, str], column: str, item: LineItemStructure) -> bool:
    """Return whether a cell has content: 0 and false are the values of blank cells."""
    text = row[column]
    if item.data_format == "NUMBER":
        return text not in ("", "0")
    return text.casefold() != "false" if item.data_format == "BOOLEAN" else text != ""


def _number_of_dimensions(header: list[str], module: ModuleStructure) -> int:
    """Return how many columns stand before those of line items."""
    line_items = {*(each.name for each in module.line_items), *module.left_out.values()}
    line_items -= set(module.dimensions)
    places = (place for place, name in enumerate(header) if name in line_items)
    return next(places, 0)


def _find_columns(
    header: list[str], module: ModuleStructure, stored: list[LineItemStructure], notes: set[str]
) -> _Columns:
    """Find the columns by their order: dimensions stand before line items."""
    dimensions = [(name, name) for name in module.dimensions if name in header]
    missing = [name for name in module.dimensions if name not in header]
    taken = {name for name, _ in dimensions}
    # A list's subset on the view has the subset's name.
    for name, column in zip(missing, [each for each in header if each not in taken], strict=False):
        dimensions.append((column, name))
        taken.add(column)
    line_items: list[tuple[str, LineItemStructure]] = []
    for each in stored:
        # A second column of the same name is called "Name (2)".
        column = f"{each.name} (2)" if each.name in taken else each.name
        if column in header:
            line_items.append((column, each))
        else:
            notes.add(f"{each.name} is not on the module's default view: it has no cells")
    dimensions.sort(key=lambda pair: module.dimensions.index(pair[1]))
    return _Columns(dimensions, line_items)
