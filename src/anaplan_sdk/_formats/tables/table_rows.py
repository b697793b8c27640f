"""The rows of a caller's table as Python values that JSON and Anaplan have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import BatchStream, Kind
from anaplan_sdk._formats.tables.dialect import RowWriter
from anaplan_sdk._formats.tables.file_format import FileFormat

_BATCH_ROWS = 2_000

Row = tuple[Any, ...]
"""The values of a row: int, float, bool, str or None."""


class TableRows:
    """Reads some columns of a table row by row.

    Values are those of the dialect (see `dialect`): dates are texts in ISO 8601, whole floats are
    integers, decimals floats.

    Args:
        library: The Arrow library.
        stream: The table.
        places: The positions of the columns.

    Attributes:
        names: The names of the columns.
        count: The number of rows read so far.

    Raises:
        InvalidTableException: A column has a type without values in Anaplan.
    """

    def __init__(self, library: ArrowLibrary, stream: BatchStream, places: Sequence[int]) -> None:
        self.count = 0
        self._stream = stream
        self._places = places
        fields = [stream.fields[place] for place in places]
        self.names = [name for name, _ in fields]
        self._writer = RowWriter(library, fields, FileFormat())
        kinds = [(each.value or each).kind for _, each in fields]
        self._read = [_READERS.get(kind) for kind in kinds]

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        """Yield the index and the values of each row.

        Raises:
            InvalidTableException: A value can't be written; the error has its row and column.
        """
        for batch in self._stream.batches:
            for start in range(0, batch.num_rows, _BATCH_ROWS):
                part = batch.slice(start, min(_BATCH_ROWS, batch.num_rows - start))
                given = [part.column(place) for place in self._places]
                columns = [
                    _converted(column.to_pylist(), read)
                    for column, read in zip(
                        self._writer.write(given, self.count), self._read, strict=True
                    )
                ]
                rows = zip(*columns, strict=True) if columns else iter([()] * part.num_rows)
                yield from enumerate(rows, self.count)
                self.count += part.num_rows


def _converted(
    values: list[Any], read: Callable[[Any], int | float | str | bool] | None
) -> list[Any]:
    if read is None:
        return values
    return [None if value is None else read(value) for value in values]


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _decimal(value: Any) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


# The dialect writes floats as texts, with the fewest digits that mean the same number.
_READERS: dict[Kind, Callable[[Any], int | float | str | bool]] = {
    Kind.FLOAT: _number,
    Kind.DECIMAL: _decimal,
}
