"""The real server around the application: sockets, TLS, and a thread to run in."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "anaplan_emulator.transport"
"""Where a request's scope holds the connection, so that faults can break it."""


class Protocol(H11Protocol):
    """HTTP/1.1 whose application is told the connection it answers on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand the connection on in the scope of every request made on it."""
        super().connection_made(transport)
        self.app = partial(_with_transport, self.app, transport)


async def _with_transport(
    app: Any, transport: asyncio.Transport, scope: Any, receive: Any, send: Any
) -> None:
    scope.setdefault("extensions", {})[TRANSPORT] = transport
    await app(scope, receive, send)


class Server:
    """Serves an application on a socket of its own, in this thread or another.

    Args:
        app: The application.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        tls: Called once with uvicorn's configuration, to give it a TLS context.

    Raises:
        OSError: The address can't be listened on.

    """

    def __init__(
        self, app: ASGIApp, *, host: str, port: int, tls: Callable[[uvicorn.Config], None] | None
    ) -> None:
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            # The layer around the application writes both, by the emulator's clock.
            date_header=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        config.load()
        if tls is not None:
            tls(config)
        self._server = uvicorn.Server(config)
        self._socket = _listen(host, port)
        self._thread: threading.Thread | None = None
        scheme = "http" if tls is None else "https"
        shown = f"[{host}]" if ":" in host else host
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"{scheme}://{shown}:{self.port}"

    def start(self) -> None:
        """Serve in a thread of its own; the socket listens already."""
        self._thread = threading.Thread(target=self._run, name="anaplan-emulator", daemon=True)
        self._thread.start()

    def serve(self) -> None:
        """Serve in this thread until SIGINT or SIGTERM."""
        with contextlib.suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End the thread, its connections and the socket."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener
