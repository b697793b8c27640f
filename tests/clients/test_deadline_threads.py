"""Threads of requests whose deadline has passed, at servers that never stop sending."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from anaplan_sdk import Client
from anaplan_sdk.exceptions import AnaplanException, AnaplanTimeoutException

EMPTY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    b'{"workspaces":[]}'
)


def drip(connection: socket.socket, beginning: bytes, piece: bytes) -> None:
    connection.sendall(beginning)
    while True:
        connection.sendall(piece)
        time.sleep(0.02)


def interim(connection: socket.socket) -> None:
    drip(connection, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")


def headers(connection: socket.socket) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x")


def body(connection: socket.socket) -> None:
    drip(connection, EMPTY.partition(b"Content-Length")[0] + b"Content-Length: 99999\r\n\r\n", b" ")


def chunks(connection: socket.socket) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")


def slow_reading(connection: socket.socket) -> None:
    while connection.recv(1000):
        time.sleep(0.02)


def silence(connection: socket.socket) -> None:
    time.sleep(30)


Drip = Callable[[socket.socket], None]


class Server:
    """Answers some requests, and then drips.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, answers: int, drip: Drip) -> None:
        self._answers = answers
        self._drip = drip
        self._connections = ExitStack()
        self._listener = self._connections.enter_context(
            closing(socket.create_server(("127.0.0.1", 0)))
        )
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._connections.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                self._connections.enter_context(closing(connection))
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ssl.SSLError):
            while self._answers:
                self._answers -= 1
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65_536)
                connection.sendall(EMPTY)
            if self._drip is not slow_reading:
                connection.recv(65_536)
            self._drip(connection)


@pytest.fixture
def serve() -> Iterator[Callable[[int, Drip], Server]]:
    with ExitStack() as servers:
        yield lambda answers, drip: servers.enter_context(closing(Server(answers, drip)))


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "anaplan-sdk"]


@pytest.mark.parametrize("answers", [0, 1], ids=["new", "reused"])
@pytest.mark.parametrize("drip", [interim, headers, body, chunks, silence])
def test_threads_end_with_their_deadline(
    serve: Callable[[int, Drip], Server], drip: Drip, answers: int
) -> None:
    server = serve(answers, drip)
    with Client(token="t", base_url=server.url, request_deadline=0.5, retry_count=0) as client:
        for _ in range(answers):
            client.get_workspaces()
        for _ in range(2):
            with pytest.raises(AnaplanTimeoutException, match="deadline"):
                client.get_workspaces()
        ends = time.monotonic() + 1
        while threads() and time.monotonic() < ends:
            time.sleep(0.01)
        assert threads() == []


def test_threads_end_whose_content_is_read_slowly(
    serve: Callable[[int, Drip], Server],
) -> None:
    server = serve(0, slow_reading)
    model = "A" * 32
    with Client(
        token="t", base_url=server.url, model_id=model, request_deadline=0.5, retry_count=0
    ) as client:
        with pytest.raises(AnaplanException, match="deadline"):
            client.tr.update_list_items(
                101000000001, [{"code": f"{n}", "name": "x" * 3000} for n in range(5000)]
            )
        ends = time.monotonic() + 1
        while threads() and time.monotonic() < ends:
            time.sleep(0.01)
        assert threads() == []


def test_a_sign_in_that_drips_ends_too(serve: Callable[[int, Drip], Server]) -> None:
    """Later than its request, since other requests wait for the token."""
    server = serve(0, interim)
    with Client(
        user_email="a@example.com",
        password="p",
        base_url=server.url,
        request_deadline=0.3,
        retry_count=0,
        timeout=0.5,
    ) as client:
        with pytest.raises(AnaplanTimeoutException, match="it was not sent"):
            client.get_workspaces()
        ends = time.monotonic() + 1.5
        while threads() and time.monotonic() < ends:
            time.sleep(0.01)
        assert threads() == []
