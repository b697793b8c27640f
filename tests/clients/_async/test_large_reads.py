"""Reading views and lists of any size, page by page."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from anaplan_sdk import AsyncClient, Progress
from anaplan_sdk.exceptions import (
    AnaplanTimeoutException,
    InvalidIdentifierException,
    LargeReadException,
    LargeReadExpiredException,
)
from anaplan_sdk.testing import EmulatedAnaplan

AIRLINES = 101000000001
COUNTRIES = 101000000005
PLAN = 102000000001


def deletions(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("DELETE", "*/readRequests/*"))


def starts(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/readRequests"))


async def fill(client: AsyncClient, count: int) -> None:
    items = ({"name": f"Airline {number}", "code": f"A{number}"} for number in range(count))
    await client.tr.insert_list_items(AIRLINES, items)


async def test_rows_of_a_view(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        rows = [row async for row in client.tr.read_view(PLAN)]
        values = {(row["Countries"], row["Time"], row["Versions"]): row for row in rows}
        assert values["United States", "Jan 13", "Actual"]["Passengers"] == "412000"
        single = [row async for row in client.tr.read_view(PLAN, "TABULAR_SINGLE_COLUMN")]
        assert len(single) > len(rows)
        pages = [page async for page in client.tr.read_view_pages(PLAN, "GRID_ALL_PAGES")]
        assert b"412000" in b"".join(pages)
    assert starts(anaplan) == deletions(anaplan) == 3


async def test_rows_of_a_list(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        rows = [row async for row in client.tr.read_list(COUNTRIES)]
        assert "United States" in rows[0].values() or "United States" in rows[1].values()
        pages = [page async for page in client.tr.read_list_pages(COUNTRIES)]
        assert b"".join(pages).count(b"France") == 1
    assert starts(anaplan) == deletions(anaplan) == 2


async def test_many_pages_come_in_order(anaplan: EmulatedAnaplan) -> None:
    reports: list[Progress] = []
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        await fill(client, 25_000)
        names = [
            next(value for value in row.values() if value.startswith("Airline "))
            async for row in client.tr.read_list(AIRLINES, on_progress=reports.append)
        ]
    assert names == [f"Airline {number}" for number in range(25_000)]
    assert len(reports) > 1
    assert [report.completed for report in reports] == list(range(1, len(reports) + 1))
    assert reports[-1] == Progress("read", len(reports), len(reports))


async def test_a_caller_who_stops_early_leaves_nothing_behind(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        async with aclosing(client.tr.read_list(COUNTRIES)) as rows:
            async for _ in rows:
                break
        assert deletions(anaplan) == 1
        with pytest.raises(RuntimeError, match="enough"):
            async with aclosing(client.tr.read_view(PLAN)) as rows:
                async for _ in rows:
                    raise RuntimeError("enough")
    assert starts(anaplan) == deletions(anaplan) == 2


async def test_a_page_that_fails_is_asked_for_again(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/pages/0", status=503)
    anaplan.fault(path="*/pages/0", truncate_after=5)
    async with anaplan.async_client(status_poll_delay=0.05, backoff=0) as client:
        rows = [row async for row in client.tr.read_list(COUNTRIES)]
    assert len(rows) >= 4
    assert len(anaplan.requests("GET", "*/pages/0")) == 3


async def test_a_read_that_expires(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/pages/*", status=404, times=None)
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        with pytest.raises(LargeReadExpiredException, match="30 minutes") as caught:
            _ = [row async for row in client.tr.read_list(COUNTRIES)]
    assert caught.value.status_code == 404
    assert deletions(anaplan) == 1


@pytest.mark.parametrize("state", ["COMPLETE", "CANCELLED"])
async def test_a_read_that_anaplan_gives_up(anaplan: EmulatedAnaplan, state: str) -> None:
    said = {"requestId": "A" * 32, "requestState": state, "successful": False, "listId": 1}
    anaplan.fault(method="POST", path="*/readRequests", body={"listReadRequest": said})
    async with anaplan.async_client() as client:
        with pytest.raises(LargeReadException):
            _ = [row async for row in client.tr.read_list(COUNTRIES)]
    assert deletions(anaplan) == 1


async def test_waiting_has_an_end(anaplan: EmulatedAnaplan) -> None:
    said = {"requestId": "A" * 32, "requestState": "IN_PROGRESS", "successful": False}
    body = {"listReadRequest": {**said, "availablePages": 0, "listId": 1}}
    anaplan.fault(method="POST", path="*/readRequests", body=body)
    anaplan.fault(method="GET", path="*/readRequests/*", body=body, times=None)
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        with pytest.raises(AnaplanTimeoutException, match="IN_PROGRESS after 0.2 .* given up"):
            _ = [row async for row in client.tr.read_list(COUNTRIES, timeout=0.2)]
        assert deletions(anaplan) == 1
        with pytest.raises(ValueError, match="timeout can't be negative"):
            _ = [row async for row in client.tr.read_list(COUNTRIES, timeout=-1)]


async def test_what_cant_be_read_is_never_begun(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidIdentifierException):
            _ = [row async for row in client.tr.read_view(102999999999)]
        with pytest.raises(InvalidIdentifierException):
            _ = [page async for page in client.tr.read_list_pages(101999999998)]
    assert deletions(anaplan) == 0
