"""`AnaplanDeviceAuth`: a code that is typed in elsewhere."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from anaplan_sdk import AnaplanDeviceAuth, DeviceCode, MemoryStore
from anaplan_sdk.exceptions import OAuthException, SignInRequiredException
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from tests.oauth.conftest import World

    Exchanges = Callable[..., list[int | None]]

DEVICE = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
AuthFor = Callable[..., AnaplanDeviceAuth]


@pytest.fixture
def auth_for(anaplan: EmulatedAnaplan) -> AuthFor:
    anaplan.emulator.settings.device_poll_seconds = 0

    def make(prompt: Callable[[DeviceCode], object] | None, **arguments: Any) -> AnaplanDeviceAuth:
        emulator = anaplan.emulator
        return AnaplanDeviceAuth(
            emulator.device_client_id, base_url=emulator.base_url, prompt=prompt, **arguments
        )

    return make


@pytest.fixture
def approve(anaplan: EmulatedAnaplan) -> Callable[[DeviceCode], None]:
    return lambda code: anaplan.emulator.approve_device(code.user_code)


def test_a_sign_in_on_another_device(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    approve: Callable[[DeviceCode], None],
    exchanges: Exchanges,
) -> None:
    shown: list[DeviceCode] = []

    def prompt(code: DeviceCode) -> None:
        shown.append(code)
        approve(code)

    auth = auth_for(prompt)
    world.ask(anaplan, auth, times=2)
    (code,) = shown
    assert code.verification_uri == f"{anaplan.emulator.base_url}/activate"
    assert code.user_code in str(code.verification_uri_complete)
    anaplan.advance(minutes=36)
    world.ask(anaplan, auth)
    assert len(shown) == 1
    assert exchanges(anaplan, "refresh_token") == [200]
    requests = anaplan.requests(path="/oauth/*")
    assert len(requests) >= 3
    for request in requests:
        assert "client_secret" not in (request.body or "")
        assert "authorization" not in request.headers


def test_it_waits_for_the_person(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, exchanges: Exchanges
) -> None:
    def prompt(code: DeviceCode) -> None:
        def later() -> None:
            # Two polls are in vain first.
            while exchanges(anaplan, DEVICE).count(403) < 2:
                time.sleep(0.01)
            anaplan.emulator.approve_device(code.user_code)

        threading.Thread(target=later).start()

    world.ask(anaplan, auth_for(prompt))
    statuses = exchanges(anaplan, DEVICE)
    assert statuses[-1] == 200
    assert set(statuses[:-1]) == {403}


@pytest.mark.parametrize("decision", ["denied", "expired"])
def test_the_end_is_clear_and_the_next_request_begins_anew(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    approve: Callable[[DeviceCode], None],
    decision: str,
) -> None:
    shown: list[DeviceCode] = []

    def prompt(code: DeviceCode) -> None:
        shown.append(code)
        if len(shown) > 1:
            approve(code)
        elif decision == "denied":
            anaplan.emulator.deny_device(code.user_code)
        else:
            anaplan.advance(minutes=16)

    auth = auth_for(prompt)
    with pytest.raises(OAuthException) as refused:
        world.ask(anaplan, auth)
    expected = {"denied": "access_denied", "expired": "expired_token"}
    assert refused.value.code == expected[decision]
    world.ask(anaplan, auth)
    assert len(shown) == 2


def test_it_can_be_cancelled(anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor) -> None:
    auth: AnaplanDeviceAuth

    def prompt(code: DeviceCode) -> None:
        threading.Timer(0.1, auth.cancel).start()

    auth = auth_for(prompt)
    with pytest.raises(OAuthException) as cancelled:
        world.ask(anaplan, auth)
    assert cancelled.value.code == "cancelled"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_that_is_cancelled_does_not_wait(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, backend: str
) -> None:
    auth = auth_for(lambda code: None)

    def wait_for_poll() -> None:
        while not anaplan.requests(path="/oauth/token"):
            time.sleep(0.01)

    async def main() -> bool:
        async with anaplan.async_client(auth=auth) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.get_workspaces)
                await anyio.to_thread.run_sync(wait_for_poll)
                group.cancel_scope.cancel()
            return group.cancel_scope.cancelled_caught

    assert anyio.run(main, backend=backend)
    polls = len(anaplan.requests(path="/oauth/token"))
    time.sleep(0.3)
    assert len(anaplan.requests(path="/oauth/token")) == polls


def test_one_sign_in_for_all(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, exchanges: Exchanges
) -> None:
    shown: list[DeviceCode] = []
    auth = auth_for(shown.append)

    async def ask_many() -> None:
        async with (
            anaplan.async_client(auth=auth, max_concurrency=10) as client,
            anyio.create_task_group() as group,
        ):
            for _ in range(10):
                group.start_soon(client.get_workspaces)

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(lambda: anaplan.client(auth=auth).get_workspaces()) for _ in range(4)]
        loops = [
            pool.submit(partial(anyio.run, ask_many, backend=name)) for name in ("asyncio", "trio")
        ]
        while not exchanges(anaplan, DEVICE):
            time.sleep(0.01)
        anaplan.emulator.approve_device(shown[0].user_code)
        assert all(future.result(30) for future in asked)
        for loop in loops:
            loop.result(30)
    assert len(shown) == 1
    assert exchanges(anaplan, DEVICE).count(200) == 1


def test_a_kept_token(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    approve: Callable[[DeviceCode], None],
) -> None:
    store = MemoryStore()
    world.ask(anaplan, auth_for(approve, store=store))

    def never(code: DeviceCode) -> None:
        raise AssertionError("asked again")

    world.ask(anaplan, auth_for(never, store=store))


def test_without_a_terminal_it_says_what_to_do(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with pytest.raises(SignInRequiredException, match=r"persist_token=True.*prompt="):
        world.ask(anaplan, auth_for(None))
    assert anaplan.requests() == []


def test_a_client_of_the_other_kind(
    anaplan: EmulatedAnaplan, world: World, approve: Callable[[DeviceCode], None]
) -> None:
    emulator = anaplan.emulator
    auth = AnaplanDeviceAuth(emulator.oauth_client_id, base_url=emulator.base_url, prompt=approve)
    with pytest.raises(OAuthException) as refused:
        world.ask(anaplan, auth)
    assert refused.value.code == "unauthorized_client"
