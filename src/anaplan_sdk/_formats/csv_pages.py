"""The pages of a large read as rows."""

from __future__ import annotations

from collections.abc import Iterator

from anaplan_sdk._formats.csv_rows import columns, records
from anaplan_sdk.exceptions import AnaplanResponseException


class PageReader:
    """Reads pages of CSV, of which the first begins with the header; later ones may repeat it."""

    def __init__(self) -> None:
        self._header: list[str] | None = None
        self._columns: list[str] = []
        self._count = 0

    def rows(self, page: bytes) -> Iterator[dict[str, str]]:
        """The rows of the next page, by column name.

        Raises:
            AnaplanResponseException: A row has more or fewer fields than there are columns, or one
                that can't be read.
        """
        text = page.decode("utf-8-sig", "replace")
        for number, fields in enumerate(records(text)):
            if self._header is None:
                self._header = fields
                self._columns = columns(fields)
            elif fields and not (number == 0 and fields == self._header):
                self._count += 1
                yield self._row(fields)

    def _row(self, fields: list[str]) -> dict[str, str]:
        if len(fields) != len(self._columns):
            # Values would stand in the wrong columns, or be lost.
            raise AnaplanResponseException(
                f"Row {self._count:,} has {len(fields)} fields, but there are {len(self._columns)} "
                "columns; the methods that give pages leave them as Anaplan made them."
            )
        return dict(zip(self._columns, fields, strict=True))
