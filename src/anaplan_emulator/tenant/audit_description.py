"""The description of past audit events."""

from collections.abc import Collection, Sequence

from pydantic import Field

from anaplan_emulator.store.audit_events import MESSAGES
from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.problems import Checks

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

    hours_ago: float = Field(ge=0, le=720, examples=[26])
    """Its age when the tenant is loaded, in hours."""
    event: str = Field(examples=["USR-20"])
    """Its code, such as `USR-20`."""
    user: str = Field(examples=["me@company.com"])
    """E-mail address of the acting user."""
    object_user: str = Field(default="", examples=["you@company.com"])
    """E-mail address of the affected user, if that is another one."""
    model: str = Field(default="", examples=["Sales"])
    """Name of the model that it is about."""
    action: str = Field(default="", examples=["Products from products.csv"])
    """Name of an action of the model."""
    ip_address: str = Field(default="203.0.113.20", examples=["203.0.113.20"])
    """Address that the request came from."""
    user_agent: str = Field(
        default="Mozilla/5.0 (Windows NT 10.0; Win64; x64)", examples=["Mozilla/5.0"]
    )
    """Program that sent the request."""
    error_number: str = Field(default="", examples=["403"])
    """Error code of a failed operation."""


def check_audit_events(
    checks: Checks,
    events: Sequence[AuditEventDescription],
    emails: Collection[str],
    models: Collection[str],
) -> None:
    """Check that the codes, users and models of events exist.

    Args:
        checks: Collects the mistakes.
        events: The events.
        emails: E-mail addresses of all users.
        models: Names of all models.
    """
    for number, event in enumerate(events):
        at = ("audit_events", number)
        checks.known("event", event.event, MESSAGES, (*at, "event"))
        for member in ("user", "object_user"):
            if email := getattr(event, member):
                checks.known_user(email, emails, (*at, member))
        if event.model:
            checks.known("model", event.model, models, (*at, "model"), ("workspaces",))
        elif event.action or event.event in MODEL_EVENTS:
            checks.add((*at, "model"), f"{event.event} needs a model", "Add the name of a model.")
