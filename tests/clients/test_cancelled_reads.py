"""Large reads whose caller is cancelled, as only async callers can be."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import anyio
import pytest

from anaplan_sdk.testing import EmulatedAnaplan

COUNTRIES = 101000000005


def deletions(anaplan: EmulatedAnaplan) -> list[int | None]:
    return [request.status for request in anaplan.requests("DELETE", "*/readRequests/*")]


async def test_a_large_read_that_is_cancelled_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(path="*/pages/0", delay_seconds=5)
    async with anaplan.async_client() as client:
        with anyio.move_on_after(0.5) as scope:
            _ = [page async for page in client.tr.read_list_pages(COUNTRIES)]
    assert scope.cancelled_caught
    assert deletions(anaplan) == [200]


async def test_a_large_read_that_is_cancelled_while_it_waits_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    settings = anaplan.emulator.settings
    settings.hold_tasks, settings.read_request_limit = "NOT_STARTED", 1
    async with anaplan.async_client(status_poll_delay=0.05, retry_count=0) as client:
        with anyio.move_on_after(0.5) as scope:
            _ = [row async for row in client.tr.read_list(COUNTRIES)]
        assert scope.cancelled_caught
        assert deletions(anaplan) == [200]
        settings.hold_tasks = None
        assert len([row async for row in client.tr.read_list(COUNTRIES)]) == 4


async def test_a_large_read_that_is_cancelled_at_its_start_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(method="POST", path="*/readRequests", delay_seconds=0.5)
    async with anaplan.async_client() as client:
        await client.tr.get_modules()
        with anyio.move_on_after(0.2) as scope:
            _ = [page async for page in client.tr.read_list_pages(COUNTRIES)]
    # It was waited for: a client that is closed at once could not delete it any more.
    assert scope.cancelled_caught
    assert deletions(anaplan) == [200]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_task_that_is_cancelled_twice_leaves_nothing_behind(
    anaplan: EmulatedAnaplan, method: str
) -> None:
    anaplan.emulator.settings.hold_tasks = "NOT_STARTED"
    anaplan.fault(method=method, path="*/readRequests*", delay_seconds=0.5)

    async def main() -> None:
        async with anaplan.async_client() as client:
            await client.tr.get_modules()

            async def read_all() -> None:
                _ = [page async for page in client.tr.read_list_pages(COUNTRIES)]

            reading = asyncio.create_task(read_all())
            for _ in range(2):
                await asyncio.sleep(0.2)
                reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
            await asyncio.sleep(0.8)

    asyncio.run(main())
    assert deletions(anaplan) == [200]
