"""Tables of items and cells: those in a tenant's description, and CSV and Parquet files beside it.

All of them are read in batches of texts, column by column, so that the same rules apply to all and
memory stays bounded.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from anaplan_emulator.engine.action_results import ActionFailed
from anaplan_emulator.engine.source_file import RowBatch, SourceFile
from anaplan_emulator.store.records import insert_rows
from anaplan_emulator.tenant.file_format import FileFormat
from anaplan_emulator.tenant.file_names import is_parquet

_ROWS_PER_BATCH = 1000
_BYTES_PER_CHUNK = 1 << 20
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table of texts.

    Attributes:
        source: What errors call it: the path of a file, or a part of the description.
        columns: Names of its columns.
        read: Reads it from its start. It can be read more than once.
        row: What errors call a row.
    """

    source: str
    columns: Sequence[str]
    read: Callable[[], Iterator[RowBatch]]
    row: str = "line"

    def error(self, line: int, message: str, column: int | None = None) -> ValueError:
        """Return an error in a row, and in a column of it if one is given."""
        place = f"{self.source}, {self.row} {line}"
        if column is not None:
            place = f"{place}, column {self.columns[column]!r}"
        return ValueError(f"{place}: {message}")


def insert_batch(
    db: sqlite3.Connection,
    statement: str,
    rows: Sequence[tuple[Any, ...]],
    *,
    table: DataTable,
    lines: Sequence[int],
    duplicate: str,
) -> None:
    """Insert the rows of a batch.

    Args:
        db: A transaction.
        statement: The statement up to its values.
        rows: The rows to insert.
        table: The table that they come from.
        lines: Where each of them is in it.
        duplicate: What an error says of the first row that has the key of another one.

    Raises:
        ValueError: Two rows have the same key.
    """
    db.execute("SAVEPOINT batch")
    try:
        insert_rows(db, statement, rows)
    except sqlite3.IntegrityError:
        db.execute("ROLLBACK TO batch")
        values = ", ".join("?" * len(rows[0]))
        for line, row in zip(lines, rows, strict=True):
            try:
                db.execute(f"{statement} VALUES ({values})", row)
            except sqlite3.IntegrityError as error:
                raise table.error(line, duplicate) from error
        raise
    db.execute("RELEASE batch")


def open_table(path: str) -> DataTable:
    """Open a CSV or Parquet file.

    Raises:
        ValueError: It can't be read, has no header or two columns with the same name.
    """
    table = _parquet_table(path) if is_parquet(path) else _csv_table(path)
    folded = [column.lower() for column in table.columns]
    for column in table.columns:
        if folded.count(column.lower()) > 1:
            raise ValueError(f"{path}: two columns are called {column!r}")
    return table


def described_table(
    source: str, row: str, columns: Mapping[str, Callable[[Any], object]], rows: Sequence[Any]
) -> DataTable:
    """Return the rows of a description as a table.

    Args:
        source: What errors call the table.
        row: What errors call a row.
        columns: By the name of each column, what returns its value of a row.
        rows: The rows.
    """

    def read() -> Iterator[RowBatch]:
        numbered = iter(enumerate(rows, 1))
        while batch := list(islice(numbered, _ROWS_PER_BATCH)):
            texts = [tuple(_text(value(each)) for _, each in batch) for value in columns.values()]
            yield RowBatch.of_columns(texts, [number for number, _ in batch])

    return DataTable(source, list(columns), read, row)


def _csv_table(path: str) -> DataTable:
    def read() -> Iterator[RowBatch]:
        with _reading(path):
            file = SourceFile(_chunks(path), FileFormat(), strip_header=False)
            width = len(file.header)
            for batch in file.batches(_ROWS_PER_BATCH):
                for line in batch.malformed:
                    raise ValueError(f"{path}, line {line}: it isn't valid CSV")
                for line, fields in zip(batch.lines, batch.rows, strict=True):
                    if len(fields) > width:
                        raise ValueError(
                            f"{path}, line {line}: it has {len(fields)} values, but the header has"
                            f" {width} columns"
                        )
                yield batch

    with _reading(path):
        header = SourceFile(_chunks(path), FileFormat(), strip_header=False).header
    if not header:
        raise ValueError(f"{path}: the file is empty: its first line has the names of the columns")
    return DataTable(path, header, read)


def _chunks(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        while chunk := file.read(_BYTES_PER_CHUNK):
            yield chunk


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Name the file in errors."""
    try:
        yield
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    except ActionFailed as error:
        raise ValueError(f"{path}: {error}") from error


def _parquet_table(path: str) -> DataTable:
    open_file = _parquet_reader(path)

    def read() -> Iterator[RowBatch]:
        first = 1
        for columns in open_file()[1]:
            texts = []
            for name, values in zip(names, columns, strict=True):
                try:
                    texts.append(tuple(map(_text, values)))
                except TypeError as error:
                    raise ValueError(f"{path}, column {name!r}: {error}") from error
            count = len(texts[0]) if texts else 0
            yield RowBatch.of_columns(texts, list(range(first, first + count)))
            first += count

    names = open_file()[0]
    return DataTable(path, names, read, "row")


def _parquet_reader(path: str) -> Callable[[], tuple[list[str], Iterator[list[Iterable[Any]]]]]:
    """Return what opens a Parquet file: the names of its columns, and its values in batches.

    Raises:
        ValueError: No library that reads Parquet is installed.
    """
    try:
        from arro3.io import read_parquet
    except ImportError:
        return _pyarrow_reader(path)

    def open_file() -> tuple[list[str], Iterator[list[Iterable[Any]]]]:
        _require_parquet(path)
        with _arrow_errors(path):
            reader = read_parquet(path)
            names = list(reader.schema.names)

        def batches() -> Iterator[list[Iterable[Any]]]:
            with _arrow_errors(path):
                for batch in reader:
                    yield [batch.column(name).to_pylist() for name in names]

        return names, batches()

    return open_file


def _require_parquet(path: str) -> None:
    with _reading(path), Path(path).open("rb") as file:
        begin = file.read(len(_PARQUET_MAGIC))
        size = file.seek(0, 2)
        file.seek(max(0, size - len(_PARQUET_MAGIC)))
        if begin != _PARQUET_MAGIC or file.read() != _PARQUET_MAGIC:
            raise ValueError(f"{path}: it isn't a Parquet file")


@contextmanager
def _arrow_errors(path: str) -> Iterator[None]:
    """Name the file in errors of a library, which have no common class."""
    try:
        yield
    except (ValueError, GeneratorExit):
        raise
    except Exception as error:
        raise ValueError(f"{path}: it can't be read as Parquet: {error}") from error
    except BaseException as error:
        # Errors of libraries in Rust that they don't expect.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"{path}: it can't be read as Parquet: {error}") from error


def _pyarrow_reader(path: str) -> Callable[[], tuple[list[str], Iterator[list[Iterable[Any]]]]]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise ValueError(
            f"{path}: to read Parquet files install the extra 'tables':"
            " pip install 'anaplan-sdk[emulator,tables]'"
        ) from None

    def open_file() -> tuple[list[str], Iterator[list[Iterable[Any]]]]:
        _require_parquet(path)
        with _arrow_errors(path):
            file = ParquetFile(path)
            names = list(file.schema_arrow.names)

        def batches() -> Iterator[list[Iterable[Any]]]:
            with _arrow_errors(path):
                for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH):
                    yield [column.to_pylist() for column in batch.columns]

        return names, batches()

    return open_file


def _text(value: object) -> str:
    """Return the text of a value, by which it can be parsed.

    Raises:
        TypeError: The value isn't a text, number, boolean or date.
    """
    try:
        return _TEXTS[type(value)](value)
    except KeyError:
        raise TypeError(
            f"{type(value).__name__} can't be a value: texts, numbers, booleans and dates can"
        ) from None


def _number(value: Any) -> str:
    return str(value) if value == value else ""  # noqa: PLR0124 (NaN isn't equal to itself)


_TEXTS: Mapping[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    float: _number,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "",
    date: date.isoformat,
    datetime: datetime.isoformat,
    Decimal: lambda value: f"{value:f}",
}
