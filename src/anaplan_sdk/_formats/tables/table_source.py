"""The tables that callers pass, opened as streams of record batches."""

from __future__ import annotations

import gzip
import os
import re
import sys
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, cast

from anaplan_sdk._arguments import expanded
from anaplan_sdk._arrow import ArrowArray, ArrowStream
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary, FileKind, TableKind
from anaplan_sdk._formats.tables.arrow_types import BatchStream, Fields, Kind, RecordBatch
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.json_lines import open_json_lines
from anaplan_sdk._formats.tables.table_encoder import BATCH_ROWS
from anaplan_sdk._formats.tables.table_parser import TableParser
from anaplan_sdk.exceptions import (
    AnaplanResponseException,
    ArgumentTypeException,
    InvalidTableException,
)

_FILE_KINDS: dict[str, FileKind] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
_CSV = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}
_JSON_LINES = (".jsonl", ".ndjson")
_PIECE = 1_048_576
_PARQUET = b"PAR1"
# What an error of Python is followed by when it has passed through a stream of Arrow.
_TRACEBACK = "Detail: Python exception"
# What to call on objects that are not tables yet.
_ADVICE = {
    "LazyFrame": "call collect() on it",
    **dict.fromkeys(
        ("GroupBy", "LazyGroupBy", "DataFrameGroupBy", "SeriesGroupBy"), "aggregate it first"
    ),
    "Series": "make a frame of it: to_frame()",
    # Of structs it would be read as a table, in which arro3 makes other values of null structs.
    "ChunkedArray": "make a table with it as a column",
    "DuckDBPyConnection": "use sql(), which returns a relation, in place of execute()",
}
# The first versions whose tables have the Arrow PyCapsule interface.
_OLDEST = {"polars": (1, 4), "pandas": (2, 2), "duckdb": (1, 1), "pyarrow": (14,)}
_ACCEPTED = (
    "a polars, pandas or pyarrow table, a duckdb relation, a Path to a CSV, Parquet, Arrow or JSON "
    "Lines file, or an iterable of record batches"
)


def kind_of(path: Path) -> TableKind | None:
    """Return what kind of file a path is by its name; None if its name does not show it."""
    suffix = path.suffix.lower()
    if suffix in _CSV:
        return "csv"
    return "jsonl" if suffix in _JSON_LINES else _FILE_KINDS.get(suffix)


def open_table(library: ArrowLibrary, table: object) -> BatchStream:
    """Open a table.

    Args:
        library: The Arrow library.
        table: What the caller passed.

    Returns:
        Its columns and its record batches.

    Raises:
        ArgumentTypeException: It is no table, or its library is too old.
        InvalidTableException: A file is not what its name says, or can't be read as a table, or the
            library that the table comes from, or the Arrow library, can't pass it on.
        OSError: The file can't be read.
    """
    if isinstance(table, BatchStream):
        return table
    name = _full_name(table)
    if isinstance(table, os.PathLike):
        return _open_path(library, expanded(cast("os.PathLike[str]", table)))
    if isinstance(table, str):
        raise ArgumentTypeException(
            f"A str is no table: pass Path({table!r}) for a file of this name."
        )
    if (opened := _open_object(library, table)) is not None:
        return opened
    if not isinstance(table, Iterable) or isinstance(table, Mapping | bytes):
        raise ArgumentTypeException(f"{name} is no table: pass {_ACCEPTED}.")
    return _open_batches(library, cast("Iterable[object]", table))


def _check_version(table: object) -> None:
    """Check that an object of a library has the interface of tables that newer versions have.

    Raises:
        ArgumentTypeException: The library is too old.
    """
    name = type(table).__module__.partition(".")[0]
    oldest = _OLDEST.get(name)
    version = str(getattr(sys.modules.get(name), "__version__", ""))
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if oldest and numbers and tuple(map(int, numbers.groups())) < oldest:
        needed = ".".join(map(str, oldest))
        raise ArgumentTypeException(
            f"{name} {version} has no Arrow data that this SDK can read: install {name} {needed} "
            "or newer."
        )


def refuse_one_shot(table: object) -> None:
    """Refuse a table that is used up when it has been read once.

    Raises:
        ArgumentTypeException: It is a stream, a reader or an iterator.
    """
    given, name = table, type(table).__name__
    if isinstance(table, Iterator) or name.endswith(("Reader", "Stream")):
        raise ArgumentTypeException(
            f"{_full_name(given)} can be read only once, and the check reads the table before it "
            "is sent: pass a table in memory, such as read_all() returns, or a path."
        )


def _open_object(library: ArrowLibrary, table: object) -> BatchStream | None:
    """Open an object with the Arrow PyCapsule interface; return None for other objects."""
    name, kind = _full_name(table), type(table).__name__
    if kind in _ADVICE:
        raise ArgumentTypeException(f"{name} is no table: {_ADVICE[kind]}.")
    _check_version(table)
    problem = f"{name} can't be read by {library.name}"
    if name.startswith("polars.") and (column := _with_nul(table)) is not None:
        # The process would end: polars panics where a panic can't be handled.
        raise InvalidTableException(
            f"The name of column {column!r} has a NUL character. Rename the column.", column=column
        )
    advice = f"Pass a table, and convert columns of types that {library.name} does not have"
    if name == "pandas.DataFrame":
        advice = "Give each column values of one type, for example with astype(str)"
    if name == "polars.DataFrame":
        table = _without_null_columns(table)
    if isinstance(table, ArrowStream):
        with _readable(problem, advice):
            opened = library.open(table)
        return replace(opened, batches=_checked(opened, problem, advice))
    if isinstance(table, ArrowArray):
        with _readable(problem, advice):
            batch = library.batch(table)
            return BatchStream(library.fields(batch.schema), iter([batch]))
    return None


def _without_null_columns(frame: Any) -> object:
    """Return a frame of polars whose columns of nulls only are texts: arro3 can't read others."""
    polars: Any = sys.modules["polars"]
    nulls = [name for name, each in frame.schema.items() if each == polars.Null]
    return frame.cast(dict.fromkeys(nulls, polars.String)) if nulls else frame


def _with_nul(table: object) -> str | None:
    columns = cast("list[str]", getattr(table, "columns", []))
    return next((column for column in columns if "\0" in column), None)


def _open_batches(library: ArrowLibrary, parts: Iterable[object]) -> BatchStream:
    """Open record batches, or tables of the same columns, one after the other."""

    def opened() -> Iterator[BatchStream]:
        for part in parts:
            stream = _open_object(library, part)
            if stream is None:
                raise ArgumentTypeException(
                    f"{_full_name(part)} is no record batch: pass {_ACCEPTED}. Of rows as dicts "
                    "make a table first, such as polars.DataFrame(rows)."
                )
            yield stream

    streams = opened()
    first = next(streams, None)
    if first is None:
        raise InvalidTableException(
            "The iterable has no record batches, so that the table has no columns."
        )

    def batches() -> Iterator[RecordBatch]:
        yield from first.batches
        for number, stream in enumerate(streams, 2):
            # Values of other types would be converted, and could change.
            if stream.fields != first.fields:
                raise InvalidTableException(
                    f"Record batch {number} has other columns than the first one: "
                    f"{_shown(stream.fields)}, not {_shown(first.fields)}. Give all of them the "
                    "same columns of the same types."
                )
            yield from stream.batches

    return BatchStream(first.fields, batches())


def _checked(opened: BatchStream, problem: str, advice: str) -> Iterator[RecordBatch]:
    """Yield the batches of a stream, with the errors of the libraries as ours."""
    while True:
        with _readable(problem, advice):
            batch = next(opened.batches, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _readable(problem: str, advice: str) -> Generator[None]:
    """Raise what the libraries raise, which is nothing specific, as our errors."""
    try:
        yield
    except MemoryError:
        raise
    except BaseException as error:
        # A panic of a library in Rust is no Exception, which callers could handle.
        is_panic = type(error).__name__ == "PanicException"
        if not isinstance(error, Exception) and not is_panic:
            raise
        # pyarrow raises an OSError of no number for data that it can't read.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # pandas adds the name of the column as a second argument.
        reason = ": ".join(map(str, reversed(error.args))) if len(error.args) > 1 else str(error)
        reason = reason.partition(_TRACEBACK)[0]
        if is_panic:
            reason = reason.rpartition("value: ")[2]
        reason = reason.strip(" .\n")
        raise InvalidTableException(f"{problem}: {reason}. {advice}.") from error


def _open_path(library: ArrowLibrary, path: Path) -> BatchStream:
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder; give the path of a file.")
    suffix = path.suffix.lower()
    inner = Path(path.stem).suffix.lower()
    is_gzip = suffix == ".gz" and inner in _CSV
    suffix = inner if is_gzip else suffix
    if suffix not in (*_CSV, *_FILE_KINDS, *_JSON_LINES):
        known = ", ".join([*_CSV, ".csv.gz", *_FILE_KINDS, *_JSON_LINES])
        raise InvalidTableException(
            f"{path.name!r} does not show by its name what it is: it must end in one of {known}."
        )
    if not path.exists():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    if suffix in _CSV:
        return _open_csv(library, path, _CSV[suffix], is_gzip=is_gzip)
    if not path.stat().st_size:
        raise InvalidTableException(f"{path.name!r} is empty.")
    if suffix in _JSON_LINES:
        return open_json_lines(library, path, BATCH_ROWS)
    kind, name = _FILE_KINDS[suffix], repr(path.name)
    with _readable(f"{name} can't be read", "It may be damaged, or not be what its name says"):
        if kind == "parquet" and not _is_parquet(path):
            raise ValueError("it does not begin and end as Parquet files do")
        opened = library.open_file(path, kind, BATCH_ROWS)
    return replace(opened, batches=_checked(opened, f"{name} can't be read", "It may be damaged"))


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        begin = file.read(len(_PARQUET))
        file.seek(-min(len(_PARQUET), path.stat().st_size), os.SEEK_END)
        return begin == _PARQUET == file.read()


def _open_csv(library: ArrowLibrary, path: Path, separator: str, *, is_gzip: bool) -> BatchStream:
    """Open a CSV file, whose columns are texts, as they stand there."""
    text = library.type(Kind.TEXT)
    parser = TableParser(
        library,
        FileFormat(separator=separator),
        lambda names: [text] * len(names),
        batch_rows=BATCH_ROWS,
        rename=list,
    )

    def batches() -> Iterator[RecordBatch]:
        try:
            with gzip.open(path) if is_gzip else path.open("rb") as file:
                while piece := file.read(_PIECE):
                    yield from parser.feed(piece)
            yield from parser.finish()
        except AnaplanResponseException as error:
            raise error.as_type(InvalidTableException, f"{path.name!r}: {error.message}") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InvalidTableException(f"{path.name!r} can't be unpacked: {error}.") from error

    opened = batches()
    first = next(opened, None)
    rest = opened if first is None else chain([first], opened)
    if not parser.fields:
        raise InvalidTableException(f"{path.name!r} is empty: it has no header.")
    return BatchStream(parser.fields, rest)


def _shown(fields: Fields) -> str:
    return ", ".join(f"{name!r} ({each.name})" for name, each in fields)


def _full_name(value: object) -> str:
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    return kind.__name__ if module == "builtins" else f"{module}.{kind.__name__}"
