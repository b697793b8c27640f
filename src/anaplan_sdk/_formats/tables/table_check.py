"""Checking the values of a table, before it is sent, against what is known of their target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Fields, Kind, RecordBatch
from anaplan_sdk._formats.tables.dialect import RowWriter
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.names import folded, shortened
from anaplan_sdk._formats.tables.table_encoder import BATCH_ROWS, TableEncoder
from anaplan_sdk._formats.tables.value_checks import ValueKind, check_value, is_rounded
from anaplan_sdk._table_checks import CheckProblem, CheckReason
from anaplan_sdk.exceptions import ColumnMismatchException, InvalidTableException

_SHOWN = 10
_SHOWN_TEXT = 60

_MESSAGES = {
    CheckReason.NOT_A_NUMBER: "not a number",
    CheckReason.NOT_A_BOOLEAN: "not a boolean",
    CheckReason.NOT_A_DATE: "not a date",
    CheckReason.NOT_A_MEMBER: "neither a name nor a code of the list",
    CheckReason.EMPTY: "empty, but the column chooses the item that the row is about",
    CheckReason.ROUNDED: "an integer of more than 53 bits, which Anaplan rounds",
}
# Values of these types are always values of the kind, or may be.
_FITTING: Mapping[ValueKind, frozenset[Kind]] = {
    "number": frozenset((Kind.FLOAT,)),
    "boolean": frozenset((Kind.BOOLEAN,)),
    "date": frozenset((Kind.DATE, Kind.DATE64, Kind.TIMESTAMP)),
    "text": frozenset(Kind),
}


@dataclass(frozen=True)
class Expectation:
    """What is known of the values of a column.

    Attributes:
        target: What the column is imported into, for the report.
        kind: The type of the values; None if they are items of a list.
        members: The names and codes of the list, as `folded` returns them; None if unknown.
        is_dimension: Whether the value chooses the item that the row is about, so that it must not
            be empty.
        is_inferred: Whether the target is inferred from the import's name.
    """

    target: str
    kind: ValueKind | None = None
    members: frozenset[str] | None = None
    is_dimension: bool = False
    is_inferred: bool = False


@dataclass
class _Found:
    """The rows with one problem of a column."""

    message: str
    expectation: Expectation | None = None
    count: int = 0
    rows: list[int] = field(default_factory=list[int])
    examples: dict[str, None] = field(default_factory=dict[str, None])

    def add(self, row: int, value: object) -> None:
        self.count += 1
        if len(self.rows) < _SHOWN:
            self.rows.append(row)
        if len(self.examples) < _SHOWN:
            self.examples[shortened(str(value), _SHOWN_TEXT)] = None


@dataclass(frozen=True)
class _Rows:
    """Consecutive rows of a table.

    Attributes:
        batch: The rows.
        first: The index of the first of them in the table.
        places: The positions of the columns that are sent.
    """

    batch: RecordBatch
    first: int
    places: Sequence[int]

    def row(self, index: int) -> _Rows:
        """Return one of the rows."""
        return _Rows(self.batch.slice(index, 1), self.first + index, self.places)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is sent of the rows but empty texts; Anaplan ignores such rows."""
        columns = [self.batch.column(place).to_pylist() for place in self.places]
        return all(value in (None, "") for column in columns for value in column)


class _ColumnCheck:
    """The check of one column."""

    def __init__(
        self,
        library: ArrowLibrary,
        fields: Fields,
        place: int,
        name: str,
        file_format: FileFormat,
        expectations: Sequence[Expectation],
    ) -> None:
        self.name, column_type = fields[place]
        self.found: dict[tuple[CheckReason, Expectation | None], _Found] = {}
        self._place = place
        self._encoder: TableEncoder | None = None
        self._writer: RowWriter | None = None
        kind = (column_type.value or column_type).kind
        self._expectations = [
            each
            for each in expectations
            if each.is_dimension
            or each.members is not None
            or (each.kind is not None and kind not in _FITTING[each.kind])
        ]
        try:
            self._encoder = TableEncoder(library, fields, [(place, name)], file_format)
            self._writer = RowWriter(library, [fields[place]], file_format)
        except InvalidTableException as error:
            self._find(CheckReason.TYPE, error.message)

    def read(self, rows: _Rows) -> Iterator[int]:
        """Check the next rows, and yield the indexes of those with a problem among them."""
        if self._encoder is None or self._writer is None:
            return
        refused: list[int] = []
        try:
            self._encoder.encode(rows.batch)
        except InvalidTableException:
            refused = list(self._not_writable(self._encoder, rows))
            yield from refused
        if not self._expectations:
            return
        if not refused:
            yield from self._compare(self._writer, rows)
            return
        for index in sorted(set(range(rows.batch.num_rows)).difference(refused)):
            for _ in self._compare(self._writer, rows.row(index)):
                yield index

    def problems(self) -> Iterator[CheckProblem]:
        for (reason, expectation), found in self.found.items():
            yield CheckProblem(
                column=self.name,
                reason=reason,
                count=found.count,
                rows=tuple(found.rows),
                examples=tuple(found.examples),
                target=expectation.target if expectation else None,
                is_inferred=expectation is not None and expectation.is_inferred,
                message=found.message,
            )

    def _not_writable(self, encoder: TableEncoder, rows: _Rows) -> Iterator[int]:
        # The encoder stops at the first value; all of them are counted.
        for index in range(rows.batch.num_rows):
            row = rows.row(index)
            try:
                encoder.encode(row.batch)
            except InvalidTableException as error:
                (value,) = row.batch.column(self._place).to_pylist()
                found = self._find(CheckReason.NOT_WRITABLE, _without_place(error))
                found.add(row.first, value)
                yield index

    def _compare(self, writer: RowWriter, rows: _Rows) -> Iterator[int]:
        (column,) = writer.write([rows.batch.column(self._place)], rows.first)
        values = column.to_pylist()
        for expectation in self._expectations:
            for index, value in enumerate(values):
                reason = _reason(value, expectation)
                if reason is None or (reason is CheckReason.EMPTY and rows.row(index).is_blank):
                    continue
                found = self._find(reason, _MESSAGES[reason], expectation)
                found.add(rows.first + index, _text(value))
                yield index

    def _find(
        self, reason: CheckReason, message: str, expectation: Expectation | None = None
    ) -> _Found:
        if expectation is not None:
            message = f"{message} ({expectation.target})"
        return self.found.setdefault((reason, expectation), _Found(message, expectation))


class TableCheck:
    """Checks a table, of which it keeps little: counts, and the first rows of each problem.

    Args:
        library: The Arrow library.
        fields: The names and types of the table's columns.
        columns: The position of each column that is sent, and its name in the file.
        file_format: The format of the file.
        expectations: What is known of the values of columns, by position in the table.

    Attributes:
        rows: The number of rows so far.
        refused: The number of them with a problem.
    """

    def __init__(
        self,
        library: ArrowLibrary,
        fields: Fields,
        columns: Sequence[tuple[int, str]],
        file_format: FileFormat,
        expectations: Mapping[int, Sequence[Expectation]],
    ) -> None:
        self.rows = self.refused = 0
        self._columns = [
            _ColumnCheck(library, fields, place, name, file_format, expectations.get(place, ()))
            for place, name in columns
        ]
        self._places = [place for place, _ in columns]
        self._head = list(_check_head(library, fields, columns, file_format))

    def add(self, batch: RecordBatch) -> None:
        """Check the next rows."""
        for start in range(0, batch.num_rows, BATCH_ROWS):
            part = batch.slice(start, min(BATCH_ROWS, batch.num_rows - start))
            rows = _Rows(part, self.rows, self._places)
            refused: set[int] = set()
            for column in self._columns:
                refused.update(column.read(rows))
            self.refused += len(refused)
            self.rows += part.num_rows

    def problems(self) -> list[CheckProblem]:
        """Return the problems, in the order of the columns."""
        return [
            *self._head,
            *(problem for column in self._columns for problem in column.problems()),
        ]


def header_problems(error: ColumnMismatchException) -> list[CheckProblem]:
    """Return what is wrong with the columns of a table as problems.

    Args:
        error: The error that comparing them with the import's has raised.

    Returns:
        A problem for each column, or one for their order.
    """
    problems = [
        CheckProblem(column=name, reason=reason, message=message)
        for names, reason, message in (
            (error.missing, CheckReason.MISSING_COLUMN, "the table does not have this column"),
            (error.unexpected, CheckReason.UNEXPECTED_COLUMN, "the import has no such column"),
            (error.repeated, CheckReason.REPEATED_COLUMN, "the table has it more than once"),
        )
        for name in names
    ]
    if problems:
        return problems
    return [
        CheckProblem(
            column=", ".join(error.expected),
            reason=CheckReason.COLUMN_ORDER,
            message=f"the table has these columns in another order; columns={error.expected!r} "
            "sends them in the order of the import",
        )
    ]


def _check_head(
    library: ArrowLibrary,
    fields: Fields,
    columns: Sequence[tuple[int, str]],
    file_format: FileFormat,
) -> Iterator[CheckProblem]:
    """Yield problems of the table as a whole, and of the names of its columns."""
    with suppress(InvalidTableException):
        TableEncoder(library, fields, columns, file_format).head()
        return
    if not file_format.separator and len(columns) > 1:
        yield CheckProblem(
            column=fields[columns[1][0]][0],
            reason=CheckReason.UNEXPECTED_COLUMN,
            message="the file has no separator, so it has one column",
        )
    for place, name in columns:
        try:
            encoder = TableEncoder(library, fields, [(place, name)], file_format)
        except InvalidTableException:
            continue  # Its type is reported with the column.
        try:
            encoder.head()
        except InvalidTableException as error:
            yield CheckProblem(
                column=fields[place][0], reason=CheckReason.NOT_WRITABLE, message=error.message
            )


def _reason(value: object, expectation: Expectation) -> CheckReason | None:
    if type(value) in (int, Decimal) and expectation.kind == "number":
        return CheckReason.ROUNDED if is_rounded(cast("int | Decimal", value)) else None
    text = _text(value).strip()
    if not text:
        return CheckReason.EMPTY if expectation.is_dimension else None
    if expectation.members is not None:
        is_member = folded(text) in expectation.members
        return None if is_member else CheckReason.NOT_A_MEMBER
    return None if expectation.kind is None else check_value(expectation.kind, text)


def _text(value: object) -> str:
    """Return what is written for a value that the dialect has prepared."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_place(error: InvalidTableException) -> str:
    """Return the message without the row and the column, which the problem has itself."""
    if error.row is None:
        return error.message
    return error.message.removeprefix(f"Row {error.row:,}, column {error.column!r}: ")
