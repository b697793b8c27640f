"""Connections: how many there are, how they are kept, and replies in all forms that HTTP has."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, suppress
from io import BufferedReader
from pathlib import Path

import pytest

from anaplan_emulator.certificates import Authority
from anaplan_sdk import AsyncClient, ReplyLimits
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanTimeoutException,
    ClientClosedException,
    ReplyTooLargeException,
)

MODEL = b'{"model": {"id": "0123456789ABCDEF0123456789ABCDEF", "name": "Flights"}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(MODEL)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(MODEL), MODEL)
OTHER = (HEAD + LENGTH + b"\r\n" + MODEL).replace(b"Flights", b"Secrets")


class Gateway:
    """A server of raw replies.

    Attributes:
        reply: What it sends for each request.
        rest: What it sends afterwards, on TLS in another record.
        tls: Its certificate; without one it knows no TLS.
        resets: Whether it resets each connection when a request begins.
        delay: Seconds before its reply.
        crowd: Where requests wait for each other before they are answered; without it they don't.
        most: How many connections it keeps; it closes others at once.
        closes: Whether it closes a connection after its reply.
        protocols: What was agreed on over TLS for each connection.
        connections: How many it has accepted.
        open: How many are open.
    """

    def __init__(self) -> None:
        self.reply = HEAD + LENGTH + b"\r\n" + MODEL
        self.rest = b""
        self.tls: ssl.SSLContext | None = None
        self.resets = False
        self.protocols: list[str | None] = []
        self.delay = 0.0
        self.crowd: threading.Barrier | None = None
        self.most = 1000
        self.closes = False
        self.connections = 0
        self.open = 0
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # It was closed.
            while True:
                connection, _ = self._listening.accept()
                with self._lock:
                    self.connections += 1
                    is_admitted = self.open < self.most
                    self.open += is_admitted
                if is_admitted:
                    threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
                else:
                    connection.close()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.tls is not None:
                secure = self.tls.wrap_socket(connection, server_side=True)
                self.protocols.append(secure.selected_alpn_protocol())
                connection = secure
            with connection, connection.makefile("rb") as lines:
                self._answer(connection, lines)
        with self._lock:
            self.open -= 1

    def _answer(self, connection: socket.socket, lines: BufferedReader) -> None:
        while lines.readline().strip():
            if self.resets:
                # Closing sends a reset instead of an end.
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            while lines.readline().strip():
                pass
            time.sleep(self.delay)
            if self.crowd is not None:
                try:
                    self.crowd.wait()
                except threading.BrokenBarrierError:
                    return
            connection.sendall(self.reply)
            if self.rest:
                connection.sendall(self.rest)
            if self.closes:
                return

    def close(self) -> None:
        # Closing alone would not wake who accepts.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with closing(Gateway()) as gateway:
        yield gateway


@pytest.fixture
def connect(gateway: Gateway) -> Callable[..., AsyncClient]:
    model_id = "0123456789ABCDEF0123456789ABCDEF"
    return lambda **options: AsyncClient(
        base_url=gateway.url, token="t", model_id=model_id, **{"retry_count": 0, **options}
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    authority = Authority.create()
    pair = authority.issue_to_hosts(["127.0.0.1"])
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    path.write_text(pair.certificate + authority.pair.certificate + pair.private_key)
    return path


@pytest.fixture
def secure_gateway(gateway: Gateway, certificate: Path) -> Gateway:
    gateway.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    gateway.tls.load_cert_chain(certificate)
    gateway.url = gateway.url.replace("http:", "https:")
    return gateway


async def _get_models(client: AsyncClient, count: int) -> None:
    async def get(_: int) -> str:
        return (await client.get_model()).id

    async with aclosing(runtime.ordered_map(get, range(count), count)) as models:
        assert len([model async for model in models]) == count


async def test_many_requests_go_at_a_time(
    gateway: Gateway, connect: Callable[..., AsyncClient]
) -> None:
    gateway.crowd = threading.Barrier(60, timeout=20)
    async with connect() as client:
        await _get_models(client, 60)
    assert gateway.connections == 60


async def test_fewer_go_at_a_time_where_there_are_fewer_connections(
    gateway: Gateway, connect: Callable[..., AsyncClient]
) -> None:
    gateway.delay, gateway.most = 0.4, 8
    async with connect(retry_count=8, backoff=0.1) as client:
        await _get_models(client, 60)
    # Sixty at a time would be refused more than two hundred times.
    assert gateway.connections < 180


async def test_a_connection_is_kept(gateway: Gateway, connect: Callable[..., AsyncClient]) -> None:
    async with connect() as client:
        for _ in range(5):
            await client.get_model()
        assert gateway.connections == 1
        await _get_models(client, 3)
        for _ in range(5):
            await client.get_model()
    assert gateway.connections <= 3


@pytest.mark.parametrize(
    "headers", [b"Connection: close\r\n", b"Connection: Keep-Alive, CLOSE\r\n"]
)
async def test_a_connection_that_the_server_ends_is_not_kept(
    gateway: Gateway, connect: Callable[..., AsyncClient], headers: bytes
) -> None:
    gateway.reply = HEAD + LENGTH + headers + b"\r\n" + MODEL
    async with connect() as client:
        for _ in range(3):
            await client.get_model()
    assert gateway.connections == 3


@pytest.mark.parametrize(
    "reply",
    [
        HEAD + LENGTH + b"\r\n" + MODEL + b"surplus",
        HEAD + CHUNKED + b"surplus",
        HEAD.replace(b"1.1", b"1.0") + LENGTH + b"\r\n" + MODEL,
    ],
    ids=["surplus", "chunked surplus", "HTTP/1.0"],
)
async def test_a_connection_in_an_unclear_state_is_not_kept(
    gateway: Gateway, connect: Callable[..., AsyncClient], reply: bytes
) -> None:
    gateway.reply = reply
    async with connect() as client:
        for _ in range(3):
            assert (await client.get_model()).name == "Flights"
    assert gateway.connections == 3


@pytest.mark.parametrize(
    "reply",
    [
        HEAD + b"\r\n" + MODEL,
        HEAD + CHUNKED,
        b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + HEAD + LENGTH + b"\r\n" + MODEL,
        (HEAD + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + MODEL,
    ],
    ids=["until closed", "chunked", "interim", "line feeds"],
)
async def test_replies_in_all_forms(
    gateway: Gateway, connect: Callable[..., AsyncClient], reply: bytes
) -> None:
    gateway.reply = reply
    gateway.closes = reply == HEAD + b"\r\n" + MODEL
    async with connect() as client:
        for _ in range(3):
            assert (await client.get_model()).name == "Flights"


@pytest.mark.parametrize(
    "reply",
    [
        HEAD + b"Content-Length: 5000\r\n\r\n" + MODEL,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5000\r\n" + MODEL,
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + MODEL,
        HEAD + b"Content-Length: -1\r\n\r\n" + MODEL,
        HEAD[:20],
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\0" * 100,
    ],
)
async def test_replies_that_break_off_or_are_not_http(
    gateway: Gateway, connect: Callable[..., AsyncClient], reply: bytes
) -> None:
    gateway.reply, gateway.closes = reply, True
    async with connect() as client:
        with pytest.raises(AnaplanConnectionException):
            await client.get_model()


@pytest.mark.parametrize("reply", [b"", HEAD, HEAD + b"Content-Length: 5000\r\n\r\n" + MODEL])
async def test_a_reply_that_stops_arriving_ends_with_the_timeout(
    gateway: Gateway, connect: Callable[..., AsyncClient], reply: bytes
) -> None:
    gateway.reply = reply
    async with connect(timeout=0.4) as client:
        with pytest.raises(AnaplanTimeoutException):
            await client.get_model()


@pytest.mark.parametrize(
    ("reply", "rest"),
    [
        (HEAD + LENGTH + b"\r\n", MODEL + OTHER),
        (HEAD + LENGTH + b"\r\n" + MODEL, OTHER),
        (HEAD + CHUNKED, OTHER),
    ],
)
async def test_a_second_reply_answers_no_request(
    secure_gateway: Gateway, connect: Callable[..., AsyncClient], reply: bytes, rest: bytes
) -> None:
    """TLS takes more from the socket than was asked for, so that the socket looks empty."""
    secure_gateway.reply, secure_gateway.rest = reply, rest
    async with connect(verify=False) as client:
        for _ in range(3):
            assert (await client.get_model()).name == "Flights"
            await runtime.sleep(0.05)  # Until all of it has arrived.


async def test_another_protocol_is_an_error(
    gateway: Gateway, connect: Callable[..., AsyncClient]
) -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n"
    gateway.reply = switch + gateway.reply
    async with connect(headers={"Upgrade": "other", "Connection": "Upgrade"}) as client:
        with pytest.raises(AnaplanConnectionException):
            await client.get_model()


async def test_another_client_may_use_the_context_for_http2(
    secure_gateway: Gateway, connect: Callable[..., AsyncClient], certificate: Path
) -> None:
    assert secure_gateway.tls is not None
    secure_gateway.tls.set_alpn_protocols(["h2", "http/1.1"])
    secure_gateway.closes = True
    context = ssl.create_default_context(cafile=certificate)
    async with connect(verify=context) as client:
        await client.get_model()
        context.set_alpn_protocols(["h2", "http/1.1"])
        await client.get_model()
    assert secure_gateway.protocols == ["http/1.1", "http/1.1"]


async def test_the_length_of_a_chunked_reply_does_not_count(
    gateway: Gateway, connect: Callable[..., AsyncClient]
) -> None:
    gateway.reply = HEAD + b"Content-Length: 3\r\n" + CHUNKED
    async with connect() as client:
        assert (await client.get_model()).name == "Flights"
    async with connect(reply_limits=ReplyLimits(max_bytes=50)) as client:
        with pytest.raises(ReplyTooLargeException):
            await client.get_model()


async def test_closing_ends_requests_under_way(
    gateway: Gateway, connect: Callable[..., AsyncClient]
) -> None:
    """A reply without a length would seem complete."""
    gateway.reply = HEAD + b"\r\n" + MODEL
    client = connect(timeout=20)

    async def act(closes: bool) -> None:
        if closes:
            await runtime.sleep(0.4)
            await client.aclose()
            return
        with pytest.raises(ClientClosedException):
            await client.get_model()

    began = time.monotonic()
    async with aclosing(runtime.ordered_map(act, [False, True], 2)) as acts:
        async for _ in acts:
            pass
    assert time.monotonic() - began < 10


async def test_a_reset_in_the_middle_of_a_body_is_no_warning(
    secure_gateway: Gateway, connect: Callable[..., AsyncClient], caplog: pytest.LogCaptureFixture
) -> None:
    secure_gateway.resets = True
    place = {"dimensionName": "Time", "itemName": "Jan 26"}
    cells = [{"lineItemName": "Units", "dimensions": [place], "value": "x" * 100}] * 50_000
    async with connect(verify=False) as client:
        with pytest.raises(AnaplanException):
            await client.tr.write_cells(102000000001, cells)
    assert "socket.send()" not in caplog.text
