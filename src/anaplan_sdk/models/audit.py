"""What the Audit API says of events."""

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
"""The families of events that the Audit API tells apart."""

_HEADER = re.compile(r"(?P<time>\S+)?\s*CEF:\s*(?P<version>\d+)\|(?P<rest>.*)", re.DOTALL)
_PIPE = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.\-\[\]]*)=")
_ESCAPE = re.compile(r"\\([\\|=nr])")
_LINE_ENDS = {"n": "\n", "r": "\r"}


class AuditEvent(AnaplanModel):
    """Something that happened in the tenant. Dates are in milliseconds since 1970."""

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
    event_date: int
    event_time_zone: str | None = None
    created_date: int | None = None
    created_time_zone: str | None = None
    checksum: str | None = None

    @property
    def happened_at(self) -> datetime:
        """`event_date` as a moment in UTC."""
        return datetime.fromtimestamp(self.event_date / 1000, UTC)


@dataclass(frozen=True)
class Place:
    """How far a follower has come: the last event's moment, and which ones of it are known."""

    moment: int
    known: frozenset[int] = frozenset()

    def after(self, event: AuditEvent) -> Place:
        """The place after one more event."""
        known = self.known if event.event_date == self.moment else frozenset[int]()
        return Place(event.event_date, known | {event.id})

    @property
    def cursor(self) -> str:
        """The place as a short text."""
        return f"{self.moment}:{','.join(map(str, sorted(self.known)))}"

    @classmethod
    def read(cls, cursor: str) -> Place:
        """Reads a cursor.

        Raises:
            ValueError: It isn't one.
        """
        if not re.fullmatch(r"\d+:(\d+(,\d+)*)?", cursor):
            raise ValueError(f"{cursor!r} is no cursor that `follow_events` gave.")
        moment, _, ids = cursor.partition(":")
        return cls(int(moment), frozenset(int(text) for text in ids.split(",") if text))


class FollowedEvent(NamedTuple):
    """An event, and the place to go on from after it: `audit.follow_events(cursor)`."""

    event: AuditEvent
    cursor: str


@dataclass(frozen=True)
class CefEvent:
    """A line of the common event format.

    Attributes:
        happened_at: The moment before the header; `None` where there is none.
        event_type_id: Anaplan's code, such as `USR-8`.
        message: What happened, for a person.
        vendor: Who made the line.
        host_name: Often absent, as is the service's version.
        service_version: See above.
        attributes: The rest, as names and values.
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
        """The event's id, the same as in `AuditEvent`."""
        text = self.attributes.get("id", "")
        return int(text) if text.isdecimal() else None

    @classmethod
    def parse(cls, line: str) -> CefEvent:
        """Reads one line. Anaplan's have no severity, unlike the format's definition.

        Raises:
            ValueError: It has no header of this format.
        """
        header = _HEADER.match(line.strip())
        fields = _split(header["rest"]) if header else []
        if header is None or len(fields) < 5:
            raise ValueError(f"No line of the common event format: {line[:80]!r}")
        vendor, host, version, code, message, *rest = fields
        return cls(
            event_type_id=_plain(code) or "",
            message=_plain(message) or "",
            happened_at=_moment(header["time"]),
            vendor=_plain(vendor),
            host_name=_plain(host),
            service_version=_plain(version),
            attributes=_attributes(rest[0] if rest else ""),
        )


def _split(text: str) -> list[str]:
    """The header's five fields, and the extension as one."""
    fields: list[str] = []
    start = 0
    for bar in _PIPE.finditer(text):
        fields.append(text[start : bar.end() - 1])
        start = bar.end()
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


def _plain(text: str) -> str | None:
    text = _unescaped(text.strip())
    return None if text in ("", "null") else text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _LINE_ENDS.get(match[1], match[1]), text)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
