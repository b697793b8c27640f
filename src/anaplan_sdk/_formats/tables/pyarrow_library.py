"""Arrow data by pyarrow, for those who have it and not arro3."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from anaplan_sdk._arrow import ArrowArray, ArrowSchema, ArrowStream, BareStream
from anaplan_sdk._formats.csv_rows import write_records
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

# The first one that converts the string views of polars.
_OLDEST = 18
_IPC_FILE = b"ARROW1"
_ROW_GROUP = 122_880
_BLANK_LINE = re.compile(rb"(?m)^(?=\n)")
# pyarrow may write a decimal of more places, or of a negative scale, with an exponent.
_LEAST_EXPONENT = 6


class PyArrowLibrary:
    """The operations of `ArrowLibrary`, by pyarrow."""

    name = "pyarrow"
    defers_drops = False

    def __init__(self) -> None:
        self._pa: Any = import_module("pyarrow")
        if int(self._pa.__version__.partition(".")[0]) < _OLDEST:
            raise ImportError(
                f"pyarrow {self._pa.__version__} is too old to take the place of arro3: install "
                f"pyarrow {_OLDEST} or newer, or arro3 (pip install 'anaplan-sdk[tables]')."
            )
        self._compute: Any = import_module("pyarrow.compute")
        self._csv: Any = import_module("pyarrow.csv")
        self._ipc: Any = import_module("pyarrow.ipc")
        types: Any = self._pa.types
        self._types = {
            Kind.FLOAT: self._pa.float64(),
            Kind.INTEGER: self._pa.int64(),
            Kind.BOOLEAN: self._pa.bool_(),
            Kind.DATE: self._pa.date32(),
            Kind.TIMESTAMP: self._pa.timestamp("us"),
            Kind.TEXT: self._pa.utf8(),
        }
        self._tests = (
            (Kind.INTEGER, types.is_integer),
            (Kind.FLOAT, types.is_floating),
            (Kind.DECIMAL, types.is_decimal),
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
        """Do nothing: they were dropped at once."""

    def open(self, source: ArrowStream) -> BatchStream:
        """Open the stream of a table."""
        return self._opened(self._pa.RecordBatchReader.from_stream(BareStream(source)))

    def open_file(self, path: Path, kind: FileKind, batch_rows: int) -> BatchStream:
        """Open a Parquet file, or an Arrow IPC file or stream."""
        if kind == "parquet":
            file = import_module("pyarrow.parquet").ParquetFile(path, pre_buffer=False)
            return BatchStream(
                self.fields(file.schema_arrow), file.iter_batches(batch_size=batch_rows)
            )
        with path.open("rb") as opened:
            is_file = opened.read(len(_IPC_FILE)) == _IPC_FILE
        if is_file:
            reader = self._ipc.open_file(self._pa.memory_map(str(path)))
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            reader = self._ipc.open_stream(self._pa.OSFile(str(path)))
            batches = iter(reader)
        return BatchStream(self.fields(reader.schema), map(_validated, batches))

    def batch(self, source: ArrowArray) -> RecordBatch:
        """Return a record batch of another library as one of this library."""
        batch: RecordBatch = self._pa.record_batch(source)
        return batch

    def fields(self, schema: ArrowSchema) -> Fields:
        """Return the names and types of a schema's columns."""
        native: Any = self._pa.schema(schema)
        return [(each.name, self._type_of_field(each)) for each in native]

    def type(self, kind: Kind) -> ColumnType:
        """Return the type that values of a kind are read as."""
        return self._type(self._types[kind])

    def utc_milliseconds(self) -> ColumnType:
        """Return the type of timestamps in UTC with milliseconds, which integers are cast to."""
        return self._type(self._pa.timestamp("ms", tz="UTC"))

    def type_of(self, native: ArrowSchema) -> ColumnType:
        """Return a data type, or the type of a field, of any library."""
        if not isinstance(native, self._pa.DataType):
            native = self._pa.field(native).type
        return self._type(native)

    def whole_days(self, column: Column, column_type: ColumnType) -> Column | None:
        """Return date64 or timestamps, in their zone, as date32; None if one may be no midnight."""
        local: Any = column
        try:
            if column_type.zone in UTC_ZONES:
                local = local.cast(self._pa.timestamp(column_type.unit))
            elif column_type.zone is not None:
                local = self._compute.local_timestamp(column)
            days = local.cast(self._pa.date32(), safe=False)
            midnights = days.cast(local.type, safe=False)
        except self._pa.ArrowInvalid:
            return None  # The zone is not known, or a day is out of range.
        return days if self.are_equal(midnights, local) else None

    def counts(self, column: Column) -> list[int | None]:
        """Return dates, times or timestamps as the integers that Arrow stores."""
        native: Any = column
        whole = self._pa.int32() if native.type.bit_width == 32 else self._pa.int64()
        counts: list[int | None] = native.view(whole).to_pylist()
        return counts

    def have_four_digits(self, days: Column) -> bool:
        """Whether all days are in the years 1 to 9999."""
        native: Any = days
        ends = self._compute.min_max(native.view(self._pa.int32())).as_py()
        first, last = ends["min"], ends["max"]
        return first is None or (first >= FIRST_DAY and last <= LAST_DAY)

    def iso_days(self, texts: Column) -> Column | None:
        """Return texts such as `2026-01-31` as date32; None if one may be another text."""
        native: Any = texts
        try:
            days: Column = native.cast(self._pa.date32())
        except self._pa.ArrowInvalid:
            return None
        return days

    def schema(self, fields: Fields) -> Schema:
        """Make a schema."""
        schema: Schema = self._pa.schema([(name, each.native) for name, each in fields])
        return schema

    def make_batch(self, columns: Sequence[Column], fields: Fields) -> RecordBatch:
        """Make a record batch of columns."""
        batch: RecordBatch = self._pa.RecordBatch.from_arrays(
            list(columns), schema=self.schema(fields)
        )
        return batch

    def column(self, values: Sequence[object], column_type: ColumnType) -> Column:
        """Make a column of Python objects."""
        column: Column = self._pa.array(values, type=column_type.native)
        return column

    def cast(self, column: Column, column_type: ColumnType) -> Column:
        """Convert a column; what can't be converted is null."""
        native: Any = column
        if self._pa.types.is_dictionary(native.type):
            native = self._decoded(native)
        cast: Column
        try:
            cast = native.cast(column_type.native)
        except self._pa.ArrowInvalid:
            values = [self._converted(each, column_type) for each in native]
            cast = self._pa.array(values, type=column_type.native)
        return cast

    def are_equal(self, one: Column, other: Column) -> bool:
        """Whether two columns of one type have the same values."""
        native: Any = one
        return bool(native.equals(other))

    def join(self, batches: Sequence[RecordBatch]) -> RecordBatch:
        """Join record batches of one schema to one."""
        if len(batches) == 1:
            return batches[0]
        table: Any = self._pa.Table.from_batches(batches)
        batch: RecordBatch = table.combine_chunks().to_batches()[0]
        return batch

    def stream(self, schema: Schema, batches: Iterable[RecordBatch]) -> ArrowStream:
        """Make a stream whose batches are taken from the iterable as they are asked for."""
        stream: ArrowStream = self._pa.RecordBatchReader.from_batches(schema, iter(batches))
        return stream

    def write_csv(self, batch: RecordBatch, separator: str, quote: str) -> bytes:
        """Write rows as CSV in UTF-8, without a header; a null is an empty field."""
        native: Any = batch
        columns = [self._writable(column) for column in native]
        if quote != '"':
            # Quotes that pyarrow does not write.
            texts = [column.cast(self._pa.utf8()).fill_null("").to_pylist() for column in columns]
            return write_records(zip(*texts, strict=True), separator, quote).encode()
        is_text = [self._pa.types.is_string(column.type) for column in columns]
        if is_text == [True]:
            # A row of one null would be a blank line, which is no row when it is read.
            columns = [columns[0].fill_null("")]
        file = io.BytesIO()
        options = self._csv.WriteOptions(include_header=False, delimiter=separator)
        table = self._pa.Table.from_arrays(
            columns, names=[str(place) for place in range(len(columns))]
        )
        self._csv.write_csv(table, file, options)
        data = file.getvalue()
        if is_text == [False] and columns[0].null_count:
            data = _BLANK_LINE.sub(b'""', data)
        return data

    def _writable(self, column: Any) -> Any:
        """Return a column whose values pyarrow writes as arro3 does."""
        types = self._pa.types
        if types.is_float16(column.type):
            return column.cast(self._pa.float32())
        if types.is_decimal(column.type) and not 0 <= column.type.scale <= _LEAST_EXPONENT:
            values = column.to_pylist()
            plain = [None if value is None else format(value, "f") for value in values]
            return self._pa.array(plain, type=self._pa.utf8())
        return column

    def read_csv(self, data: bytes, width: int, separator: str, quote: str) -> RecordBatch:
        """Read CSV in UTF-8, without a header, as columns of texts; an empty field is null.

        Raises:
            ValueError: A row has more or fewer fields, or a text is not UTF-8.
        """
        names = [str(number) for number in range(width)]
        text = self.type(Kind.TEXT)
        if not data.strip(b"\r\n"):
            return self.make_batch(
                [self.column([], text)] * width, [(name, text) for name in names]
            )
        try:
            table: Any = self._csv.read_csv(
                io.BytesIO(data),
                self._csv.ReadOptions(
                    column_names=names, use_threads=False, block_size=max(len(data), 1 << 16)
                ),
                self._csv.ParseOptions(
                    delimiter=separator, quote_char=quote or False, newlines_in_values=True
                ),
                self._csv.ConvertOptions(
                    column_types=dict.fromkeys(names, text.native),
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except self._pa.ArrowInvalid as error:
            raise ValueError(str(error)) from None
        return self.join(table.to_batches())

    def write_file(self, source: ArrowStream, file: BinaryIO, kind: FileKind) -> None:
        """Write a stream as Parquet or as an Arrow IPC stream."""
        reader = self._pa.RecordBatchReader.from_stream(source)
        if kind == "parquet":
            opened = import_module("pyarrow.parquet").ParquetWriter(
                file, reader.schema, compression="zstd"
            )
        else:
            opened = self._ipc.new_stream(file, reader.schema)
        with opened:
            for batch in reader:
                if kind == "parquet":
                    opened.write_batch(batch, row_group_size=_ROW_GROUP)
                else:
                    opened.write_batch(batch)

    def collect(self, schema: Schema, batches: Iterator[RecordBatch]) -> ArrowStream:
        """Return all batches as the library's table, which can be read again and again."""
        table: ArrowStream = self._pa.Table.from_batches(list(batches), schema=schema)
        return table

    def _opened(self, reader: Any) -> BatchStream:
        return BatchStream(self.fields(reader.schema), iter(reader))

    def _decoded(self, column: Any) -> Any:
        """Return a dictionary whose values pyarrow can take: it can't take string views."""
        if not self._pa.types.is_string_view(column.type.value_type):
            return column
        values = column.dictionary.cast(self._pa.large_utf8())
        return self._pa.DictionaryArray.from_arrays(column.indices, values)

    def _type_of_field(self, native: Any) -> ColumnType:
        metadata: dict[bytes, bytes] = native.metadata or {}
        extension = metadata.get(EXTENSION_NAME, b"").decode("utf-8", "replace")
        if extension and extension not in TEXT_EXTENSIONS:
            return ColumnType(Kind.OTHER, extension, native.type)
        return self._type(native.type)

    def _type(self, native: Any) -> ColumnType:
        if isinstance(native, self._pa.BaseExtensionType):
            if native.extension_name not in TEXT_EXTENSIONS:
                return ColumnType(Kind.OTHER, native.extension_name, native)
            native = native.storage_type
        kind = next((kind for kind, test in self._tests if test(native)), Kind.OTHER)
        value = self._type(native.value_type) if kind is Kind.DICTIONARY else None
        zone = native.tz if kind is Kind.TIMESTAMP else None
        unit = native.unit if kind in (Kind.TIMESTAMP, Kind.TIME) else None
        return ColumnType(kind, str(native), native, zone, value, unit)

    def _converted(self, scalar: Any, column_type: ColumnType) -> object:
        with suppress(self._pa.ArrowInvalid):
            value: date | datetime | object = scalar.cast(column_type.native).as_py()
            return value
        return None


def _validated(batch: Any) -> RecordBatch:
    """Check data of a file: pyarrow itself trusts it, and would read beyond its buffers."""
    batch.validate(full=True)
    validated: RecordBatch = batch
    return validated
