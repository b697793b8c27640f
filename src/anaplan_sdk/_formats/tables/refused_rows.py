"""The rows that an import refused, as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from anaplan_sdk._formats.csv_rows import unique_names
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Kind
from anaplan_sdk._formats.tables.table import Table
from anaplan_sdk._formats.tables.table_builder import TableBuilder
from anaplan_sdk._formats.tables.table_encoder import TableEncoder

_ERROR = re.compile(r"_Error_\d+_")
# What Anaplan adds to the columns of the file.
_ADDED = re.compile(r"(?:_Line_|_Status_|_Error_\d+_)$")


class RefusedRows:
    """Makes a table of the rows of failure dumps.

    Args:
        library: The Arrow library.
        encoder: Wrote the rows, and knows which line each of them is.
        names: The table's own names of its columns, in the order of the file.
        header: The names in the file.
    """

    def __init__(
        self,
        library: ArrowLibrary,
        encoder: TableEncoder,
        names: Sequence[str],
        header: Sequence[str],
    ) -> None:
        self._encoder = encoder
        self._header = [name.strip() for name in unique_names(header)]
        text, integer = library.type(Kind.TEXT), library.type(Kind.INTEGER)
        own = unique_names(["row", "reason", "status", *names])
        fields = [(name, integer if place == 0 else text) for place, name in enumerate(own)]
        self._builder = TableBuilder(library, fields)

    def add(self, row: Mapping[str, str]) -> None:
        """Add a row of a dump."""
        line = line_of(row)
        values: Sequence[str | None] = list(values_of(row).values())
        if len(values) != len(self._header):
            values = [row.get(name) for name in self._header]
        index = None if line is None else self._encoder.row_of_line(line)
        self._builder.add([index, reason_of(row), status_of(row), *values])

    def table(self) -> Table:
        """Return the table."""
        return self._builder.table()


def line_of(row: Mapping[str, str]) -> int | None:
    """Return the line of the file that a row of a dump is about; None if it does not have one."""
    line = row.get("_Line_", "")
    return int(line) if line.isdecimal() else None


def reason_of(row: Mapping[str, str]) -> str:
    """Return all the errors of a row of a dump."""
    return "; ".join(text for name, text in row.items() if _ERROR.fullmatch(name) and text)


def status_of(row: Mapping[str, str]) -> str | None:
    """Return the status of a row of a dump: `E` or `W`; None if it does not have one."""
    return row.get("_Status_")


def values_of(row: Mapping[str, str]) -> dict[str, str]:
    """Return what a dump has of the file's own columns, which are in the file's order."""
    return {name: text for name, text in row.items() if not _ADDED.match(name)}
