"""Closing a client while a new token is on its way: the refresh token it brings is not lost."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from anaplan_sdk import AnaplanRefreshTokenAuth, AsyncClient, Client, MemoryStore
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.auth.stores import store_key
from anaplan_sdk.exceptions import ClientClosedException
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    NewToken = Callable[..., OAuthToken]
    Exchanges = Callable[..., list[int | None]]

TOKEN = "/oauth/token"


class Signed:
    """An auth whose access token has ended, what it keeps, and whether nothing of it was lost."""

    def __init__(
        self, anaplan: EmulatedAnaplan, registration: dict[str, Any], token: OAuthToken
    ) -> None:
        self.anaplan = anaplan
        self.spent = token["refresh_token"]
        self.store = MemoryStore()
        self.auth = AnaplanRefreshTokenAuth(token=token, store=self.store, **registration)
        self._key = store_key(registration["base_url"], registration["client_id"])

    @property
    def kept(self) -> str | None:
        return self.store.load(self._key)

    def wait_for_exchange(self) -> None:
        """Waits until the exchange has reached Anaplan, which holds its answer back."""
        while not self.anaplan.requests(path=TOKEN):
            time.sleep(0.01)


@pytest.fixture
def signed(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    new_token: NewToken,
) -> Signed:
    return Signed(anaplan, registration(anaplan), new_token(anaplan, ended=True))


def assert_nothing_is_lost(signed: Signed, exchanges: Exchanges) -> None:
    assert exchanges(signed.anaplan) == [200]
    assert signed.kept == signed.auth.token["refresh_token"] != signed.spent
    signed.anaplan.advance(minutes=36)
    assert signed.anaplan.client(auth=signed.auth).get_workspaces()
    assert exchanges(signed.anaplan) == [200, 200]


def test_after_a_timeout_of_asyncios_own(
    anaplan: EmulatedAnaplan, signed: Signed, exchanges: Exchanges
) -> None:
    anaplan.fault(path=TOKEN, delay_seconds=0.5)

    async def main() -> None:
        async with anaplan.async_client(auth=signed.auth) as client:
            asking = asyncio.ensure_future(client.get_workspaces())
            await anyio.to_thread.run_sync(signed.wait_for_exchange)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asking, 0.01)

    asyncio.run(main())
    assert_nothing_is_lost(signed, exchanges)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_by_what_cancels_the_block_of_the_client(
    anaplan: EmulatedAnaplan, signed: Signed, exchanges: Exchanges, backend: str
) -> None:
    anaplan.fault(path=TOKEN, delay_seconds=0.5)

    async def main() -> bool:
        async with anyio.create_task_group() as group:

            async def ask() -> None:
                async with anaplan.async_client(auth=signed.auth) as client:
                    await client.get_workspaces()

            group.start_soon(ask)
            await anyio.to_thread.run_sync(signed.wait_for_exchange)
            group.cancel_scope.cancel()
        return group.cancel_scope.cancelled_caught

    anyio.run(main, backend=backend)
    assert_nothing_is_lost(signed, exchanges)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_from_another_task(
    anaplan: EmulatedAnaplan, signed: Signed, exchanges: Exchanges, backend: str
) -> None:
    anaplan.fault(path=TOKEN, delay_seconds=0.5)

    async def main() -> None:
        client = anaplan.async_client(auth=signed.auth)

        async def ask() -> None:
            with pytest.raises(ClientClosedException):
                await client.get_workspaces()

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await anyio.to_thread.run_sync(signed.wait_for_exchange)
            await client.aclose()
            # It is kept before the connections are closed.
            assert signed.kept == signed.auth.token["refresh_token"]

    anyio.run(main, backend=backend)
    assert_nothing_is_lost(signed, exchanges)


def test_from_another_thread(
    anaplan: EmulatedAnaplan, signed: Signed, exchanges: Exchanges
) -> None:
    anaplan.fault(path=TOKEN, delay_seconds=0.5)
    client = anaplan.client(auth=signed.auth)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.get_workspaces)
        signed.wait_for_exchange()
        client.close()
        assert signed.kept == signed.auth.token["refresh_token"]
        with pytest.raises(ClientClosedException):
            asked.result(30)
    assert_nothing_is_lost(signed, exchanges)


class Silence:
    """A service that takes requests and answers none."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._taken: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def take(self) -> None:
        connection, _ = self._listening.accept()
        self._taken.append(connection)
        assert connection.recv(1)

    def close(self) -> None:
        for each in (*self._taken, self._listening):
            each.close()


def ask_and_close(backend: str | None) -> None:
    silence = Silence()
    auth = AnaplanRefreshTokenAuth(
        "c",
        "s",
        "https://portal.example.com/callback",
        {"refresh_token": "r"},
        base_url=silence.url,
    )
    with closing(silence), ThreadPoolExecutor(1) as pool:
        if backend is None:
            client = Client(auth=auth, base_url=silence.url, timeout=60)
            asked = pool.submit(client.get_workspaces)
            silence.take()
            client.close()
            assert not asked.done()
            silence.close()  # A thread that reads isn't woken by anything else.
            with pytest.raises(ClientClosedException):
                asked.result(30)
            return

        async def main() -> None:
            client = AsyncClient(auth=auth, base_url=silence.url, timeout=60)

            async def ask() -> None:
                with pytest.raises(ClientClosedException):
                    await client.get_workspaces()

            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                await anyio.to_thread.run_sync(silence.take)
                await client.aclose()

        anyio.run(main, backend=backend)


def test_a_service_that_never_answers_is_not_waited_for_to_the_end() -> None:
    """The three worlds side by side, since each of them waits for a while."""
    with ThreadPoolExecutor(3) as pool:
        worlds: list[str | None] = [None, "asyncio", "trio"]
        for ended in [pool.submit(ask_and_close, world) for world in worlds]:
            ended.result(30)
