"""Audit events, read by a tenant auditor."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanRequestException,
    AnaplanResponseException,
    ClientClosedException,
    PermissionDeniedException,
    ServerException,
)
from anaplan_sdk.models import AuditEvent, FollowedEvent
from anaplan_sdk.testing import EmulatedAnaplan

AUDITOR = "auditor@skyline.example"
EVENTS = "/audit/api/1/events"


def auditor(anaplan: EmulatedAnaplan, **arguments: Any) -> AsyncClient:
    return anaplan.async_client(user_email=AUDITOR, **arguments)


async def test_events_of_the_last_days(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        records = await client.audit.get_events()
        assert {"USR-8", "API-1"} <= {str(record["eventTypeId"]) for record in records}
        assert len({record["id"] for record in records}) == len(records)
        logins = await client.audit.get_events(30, "user_activity")
        kinds = {str(record["eventTypeId"]) for record in logins}
        assert "USR-8" in kinds
        assert all(kind.startswith("USR-") for kind in kinds)
        anaplan.advance(hours=47)
        later = await client.audit.get_events(1)
        assert len(later) < len(records)


async def test_pages_have_neither_gaps_nor_repeats(anaplan: EmulatedAnaplan) -> None:
    end = datetime.now(UTC) + timedelta(minutes=1)
    past = (end - timedelta(days=29), end - timedelta(days=1))
    async with auditor(anaplan) as client:
        # On one page, which has neither.
        whole = [event async for event in client.audit.get_event_stream(hours=720)]
        window = [event async for event in client.audit.get_event_stream(*past)]
    queries = [request.query for request in anaplan.requests("GET", EVENTS)]
    assert not any("offset=" in query and "offset=0" not in query for query in queries)
    assert len({event.id for event in whole}) == len(whole) > 6
    assert all(past[0] <= event.happened_at <= past[1] for event in window)
    assert len(window) > 3
    anaplan.emulator.clear_requests()
    async with auditor(anaplan, page_size=3) as client:
        streamed = [event async for event in client.audit.get_event_stream(hours=720)]
        searched = [event async for event in client.audit.search_events(hours=720)]
        # Each page read is an event itself, which comes after those before.
        assert streamed[: len(whole)] == whole
        assert searched[: len(streamed)] == streamed
        assert len({event.id for event in searched}) == len(searched)
        assert all(isinstance(event, AuditEvent) for event in searched)
        assert window == [event async for event in client.audit.get_event_stream(*past)]
        assert window == [event async for event in client.audit.search_events(*past)]
    queries = [request.query for request in anaplan.requests("GET", EVENTS)]
    assert len(queries) > 6
    assert all("limit=3" in query or "limit=1" in query for query in queries)


async def test_the_time_is_that_of_anaplan(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.set_clock(datetime(2026, 3, 1, tzinfo=UTC))
    async with auditor(anaplan) as client:
        time = await client.audit.get_time()
    assert datetime(2026, 2, 28, 23, 59, tzinfo=UTC) < datetime.fromtimestamp(time / 1000, UTC)
    assert time <= 1000 * anaplan.emulator.now().timestamp()


async def test_lines_of_the_common_event_format(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        events = {event.id: event async for event in client.audit.get_event_stream(hours=720)}
        lines = [line async for line in client.audit.get_cef_lines(hours=720)]
        parsed = {line.id: line async for line in client.audit.get_cef_events(hours=720)}
    assert len(events) > 3
    assert len(lines) >= len(events)
    assert all("CEF:0|Anaplan, Inc.|" in line for line in lines)
    assert events.keys() <= parsed.keys()
    for event_id, event in events.items():
        assert parsed[event_id].event_type_id == event.event_type_id
        assert parsed[event_id].happened_at == event.happened_at
        assert parsed[event_id].attributes.get("userId") == event.user_id


async def test_a_stream_that_is_left_early(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan, max_concurrency=1) as client:
        async with aclosing(client.audit.get_cef_lines(hours=720)) as lines:
            first = await anext(lines)
            # One request at a time, and yet a reader of a stream may send others.
            assert (await client.audit.get_user()).email == AUDITOR
        again = [line async for line in client.audit.get_cef_lines(hours=720)]
    assert first in again


async def test_a_stream_that_breaks_off(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan, retry_count=0) as client:
        await client.audit.get_events(1)
        anaplan.fault(method="GET", path=EVENTS, status=500)
        with pytest.raises(ServerException):
            [event async for event in client.audit.get_event_stream(0, 1)]
        end = datetime.now(UTC)
        anaplan.fault(method="GET", path=EVENTS, reset_after_bytes=200)
        with pytest.raises(AnaplanConnectionException):
            [line async for line in client.audit.get_cef_lines(end - timedelta(days=29), end)]


async def test_a_stream_whose_client_is_closed(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        await client.audit.get_events(1)
        line = "2026-01-31T08:05:37Z CEF:0|Anaplan, Inc.|h|1|USR-8|m|id=1\n"
        anaplan.fault(
            method="GET", path=EVENTS, body=line * 100_000, headers={"Content-Type": "text/plain"}
        )
        end = datetime.now(UTC)
        async with aclosing(client.audit.get_cef_lines(end - timedelta(1), end)) as lines:
            await anext(lines)
            await client.aclose()
            with pytest.raises(ClientClosedException):
                [line async for line in lines]


async def test_a_stream_is_asked_for_again(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan, backoff=0.01) as client:
        end = datetime.now(UTC)
        anaplan.fault(method="GET", path=EVENTS, status=503, times=2)
        span = end - timedelta(days=29), end
        lines = [line async for line in client.audit.get_cef_lines(*span)]
        assert lines
    assert len(anaplan.requests("GET", EVENTS)) == 3


async def test_a_user_who_is_not_an_auditor(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        for _ in range(2):
            with pytest.raises(PermissionDeniedException) as denied:
                await client.audit.get_events()
            assert denied.value.status_code == 401
            assert denied.value.code == "FAILURE_UNAUTHORIZED_USER_ACTION"
            end = datetime.now(UTC)
            with pytest.raises(PermissionDeniedException):
                [line async for line in client.audit.get_cef_lines(end - timedelta(1), end)]
        await client.audit.get_user()
    # The token is good, and was not replaced.
    assert len(anaplan.requests("POST", "/token/authenticate")) == 1


async def test_a_token_that_ends_meanwhile(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        await client.audit.get_events(1)
        anaplan.advance(minutes=40)
        end = datetime.now(UTC)
        assert [line async for line in client.audit.get_cef_lines(end - timedelta(29), end)]
    assert len(anaplan.requests("POST", "/token/authenticate")) == 2


async def test_invalid_windows(anaplan: EmulatedAnaplan) -> None:
    now = datetime.now(UTC)
    async with auditor(anaplan) as client:
        for days in (0, 31):
            with pytest.raises(ValueError, match="1 to 30"):
                await client.audit.get_events(days)
        windows: list[tuple[dict[str, Any], str]] = [
            ({"start": now, "hours": 1}, "both given"),
            ({"hours": 721}, "1 to 720"),
            ({"start": now, "end": now - timedelta(1)}, "before it starts"),
            ({"start": now - timedelta(31), "end": now}, "30 days"),
            ({"start": now.replace(tzinfo=None)}, "time zone"),
        ]
        for arguments, words in windows:
            with pytest.raises(ValueError, match=words):
                [event async for event in client.audit.get_event_stream(**arguments)]
        followers: list[tuple[dict[str, Any], str]] = [
            ({"cursor": "nowhere"}, "not a valid cursor"),
            ({"poll_delay": 0}, "positive"),
            ({"timeout": -1}, "at least 0"),
        ]
        for arguments, words in followers:
            with pytest.raises(ValueError, match=words):
                [item async for item in client.audit.follow_events(**arguments)]
        assert anaplan.requests() == []
        with pytest.raises(ValueError, match="are lost"):
            [item async for item in client.audit.follow_events(since=now - timedelta(31))]
        ago = now - timedelta(30)
        assert [event async for event in client.audit.get_event_stream(ago)]


@pytest.mark.parametrize("moment", ["2026-01-31", date(2026, 1, 31), 1.5])
async def test_invalid_moments(anaplan: EmulatedAnaplan, moment: Any) -> None:
    async with auditor(anaplan) as client:
        with pytest.raises(TypeError, match="start must be a datetime with a time zone"):
            [event async for event in client.audit.get_event_stream(moment)]
        with pytest.raises(TypeError, match="since must be a datetime with a time zone"):
            [event async for event in client.audit.follow_events(since=moment)]
    assert anaplan.requests("GET", EVENTS) == []


async def test_following(anaplan: EmulatedAnaplan) -> None:
    since = datetime.now(UTC) - timedelta(days=29)
    async with auditor(anaplan, page_size=4) as client:

        async def follow(cursor: str | None, count: int) -> list[FollowedEvent]:
            found: list[FollowedEvent] = []
            feed = client.audit.follow_events(
                cursor,
                since=None if cursor else since,
                event_type="user_activity",
                lag=0,
                poll_delay=0.05,
                timeout=20,
            )
            async with aclosing(feed) as events:
                async for item in events:
                    found.append(item)
                    if len(found) == count:
                        break
            return found

        everything = await follow(None, 6)
        assert len(everything) == 6
        dates = [item.event.event_date for item in everything]
        assert dates == sorted(dates)
        # Stopping after any event and continuing gives the next one.
        for index, item in enumerate(everything[:-1]):
            [following] = await follow(item.cursor, 1)
            assert following.event.id == everything[index + 1].event.id
        # Later events come later.
        anaplan.advance(seconds=2)
        async with anaplan.async_client(user_email="planner@skyline.example") as other:
            planner = await other.audit.get_user()
        seen = {item.event.id for item in everything}
        cursor = everything[-1].cursor
        while True:
            [item] = await follow(cursor, 1)
            assert item.event.id not in seen
            seen.add(item.event.id)
            cursor = item.cursor
            if item.event.user_id == planner.id and item.event.happened_at > datetime.now(UTC):
                break


async def test_following_ends_after_its_timeout(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        feed = client.audit.follow_events(lag=3600, poll_delay=0.01, timeout=0.05)
        assert [item async for item in feed] == []
    # No event was old enough, so the only request was the one for the time.
    assert len(anaplan.requests("GET", EVENTS)) == 1


async def test_events_are_held_back(anaplan: EmulatedAnaplan) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    async with auditor(anaplan) as client:
        await client.audit.get_user()
        early = client.audit.follow_events(since=since, lag=120, poll_delay=0.01, timeout=0)
        assert [item async for item in early] == []
        anaplan.advance(minutes=3)
        late = client.audit.follow_events(since=since, lag=120, poll_delay=0.01, timeout=0)
        assert [item async for item in late]


async def test_other_refusals(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        anaplan.fault(method="GET", path=EVENTS, status=400)
        with pytest.raises(AnaplanRequestException):
            await client.audit.get_events()


async def test_events_that_go_away_meanwhile_leave_no_gap(anaplan: EmulatedAnaplan) -> None:
    for total, ids in ((4, [1, 2]), (3, [4]), (3, [3, 4])):
        events = [{"id": number, "eventDate": number} for number in ids]
        body = {"meta": {"paging": {"totalSize": total}}, "response": events}
        anaplan.fault(method="GET", path=EVENTS, body=body)
    async with auditor(anaplan, page_size=2) as client:
        read = [event.id async for event in client.audit.get_event_stream(0, 10)]
    assert read == [1, 2, 3, 4]
    queries = [request.query for request in anaplan.requests("GET", EVENTS)]
    assert [query.rpartition("offset=")[2] for query in queries] == ["0", "2", "1"]


async def test_a_page_that_is_missing(anaplan: EmulatedAnaplan) -> None:
    body = {"meta": {"paging": {"totalSize": 4}}, "response": []}
    anaplan.fault(method="GET", path=EVENTS, body=body, times=2)
    async with auditor(anaplan) as client:
        assert [event async for event in client.audit.get_event_stream(0, 10)] == []
    assert len(anaplan.requests("GET", EVENTS)) == 2


async def test_lines_of_another_format(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="GET", path=EVENTS, body="hello\n", headers={"Content-Type": "text/plain"})
    async with auditor(anaplan) as client:
        with pytest.raises(AnaplanResponseException, match="common event format"):
            [event async for event in client.audit.get_cef_events(0, 10)]
