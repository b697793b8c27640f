"""Token requests of plain HTTP clients: a redirect takes no secret to another origin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest
from tests.clients.conftest import Origin

from anaplan_sdk import AnaplanRefreshTokenAuth, MemoryStore
from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from tests.oauth.conftest import World


@pytest.fixture
def new_origin() -> Iterator[Callable[[], Origin]]:
    with ExitStack() as origins:
        yield lambda: origins.enter_context(closing(Origin()))


@pytest.mark.parametrize("status", [307, 308])
def test_token_requests_of_a_plain_client(
    world: World, new_origin: Callable[[], Origin], status: int
) -> None:
    here, elsewhere = new_origin(), new_origin()
    here.answer = lambda request: (status, {"Location": f"{elsewhere.url}{request.path}"}, b"")
    auth = AnaplanRefreshTokenAuth(
        "id",
        "c1ient-secret",
        "http://localhost/callback",
        token={"access_token": "t0ken-value", "refresh_token": "r3fresh", "expires_at": 1},
        base_url=here.url,
    )

    def ask() -> None:
        with httpx2.Client(auth=auth, follow_redirects=True) as client:
            client.get(f"{here.url}/2/0/workspaces")

    async def ask_async() -> None:
        async with httpx2.AsyncClient(auth=auth, follow_redirects=True) as client:
            await client.get(f"{here.url}/2/0/workspaces")

    backend = world.backend
    run = ask if backend is None else lambda: anyio.run(ask_async, backend=backend)
    with pytest.raises(AnaplanException, match="redirects"):
        run()
    assert [each.path for each in here.received] == ["/oauth/token"]
    assert not any(each.body for each in elsewhere.received)


def test_the_debug_mode_of_asyncio_shows_no_token(
    anaplan: EmulatedAnaplan, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    if world.backend != "asyncio":
        pytest.skip("trio has no such mode")
    emulator = anaplan.emulator
    given: dict[str, Any] = {
        "client_id": emulator.oauth_client_id,
        "client_secret": emulator.oauth_client_secret,
        "redirect_uri": emulator.redirect_uri,
        "base_url": emulator.base_url,
    }
    oauth = world.oauth(anaplan)
    url, state = oauth.authorization_url()
    token = oauth.fetch_token(emulator.authorize(url), state)
    kept: list[dict[str, Any]] = []
    store = MemoryStore()
    auth = AnaplanRefreshTokenAuth(
        token={**token, "expires_at": 1}, store=store, on_token=kept.append, **given
    )

    async def ask() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0.0
        async with anaplan.async_client(auth=auth) as client:
            assert await client.get_workspaces()

    with caplog.at_level(logging.DEBUG, "asyncio"):
        asyncio.run(ask(), debug=True)
    secrets = [str(token["refresh_token"]), *(str(each["access_token"]) for each in kept)]
    secrets += [str(each["refresh_token"]) for each in kept]
    assert kept
    assert any("Executing" in record.getMessage() for record in caplog.records)
    assert not any(
        secret[:10] in record.getMessage() for record in caplog.records for secret in secrets
    )
