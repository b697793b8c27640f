"""Reading the text of a file as a table, piece by piece."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from anaplan_sdk._formats.csv_rows import unique_names
from anaplan_sdk._formats.tables.arguments import Invalid
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import ColumnType, Fields, Kind, RecordBatch
from anaplan_sdk._formats.tables.cell_reader import CellReader
from anaplan_sdk._formats.tables.file_format import ABSENT, FileFormat
from anaplan_sdk._formats.tables.names import shortened
from anaplan_sdk.exceptions import AnaplanResponseException, InvalidArgumentException

# Rows are parsed once there are this many bytes of them, however few they are.
_MAX_BYTES = 4_000_000
# Of a large piece only as much is parsed at a time as a batch needs.
_PART_BYTES = _MAX_BYTES // 4
# A row longer than this has most likely a quote that is never closed.
MAX_ROW_BYTES = 64_000_000
_MOST_SHOWN = 80

ChooseTypes = Callable[[list[str]], Sequence[ColumnType]]
"""Returns the types of columns by their names."""


class TableParser:
    """Parses pieces of a file, which may end anywhere, into record batches.

    As soon as the header has been read, a batch without rows is yielded, unless there are no
    columns. Blank lines are no rows.

    Args:
        library: The Arrow library.
        file_format: The format of the file.
        choose_types: Chooses the types of the columns once the header has been read.
        invalid: What a text that is no value of its column's type becomes.
        batch_rows: The most rows of a record batch.
        rename: Renames the columns of the file.

    Attributes:
        fields: The names and types of the columns; None until the header has been read. A second
            column `Name` is called `Name (2)`.
        rows: The number of rows parsed so far.
    """

    def __init__(
        self,
        library: ArrowLibrary,
        file_format: FileFormat,
        choose_types: ChooseTypes,
        *,
        invalid: Invalid = "error",
        batch_rows: int = 50_000,
        rename: Callable[[list[str]], list[str]] = unique_names,
    ) -> None:
        self.fields: Fields | None = None
        self.rows = 0
        self._library = library
        self._format = file_format
        self._choose_types = choose_types
        self._invalid: Invalid = invalid
        self._batch_rows = batch_rows
        self._rename = rename
        self._separator = file_format.separator or ABSENT
        self._rows_pattern, self._row_pattern = row_patterns(file_format)
        self._decoder = codecs.getincrementaldecoder(file_format.codec)()
        self._start: bytes | None = b""
        """What may be the beginning of a byte order mark; None after the beginning."""
        self._held: list[bytes] = []
        self._held_bytes = self._held_lines = 0
        self._parse_at = _MAX_BYTES
        self._header = b""
        self._readers: list[CellReader] = []
        self._unfinished: list[RecordBatch] = []
        """Rows of a batch that is not complete."""

    def feed(self, piece: bytes) -> Iterator[RecordBatch]:
        """Add a piece, and yield the batches that are complete.

        Raises:
            UnexpectedValueException: A text is not of its column's type.
            AnaplanResponseException: The text is not valid CSV, or not in the file's encoding.
        """
        yield from self._feed(self._utf_8(piece))

    def feed_page(self, page: bytes) -> Iterator[RecordBatch]:
        """Add a page, which begins and ends with whole rows, and may repeat the header.

        Raises:
            UnexpectedValueException: A text is not of its column's type.
            AnaplanResponseException: The text is not valid CSV, or not in the file's encoding.
        """
        text = self._utf_8(page)
        if text and not text.endswith(b"\n"):
            text += b"\n"
        if self._header and text.startswith(self._header):
            text = text[len(self._header) :]
        yield from self._feed(text)

    def finish(self) -> Iterator[RecordBatch]:
        """Yield the last batches.

        Raises:
            UnexpectedValueException: A text is not of its column's type.
            AnaplanResponseException: The text is not valid CSV, or not in the file's encoding.
        """
        self._hold(self._utf_8(b"", is_last=True))
        if self._held and not self._held[-1].endswith((b"\n", b"\r")):
            self._hold(b"\n")
        if self.fields is None:
            yield from self._read_header(is_last=True)
        data = b"".join(self._held)
        self._held, self._held_bytes = [], 0
        end = _end_of_closed(self._rows_pattern, data, len(data))
        yield from self._parse_rows(data[:end], is_last=True)
        if end < len(data):
            raise AnaplanResponseException(
                f"Row {self.rows:,} has a quote that is not closed before the end of the file."
            )

    def _feed(self, text: bytes) -> Iterator[RecordBatch]:
        for start in range(0, len(text), _PART_BYTES):
            self._hold(text[start : start + _PART_BYTES])
            if self.fields is None:
                yield from self._read_header()
            if self._held_lines >= self._batch_rows or self._held_bytes >= self._parse_at:
                yield from self._parse_rows(self._take_rows())

    def _utf_8(self, piece: bytes, *, is_last: bool = False) -> bytes:
        """Return a piece in UTF-8, without a byte order mark."""
        if self._format.is_utf_8:  # Texts are checked when they are parsed.
            if self._start is None:
                return piece
            start = self._start + piece
            if len(start) < len(codecs.BOM_UTF8) and not is_last:
                self._start = start
                return b""
            self._start = None
            return start.removeprefix(codecs.BOM_UTF8)
        try:
            text = self._decoder.decode(piece, is_last)
        except UnicodeDecodeError as error:
            raise AnaplanResponseException(
                f"The text after row {self.rows:,} is not in the file's encoding, "
                f"{self._format.encoding}: {error.reason}."
            ) from None
        if self._start is not None and text:
            self._start = None
            text = text.removeprefix("\ufeff")
        return text.encode()

    def _hold(self, data: bytes) -> None:
        if data:
            self._held.append(data)
            self._held_bytes += len(data)
            self._held_lines += data.count(b"\n")

    def _keep(self, data: bytes) -> None:
        """Keep what is left when whole rows were taken: its lines are within one row."""
        if len(data) > MAX_ROW_BYTES:
            raise AnaplanResponseException(
                f"Row {self.rows:,} does not end within {MAX_ROW_BYTES:,} bytes: a quote may not "
                "be closed."
            )
        self._held = [data] if data else []
        self._held_bytes, self._held_lines = len(data), 0
        self._parse_at = max(_MAX_BYTES, 2 * len(data))

    def _take_rows(self) -> bytes:
        """Return the whole rows of what is held, and keep the rest."""
        data = b"".join(self._held)
        end = end_of_closed_rows(self._rows_pattern, data)
        self._keep(data[end:])
        return data[:end]

    def _parse_rows(self, data: bytes, *, is_last: bool = False) -> Iterator[RecordBatch]:
        """Parse whole rows, and yield the batches that are complete."""
        if data:
            batch = self._parsed(data)
            if batch.num_rows:
                self._unfinished.append(batch)
        rows = sum(batch.num_rows for batch in self._unfinished)
        # Long rows would take too much memory if they waited for others.
        is_complete = is_last or len(data) >= _MAX_BYTES
        if not rows or (rows < self._batch_rows and not is_complete):
            return
        batch = self._library.join(self._unfinished)
        self._unfinished = []
        for start in range(0, rows, self._batch_rows):
            count = min(self._batch_rows, rows - start)
            part = batch if count == rows else batch.slice(start, count)
            if count < self._batch_rows and not is_complete:
                self._unfinished = [part]
            else:
                yield part

    def _parsed(self, data: bytes) -> RecordBatch:
        fields = self.fields or ()
        try:
            texts = self._library.read_csv(data, len(fields), self._separator, self._format.quote)
        except ValueError as error:
            raise self._refused(data, error) from None
        columns = [
            reader.read(texts.column(place), self.rows)
            for place, reader in enumerate(self._readers)
        ]
        self.rows += texts.num_rows
        return self._library.make_batch(columns, fields)

    def _refused(self, data: bytes, error: ValueError) -> AnaplanResponseException:
        """Return the reason why rows can't be read, with the first such row."""
        names = [name for name, _ in self.fields or ()]
        try:
            rows = (
                record
                for record in csv_records(data.decode("utf-8", "surrogateescape"), self._format)
                if record
            )
            for row, record in enumerate(rows, self.rows):
                if len(record) != len(names):
                    shown = self._separator.join(record)
                    shown = shortened(shown, _MOST_SHOWN).encode("utf-8", "replace").decode()
                    return AnaplanResponseException(
                        f"Row {row:,} has {len(record)} fields, but there are {len(names)} "
                        f"columns: {shown!r}."
                    )
                for name, text in zip(names, record, strict=True):
                    if not text.isascii() and text.encode("utf-8", "replace").decode() != text:
                        return AnaplanResponseException(
                            f"Row {row:,}, column {name!r}: the text is not in the file's "
                            f"encoding, {self._format.encoding}."
                        )
        except csv.Error:
            pass  # The csv module has limits of its own.
        return AnaplanResponseException(
            f"The rows from {self.rows:,} on are not valid CSV with {len(names)} columns: {error}."
        )

    def _read_header(self, *, is_last: bool = False) -> Iterator[RecordBatch]:
        """Read the header, if all of it is there, and keep the rows after it."""
        data = b"".join(self._held)
        header_row = max(self._format.header_row, 1)
        ends = [0]
        while len(ends) <= max(header_row, self._format.first_data_row - 1):
            if is_last and ends[-1] == len(data):
                break
            row = self._row_pattern.match(data, ends[-1])
            # A carriage return at the end of a piece may be the first half of a line end.
            if row is None or (row.end() == len(data) and data.endswith(b"\r") and not is_last):
                if is_last:
                    raise AnaplanResponseException("The header has a quote that is not closed.")
                self._keep(data)
                return
            ends.append(row.end())
        header = data[ends[header_row - 1] : ends[header_row]] if len(ends) > header_row else b""
        try:
            first = (
                (next(csv_records(header.decode(), self._format), list[str]()) or [""])
                if header
                else []
            )
        except UnicodeDecodeError:
            raise AnaplanResponseException(
                f"The header is not in the file's encoding, {self._format.encoding}."
            ) from None
        self._held, self._held_bytes, self._held_lines = [], 0, 0
        if self._format.has_header:
            self._header = header
            self._hold(data[ends[-1] :])
            yield from self._begin(first)
        else:
            self._hold(data)
            yield from self._begin([f"Column {number + 1}" for number in range(len(first))])

    def _begin(self, header: list[str]) -> Iterator[RecordBatch]:
        """Choose the types of the columns, and yield a batch without rows."""
        self.fields = fields_of(header, self._choose_types, self._rename)
        self._readers = [
            CellReader(self._library, name, each, self._invalid) for name, each in self.fields
        ]
        if self.fields:  # There are no batches without columns.
            nothing = self._library.column([], self._library.type(Kind.TEXT))
            columns = [reader.read(nothing, 0) for reader in self._readers]
            yield self._library.make_batch(columns, self.fields)


def fields_of(
    header: Iterable[str],
    choose_types: ChooseTypes,
    rename: Callable[[list[str]], list[str]] = unique_names,
) -> Fields:
    """Return the names and types of the columns that a header has.

    Args:
        header: The names in the header.
        choose_types: Chooses the types of the columns.
        rename: Renames the columns, without spaces around their names.
    """
    # arro3 panics at a name with NUL, which the C interface of Arrow does not have.
    names = rename([name.replace("\0", "").strip() for name in header])
    return list(zip(names, choose_types(names), strict=True))


def first_row(page: bytes) -> bytes:
    """Return the first row of a page in UTF-8, with its line end, as the page has it."""
    bom = codecs.BOM_UTF8 if page.startswith(codecs.BOM_UTF8) else b""
    row = row_patterns(FileFormat())[1].match(page, len(bom))
    return page if row is None else page[: row.end()]


def csv_records(text: str, file_format: FileFormat) -> Iterator[list[str]]:
    """Return the records of a text, as the csv module reads them."""
    lines, separator = io.StringIO(text, newline=""), file_format.separator or ABSENT
    if file_format.quote:
        return csv.reader(lines, delimiter=separator, quotechar=file_format.quote)
    return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)


def end_of_closed_rows(rows_pattern: re.Pattern[bytes] | None, data: bytes) -> int:
    """Return where the last row ends that is certainly complete, if the data begins with a row."""
    end = data.rfind(b"\n") + 1
    # The line end is within a text.
    while (closed := _end_of_closed(rows_pattern, data, end)) < end:
        end = data.rfind(b"\n", 0, closed) + 1
    return end


def _end_of_closed(rows_pattern: re.Pattern[bytes] | None, data: bytes, end: int) -> int:
    """Return where a quoted text begins that is not closed before an end, or else the end."""
    if rows_pattern is None:
        return end
    rows = rows_pattern.match(data, 0, end)
    return rows.end() if rows else 0


def row_patterns(
    file_format: FileFormat,
) -> tuple[re.Pattern[bytes] | None, re.Pattern[bytes]]:
    """Return patterns of rows up to a quoted text that is not closed, and of one row.

    As the csv module and the Arrow libraries read it, a quote opens a quoted text only at the start
    of a field, and a doubled quote does not close it. The first pattern is None without quotes.
    """
    separator, quote = file_format.separator or ABSENT, file_format.quote
    if any(len(each.encode()) != 1 for each in (separator, quote) if each):
        raise InvalidArgumentException(
            f"The separator {separator!r} and the quote {quote!r} must be ASCII characters."
        )
    if not quote:
        return None, re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r)")
    q, s = re.escape(quote.encode()), re.escape(separator.encode())
    opening, literal = rb"(?<![^%b\r\n])%b" % (s, q), rb"(?<=[^%b\r\n])%b" % (s, q)
    quoted = rb"%b[^%b]*+(?:%b%b[^%b]*+)*+%b" % (opening, q, q, q, q, q)
    # Texts that follow one another are much faster to match in a loop of their own.
    others = rb"(?:[%b\n]%b[^%b]*+%b(?!%b))*+" % (s, q, q, q, q)
    rows = rb"(?:[^%b]*+(?:%b%b|%b))*+[^%b]*+" % (q, quoted, others, literal, q)
    row = rb"(?:[^%b\r\n]++|%b|%b)*+(?:\r\n|\n|\r)" % (q, quoted, literal)
    return re.compile(rows), re.compile(row)
