"""Requests without a proxy over HTTP/1.1, on connections that are kept.

The HTTP library's own pool goes through all of its connections for every request, and polls the
idle ones. Here a request takes the connection that was used last, which takes the same time however
many there are.
"""

from __future__ import annotations

import ssl
from collections import deque
from contextlib import suppress
from functools import partial
from weakref import ref

import httpx2

from anaplan_sdk._async.transport.connection_trace import ConnectionTrace
from anaplan_sdk._async.transport.http1 import Connection
from anaplan_sdk._runtime import async_sockets as sockets

# Seconds for which an idle connection is kept; the HTTP library's default.
_KEEPALIVE_EXPIRY = 5.0


class DirectTransport:
    """Sends requests to servers that are reached without a proxy.

    Args:
        context: The settings of TLS.
        max_keepalive: How many idle connections to one origin are kept.
    """

    def __init__(self, context: ssl.SSLContext, max_keepalive: int) -> None:
        self._context = context
        self._max_keepalive = max_keepalive
        self._idle: dict[tuple[bytes, bytes, int | None], deque[Connection]] = {}
        # Not a WeakSet: its iteration fails if another thread adds to it.
        self._open: set[ref[Connection]] = set()
        self._is_closed = False

    async def exchange(self, request: httpx2.Request, trace: ConnectionTrace) -> httpx2.Response:
        """Send a request and receive the headers of its reply.

        Args:
            request: The request.
            trace: Records what becomes of it.

        Returns:
            The reply, whose body is yet to be read.

        Raises:
            httpx2.TransportError: That failed.
        """
        url = request.url
        idle = self._idle.setdefault((url.raw_scheme, url.raw_host, url.port), deque())
        connection = await self._idle_connection(idle)
        if connection is None:
            trace.is_new = True
            is_secure = url.scheme == "https"
            if is_secure:  # The context may be shared with a client of HTTP/2.
                self._context.set_alpn_protocols(["http/1.1"])
            connection = Connection(
                await sockets.connect(
                    url.raw_host.decode("ascii"),
                    url.port or (443 if is_secure else 80),
                    self._context if is_secure else None,
                    request.extensions["timeout"]["connect"],
                )
            )
            self._open.add(ref(connection, self._open.discard))
            if self._is_closed:
                await connection.stream.aclose()
                raise httpx2.ConnectError("The client was closed meanwhile.")
        return await connection.exchange(request, trace, partial(self._keep, idle))

    async def aclose(self) -> None:
        """Close all connections, also those in use."""
        self._is_closed = True
        for idle in tuple(self._idle.values()):
            await self._close_surplus(idle)
        for reference in self._open.copy():
            if connection := reference():
                await connection.stream.aclose()  # sync: connection.stream.interrupt()

    async def _idle_connection(self, idle: deque[Connection]) -> Connection | None:
        while True:
            try:
                connection = idle.pop()  # The one that was used last.
            except IndexError:
                return None
            if not (connection.is_outdated(_KEEPALIVE_EXPIRY) or connection.stream.is_readable):
                return connection
            await connection.stream.aclose()

    async def _keep(self, idle: deque[Connection], connection: Connection) -> None:
        connection.mark_idle()
        idle.append(connection)
        await self._close_surplus(idle)

    async def _close_surplus(self, idle: deque[Connection]) -> None:
        most = 0 if self._is_closed else self._max_keepalive
        with suppress(IndexError):  # None is left, possibly since other threads have taken them.
            while len(idle) > most or idle[0].is_outdated(_KEEPALIVE_EXPIRY):
                await idle.popleft().stream.aclose()
