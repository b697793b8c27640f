"""One client and several event loops, of either kind."""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path

import pytest
import trio

from anaplan_sdk import AsyncClient
from anaplan_sdk.testing import EmulatedAnaplan

DESCRIPTORS = Path("/proc/self/fd")


async def use(client: AsyncClient) -> int:
    return len(await client.get_imports())


def test_an_async_client_survives_its_event_loop(anaplan: EmulatedAnaplan) -> None:
    with warnings.catch_warnings():
        # A loop that has ended can't close its connections any more: they go with the garbage.
        warnings.simplefilter("ignore", ResourceWarning)
        client = anaplan.async_client()
        assert asyncio.run(use(client)) == 6
        assert asyncio.run(use(client)) == 6
        assert trio.run(use, client) == 6
        asyncio.run(client.aclose())
        del client
        gc.collect()
    assert len(anaplan.requests(path="/token/authenticate")) == 1


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="only Linux lists its open files there")
def test_event_loops_that_have_ended_leave_little_behind(anaplan: EmulatedAnaplan) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        client = anaplan.async_client()
        asyncio.run(use(client))
        gc.collect()
        before = len(list(DESCRIPTORS.iterdir()))
        for _ in range(20):
            asyncio.run(use(client))
        gc.collect()
        assert len(list(DESCRIPTORS.iterdir())) <= before + 5
        asyncio.run(client.aclose())
        del client
        gc.collect()


async def test_a_large_read_that_is_cancelled_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    said = {"requestId": "A" * 32, "requestState": "COMPLETE", "successful": True}
    anaplan.fault(
        method="POST",
        path="*/readRequests",
        body={"listReadRequest": {**said, "availablePages": 1}},
    )
    anaplan.fault(path="*/pages/0", body="a\n", delay_seconds=5)
    async with anaplan.async_client() as client:
        with anyio.move_on_after(0.5) as scope:
            _ = [page async for page in client.tr.read_list_pages(101)]
    assert scope.cancelled_caught
    assert len(anaplan.requests("DELETE", "*/readRequests/*")) == 1


async def test_a_large_read_that_is_cancelled_at_its_start_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    said = {"requestId": "A" * 32, "requestState": "IN_PROGRESS"}
    anaplan.fault(
        method="POST",
        path="*/readRequests",
        body={"listReadRequest": said},
        delay_seconds=0.5,
    )
    async with anaplan.async_client() as client:
        await client.tr.get_modules()
        with anyio.move_on_after(0.2) as scope:
            _ = [page async for page in client.tr.read_list_pages(101)]
        with anyio.fail_after(5):
            while not anaplan.requests("DELETE", "*/readRequests/*"):
                await anyio.sleep(0.05)
    assert scope.cancelled_caught
