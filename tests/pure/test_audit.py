"""Audit events: lines in common event format, cursors, and lines from pieces of text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from anaplan_sdk._formats.lines import LineReader
from anaplan_sdk.models import AuditEvent, CefEvent
from anaplan_sdk.models.audit import EventPosition

EVENT = {
    "id": 2598676438123456789,
    "eventTypeId": "USR-8",
    "userId": "INTERNAL_7",
    "additionalAttributes": None,
    "message": "User login success",
    "success": True,
    "errorNumber": None,
    "eventDate": 1780000000000,
    "checksum": "12345",
    "somethingNew": {"kept": True},
}


def test_an_event_survives_a_round_trip() -> None:
    event = AuditEvent.model_validate(EVENT)
    assert event.happened_at == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
    assert event.additional_attributes is None
    assert event.model_dump(by_alias=True, exclude_unset=True) == EVENT


@pytest.mark.parametrize("start", ["2026-06-12T07:35:27.000Z  CEF:0", "2026-06-12T07:35:27Z CEF:0"])
@pytest.mark.parametrize("names", ["||null|", "|||", "|null|null|", "|| |"])
def test_both_forms_of_the_header(start: str, names: str) -> None:
    event = CefEvent.parse(f"{start}|Anaplan, Inc.{names}USR-8|User login success|id=7 userId=ab\r")
    assert event == CefEvent(
        event_type_id="USR-8",
        message="User login success",
        happened_at=datetime(2026, 6, 12, 7, 35, 27, tzinfo=UTC),
        vendor="Anaplan, Inc.",
        attributes={"id": "7", "userId": "ab"},
    )
    assert event.id == 7


def test_names_of_host_and_version() -> None:
    event = CefEvent.parse("CEF:0|Anaplan, Inc.|us1|2.4|USR-8|Login|")
    assert (event.host_name, event.service_version) == ("us1", "2.4")
    assert event.happened_at is None
    assert event.attributes == {}
    assert event.id is None


def test_escapes_and_spaces_in_values() -> None:
    event = CefEvent.parse(
        r"2026-06-12T07:35:27Z CEF:0|A\|B|||USR-20|Run \\|userAgent=Mozilla (a; b\=c) path=C:\\ "
        r"note=two\nlines empty= last=1|2"
    )
    assert event.vendor == "A|B"
    assert event.message == "Run \\"
    assert event.attributes == {
        "userAgent": "Mozilla (a; b=c)",
        "path": "C:\\",
        "note": "two\nlines",
        "empty": "",
        "last": "1|2",
    }


@pytest.mark.parametrize("line", ["", "hello", "2026-06-12T07:35:27Z CEF:0|Anaplan|||USR-8"])
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="common event format"):
        CefEvent.parse(line)


def test_lines_from_pieces_of_any_size() -> None:
    text = "one\r\n\nzwölf\nlast".encode()
    for size in range(1, len(text) + 1):
        reader = LineReader()
        lines = [
            line
            for start in range(0, len(text), size)
            for line in reader.feed(text[start : start + size])
        ]
        assert [*lines, *reader.finish()] == ["one", "zwölf", "last"]


def test_cursors() -> None:
    position = EventPosition(5)
    for event_id, event_date in ((1, 5), (2, 5), (4, 6), (3, 6)):
        position = position.after(AuditEvent(id=event_id, event_date=event_date))
    assert position.cursor == "6:3,4"
    assert EventPosition.parse(position.cursor) == position
    assert EventPosition.parse("6:") == EventPosition(6)


@pytest.mark.parametrize("cursor", ["", "6", "6:,", "6:x", ":1", "6:1,"])
def test_invalid_cursors(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a valid cursor"):
        EventPosition.parse(cursor)
