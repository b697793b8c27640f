"""Auth of a user's own, made with either of the two libraries, in clients of both kinds."""

from __future__ import annotations

import gzip
import hashlib
import time
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx
import httpx2
import pytest

from anaplan_sdk.auth.httpx_adapter import HttpxAuthAdapter, adapt
from anaplan_sdk.exceptions import AnaplanTimeoutException
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from tests.oauth.conftest import World

SIGN_IN = "/token/authenticate"
WORKSPACES = "/2/0/workspaces"
FILE = 113000000000


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param


def custom_auth(httpx: Any, anaplan: EmulatedAnaplan) -> type[Any]:
    """The guide's outline, its one gap filled."""
    emulator = anaplan.emulator
    basic = b64encode(f"{emulator.user_email}:{emulator.password}".encode()).decode()
    auth_request = (
        "POST",
        f"{emulator.base_url}{SIGN_IN}",
        None,
        {"Authorization": f"Basic {basic}"},
    )

    class MyCustomAuth(httpx.Auth):  # type: ignore[misc]
        requires_response_body = True

        def __init__(self, token: str):
            self._token: str = token

        def auth_flow(self, request):  # type: ignore[no-untyped-def]
            request.headers["Authorization"] = f"AnaplanAuthToken {self._token}"
            response = yield request
            if response.status_code == 401:
                method, url, params, headers = auth_request
                auth_res = yield httpx.Request(method, url, params=params, headers=headers)
                self._token = auth_res.json()["tokenInfo"]["tokenValue"]
                request.headers["Authorization"] = f"AnaplanAuthToken {self._token}"
                yield request

    return MyCustomAuth


def test_the_guides_auth(anaplan: EmulatedAnaplan, world: World, library: Any) -> None:
    auth = custom_auth(library, anaplan)("none yet")
    for _ in range(2):
        world.ask(anaplan, auth)
        anaplan.advance(minutes=36)
    world.ask(anaplan, auth, times=2)
    assert [(request.path, request.status) for request in anaplan.requests()] == [
        *[(WORKSPACES, 401), (SIGN_IN, 201), (WORKSPACES, 200)] * 3,
        (WORKSPACES, 200),
    ]


def test_the_guides_auth_sends_bodies_again(
    anaplan: EmulatedAnaplan, library: Any, world: World
) -> None:
    auth = custom_auth(library, anaplan)("none yet")
    content = "code,name\nAA,Über Air\n"
    if world.backend is None:
        client = anaplan.client(auth=auth)
        client.upload_file(FILE, content)
        assert client.get_file(FILE) == content.encode()
        return

    async def main() -> None:
        async with anaplan.async_client(auth=auth) as client:
            await client.upload_file(FILE, content)
            assert await client.get_file(FILE) == content.encode()

    anyio.run(main, backend=world.backend)


def test_a_request_of_its_own_keeps_the_clients_timeout(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=SIGN_IN, delay_seconds=5)
    auth = custom_auth(httpx, anaplan)("none yet")
    started = time.monotonic()
    with pytest.raises(AnaplanTimeoutException):
        anaplan.client(auth=auth, timeout=0.3, retry_count=0).get_workspaces()
    assert time.monotonic() - started < 4


def test_an_error_of_the_auth_is_its_own(anaplan: EmulatedAnaplan, world: World) -> None:
    class Failing(httpx.Auth):
        closed = 0

        def auth_flow(
            self, request: httpx.Request
        ) -> Generator[httpx.Request, httpx.Response, None]:
            try:
                yield request
                raise ZeroDivisionError
            finally:
                Failing.closed += 1

    with pytest.raises(ZeroDivisionError):
        world.ask(anaplan, Failing())  # type: ignore[arg-type]
    assert Failing.closed == 1


class Echo:
    """What arrived at a server that is none: the bodies of requests, by the bare HTTP client."""

    def __init__(self, body: bytes = b"answer", headers: dict[str, str] | None = None) -> None:
        self.received: list[tuple[httpx2.Headers, bytes]] = []
        self.body = body
        self.headers = headers or {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.received.append((request.headers, request.read()))
        return httpx2.Response(200, content=self.body, headers=self.headers)

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.received.append((request.headers, await request.aread()))
        return httpx2.Response(200, content=self.body, headers=self.headers)


def sent_through(auth: httpx.Auth, echo: Echo, world: World, **request: Any) -> httpx2.Response:
    adapted = adapt(auth)
    assert adapted is not None
    if world.backend is None:
        with httpx2.Client(auth=adapted, transport=httpx2.MockTransport(echo)) as client:
            return client.post("https://api.anaplan.com/x", **request)

    async def main() -> httpx2.Response:
        transport = httpx2.MockTransport(echo.answer)
        async with httpx2.AsyncClient(auth=adapted, transport=transport) as client:
            return await client.post("https://api.anaplan.com/x", **request)

    return anyio.run(main, backend=world.backend)


def pieces(world: World, taken: list[int]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """A body that comes bit by bit, in the way of the world it is for."""

    def plain() -> Iterator[bytes]:
        for number, piece in enumerate((b"one ", b"two")):
            taken.append(number)
            yield piece

    async def awaited() -> AsyncIterator[bytes]:
        for piece in plain():
            yield piece

    return plain() if world.backend is None else awaited()


class Signing(httpx.Auth):
    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["X-Digest"] = hashlib.sha256(request.content).hexdigest()
        yield request


@pytest.mark.parametrize("whole", [True, False])
def test_the_requests_body_is_read_for_those_who_require_it(world: World, whole: bool) -> None:
    echo = Echo()
    content: Any = b"one two" if whole else pieces(world, [])
    sent_through(Signing(), echo, world, content=content)
    ((headers, body),) = echo.received
    assert body == b"one two"
    assert headers["X-Digest"] == hashlib.sha256(b"one two").hexdigest()


class Plain(httpx.Auth):
    """Requires nothing.

    Attributes:
        taken: How much of the body had been read when the flow was done with the request.
    """

    def __init__(self, taken: list[int]) -> None:
        self._taken = taken
        self.taken = -1

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["X-Own"] = "1"
        self.taken = len(self._taken)
        yield request


def test_other_bodies_are_left_to_come_bit_by_bit(world: World) -> None:
    taken: list[int] = []
    auth, echo = Plain(taken), Echo()
    sent_through(auth, echo, world, content=pieces(world, taken))
    ((headers, body),) = echo.received
    assert auth.taken == 0
    assert body == b"one two"
    assert headers["X-Own"] == "1"


class Reading(httpx.Auth):
    requires_response_body = True

    def __init__(self) -> None:
        self.read: list[str] = []

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        response = yield request
        self.read.append(response.text)
        assert response.headers["X-Two"] == "a, b"
        assert response.request is request
        assert response.http_version


def test_a_packed_reply_is_read_for_those_who_require_it(world: World) -> None:
    auth = Reading()
    echo = Echo(gzip.compress("Ü".encode()), {"Content-Encoding": "gzip", "X-Two": "a, b"})
    response = sent_through(auth, echo, world)
    assert auth.read == ["Ü"]
    assert response.text == "Ü"


class Overriding(httpx.Auth):
    """Has a way of its own for each world."""

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        request.read()
        request.headers["X-Way"] = f"sync {len(request.content)}"
        response = yield request
        response.read()
        if response.text == "answer":
            yield httpx.Request("PUT", request.url, content=b"again")

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await request.aread()
        await anyio.lowlevel.checkpoint()
        request.headers["X-Way"] = f"async {len(request.content)}"
        response = yield request
        await response.aread()
        if response.text == "answer":
            yield httpx.Request("PUT", request.url, content=b"again")


@pytest.mark.parametrize("whole", [True, False])
def test_flows_that_are_overridden(world: World, whole: bool) -> None:
    echo = Echo()
    content: Any = b"one two" if whole else pieces(world, [])
    sent_through(Overriding(), echo, world, content=content)
    (headers, body), (_, again) = echo.received
    assert headers["X-Way"] == f"{'sync' if world.backend is None else 'async'} 7"
    assert (body, again) == (b"one two", b"again")


class Redirecting(httpx.Auth):
    """Changes all of a request that it may."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.method = "DELETE"
        request.url = request.url.copy_merge_params({"signed": "y=1&ü"})
        del request.headers["User-Agent"]
        request.headers["X-Two"] = "a"
        request.headers = httpx.Headers([*request.headers.raw, (b"X-Two", b"b")])
        yield request


def test_what_an_auth_changes_is_sent(world: World) -> None:
    echo = Echo()
    response = sent_through(Redirecting(), echo, world, params={"page": "2"})
    assert response.request.method == "DELETE"
    assert dict(response.request.url.params) == {"page": "2", "signed": "y=1&ü"}
    ((headers, _),) = echo.received
    assert headers.get_list("X-Two") == ["a", "b"]
    assert "User-Agent" not in headers


class Bodied(httpx.Auth):
    """Sends a request of its own first, whose body comes bit by bit."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield httpx.Request("POST", "https://auth.anaplan.com/form", data={"a": "1"})
        yield request


def test_forms_of_its_own(world: World) -> None:
    echo = Echo()
    sent_through(Bodied(), echo, world, content=b"body")
    (headers, form), (_, body) = echo.received
    assert (form, body) == (b"a=1", b"body")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("backend", [None, "asyncio", "trio"])
def test_downloads_are_streamed(anaplan: EmulatedAnaplan, backend: str | None) -> None:
    token = anaplan.client()
    token.upload_file(FILE, b"x" * 1_000_000)
    adapted = adapt(Plain([]))
    assert adapted is not None
    url = f"{anaplan.emulator.base_url}/"
    if backend is None:
        with httpx2.Client(auth=adapted) as client, client.stream("GET", url) as response:
            assert not response.is_stream_consumed
            assert not response.is_closed
        return

    async def main() -> None:
        async with (
            httpx2.AsyncClient(auth=adapted) as client,
            client.stream("GET", url) as response,
        ):
            assert not response.is_stream_consumed

    anyio.run(main, backend=backend)


def test_the_librarys_own_auth(world: World) -> None:
    echo = Echo()
    sent_through(httpx.BasicAuth("ann", "secret"), echo, world)
    assert echo.received[0][0]["Authorization"] == "Basic YW5uOnNlY3JldA=="


def test_digest_needs_its_request_again(world: World) -> None:
    echo = Echo()
    sent_through(httpx.DigestAuth("ann", "secret"), echo, world, content=b"body")
    assert [body for _, body in echo.received] == [b"body"]


def test_what_is_no_auth() -> None:
    assert adapt(object()) is None
    assert adapt(("user", "password")) is None
    own = httpx2.Auth()
    assert adapt(own) is own
    foreign = adapt(httpx.BasicAuth("ann", "pa55word"))
    assert isinstance(foreign, HttpxAuthAdapter)
    assert "pa55word" not in repr(foreign)
