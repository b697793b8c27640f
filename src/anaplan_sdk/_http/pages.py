"""The pages of a large read as rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator


class PageReader:
    """Reads pages of CSV, of which the first begins with the header; later ones may repeat it."""

    def __init__(self) -> None:
        self._header: list[str] | None = None

    def rows(self, page: bytes) -> Iterator[dict[str, str]]:
        """The rows of the next page, by column name."""
        text = io.StringIO(page.decode("utf-8-sig", "replace"), newline="")
        for number, fields in enumerate(csv.reader(text)):
            if self._header is None:
                self._header = fields
            elif fields and not (number == 0 and fields == self._header):
                yield dict(zip(self._header, fields, strict=False))
