"""Large reads whose caller is cancelled, as only async callers can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import anyio.to_thread
import pytest

from anaplan_sdk.testing import EmulatedAnaplan

COUNTRIES = 101000000005
READS = "*/readRequests*"


def deletions(anaplan: EmulatedAnaplan) -> list[int | None]:
    return [request.status for request in anaplan.requests("DELETE", "*/readRequests/*")]


def wait_for(
    anaplan: EmulatedAnaplan, method: str, path: str, *, is_answered: bool = False
) -> None:
    """Waits until such a request is under way."""
    while not any(request.status or not is_answered for request in anaplan.requests(method, path)):
        time.sleep(0.01)


async def cancel_at(
    anaplan: EmulatedAnaplan, pages: AsyncIterator[object], method: str, path: str
) -> bool:
    """Cancels who reads as soon as such a request is under way; tells whether it was cancelled."""

    async def read_all() -> None:
        _ = [page async for page in pages]

    async with anyio.create_task_group() as group:
        group.start_soon(read_all)
        await anyio.to_thread.run_sync(wait_for, anaplan, method, path)
        group.cancel_scope.cancel()
    return group.cancel_scope.cancelled_caught


async def test_a_large_read_that_is_cancelled_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(path="*/pages/0", delay_seconds=20)
    async with anaplan.async_client() as client:
        assert await cancel_at(anaplan, client.tr.read_list_pages(COUNTRIES), "GET", "*/pages/0")
    assert deletions(anaplan) == [200]


async def test_a_large_read_that_is_cancelled_while_it_waits_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    settings = anaplan.emulator.settings
    settings.hold_tasks, settings.read_request_limit = "NOT_STARTED", 1
    async with anaplan.async_client(status_poll_delay=0.05, retry_count=0) as client:
        rows = client.tr.read_list(COUNTRIES)
        assert await cancel_at(anaplan, rows, "GET", "*/readRequests/*")
        assert deletions(anaplan) == [200]
        settings.hold_tasks = None
        assert len([row async for row in client.tr.read_list(COUNTRIES)]) == 4


async def test_a_large_read_that_is_cancelled_at_its_start_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(method="POST", path="*/readRequests", delay_seconds=0.5)
    async with anaplan.async_client() as client:
        pages = client.tr.read_list_pages(COUNTRIES)
        assert await cancel_at(anaplan, pages, "POST", "*/readRequests")
    # It was waited for: a client that is closed at once could not delete it any more.
    assert deletions(anaplan) == [200]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_task_that_is_cancelled_twice_leaves_nothing_behind(
    anaplan: EmulatedAnaplan, method: str
) -> None:
    anaplan.emulator.settings.hold_tasks = "NOT_STARTED"
    anaplan.fault(method=method, path=READS, delay_seconds=0.5)

    async def main() -> None:
        async with anaplan.async_client() as client:

            async def read_all() -> None:
                _ = [page async for page in client.tr.read_list_pages(COUNTRIES)]

            reading = asyncio.create_task(read_all())
            await asyncio.to_thread(wait_for, anaplan, "POST", READS)
            reading.cancel()
            if method == "POST":
                await asyncio.sleep(0.1)
            else:
                await asyncio.to_thread(wait_for, anaplan, "DELETE", READS)
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
            await asyncio.to_thread(wait_for, anaplan, "DELETE", READS, is_answered=True)

    asyncio.run(main())
    assert deletions(anaplan) == [200]
