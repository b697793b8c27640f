"""Tables as JSON Lines: a JSON object in each line, with a value for each column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import cast

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import BatchStream, Fields, Kind, RecordBatch
from anaplan_sdk.exceptions import InvalidTableException

_LARGEST = 2**63


class _Number(str):
    """A number as it is written, since a float may have other digits."""

    __slots__ = ()


def open_json_lines(library: ArrowLibrary, path: Path, batch_rows: int) -> BatchStream:
    """Open a file of JSON Lines, which is read twice: first for the types of its columns.

    Columns of booleans, integers and floats have these types. All others are texts: also columns
    of integers that Arrow's int64 can't hold, and those with texts and other values.

    Args:
        library: The Arrow library.
        path: The file.
        batch_rows: The most rows of a record batch.

    Returns:
        Its columns, in the order in which they occur, and its record batches.

    Raises:
        InvalidTableException: It is not JSON Lines, a value is an array or an object, or a number
            has more digits than a float.
        OSError: The file can't be read.
    """
    if not path.is_file() and path.exists():
        raise InvalidTableException(f"{path.name!r} is not a file, so it can't be read twice.")
    fields = [(name, library.type(kind)) for name, kind in _columns(path).items()]
    if not fields:
        raise InvalidTableException(f"{path.name!r} has no objects, so the table has no columns.")
    return BatchStream(fields, _batches(library, path, fields, batch_rows))


def json_lines(names: Sequence[str], batches: Iterable[RecordBatch]) -> Iterator[bytes]:
    """Write record batches as JSON Lines; dates and times are in ISO 8601.

    Args:
        names: The names of the columns.
        batches: The record batches.

    Yields:
        The lines of each batch.
    """
    for batch in batches:
        columns = [batch.column(place).to_pylist() for place in range(batch.num_columns)]
        rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
        yield "".join(
            f"{json.dumps(row, ensure_ascii=False, default=_text)}\n" for row in rows
        ).encode()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


def _columns(path: Path) -> dict[str, Kind]:
    """Return the kind of each column."""
    found: dict[str, set[str]] = {}
    inexact: dict[str, tuple[int, str]] = {}
    for line, row in _objects(path):
        for name, value in row.items():
            kinds = found.setdefault(name, set())
            kind = _kind(value)
            if kind is None:
                raise InvalidTableException(
                    f"{path.name!r}, line {line:,}, column {name!r}: the value is an array or an "
                    "object, which Anaplan does not have: write it as a text, or leave it out.",
                    column=name,
                )
            if kind:
                kinds.add(kind)
            if isinstance(value, _Number) and name not in inexact and not _is_exact(value):
                inexact[name] = line, value
    columns = {name: _column_kind(kinds) for name, kinds in found.items()}
    for name, (line, number) in inexact.items():
        if columns[name] is Kind.FLOAT:
            raise InvalidTableException(
                f"{path.name!r}, line {line:,}, column {name!r}: {number} has more digits than a "
                "float of 64 bits. Write the numbers of the column as texts to send their digits.",
                column=name,
            )
    return columns


def _column_kind(kinds: set[str]) -> Kind:
    """Return the kind of a column by the kinds of its values."""
    if kinds == {"boolean"}:
        return Kind.BOOLEAN
    if kinds == {"integer"}:
        return Kind.INTEGER
    is_float = "float" in kinds and kinds <= {"integer", "large", "float"}
    return Kind.FLOAT if is_float else Kind.TEXT


def _kind(value: object) -> str | None:
    """Return what a value is; empty for null, None for what is no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, _Number):
        if not value.lstrip("-").isdecimal():
            return "float"
        # More digits than 19 are not converted: that takes quadratic time.
        is_small = len(value) <= 20 and -_LARGEST <= int(value) < _LARGEST
        return "integer" if is_small else "large"
    return "text" if isinstance(value, str) else None


def _is_exact(number: str) -> bool:
    try:
        return Decimal(number) == Decimal(repr(float(number)))
    except InvalidOperation:  # Infinity, of a number that a float can't hold.
        return False


def _objects(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open("rb") as file:
        for line, data in enumerate(file, 1):
            if not data.strip():
                continue
            try:
                row = json.loads(
                    data.decode("utf-8-sig"),
                    parse_int=_Number,
                    parse_float=_Number,
                    parse_constant=_refuse_constant,
                    object_pairs_hook=_object,
                )
                if rb"\u" in data:
                    _check_surrogates(row)
            except (ValueError, RecursionError) as error:
                raise InvalidTableException(
                    f"{path.name!r}, line {line:,}: the line is not valid JSON: {error}."
                ) from None
            if not isinstance(row, dict):
                raise InvalidTableException(
                    f"{path.name!r}, line {line:,}: the line is not a JSON object."
                )
            yield line, cast("dict[str, object]", row)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has {twice!r} twice")
    return row


def _check_surrogates(row: object) -> None:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        character = ascii(error.object[error.start])[1:-1]
        raise ValueError(f"it has {character}, half of a character") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number of JSON")


def _batches(
    library: ArrowLibrary, path: Path, fields: Fields, batch_rows: int
) -> Iterator[RecordBatch]:
    rows = (row for _, row in _objects(path))
    while some := list(islice(rows, batch_rows)):
        columns = [
            library.column([_value(row.get(name), each.kind) for row in some], each)
            for name, each in fields
        ]
        yield library.make_batch(columns, fields)


def _value(value: object, kind: Kind) -> object:
    if value is None or kind is Kind.BOOLEAN:
        return value
    if kind is Kind.TEXT:
        return str(value).lower() if isinstance(value, bool) else str(value)
    return int(str(value)) if kind is Kind.INTEGER else float(str(value))
