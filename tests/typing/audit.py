"""What type checkers see of audit events: read by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime
from typing import assert_type

from anaplan_sdk import AsyncClient, AsyncTableStream, Client, TableStream, models


def events(client: Client) -> None:
    start = datetime(2026, 1, 31, tzinfo=UTC)
    assert_type(client.audit.get_events(7, "user_activity"), list[dict[str, object]])
    assert_type(client.audit.get_events(event_type="workflow"), list[dict[str, object]])
    assert_type(client.audit.get_event_stream(start, 1780000000000), Generator[models.AuditEvent])
    assert_type(client.audit.search_events(hours=2, event_type="int"), Generator[models.AuditEvent])
    assert_type(client.audit.get_cef_lines(start), Generator[str])
    assert_type(client.audit.get_cef_events(hours=1), Generator[models.CefEvent])
    assert_type(client.audit.events_table(start, batch_rows=100), TableStream)
    assert_type(
        client.audit.follow_events(since=start, timeout=60, poll_delay=5, lag=30),
        Generator[models.FollowedEvent],
    )
    assert_type(client.audit.get_time(), int)
    for event, cursor in client.audit.follow_events("1780000000000:"):
        assert_type(event, models.AuditEvent)
        assert_type(cursor, str)


async def events_async(client: AsyncClient) -> None:
    start = datetime(2026, 1, 31, tzinfo=UTC)
    assert_type(await client.audit.get_events(), list[dict[str, object]])
    assert_type(client.audit.get_event_stream(start), AsyncGenerator[models.AuditEvent])
    assert_type(client.audit.search_events(hours=2), AsyncGenerator[models.AuditEvent])
    assert_type(client.audit.get_cef_lines(start), AsyncGenerator[str])
    assert_type(client.audit.get_cef_events(hours=1), AsyncGenerator[models.CefEvent])
    assert_type(await client.audit.events_table(hours=1, event_type="all"), AsyncTableStream)
    assert_type(await client.audit.get_time(), int)
    async for event, cursor in client.audit.follow_events(event_type="user_activity"):
        assert_type(event.event_date, int)
        assert_type(cursor, str)
