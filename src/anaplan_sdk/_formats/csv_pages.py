"""The CSV pages of a large read as rows by column name."""

from __future__ import annotations

from collections.abc import Iterator

from anaplan_sdk._formats.csv_rows import read_records, unique_names
from anaplan_sdk.exceptions import AnaplanResponseException


class PageReader:
    """Reads pages of CSV: the first page begins with the header, and later ones may repeat it."""

    def __init__(self) -> None:
        self._header: list[str] | None = None
        self._columns: list[str] = []
        self._count = 0

    def rows(self, page: bytes) -> Iterator[dict[str, str]]:
        """Yield the rows of the next page.

        Raises:
            AnaplanResponseException: A row has more or fewer fields than the header, or the page
                is not valid CSV.
        """
        text = page.decode("utf-8-sig", "replace")
        for number, fields in enumerate(read_records(text)):
            if self._header is None:
                self._header = fields
                self._columns = unique_names(fields)
            elif fields and not (number == 0 and fields == self._header):
                self._count += 1
                yield self._row(fields)

    def _row(self, fields: list[str]) -> dict[str, str]:
        if len(fields) != len(self._columns):
            # Some values would be lost or end up in the wrong columns.
            raise AnaplanResponseException(
                f"Row {self._count:,} has {len(fields)} fields, but the header has "
                f"{len(self._columns)}: read the pages unparsed with read_view_pages or "
                "read_list_pages."
            )
        return dict(zip(self._columns, fields, strict=True))
