"""The description of past audit events."""

from collections.abc import Sequence

from pydantic import Field

from anaplan_emulator.store.audit_events import MESSAGES
from anaplan_emulator.tenant.description import Description

MODEL_EVENTS = {
    "USR-13",
    "USR-14",
    "USR-19",
    "USR-20",
    *(f"USR-{number}" for number in range(32, 37)),
}
"""Codes of events about a model."""


class AuditEventDescription(Description):
    """An event that happened before the tenant was loaded."""

    hours_ago: float = Field(ge=0, le=720)
    event: str
    """Its code, such as `USR-20`."""
    user: str
    """E-mail address of the acting user."""
    object_user: str = ""
    """E-mail address of the affected user, if that is another one."""
    model: str = ""
    action: str = ""
    """Name of an action of the model."""
    ip_address: str = "203.0.113.20"
    user_agent: str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
    error_number: str = ""


def check_audit_events(
    events: Sequence[AuditEventDescription], emails: set[str], models: set[str]
) -> None:
    """Check that the codes, users and models of events exist.

    Raises:
        ValueError: One of them does not, or a required model is missing.
    """
    for event in events:
        if event.event not in MESSAGES:
            raise ValueError(f"audit_events: no event is called {event.event!r}")
        for email in (event.user, event.object_user or event.user):
            if email not in emails:
                raise ValueError(f"audit_events: {email!r} is not one of the users")
        if event.model and event.model not in models:
            raise ValueError(f"audit_events: no model is called {event.model!r}")
        if not event.model and (event.action or event.event in MODEL_EVENTS):
            raise ValueError(f"audit_events: {event.event} needs a model")
