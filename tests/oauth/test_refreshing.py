"""`AnaplanRefreshTokenAuth`: a token that keeps itself usable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_sdk import (
    AnaplanRefreshTokenAuth,
    AsyncClient,
    Client,
    MemoryStore,
    PlaintextFileStore,
    TokenStore,
)
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.auth.stores import lock_for, store_key
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    InvalidCredentialsException,
    OAuthException,
    TokenStoreException,
)
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.oauth.conftest import World

    NewToken = Callable[..., OAuthToken]
    Exchanges = Callable[..., list[int | None]]


@pytest.fixture
def auth_for(
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
) -> Callable[..., AnaplanRefreshTokenAuth]:
    def make(
        anaplan: EmulatedAnaplan, token: OAuthToken, **arguments: Any
    ) -> AnaplanRefreshTokenAuth:
        return AnaplanRefreshTokenAuth(token=token, **registration(anaplan), **arguments)

    return make


AuthFor = Callable[..., AnaplanRefreshTokenAuth]


def key_of(anaplan: EmulatedAnaplan, user: str | None = None) -> str:
    emulator = anaplan.emulator
    return store_key(emulator.base_url, emulator.oauth_client_id, user)


def test_a_token_is_used_as_it_is(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    token = new_token(anaplan)
    auth = auth_for(anaplan, token)
    world.ask(anaplan, auth, times=2)
    assert exchanges(anaplan) == []
    assert auth.token == token


def test_a_token_that_has_ended_is_refreshed_first(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    token = new_token(anaplan, ended=True)
    auth = auth_for(anaplan, token)
    world.ask(anaplan, auth, times=2)
    assert exchanges(anaplan, "refresh_token") == [200]
    assert {request.status for request in anaplan.requests(path="/2/0/workspaces")} == {200}
    assert auth.token["refresh_token"] != token["refresh_token"]
    assert str(token["access_token"]) not in repr(auth)


def test_a_token_is_refreshed_a_little_before_it_ends(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken
) -> None:
    token = new_token(anaplan)
    auth = auth_for(anaplan, token | {"expires_at": int(time.time()) + 200})
    world.ask(anaplan, auth)
    assert auth.token["access_token"] != token["access_token"]
    # On Anaplan's side the old one is still good.
    assert anaplan.client(token=token["access_token"]).get_workspaces()


def test_a_refused_token_is_refreshed_and_the_request_repeated(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    auth = auth_for(anaplan, new_token(anaplan))
    anaplan.advance(minutes=36)
    world.ask(anaplan, auth)
    statuses = [request.status for request in anaplan.requests(path="/2/0/workspaces")]
    assert statuses == [401, 200]
    assert exchanges(anaplan) == [200]


@pytest.mark.parametrize("ended", [False, True])
def test_a_bare_http_client(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken, ended: bool
) -> None:
    auth = auth_for(anaplan, new_token(anaplan, ended=ended), store=MemoryStore())
    url = f"{anaplan.emulator.base_url}/2/0/workspaces"
    assert world.ask_plainly(url, auth).status_code == 200
    anaplan.advance(minutes=36)
    assert world.ask_plainly(url, auth).status_code == 200


def test_a_refresh_token_is_enough(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken
) -> None:
    refresh_token = new_token(anaplan)["refresh_token"]
    auth = auth_for(anaplan, {"refresh_token": refresh_token})
    assert auth.token == {"refresh_token": refresh_token}
    world.ask(anaplan, auth)
    assert [request.path for request in anaplan.requests()] == ["/oauth/token", "/2/0/workspaces"]


def test_an_access_token_alone_ends(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken
) -> None:
    auth = auth_for(anaplan, {"access_token": new_token(anaplan)["access_token"]})
    world.ask(anaplan, auth)
    anaplan.advance(minutes=36)
    with pytest.raises(InvalidCredentialsException, match="offline_access"):
        world.ask(anaplan, auth)


def test_a_client_that_does_not_rotate(
    anaplan_without_rotation: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
) -> None:
    anaplan = anaplan_without_rotation
    token = new_token(anaplan, ended=True)
    store = MemoryStore()
    auth = auth_for(anaplan, token, store=store)
    for _ in range(3):
        world.ask(anaplan, auth)
        anaplan.advance(minutes=36)
    assert auth.token["refresh_token"] == token["refresh_token"]
    assert store.load(key_of(anaplan)) == token["refresh_token"]


def test_a_new_token_is_told_and_kept_before_it_is_used(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken, tmp_path: Path
) -> None:
    store = PlaintextFileStore(tmp_path / "tokens.json")
    told: list[tuple[OAuthToken, str | None, int]] = []

    def on_token(token: OAuthToken) -> None:
        asked = len(anaplan.requests(path="/2/0/workspaces"))
        told.append((token, store.load(key_of(anaplan, "ann")), asked))

    auth = auth_for(
        anaplan, new_token(anaplan, ended=True), store=store, user="ann", on_token=on_token
    )
    world.ask(anaplan, auth)
    ((token, kept, asked),) = told
    assert token == auth.token
    assert kept == token["refresh_token"]
    assert asked == 0
    assert store.load(key_of(anaplan)) is None


def test_a_kept_token_comes_before_the_one_that_was_passed(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    store = MemoryStore()
    token = new_token(anaplan, ended=True)
    world.ask(anaplan, auth_for(anaplan, token, store=store))
    kept = store.load(key_of(anaplan))
    world.ask(anaplan, auth_for(anaplan, token, store=store))
    assert store.load(key_of(anaplan)) != kept
    assert exchanges(anaplan) == [200, 200]


def test_a_passed_token_serves_when_the_kept_one_is_refused(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    store = MemoryStore()
    store.save(key_of(anaplan), "of-a-sign-in-long-ago")
    auth = auth_for(anaplan, new_token(anaplan, ended=True), store=store)
    world.ask(anaplan, auth)
    assert exchanges(anaplan) == [403, 200]
    assert store.load(key_of(anaplan)) == auth.token["refresh_token"]


def test_a_refused_refresh_token_is_tried_once(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    token = new_token(anaplan, ended=True)
    anaplan.emulator.revoke(str(token["refresh_token"]))
    auth = auth_for(anaplan, token)
    for _ in range(3):
        with pytest.raises(OAuthException) as refused:
            world.ask(anaplan, auth)
        assert refused.value.code == "invalid_grant"
        assert not refused.value.retryable
        assert str(token["refresh_token"]) not in str(refused.value)
    assert exchanges(anaplan) == [403]


@pytest.mark.parametrize("trouble", [{"status": 503}, {"reset_before": True}])
def test_a_refresh_is_repeated_when_anaplan_is_unwell(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    trouble: dict[str, Any],
) -> None:
    auth = auth_for(anaplan, new_token(anaplan, ended=True))
    anaplan.fault(path="/oauth/token", **trouble)
    world.ask(anaplan, auth)
    anaplan.advance(minutes=36)
    anaplan.fault(path="/oauth/token", times=None, reset_before=True)
    with pytest.raises(AnaplanConnectionException):
        world.ask(anaplan, auth)


class FullDisk(MemoryStore):
    """Takes nothing until there is room."""

    has_room = False

    def save(self, key: str, value: str | None) -> None:
        if not self.has_room:
            raise TokenStoreException("No room.")
        super().save(key, value)


def test_a_rotated_token_survives_a_store_that_fails(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken
) -> None:
    store = FullDisk()
    token = new_token(anaplan, ended=True)
    auth = auth_for(anaplan, token, store=store)
    with pytest.raises(TokenStoreException):
        world.ask(anaplan, auth)
    assert not anaplan.requests(path="/2/0/workspaces")
    store.has_room = True
    world.ask(anaplan, auth)
    assert store.load(key_of(anaplan)) == auth.token["refresh_token"]


class Sieve(MemoryStore):
    """Takes everything and keeps nothing."""

    def save(self, key: str, value: str | None) -> None:
        pass


class OtherLibrary(MemoryStore):
    """Fails with an error that is none of ours."""

    def save(self, key: str, value: str | None) -> None:
        raise ZeroDivisionError("s3cret")


@pytest.mark.parametrize("store", [Sieve(), OtherLibrary()], ids=lambda store: type(store).__name__)
def test_a_store_that_does_not_keep_the_new_token(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    store: MemoryStore,
    exchanges: Exchanges,
) -> None:
    told: list[OAuthToken] = []
    token = new_token(anaplan, ended=True)
    auth = auth_for(anaplan, token, store=store, on_token=told.append)
    for _ in range(2):
        with pytest.raises(TokenStoreException) as failed:
            world.ask(anaplan, auth)
        assert "s3cret" not in str(failed.value)
        assert str(auth.token["refresh_token"]) not in str(failed.value)
    # It was exchanged once; the successor is at hand, and was reported.
    assert exchanges(anaplan) == [200]
    assert told[-1] == auth.token
    assert auth.token["refresh_token"] != token["refresh_token"]


class Wrong(MemoryStore):
    """Returns what is not text, or raises an error that is none of ours."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value

    def load(self, key: str) -> str | None:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value  # type: ignore[return-value]


@pytest.mark.parametrize("value", [b"s3cret", 5, OSError("s3cret")], ids=repr)
def test_a_store_that_cannot_be_read(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    value: object,
    exchanges: Exchanges,
) -> None:
    auth = auth_for(anaplan, new_token(anaplan, ended=True), store=Wrong(value))
    with pytest.raises(TokenStoreException, match="can't be read") as failed:
        world.ask(anaplan, auth)
    assert "s3cret" not in str(failed.value)
    assert exchanges(anaplan) == []


def test_a_stored_token_with_a_line_end(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken
) -> None:
    """As a store reads it from a file that was written with an editor."""
    store = MemoryStore()
    store.save(key_of(anaplan), f"{new_token(anaplan)['refresh_token']}\n")
    auth = auth_for(anaplan, {"refresh_token": "none"}, store=store)
    world.ask(anaplan, auth)
    assert store.load(key_of(anaplan)) == auth.token["refresh_token"]


def test_a_callback_that_fails_is_called_again(
    anaplan: EmulatedAnaplan, world: World, auth_for: AuthFor, new_token: NewToken
) -> None:
    told: list[OAuthToken] = []

    def on_token(token: OAuthToken) -> None:
        told.append(token)
        if len(told) == 1:
            raise ZeroDivisionError

    auth = auth_for(anaplan, new_token(anaplan, ended=True), on_token=on_token)
    with pytest.raises(ZeroDivisionError):
        world.ask(anaplan, auth)
    world.ask(anaplan, auth)
    assert told[-1] == auth.token


def test_the_token_can_be_taken_back(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
) -> None:
    auth = auth_for(anaplan, new_token(anaplan, ended=True))
    world.ask(anaplan, auth)
    taken = auth.token
    taken["access_token"] = "spoiled"
    assert auth.token["access_token"] != "spoiled"
    # Its access token is used until Anaplan refuses it.
    again = auth_for(anaplan, taken)
    world.ask(anaplan, again)
    assert again.token["refresh_token"] != taken["refresh_token"]


def test_logging_out_leaves_the_refresh_token(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, new_token: NewToken
) -> None:
    auth = auth_for(anaplan, new_token(anaplan))
    client = anaplan.client(auth=auth)
    client.authenticate()
    client.logout()
    assert client.get_workspaces()
    assert [r.status for r in anaplan.requests(path="/token/logout")] == [204]


@pytest.mark.parametrize(
    "token",
    [{}, {"access_token": ""}, {"access_token": "two\nlines"}, {"access_token": "ü"}],
)
def test_what_is_no_token(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, token: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="token") as refused:
        auth_for(anaplan, token)
    assert "lines" not in str(refused.value)


def test_what_would_have_to_be_awaited(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, new_token: NewToken
) -> None:
    class Vault:
        async def load(self, key: str) -> str | None:
            return None

        def save(self, key: str, value: str | None) -> None: ...

    async def on_token(token: OAuthToken) -> None: ...

    token = new_token(anaplan)
    with pytest.raises(TypeError, match="on_token"):
        auth_for(anaplan, token, on_token=on_token)
    with pytest.raises(TypeError, match=r"store\.load"):
        auth_for(anaplan, token, store=Vault())


def test_clearing_the_token(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, new_token: Callable[..., OAuthToken]
) -> None:
    store = MemoryStore()
    auth = auth_for(anaplan, new_token(anaplan, ended=True), store=store)
    client = anaplan.client(auth=auth)
    assert client.get_workspaces()
    key = store_key(f"{anaplan.emulator.base_url}/oauth/token", anaplan.emulator.oauth_client_id)
    assert store.load(key) == auth.token["refresh_token"]
    auth.clear_token()
    assert auth.token == {}
    assert store.load(key) is None
    with pytest.raises(InvalidCredentialsException):
        client.get_workspaces()


def test_a_token_that_could_not_be_told_of_is_told_of_again(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, new_token: Callable[..., OAuthToken]
) -> None:
    told: list[OAuthToken] = []

    def on_token(token: OAuthToken) -> None:
        told.append(token)
        if len(told) == 1:
            raise OSError("the database is away")

    auth = auth_for(anaplan, new_token(anaplan, ended=True), on_token=on_token)
    client = anaplan.client(auth=auth)
    with pytest.raises(OSError, match="away"):
        client.get_workspaces()
    assert client.get_workspaces()
    assert told == [auth.token, auth.token]


def test_a_token_cleared_while_it_is_refreshed_stays_cleared(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
) -> None:
    store = MemoryStore()
    told: list[OAuthToken] = []
    auth = auth_for(anaplan, new_token(anaplan, ended=True), store=store, on_token=told.append)
    anaplan.fault(path="/oauth/token", delay_seconds=0.3)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(world.ask, anaplan, auth)
        while not anaplan.requests(path="/oauth/token"):
            time.sleep(0.01)
        auth.clear_token()
        asked.result(30)
    assert exchanges(anaplan) == [200]
    assert auth.token == {}
    assert told == []
    assert store.load(key_of(anaplan)) is None
    with pytest.raises(InvalidCredentialsException):
        world.ask(anaplan, auth)


def test_what_is_stored_while_the_token_is_cleared_is_removed_again(
    anaplan: EmulatedAnaplan, auth_for: AuthFor, new_token: NewToken
) -> None:
    class Slow(MemoryStore):
        is_saving = threading.Event()
        is_removed = threading.Event()

        def save(self, key: str, value: str | None) -> None:
            if value is None:
                super().save(key, value)
                self.is_removed.set()
            else:
                self.is_saving.set()
                # Too short a time makes the test weaker, never wrong.
                self.is_removed.wait(0.3)
                super().save(key, value)

    store = Slow()
    auth = auth_for(anaplan, new_token(anaplan, ended=True), store=store)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(anaplan.client(auth=auth).get_workspaces)
        assert store.is_saving.wait(30)
        auth.clear_token()
        assert asked.result(30)
    assert store.load(key_of(anaplan)) is None
    assert auth.token == {}


class Lock:
    """The lock of a stored token, as another process would hold it."""

    def __init__(self, anaplan: EmulatedAnaplan, store: TokenStore) -> None:
        self._lock = lock_for(store, key_of(anaplan))

    def __enter__(self) -> None:
        assert self._lock.take()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.fixture(params=["memory", "file"])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    return MemoryStore() if request.param == "memory" else PlaintextFileStore(tmp_path / "tokens")


def test_a_stale_token_is_used_while_another_process_gets_one(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
    shared_store: TokenStore,
) -> None:
    token = new_token(anaplan) | {"expires_at": int(time.time()) + 200}
    auth = auth_for(anaplan, token, store=shared_store)
    with Lock(anaplan, shared_store):
        world.ask(anaplan, auth, times=2)
    # The next attempt is made after a while only.
    world.ask(anaplan, auth)
    assert exchanges(anaplan) == []
    assert auth.token == token
    assert shared_store.load(key_of(anaplan)) is None


def test_without_a_usable_token_the_other_process_is_waited_for(
    anaplan: EmulatedAnaplan,
    world: World,
    auth_for: AuthFor,
    new_token: NewToken,
    exchanges: Exchanges,
    shared_store: TokenStore,
) -> None:
    shared_store.save(key_of(anaplan), "spent by the other process")
    auth = auth_for(anaplan, new_token(anaplan, ended=True), store=shared_store)
    kept = str(new_token(anaplan)["refresh_token"])
    with ThreadPoolExecutor(1) as pool:
        with Lock(anaplan, shared_store):
            asked = pool.submit(world.ask, anaplan, auth)
            # Too short a time makes the test weaker, never wrong.
            time.sleep(0.2)
            assert exchanges(anaplan) == []
            shared_store.save(key_of(anaplan), kept)
        asked.result(30)
    assert exchanges(anaplan) == [200]
    assert shared_store.load(key_of(anaplan)) not in (None, kept)


def test_tokens_are_got_where_the_client_is(
    anaplan: EmulatedAnaplan,
    world: World,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    new_token: NewToken,
) -> None:
    registered = {
        name: value for name, value in registration(anaplan).items() if name != "base_url"
    }
    store = MemoryStore()
    token = new_token(anaplan, ended=True)
    auth = AnaplanRefreshTokenAuth(**registered, token=token, store=store)
    world.ask(anaplan, auth)
    world.ask(anaplan, auth)
    assert anaplan.emulator.base_url in repr(auth)
    assert store.load(key_of(anaplan)) == auth.token["refresh_token"]
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError, match="make another one"):
            kind(auth=auth, region="eu3")


def test_addresses_of_ones_own_stay() -> None:
    told = AnaplanRefreshTokenAuth(
        "c", "s", "https://p.example/", {"access_token": "a"}, region="eu3"
    )
    Client(auth=told, region="gb1")
    assert "eu3.app" in repr(told)
    shared = AnaplanRefreshTokenAuth("c", "s", "https://p.example/", {"access_token": "a"})
    Client(auth=shared)
    Client(auth=shared, region="us2")
    assert "us1a.app" in repr(shared)
    own = "https://tokens.example.com/oauth/token"
    named = AnaplanRefreshTokenAuth("c", "s", "https://p.example/", {"access_token": "a"}, own)
    Client(auth=named, region="eu3")
    Client(auth=named, region="gb1")
    assert own in repr(named)
