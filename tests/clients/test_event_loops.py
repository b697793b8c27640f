"""One client and several event loops, of either kind."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest
import trio

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import ClientClosedException
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


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_task_closes_all_connections(anaplan: EmulatedAnaplan, backend: str) -> None:
    """`unclosed` is a warning, which fails the test."""

    async def main() -> None:
        with anyio.CancelScope() as scope:
            async with anaplan.async_client() as client:
                await client.get_models()
                async with anyio.create_task_group() as tasks:
                    for _ in range(5):
                        tasks.start_soon(use, client)
                scope.cancel()
        del client
        gc.collect()

    anyio.run(main, backend=backend)
    gc.collect()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_client_that_is_closed_while_it_connects_sends_nothing(backend: str) -> None:
    async def main(server: socket.socket) -> None:
        async def use_closed() -> None:
            with pytest.raises(ClientClosedException):
                await client.get_workspaces()

        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = AsyncClient(base_url=url, token="t", retry_count=0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(use_closed)
            while not client._session._transport._http._values:
                await anyio.lowlevel.checkpoint()
            await client.aclose()

    with socket.create_server(("127.0.0.1", 0)) as server:
        anyio.run(main, server, backend=backend)
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1) == b""


def test_uvloop(anaplan: EmulatedAnaplan) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        async with anaplan.async_client() as client:
            assert await use(client) == 6

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
