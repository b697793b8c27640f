"""The tenant's audit events: noted in memory, written in batches, kept for thirty days."""

import json
import re
import sqlite3
import threading
import zlib
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple, TypeGuard

from anaplan_emulator.audit import MESSAGES, Account, Event
from anaplan_emulator.clock import Clock
from anaplan_emulator.store.database import Store

KEPT = timedelta(days=30)

# A read would wait for whoever writes if each event were written by itself; one in so many does.
_MOST_PENDING = 1000

# Ids are like Anaplan's: milliseconds since a day in 2010, and 22 bits to tell events apart.
_FIRST_MILLISECOND = 1_288_834_974_657


class _Note(NamedTuple):
    """An event that is not written yet."""

    id: int
    date: int
    account: Account
    event: Event


class AuditTrail:
    """Takes events from any thread, in the order in which they come.

    What is pending is written before the trail is read, when the world is saved or closed, and
    when it has become much: an emulator that is killed loses it.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._pending: list[_Note] = []
        self._last_id = 0
        self._guard = threading.Lock()
        self._flushing = threading.Lock()

    def resume(self, db: sqlite3.Connection) -> None:
        """Go on from what is written."""
        (last,) = db.execute("SELECT max(id) FROM audit_events").fetchone()
        with self._guard:
            self._pending.clear()
            self._last_id = last or 0

    def add(self, account: Account, events: Iterable[Event]) -> None:
        """Note events of now."""
        date = self._clock.milliseconds()
        with self._guard:
            for event in events:
                self._pending.append(_Note(self._next_id(date), date, account, event))
            many = len(self._pending) >= _MOST_PENDING
        # Whoever finds that another is at it already need not wait.
        if many and not self._flushing.locked():
            self.flush()

    def flush(self) -> None:
        """Write what is pending, and forget what is too old. Not to be called in a transaction."""
        with self._flushing:
            with self._guard:
                notes, self._pending = self._pending, []
            if not notes:
                return
            try:
                with self._store.transaction() as db:
                    insert(db, notes)
                    oldest = self._clock.timestamp() - KEPT.total_seconds()
                    db.execute("DELETE FROM audit_events WHERE event_date < ?", (oldest * 1000,))
            except BaseException:
                with self._guard:
                    self._pending[:0] = notes
                raise

    def backdate(
        self, db: sqlite3.Connection, past: Iterable[tuple[timedelta, Account, Event]]
    ) -> None:
        """Write events of the past, given with their ages."""
        now = self._clock.milliseconds()
        notes = []
        for age, account, event in sorted(past, key=lambda each: each[0], reverse=True):
            date = now - round(age.total_seconds() * 1000)
            with self._guard:
                notes.append(_Note(self._next_id(date), date, account, event))
        insert(db, notes)

    def _next_id(self, date: int) -> int:
        # Ids grow even when the clock goes back.
        self._last_id = max(self._last_id + 1, (date - _FIRST_MILLISECOND) << 22)
        return self._last_id


def insert(db: sqlite3.Connection, notes: Iterable[_Note]) -> None:
    """Write events, with the names of what they tell of."""

    @cache
    def named_model(model_id: str) -> dict[str, str]:
        row = db.execute(
            "SELECT name, workspace_id FROM models WHERE id = ?", (model_id,)
        ).fetchone()
        return {"modelName": row["name"], "workspaceId": row["workspace_id"]} if row else {}

    @cache
    def named_action(model_id: str, action_id: str) -> dict[str, str]:
        row = db.execute(
            "SELECT actions.name FROM actions JOIN models ON models.key = model"
            " WHERE models.id = ? AND actions.id = ?",
            (model_id, action_id),
        ).fetchone()
        return {"actionName": row["name"]} if row else {}

    def row(note: _Note) -> tuple[Any, ...]:
        event, account = note.event, note.account
        attributes = dict(event.attributes or {})
        if isinstance(model_id := attributes.get("modelId"), str):
            attributes = {**named_model(model_id), **attributes}
            if isinstance(action_id := attributes.get("actionId"), str):
                attributes = {**named_action(model_id, action_id), **attributes}
        values = (
            note.id,
            note.date,
            event.code,
            event.user_id or account.user_id,
            # Models' ids, too, are in lower case here.
            event.object_id.lower() if _is_an_id(event.object_id) else event.object_id,
            event.object_type,
            json.dumps(attributes, sort_keys=True) if attributes else None,
            MESSAGES.get(event.code, event.code),
            event.success,
            event.error_number,
            account.ip_address,
            account.user_agent,
            account.session_id,
        )
        return (*values, str(zlib.crc32(repr(values).encode())))

    db.executemany(
        f"INSERT INTO audit_events VALUES ({', '.join('?' * 14)})",  # noqa: S608 - placeholders
        [row(note) for note in notes],
    )


def _is_an_id(text: str | None) -> TypeGuard[str]:
    return text is not None and re.fullmatch("[0-9A-F]{32}", text) is not None
