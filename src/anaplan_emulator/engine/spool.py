"""Writing exports and failure dumps in chunks, before they are published."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import csv
import sqlite3
from collections.abc import Iterable
from typing import Literal


class Spool:
    """Writes rows as delimited text to a temporary table, in chunks that end between rows.

    Writing to it needs no lock. Other writers only wait while the chunks are published.

    Args:
        db: A connection for long work.
        chunk_bytes: Greatest size of a chunk in bytes, unless a single row is larger.
        encoding: Python's name of the encoding.
        separator: The separator between columns.
        quote: Whether all fields are quoted, or only those that need it.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        chunk_bytes: int,
        *,
        encoding: str = "utf-8",
        separator: str = ",",
        quote: Literal["all", "minimal"] = "minimal",
    ) -> None:
        self._db = db
        self._limit = chunk_bytes
        self._encoding = encoding
        self._rows: list[bytes] = []
        self._size = 0
        self._number = 0
        self._writer = csv.writer(
            self,
            delimiter=separator,
            lineterminator="\n",
            quoting=csv.QUOTE_ALL if quote == "all" else csv.QUOTE_MINIMAL,
        )
        db.execute("DROP TABLE IF EXISTS temp.spool")
        db.execute("CREATE TEMP TABLE spool (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def row(self, fields: Iterable[object]) -> None:
        """Write a row."""
        self._writer.writerow(fields)

    def write(self, text: str, /) -> int:
        """Receive the text of a row from the csv module."""
        row = text.encode(self._encoding, errors="replace")
        if self._rows and self._size + len(row) > self._limit:
            self._flush()
        self._rows.append(row)
        self._size += len(row)
        return len(text)

    def close(self) -> int:
        """Write the last chunk, and return the number of chunks."""
        if self._rows:
            self._flush()
        return self._number

    def publish(self, table: Literal["chunks", "dump_chunks"], owner: int) -> None:
        """Copy the chunks to the table from which they are read."""
        owner_column = "content" if table == "chunks" else "dump"
        self._db.execute(
            f"INSERT INTO {table} ({owner_column}, number, body)"
            " SELECT ?, number, body FROM temp.spool",
            (owner,),
        )

    def _flush(self) -> None:
        body = b"".join(self._rows)
        self._db.execute("INSERT INTO temp.spool VALUES (?, ?)", (self._number, body))
        self._number += 1
        self._rows, self._size = [], 0
