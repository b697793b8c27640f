"""Audit events of the past in the description of a tenant."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta

from pydantic import Field

from anaplan_emulator.audit import FAILURES, MESSAGES, Account, Event
from anaplan_emulator.store.description import Description

_OF_MODELS = {
    "USR-13",
    "USR-14",
    "USR-19",
    "USR-20",
    *(f"USR-{number}" for number in range(32, 37)),
}


class AuditEventDescription(Description):
    """Something that happened before the tenant was loaded."""

    hours_ago: float = Field(ge=0, le=720)
    event: str
    """Its code, such as `USR-20`."""
    user: str
    """Who did it, by e-mail address."""
    object_user: str = ""
    """Whom it happened to, where that is another user."""
    model: str = ""
    action: str = ""
    """The action in the model, by name."""
    ip_address: str = "203.0.113.20"
    user_agent: str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
    error_number: str = ""


def check_audit_events(
    events: Sequence[AuditEventDescription], emails: set[str], models: set[str]
) -> None:
    """See that what the events tell of is there.

    Raises:
        ValueError: It isn't.
    """
    for event in events:
        if event.event not in MESSAGES:
            raise ValueError(f"audit_events: no event is called {event.event!r}")
        for email in (event.user, event.object_user or event.user):
            if email not in emails:
                raise ValueError(f"audit_events: {email!r} is none of the users")
        if event.model and event.model not in models:
            raise ValueError(f"audit_events: no model is called {event.model!r}")
        if not event.model and (event.action or event.event in _OF_MODELS):
            raise ValueError(f"audit_events: {event.event} needs a model")


def past_events(
    db: sqlite3.Connection, events: Sequence[AuditEventDescription]
) -> Iterator[tuple[timedelta, Account, Event]]:
    """Read the events, with the ids of what they tell of.

    Raises:
        ValueError: A model has no such action.
    """
    users = dict(db.execute("SELECT email, id FROM users").fetchall())
    models = dict(db.execute("SELECT name, id FROM models").fetchall())
    for event in events:
        told = {}
        if event.model:
            told["modelId"] = models[event.model]
        if event.action:
            told["actionId"] = _action_id(db, told["modelId"], event)
        of_model = event.event in _OF_MODELS
        yield (
            timedelta(hours=event.hours_ago),
            Account(event.ip_address, event.user_agent, users[event.user]),
            Event(
                code=event.event,
                object_id=told["modelId"] if of_model else users[event.object_user or event.user],
                attributes=told,
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
