"""Tables in memory, and what tables and streams of record batches can be converted to."""

# Neither pandas nor pyarrow has types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownVariableType=false

from __future__ import annotations

import io
import os
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from anaplan_sdk._arguments import expanded
from anaplan_sdk._arrow import BareStream
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary, TableKind
from anaplan_sdk._formats.tables.arrow_types import RecordBatch, Schema
from anaplan_sdk._lazy import LazyModule
from anaplan_sdk._runtime.targets import is_replaceable, open_device, replacing, write_all

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
else:  # For those who read the type hints.
    pd, pl, pa = LazyModule("pandas"), LazyModule("polars"), LazyModule("pyarrow")

_PIECE = 1_048_576
_PAUSE = 0.05


class Conversions:
    """What a table, or a stream of record batches, can be converted to.

    Each method reads all of it. polars, pandas and pyarrow are imported when they are asked for.
    """

    _library: ArrowLibrary
    _failure: BaseException | None = None
    """The error that ended the reading of a stream; the reader raises one of its own instead."""

    @property
    def schema(self) -> Schema:
        """The names and types of the columns, as the Arrow library in use has them."""
        raise NotImplementedError

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the table by the Arrow PyCapsule interface.

        Args:
            requested_schema: Not used: readers convert types themselves.

        Returns:
            A PyCapsule of an `ArrowArrayStream`.
        """
        raise NotImplementedError

    def to_polars(self) -> pl.DataFrame:
        """Return the table as a polars data frame.

        Returns:
            The data frame.

        Raises:
            ImportError: polars is not installed.
            AnaplanException: Reading the table failed; see the subclasses.
        """
        import polars as pl

        with self._own_errors():
            return pl.DataFrame(BareStream(self))

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a pandas data frame. Needs pyarrow besides pandas.

        Returns:
            The data frame. Columns of booleans with nulls are of objects, as pyarrow makes them.

        Raises:
            ImportError: pandas or pyarrow is not installed.
            AnaplanException: Reading the table failed; see the subclasses.
        """
        import_module("pandas")  # Otherwise pyarrow would name itself in the error.
        return self.to_pyarrow().to_pandas()

    def to_pyarrow(self) -> pa.Table:
        """Return the table as a pyarrow table.

        Returns:
            The table.

        Raises:
            ImportError: pyarrow is not installed.
            AnaplanException: Reading the table failed; see the subclasses.
        """
        import pyarrow as pa

        with self._own_errors():
            return pa.table(self)

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the table to a Parquet file, with zstd compression, in bounded memory.

        An existing file is replaced at the end: an incomplete one never appears under the path.

        Args:
            path: Where to write; `~` is expanded.

        Returns:
            The path, with `~` expanded.

        Raises:
            OSError: The path is a folder, its folder does not exist, or it cannot be written.
            AnaplanException: Reading the table failed; see the subclasses.
        """
        return self._write(path, "parquet")

    def to_arrow(self, path: str | os.PathLike[str]) -> Path:
        """Write the table to a file as an Arrow IPC stream, in bounded memory.

        An existing file is replaced at the end: an incomplete one never appears under the path.

        Args:
            path: Where to write; `~` is expanded.

        Returns:
            The path, with `~` expanded.

        Raises:
            OSError: The path is a folder, its folder does not exist, or it cannot be written.
            AnaplanException: Reading the table failed; see the subclasses.
        """
        return self._write(path, "arrow")

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table to a CSV file in UTF-8 with commas and a header, in bounded memory.

        An existing file is replaced at the end: an incomplete one never appears under the path.

        Args:
            path: Where to write; `~` is expanded.

        Returns:
            The path, with `~` expanded.

        Raises:
            InvalidTableException: A column has a type that CSV does not have.
            OSError: The path is a folder, its folder does not exist, or it cannot be written.
            AnaplanException: Reading the table failed; see the subclasses.
        """
        return self._write(path, "csv")

    def write(self, file: BinaryIO, kind: TableKind) -> None:
        """Write the table to an open file, which need not be seekable, in bounded memory.

        Args:
            file: The file, opened for writing bytes. It is not closed.
            kind: "csv" (as `to_csv` writes it), "parquet", "arrow" (an Arrow IPC stream) or "jsonl"
                (JSON Lines: an object in each line; dates are in ISO 8601).

        Raises:
            InvalidTableException: A column has a type that CSV does not have.
            OSError: The file cannot be written.
            AnaplanException: Reading the table failed; see the subclasses.
        """
        with self._own_errors():
            if kind == "csv":
                for piece in self._csv_pieces():
                    write_all(file, piece)
                return
            stream = self._library.open(self)
            if kind == "jsonl":
                from anaplan_sdk._formats.tables.json_lines import json_lines

                for piece in json_lines([name for name, _ in stream.fields], stream.batches):
                    write_all(file, piece)
                return
            sink = _Sink(file)
            schema = self._library.schema(stream.fields)
            batches = takewhile(lambda _: sink.error is None, stream.batches)
            self._library.write_file(
                self._library.stream(schema, batches), cast("BinaryIO", sink), kind
            )
            if sink.error is not None:
                raise sink.error

    def _csv_pieces(self) -> Iterator[bytes]:
        from anaplan_sdk._formats.tables.file_format import FileFormat
        from anaplan_sdk._formats.tables.table_encoder import TableEncoder

        stream = self._library.open(self)
        columns = [(place, name) for place, (name, _) in enumerate(stream.fields)]
        file_format = FileFormat(timestamps="text")
        encoder = TableEncoder(self._library, stream.fields, columns, file_format)
        return encoder.pieces(stream.batches, _PIECE)

    def _write(self, path: str | os.PathLike[str], kind: TableKind) -> Path:
        place = expanded(path)
        with _target(place) as file:
            self.write(file, kind)
        return place

    @contextmanager
    def _own_errors(self) -> Generator[None]:
        """Raise the error that ended a stream, instead of what its reader makes of it."""
        earlier = self._failure
        try:
            yield
        except BaseException as error:
            if self._failure is earlier or self._failure is None or self._failure is error:
                raise
            raise self._failure from None


class _Sink(io.RawIOBase):
    """A file that takes all of what is written, and keeps an error: arro3 panics at one."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self.error: OSError | None = None
        self._file = file
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        try:
            if self.error is None:
                write_all(self._file, data)
        except OSError as error:
            self.error = error
        self._size += size
        return size

    def tell(self) -> int:
        return self._size


@contextmanager
def _target(path: Path) -> Generator[BinaryIO]:
    if is_replaceable(path):
        with replacing(path) as file:
            yield file
        return
    while (device := open_device(path)) is None:
        time.sleep(_PAUSE)
    with device:
        yield device


class Table(Conversions):
    """A table in memory. It can be read any number of times, also by other libraries.

    It has the Arrow PyCapsule interface: `polars.DataFrame(table)`, `pyarrow.table(table)`, and
    duckdb, which finds it by the name of the variable, take it as it is.

    Args:
        library: The Arrow library.
        schema: The names and types of the columns.
        batches: The rows.
    """

    def __init__(
        self, library: ArrowLibrary, schema: Schema, batches: Iterable[RecordBatch]
    ) -> None:
        self._library = library
        self._schema = schema
        self._table: Any = library.collect(schema, iter(batches))

    @property
    def schema(self) -> Schema:
        """The names and types of the columns, as the Arrow library in use has them."""
        return self._schema

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return list(self._schema.names)

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        rows: int = self._table.num_rows
        return rows

    def __len__(self) -> int:
        return self.num_rows

    def __repr__(self) -> str:
        return f"<Table of {self.num_rows:,} rows: {', '.join(self.column_names)}>"

    def __iter__(self) -> Iterator[RecordBatch]:
        batches: list[RecordBatch] = self._table.to_batches()
        return iter(batches)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the table by the Arrow PyCapsule interface.

        Args:
            requested_schema: Not used: readers convert types themselves.

        Returns:
            A PyCapsule of an `ArrowArrayStream`.
        """
        return self._table.__arrow_c_stream__()

    def to_pylist(self) -> list[dict[str, object]]:
        """Return the rows as dicts.

        Returns:
            The rows, with a Python object for each value and None for null.
        """
        rows: list[dict[str, object]] = []
        names = self.column_names
        for batch in self:
            columns = [batch.column(place).to_pylist() for place in range(len(names))]
            rows += [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        return rows
