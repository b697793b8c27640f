"""CSV with a header row, read piece by piece as rows by column name."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from anaplan_sdk.exceptions import AnaplanResponseException

ACTION_COLUMN = "_Action_"

# A field as the csv module reads it: a quote opens a quoted field only at the field's start, and a
# doubled quote does not close it.
_FIELD = r'(?:"[^"]*(?:""[^"]*)*"(?!")[^,\r\n]*|[^",\r\n][^,\r\n]*)?'
# A carriage return at the end of a piece may be the first half of CR LF.
_RECORD = re.compile(rf"{_FIELD}(?:,{_FIELD})*(?:\r\n|\n|\r(?=[^\n]))")


def read_records(text: str) -> Iterator[list[str]]:
    """Yield the records of a CSV text.

    Raises:
        AnaplanResponseException: A field has more than 128 KB, as when a quote is never closed;
            Anaplan's texts are shorter.
    """
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error as problem:
        raise AnaplanResponseException(f"Anaplan's reply is not valid CSV: {problem}.") from None


def write_records(records: Iterable[Iterable[str]], separator: str, quote: str) -> str:
    """Return records as CSV whose lines end in LF."""
    rows = [list(record) for record in records]
    # Before Python 3.13 the writer leaves a lone CR without quotes.
    has_return = any("\r" in text for row in rows for text in row)
    file = io.StringIO(newline="")
    csv.writer(
        file,
        delimiter=separator,
        quotechar=quote,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL,
    ).writerows(rows)
    return file.getvalue()


def unique_names(header: Sequence[str]) -> list[str]:
    """Make the names of a header unique: a second `Name` becomes `Name (2)`."""
    known = set(header)
    names: list[str] = []
    seen: set[str] = set()
    for name in header:
        unique = name
        if name in seen:
            numbered = (f"{name} ({number})" for number in count(2))
            unique = next(other for other in numbered if other not in known)
            known.add(unique)
        seen.add(name)
        names.append(unique)
    return names


class RowReader:
    """Reads CSV with a header row from pieces that may end anywhere, even within a character.

    A malformed row must not hide the rows after it: bytes that are not UTF-8 become U+FFFD, and
    fields beyond the header are named by their position, `Column 5`.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._header: list[str] | None = None
        self._columns: list[str] = []

    def feed(self, piece: bytes) -> Iterator[dict[str, str]]:
        """Add a piece and yield the rows that are complete."""
        text = self._text + self._decoder.decode(piece)
        end = 0
        while record := _RECORD.match(text, end):
            end = record.end()
        self._text = text[end:]
        yield from self._rows(text[:end])

    def finish(self) -> Iterator[dict[str, str]]:
        """Yield the last row if it has no line end."""
        rest = self._text + self._decoder.decode(b"", final=True)
        self._text = ""
        yield from self._rows(rest)

    def _rows(self, text: str) -> Iterator[dict[str, str]]:
        for fields in read_records(text):
            if self._header is None:
                self._header = fields
                self._columns = unique_names(fields)
            elif fields:
                names = self._columns
                if len(fields) > len(names):
                    positions = range(len(names) + 1, len(fields) + 1)
                    names = unique_names([*self._header, *(f"Column {n}" for n in positions)])
                yield dict(zip(names, fields, strict=False))


def add_action_column(action: str, row: dict[str, str]) -> dict[str, str]:
    """Put the name of the action that rejected a row into a first column, `_Action_`.

    A column of the source that has this name becomes `_Action_ (2)`.
    """
    names = [ACTION_COLUMN, *row]
    if ACTION_COLUMN in row:
        names = unique_names(names)
    return dict(zip(names, (action, *row.values()), strict=True))
