"""Failure dumps as rows, read piece by piece."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator


class RowReader:
    """Reads CSV with a header row from pieces that may end anywhere, even within a character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._header: list[str] | None = None

    def feed(self, piece: bytes) -> Iterator[dict[str, str]]:
        """Takes a piece in; the rows that are whole now."""
        self._text += self._decoder.decode(piece)
        # Only "\n" ends a line here: str.splitlines would also cut at other characters of a value.
        *lines, held = self._text.split("\n")
        records: list[str] = []
        record = ""
        for line in lines:
            record += line
            if record.count('"') % 2 == 0:
                records.append(record)
                record = ""
            else:
                record += "\n"
        self._text = record + held
        yield from self._rows(records)

    def finish(self) -> Iterator[dict[str, str]]:
        """The last row, when it has no line end."""
        rest = [self._text] if self._text.strip() else []
        self._text = ""
        yield from self._rows(rest)

    def _rows(self, records: list[str]) -> Iterator[dict[str, str]]:
        for record in records:
            fields = next(csv.reader([record.removesuffix("\r")]), list[str]())
            if self._header is None:
                self._header = fields
            elif fields:
                yield dict(zip(self._header, fields, strict=False))
