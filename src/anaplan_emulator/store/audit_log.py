"""The tenant's audit log: events are buffered, written in batches and kept for thirty days."""

import json
import re
import sqlite3
import threading
import zlib
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple, TypeGuard

from anaplan_emulator.clock import Clock
from anaplan_emulator.store.audit_events import MESSAGES, AuditContext, Event
from anaplan_emulator.store.database import Store

RETENTION = timedelta(days=30)

# A reader of the log waits for the writer, so events are written in batches of this size.
_BATCH_SIZE = 1000

# Ids resemble Anaplan's: milliseconds since a day in 2010, followed by 22 bits of a counter.
_EPOCH_MILLISECONDS = 1_288_834_974_657


class _PendingEvent(NamedTuple):
    id: int
    date: int
    context: AuditContext
    event: Event


class AuditLog:
    """Collects events from all threads, in the order in which they are added.

    Pending events are written before the log is read, when the tenant is saved or closed, and
    when there are many of them. An emulator that is killed loses those still pending.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._pending: list[_PendingEvent] = []
        self._last_id = 0
        self._lock = threading.Lock()
        self._flushing = threading.Lock()

    def resume(self, db: sqlite3.Connection) -> None:
        """Discard pending events, and continue after the last event in the database."""
        (last,) = db.execute("SELECT max(id) FROM audit_events").fetchone()
        with self._lock:
            self._pending.clear()
            self._last_id = last or 0

    def add(self, context: AuditContext, events: Iterable[Event]) -> None:
        """Add events that happen now."""
        date = self._clock.milliseconds()
        with self._lock:
            for event in events:
                self._pending.append(_PendingEvent(self._next_id(date), date, context, event))
            is_full = len(self._pending) >= _BATCH_SIZE
        # While another thread is writing there is no need to wait for it.
        if is_full and not self._flushing.locked():
            self.flush()

    def flush(self) -> None:
        """Write pending events and delete expired ones. Must not be called in a transaction."""
        with self._flushing:
            with self._lock:
                events, self._pending = self._pending, []
            if not events:
                return
            try:
                with self._store.transaction() as db:
                    _insert(db, events)
                    oldest = self._clock.timestamp() - RETENTION.total_seconds()
                    db.execute("DELETE FROM audit_events WHERE event_date < ?", (oldest * 1000,))
            except BaseException:
                with self._lock:
                    self._pending[:0] = events
                raise

    def backdate(
        self, db: sqlite3.Connection, past: Iterable[tuple[timedelta, AuditContext, Event]]
    ) -> None:
        """Write past events, each given with its age."""
        now = self._clock.milliseconds()
        events = []
        for age, context, event in sorted(past, key=lambda each: each[0], reverse=True):
            date = now - round(age.total_seconds() * 1000)
            with self._lock:
                events.append(_PendingEvent(self._next_id(date), date, context, event))
        _insert(db, events)

    def _next_id(self, date: int) -> int:
        # Ids increase even when the clock is set back.
        self._last_id = max(self._last_id + 1, (date - _EPOCH_MILLISECONDS) << 22)
        return self._last_id


def _insert(db: sqlite3.Connection, events: Iterable[_PendingEvent]) -> None:
    """Write events, adding the names of the models and actions that they refer to."""

    @cache
    def model_attributes(model_id: str) -> dict[str, str]:
        row = db.execute(
            "SELECT name, workspace_id FROM models WHERE id = ?", (model_id,)
        ).fetchone()
        return {"modelName": row["name"], "workspaceId": row["workspace_id"]} if row else {}

    @cache
    def action_attributes(model_id: str, action_id: str) -> dict[str, str]:
        row = db.execute(
            "SELECT actions.name FROM actions JOIN models ON models.key = model"
            " WHERE models.id = ? AND actions.id = ?",
            (model_id, action_id),
        ).fetchone()
        return {"actionName": row["name"]} if row else {}

    def row(pending: _PendingEvent) -> tuple[Any, ...]:
        event, context = pending.event, pending.context
        attributes = dict(event.attributes or {})
        if isinstance(model_id := attributes.get("modelId"), str):
            attributes = {**model_attributes(model_id), **attributes}
            if isinstance(action_id := attributes.get("actionId"), str):
                attributes = {**action_attributes(model_id, action_id), **attributes}
        values = (
            pending.id,
            pending.date,
            event.code,
            event.user_id or context.user_id,
            # Ids of models are in lower case in audit events, too.
            event.object_id.lower() if _is_id(event.object_id) else event.object_id,
            event.object_type,
            json.dumps(attributes, sort_keys=True) if attributes else None,
            MESSAGES.get(event.code, event.code),
            event.success,
            event.error_number,
            context.ip_address,
            context.user_agent,
            context.session_id,
        )
        return (*values, str(zlib.crc32(repr(values).encode())))

    db.executemany(
        f"INSERT INTO audit_events VALUES ({', '.join('?' * 14)})",  # noqa: S608 (placeholders)
        [row(event) for event in events],
    )


def _is_id(text: str | None) -> TypeGuard[str]:
    return text is not None and re.fullmatch("[0-9A-F]{32}", text) is not None
