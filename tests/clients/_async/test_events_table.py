"""Audit events as tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import InvalidArgumentException, PermissionDeniedException
from anaplan_sdk.testing import EmulatedAnaplan

EVENTS = "/audit/api/1/events"
COLUMNS = [
    "id",
    "event_type_id",
    "event_date",
    "user_id",
    "tenant_id",
    "object_id",
    "object_type_id",
    "object_tenant_id",
    "message",
    "success",
    "error_number",
    "ip_address",
    "user_agent",
    "session_id",
    "host_name",
    "service_version",
    "event_time_zone",
    "created_date",
    "created_time_zone",
    "checksum",
    "additional_attributes",
]


@pytest.fixture(autouse=True, params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


def auditor(anaplan: EmulatedAnaplan, **arguments: Any) -> AsyncClient:
    return anaplan.async_client(user_email="auditor@skyline.example", **arguments)


async def test_the_events_of_a_window(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        end = datetime.now(UTC) + timedelta(seconds=30)
        start = end - timedelta(days=29)
        table = (await (await client.audit.events_table(start, end)).read_all()).to_polars()
        events = [event async for event in client.audit.get_event_stream(start, end)]
    assert table.columns == COLUMNS
    moment = pl.Datetime("ms", "UTC")
    types = {"id": pl.Int64, "success": pl.Boolean, "event_date": moment, "created_date": moment}
    assert table.schema == {name: types.get(name, pl.String) for name in COLUMNS}
    by_id = {row["id"]: row for row in table.iter_rows(named=True)}
    assert len(by_id) == len(table) > 6
    for event in events:
        if row := by_id.get(event.id):
            assert row["event_date"] == event.happened_at
            assert row["event_type_id"] == event.event_type_id
            assert row["success"] == event.success
            attributes = row["additional_attributes"]
            assert (attributes and json.loads(attributes)) == event.additional_attributes
    assert set(by_id) <= {event.id for event in events}


async def test_pages_are_read_as_the_table_is(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan, page_size=2) as client:
        end = datetime.now(UTC)
        stream = await client.audit.events_table(end - timedelta(days=29), end, batch_rows=3)
        assert anaplan.requests("GET", EVENTS) == []
        sizes = []
        async with stream:
            async for batch in stream:
                sizes.append(batch.num_rows)
                if len(sizes) == 1:
                    assert len(anaplan.requests("GET", EVENTS)) == 2
        assert set(sizes[:-1]) == {3}
        whole = [e async for e in client.audit.get_event_stream(end - timedelta(days=29), end)]
        assert sum(sizes) == len(whole)


async def test_a_stream_that_is_closed_early_reads_no_more_pages(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan, page_size=1) as client:
        async with await client.audit.events_table(hours=720, batch_rows=1) as stream:
            async for batch in stream:
                assert batch.num_rows == 1
                break
        pages = [each for each in anaplan.requests("GET", EVENTS) if "offset" in each.query]
        assert len(pages) == 1


async def test_a_window_without_events(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        end = datetime.now(UTC) - timedelta(days=29, hours=23)
        window = (end - timedelta(seconds=1), end)
        stream = await client.audit.events_table(*window, event_type="byok")
        table = await stream.read_all()
    assert (table.column_names, len(table)) == (COLUMNS, 0)


async def test_families_and_errors(anaplan: EmulatedAnaplan) -> None:
    async with auditor(anaplan) as client:
        stream = await client.audit.events_table(hours=720, event_type="user_activity")
        kinds = {str(row["event_type_id"]) for row in (await stream.read_all()).to_pylist()}
        assert "USR-8" in kinds
        assert all(kind.startswith("USR-") for kind in kinds)
        with pytest.raises(InvalidArgumentException, match="start and hours"):
            await client.audit.events_table(1, hours=1)
        with pytest.raises(InvalidArgumentException, match="batch_rows"):
            await client.audit.events_table(batch_rows=0)
    async with anaplan.async_client() as client:
        with pytest.raises(PermissionDeniedException):
            await client.audit.events_table(hours=1)
