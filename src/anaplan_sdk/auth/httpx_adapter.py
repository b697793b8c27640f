"""Makes a user's `httpx.Auth` work with `httpx2`."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    import httpx


def adapt(auth: object) -> httpx2.Auth | None:
    """Return the auth as an `httpx2.Auth`; None if it belongs to neither library."""
    if isinstance(auth, httpx2.Auth):
        return auth
    # Where there is an `httpx.Auth`, its library has been imported.
    if "httpx" in sys.modules:
        import httpx

        if isinstance(auth, httpx.Auth):
            return HttpxAuthAdapter(auth)
    return None


class HttpxAuthAdapter(httpx2.Auth):
    """Runs the flows of an `httpx.Auth`, translating its requests and replies.

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
        """Drive the flow for a sync client."""
        translator = _Translator(request)
        flow = self._auth.sync_auth_flow(translator.request)
        try:
            step = next(flow)
            while True:
                response = yield translator.to_httpx2(step)
                step = flow.send(translator.to_httpx(response, step))
        except StopIteration:
            return
        finally:
            flow.close()

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Drive the flow for an async client."""
        translator = _Translator(request)
        flow = self._auth.async_auth_flow(translator.request)
        try:
            step = await anext(flow)
            while True:
                response = yield translator.to_httpx2(step)
                step = await flow.asend(translator.to_httpx(response, step))
        except StopAsyncIteration:
            return
        finally:
            await flow.aclose()


class _Translator:
    """Translates between the two libraries, for one request of `httpx2`.

    Attributes:
        request: The same request of `httpx`.
    """

    def __init__(self, request: httpx2.Request) -> None:
        self._inner = request
        self.request = self._translated()

    def to_httpx2(self, request: httpx.Request) -> httpx2.Request:
        """Translate what the flow sends: the request it was given, changed, or one of its own."""
        if request is self.request:
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

    def to_httpx(self, response: httpx2.Response, request: httpx.Request) -> httpx.Response:
        """Translate a reply, its body still unread: the flow reads it if it needs to."""
        import httpx

        headers = [
            (name, value)
            for name, value in response.headers.raw
            # The body is passed on decoded.
            if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding")
        ]
        return httpx.Response(
            response.status_code,
            headers=headers,
            stream=_body(response),
            request=request,
            extensions=response.extensions,
        )

    def _translated(self) -> httpx.Request:
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
    """Return a body that is read when the flow reads it, and then stays with its message."""
    import httpx

    class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield message.read()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield await message.aread()

    return Body()
