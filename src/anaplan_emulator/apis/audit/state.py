"""The rules of reading the audit trail: windows, families, pages (facts 6)."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from anaplan_emulator.audit_trail import KEPT
from anaplan_emulator.replies import ApiError

LONGEST_HOURS = 720
_HOUR = 3_600_000
_LONGEST = round(KEPT.total_seconds() * 1000)

# Of the last three families no code is known; DSM is what BYOK's were called before.
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
class Window:
    """A span of time, both ends included, in milliseconds since the epoch."""

    start: int
    end: int


def bad_request(message: str) -> ApiError:
    """Refuse a request for what it asks."""
    return ApiError(400, message, code="FAILURE_BAD_REQUEST")


def window(now: int, start: int | None, end: int | None, hours: int | None) -> Window:
    """Work out the time asked for: between dates, or else the last hours, or else 30 days.

    Raises:
        ApiError: 400, it is longer than 30 days or ends before it begins.
    """
    if start is None and end is None:
        if hours is None:
            return Window(now - _LONGEST, now)
        if hours < 1:
            raise bad_request("The interval must be at least 1 hour")
        if hours > LONGEST_HOURS:
            raise bad_request("Date range cannot exceed 30 days")
        return Window(now - hours * _HOUR, now)
    end = now if end is None else end
    # The earliest there is.
    start = min(now - _LONGEST, end) if start is None else start
    if start > end:
        raise bad_request("The date range ends before it begins")
    if end - start > _LONGEST:
        raise bad_request("Date range cannot exceed 30 days")
    return Window(start, end)


class Selection:
    """The events of a time and a family, oldest first.

    Args:
        db: Where to read.
        span: The time.
        family: One of Anaplan's types; an unknown one stands for all (facts 6).
        tenant_id: Whose they are.
        now: The time, beyond whose last 30 days nothing is kept.
    """

    def __init__(
        self, db: sqlite3.Connection, span: Window, family: str, tenant_id: str, now: int
    ) -> None:
        self._db = db
        self._tenant_id = tenant_id
        prefixes = _PREFIXES.get(family, ("",))
        codes = " OR ".join("code GLOB ?" for _ in prefixes)
        self._where = f"FROM audit_events WHERE event_date BETWEEN ? AND ? AND ({codes})"
        start = max(span.start, now - _LONGEST)
        self._values = [start, span.end, *(f"{prefix}*" for prefix in prefixes)]

    def count(self) -> int:
        """Count them."""
        row = self._db.execute(f"SELECT count(*) {self._where}", self._values).fetchone()
        total: int = row[0]
        return total

    def events(self, *, limit: int = -1, offset: int = 0) -> Iterator[dict[str, Any]]:
        """Describe them as JSON does, all or a page."""
        rows = self._db.execute(
            f"SELECT * {self._where} ORDER BY event_date, id LIMIT ? OFFSET ?",
            [*self._values, limit, offset],
        )
        return (_describe(row, self._tenant_id) for row in rows)


def _describe(row: sqlite3.Row, tenant_id: str) -> dict[str, Any]:
    attributes = row["attributes"]
    told = {
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
    return {key: value for key, value in told.items() if value is not None or key in nullable}
