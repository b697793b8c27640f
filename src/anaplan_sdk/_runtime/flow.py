"""Flows: the steps of getting a token as a generator, which neither sends nor waits itself.

A flow yields one step after the other and gets the answer of each, or the error that it ended with.
`run_flow`, in `asynchronous` and in `synchronous`, carries the steps out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import httpx2

from anaplan_sdk.exceptions import InvalidArgumentException

T = TypeVar("T")


class DeadlineExceeded(Exception):
    """Work did not end within its time."""


class ExchangeRequest(httpx2.Request):
    """A token request that spends a refresh token or a code, whose reply must not be lost."""


@dataclass(frozen=True)
class Pause:
    """Wait for a number of seconds."""

    seconds: float


@dataclass(frozen=True)
class Call:
    """Call a function that may block, such as a store or a prompt; the answer is its result.

    Attributes:
        function: What to call.
        must_finish: Whether its end is awaited even when the caller is cancelled.
    """

    function: Callable[[], object]
    must_finish: bool = False


Wait: TypeAlias = "Future[None] | Pause | Call"
"""A future to wait for (it has no answer), a pause, or a call."""

Step: TypeAlias = "httpx2.Request | Wait"
"""A request to send, whose answer is its reply with the body read; or something to wait for."""

Flow: TypeAlias = Generator[Step, Any, T]


def send(request: httpx2.Request) -> Flow[httpx2.Response]:
    """The step of sending a request."""
    response: httpx2.Response = yield request
    return response


def call(function: Callable[[], T], *, must_finish: bool = False) -> Flow[T]:
    """The step of calling a function that may block."""
    result: T = yield Call(function, must_finish)
    return result


def must_finish(step: Step) -> bool:
    """Whether a token would be lost if the step ended with its caller."""
    return isinstance(step, ExchangeRequest) or (isinstance(step, Call) and step.must_finish)


def resume(
    flow: Flow[None], answer: object = None, *, error: Exception | None = None
) -> Step | None:
    """Give a flow the answer or the error of its last step; return the next, None at its end."""
    try:
        return flow.send(answer) if error is None else flow.throw(error)
    except StopIteration:
        return None


def with_client_defaults(
    token_request: httpx2.Request, request: httpx2.Request, headers: httpx2.Headers | None = None
) -> httpx2.Request:
    """Give a token request what an HTTP client gives the requests that it builds itself.

    Args:
        token_request: The request to complete.
        request: The request that the token is for. Its timeout is used: without one, a request
            waits without limit.
        headers: The headers of the client; only its `User-Agent` when None.
    """
    token_request.extensions = dict(request.extensions)
    token_request.headers.setdefault("Accept", "application/json")
    if headers is None:
        headers = httpx2.Headers({"User-Agent": request.headers.get("User-Agent", "anaplan-sdk")})
    for name, value in headers.items():
        token_request.headers.setdefault(name, value)
    return token_request


def for_one_origin(token_request: httpx2.Request) -> httpx2.Request:
    """Make a token request's body one that is sent once, so that no redirect is followed with it.

    For clients that we did not make: they may follow redirects, and would send secrets on.
    """
    token_request.stream = _SentOnce(token_request.read())
    return token_request


class _SentOnce(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content

    def __iter__(self) -> Iterator[bytes]:
        if self._content is None:
            raise InvalidArgumentException(
                "The address of the token service redirects, and the request for a token contains "
                "secrets: it is not sent elsewhere."
            )
        content, self._content = self._content, None
        yield content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for content in self:
            yield content
