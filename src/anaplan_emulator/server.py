"""The HTTP server: sockets, TLS, and a thread of its own."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from anaplan_emulator.hosts import ip_address

TRANSPORT = "anaplan_emulator.transport"
"""Key of the connection in the scope of a request, which faults need to break it."""


class Protocol(H11Protocol):
    """HTTP/1.1 that passes the connection to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the connection in the scope of every request made on it."""
        super().connection_made(transport)
        # The configuration only disables this through the logger, which pytest enables again. The
        # access log would contain queries, and with them OAuth codes.
        self.access_log = False
        self.app = partial(_with_transport, self.app, transport)


class _UvicornServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing
        self.loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)


async def _with_transport(
    app: ASGIApp, transport: asyncio.Transport, scope: Scope, receive: Receive, send: Send
) -> None:
    scope.setdefault("extensions", {})[TRANSPORT] = transport
    await app(scope, receive, send)


class HttpServer:
    """Serves an application in a thread. The socket listens as soon as this is created.

    Args:
        app: The application.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        closing: Set when the server stops, before it waits for requests to end.
        certificate_files: Returns the files of a certificate and its private key, to serve TLS. It
            is called once nothing else can be listening here.

    Raises:
        OSError: The address cannot be listened on.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        closing: asyncio.Event,
        certificate_files: Callable[[], tuple[Path, Path]] | None = None,
    ) -> None:
        self._socket = _listen(host, port)
        try:
            certificate, private_key = certificate_files() if certificate_files else (None, None)
        except BaseException:
            self._socket.close()
            raise
        self._server = _UvicornServer(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                lifespan="off",
                # The middleware sets both headers, with the emulator's clock.
                date_header=False,
                server_header=False,
                access_log=False,
                # Clients connect directly: X-Forwarded-For could name any address as theirs.
                proxy_headers=False,
                log_config=None,
                # Longer than clients keep connections: none is closed while a request is sent.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
                ssl_certfile=certificate,
                ssl_keyfile=private_key,
            ),
            closing,
        )
        self._thread = threading.Thread(target=self._run, name="anaplan-emulator", daemon=True)
        scheme = "http" if certificate is None else "https"
        self.base_url = f"{scheme}://{_reachable_host(host)}:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Start serving, in a thread."""
        self._thread.start()

    def wait_until_idle(self) -> None:
        """Wait until requests that have arrived so far are in the request log."""
        loop = self._server.loop
        if loop is not None and not loop.is_closed():
            asyncio.run_coroutine_threadsafe(_yield_to_connections(), loop).result()

    def stop(self) -> None:
        """Stop the thread, and close all connections and the socket."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


async def _yield_to_connections() -> None:
    # A connection is accepted in one iteration of the loop, read in another, answered in a third.
    for _ in range(10):
        await asyncio.sleep(0)


def _reachable_host(host: str) -> str:
    address = ip_address(host)
    if address is None:
        return host
    if address.is_unspecified:
        # An unspecified address stands for all addresses: a client cannot connect to it.
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{address}]" if address.version == 6 else str(address)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio disables Nagle's algorithm only if the protocol is named, which
    # `socket.create_server` does not do. Each response would wait 40 ms for a delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and socket.has_dualstack_ipv6():
            # "::" stands for all addresses, those of IPv4 included.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener
