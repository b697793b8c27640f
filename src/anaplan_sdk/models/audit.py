"""Models of the Audit API: events, as JSON and in common event format, and cursors over them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

from anaplan_sdk.models._base import AnaplanModel, empty_dict

EventFamily: TypeAlias = Literal[
    "all",
    "user_activity",
    "access_control",
    "int",
    "conn_mgmt",
    "comment",
    "byok",
    "plan_iq",
    "forecaster",
]
"""The families of events that can be asked for: `int` is CloudWorks integrations, `conn_mgmt`
connections and SAML, `byok` the customer's own encryption keys."""

_HEADER = re.compile(r"(?P<time>\S+)?\s*CEF:\s*(?P<version>\d+)\|(?P<rest>.*)", re.DOTALL)
_SEPARATOR = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.\-\[\]]*)=")
_ESCAPE = re.compile(r"\\([\\|=nr])")
_LINE_ENDS = {"n": "\n", "r": "\r"}


class AuditEvent(AnaplanModel):
    """An event in the tenant.

    Attributes:
        id: The id, an integer of 64 bits.
        event_type_id: The code of the event, such as `USR-8` for a sign-in.
        user_id: The id of the user who caused it, or `INTERNAL_...` for Anaplan itself.
        tenant_id: The id of the tenant.
        object_id: The id of the affected object, such as a user or a model.
        object_type_id: The type of the affected object.
        object_tenant_id: The id of the tenant the affected object belongs to.
        additional_attributes: More about the event, such as `modelName` or `actionId`.
        message: What happened, for a person.
        success: Whether it succeeded.
        error_number: The number of the error, where there was one.
        ip_address: The address the request came from.
        user_agent: The program that sent the request.
        session_id: The id of the session.
        host_name: The name of Anaplan's host.
        service_version: The version of Anaplan's service.
        event_date: When it happened, in milliseconds since 1970.
        event_time_zone: The time zone of `event_date`, such as `UTC`.
        created_date: When the event was recorded, in milliseconds since 1970.
        created_time_zone: The time zone of `created_date`, such as `UTC`.
        checksum: A checksum of the event.

    Source: Anaplan Audit API guide, "Retrieve audit events".
    """

    id: int
    event_type_id: str = ""
    user_id: str | None = None
    tenant_id: str | None = None
    object_id: str | None = None
    object_type_id: str | None = None
    object_tenant_id: str | None = None
    additional_attributes: dict[str, object] | None = None
    message: str | None = None
    success: bool | None = None
    error_number: int | str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    session_id: str | None = None
    host_name: str | None = None
    service_version: str | None = None
    event_date: int = 0
    event_time_zone: str | None = None
    created_date: int | None = None
    created_time_zone: str | None = None
    checksum: str | None = None

    @property
    def happened_at(self) -> datetime:
        """`event_date` as a datetime in UTC."""
        return datetime.fromtimestamp(self.event_date / 1000, UTC)


@dataclass(frozen=True)
class EventPosition:
    """The position of `audit.follow` in the stream of events.

    Attributes:
        event_date: The time of the last event, in milliseconds since 1970.
        event_ids: The ids of the events of that time that have been returned.
    """

    event_date: int
    event_ids: frozenset[int] = frozenset()

    def after(self, event: AuditEvent) -> EventPosition:
        """Return the position after one more event.

        Args:
            event: The event, not earlier than this position.

        Returns:
            The position after it.
        """
        known = self.event_ids if event.event_date == self.event_date else frozenset[int]()
        return EventPosition(event.event_date, known | {event.id})

    @property
    def cursor(self) -> str:
        """The position as a short text."""
        return f"{self.event_date}:{','.join(map(str, sorted(self.event_ids)))}"

    @classmethod
    def parse(cls, cursor: str) -> EventPosition:
        """Read a cursor.

        Args:
            cursor: The `cursor` of another position.

        Returns:
            The position.

        Raises:
            ValueError: The text is not a valid cursor.
        """
        if not re.fullmatch(r"\d+:(\d+(,\d+)*)?", cursor):
            raise ValueError(
                f"{cursor!r} is not a valid cursor: pass one that `follow_events` returned."
            )
        event_date, _, ids = cursor.partition(":")
        return cls(int(event_date), frozenset(int(text) for text in ids.split(",") if text))


class FollowedEvent(NamedTuple):
    """An event, and the position after it.

    Attributes:
        event: The event.
        cursor: The cursor to continue after it: `audit.follow_events(cursor)`.
    """

    event: AuditEvent
    cursor: str


@dataclass(frozen=True)
class CefEvent:
    """An event that was sent as a line in common event format (CEF).

    Attributes:
        event_type_id: The code of the event, such as `USR-8` for a sign-in.
        message: What happened, for a person.
        happened_at: The time before the header, in UTC unless the line has another time zone; None
            where the line has none.
        vendor: The vendor, `Anaplan, Inc.`
        host_name: The name of Anaplan's host; None where it is empty, as it often is.
        service_version: The version of Anaplan's service; None where it is empty, as it often is.
        attributes: The rest of the line, as names and values.

    Source: Anaplan Audit API guide, "Retrieve audit events".
    """

    event_type_id: str
    message: str
    happened_at: datetime | None = None
    vendor: str | None = None
    host_name: str | None = None
    service_version: str | None = None
    attributes: dict[str, str] = field(default_factory=empty_dict)

    @property
    def id(self) -> int | None:
        """The id of the event, the same as in `AuditEvent`; None where the line has none."""
        text = self.attributes.get("id", "")
        return int(text) if text.isdecimal() else None

    @classmethod
    def parse(cls, line: str) -> CefEvent:
        """Read a line in common event format.

        Unlike the definition of the format, Anaplan's lines have no severity.

        Args:
            line: The line, with or without its line end.

        Returns:
            The event.

        Raises:
            ValueError: The line has no header in common event format.

        Source: Anaplan Audit API guide, "Retrieve audit events".
        """
        header = _HEADER.match(line.strip())
        fields = _split(header["rest"]) if header else []
        if header is None or len(fields) < 5:
            raise ValueError(f"Not a line in common event format: {line[:80]!r}")
        vendor, host, version, code, message, *rest = fields
        return cls(
            event_type_id=_text_or_none(code) or "",
            message=_text_or_none(message) or "",
            happened_at=_time_or_none(header["time"]),
            vendor=_text_or_none(vendor),
            host_name=_text_or_none(host),
            service_version=_text_or_none(version),
            attributes=_attributes(rest[0] if rest else ""),
        )


def _split(text: str) -> list[str]:
    """Split a line after its version into the five fields of the header and the attributes."""
    fields: list[str] = []
    start = 0
    for separator in _SEPARATOR.finditer(text):
        fields.append(text[start : separator.end() - 1])
        start = separator.end()
        if len(fields) == 5:
            break
    return [*fields, text[start:]]


def _attributes(text: str) -> dict[str, str]:
    keys = list(_KEY.finditer(text))
    ends = [*(key.start() for key in keys), len(text)][1:]
    return {
        key[1]: _unescaped(text[key.end() : end].strip())
        for key, end in zip(keys, ends, strict=False)
    }


def _text_or_none(text: str) -> str | None:
    text = _unescaped(text.strip())
    return None if text in ("", "null") else text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _LINE_ENDS.get(match[1], match[1]), text)


def _time_or_none(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
