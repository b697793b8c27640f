"""What the SDK needs of an Arrow library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, TypeAlias

from anaplan_sdk._arrow import ArrowArray, ArrowSchema, ArrowStream
from anaplan_sdk._formats.tables.arrow_types import (
    BatchStream,
    Column,
    ColumnType,
    Fields,
    Kind,
    RecordBatch,
    Schema,
)

FileKind: TypeAlias = Literal["parquet", "arrow"]
"""The kinds of files that the library reads and writes."""

TableKind: TypeAlias = Literal["csv", "parquet", "arrow", "jsonl"]
"""The kinds of files that tables are read from, and written to."""


class ArrowLibrary(Protocol):
    """The few operations on Arrow data that the SDK needs."""

    name: str
    defers_drops: bool
    """Whether the iterator of a released stream is dropped by the next operation only."""

    def drop_released(self) -> None:
        """Drop the iterators of released streams."""
        ...

    def open(self, source: ArrowStream) -> BatchStream:
        """Open the stream of a table."""
        ...

    def open_file(self, path: Path, kind: FileKind, batch_rows: int) -> BatchStream:
        """Open a Parquet file, or an Arrow IPC file or stream."""
        ...

    def batch(self, source: ArrowArray) -> RecordBatch:
        """Return a record batch of another library as one of this library."""
        ...

    def fields(self, schema: ArrowSchema) -> Fields:
        """Return the names and types of a schema's columns."""
        ...

    def type(self, kind: Kind) -> ColumnType:
        """Return the type that values of a kind are read as: float64, bool, date32 or utf8."""
        ...

    def utc_milliseconds(self) -> ColumnType:
        """Return the type of timestamps in UTC with milliseconds, which integers are cast to."""
        ...

    def type_of(self, native: ArrowSchema) -> ColumnType:
        """Return a data type, or the type of a field, of any library."""
        ...

    def whole_days(self, column: Column, column_type: ColumnType) -> Column | None:
        """Return date64 or timestamps, in their zone, as date32; None if one may be no midnight."""
        ...

    def counts(self, column: Column) -> list[int | None]:
        """Return dates, times or timestamps as the integers that Arrow stores."""
        ...

    def have_four_digits(self, days: Column) -> bool:
        """Whether all days are in the years 1 to 9999."""
        ...

    def iso_days(self, texts: Column) -> Column | None:
        """Return texts such as `2026-01-31` as date32; None if one may be another text."""
        ...

    def schema(self, fields: Fields) -> Schema:
        """Make a schema."""
        ...

    def make_batch(self, columns: Sequence[Column], fields: Fields) -> RecordBatch:
        """Make a record batch of columns."""
        ...

    def column(self, values: Sequence[object], column_type: ColumnType) -> Column:
        """Make a column of Python objects."""
        ...

    def cast(self, column: Column, column_type: ColumnType) -> Column:
        """Convert a column; what can't be converted is null."""
        ...

    def are_equal(self, one: Column, other: Column) -> bool:
        """Whether two columns of one type have the same values."""
        ...

    def join(self, batches: Sequence[RecordBatch]) -> RecordBatch:
        """Join record batches of one schema to one."""
        ...

    def stream(self, schema: Schema, batches: Iterable[RecordBatch]) -> ArrowStream:
        """Make a stream whose batches are taken from the iterable as they are asked for."""
        ...

    def write_csv(self, batch: RecordBatch, separator: str, quote: str) -> bytes:
        """Write rows as CSV in UTF-8, without a header; a null is an empty field.

        The columns are integers, floats, decimals, booleans, dates and texts.
        """
        ...

    def read_csv(self, data: bytes, width: int, separator: str, quote: str) -> RecordBatch:
        """Read CSV in UTF-8, without a header, as columns of texts; an empty field is null.

        Args:
            data: Whole rows.
            width: The number of columns.
            separator: The character between columns.
            quote: The character around texts; empty for none.

        Raises:
            ValueError: A row has more or fewer fields, or a text is not UTF-8.
        """
        ...

    def write_file(self, source: ArrowStream, file: BinaryIO, kind: FileKind) -> None:
        """Write a stream as Parquet or as an Arrow IPC stream."""
        ...

    def collect(self, schema: Schema, batches: Iterator[RecordBatch]) -> ArrowStream:
        """Return all batches as the library's table, which can be read again and again."""
        ...
