"""The real server around the application: sockets, TLS, and a thread to run in."""

import asyncio
import ipaddress
import os
import socket
import threading
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "anaplan_emulator.transport"
"""Where a request's scope holds its connection, so that faults can break it."""


class Protocol(H11Protocol):
    """HTTP/1.1 whose application is told the connection it answers on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the connection in the scope of every request made on it."""
        super().connection_made(transport)
        # The configuration turns this off by way of the logger, where pytest turns it on again:
        # and paths come with their queries, which hold codes.
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


class Server:
    """Serves an application on a socket of its own, which listens from the start.

    Args:
        app: The application.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        closing: Set when the server stops, before it waits for requests to end.
        certificate_files: Certificate and private key to serve TLS with.

    Raises:
        OSError: The address can't be listened on.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        closing: asyncio.Event,
        certificate_files: tuple[Path, Path] | None = None,
    ) -> None:
        certificate, private_key = certificate_files or (None, None)
        self._server = _UvicornServer(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                lifespan="off",
                # The layer around the application writes both, by the emulator's clock.
                date_header=False,
                server_header=False,
                access_log=False,
                log_config=None,
                # Longer than clients keep connections, so that none is closed under a request.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
                ssl_certfile=certificate,
                ssl_keyfile=private_key,
            ),
            closing,
        )
        self._socket = _listen(host, port)
        self._thread = threading.Thread(target=self._run, name="anaplan-emulator", daemon=True)
        scheme = "http" if certificate is None else "https"
        self.base_url = f"{scheme}://{_host_to_call(host)}:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        self._thread.start()

    def catch_up(self) -> None:
        """Wait until all that has arrived so far has been taken note of."""
        loop = self._server.loop
        if loop is not None and not loop.is_closed():
            asyncio.run_coroutine_threadsafe(_take_turns(), loop).result()

    def stop(self) -> None:
        """End the thread, its connections and the socket."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


async def _take_turns() -> None:
    # A connection is accepted in one turn of the loop, read in another, answered in a third.
    for _ in range(10):
        await asyncio.sleep(0)


def _host_to_call(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        # It stands for all addresses of the machine: it can be listened on, but not called.
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"[{address}]" if address.version == 6 else str(address)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio turn Nagle's algorithm off, as
    # `socket.create_server` doesn't: each answer would wait for a delayed acknowledgement, 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener
