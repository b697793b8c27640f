"""What files hold: chunks, private to a user or there for everyone."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from anaplan_emulator.engine.source import FileFormat

KEPT_SECONDS = 48 * 3600
"""How long private content, output and dumps live after their last use (facts 13)."""
UNKNOWN_COUNT = -1
"""The chunk count of an upload whose end is not yet known."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a model: an import's data source or an export's output."""

    key: int
    id: str
    name: str
    form: FileFormat | None

    @property
    def is_output(self) -> bool:
        """Whether it is an export's output, which shares the export's id."""
        return self.id.startswith("116")


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds for a user."""

    key: int
    private: bool
    chunk_count: int
    deleted: bool
    used_at: float


def files(db: sqlite3.Connection, model: int) -> list[File]:
    """Read all files of a model, by id."""
    rows = db.execute("SELECT * FROM files WHERE model = ? ORDER BY id", (model,))
    return [_read_file(row) for row in rows]


def file_by_id(db: sqlite3.Connection, model: int, file_id: str) -> File | None:
    """Find a file by its id."""
    row = db.execute("SELECT * FROM files WHERE model = ? AND id = ?", (model, file_id)).fetchone()
    return _read_file(row) if row else None


def file_by_name(db: sqlite3.Connection, model: int, name: str) -> File | None:
    """Find a file by its name, the oldest where several share it."""
    row = db.execute(
        "SELECT * FROM files WHERE model = ? AND name = ? ORDER BY id", (model, name)
    ).fetchone()
    return _read_file(row) if row else None


def create_file(db: sqlite3.Connection, model: int, name: str) -> File:
    """Make a file that nothing reads yet."""
    row = db.execute(
        "SELECT max(CAST(id AS INTEGER)) AS last FROM files WHERE model = ? AND id GLOB '113*'",
        (model,),
    ).fetchone()
    file_id = str((row["last"] or 112_999_999_999) + 1)
    row = db.execute(
        "INSERT INTO files (model, id, name) VALUES (?, ?, ?) RETURNING *", (model, file_id, name)
    ).fetchone()
    return _read_file(row)


def content_of(db: sqlite3.Connection, file: File, user_id: str, now: float) -> Content | None:
    """Find what a file holds for a user: private content if alive, else what all may read.

    Private content that was deleted is found only where there is nothing else.
    """
    row = db.execute(
        """
        SELECT * FROM contents
        WHERE file = ? AND (user_id IS NULL OR (user_id = ? AND used_at > ?))
        ORDER BY deleted, user_id IS NULL
        """,
        (file.key, user_id, now - KEPT_SECONDS),
    ).fetchone()
    if row is None:
        return None
    return Content(
        key=row["key"],
        private=row["user_id"] is not None,
        chunk_count=row["chunk_count"],
        deleted=bool(row["deleted"]),
        used_at=row["used_at"],
    )


def begin(
    db: sqlite3.Connection, file: File, user_id: str | None, chunk_count: int, now: float
) -> int:
    """Forget a user's former content and begin anew; without a user, everyone's."""
    db.execute("DELETE FROM contents WHERE file = ? AND user_id IS ?", (file.key, user_id))
    row = db.execute(
        "INSERT INTO contents (file, user_id, chunk_count, used_at) VALUES (?, ?, ?, ?)"
        " RETURNING key",
        (file.key, user_id, chunk_count, now),
    ).fetchone()
    return int(row["key"])


def put_chunk(db: sqlite3.Connection, content: int, number: int, body: bytes) -> None:
    """Write a chunk, in place of a former one of the same number."""
    db.execute(
        "INSERT OR REPLACE INTO chunks (content, number, body) VALUES (?, ?, ?)",
        (content, number, body),
    )


def is_whole(db: sqlite3.Connection, content: Content) -> bool:
    """Whether all chunks that were announced have arrived."""
    return not content.deleted and content.chunk_count == len(chunk_numbers(db, content))


def chunk_numbers(db: sqlite3.Connection, content: Content) -> list[int]:
    """Return the numbers of the chunks that have arrived."""
    rows = db.execute("SELECT number FROM chunks WHERE content = ? ORDER BY number", (content.key,))
    return [row["number"] for row in rows]


def size(db: sqlite3.Connection, content: Content) -> int:
    """Return how many bytes have arrived."""
    row = db.execute(
        "SELECT coalesce(sum(length(body)), 0) FROM chunks WHERE content = ?", (content.key,)
    ).fetchone()
    return int(row[0])


def read_chunk(db: sqlite3.Connection, content: Content, number: int) -> bytes | None:
    """Read one chunk."""
    row = db.execute(
        "SELECT body FROM chunks WHERE content = ? AND number = ?", (content.key, number)
    ).fetchone()
    return bytes(row["body"]) if row else None


def read_all(db: sqlite3.Connection, content: Content) -> Iterator[bytes]:
    """Read all chunks in order, one at a time."""
    for number in chunk_numbers(db, content):
        chunk = read_chunk(db, content, number)
        if chunk is not None:
            yield chunk


def set_chunk_count(db: sqlite3.Connection, content: int, chunk_count: int) -> None:
    """Say how many chunks there are after all."""
    db.execute("UPDATE contents SET chunk_count = ? WHERE key = ?", (chunk_count, content))


def delete(db: sqlite3.Connection, content: int) -> None:
    """Delete the chunks; their number remains, stale, as Anaplan has it (facts 4.12)."""
    db.execute("DELETE FROM chunks WHERE content = ?", (content,))
    db.execute("UPDATE contents SET deleted = 1 WHERE key = ?", (content,))


def used(db: sqlite3.Connection, content: int, now: float) -> None:
    """Note that content was used, so that it lives on."""
    db.execute("UPDATE contents SET used_at = ? WHERE key = ?", (now, content))


def _read_file(row: sqlite3.Row) -> File:
    form = FileFormat.model_validate_json(row["form"]) if row["form"] else None
    return File(row["key"], row["id"], row["name"], form)
