"""The bridge between the session and the HTTP client, driven by hand in both worlds."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import suppress
from email.utils import formatdate
from typing import Protocol

import httpx2
import pytest

from anaplan_sdk.auth.basic import BasicCredentials
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.token_cache import TokenState
from anaplan_sdk.auth.token_service import AnaplanTokenCache
from anaplan_sdk.exceptions import InvalidCredentialsException

HOST = "https://auth.anaplan.com"
NOON = 1_784_030_400.0
TIMEOUT = {"connect": 1.0, "read": 2.0, "write": 3.0, "pool": 4.0}
SIGN_IN = "/token/authenticate"


class Flow(Protocol):
    """An auth flow, of either kind, as a client drives it."""

    def begin(self) -> httpx2.Request | None: ...
    def answer(self, response: httpx2.Response) -> httpx2.Request | None: ...
    def close(self) -> None: ...


class SyncFlow:
    def __init__(self, bearer: Bearer, request: httpx2.Request) -> None:
        self._flow: Generator[httpx2.Request, httpx2.Response, None] = bearer.sync_auth_flow(
            request
        )

    def begin(self) -> httpx2.Request | None:
        return next(self._flow, None)

    def answer(self, response: httpx2.Response) -> httpx2.Request | None:
        with suppress(StopIteration):
            return self._flow.send(response)
        return None

    def close(self) -> None:
        self._flow.close()


class AsyncFlow:
    def __init__(self, bearer: Bearer, request: httpx2.Request) -> None:
        self._flow: AsyncGenerator[httpx2.Request, httpx2.Response] = bearer.async_auth_flow(
            request
        )
        self._loop = asyncio.new_event_loop()

    def begin(self) -> httpx2.Request | None:
        return self._loop.run_until_complete(anext(self._flow, None))

    def answer(self, response: httpx2.Response) -> httpx2.Request | None:
        with suppress(StopAsyncIteration):
            return self._loop.run_until_complete(self._flow.asend(response))
        return None

    def close(self) -> None:
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._flow.aclose())
            self._loop.close()


Drive = Callable[[Bearer, httpx2.Request], Flow]


@pytest.fixture(params=[SyncFlow, AsyncFlow])
def drive(request: pytest.FixtureRequest) -> Iterator[Drive]:
    begun: list[Flow] = []

    def make(bearer: Bearer, api_request: httpx2.Request) -> Flow:
        begun.append(request.param(bearer, api_request))
        return begun[-1]

    yield make
    for flow in begun:
        flow.close()


class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """The body of a reply that comes bit by bit, and tells whether it was read."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.was_read = False

    def __iter__(self) -> Iterator[bytes]:
        self.was_read = True
        yield self._content

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        self.was_read = True
        yield self._content


def api_request(content: bytes | Iterator[bytes] | None = None) -> httpx2.Request:
    return httpx2.Request(
        "POST",
        "https://api.anaplan.com/2/0/x",
        content=content,
        headers={"User-Agent": "anaplan-sdk/1", "Accept": "text/csv", "X-Own": "1"},
        extensions={"timeout": TIMEOUT},
    )


def reply(request: httpx2.Request | None, status: int = 200, body: bytes = b"") -> httpx2.Response:
    assert request is not None
    return httpx2.Response(status, stream=Body(body), request=request)


def token(request: httpx2.Request | None, value: str = "t1") -> httpx2.Response:
    assert request is not None
    expires_at = int(1000 * (NOON + 2100))
    body = b'{"tokenInfo":{"tokenValue":"%s","expiresAt":%d}}' % (value.encode(), expires_at)
    response = reply(request, 201, body)
    response.headers["Date"] = formatdate(NOON, usegmt=True)
    return response


def was_read(response: httpx2.Response) -> bool:
    assert isinstance(response.stream, Body)
    return response.stream.was_read


def authorization(request: httpx2.Request | None) -> str:
    assert request is not None
    return str(request.headers["Authorization"])


@pytest.fixture
def bearer() -> Bearer:
    credentials = BasicCredentials("ada@example.com", "secret")
    return Bearer(AnaplanTokenCache(HOST, credentials, clock=lambda: NOON))


def test_downloads_are_not_read_whole() -> None:
    assert Bearer.requires_response_body is False
    assert Bearer.requires_request_body is False


def test_a_token_is_bought_then_the_request_goes_out(bearer: Bearer, drive: Drive) -> None:
    request = api_request(b"body")
    flow = drive(bearer, request)
    sign_in = flow.begin()
    assert sign_in is not None
    assert sign_in is not request
    assert str(sign_in.url) == HOST + SIGN_IN
    bought = token(sign_in)
    assert flow.answer(bought) is request
    assert was_read(bought)
    assert authorization(request) == "AnaplanAuthToken t1"
    answer = reply(request, 200, b"a long download")
    assert flow.answer(answer) is None
    assert not was_read(answer)


def test_a_token_request_is_dressed_like_the_request_it_is_for(
    bearer: Bearer, drive: Drive
) -> None:
    request = api_request()
    sign_in = drive(bearer, request).begin()
    assert sign_in is not None
    assert sign_in.extensions == {"timeout": TIMEOUT}
    assert request.extensions == {"timeout": TIMEOUT}
    assert sign_in.headers["User-Agent"] == "anaplan-sdk/1"
    assert sign_in.headers["Accept"] == "application/json"
    assert "X-Own" not in sign_in.headers


def test_the_next_request_uses_the_token_at_once(bearer: Bearer, drive: Drive) -> None:
    first = drive(bearer, api_request())
    first.answer(token(first.begin()))
    second = api_request()
    assert drive(bearer, second).begin() is second
    assert authorization(second) == "AnaplanAuthToken t1"


def test_a_refused_token_is_replaced_once_and_the_request_repeated_once(
    bearer: Bearer, drive: Drive
) -> None:
    request = api_request(b"body")
    flow = drive(bearer, request)
    flow.answer(token(flow.begin()))
    refused = reply(request, 401)
    renewal = flow.answer(refused)
    assert renewal is not None
    assert renewal.url.path == SIGN_IN
    assert flow.answer(token(renewal, "t2")) is request
    assert authorization(request) == "AnaplanAuthToken t2"
    assert request.content == b"body"
    assert flow.answer(reply(request, 401)) is None


def test_a_token_another_has_replaced_is_taken_as_it_is(bearer: Bearer, drive: Drive) -> None:
    requests = [api_request() for _ in range(3)]
    flows = [drive(bearer, request) for request in requests]
    flows[0].answer(token(flows[0].begin()))
    assert [flow.begin() for flow in flows[1:]] == requests[1:]
    renewal = flows[1].answer(reply(requests[1], 401))
    assert flows[1].answer(token(renewal, "t2")) is requests[1]
    for flow, request in ((flows[0], requests[0]), (flows[2], requests[2])):
        assert flow.answer(reply(request, 401)) is request
        assert authorization(request) == "AnaplanAuthToken t2"
        assert flow.answer(reply(request)) is None


@pytest.mark.parametrize("status", [200, 400, 403, 404, 407, 500])
def test_no_other_status_costs_a_token(bearer: Bearer, drive: Drive, status: int) -> None:
    request = api_request()
    flow = drive(bearer, request)
    flow.answer(token(flow.begin()))
    assert flow.answer(reply(request, status)) is None
    assert bearer.cache.state is TokenState.FRESH


def test_a_body_that_is_gone_is_not_sent_again(bearer: Bearer, drive: Drive) -> None:
    request = api_request(iter([b"piece"]))
    flow = drive(bearer, request)
    flow.answer(token(flow.begin()))
    assert flow.answer(reply(request, 401)) is None
    following = drive(bearer, api_request()).begin()
    assert following is not None
    assert following.url.path == SIGN_IN


def test_a_token_alone_is_kept_for_what_it_is_good_for(drive: Drive) -> None:
    bearer = Bearer(AnaplanTokenCache(HOST, None, "mine"))
    request = api_request()
    flow = drive(bearer, request)
    assert flow.begin() is request
    assert flow.answer(reply(request, 401)) is None
    other = api_request()
    assert drive(bearer, other).begin() is other
    assert authorization(other) == "AnaplanAuthToken mine"


def test_refused_credentials_end_the_flow(bearer: Bearer, drive: Drive) -> None:
    body = b'{"status":"FAILURE_BAD_CREDENTIAL","statusMessage":"Invalid login"}'
    flow = drive(bearer, api_request())
    sign_in = flow.begin()
    with pytest.raises(InvalidCredentialsException, match="Invalid login"):
        flow.answer(reply(sign_in, 401, body))
    with pytest.raises(InvalidCredentialsException, match="Invalid login"):
        drive(bearer, api_request()).begin()


def test_a_flow_that_is_closed_frees_the_way(bearer: Bearer, drive: Drive) -> None:
    """As when the network fails: the client closes the flow and raises."""
    flow = drive(bearer, api_request())
    assert flow.begin() is not None
    flow.close()
    sign_in = drive(bearer, api_request()).begin()
    assert sign_in is not None
    assert sign_in.url.path == SIGN_IN


def test_no_secret_shows(bearer: Bearer) -> None:
    flow = SyncFlow(bearer, api_request())
    flow.answer(token(flow.begin(), "t0ken"))
    cache = f"<AnaplanTokenCache at {HOST} with the password of ada@example.com, token usable>"
    assert repr(bearer) == f"<Bearer {cache}>"
    assert "t0ken" not in f"{bearer} {bearer!r}"
