"""Rows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

from anaplan_sdk.cli.table_cells import plain

_PIECE = 1 << 16


def csv_pieces(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Generator[bytes]:
    """Return rows as CSV; without columns, nothing.

    Args:
        columns: The columns.
        rows: The rows.

    Yields:
        Pieces of the CSV.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([plain(row.get(name)) for name in columns])
        if text.tell() >= _PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
