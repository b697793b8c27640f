"""`AnaplanLocalOAuth`: a person signs in, once, and tokens are kept."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import keyring
import pytest
from keyrings.alt.file import PlaintextKeyring

from anaplan_sdk import AnaplanLocalOAuth, KeyringStore, MemoryStore
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.auth.stores import store_key
from anaplan_sdk.exceptions import (
    OAuthException,
    OAuthStateException,
    SignInRequiredException,
    TokenStoreException,
)
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.oauth.conftest import World

    NewToken = Callable[..., OAuthToken]
    Exchanges = Callable[..., list[int | None]]


class Person:
    """Signs in where they are sent, unless told to wait.

    Attributes:
        asked: How often they were asked.
        is_asked: Set while somebody waits for them.
        may_answer: Cleared to keep them thinking.
    """

    def __init__(self, anaplan: EmulatedAnaplan, *, allow: bool = True) -> None:
        self._anaplan = anaplan
        self._allow = allow
        self.asked = 0
        self.is_asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, url: str) -> str:
        self.asked += 1
        self.is_asked.set()
        assert self.may_answer.wait(30)
        return self._anaplan.emulator.authorize(url, allow=self._allow)


AuthFor = Callable[..., AnaplanLocalOAuth]


@pytest.fixture
def person(anaplan: EmulatedAnaplan) -> Iterator[Person]:
    person = Person(anaplan)
    yield person
    person.may_answer.set()


@pytest.fixture
def auth_for(registration: Callable[[EmulatedAnaplan], dict[str, Any]]) -> AuthFor:
    def make(anaplan: EmulatedAnaplan, **arguments: Any) -> AnaplanLocalOAuth:
        return AnaplanLocalOAuth(**{**registration(anaplan), **arguments})

    return make


@pytest.fixture
def system_keyring(tmp_path: Path) -> Iterator[PlaintextKeyring]:
    """A real backend of the keyring library's, in a file of the test's."""
    before = keyring.get_keyring()
    backend = PlaintextKeyring()
    backend.file_path = str(tmp_path / "keyring.cfg")
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def key_of(anaplan: EmulatedAnaplan) -> str:
    return store_key(anaplan.emulator.base_url, anaplan.emulator.oauth_client_id)


def test_a_person_signs_in_once(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, person: Person, exchanges: Exchanges
) -> None:
    auth = auth_for(anaplan, prompt=person)
    assert auth.token == {}
    world.ask(anaplan, auth, times=2)
    assert person.asked == 1
    anaplan.advance(minutes=36)
    world.ask(anaplan, auth)
    assert person.asked == 1
    assert exchanges(anaplan, "authorization_code") == [200]
    assert exchanges(anaplan, "refresh_token") == [200]
    assert auth.token["refresh_token"]


def test_a_passed_token_saves_the_sign_in(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, person: Person, new_token: NewToken
) -> None:
    token = new_token(anaplan)
    auth = auth_for(anaplan, token=token, prompt=person)
    world.ask(anaplan, auth)
    assert auth.token == token
    anaplan.advance(minutes=36)
    world.ask(anaplan, auth)
    assert person.asked == 0


def test_a_passed_token_that_is_refused_leads_to_a_sign_in(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, person: Person, new_token: NewToken
) -> None:
    token = new_token(anaplan, ended=True)
    anaplan.emulator.revoke(str(token["refresh_token"]))
    world.ask(anaplan, auth_for(anaplan, token=token, prompt=person))
    assert person.asked == 1


def test_a_passed_token_that_is_good_serves_when_the_kept_one_is_refused(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    person: Person,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    store = MemoryStore()
    store.save(key_of(anaplan), "of-a-sign-in-long-ago")
    token = new_token(anaplan)
    auth = auth_for(anaplan, token=token, store=store, prompt=person)
    world.ask(anaplan, auth)
    assert exchanges(anaplan) == [403]
    assert auth.token == token
    assert store.load(key_of(anaplan)) == token["refresh_token"]
    anaplan.advance(minutes=36)
    world.ask(anaplan, auth)
    assert exchanges(anaplan) == [403, 200]
    assert person.asked == 0


def test_a_state_of_ones_own(anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor) -> None:
    seen: list[str] = []

    def prompt(url: str) -> str:
        seen.append(url)
        return anaplan.emulator.authorize(url)

    auth = auth_for(anaplan, prompt=prompt, state_generator=lambda: "my-own-state")
    world.ask(anaplan, auth)
    assert "state=my-own-state" in seen[0]


def test_a_callback_of_another_sign_in(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor
) -> None:
    auth = auth_for(
        anaplan, prompt=lambda url: anaplan.emulator.authorize(url).replace("state=", "state=x")
    )
    with pytest.raises(OAuthStateException):
        world.ask(anaplan, auth)
    assert not anaplan.requests(path="/oauth/token")


def test_who_denies_is_asked_again_the_next_time(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor
) -> None:
    person = Person(anaplan, allow=False)
    auth = auth_for(anaplan, prompt=person)
    for _ in range(2):
        with pytest.raises(OAuthException) as refused:
            world.ask(anaplan, auth)
        assert refused.value.code == "access_denied"
    assert person.asked == 2


def test_without_a_terminal_it_says_what_to_run(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    auth = auth_for(anaplan)
    for _ in range(2):
        with pytest.raises(SignInRequiredException, match=r"persist_token=True.*AnaplanDeviceAuth"):
            world.ask(anaplan, auth)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SignInRequiredException):
        world.ask(anaplan, auth)
    assert anaplan.requests() == []


def test_one_sign_in_for_threads_and_tasks(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, person: Person, exchanges: Exchanges
) -> None:
    auth = auth_for(anaplan, prompt=person)
    person.may_answer.clear()

    def ask(_: int) -> bool:
        return bool(anaplan.client(auth=auth).get_workspaces())

    async def ask_many() -> None:
        async with (
            anaplan.async_client(auth=auth, max_concurrency=20) as client,
            anyio.create_task_group() as group,
        ):
            for _ in range(20):
                group.start_soon(client.get_workspaces)

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(ask, number) for number in range(4)]
        loops = [
            pool.submit(partial(anyio.run, ask_many, backend=name)) for name in ("asyncio", "trio")
        ]
        assert person.is_asked.wait(30)
        # They can't be seen waiting; too short a time makes the test weaker, never wrong.
        time.sleep(0.2)
        person.may_answer.set()
        assert all(future.result(30) for future in futures)
        for loop in loops:
            loop.result(30)
    assert person.asked == 1
    assert exchanges(anaplan) == [200]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_event_loop_goes_on_while_someone_signs_in(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, person: Person, backend: str
) -> None:
    auth = auth_for(anaplan, prompt=person)
    person.may_answer.clear()

    async def main() -> None:
        async with anaplan.async_client(auth=auth) as client, anyio.create_task_group() as group:
            group.start_soon(client.get_workspaces)
            await anyio.to_thread.run_sync(person.is_asked.wait)
            for _ in range(20):  # would never end if the prompt held the loop
                await anyio.sleep(0.001)
            person.may_answer.set()

    anyio.run(main, backend=backend)
    assert person.asked == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_who_is_cancelled_does_not_wait_for_the_person(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, person: Person, backend: str
) -> None:
    auth = auth_for(anaplan, prompt=person)
    person.may_answer.clear()

    async def main() -> bool:
        async with anaplan.async_client(auth=auth) as client:
            with anyio.move_on_after(0.2) as scope:
                await client.get_workspaces()
            return scope.cancelled_caught

    started = time.monotonic()
    assert anyio.run(main, backend=backend)
    assert time.monotonic() - started < 10
    assert not person.may_answer.is_set()
    person.may_answer.set()
    # The sign-in that was given up is in nobody's way.
    assert anaplan.client(auth=auth).get_workspaces()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_bare_client_that_is_cancelled_does_not_wait_for_the_person(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, person: Person, backend: str
) -> None:
    import httpx2

    auth = auth_for(anaplan, prompt=person, store=MemoryStore())
    person.may_answer.clear()

    async def main() -> bool:
        async with httpx2.AsyncClient(auth=auth, base_url=anaplan.emulator.base_url) as client:
            with anyio.move_on_after(0.2) as scope:
                await client.get("/2/0/workspaces")
            return scope.cancelled_caught

    assert anyio.run(main, backend=backend)
    person.may_answer.set()
    assert anaplan.client(auth=auth).get_workspaces()


def test_an_async_prompt(anaplan: EmulatedAnaplan, auth_for: AuthFor) -> None:
    async def prompt(url: str) -> str:
        return url

    with pytest.raises(TypeError, match="prompt"):
        auth_for(anaplan, prompt=prompt)


def test_a_kept_token_saves_the_next_run_its_sign_in(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    person: Person,
    system_keyring: PlaintextKeyring,
) -> None:
    first = auth_for(anaplan, persist_token=True, keyring_service="my-tool", prompt=person)
    world.ask(anaplan, first)
    kept = keyring.get_password("my-tool", key_of(anaplan))
    assert kept == first.token["refresh_token"]

    second = auth_for(anaplan, persist_token=True, keyring_service="my-tool", prompt=person)
    world.ask(anaplan, second)
    assert person.asked == 1
    kept_then = keyring.get_password("my-tool", key_of(anaplan))
    assert kept_then == second.token["refresh_token"] != kept


def test_a_kept_token_replaces_the_one_that_was_passed(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    person: Person,
    new_token: NewToken,
    system_keyring: PlaintextKeyring,
    exchanges: Exchanges,
) -> None:
    world.ask(anaplan, auth_for(anaplan, persist_token=True, prompt=person))
    passed = new_token(anaplan)
    auth = auth_for(anaplan, token=passed, persist_token=True, prompt=person)
    world.ask(anaplan, auth)
    assert auth.token["access_token"] != passed["access_token"]
    assert exchanges(anaplan, "refresh_token") == [200]
    assert person.asked == 1


def test_a_passed_token_is_used_and_kept_when_there_is_no_other(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    person: Person,
    new_token: NewToken,
    system_keyring: PlaintextKeyring,
    exchanges: Exchanges,
) -> None:
    passed = new_token(anaplan)
    world.ask(anaplan, auth_for(anaplan, token=passed, persist_token=True, prompt=person))
    assert exchanges(anaplan) == []
    assert KeyringStore().load(key_of(anaplan)) == passed["refresh_token"]
    world.ask(anaplan, auth_for(anaplan, persist_token=True, prompt=person))
    assert person.asked == 0


def test_a_kept_token_that_was_revoked_leads_to_a_sign_in(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    person: Person,
    system_keyring: PlaintextKeyring,
) -> None:
    first = auth_for(anaplan, persist_token=True, prompt=person)
    world.ask(anaplan, first)
    anaplan.emulator.revoke(str(first.token["refresh_token"]))
    for _ in range(2):
        world.ask(anaplan, auth_for(anaplan, persist_token=True, prompt=person))
    assert person.asked == 2


def test_the_running_program_notices_that_its_token_was_revoked(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, person: Person
) -> None:
    auth = auth_for(anaplan, store=MemoryStore(), prompt=person)
    world.ask(anaplan, auth)
    anaplan.emulator.revoke(str(auth.token["refresh_token"]))
    world.ask(anaplan, auth)
    assert person.asked == 2


def test_users_are_told_apart(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, person: Person
) -> None:
    store = MemoryStore()
    for user in ("ann", "ben", "ann"):
        world.ask(anaplan, auth_for(anaplan, store=store, user=user, prompt=person))
    assert person.asked == 2


def test_a_store_that_cannot_be_read_is_no_empty_one(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, person: Person
) -> None:
    class Locked:
        def load(self, key: str) -> str | None:
            raise TokenStoreException("The vault is sealed.")

        def save(self, key: str, value: str | None) -> None: ...

    with pytest.raises(TokenStoreException, match="sealed"):
        world.ask(anaplan, auth_for(anaplan, store=Locked(), prompt=person))
    assert person.asked == 0


def test_a_store_that_blocks_holds_up_no_event_loop(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, person: Person
) -> None:
    threads: set[int] = set()

    class Slow(MemoryStore):
        def load(self, key: str) -> str | None:
            threads.add(threading.get_ident())
            return super().load(key)

        def save(self, key: str, value: str | None) -> None:
            threads.add(threading.get_ident())
            super().save(key, value)

    async def main() -> None:
        async with anaplan.async_client(
            auth=auth_for(anaplan, store=Slow(), prompt=person)
        ) as client:
            await client.get_workspaces()

    for backend in ("asyncio", "trio"):
        anyio.run(main, backend=backend)
    assert threads
    assert threading.get_ident() not in threads


def test_where_no_lock_can_be_made(
    anaplan: EmulatedAnaplan,
    auth_for: AuthFor,
    person: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    system_keyring: PlaintextKeyring,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(TokenStoreException, match="XDG_STATE_HOME"):
        anaplan.client(auth=auth_for(anaplan, persist_token=True, prompt=person)).get_workspaces()
    client = anaplan.client(auth=auth_for(anaplan, store=MemoryStore(), prompt=person))
    assert client.get_workspaces()
