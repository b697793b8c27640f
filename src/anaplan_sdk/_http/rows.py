"""Failure dumps as rows, read piece by piece."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

# A field as the csv module reads it: a quote opens one only at its start, and a doubled one
# doesn't close it.
_FIELD = r'(?:"[^"]*(?:""[^"]*)*"(?!")[^,\r\n]*|[^",\r\n][^,\r\n]*)?'
# The end of a piece may fall between the two characters that end a line.
_RECORD = re.compile(rf"{_FIELD}(?:,{_FIELD})*(?:\r\n|\n|\r(?=[^\n]))")


class RowReader:
    """Reads CSV with a header row from pieces that may end anywhere, even within a character.

    What isn't UTF-8 comes as U+FFFD: one bad byte must not hide the other rows' errors.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._header: list[str] | None = None

    def feed(self, piece: bytes) -> Iterator[dict[str, str]]:
        """Takes a piece in; the rows that are whole now."""
        text = self._text + self._decoder.decode(piece)
        end = 0
        while whole := _RECORD.match(text, end):
            end = whole.end()
        self._text = text[end:]
        yield from self._rows(text[:end])

    def finish(self) -> Iterator[dict[str, str]]:
        """The last row, when it has no line end."""
        rest = self._text + self._decoder.decode(b"", final=True)
        self._text = ""
        yield from self._rows(rest)

    def _rows(self, text: str) -> Iterator[dict[str, str]]:
        for fields in csv.reader(io.StringIO(text, newline="")):
            if self._header is None:
                self._header = fields
            elif fields:
                yield dict(zip(self._header, fields, strict=False))
