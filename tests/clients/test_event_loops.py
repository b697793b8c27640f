"""One client and several event loops, of either kind."""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
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
        # The emulator, in the same process, takes a moment to see that a connection has ended.
        deadline = time.monotonic() + 10
        while len(list(DESCRIPTORS.iterdir())) > before + 5 and time.monotonic() < deadline:
            gc.collect()
        assert len(list(DESCRIPTORS.iterdir())) <= before + 5
        asyncio.run(client.aclose())
        del client
        gc.collect()


def test_event_loops_share_a_limit(anaplan: EmulatedAnaplan) -> None:
    settings = anaplan.emulator.settings
    settings.rate_limit_per_minute, settings.rate_limit_burst = 3000, 25
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        client = anaplan.async_client(requests_per_minute=3000, retry_count=0)
        other = client.with_model("0" * 32)

        async def list_many(client: AsyncClient) -> None:
            for _ in range(6):
                await asyncio.gather(*(client.get_workspaces() for _ in range(5)))

        with ThreadPoolExecutor(3) as pool:
            runs = [pool.submit(asyncio.run, list_many(each)) for each in (client, other, client)]
            for run in runs:
                run.result()
        asyncio.run(client.aclose())
        del client, other
        gc.collect()
    requests = anaplan.requests(path="/2/0/workspaces")
    assert [request.status for request in requests] == [200] * 90
