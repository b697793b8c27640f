"""Selecting audit events by time and type (docs/anaplan-behaviour.md#audit-api)."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.store.audit_log import RETENTION

MAX_HOURS = 720
_HOUR = 3_600_000
_MAX_MILLISECONDS = round(RETENTION.total_seconds() * 1000)

# The codes of the last three types are not documented. BYOK was called DSM before.
_PREFIXES = {
    "user_activity": ("USR-",),
    "access_control": ("AUTHZ-",),
    "int": ("INT-",),
    "conn_mgmt": ("CONN-",),
    "comment": ("COMMENT-",),
    "byok": ("BYOK-", "DSM-"),
    "plan_iq": ("PLANIQ-",),
    "forecaster": ("FORECASTER-",),
}


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A range of time, including both ends, in milliseconds since the epoch."""

    start: int
    end: int


def bad_request(message: str) -> ApiError:
    """Return the error for an invalid request."""
    return ApiError(400, message, code="FAILURE_BAD_REQUEST")


def time_window(now: int, start: int | None, end: int | None, hours: int | None) -> TimeWindow:
    """Return the requested range: between two times, or the last hours, or the last 30 days.

    Args:
        now: The current time, in milliseconds since the epoch.
        start: The requested start, in milliseconds since the epoch.
        end: The requested end, in milliseconds since the epoch.
        hours: The requested number of hours, if neither start nor end is given.

    Raises:
        ApiError: 400, the range is longer than 30 days or ends before it begins.
    """
    if start is None and end is None:
        if hours is None:
            return TimeWindow(now - _MAX_MILLISECONDS, now)
        if hours < 1:
            raise bad_request("The interval must be at least 1 hour")
        if hours > MAX_HOURS:
            raise bad_request("Date range cannot exceed 30 days")
        return TimeWindow(now - hours * _HOUR, now)
    end = now if end is None else end
    # The default is the earliest time for which there are events.
    start = min(now - _MAX_MILLISECONDS, end) if start is None else start
    if start > end:
        raise bad_request("The date range ends before it begins")
    if end - start > _MAX_MILLISECONDS:
        raise bad_request("Date range cannot exceed 30 days")
    return TimeWindow(start, end)


class Selection:
    """The events of a type in a range of time, oldest first.

    Args:
        db: A transaction.
        window: The range of time.
        event_type: Anaplan's `type`; an unknown one selects all events
            (docs/anaplan-behaviour.md#audit-api).
        tenant_id: Id of the tenant.
        now: The current time, in milliseconds since the epoch; older events than 30 days expire.
    """

    def __init__(
        self, db: sqlite3.Connection, window: TimeWindow, event_type: str, tenant_id: str, now: int
    ) -> None:
        self._db = db
        self._tenant_id = tenant_id
        prefixes = _PREFIXES.get(event_type, ("",))
        codes = " OR ".join("code GLOB ?" for _ in prefixes)
        self._where = f"FROM audit_events WHERE event_date BETWEEN ? AND ? AND ({codes})"
        start = max(window.start, now - _MAX_MILLISECONDS)
        self._values = [start, window.end, *(f"{prefix}*" for prefix in prefixes)]

    def count(self) -> int:
        """Return the number of events."""
        row = self._db.execute(f"SELECT count(*) {self._where}", self._values).fetchone()
        total: int = row[0]
        return total

    def events(self, *, limit: int = -1, offset: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the events as JSON values, or a page of them."""
        rows = self._db.execute(
            f"SELECT * {self._where} ORDER BY event_date, id LIMIT ? OFFSET ?",
            [*self._values, limit, offset],
        )
        return (_describe(row, self._tenant_id) for row in rows)


def _describe(row: sqlite3.Row, tenant_id: str) -> dict[str, Any]:
    attributes = row["attributes"]
    event = {
        "id": row["id"],
        "eventTypeId": row["code"],
        "userId": row["user_id"],
        "tenantId": tenant_id,
        "objectId": row["object_id"],
        "objectTypeId": row["object_type"],
        "objectTenantId": tenant_id if row["object_id"] else None,
        "additionalAttributes": json.loads(attributes) if attributes else None,
        "message": row["message"],
        "success": bool(row["success"]),
        "errorNumber": row["error_number"],
        "ipAddress": row["ip_address"],
        "userAgent": row["user_agent"],
        "sessionId": row["session_id"],
        "hostName": "",
        "eventDate": row["event_date"],
        "eventTimeZone": "UTC",
        "createdDate": row["event_date"],
        "createdTimeZone": "UTC",
        "checksum": row["checksum"],
    }
    nullable = ("additionalAttributes", "errorNumber")
    return {key: value for key, value in event.items() if value is not None or key in nullable}
