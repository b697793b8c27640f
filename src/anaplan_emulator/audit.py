"""What the audit trail tells: events, their codes, and how a room records one.

Every call leaves an event by itself. A room that knows better than the call's path and status what
happened says so, and the call's own event is left out:

    audit.record(call, "USR-21", object_id=user.id, attributes={"workspaceId": workspace.id})

What is recorded counts when the call's transaction commits. If the call is refused, only events of
failures stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_emulator.calls import Call

API_REQUEST = "API-1"
"""Any call that none of Anaplan's codes tells of. The code is the emulator's own."""

# The numbers of USR events are Anaplan's (facts 6). Of the other families only the prefixes are
# known: their numbers are the emulator's.
MESSAGES = {
    "USR-1": "User created",
    "USR-2": "User activated",
    "USR-3": "User enabled",
    "USR-4": "User disabled",
    "USR-5": "User updated",
    "USR-8": "User login success",
    "USR-9": "User login failure",
    "USR-10": "User logout success",
    "USR-11": "User logout failure",
    "USR-12": "User session time-out",
    "USR-13": "User access to model, success",
    "USR-14": "User access to model, failure",
    "USR-15": "User assigned to tenant success",
    "USR-16": "User assigned to tenant failure",
    "USR-17": "User removed from tenant success",
    "USR-18": "User removed from tenant failure",
    "USR-19": "User accessed dashboard",
    "USR-20": "User executed action",
    "USR-21": "User added to workspace",
    "USR-22": "User removed from workspace",
    "USR-23": "User assigned to a model role",
    "USR-24": "User unassigned from a model role",
    "USR-25": "User assigned or unassigned the Workspace Administrator role",
    "USR-26": "User email updated",
    "USR-27": "User first name updated",
    "USR-28": "User last name updated",
    "USR-30": "Visitor added to workspace",
    "USR-31": "Visitor removed from workspace",
    "USR-32": "Miscellaneous Data Export",
    "USR-33": "Assign",
    "USR-34": "Copy branch",
    "USR-35": "Create",
    "USR-36": "Data export from action",
    "AUTHZ-1": "Authorization failure",
    "AUTHZ-2": "Role Assigned",
    "AUTHZ-3": "Role Assignment Denied",
    "AUTHZ-4": "Role Unassigned",
    "AUTHZ-5": "Role Unassigned Denied",
    "CONN-1": "Connection created",
    "CONN-2": "Connection updated",
    "CONN-3": "Connection deleted",
    "INT-1": "Integration created",
    "INT-2": "Integration updated",
    "INT-3": "Integration deleted",
    "INT-4": "Integration run",
    "INT-5": "Integration run cancelled",
    API_REQUEST: "API request",
}

FAILURES = frozenset(
    {"USR-9", "USR-11", "USR-14", "USR-16", "USR-18", "AUTHZ-1", "AUTHZ-3", "AUTHZ-5"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        code: Its type, such as `USR-8`.
        object_id: What it happened to: a user, a model, a connection.
        object_type: The kind of that, where it needs telling.
        user_id: Who did it; the caller where not given.
        attributes: More about it. `modelId` and `actionId` are given their names when written.
        success: Whether it succeeded.
        error_number: Why it didn't.
    """

    code: str
    object_id: str | None = None
    object_type: str | None = None
    user_id: str | None = None
    attributes: Mapping[str, object] | None = None
    success: bool = True
    error_number: str | None = None


@dataclass(slots=True)
class Account:
    """Who calls from where, and what the call has recorded so far.

    Attributes:
        ip_address: Where the request came from.
        user_agent: What sent it.
        user_id: Who signed in.
        session_id: The id of the token.
        events: What was recorded; if nothing was, the call leaves an event of its own.
        quiet: Whether it leaves no event at all.
    """

    ip_address: str = ""
    user_agent: str = ""
    user_id: str | None = None
    session_id: str | None = None
    events: list[Event] = field(default_factory=list)
    quiet: bool = False


def record(
    call: "Call",
    code: str,
    *,
    object_id: str | None = None,
    object_type: str | None = None,
    user_id: str | None = None,
    attributes: Mapping[str, object] | None = None,
    success: bool | None = None,
    error_number: str | None = None,
) -> None:
    """Record an event of a call.

    Args:
        call: The call.
        code: The event's type, one of `MESSAGES`.
        object_id: What it happened to.
        object_type: The kind of that, where it needs telling.
        user_id: Who did it, where it isn't the caller.
        attributes: More about it.
        success: Whether it succeeded; the code says so where not given.
        error_number: Why it didn't.
    """
    call.account.events.append(
        Event(
            code=code,
            object_id=object_id,
            object_type=object_type,
            user_id=user_id,
            attributes=attributes,
            success=code not in FAILURES if success is None else success,
            error_number=error_number,
        )
    )
