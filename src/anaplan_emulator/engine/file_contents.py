"""Files of a model and their content, which consists of chunks and may be private to a user."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from anaplan_emulator.store.records import read_record
from anaplan_emulator.tenant.action_definitions import ACTION_PREFIXES
from anaplan_emulator.tenant.file_format import FileFormat

RETENTION_SECONDS = 48 * 3600
"""How long private content, output, dumps and reports are kept after their last use.

Source: docs/anaplan-behaviour.md#limits.
"""
UNKNOWN_COUNT = -1
"""The chunk count of an upload whose number of chunks is not yet known."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a model: an import's data source or an export's output."""

    key: int
    id: str
    name: str
    file_format: FileFormat | None

    @property
    def is_output(self) -> bool:
        """Whether it is the output of an export, which has the same id as the export."""
        return self.id.startswith(ACTION_PREFIXES["export"])


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file, as a user sees it."""

    key: int
    private: bool
    chunk_count: int
    deleted: bool
    used_at: float


def files(db: sqlite3.Connection, model: int) -> list[File]:
    """Read all files of a model, ordered by id."""
    rows = db.execute("SELECT * FROM files WHERE model = ? ORDER BY id", (model,))
    return [_read_file(row) for row in rows]


def file_by_id(db: sqlite3.Connection, model: int, file_id: str) -> File | None:
    """Find a file by its id."""
    row = db.execute("SELECT * FROM files WHERE model = ? AND id = ?", (model, file_id)).fetchone()
    return _read_file(row) if row else None


def file_by_name(db: sqlite3.Connection, model: int, name: str) -> File | None:
    """Find a file by its name; the oldest one if several have it."""
    row = db.execute(
        "SELECT * FROM files WHERE model = ? AND name = ? ORDER BY id", (model, name)
    ).fetchone()
    return _read_file(row) if row else None


def create_file(db: sqlite3.Connection, model: int, name: str) -> File:
    """Create a file that no import uses."""
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
    """Find the content of a file for a user: private content if not expired, else the public one.

    Deleted private content is returned only if there is no other.
    """
    row = db.execute(
        """
        SELECT * FROM contents
        WHERE file = ? AND (user_id IS NULL OR (user_id = ? AND used_at > ?))
        ORDER BY deleted, user_id IS NULL
        """,
        (file.key, user_id, now - RETENTION_SECONDS),
    ).fetchone()
    if row is None:
        return None
    return read_record(Content, row, private=row["user_id"] is not None)


def default_content(db: sqlite3.Connection, file: File) -> Content | None:
    """Find the content of a file for users who have not uploaded anything."""
    row = db.execute(
        "SELECT * FROM contents WHERE file = ? AND user_id IS NULL AND NOT deleted", (file.key,)
    ).fetchone()
    return read_record(Content, row, private=False) if row else None


def begin(
    db: sqlite3.Connection, file: File, user_id: str | None, chunk_count: int, now: float
) -> int:
    """Replace a user's content, or the public content if no user is given, by an empty one."""
    db.execute("DELETE FROM contents WHERE file = ? AND user_id IS ?", (file.key, user_id))
    row = db.execute(
        "INSERT INTO contents (file, user_id, chunk_count, used_at) VALUES (?, ?, ?, ?)"
        " RETURNING key",
        (file.key, user_id, chunk_count, now),
    ).fetchone()
    return int(row["key"])


def put_chunk(db: sqlite3.Connection, content: int, number: int, body: bytes) -> None:
    """Write a chunk, replacing one of the same number."""
    db.execute(
        "INSERT OR REPLACE INTO chunks (content, number, body) VALUES (?, ?, ?)",
        (content, number, body),
    )


def is_complete(db: sqlite3.Connection, content: Content) -> bool:
    """Return whether all expected chunks have been uploaded."""
    return not content.deleted and content.chunk_count == len(chunk_numbers(db, content))


def chunk_numbers(db: sqlite3.Connection, content: Content) -> list[int]:
    """Return the numbers of the uploaded chunks."""
    rows = db.execute("SELECT number FROM chunks WHERE content = ? ORDER BY number", (content.key,))
    return [row["number"] for row in rows]


def size(db: sqlite3.Connection, content: Content) -> int:
    """Return the size of the uploaded chunks, in bytes."""
    row = db.execute(
        "SELECT coalesce(sum(length(body)), 0) FROM chunks WHERE content = ?", (content.key,)
    ).fetchone()
    return int(row[0])


def read_chunk(db: sqlite3.Connection, content: Content, number: int) -> bytes | None:
    """Read a chunk."""
    row = db.execute(
        "SELECT body FROM chunks WHERE content = ? AND number = ?", (content.key, number)
    ).fetchone()
    return bytes(row["body"]) if row else None


def read_start(db: sqlite3.Connection, content: Content, size: int) -> bytes:
    """Read the beginning of the first chunk, up to a number of bytes."""
    row = db.execute(
        "SELECT substr(body, 1, ?) FROM chunks WHERE content = ? ORDER BY number LIMIT 1",
        (size, content.key),
    ).fetchone()
    return bytes(row[0]) if row else b""


def read_all(db: sqlite3.Connection, content: Content) -> Iterator[bytes]:
    """Yield all chunks in order."""
    for number in chunk_numbers(db, content):
        chunk = read_chunk(db, content, number)
        if chunk is not None:
            yield chunk


def set_chunk_count(db: sqlite3.Connection, content: int, chunk_count: int) -> None:
    """Set the number of chunks."""
    db.execute("UPDATE contents SET chunk_count = ? WHERE key = ?", (chunk_count, content))


def delete(db: sqlite3.Connection, content: int) -> None:
    """Delete the chunks. As in Anaplan, their count remains.

    Source: docs/anaplan-behaviour.md#files-and-chunks.
    """
    db.execute("DELETE FROM chunks WHERE content = ?", (content,))
    db.execute("UPDATE contents SET deleted = 1 WHERE key = ?", (content,))


def mark_used(db: sqlite3.Connection, content: int, now: float) -> None:
    """Note that content was used, which extends its retention."""
    db.execute("UPDATE contents SET used_at = ? WHERE key = ?", (now, content))


def _read_file(row: sqlite3.Row) -> File:
    file_format = FileFormat.model_validate_json(row["file_format"]) if row["file_format"] else None
    return File(row["key"], row["id"], row["name"], file_format)
