"""Text being written in chunks: exports and failure dumps before they are published."""

# ruff: noqa: S608 (identifiers are made of our own keys and names; values are bound)

import csv
import sqlite3
from collections.abc import Iterable
from typing import Literal


class Spool:
    """Rows written as delimited text to a temporary table, cut into chunks between rows.

    Writing there needs no lock, so that publishing the chunks afterwards is the only moment at
    which others wait.

    Args:
        db: Where to keep it; it goes away with the connection.
        chunk_bytes: Greatest size of a chunk, but for a single row that is larger.
        encoding: Python's name of an encoding.
        separator: What stands between columns.
        quote: Whether every field is quoted, or only those that need it.
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
        self._pieces: list[bytes] = []
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
        """Write one row."""
        self._writer.writerow(fields)

    def write(self, text: str, /) -> int:
        """Take what the csv module has made of a row."""
        piece = text.encode(self._encoding, errors="replace")
        if self._pieces and self._size + len(piece) > self._limit:
            self._flush()
        self._pieces.append(piece)
        self._size += len(piece)
        return len(text)

    def close(self) -> int:
        """Write what is left, and return the number of chunks."""
        if self._pieces:
            self._flush()
        return self._number

    def publish(self, table: Literal["chunks", "dump_chunks"], owner: int) -> None:
        """Copy the chunks to where others read them."""
        column = "content" if table == "chunks" else "dump"
        self._db.execute(
            f"INSERT INTO {table} ({column}, number, body) SELECT ?, number, body FROM temp.spool",
            (owner,),
        )

    def _flush(self) -> None:
        body = b"".join(self._pieces)
        self._db.execute("INSERT INTO temp.spool VALUES (?, ?)", (self._number, body))
        self._number += 1
        self._pieces, self._size = [], 0
