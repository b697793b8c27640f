"""One client and several event loops, of either kind."""

from __future__ import annotations

import asyncio
import gc
import time
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
        # The emulator, in the same process, takes a moment to see that a connection has ended.
        deadline = time.monotonic() + 10
        while len(list(DESCRIPTORS.iterdir())) > before + 5 and time.monotonic() < deadline:
            gc.collect()
        assert len(list(DESCRIPTORS.iterdir())) <= before + 5
        asyncio.run(client.aclose())
        del client
        gc.collect()
