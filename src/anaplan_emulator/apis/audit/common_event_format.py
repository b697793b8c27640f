"""Events as lines of text, as Anaplan was seen to write them (facts 6).

That is not quite the Common Event Format: two spaces come after the time, and there is no severity.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

# What documented samples have, in their order; then the rest.
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


def write(events: Iterable[Mapping[str, Any]]) -> str:
    """Write events, one a line."""
    return "".join(f"{_line(event)}\n" for event in events)


def _line(event: Mapping[str, Any]) -> str:
    moment = datetime.fromtimestamp(event["eventDate"] / 1000, UTC)
    header = (
        "CEF:0",
        "Anaplan, Inc.",
        event["hostName"],
        event.get("serviceVersion", "null"),
        event["eventTypeId"],
        event["message"],
    )
    extension = " ".join(
        f"{key}={_value(event[key])}" for key in _EXTENSION if event.get(key) is not None
    )
    time = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
    return f"{time}  {'|'.join(_in_header(each) for each in header)}|{extension}"


def _in_header(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").splitlines())


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    escaped = text.replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")
