"""Lets a user's `httpx.Auth` drive requests that `httpx2` sends."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    import httpx


def adopt(auth: object) -> httpx2.Auth | None:
    """The auth as one of `httpx2`'s; `None` when it is neither of the two libraries'."""
    if isinstance(auth, httpx2.Auth):
        return auth
    # Whoever made an `httpx.Auth` has imported its library.
    if "httpx" in sys.modules:
        import httpx

        if isinstance(auth, httpx.Auth):
            return HttpxAuthAdapter(auth)
    return None


class HttpxAuthAdapter(httpx2.Auth):
    """Runs the flows of an `httpx.Auth`, translating requests and replies at the border.

    `requires_request_body`, `requires_response_body` and flows that a subclass overrides mean what
    they mean in `httpx`, since it is its own code that runs.
    """

    def __init__(self, auth: httpx.Auth) -> None:
        self._auth = auth

    def __repr__(self) -> str:
        return f"<HttpxAuthAdapter {type(self._auth).__qualname__}>"

    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Drives the flow for a client that blocks."""
        border = _Border(request)
        flow = self._auth.sync_auth_flow(border.outer)
        try:
            step = next(flow)
            while True:
                response = yield border.inwards(step)
                step = flow.send(border.outwards(response, step))
        except StopIteration:
            return
        finally:
            flow.close()

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Drives the flow for a client that awaits."""
        border = _Border(request)
        flow = self._auth.async_auth_flow(border.outer)
        try:
            step = await anext(flow)
            while True:
                response = yield border.inwards(step)
                step = await flow.asend(border.outwards(response, step))
        except StopAsyncIteration:
            return
        finally:
            await flow.aclose()


class _Border:
    """Translates between the two libraries, for one request of ours."""

    def __init__(self, request: httpx2.Request) -> None:
        self._inner = request
        self.outer = self._request_outwards()

    def inwards(self, request: httpx.Request) -> httpx2.Request:
        """What the flow wants sent: the request it was given, changed, or one of its own."""
        if request is self.outer:
            self._inner.method = request.method
            self._inner.url = httpx2.URL(str(request.url))
            self._inner.headers = httpx2.Headers(request.headers.raw)
            return self._inner
        import httpx

        is_whole = isinstance(request.stream, httpx.ByteStream)
        return httpx2.Request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=request.read() if is_whole else request.stream,
            # Without the timeout the request would have none at all.
            extensions={**self._inner.extensions, **request.extensions},
        )

    def outwards(self, response: httpx2.Response, request: httpx.Request) -> httpx.Response:
        """The reply, its body still unread: the flow reads it if it needs to."""
        import httpx

        headers = [
            (name, value)
            for name, value in response.headers.raw
            # The body is handed on decoded.
            if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding")
        ]
        return httpx.Response(
            response.status_code,
            headers=headers,
            stream=_body(response),
            request=request,
            extensions=response.extensions,
        )

    def _request_outwards(self) -> httpx.Request:
        import httpx

        request = self._inner
        is_whole = isinstance(request.stream, httpx2.ByteStream)
        return httpx.Request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=request.content if is_whole else None,
            stream=None if is_whole else _body(request),
            extensions=dict(request.extensions),
        )


def _body(message: httpx2.Request | httpx2.Response) -> httpx.SyncByteStream:
    """A body that is read when the flow asks for it, and then stays with its message."""
    import httpx

    class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield message.read()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield await message.aread()

    return Body()
