"""Large reads whose caller is cancelled, as only async callers can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import anyio.to_thread
import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import StreamConsumedException
from anaplan_sdk.testing import EmulatedAnaplan

COUNTRIES = 101000000005
PLAN = 102000000001
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


async def export_with_chunks(anaplan: EmulatedAnaplan, client: AsyncClient) -> str:
    anaplan.emulator.settings.output_chunk_bytes = 100
    exports = await client.get_exports()
    export = next(str(each.id) for each in exports if "single column" in each.name)
    await client.run_action(export)
    return export


async def test_a_table_of_an_export_that_is_cancelled_ends_the_download(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(path="*/chunks/30", delay_seconds=20)
    async with anaplan.async_client() as client:
        export = await export_with_chunks(anaplan, client)
        stream = await client.export_table(export, run=False, batch_rows=1)
        batches = aiter(stream)
        assert await cancel_at(anaplan, batches, "GET", "*/chunks/30")
        requested = len(anaplan.requests("GET", "*/chunks/*"))
        chunks = await client.get_file_chunks(export)
        # The rows so far must not look like all of them.
        with pytest.raises(StreamConsumedException):
            await anext(batches)
    # Requests that were sent before it was cancelled may arrive later.
    assert len(anaplan.requests("GET", "*/chunks/*")) < requested + 10 < len(chunks)


async def test_an_export_that_is_cancelled_before_its_table_ends_the_download(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(path="*/chunks/0", delay_seconds=20)
    async with anaplan.async_client() as client:
        export = await export_with_chunks(anaplan, client)

        async def batches() -> AsyncIterator[object]:
            async with await client.export_table(export, run=False) as stream:
                async for batch in stream:
                    yield batch

        assert await cancel_at(anaplan, batches(), "GET", "*/chunks/0")
        requested = len(anaplan.requests("GET", "*/chunks/*"))
        chunks = await client.get_file_chunks(export)
    assert requested < 5
    assert len(anaplan.requests("GET", "*/chunks/*")) < requested + 10 < len(chunks)


@pytest.mark.parametrize("page", [0, 2])
async def test_a_table_of_a_view_that_is_cancelled_leaves_nothing_behind(
    anaplan: EmulatedAnaplan, page: int
) -> None:
    settings = anaplan.emulator.settings
    settings.view_cells_limit, settings.read_request_page_rows = 10, 20
    anaplan.fault(path=f"*/pages/{page}", delay_seconds=20)
    async with anaplan.async_client() as client:

        async def batches() -> AsyncIterator[object]:
            stream = await client.tr.view_table(PLAN, batch_rows=1)
            async for batch in stream:
                yield batch

        assert await cancel_at(anaplan, batches(), "GET", f"*/pages/{page}")
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
