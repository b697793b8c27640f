"""The rules of read requests: their states, pages and expiry.

Source: docs/anaplan-behaviour.md#large-reads.

Everything is read when the request is created, so that its pages do not change with the model. The
progress that polls return only depends on the settings.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal
from uuid import uuid4

from anaplan_emulator.apis.replies import csv_text
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Session
from anaplan_emulator.store.records import read_record

IDLE_SECONDS = 30 * 60
"""How long a request is kept after its last use (docs/anaplan-behaviour.md#limits)."""
_USE_INTERVAL = 100
"""Reading a page counts as use only if its number is divisible by this.

Source: docs/anaplan-behaviour.md#large-reads.
"""

Kind = Literal["view", "list"]
State = Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE"]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A read request.

    Attributes:
        key: Its key.
        id: Its id.
        kind: Whether a view or a list is read.
        object_id: Id of the view or list.
        polls: Number of polls.
        page_count: Number of pages when it is complete.
    """

    key: int
    id: str
    kind: Kind
    object_id: str
    polls: int
    page_count: int


def active_requests(
    db: sqlite3.Connection, model: int, user_id: str, now: float
) -> list[ReadRequest]:
    """Read a user's unexpired requests in a model."""
    rows = db.execute(
        "SELECT * FROM read_requests WHERE model = ? AND user_id = ? AND used_at > ? ORDER BY key",
        (model, user_id, now - IDLE_SECONDS),
    )
    return [read_record(ReadRequest, row) for row in rows]


def find_request(
    db: sqlite3.Connection,
    *,
    model: int,
    user_id: str,
    kind: Kind,
    object_id: str,
    request_id: str,
    now: float,
) -> ReadRequest | None:
    """Find a user's request for a view or list; a request for another one is not found."""
    for request in active_requests(db, model, user_id, now):
        if (request.id, request.kind, request.object_id) == (request_id, kind, object_id):
            return request
    return None


def create_request(
    session: Session,
    rows: Iterable[Iterable[str]],
    *,
    model: int,
    user_id: str,
    kind: Kind,
    object_id: str,
    page_rows: int,
    now: float,
) -> ReadRequest:
    """Read all rows and store them as pages.

    Args:
        session: A separate connection, so that other writers do not wait while rows are read.
        rows: The rows, beginning with the header.
        model: Key of the model.
        user_id: Id of the user.
        kind: Whether a view or a list is read.
        object_id: Id of the view or list.
        page_rows: Number of rows of a page, not counting the header.
        now: The time, in seconds since the epoch.
    """
    db = session.db
    db.execute("CREATE TEMP TABLE pages (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    with session.batch():
        db.executemany("INSERT INTO temp.pages VALUES (?, ?)", enumerate(_pages(rows, page_rows)))
    with session.transaction():
        db.execute("DELETE FROM read_requests WHERE used_at <= ?", (now - IDLE_SECONDS,))
        row = db.execute(
            """
            INSERT INTO read_requests
                (id, model, user_id, kind, object_id, polls, page_count, used_at)
            SELECT ?, ?, ?, ?, ?, 0, count(*), ? FROM temp.pages RETURNING *
            """,
            (uuid4().hex.upper(), model, user_id, kind, object_id, now),
        ).fetchone()
        db.execute(
            "INSERT INTO read_pages (request, number, body) SELECT ?, number, body FROM temp.pages",
            (row["key"],),
        )
    return read_record(ReadRequest, row)


def record_poll(
    db: sqlite3.Connection, request: ReadRequest, settings: Settings, now: float
) -> ReadRequest:
    """Count a poll, which counts as use while the request is unfinished."""
    request = replace(request, polls=request.polls + 1)
    db.execute("UPDATE read_requests SET polls = ? WHERE key = ?", (request.polls, request.key))
    if progress(request, settings)[0] != "COMPLETE":
        db.execute("UPDATE read_requests SET used_at = ? WHERE key = ?", (now, request.key))
    return request


def record_page_read(db: sqlite3.Connection, request: ReadRequest, number: int, now: float) -> None:
    """Record that a page is read, which may count as use."""
    if number % _USE_INTERVAL == 0:
        db.execute("UPDATE read_requests SET used_at = ? WHERE key = ?", (now, request.key))


def progress(request: ReadRequest, settings: Settings) -> tuple[State, int]:
    """Return the state of a request, and the number of pages that can be read.

    With the setting `task_polls`, this number of polls returns each of the unfinished states, and
    pages become available one after another. While `hold_tasks` holds IN_PROGRESS, half of them
    are.
    """
    polls, per_state = request.polls, settings.task_polls
    if settings.hold_tasks == "NOT_STARTED" or polls <= per_state > 0:
        return "NOT_STARTED", 0
    if settings.hold_tasks == "IN_PROGRESS":
        return "IN_PROGRESS", (request.page_count + 1) // 2
    if polls <= 2 * per_state:
        return "IN_PROGRESS", request.page_count * (polls - per_state) // (per_state + 1)
    return "COMPLETE", request.page_count


def page_of(
    db: sqlite3.Connection, request: ReadRequest, number: int, settings: Settings
) -> bytes | None:
    """Return a page, if it is available."""
    if number >= progress(request, settings)[1]:
        return None
    row = db.execute(
        "SELECT body FROM read_pages WHERE request = ? AND number = ?", (request.key, number)
    ).fetchone()
    return bytes(row["body"]) if row else None


def delete_request(db: sqlite3.Connection, request: ReadRequest) -> None:
    """Delete a request and its pages."""
    db.execute("DELETE FROM read_requests WHERE key = ?", (request.key,))


def _pages(rows: Iterable[Iterable[str]], page_rows: int) -> Iterator[bytes]:
    lines = iter(rows)
    # The header does not count as a row of the first page.
    size = page_rows + 1
    while page := list(islice(lines, size)):
        yield csv_text(page).encode()
        size = page_rows
