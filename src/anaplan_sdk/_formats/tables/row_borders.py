"""Where rows begin in the chunks of a file, so that parts of it can be read apart from the rest.

A part gets the rows that follow the line ends in its chunks; the first part also gets the first
row. So the row that a part begins with does not depend on the chunk before, except for one thing:
whether the chunk begins within a quoted text. All possibilities are tried on the text of the chunk.
At most one should be valid CSV with the header's number of fields in each row.

What is found so is never trusted alone. A part is read row by row up to its end, and compares where
the next part begins with what was found there from that part's chunks. So if all parts are read
without an error, together they have each row once.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from anaplan_sdk._formats.tables.file_format import ABSENT, FileFormat
from anaplan_sdk._formats.tables.table_parser import (
    MAX_ROW_BYTES,
    csv_records,
    end_of_closed_rows,
    row_patterns,
)
from anaplan_sdk.exceptions import AnaplanResponseException, InvalidArgumentException

# This much of a chunk is enough to decide whether it begins within a quoted text.
_ENOUGH_BYTES = 1_000_000
# Encodings whose characters of several bytes contain no byte below 0x40, or no ASCII but digits.
_MULTIBYTE = frozenset(
    {
        "utf-8", "big5", "big5hkscs", "cp932", "cp949", "cp950", "euc_jis_2004", "euc_jisx0213",
        "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "johab", "shift_jis", "shift_jis_2004",
        "shift_jisx0213",
    }
)  # fmt: skip
_NOT_IN_PARTS = "so it can't be read in parts: read it as one part, without part."
_UNFINISHED = "The output ends within a quoted text."


def check_encoding(file_format: FileFormat) -> None:
    """Check that separators, quotes and line ends are found in the bytes of a file's encoding.

    Raises:
        InvalidArgumentException: They are not, as in UTF-16.
    """
    codec = file_format.codec
    signs = file_format.separator + file_format.quote + "\r\n"
    if codec in _MULTIBYTE:
        # In some of these the second byte of a character may be a digit, a letter or `|`.
        if codec == "utf-8" or all(ord(each) < ord("0") or each in ":;<=>?" for each in signs):
            return
    else:
        try:
            is_single_byte = len(bytes(range(256)).decode(codec, "replace")) == 256
            if is_single_byte and signs.encode(codec) == signs.encode("ascii"):
                return
        except (UnicodeError, LookupError):
            pass
    raise InvalidArgumentException(
        f"The export's encoding is {file_format.encoding}, in which rows are not found without "
        f"reading all of the output, {_NOT_IN_PARTS}"
    )


class HeaderReader:
    """Finds the header at the beginning of a file.

    Args:
        file_format: The format of the file.

    Attributes:
        header: The header with its line end, as it is in the file; None until it is complete.
        columns: The number of its columns.
        end: Where it ends in the file.
    """

    def __init__(self, file_format: FileFormat) -> None:
        self.header: bytes | None = None
        self.columns = self.end = 0
        self._format = file_format
        self._row = row_patterns(file_format)[1]
        self._bom = codecs.BOM_UTF8 if file_format.is_utf_8 else b""

    def feed(self, data: bytes, *, is_last: bool) -> None:
        """Look for the header.

        Args:
            data: The beginning of the file, from its first byte.
            is_last: Whether it is the whole file.

        Raises:
            AnaplanResponseException: There is none, or it is too long.
        """
        if not is_last and len(data) < len(self._bom):
            return
        start = len(self._bom) if self._bom and data.startswith(self._bom) else 0
        row = self._row.match(data, start)
        if row is None or _may_go_on(data, row.end(), is_last=is_last):
            if not is_last:
                _check_length(len(data))
                return
            if row is None and self._row.match(data[start:] + b"\n") is None:
                raise AnaplanResponseException("The header has a quote that is not closed.")
        self.end = len(data) if row is None else row.end()
        self.header = data[start : self.end]
        # What is not in the encoding is reported when the header is parsed.
        text = self.header.decode(self._format.codec, "replace")
        self.columns = max(len(next(csv_records(text, self._format), list[str]())), 1)


class _Invalid(Exception):
    """A content is not valid CSV."""


class RowBorder:
    """Finds the first row that begins after a line end in a chunk or in those that follow it.

    Args:
        file_format: The format of the file.
        columns: The number of its columns.
    """

    def __init__(self, file_format: FileFormat, columns: int) -> None:
        self._quote = file_format.quote.encode()
        self._line = row_patterns(file_format)[1]
        s, q = re.escape(file_format.separator.encode() or ABSENT.encode()), re.escape(self._quote)
        unquoted = rb"[^%b%b\r\n]*+" % (s, q)
        opened = rb"%b[^%b]*+(?:%b%b[^%b]*+)*+" % (q, q, q, q, q)
        field = rb"(?:%b%b|%b)" % (opened, q, unquoted) if q else unquoted
        # A field whose text goes on after the data; its last quote may be the half of a pair.
        part = rb"(?:%b%b?+|%b)" % (opened, q, unquoted) if q else unquoted
        end = rb"(?:\r\n|\n|\r)"
        row = rb"%b(?:%b%b){%d}+" % (field, s, field, columns - 1)
        rest = rb"%b(?:%b%b){0,%d}+" % (field, s, field, columns - 1)
        beginning = rb"(?:%b%b){0,%d}+%b\Z" % (field, s, columns - 1, part)
        self._rest = re.compile(rest + end)
        self._last_rest = re.compile(rest + rb"\Z")
        self._rows = re.compile(rb"(?:%b%b|%b)*+" % (row, end, end))
        self._last_row = re.compile(row + rb"\Z")
        self._beginning = re.compile(beginning)

    def find(self, data: bytes, *, is_last: bool) -> int | None:
        """Find the border.

        Args:
            data: The content from the beginning of a chunk.
            is_last: Whether it is all that follows.

        Returns:
            Where the row begins; the length of the data if there is none; None if that depends on
            more data.

        Raises:
            AnaplanResponseException: It can't be known without the content before.
        """
        if not self._quote:
            line = self._line.match(data)
            if line is not None and not _may_go_on(data, line.end(), is_last=is_last):
                return line.end()
            if not is_last:
                _check_length(len(data))
            return len(data) if is_last else None
        text, is_whole = data[:_ENOUGH_BYTES], is_last and len(data) <= _ENOUGH_BYTES
        borders = self._possible(text, is_last=is_whole)
        if borders == {None} and len(text) < len(data):  # The row is longer than that.
            text, is_whole = data, is_last
            borders = self._possible(text, is_last=is_whole)
        is_enough = len(text) >= _ENOUGH_BYTES
        found = [each for each in borders if each is not None]
        if len(found) == 1 and (is_enough or None not in borders):
            return found[0]
        if borders and not is_whole and not (is_enough and found):
            _check_length(len(text))
            return None
        raise AnaplanResponseException(
            "At the beginning of a chunk of the output it can't be known whether a quoted text "
            f"goes on there, {_NOT_IN_PARTS}"
        )

    def _possible(self, data: bytes, *, is_last: bool) -> set[int | None]:
        """Return the borders that are possible; None stands for one after the data."""
        q = self._quote
        # In no quoted text, within one, or after the first of two quotes in one.
        before = (b"", q, q + q) if data.startswith(q) else (b"", q)
        borders: set[int | None] = set()
        for each in before:
            with suppress(_Invalid):
                found = self._border(each + data, is_last=is_last)
                borders.add(None if found is None else found - len(each))
        return borders

    def _border(self, data: bytes, *, is_last: bool) -> int | None:
        """Return where a row begins if the data begins in no quoted text; None if after the data.

        Raises:
            _Invalid: It does not begin so.
        """
        rest = self._rest.match(data)
        if rest is None:
            if not (self._last_rest if is_last else self._beginning).match(data):
                raise _Invalid
            return len(data) if is_last else None
        rows = self._rows.match(data, rest.end())
        end = rows.end() if rows else rest.end()
        last = self._last_row if is_last else self._beginning
        if end < len(data) and not last.match(data, end):
            raise _Invalid
        return None if _may_go_on(data, rest.end(), is_last=is_last) else rest.end()


class PartReader:
    """Selects the rows of a part from its chunks and from the beginning of what follows them.

    Feed it with the part's chunks, then with those after them until `is_done`.

    Args:
        file_format: The format of the file.
        header: The header of the file, which was found.
        is_first: Whether the part begins with the first chunk.
    """

    def __init__(self, file_format: FileFormat, header: HeaderReader, *, is_first: bool) -> None:
        self.is_done = False
        self._closed, self._row = row_patterns(file_format)
        self._border = RowBorder(file_format, header.columns)
        # What follows the header, or a line end in the first chunk.
        self._start = header.end if is_first else None
        self._held = b""
        """The content from `_position` on, which is where a row begins once `_start` is None."""
        self._is_started = False
        self._position = 0
        self._own = 0
        """How many bytes the part's chunks have."""
        self._after = b""
        """What follows them."""

    def feed(self, chunk: bytes, *, is_own: bool, is_last: bool) -> bytes:
        """Add a chunk.

        Args:
            chunk: The content of the next chunk.
            is_own: Whether it belongs to the part, and does not follow it.
            is_last: Whether it is the last one of the file.

        Returns:
            Rows of the part.

        Raises:
            AnaplanResponseException: The rows of parts can't be known.
        """
        self._held += chunk
        if is_own:
            self._own += len(chunk)
        else:
            self._after += chunk
        if not self._is_started and not self._begin(is_last=is_last):
            return b""
        if is_own:
            if is_last:
                self.is_done = True
                return self._take(len(self._held))
            return self._take(end_of_closed_rows(self._closed, self._held))
        return self._take_last(is_last=is_last)

    def _begin(self, *, is_last: bool) -> bool:
        start = self._start
        if start is None:
            start = self._border.find(self._held, is_last=is_last)
        elif start > len(self._held):
            return False
        if start is None:
            return False
        self._is_started = True
        self._take(start)
        return True

    def _take(self, end: int) -> bytes:
        rows, self._held = self._held[:end], self._held[end:]
        self._position += end
        _check_length(len(self._held))
        return rows

    def _take_last(self, *, is_last: bool) -> bytes:
        """Return the rows up to the one that the next part begins with."""
        next_part = self._border.find(self._after, is_last=is_last)
        end = self._end(is_last=is_last)
        if next_part is None or end is None:
            return b""
        if self._position + end != self._own + next_part:
            raise AnaplanResponseException(
                f"It can't be known where the rows of a part begin, {_NOT_IN_PARTS}"
            )
        self.is_done = True
        return self._take(end)

    def _end(self, *, is_last: bool) -> int | None:
        """Return the end of the first row that ends after the part's chunks; None if not there."""
        end = 0
        while self._position + end <= self._own:
            row = self._row.match(self._held, end)
            if row is None or _may_go_on(self._held, row.end(), is_last=is_last):
                if not is_last:
                    return None
                if row is None and self._row.match(self._held[end:] + b"\n") is None:
                    raise AnaplanResponseException(_UNFINISHED)
                return len(self._held)
            end = row.end()
        return end


def _may_go_on(data: bytes, end: int, *, is_last: bool) -> bool:
    """Whether a carriage return at the end may be the first half of a line end."""
    return not is_last and end == len(data) and data.endswith(b"\r")


def _check_length(length: int) -> None:
    if length > MAX_ROW_BYTES:
        raise AnaplanResponseException(
            f"A row does not end within {MAX_ROW_BYTES:,} bytes: a quote may not be closed."
        )
