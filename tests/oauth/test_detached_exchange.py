"""The exchange of a refresh token goes on when its caller ends, and nothing else does.

The token service here holds each answer until the test lets it go: nothing depends on time.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
import pytest

from anaplan_sdk import (
    AnaplanLocalOAuth,
    AnaplanRefreshTokenAuth,
    AsyncClient,
    Client,
    MemoryStore,
    OAuthToken,
)
from anaplan_sdk.exceptions import AnaplanTimeoutException

LIST = {"meta": {"paging": {"totalSize": 0}}, "status": {"code": 200}, "workspaces": []}


class Service(ThreadingHTTPServer):
    """A token service that holds its answers, and an API.

    Attributes:
        grants: What was spent: refresh tokens and codes, or "password".
        tokens: The access tokens that requests to the API carried.
        is_asked: Set while an answer is held.
        may_answer: Cleared to hold answers.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.grants: list[str] = []
        self.tokens: list[str] = []
        self.is_asked = threading.Event()
        self.may_answer = threading.Event()

    def answer(self, path: str, authorization: str, body: str) -> object:
        if not path.startswith(("/oauth/token", "/token/authenticate")):
            self.tokens.append(authorization.removeprefix("AnaplanAuthToken "))
            return LIST
        form = parse_qs(body)
        spent = form.get("refresh_token") or form.get("code") or ["password"]
        self.grants += spent
        number = len(self.grants)
        self.is_asked.set()
        assert self.may_answer.wait(60)
        if path.startswith("/token/"):
            return {"tokenInfo": {"tokenValue": f"access{number}"}}
        tokens = {"access_token": f"access{number}", "refresh_token": f"refresh{number}"}
        return {**tokens, "expires_in": 2100}


class Handler(BaseHTTPRequestHandler):
    server: Service

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        content = json.dumps(
            self.server.answer(self.path, self.headers.get("Authorization", ""), body)
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815 - named by the standard library

    def log_message(self, *args: object) -> None:
        """Says nothing."""


class Quiet(Service):
    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that was cancelled has closed its connection."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Quiet() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.may_answer.set()
        server.shutdown()
        thread.join()


class Store(MemoryStore):
    """Remembers one value, whatever its key."""

    def __init__(self) -> None:
        super().__init__()
        self.value: str | None = None

    def save(self, key: str, value: str | None) -> None:
        super().save(key, value)
        self.value = value


class Signed:
    """An auth object that needs a new token, and what comes of it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.store = Store()
        self.reported: list[OAuthToken] = []
        self.auth = AnaplanRefreshTokenAuth(
            "client",
            "secret",
            "https://portal.example.com/callback",
            {"refresh_token": "refresh0"},
            base_url=service.url,
            store=self.store,
            on_token=self.reported.append,
        )

    def client(self, **arguments: float | None) -> Client:
        return Client(auth=self.auth, base_url=self.service.url, **arguments)  # type: ignore[arg-type]

    def async_client(self) -> AsyncClient:
        return AsyncClient(auth=self.auth, base_url=self.service.url)

    def assert_nothing_was_kept(self) -> None:
        """The caller has ended before the answer has come."""
        assert not self.service.may_answer.is_set()
        assert self.store.value is None
        assert self.reported == []

    def assert_nothing_is_lost(self) -> None:
        """The new token is stored, reported and used."""
        self.service.may_answer.set()
        wait_until(lambda: bool(self.reported))
        assert self.store.value == "refresh1"
        assert [token["refresh_token"] for token in self.reported] == ["refresh1"]
        with self.client() as client:
            assert client.get_workspaces() == []
        assert self.service.grants == ["refresh0"]
        assert self.service.tokens == ["access1"]


@pytest.fixture
def signed(service: Service) -> Signed:
    return Signed(service)


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def interrupts(
    service: Service,
    handler: Callable[[int, FrameType | None], object] = signal.default_int_handler,
) -> Iterator[None]:
    """Sends this thread, the main one, a Ctrl-C as soon as the service is asked for a token."""
    assert threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, handler)

    def interrupt() -> None:
        assert service.is_asked.wait(60)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        assert signal.getsignal(signal.SIGINT) is handler
        signal.signal(signal.SIGINT, before)


on_unix = pytest.mark.skipif(sys.platform == "win32", reason="There are no such signals.")


@on_unix
@pytest.mark.parametrize("deadline", [None, 60])
def test_an_interrupt_in_the_main_thread(signed: Signed, deadline: float | None) -> None:
    with signed.client(request_deadline=deadline) as client:
        with interrupts(signed.service), pytest.raises(KeyboardInterrupt):
            client.get_workspaces()
        signed.assert_nothing_was_kept()
        signed.service.may_answer.set()
    # Closing the client has waited for the exchange.
    assert signed.store.value == "refresh1"
    signed.assert_nothing_is_lost()


@on_unix
def test_a_signal_handler_of_the_programs_own(signed: Signed) -> None:
    def handler(number: int, frame: FrameType | None) -> None:
        signed.assert_nothing_was_kept()
        signed.service.may_answer.set()

    with signed.client() as client, interrupts(signed.service, handler):
        assert client.get_workspaces() == []
    assert signed.store.value == "refresh1"


def test_a_deadline(signed: Signed) -> None:
    with signed.client(request_deadline=0.2, retry_count=0) as client:
        while not signed.service.is_asked.is_set():
            with pytest.raises(AnaplanTimeoutException):
                client.get_workspaces()
        signed.assert_nothing_was_kept()
        signed.service.may_answer.set()
    # Closing the client has waited for the exchange.
    assert signed.store.value == "refresh1"
    assert signed.service.tokens == []
    signed.assert_nothing_is_lost()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_scope_that_is_cancelled(signed: Signed, backend: str) -> None:
    async def main() -> None:
        async with signed.async_client() as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.get_workspaces)
                await anyio.to_thread.run_sync(signed.service.is_asked.wait)
                group.cancel_scope.cancel()
            signed.assert_nothing_was_kept()
            signed.service.may_answer.set()
        # Closing the client has waited for the exchange.
        assert signed.store.value == "refresh1"

    anyio.run(main, backend=backend)
    signed.assert_nothing_is_lost()


def test_a_task_that_is_cancelled(signed: Signed) -> None:
    async def main() -> None:
        async with signed.async_client() as client:
            asking = asyncio.create_task(client.get_workspaces())
            await asyncio.to_thread(signed.service.is_asked.wait)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            signed.assert_nothing_was_kept()
            signed.service.may_answer.set()

    asyncio.run(main())
    signed.assert_nothing_is_lost()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_code_of_a_sign_in(service: Service, backend: str) -> None:
    store = Store()
    auth = AnaplanLocalOAuth(
        "client",
        "secret",
        "https://portal.example.com/callback",
        base_url=service.url,
        store=store,
        state_generator=lambda: "state",
        prompt=lambda url: "https://portal.example.com/callback?code=c0de&state=state",
    )

    async def main() -> None:
        async with AsyncClient(auth=auth, base_url=service.url) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.get_workspaces)
                await anyio.to_thread.run_sync(service.is_asked.wait)
                group.cancel_scope.cancel()
            service.may_answer.set()

    anyio.run(main, backend=backend)
    assert store.value == "refresh1"
    assert service.grants == ["c0de"]


def by_password(service: Service) -> dict[str, str]:
    return {"user_email": "ada@example.com", "password": "secret", "base_url": service.url}


@on_unix
@pytest.mark.parametrize("deadline", [None, 60])
def test_an_interrupt_ends_a_password_sign_in(service: Service, deadline: float | None) -> None:
    with Client(**by_password(service), request_deadline=deadline) as client:  # type: ignore[arg-type]
        with interrupts(service), pytest.raises(KeyboardInterrupt):
            client.get_workspaces()
        assert not service.may_answer.is_set()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_password_sign_in_ends_with_its_caller(service: Service, backend: str) -> None:
    async def main() -> None:
        async with AsyncClient(**by_password(service)) as client:  # type: ignore[arg-type]
            async with anyio.create_task_group() as group:
                group.start_soon(client.get_workspaces)
                await anyio.to_thread.run_sync(service.is_asked.wait)
                group.cancel_scope.cancel()
            assert not service.may_answer.is_set()
            # The next caller doesn't wait for the answer to the first: it signs in itself.
            service.is_asked.clear()
            async with anyio.create_task_group() as group:
                group.start_soon(client.get_workspaces)
                await anyio.to_thread.run_sync(service.is_asked.wait)
                service.may_answer.set()

    anyio.run(main, backend=backend)
    assert service.grants == ["password", "password"]
    assert service.tokens == ["access2"]
