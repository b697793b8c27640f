"""TCP and TLS connections of event loops.

On asyncio a connection is a protocol of the loop's own, without the checkpoints and cancel scopes
that anyio adds to each read and write. On trio and uvloop it is a stream of anyio: uvloop itself
can't try several addresses of a host at a time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any, Protocol

import anyio
import httpx2
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute

from anaplan_sdk._runtime.readiness import is_readable

# Seconds after which the next address of a host is tried as well (RFC 8305, section 5).
_NEXT_ADDRESS = 0.25
# Bytes that are read, or handed to the loop for writing, at a time.
_AT_ONCE = 65_536
# Bytes that may arrive before they are asked for; then reading pauses.
_MOST_PENDING = 262_144


class Stream(Protocol):
    """A connection.

    Attributes:
        written: The number of bytes that were written to it.
    """

    written: int

    async def read(self, size: int, timeout: float | None) -> bytes:
        """Read what has arrived, at most this many bytes; none at the end.

        Raises:
            httpx2.ReadTimeout: Nothing arrived in time.
            httpx2.ReadError: The connection failed.
        """
        ...

    async def fill(self, buffer: memoryview, timeout: float | None) -> int:
        """Read until a buffer is full; return the number of bytes, fewer only at the end.

        Raises:
            httpx2.ReadTimeout: Nothing arrived for that long.
            httpx2.ReadError: The connection failed.
        """
        ...

    async def write(self, content: bytes, timeout: float | None) -> None:
        """Write bytes.

        Raises:
            httpx2.WriteTimeout: Nothing could be written for that long.
            httpx2.WriteError: The connection failed.
        """
        ...

    @property
    def is_readable(self) -> bool:
        """Whether something has arrived: on a connection not in use that is its end."""
        ...

    async def aclose(self) -> None:
        """Close the connection."""
        ...


async def connect(
    host: str, port: int, context: ssl.SSLContext | None, timeout: float | None
) -> Stream:
    """Connect to a server.

    Args:
        host: Its name or address.
        port: Its port.
        context: The settings of TLS; None connects without TLS.
        timeout: Seconds until the connection is made; None waits without limit.

    Raises:
        httpx2.ConnectTimeout: It took longer.
        httpx2.ConnectError: The server can't be reached, or its certificate is not valid.
    """
    with _mapped(httpx2.ConnectTimeout, httpx2.ConnectError):
        loop: asyncio.AbstractEventLoop | None = None
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.BaseEventLoop):
            with anyio.fail_after(timeout):
                return _AnyioStream(await _connect_with_anyio(host, port, context))
        async with asyncio.timeout(timeout):
            _, stream = await loop.create_connection(
                lambda: _AsyncioStream(loop),
                host,
                port,
                ssl=context,
                server_hostname=None if context is None else host,
                # Only a name has several addresses. Cancelled while it tries them, asyncio may
                # leave a socket to the garbage collector.
                happy_eyeballs_delay=None if _is_address(host) else _NEXT_ADDRESS,
            )
        return stream


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _connect_with_anyio(host: str, port: int, context: ssl.SSLContext | None) -> ByteStream:
    if context is None:
        return await anyio.connect_tcp(host, port, happy_eyeballs_delay=_NEXT_ADDRESS)
    return await anyio.connect_tcp(
        host,
        port,
        ssl_context=context,
        tls_hostname=host,
        tls_standard_compatible=False,
        happy_eyeballs_delay=_NEXT_ADDRESS,
    )


class _AsyncioStream(asyncio.BufferedProtocol):
    """A connection of asyncio. One task reads at a time, and one writes."""

    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.written = 0
        self._loop = loop
        self._scratch = bytearray(_AT_ONCE)
        self._pending = bytearray()
        self._is_paused = False
        self._is_ended = False
        self._is_lost = False
        self._error: Exception | None = None
        # The buffer of `fill`, into which the loop reads without a copy in between.
        self._target: memoryview | None = None
        self._filled = 0
        self._arrived: asyncio.Future[None] | None = None
        self._is_full = False
        self._writable: asyncio.Future[None] | None = None
        self._active_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the loop's signature
        if self._target is not None:
            return self._target[self._filled :]
        return memoryview(self._scratch)

    def buffer_updated(self, nbytes: int) -> None:
        self._active_at = self._loop.time()
        if self._target is None:
            self._pending += memoryview(self._scratch)[:nbytes]
            if len(self._pending) >= _MOST_PENDING and not self._is_paused:
                self._is_paused = True
                self._transport.pause_reading()
        else:
            self._filled += nbytes
            if self._filled < len(self._target):
                return
            self._target = None
        _wake(self._arrived)

    def eof_received(self) -> None:
        self._is_ended = True
        _wake(self._arrived)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost, self._error = True, exc or self._error
        _wake(self._arrived)
        _wake(self._writable)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        _wake(self._writable)

    async def read(self, size: int, timeout: float | None) -> bytes:
        while not self._pending:
            if self._is_over():
                return b""
            self._arrived = self._loop.create_future()
            await self._wait(self._arrived, timeout, httpx2.ReadTimeout)
        return self._take(size)

    async def fill(self, buffer: memoryview, timeout: float | None) -> int:
        start = self._take(len(buffer))
        buffer[: len(start)] = start
        if len(start) == len(buffer) or self._is_over():
            return len(start)
        self._target, self._filled = buffer, len(start)
        self._arrived = self._loop.create_future()
        try:
            await self._wait(self._arrived, timeout, httpx2.ReadTimeout)
        finally:
            self._target = None
        if self._filled < len(buffer):
            self._is_over()
        return self._filled

    async def write(self, content: bytes, timeout: float | None) -> None:
        view = memoryview(content)
        for start in range(0, len(view), _AT_ONCE):
            if start:
                await asyncio.sleep(0)  # Otherwise a failure isn't noticed before the last piece.
            if self._is_lost or self._transport.is_closing():
                raise httpx2.WriteError(str(self._error or "The connection was closed."))
            piece = view[start : start + _AT_ONCE]
            self._transport.write(piece)
            self.written += len(piece)
            if self._is_full:
                self._active_at = self._loop.time()
                self._writable = self._loop.create_future()
                await self._wait(self._writable, timeout, httpx2.WriteTimeout)

    @property
    def is_readable(self) -> bool:
        if self._pending or self._is_ended or self._is_lost:
            return True
        # The loop may not have looked at the socket since.
        return is_readable(self._transport.get_extra_info("socket").fileno())

    async def aclose(self) -> None:
        if not self._is_lost:
            # For a task that reads: what has no length would seem complete.
            self._error = ConnectionAbortedError("The connection was closed.")
            self._transport.abort()

    def _take(self, size: int) -> bytes:
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        if self._is_paused and len(self._pending) < _MOST_PENDING:
            self._is_paused = False
            self._transport.resume_reading()
        return taken

    def _is_over(self) -> bool:
        """Whether the server has ended the connection.

        Raises:
            httpx2.ReadError: It failed.
        """
        if self._error is not None:
            raise httpx2.ReadError(str(self._error)) from self._error
        return self._is_ended or self._is_lost

    async def _wait(
        self,
        future: asyncio.Future[None],
        timeout: float | None,
        timed_out: type[httpx2.TimeoutException],
    ) -> None:
        """Wait for a future, as long as bytes come or go within the timeout."""
        if timeout is None:
            await future
            return
        self._active_at = self._loop.time()
        timer: asyncio.TimerHandle

        def check() -> None:
            nonlocal timer
            due = self._active_at + timeout
            if due > self._loop.time():
                timer = self._loop.call_at(due, check)
            elif not future.done():
                future.set_exception(timed_out(f"Nothing happened in {timeout:g} s."))

        timer = self._loop.call_later(timeout, check)
        try:
            await future
        finally:
            timer.cancel()


class _AnyioStream:
    """A connection of anyio."""

    def __init__(self, stream: ByteStream) -> None:
        self.written = 0
        self._stream = stream
        # What arrived beyond what was asked for. Left to anyio, it could not be seen.
        self._pending = b""

    async def read(self, size: int, timeout: float | None) -> bytes:
        if not self._pending:
            with _mapped(httpx2.ReadTimeout, httpx2.ReadError), anyio.fail_after(timeout):
                try:
                    self._pending = await self._stream.receive(_AT_ONCE)
                except anyio.EndOfStream:
                    return b""
        taken, self._pending = self._pending[:size], self._pending[size:]
        return taken

    async def fill(self, buffer: memoryview, timeout: float | None) -> int:
        filled = 0
        while filled < len(buffer):
            piece = await self.read(len(buffer) - filled, timeout)
            if not piece:
                break
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    async def write(self, content: bytes, timeout: float | None) -> None:
        view = memoryview(content)
        for start in range(0, len(view), _MOST_PENDING):
            piece = bytes(view[start : start + _MOST_PENDING])
            with _mapped(httpx2.WriteTimeout, httpx2.WriteError), anyio.fail_after(timeout):
                await self._stream.send(piece)
            self.written += len(piece)

    @property
    def is_readable(self) -> bool:
        if self._pending:
            return True
        extra = self._stream.extra
        try:
            tls = extra(TLSAttribute.ssl_object, None)
            if tls is not None:
                with suppress(ssl.SSLWantReadError):
                    tls.read(1)  # It may have taken from the socket what it hasn't decrypted yet.
                    return True
            return is_readable(extra(SocketAttribute.raw_socket).fileno())
        except (OSError, AttributeError):  # anyio asks for the peer, also of a closed socket.
            return True

    async def aclose(self) -> None:
        with anyio.CancelScope(shield=True):  # It does not wait for the server.
            await anyio.aclose_forcefully(self._stream)


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


@contextmanager
def _mapped(
    timed_out: type[httpx2.TimeoutException], failed: type[httpx2.NetworkError]
) -> Generator[None]:
    """Translate the errors of sockets and streams into those of the HTTP library."""
    try:
        yield
    except TimeoutError as error:
        # The causes of anyio's error name tasks.
        raise timed_out(str(error) or timed_out.__name__) from error
    except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
        raise failed(str(error)) from error
