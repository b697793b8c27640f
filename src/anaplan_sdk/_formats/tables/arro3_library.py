"""Arrow data by arro3."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast

from anaplan_sdk._arrow import ArrowArray, ArrowSchema, ArrowStream
from anaplan_sdk._formats.tables.arrow_library import FileKind
from anaplan_sdk._formats.tables.arrow_types import (
    EXTENSION_NAME,
    FIRST_DAY,
    LAST_DAY,
    TEXT_EXTENSIONS,
    UTC_ZONES,
    BatchStream,
    Column,
    ColumnType,
    Fields,
    Kind,
    RecordBatch,
    Schema,
)

# A file that begins with these bytes is an Arrow IPC file; a stream has no such mark.
_IPC_FILE = b"ARROW1"
# Less than the library's default of a million rows, which would be in memory at once.
_ROW_GROUP = 122_880
# In the name of a type, such as Decimal128(10, -2).
_NEGATIVE_SCALE = ", -"
_NO_QUOTE = "\x00"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of times without a zone


class Arro3Library:
    """The operations of `ArrowLibrary`, by arro3-core and arro3-io."""

    name = "arro3"
    defers_drops = True

    def __init__(self) -> None:
        self._core: Any = import_module("arro3.core")
        self._io: Any = import_module("arro3.io")
        types: Any = self._core.DataType
        self._types = {
            Kind.FLOAT: types.float64(),
            Kind.INTEGER: types.int64(),
            Kind.BOOLEAN: types.bool(),
            Kind.DATE: types.date32(),
            Kind.TIMESTAMP: types.timestamp("us"),
            Kind.TEXT: types.utf8(),
        }
        self._tests = (
            (Kind.INTEGER, types.is_integer),
            (Kind.FLOAT, types.is_floating),
            (Kind.DECIMAL, _is_decimal),
            (Kind.BOOLEAN, types.is_boolean),
            (Kind.DATE, types.is_date32),
            (Kind.DATE64, types.is_date64),
            (Kind.TIMESTAMP, types.is_timestamp),
            (Kind.TIME, types.is_time),
            (Kind.TEXT, types.is_string),
            (Kind.TEXT, types.is_large_string),
            (Kind.TEXT, types.is_string_view),
            (Kind.DICTIONARY, types.is_dictionary),
            (Kind.NULL, types.is_null),
        )

    def drop_released(self) -> None:
        """Drop the iterators of released streams."""
        self._core.DataType.null()  # Any call does.

    def open(self, source: ArrowStream) -> BatchStream:
        """Open the stream of a table."""
        return self._opened(self._core.RecordBatchReader.from_stream(source))

    def open_file(self, path: Path, kind: FileKind, batch_rows: int) -> BatchStream:
        """Open a Parquet file, or an Arrow IPC file or stream."""
        if kind == "parquet":
            return self._opened(self._io.read_parquet(path, batch_size=batch_rows))
        with path.open("rb") as file:
            is_file = file.read(len(_IPC_FILE)) == _IPC_FILE
        read = self._io.read_ipc if is_file else self._io.read_ipc_stream
        return self._opened(read(path))

    def batch(self, source: ArrowArray) -> RecordBatch:
        """Return a record batch of another library as one of this library."""
        batch: RecordBatch = self._core.RecordBatch.from_arrow(source)
        return batch

    def fields(self, schema: ArrowSchema) -> Fields:
        """Return the names and types of a schema's columns."""
        native: Any = self._core.Schema.from_arrow(schema)
        fields = (native.field(place) for place in range(len(native)))
        return [(each.name, self._type_of_field(each)) for each in fields]

    def type(self, kind: Kind) -> ColumnType:
        """Return the type that values of a kind are read as."""
        return self._type(self._types[kind])

    def utc_milliseconds(self) -> ColumnType:
        """Return the type of timestamps in UTC with milliseconds, which integers are cast to."""
        return self._type(self._core.DataType.timestamp("ms", tz="UTC"))

    def type_of(self, native: ArrowSchema) -> ColumnType:
        """Return a data type, or the type of a field, of any library."""
        return self._type(self._core.DataType.from_arrow(native))

    def whole_days(self, column: Column, column_type: ColumnType) -> Column | None:
        """Return date64 or timestamps, in their zone, as date32; None if one may be no midnight."""
        types: Any = self._core.DataType
        native, local = column_type.native, column_type.native
        times: Any = column
        if column_type.zone is not None:
            local = types.timestamp(column_type.unit)
        try:
            if column_type.zone in UTC_ZONES:
                times, native = times.cast(local), local  # Much faster than with a zone.
            days = times.cast(types.date32())
            # Days without a zone become midnights in the zone.
            midnights = days.cast(local).cast(native)
        except Exception:  # noqa: BLE001 - the library raises nothing more specific
            return None  # The zone is not known, or a day is out of range.
        return days if self.are_equal(midnights, times) else None

    def counts(self, column: Column) -> list[int | None]:
        """Return dates, times or timestamps as the integers that Arrow stores."""
        return self.cast(column, self.type(Kind.INTEGER)).to_pylist()

    def have_four_digits(self, days: Column) -> bool:
        """Whether all days are in the years 1 to 9999."""
        types: Any = self._core.DataType
        native: Any = days
        # There is no minimum, and a list is slow. The days of 1880 to 2059, and of 1970 to 2149,
        # have 16 bits; other values become null.
        numbers = native.cast(types.int32())
        for small in (types.int16(), types.uint16()):
            if numbers.cast(small).null_count == native.null_count:
                return True
        return all(count is None or FIRST_DAY <= count <= LAST_DAY for count in self.counts(days))

    def iso_days(self, texts: Column) -> Column | None:
        """Return texts such as `2026-01-31` as date32; None if one may be another text."""
        types: Any = self._core.DataType
        native: Any = texts
        # Unlike dates, timestamps are read strictly; those of ten characters have no time. What
        # can't be converted is null.
        sizes = native.cast(types.binary()).cast(types.binary(len("2026-01-31")))
        times = native.cast(types.timestamp("s"))
        if not sizes.null_count == times.null_count == native.null_count:
            return None
        return cast("Column", times.cast(types.date32()))

    def schema(self, fields: Fields) -> Schema:
        """Make a schema."""
        schema: Schema = self._core.Schema(
            [self._core.Field(name, each.native, nullable=True) for name, each in fields]
        )
        return schema

    def make_batch(self, columns: Sequence[Column], fields: Fields) -> RecordBatch:
        """Make a record batch of columns."""
        batch: RecordBatch = self._core.RecordBatch.from_arrays(columns, schema=self.schema(fields))
        return batch

    def column(self, values: Sequence[object], column_type: ColumnType) -> Column:
        """Make a column of Python objects."""
        types: Any = self._core.DataType
        dates: Any = values
        # The library makes dates and times of numbers only.
        if column_type.kind in (Kind.DATE, Kind.DATE64):
            days = [value and value.toordinal() - _EPOCH.toordinal() for value in dates]
            whole = self._core.Array(days, type=types.int32()).cast(types.date32())
            return self.cast(whole, column_type)
        if column_type.kind is Kind.TIMESTAMP:
            micros = [value and (value - _EPOCH) // timedelta(microseconds=1) for value in dates]
            whole = self._core.Array(micros, type=types.int64()).cast(types.timestamp("us"))
            return self.cast(whole, column_type)
        column: Column = self._core.Array(list(values), type=column_type.native)
        return column

    def cast(self, column: Column, column_type: ColumnType) -> Column:
        """Convert a column; what can't be converted is null."""
        native: Any = column
        converted: Column = native.cast(column_type.native)
        return converted

    def are_equal(self, one: Column, other: Column) -> bool:
        """Whether two columns of one type have the same values."""
        # Unlike arrays, these are equal whatever the names of their fields are.
        chunked: Any = self._core.ChunkedArray
        return bool(chunked([one]).equals(chunked([other])))

    def join(self, batches: Sequence[RecordBatch]) -> RecordBatch:
        """Join record batches of one schema to one."""
        if len(batches) == 1:
            return batches[0]
        table: Any = self._core.Table.from_batches(batches)
        batch: RecordBatch = table.combine_chunks().to_batches()[0]
        return batch

    def stream(self, schema: Schema, batches: Iterable[RecordBatch]) -> ArrowStream:
        """Make a stream whose batches are taken from the iterable as they are asked for."""
        stream: ArrowStream = self._core.RecordBatchReader.from_batches(schema, iter(batches))
        return stream

    def write_csv(self, batch: RecordBatch, separator: str, quote: str) -> bytes:
        """Write rows as CSV in UTF-8, without a header; a null is an empty field."""
        native: Any = batch.schema
        if any(_NEGATIVE_SCALE in str(each) for each in native.types):
            batch = self._without_negative_scales(batch)
        file = io.BytesIO()
        self._io.write_csv(batch, file, header=False, delimiter=separator, quote=quote)
        return file.getvalue()

    def read_csv(self, data: bytes, width: int, separator: str, quote: str) -> RecordBatch:
        """Read CSV in UTF-8, without a header, as columns of texts; an empty field is null.

        Raises:
            ValueError: A row has more or fewer fields, or a text is not UTF-8.
        """
        fields = [(str(number), self.type(Kind.TEXT)) for number in range(width)]
        schema = self.schema(fields)
        try:
            table: Any = self._io.read_csv(
                io.BytesIO(data),
                schema,
                has_header=False,
                batch_size=data.count(b"\n") + 1,
                delimiter=separator,
                quote=quote or _NO_QUOTE,
            ).read_all()
        except Exception as error:  # noqa: BLE001 - the library raises nothing more specific
            raise ValueError(str(error).rpartition("Csv error: ")[2]) from None
        batches = table.to_batches()
        if not batches:
            return self.make_batch([self.column([], each) for _, each in fields], fields)
        return self.join(batches)

    def write_file(self, source: ArrowStream, file: BinaryIO, kind: FileKind) -> None:
        """Write a stream as Parquet or as an Arrow IPC stream."""
        if kind == "parquet":
            self._io.write_parquet(
                source, file, compression="zstd(3)", max_row_group_size=_ROW_GROUP
            )
        else:
            self._io.write_ipc_stream(source, file)

    def collect(self, schema: Schema, batches: Iterator[RecordBatch]) -> ArrowStream:
        """Return all batches as the library's table, which can be read again and again."""
        table: ArrowStream = self._core.Table.from_batches(list(batches), schema=schema)
        return table

    def _opened(self, reader: Any) -> BatchStream:
        return BatchStream(self.fields(reader.schema), iter(reader))

    def _without_negative_scales(self, batch: RecordBatch) -> RecordBatch:
        """Return a batch whose decimals are whole ones: with hundreds, 0 would be written 000."""
        whole = self._type(self._core.DataType.decimal256(76, 0))
        columns: list[Column] = []
        fields: list[tuple[str, ColumnType]] = []
        for place, (name, each) in enumerate(self.fields(batch.schema)):
            kept = each if _NEGATIVE_SCALE not in each.name else whole
            columns.append(self.cast(batch.column(place), kept))
            fields.append((name, kept))
        return self.make_batch(columns, fields)

    def _type_of_field(self, native: Any) -> ColumnType:
        extension = native.metadata.get(EXTENSION_NAME, b"").decode("utf-8", "replace")
        if extension and extension not in TEXT_EXTENSIONS:
            return ColumnType(Kind.OTHER, extension, native.type)
        return self._type(native.type)

    def _type(self, native: Any) -> ColumnType:
        kind = next((kind for kind, test in self._tests if test(native)), Kind.OTHER)
        name = str(native).removeprefix("arro3.core.DataType").strip("<>\n ")
        value = self._type(native.value_type) if kind is Kind.DICTIONARY else None
        zone = native.tz if kind is Kind.TIMESTAMP else None
        unit = native.time_unit if kind in (Kind.TIMESTAMP, Kind.TIME) else None
        return ColumnType(kind, name, native, zone, value, unit)


def _is_decimal(native: Any) -> bool:
    # The library's own test knows decimals of 128 and 256 bits only.
    return "DataType<Decimal" in str(native)
