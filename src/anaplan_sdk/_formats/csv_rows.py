"""Failure dumps as rows, read piece by piece."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import count

from anaplan_sdk.exceptions import AnaplanResponseException

ACTION = "_Action_"

# A field as the csv module reads it: a quote opens one only at its start, and a doubled one
# doesn't close it.
_FIELD = r'(?:"[^"]*(?:""[^"]*)*"(?!")[^,\r\n]*|[^",\r\n][^,\r\n]*)?'
# The end of a piece may fall between the two characters that end a line.
_RECORD = re.compile(rf"{_FIELD}(?:,{_FIELD})*(?:\r\n|\n|\r(?=[^\n]))")


def records(text: str) -> Iterator[list[str]]:
    """The records of CSV.

    Raises:
        AnaplanResponseException: There is a field of more than 128 KB, as where a quote is never
            closed; longer ones than Anaplan's texts are.
    """
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error as problem:
        raise AnaplanResponseException(f"Anaplan's CSV can't be read: {problem}.") from None


def columns(header: Sequence[str]) -> list[str]:
    """A header's names, each of them once: a second `Name` becomes `Name (2)`."""
    known = set(header)
    names: list[str] = []
    met: set[str] = set()
    for name in header:
        unique = name
        if name in met:
            numbered = (f"{name} ({number})" for number in count(2))
            unique = next(other for other in numbered if other not in known)
            known.add(unique)
        met.add(name)
        names.append(unique)
    return names


class RowReader:
    """Reads CSV with a header row from pieces that may end anywhere, even within a character.

    One bad row must not hide the other rows' errors: what isn't UTF-8 comes as U+FFFD, and fields
    beyond the header as `Column 5` and so on, by their place.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._header: list[str] | None = None
        self._columns: list[str] = []

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
        for fields in records(text):
            if self._header is None:
                self._header = fields
                self._columns = columns(fields)
            elif fields:
                names = self._columns
                if len(fields) > len(names):
                    places = range(len(names) + 1, len(fields) + 1)
                    names = columns([*self._header, *(f"Column {place}" for place in places)])
                yield dict(zip(names, fields, strict=False))


def named_after(action: str, row: dict[str, str]) -> dict[str, str]:
    """A row that tells first, as `_Action_`, which action refused it.

    A column of the source with that name becomes `_Action_ (2)`, as any second one does.
    """
    names = columns([ACTION, *row]) if ACTION in row else [ACTION, *row]
    return dict(zip(names, (action, *row.values()), strict=True))
