"""One exchange for everybody in a process, whoever leads it and whatever happens to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from anaplan_sdk import AnaplanRefreshTokenAuth, MemoryStore, TokenStore
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    NewToken = Callable[..., OAuthToken]
    Exchanges = Callable[..., list[int | None]]

TOKEN = "/oauth/token"
THREADS = 8
TASKS = 200
AuthFor = Callable[..., AnaplanRefreshTokenAuth]


@pytest.fixture
def ended_auth(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    new_token: NewToken,
) -> AuthFor:
    """An auth whose access token has ended, so that everybody needs another one."""

    def make(store: TokenStore | None = None) -> AnaplanRefreshTokenAuth:
        return AnaplanRefreshTokenAuth(
            token=new_token(anaplan, ended=True), store=store, **registration(anaplan)
        )

    return make


def wait_for_exchange(anaplan: EmulatedAnaplan) -> None:
    """Waits until somebody's exchange has reached Anaplan."""
    while not anaplan.requests(path=TOKEN):
        time.sleep(0.01)


def in_threads(anaplan: EmulatedAnaplan, auth: AnaplanRefreshTokenAuth) -> None:
    client = anaplan.client(auth=auth)
    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(lambda _: client.get_workspaces(), range(THREADS)))


def in_tasks(anaplan: EmulatedAnaplan, auth: AnaplanRefreshTokenAuth, backend: str) -> None:
    async def main() -> None:
        async with (
            anaplan.async_client(auth=auth, max_concurrency=TASKS) as client,
            anyio.create_task_group() as group,
        ):
            for _ in range(TASKS):
                group.start_soon(client.get_workspaces)

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("refused", [False, True])
def test_threads_and_tasks(
    anaplan: EmulatedAnaplan,
    ended_auth: AuthFor,
    exchanges: Exchanges,
    keeps: bool,
    refused: bool,
) -> None:
    auth = ended_auth(MemoryStore() if keeps else None)
    if refused:
        # They learn from Anaplan that the token has ended, each for itself.
        anaplan.client(auth=auth).get_workspaces()
        anaplan.advance(minutes=36)
        anaplan.emulator.clear_requests()
    anaplan.fault(path=TOKEN, delay_seconds=0.3)
    with ThreadPoolExecutor(3) as pool:
        work = [
            pool.submit(in_threads, anaplan, auth),
            pool.submit(in_tasks, anaplan, auth, "asyncio"),
            pool.submit(in_tasks, anaplan, auth, "trio"),
        ]
        for future in work:
            future.result(60)
    assert exchanges(anaplan) == [200]


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_leader_that_is_cancelled_loses_no_token(
    anaplan: EmulatedAnaplan,
    ended_auth: AuthFor,
    exchanges: Exchanges,
    backend: str,
    keeps: bool,
) -> None:
    store = MemoryStore() if keeps else None
    auth = ended_auth(store)
    passed = auth.token
    anaplan.fault(path=TOKEN, delay_seconds=0.5)
    served: list[int] = []

    async def main() -> bool:
        async with anaplan.async_client(auth=auth) as client:
            leading = anyio.CancelScope()

            async def lead() -> None:
                with leading:
                    await client.get_workspaces()

            async def follow(number: int) -> None:
                await client.get_workspaces()
                served.append(number)

            async with anyio.create_task_group() as group:
                group.start_soon(lead)
                await anyio.to_thread.run_sync(wait_for_exchange, anaplan)
                for number in range(5):
                    group.start_soon(follow, number)
                await anyio.sleep(0.05)
                leading.cancel()
            return leading.cancelled_caught

    assert anyio.run(main, backend=backend)
    assert sorted(served) == [0, 1, 2, 3, 4]
    assert exchanges(anaplan) == [200]
    assert auth.token["refresh_token"] != passed["refresh_token"]
    # What was got is good for the next exchange, too.
    anaplan.advance(minutes=36)
    assert anaplan.client(auth=auth).get_workspaces()
    assert exchanges(anaplan) == [200, 200]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_leader_that_is_cancelled_alone_loses_no_token(
    anaplan: EmulatedAnaplan, ended_auth: AuthFor, exchanges: Exchanges, backend: str
) -> None:
    auth = ended_auth()
    anaplan.fault(path=TOKEN, delay_seconds=0.3)

    async def main() -> bool:
        async with anaplan.async_client(auth=auth) as client:
            with anyio.move_on_after(0.1) as scope:
                await client.get_workspaces()
            assert await client.get_workspaces()
            return scope.cancelled_caught

    assert anyio.run(main, backend=backend)
    assert exchanges(anaplan) == [200]


def test_a_timeout_of_asyncios_own(
    anaplan: EmulatedAnaplan, ended_auth: AuthFor, exchanges: Exchanges
) -> None:
    auth = ended_auth()
    anaplan.fault(path=TOKEN, delay_seconds=2)

    async def main() -> None:
        async with anaplan.async_client(auth=auth) as client:
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.get_workspaces(), 0.1)
            assert time.monotonic() - started < 1.5
            assert await client.get_workspaces()

    asyncio.run(main())
    assert exchanges(anaplan) == [200]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_thread_gets_what_a_cancelled_task_has_begun(
    anaplan: EmulatedAnaplan, ended_auth: AuthFor, exchanges: Exchanges, backend: str
) -> None:
    auth = ended_auth()
    anaplan.fault(path=TOKEN, delay_seconds=0.5)

    def follow() -> bool:
        wait_for_exchange(anaplan)
        return bool(anaplan.client(auth=auth, retry_count=0).get_workspaces())

    async def main(followed: Future[bool]) -> bool:
        async with anaplan.async_client(auth=auth) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.get_workspaces)
                await anyio.to_thread.run_sync(wait_for_exchange, anaplan)
                group.cancel_scope.cancel()
            # On asyncio a task that goes on needs its event loop to go on, too.
            return await anyio.to_thread.run_sync(followed.result, 30)

    with ThreadPoolExecutor(1) as pool:
        assert anyio.run(main, pool.submit(follow), backend=backend)
    assert exchanges(anaplan) == [200]
