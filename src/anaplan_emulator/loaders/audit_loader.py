"""Turning described audit events into events with ids."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta

from anaplan_emulator.store.audit_events import FAILURES, AuditContext, Event
from anaplan_emulator.tenant.audit_description import MODEL_EVENTS, AuditEventDescription


def past_events(
    db: sqlite3.Connection, events: Sequence[AuditEventDescription]
) -> Iterator[tuple[timedelta, AuditContext, Event]]:
    """Yield the events with their ages, and with the ids of users, models and actions.

    Raises:
        ValueError: A model has no action of the given name.
    """
    users = dict(db.execute("SELECT email, id FROM users").fetchall())
    models = dict(db.execute("SELECT name, id FROM models").fetchall())
    for event in events:
        attributes = {}
        if event.model:
            attributes["modelId"] = models[event.model]
        if event.action:
            attributes["actionId"] = _action_id(db, attributes["modelId"], event)
        about_model = event.event in MODEL_EVENTS
        yield (
            timedelta(hours=event.hours_ago),
            AuditContext(event.ip_address, event.user_agent, users[event.user]),
            Event(
                code=event.event,
                object_id=attributes["modelId"]
                if about_model
                else users[event.object_user or event.user],
                attributes=attributes,
                success=event.event not in FAILURES,
                error_number=event.error_number or None,
            ),
        )


def _action_id(db: sqlite3.Connection, model_id: str, event: AuditEventDescription) -> str:
    row = db.execute(
        "SELECT actions.id FROM actions JOIN models ON models.key = model"
        " WHERE models.id = ? AND actions.name = ?",
        (model_id, event.action),
    ).fetchone()
    if row is None:
        raise ValueError(f"audit_events: {event.model} has no action called {event.action!r}")
    action_id: str = row["id"]
    return action_id
