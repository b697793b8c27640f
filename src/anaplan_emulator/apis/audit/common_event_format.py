"""Audit events as text, as observed (docs/anaplan-behaviour.md#common-event-format).

This differs from the Common Event Format: the time is followed by two spaces, and there is no
severity.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from anaplan_emulator.clock import zulu

# The keys of documented samples, in their order, and then the other ones.
_EXTENSION = (
    "id",
    "userId",
    "tenantId",
    "eventTimeZone",
    "createdDate",
    "createdTimeZone",
    "success",
    "errorNumber",
    "objectId",
    "objectTypeId",
    "objectTenantId",
    "ipAddress",
    "userAgent",
    "sessionId",
    "checksum",
    "additionalAttributes",
)


def to_text(events: Iterable[Mapping[str, Any]]) -> str:
    """Return events as text, one per line."""
    return "".join(f"{_line(event)}\n" for event in events)


def _line(event: Mapping[str, Any]) -> str:
    header = (
        "CEF:0",
        "Anaplan, Inc.",
        event["hostName"],
        event.get("serviceVersion", "null"),
        event["eventTypeId"],
        event["message"],
    )
    extension = " ".join(
        f"{key}={_escape_value(event[key])}" for key in _EXTENSION if event.get(key) is not None
    )
    time = zulu(datetime.fromtimestamp(event["eventDate"] / 1000, UTC))
    return f"{time}  {'|'.join(_escape_header(each) for each in header)}|{extension}"


def _escape_header(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").splitlines())


def _escape_value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    escaped = text.replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")
