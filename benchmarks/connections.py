"""Connections of the measured programs: a server of their own, and the way to it.

Connections to any host end at the server. Only functions that make a connection are patched, and
below every HTTP library, so a request costs what it costs without the patches.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SERVER = Path(__file__).with_name("server.py")


@contextmanager
def server(setup: dict[str, Any]) -> Generator[tuple[int, dict[str, Any]]]:
    """Start a server in a new process; yield its port, and a dict of its counts at the end."""
    seen: dict[str, Any] = {}
    command = [sys.executable, str(_SERVER), json.dumps(setup)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None  # because of the pipes
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), seen
            process.stdin.close()
            seen.update(json.loads(process.stdout.readline()))
        finally:
            process.kill()


def redirect(port: int, *, tls: bool) -> None:
    """Let every connection of this process end at the server, with or without TLS."""
    address = "127.0.0.1", port
    resolved = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]
    connect = socket.socket.connect
    patch(socket, "getaddrinfo", lambda *_, **__: resolved)
    patch(socket.socket, "connect", lambda self, _: connect(self, address))
    if not tls:
        _leave_out_tls()


def _leave_out_tls() -> None:
    create = asyncio.BaseEventLoop.create_connection

    async def create_plain(
        self: asyncio.BaseEventLoop, *args: Any, **options: Any
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        # The library that httpx2 uses makes TLS itself. It is patched only where it is in use.
        if streams := sys.modules.get("anyio.streams.tls"):
            patch(streams.TLSStream, "wrap", _plain_stream)
        kept = {
            name: value
            for name, value in options.items()
            if not name.startswith(("ssl", "server_hostname"))
        }
        return await create(self, *args, **kept)

    async def start_plain(_: object, transport: asyncio.Transport, *__: Any, **___: Any) -> object:
        return transport

    patch(asyncio.BaseEventLoop, "create_connection", create_plain)
    patch(asyncio.BaseEventLoop, "start_tls", start_plain)
    patch(ssl.SSLContext, "wrap_socket", lambda _, sock, *__, **___: sock)


async def _plain_stream(stream: Any, **_: Any) -> Any:
    return stream


def patch(owner: object, name: str, function: object) -> None:
    """Replace an attribute for the rest of this process."""
    setattr(owner, name, function)
