"""What becomes of one request on its connection."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, cast
from weakref import proxy

import httpx2

from anaplan_sdk._http.redaction import safe_url
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import ReplyTooLargeException

_CONNECTED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")


class ConnectionTrace:
    """What becomes of one request on its connection.

    The SDK's own connections set its attributes. The HTTP library calls it as the `trace` extension
    of the request; a transport of the user's may not. After a redirect there are several requests:
    then less is known.

    Attributes:
        requests: How many requests were sent.
        is_new: Whether a connection was made for one.
        has_reply: Whether the headers of a reply have arrived.
        headers_failed: Whether not even the headers of the last request were sent completely.

    Args:
        request: The request.
        max_header_bytes: How many bytes may arrive before the headers of its reply are complete.
    """

    def __init__(self, request: httpx2.Request, max_header_bytes: int) -> None:
        self._request = request
        self._max_header_bytes = max_header_bytes
        self._header_bytes = 0
        self.requests = 0
        self.is_new = False
        self.has_reply = False
        self.headers_failed = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Take an event: the part of the library, the step, and how far that is."""
        if event.endswith(_CONNECTED):
            self.is_new = True
            runtime.watch_connection(info["return_value"])
            _count_what_arrives(info["return_value"])
        elif event.endswith("send_request_headers.started"):
            self.requests += 1
        elif event == "http11.send_request_headers.failed":
            self.headers_failed = True
        elif event == "http11.receive_response_headers.started":
            _waiting.set(self)
        elif event.endswith("receive_response_headers.complete"):
            self.has_reply = True
            _waiting.set(None)

    def count(self, size: int) -> None:
        """Count bytes that arrived before the headers of the reply were complete.

        Raises:
            ReplyTooLargeException: There are too many.
        """
        self._header_bytes += size
        if self._header_bytes > self._max_header_bytes:
            _waiting.set(None)
            raise ReplyTooLargeException(
                f"More than {self._max_header_bytes:,} bytes arrived before the headers of a reply "
                "were complete, the limit that reply_limits= sets: a gateway sends one interim "
                "reply (1xx) after another.",
                method=self._request.method,
                url=safe_url(self._request.url),
            )

    @property
    def was_never_sent(self) -> bool:
        """Whether not even the request's headers were sent completely."""
        return self.headers_failed and self.requests == 1 and not self.has_reply

    def met_closed_connection(self, error: httpx2.RequestError) -> bool:
        """Whether it failed because a connection kept from an earlier request was closed."""
        is_broken = isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError)
        return is_broken and bool(self.requests) and not self.is_new and not self.has_reply


# The trace of a request that was sent, until the headers of its reply are complete.
_waiting: ContextVar[ConnectionTrace | None] = ContextVar("_waiting", default=None)


def _count_what_arrives(stream: Any) -> None:
    """Have a new connection count what each request receives.

    The HTTP library reports no interim replies, and reads as many as a server sends.
    """
    # Weak, or the connection would have to wait for the garbage collector.
    weak: Any = proxy(stream)
    kind = cast("Any", type(stream))
    watched = cast("Any", vars(stream)).get("read")

    async def read(max_bytes: int, timeout: float | None = None) -> bytes:
        if watched is None:
            content = cast("bytes", await kind.read(weak, max_bytes, timeout))
        else:
            content = cast("bytes", await watched(max_bytes, timeout))
        trace = _waiting.get()
        if trace is not None:
            trace.count(len(content))
        return content

    stream.read = read
