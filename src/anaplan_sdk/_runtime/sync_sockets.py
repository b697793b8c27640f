"""TCP and TLS connections of threads, which end at the deadline of the thread that uses them."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

import httpx2

from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.readiness import is_readable
from anaplan_sdk._runtime.synchronous import WRITTEN_AT_ONCE, limited


def connect(host: str, port: int, context: ssl.SSLContext | None, timeout: float | None) -> Stream:
    """Connect to a server.

    Args:
        host: Its name or address.
        port: Its port.
        context: The settings of TLS; None connects without TLS.
        timeout: Seconds for the TCP and the TLS handshake each; None waits without limit.

    Raises:
        httpx2.ConnectTimeout: One of them took longer.
        httpx2.ConnectError: The server can't be reached, or its certificate is not valid.
    """
    try:
        connection = socket.create_connection((host, port), limited(timeout))
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                connection.settimeout(limited(timeout))
                connection = context.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise _translated(error, httpx2.ConnectTimeout, httpx2.ConnectError) from error
    process.close_in_child(connection)
    return Stream(connection)


class Stream:
    """A connection.

    The HTTP library's timeouts begin again with every byte that arrives or leaves; the thread's
    deadline does not.

    Attributes:
        written: The number of bytes that were written to it.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._timeout = connection.gettimeout()
        self._is_interrupted = False
        self.written = 0

    def _limit(self, timeout: float | None) -> None:
        timeout = limited(timeout)
        if timeout != self._timeout:
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def read(self, size: int, timeout: float | None) -> bytes:
        """Read what has arrived, at most this many bytes; none at the end.

        Raises:
            httpx2.ReadTimeout: Nothing arrived in time.
            httpx2.ReadError: The connection failed.
        """
        self._limit(timeout)
        try:
            content = self._socket.recv(size)
        except OSError as error:
            raise _translated(error, httpx2.ReadTimeout, httpx2.ReadError) from error
        if not content and self._is_interrupted:  # What has no length would seem complete.
            raise httpx2.ReadError("The connection was closed.")
        return content

    def fill(self, buffer: memoryview, timeout: float | None) -> int:
        """Read until a buffer is full; return the number of bytes, fewer only at the end.

        Raises:
            httpx2.ReadTimeout: Nothing arrived for that long.
            httpx2.ReadError: The connection failed.
        """
        filled = 0
        while filled < len(buffer):
            self._limit(timeout)
            try:
                count = self._socket.recv_into(buffer[filled:])
            except OSError as error:
                raise _translated(error, httpx2.ReadTimeout, httpx2.ReadError) from error
            if not count:
                break
            filled += count
        return filled

    def write(self, content: bytes, timeout: float | None) -> None:
        """Write bytes.

        Raises:
            httpx2.WriteTimeout: Nothing could be written for that long.
            httpx2.WriteError: The connection failed.
        """
        left = memoryview(content)
        while left:
            self._limit(timeout)
            try:
                count = self._socket.send(left[:WRITTEN_AT_ONCE])
            except OSError as error:
                raise _translated(error, httpx2.WriteTimeout, httpx2.WriteError) from error
            self.written += count
            left = left[count:]

    @property
    def is_readable(self) -> bool:
        """Whether something has arrived: on a connection not in use that is its end."""
        # TLS takes whole records from the socket.
        has_pending = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0
        return has_pending or is_readable(self._socket.fileno())

    def interrupt(self) -> None:
        """Have another thread that uses the connection fail, and close it.

        Closed here, its descriptor could be another connection's when that thread reads.
        """
        self._is_interrupted = True
        with suppress(OSError):
            # Not the method of TLS sockets, which may be written to without TLS afterwards.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def _translated(
    error: OSError, timed_out: type[httpx2.TimeoutException], failed: type[httpx2.NetworkError]
) -> httpx2.TransportError:
    """Return the HTTP library's error for an error of a socket."""
    return (timed_out if isinstance(error, TimeoutError) else failed)(str(error))
