"""A fast server for the benchmarks: `python server.py '{"latency": 0.02}'`.

It prints its port, serves until its standard input is closed, and then prints its counts. A thread
for each connection reads requests, sleeps for the latency and sends a reply. The server shares the
cores with the client, so it must cost little: headers that don't matter are not parsed.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path

from messages import Request
from replies import Model, Setup

_TOKEN = re.compile(rb"\r\nauthorization: *\S+ (\S+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection:
    """A connection of a client, which waits for each reply before its next request."""

    def __init__(self, peer: socket.socket, setup: Setup) -> None:
        self._peer = peer
        self._reads_tokens = bool(setup.token_uses)
        self._keeps_uploads = setup.verify
        self._served = 0
        self._buffer = memoryview(b"")

    def serve(self, model: Model) -> None:
        """Answer requests until the client closes the connection."""
        while request := self._read():
            if model.takes_reset(self._served):
                # A linger time of zero makes close() send RST instead of FIN.
                self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if model.setup.latency:
                time.sleep(model.setup.latency)
            reply = model.answer(request)
            if not reply.status:
                return
            first, *others = reply.pieces
            date = _date(int(time.time()))
            self._peer.sendall(b"HTTP/1.1 %d .\r\nDate: %b\r\n%b" % (reply.status, date, first))
            for piece in others:
                self._peer.sendall(piece)
            self._served += 1

    def _read(self) -> Request | None:
        data = self._peer.recv(65_536)
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = self._peer.recv(65_536)
            if not more:
                return None
            data += more
        method, target, _ = data[: data.index(b"\r\n")].decode().split(" ", 2)
        request = Request(method, target)
        if self._reads_tokens and (found := _TOKEN.search(data, 0, end)):
            request.token = found[1].decode()
        if method == "GET":
            return request
        if found := _LENGTH.search(data, 0, end):
            request.length = int(found[1])
        start = data[end + 4 :]
        if method == "PUT" and not self._keeps_uploads:
            request.tail = self._skip(start, request.length - len(start))
        else:
            request.body = self._receive(start, request.length)
            request.tail = bytes(request.body[-8:])
        return request

    def _receive(self, start: bytes, length: int) -> bytearray:
        """Return a body that begins with `start`."""
        body = bytearray(length)
        view = memoryview(body)
        view[: len(start)] = start
        have = len(start)
        while have < length:
            have += self._receive_into(view[have:])
        return body

    def _skip(self, tail: bytes, left: int) -> bytes:
        """Read the rest of a body and return its last eight bytes."""
        self._buffer = self._buffer or memoryview(bytearray(1 << 20))
        while left:
            count = self._receive_into(self._buffer[:left])
            left -= count
            tail = (tail + self._buffer[max(0, count - 8) : count])[-8:]
        return tail[-8:]

    def _receive_into(self, view: memoryview) -> int:
        if count := self._peer.recv_into(view):
            return count
        raise ConnectionResetError


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def _serve(peer: socket.socket, model: Model, context: ssl.SSLContext | None) -> None:
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError), peer:  # clients break connections
        if context is None:
            Connection(peer, model.setup).serve(model)
        else:
            with context.wrap_socket(peer, server_side=True) as encrypted:
                Connection(encrypted, model.setup).serve(model)


def _context(folder: str) -> ssl.SSLContext | None:
    if not folder:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(folder, "server.pem"), Path(folder, "server-key.pem"))
    return context


def main() -> None:
    """Serve until standard input is closed."""
    model = Model(Setup(**json.loads(sys.argv[1] if sys.argv[1:] else "{}")))
    context = _context(model.setup.tls)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def accept() -> None:
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=_serve, args=(peer, model, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
    print(json.dumps(model.report()), flush=True)


if __name__ == "__main__":
    main()
