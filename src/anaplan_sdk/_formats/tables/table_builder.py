"""Making a table of rows of Python objects, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from anaplan_sdk._formats.csv_rows import unique_names
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Fields, Kind, RecordBatch
from anaplan_sdk._formats.tables.table import Table

_BATCH_ROWS = 10_000


class TableBuilder:
    """Makes a table of rows.

    Args:
        library: The Arrow library.
        fields: The names and types of the columns.
    """

    def __init__(self, library: ArrowLibrary, fields: Fields) -> None:
        self._library = library
        self._fields = fields
        self._batches: list[RecordBatch] = []
        self._rows: list[Sequence[object]] = []

    def add(self, row: Sequence[object]) -> None:
        """Add a row."""
        self._rows.append(row)
        if len(self._rows) == _BATCH_ROWS:
            self._make_batch()

    def table(self) -> Table:
        """Return the table."""
        self._make_batch()
        return Table(self._library, self._library.schema(self._fields), self._batches)

    def _make_batch(self) -> None:
        if self._rows:
            columns: Iterable[tuple[object, ...]] = zip(*self._rows, strict=True)
            self._rows = []
            self._batches.append(
                self._library.make_batch(
                    [
                        self._library.column(values, each)
                        for values, (_, each) in zip(columns, self._fields, strict=True)
                    ],
                    self._fields,
                )
            )


class RefusedTable:
    """Makes a table of refused rows: `row`, what else is known of them, `reason`, and their own.

    Args:
        library: The Arrow library.
        names: The table's own names of its columns.
        details: Columns between `row` and `reason`.
    """

    def __init__(
        self, library: ArrowLibrary, names: Sequence[str], details: Sequence[str] = ()
    ) -> None:
        text = library.type(Kind.TEXT)
        columns = unique_names(["row", *details, "reason", *names])
        types = [library.type(Kind.INTEGER), *[text] * (len(columns) - 1)]
        self._builder = TableBuilder(library, list(zip(columns, types, strict=True)))
        self._width = len(names)

    def add(
        self,
        row: int | None,
        reason: str,
        values: Sequence[object] | None,
        *details: str | None,
    ) -> None:
        """Add a row.

        Args:
            row: Its index in the caller's table; None if it is unknown.
            reason: Why it was refused.
            values: Its own values; None if they are unknown.
            details: The values of the columns between.
        """
        own = [None] * self._width if values is None else map(_text, values)
        self._builder.add([row, *details, reason, *own])

    def table(self) -> Table:
        """Return the table."""
        return self._builder.table()


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
