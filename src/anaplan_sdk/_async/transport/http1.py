"""One HTTP/1.1 connection: h11 implements the protocol; long bodies are read into their buffer."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import cast

import h11
import httpx2

from anaplan_sdk._async.transport.connection_trace import ConnectionTrace
from anaplan_sdk._runtime import async_sockets as sockets
from anaplan_sdk._runtime import asynchronous as runtime

# Bytes that are read at a time, except into the buffer of a body.
_AT_ONCE = 65_536
# Bytes up to which a piece of a body is written together with what comes before it.
_SMALL = 16_384
# The most bytes of a reply's headers.
_LONGEST_HEAD = 102_400


class Connection:
    """A connection to one origin, for one request at a time.

    Args:
        stream: The TCP or TLS connection.
    """

    def __init__(self, stream: sockets.Stream) -> None:
        self.stream = stream
        self._idle_since = time.monotonic()

    def is_outdated(self, seconds: float) -> bool:
        """Whether it has been idle for longer than this."""
        return time.monotonic() > self._idle_since + seconds

    def mark_idle(self) -> None:
        """Begin to count the time for which it is idle."""
        self._idle_since = time.monotonic()

    async def exchange(
        self,
        request: httpx2.Request,
        trace: ConnectionTrace,
        keep: runtime.Function[Connection, None],
    ) -> httpx2.Response:
        """Send a request and receive the headers of its reply.

        Args:
            request: The request.
            trace: Records what becomes of it.
            keep: Called with the connection after the reply was read, if it can serve another
                request.

        Returns:
            The reply, whose stream is a `Body` that is yet to be read and closed.

        Raises:
            httpx2.TransportError: That failed; the connection is closed.
        """
        protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        timeouts: dict[str, float | None] = request.extensions["timeout"]
        written = self.stream.written
        trace.requests += 1
        try:
            try:
                await self._send(protocol, request, timeouts["write"])
            except httpx2.WriteError:
                # A server that refuses a body may reply before it closes the connection.
                trace.headers_failed = self.stream.written == written
            event = await self._receive_head(protocol, timeouts["read"], trace)
        except h11.ProtocolError as error:
            await self.stream.aclose()
            raise _translated(error) from error
        except BaseException:
            await self.stream.aclose()
            raise
        trace.has_reply = True
        return httpx2.Response(
            event.status_code,
            headers=event.headers.raw_items(),
            stream=Body(self, protocol, timeouts["read"], _length_of(event, request), keep),
            request=request,
        )

    async def _send(
        self, protocol: h11.Connection, request: httpx2.Request, timeout: float | None
    ) -> None:
        head = h11.Request(
            method=request.method, target=request.url.raw_path, headers=request.headers.raw
        )
        pending = protocol.send(head) or b""
        # sync: for piece in cast("httpx2.SyncByteStream", request.stream):
        async for piece in cast("httpx2.AsyncByteStream", request.stream):  # async-only
            if not piece:
                continue
            content = protocol.send(h11.Data(data=piece)) or b""
            if len(content) <= _SMALL:
                pending += content
            else:
                await self.stream.write(pending, timeout)
                pending = content
        pending += protocol.send(h11.EndOfMessage()) or b""
        await self.stream.write(pending, timeout)

    async def _receive_head(
        self, protocol: h11.Connection, timeout: float | None, trace: ConnectionTrace
    ) -> h11.Response:
        while True:
            event = protocol.next_event()
            if isinstance(event, h11.Response):
                return event
            if event is h11.NEED_DATA:
                content = await self.stream.read(_AT_ONCE, timeout)
                if not content:
                    raise httpx2.RemoteProtocolError(
                        "Server disconnected without sending a response."
                    )
                trace.count(len(content))
                protocol.receive_data(content)
            elif event is h11.PAUSED:  # After a 101; h11 accepts it for an Upgrade header only.
                raise httpx2.RemoteProtocolError("Server switched to another protocol.")


class Body(httpx2.AsyncByteStream):
    """The body of a reply, which is read from its connection.

    Attributes:
        length: The number of its bytes; None if it is not known in advance.
    """

    def __init__(
        self,
        connection: Connection,
        protocol: h11.Connection,
        timeout: float | None,
        length: int | None,
        keep: runtime.Function[Connection, None],
    ) -> None:
        self.length = length
        self._connection = connection
        self._stream = connection.stream
        self._protocol = protocol
        self._timeout = timeout
        self._keep = keep
        # What arrived together with the headers.
        self._first = b"" if length is None else protocol.trailing_data[0]
        self._left = length
        # Both sides keep the connection, and the request was sent completely.
        self._can_be_kept = protocol.our_state is h11.DONE and len(self._first) <= (length or 0)
        self._is_closed = False

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        try:
            if self._left is None:
                while (event := self._protocol.next_event()) is h11.NEED_DATA or isinstance(
                    event, h11.Data
                ):
                    if isinstance(event, h11.Data):
                        yield bytes(event.data)
                    else:
                        self._protocol.receive_data(
                            await self._stream.read(_AT_ONCE, self._timeout)
                        )
                self._left = 0
            while self._left:
                piece, self._first = self._first[: self._left], b""
                if not piece:
                    piece = await self._stream.read(min(_AT_ONCE, self._left), self._timeout)
                self._take(len(piece), is_ended=not piece)
                yield piece
        except h11.ProtocolError as error:
            await self._end(is_kept=False)
            raise _translated(error) from error
        except BaseException:
            await self._end(is_kept=False)
            raise

    async def fill(self, buffer: memoryview) -> None:
        """Read all of a body into a buffer of its length.

        Raises:
            httpx2.TransportError: That failed; the connection is closed.
        """
        first, self._first = self._first[: len(buffer)], b""
        buffer[: len(first)] = first
        try:
            count = await self._stream.fill(buffer[len(first) :], self._timeout)
            self._take(len(first) + count, is_ended=len(first) + count < len(buffer))
        except BaseException:
            await self._end(is_kept=False)
            raise

    def _take(self, count: int, *, is_ended: bool) -> None:
        self._left = (self._left or 0) - count
        if is_ended:
            length = self.length or 0
            raise httpx2.RemoteProtocolError(
                "peer closed connection without sending complete message body "
                f"(received {length - self._left} bytes, expected {length})"
            )

    async def aclose(self) -> None:
        """Keep the connection if the body was read, and close it otherwise."""
        is_read = self._left == 0
        if self.length is None:
            is_read = self._protocol.their_state is h11.DONE and not self._protocol.trailing_data[0]
        await self._end(is_kept=is_read and self._can_be_kept)

    async def _end(self, *, is_kept: bool) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if is_kept:
            await self._keep(self._connection)
        else:
            await self._stream.aclose()


def _length_of(event: h11.Response, request: httpx2.Request) -> int | None:
    """Return the length of a reply's body (RFC 9112, section 6.3); None if it is not known."""
    if request.method == "HEAD" or event.status_code in (204, 304):
        return 0
    length = None
    for name, value in event.headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length


def _translated(error: h11.ProtocolError) -> httpx2.ProtocolError:
    """Return the HTTP library's error for one of h11's."""
    is_own = isinstance(error, h11.LocalProtocolError)
    return (httpx2.LocalProtocolError if is_own else httpx2.RemoteProtocolError)(str(error))
