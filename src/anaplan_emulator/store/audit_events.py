"""Audit events: their codes and messages, and what a request has recorded so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

API_REQUEST = "API-1"
"""The code of a request that matches none of Anaplan's codes. It is the emulator's own."""

# The numbers of the USR events are Anaplan's (docs/anaplan-behaviour.md#audit-event-codes). Of the
# other families only the prefixes are documented, so their numbers are the emulator's own.
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
    """An audit event.

    Attributes:
        code: Its type, such as `USR-8`.
        object_id: Id of the user, model or connection that it is about.
        object_type: The type of that object, where the code does not imply it.
        user_id: Id of the acting user; that of the request's user by default.
        attributes: Additional attributes. The names of the model and action that `modelId` and
            `actionId` refer to are added when the event is written.
        success: Whether the operation succeeded.
        error_number: Error code of a failed operation.
    """

    code: str
    object_id: str | None = None
    object_type: str | None = None
    user_id: str | None = None
    attributes: Mapping[str, object] | None = None
    success: bool = True
    error_number: str | None = None


@dataclass(slots=True)
class AuditContext:
    """Where a request comes from, and the audit events recorded for it.

    If a request records no event, one is derived from its path and status. Recorded events are
    written when the request's transaction commits. If the request fails, only its failed events
    are written.

    Attributes:
        ip_address: Address of the client.
        user_agent: The client's `User-Agent` header.
        user_id: Id of the user who sent the request.
        session_id: Id of the token sent with it.
        events: The events recorded so far.
        suppressed: Whether the request leaves no event at all.
    """

    ip_address: str = ""
    user_agent: str = ""
    user_id: str | None = None
    session_id: str | None = None
    events: list[Event] = field(default_factory=list)
    suppressed: bool = False

    def record(
        self,
        code: str,
        *,
        object_id: str | None = None,
        user_id: str | None = None,
        attributes: Mapping[str, object] | None = None,
        error_number: str | None = None,
    ) -> None:
        """Record an event.

        Args:
            code: Its type, one of `MESSAGES`; it determines whether the event is a failure.
            object_id: Id of the object that it is about.
            user_id: Id of the acting user, where that is not the request's user.
            attributes: Additional attributes.
            error_number: Error code of a failed operation.
        """
        self.events.append(
            Event(
                code=code,
                object_id=object_id,
                user_id=user_id,
                attributes=attributes,
                success=code not in FAILURES,
                error_number=error_number,
            )
        )
