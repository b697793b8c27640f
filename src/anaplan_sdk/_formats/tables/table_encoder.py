"""Writing a table as the text file that an import reads."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence

from anaplan_sdk._formats.csv_rows import write_records
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Column, Fields, Kind, RecordBatch
from anaplan_sdk._formats.tables.dialect import RowWriter
from anaplan_sdk._formats.tables.file_format import ABSENT, FileFormat
from anaplan_sdk._formats.tables.names import shortened
from anaplan_sdk.exceptions import InvalidTableException

# Few enough for the processor's cache, enough for the time to be spent in the library.
BATCH_ROWS = 16_384
_LINE_END = re.compile(r"\r\n|\r|\n")


class TableEncoder:
    """Writes record batches as rows of a file, and knows which row each line is.

    Args:
        library: The Arrow library.
        fields: The names and types of the table's columns.
        columns: The position of each column that is written, and its name in the file.
        file_format: The format of the file.

    Attributes:
        rows: The number of rows written so far.

    Raises:
        InvalidTableException: A column has a type without values in Anaplan, there are no columns,
            or more than the file can have.
    """

    def __init__(
        self,
        library: ArrowLibrary,
        fields: Fields,
        columns: Sequence[tuple[int, str]],
        file_format: FileFormat,
    ) -> None:
        if not columns:
            raise InvalidTableException("The table has no columns.")
        if not file_format.separator and len(columns) > 1:
            raise InvalidTableException(
                f"The file has no separator, so it has one column; the table has {len(columns)}."
            )
        self.rows = 0
        self._library = library
        self._format = file_format
        self._separator = file_format.separator or ABSENT
        self._quote = file_format.quote or ABSENT
        self._positions = [position for position, _ in columns]
        self._names = [name for _, name in columns]
        self._sources = [fields[position][0] for position in self._positions]
        self._writer = RowWriter(
            library, [fields[position] for position in self._positions], file_format
        )
        self._first_line = file_format.first_data_row
        self._encoder = codecs.getincrementalencoder(file_format.codec)("strict")
        # Of each row whose texts have line ends: the line in which it ends, counted from the first
        # line of data, and how many lines it and such rows before it have beyond one each.
        self._ends: list[int] = []
        self._extra_lines: list[int] = []

    def head(self) -> bytes:
        """Return what comes before the first row: the header, and blank lines around it.

        Raises:
            InvalidTableException: The file's encoding, or its format, can't hold a name.
        """
        header, data = self._format.header_row, self._format.first_data_row
        if not self._format.has_header:
            return self._encoder.encode("\n" * (data - 1))
        names = write_records([self._names], self._separator, self._quote)
        text = "\n" * (header - 1) + names + "\n" * (data - header - 1)
        # Names with line ends take more lines.
        self._first_line = len(_LINE_END.findall(text)) + 1
        if not self._format.quote and ABSENT in text:
            name = next(filter(self._needs_quotes, self._names), "")
            raise InvalidTableException(
                f"The name of column {name!r} {self._quotes_missing(name)}. Rename the column "
                "(columns={...}).",
                column=name,
            )
        try:
            return self._encoder.encode(text)
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            name = next(name for name in self._names if character in name)
            raise InvalidTableException(
                f"The name of column {name!r} has {character!r}, which the file's encoding, "
                f"{self._format.encoding}, does not have. Rename the column (columns={{...}}).",
                column=name,
            ) from None

    def encode(self, batch: RecordBatch) -> bytes:
        """Write the next rows.

        Raises:
            InvalidTableException: A value can't be written; the error has its row and column.
        """
        columns = self._writer.write(
            [batch.column(position) for position in self._positions], self.rows
        )
        data = self._library.write_csv(
            self._library.make_batch(columns, self._writer.fields), self._separator, self._quote
        )
        if not self._format.quote and ABSENT.encode() in data:
            self._refuse(columns, self._needs_quotes, self._quotes_missing)
        if data.count(b"\n") != batch.num_rows or b"\r" in data:
            self._count_lines(columns)
        if not self._format.is_utf_8:
            data = self._encoded(data, columns)
        self.rows += batch.num_rows
        return data

    def pieces(self, batches: Iterable[RecordBatch], least_bytes: int) -> Iterator[bytes]:
        """Write a table as pieces of a file.

        Args:
            batches: The record batches, of any size.
            least_bytes: The fewest bytes of a piece, except for the last one.

        Yields:
            The pieces, the first of them with the header.

        Raises:
            InvalidTableException: A value can't be written; the error has its row and column.
        """
        held, size = [self.head()], 0
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                held.append(
                    self.encode(batch.slice(start, min(BATCH_ROWS, batch.num_rows - start)))
                )
                size += len(held[-1])
                if size >= least_bytes:
                    yield b"".join(held)
                    held, size = [], 0
        if size or self.rows == 0:
            yield b"".join(held)

    def row_of_line(self, line: int) -> int | None:
        """Return the row that a line belongs to.

        Args:
            line: The line of the file, from 1.

        Returns:
            The index of the row in the table; None if it is no row.
        """
        offset = line - self._first_line
        place = bisect_left(self._ends, offset)
        row = offset - (self._extra_lines[place - 1] if place else 0)
        if place < len(self._ends):
            # A line within a row of several lines belongs to that row.
            row = min(row, self._ends[place] - self._extra_lines[place])
        return row if 0 <= row < self.rows else None

    def _count_lines(self, columns: Sequence[Column]) -> None:
        extra: dict[int, int] = {}
        for column, (_, column_type) in zip(columns, self._writer.fields, strict=True):
            if column_type.kind is Kind.TEXT:
                for index, text in enumerate(column.to_pylist()):
                    if text and ("\n" in text or "\r" in text):
                        extra[index] = extra.get(index, 0) + len(_LINE_END.findall(text))
        total = self._extra_lines[-1] if self._extra_lines else 0
        for index in sorted(extra):
            total += extra[index]
            self._ends.append(self.rows + index + total)
            self._extra_lines.append(total)

    def _encoded(self, data: bytes, columns: Sequence[Column]) -> bytes:
        try:
            return self._encoder.encode(data.decode())
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            self._refuse(
                columns,
                lambda text: character in text,
                lambda _: (
                    f"has {character!r}, which the file's encoding, {self._format.encoding}, does "
                    "not have: replace it"
                ),
            )
            raise

    def _needs_quotes(self, text: str) -> bool:
        # An empty text that is all of its line needs them, too: a blank line is no row.
        return not (text or len(self._names) > 1) or any(
            character in text for character in (self._separator, ABSENT, "\n", "\r")
        )

    def _quotes_missing(self, text: str) -> str:
        if not text:
            return "is all of its line, which would be blank, as the file has no quotes: remove it"
        return (
            "has a separator or a line end, which must stand in quotes, and the file has none: "
            "replace it"
        )

    def _refuse(
        self,
        columns: Sequence[Column],
        is_refused: Callable[[str], bool],
        reason: Callable[[str], str],
    ) -> None:
        """Refuse the first text for which `is_refused` is true; null is an empty text."""
        # Other values have digits and letters only, but may be null.
        texts = [
            (name, column.to_pylist())
            for name, column, (_, each) in zip(
                self._sources, columns, self._writer.fields, strict=True
            )
            if each.kind is Kind.TEXT or column.null_count
        ]
        for index in range(len(columns[0])):
            for name, values in texts:
                value = values[index]
                text = "" if value is None else str(value)
                if is_refused(text):
                    row = self.rows + index
                    raise InvalidTableException(
                        f"Row {row:,}, column {name!r}: {shortened(text)!r} {reason(text)}.",
                        row=row,
                        column=name,
                    )
