"""The rules of read requests: their states, pages, and when they expire (facts 4.10).

What is read is read at once, as it is at that moment: the pages stay the same whatever happens to
the model. How far a request has come is what polls are told, as settings have it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal
from uuid import uuid4

from anaplan_emulator.replies import csv_text
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Session

IDLE_SECONDS = 30 * 60
"""How long a request lives after its last use (facts 13)."""
_KEEPS_ALIVE = 100
"""Reading a page whose number this divides counts as use, and no other does (facts 4.10)."""

Kind = Literal["view", "list"]
State = Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE"]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A read request.

    Attributes:
        key: Its key.
        id: Its id.
        kind: What is read.
        object_id: The id of that.
        polls: How many polls have been answered.
        page_count: How many pages there are once it is complete.
    """

    key: int
    id: str
    kind: Kind
    object_id: str
    polls: int
    page_count: int


def live_requests(
    db: sqlite3.Connection, model: int, user_id: str, now: float
) -> list[ReadRequest]:
    """Read a user's requests in a model that haven't expired."""
    rows = db.execute(
        "SELECT * FROM read_requests WHERE model = ? AND user_id = ? AND used_at > ? ORDER BY key",
        (model, user_id, now - IDLE_SECONDS),
    )
    return [_read(row) for row in rows]


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
    """Find a user's request, below what it reads and nowhere else."""
    for request in live_requests(db, model, user_id, now):
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
    """Read everything, cut it into pages, and keep them.

    Args:
        session: A connection of one's own, so that nobody waits while there is much to read.
        rows: What to keep, its header first; it is read in one moment.
        model: Whose it is.
        user_id: Who asked.
        kind: What is read.
        object_id: The id of that.
        page_rows: How many rows a page has; that of the header is one of the first page's.
        now: The emulator's time.
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
    return _read(row)


def note_poll(
    db: sqlite3.Connection, request: ReadRequest, settings: Settings, now: float
) -> ReadRequest:
    """Count a poll; one that finds the request unfinished keeps it alive."""
    request = replace(request, polls=request.polls + 1)
    db.execute("UPDATE read_requests SET polls = ? WHERE key = ?", (request.polls, request.key))
    if progress(request, settings)[0] != "COMPLETE":
        db.execute("UPDATE read_requests SET used_at = ? WHERE key = ?", (now, request.key))
    return request


def note_page(db: sqlite3.Connection, request: ReadRequest, number: int, now: float) -> None:
    """Note that a page is read, which may keep the request alive."""
    if number % _KEEPS_ALIVE == 0:
        db.execute("UPDATE read_requests SET used_at = ? WHERE key = ?", (now, request.key))


def progress(request: ReadRequest, settings: Settings) -> tuple[State, int]:
    """Tell how far a request has come: its state, and how many pages can be read.

    As many polls as `task_polls` says see each of the unfinished states; pages come one after
    another meanwhile. Where a state is held, half of the pages are there in the second.
    """
    polls, each = request.polls, settings.task_polls
    if settings.hold_tasks == "NOT_STARTED" or polls <= each > 0:
        return "NOT_STARTED", 0
    if settings.hold_tasks == "IN_PROGRESS":
        return "IN_PROGRESS", (request.page_count + 1) // 2
    if polls <= 2 * each:
        return "IN_PROGRESS", request.page_count * (polls - each) // (each + 1)
    return "COMPLETE", request.page_count


def page_of(
    db: sqlite3.Connection, request: ReadRequest, number: int, settings: Settings
) -> bytes | None:
    """Read a page, if it is there already."""
    if number >= progress(request, settings)[1]:
        return None
    row = db.execute(
        "SELECT body FROM read_pages WHERE request = ? AND number = ?", (request.key, number)
    ).fetchone()
    return bytes(row["body"]) if row else None


def delete_request(db: sqlite3.Connection, request: ReadRequest) -> None:
    """Forget a request and its pages."""
    db.execute("DELETE FROM read_requests WHERE key = ?", (request.key,))


def _pages(rows: Iterable[Iterable[str]], page_rows: int) -> Iterator[bytes]:
    lines = iter(rows)
    # The header takes no row's place on the first page.
    size = page_rows + 1
    while page := list(islice(lines, size)):
        yield csv_text(page).encode()
        size = page_rows


def _read(row: sqlite3.Row) -> ReadRequest:
    values: dict[str, Any] = {name: row[name] for name in ReadRequest.__slots__}
    return ReadRequest(**values)
