"""Replies that come packed, as proxies may send them: read as they were before they were packed."""

from __future__ import annotations

import gzip
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import httpx2
import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import AnaplanConnectionException

CONTENT = random.Random(7).randbytes(200_000) + b"a,b\n" * 100_000
PACKED = gzip.compress(CONTENT)


def client(packed: bytes, attempts: list[str]) -> AsyncClient:
    """One whose file has a single chunk, packed."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        attempts.append(request.url.path)
        if request.url.path.endswith("/chunks"):
            return httpx2.Response(200, json={"chunks": [{"id": "0", "name": "Chunk 0"}]})
        return httpx2.Response(
            200,
            headers={"Content-Encoding": "gzip", "Content-Length": str(len(packed))},
            stream=httpx2.ByteStream(packed),
        )

    transport = httpx2.MockTransport(answer)
    return AsyncClient(model_id="M", token="t", backoff=0, transport=transport)


async def test_a_large_packed_reply_is_unpacked() -> None:
    async with client(PACKED, []) as anaplan:
        assert await anaplan.get_file(113000000001) == CONTENT


async def test_so_are_members_in_a_row_and_small_ones() -> None:
    async with client(PACKED + PACKED, []) as anaplan:
        assert await anaplan.get_file(113000000001) == CONTENT * 2
    async with client(gzip.compress(b"a,b\n"), []) as anaplan:
        assert await anaplan.get_file(113000000001) == b"a,b\n"


@pytest.mark.parametrize(
    "broken",
    [PACKED[:100_000], PACKED[:-4] + b"\0\0\0\0", b"no gzip" * 20_000],
    ids=["cut off", "checksum", "no gzip"],
)
async def test_a_broken_one_is_asked_for_again_and_then_an_error(broken: bytes) -> None:
    attempts: list[str] = []
    async with client(broken, attempts) as anaplan:
        with pytest.raises(AnaplanConnectionException):
            await anaplan.get_file(113000000001)
    assert len([path for path in attempts if path.endswith("/chunks/0")]) == 3


def chunked(content: bytes) -> bytes:
    # The server closes its connections, and has to say so: a request may be under way already.
    headers = b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    return headers + b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


def until_closed(content: bytes) -> bytes:
    return b"Connection: close\r\n\r\n" + content


class Unmeasured:
    """A server whose replies are packed, without a word on how long they are."""

    reply = b""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):  # It was closed.
            while True:
                connection, _ = self._listening.accept()
                with connection, connection.makefile("rb") as lines:
                    while lines.readline().strip():
                        pass
                    connection.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + self.reply
                    )

    def close(self) -> None:
        # Closing alone would not wake who accepts.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def unmeasured() -> Iterator[Unmeasured]:
    with closing(Unmeasured()) as server:
        yield server


@pytest.mark.parametrize("content", [CONTENT, b"a,b\n" * 10, b""], ids=["large", "small", "empty"])
@pytest.mark.parametrize("framed", [chunked, until_closed])
async def test_the_length_may_be_unknown(
    unmeasured: Unmeasured, framed: Callable[[bytes], bytes], content: bytes
) -> None:
    unmeasured.reply = framed(gzip.compress(content))
    async with AsyncClient(base_url=unmeasured.url, model_id="M", token="t") as anaplan:
        assert await anaplan.get_small_file(113000000001) == content


@pytest.mark.parametrize("content", [CONTENT, b"a,b\n" * 10], ids=["large", "small"])
@pytest.mark.parametrize("framed", [chunked, until_closed])
async def test_one_of_unknown_length_that_ends_early_is_an_error(
    unmeasured: Unmeasured, framed: Callable[[bytes], bytes], content: bytes
) -> None:
    unmeasured.reply = framed(gzip.compress(content)[:-4])
    client = AsyncClient(base_url=unmeasured.url, model_id="M", token="t", retry_count=0)
    async with client as anaplan:
        with pytest.raises(AnaplanConnectionException):
            await anaplan.get_small_file(113000000001)


async def test_one_without_content_stays_without(unmeasured: Unmeasured) -> None:
    unmeasured.reply = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    async with AsyncClient(base_url=unmeasured.url, model_id="M", token="t") as anaplan:
        assert await anaplan.get_small_file(113000000001) == b""


@pytest.mark.parametrize("framed", [chunked, until_closed])
async def test_what_is_read_as_it_arrives_is_known_to_be_whole(
    unmeasured: Unmeasured, framed: Callable[[bytes], bytes]
) -> None:
    packed = gzip.compress(b"CEF:0\n" * 100_000)
    async with AsyncClient(base_url=unmeasured.url, token="t", retry_count=0) as anaplan:
        unmeasured.reply = framed(packed + packed)
        lines = [line async for line in anaplan.audit.get_cef_lines(1, 2)]
        assert lines == ["CEF:0"] * 200_000
        for broken in (packed[:-4], packed[:100], packed[:-8] + bytes(8), b"no gzip"):
            unmeasured.reply = framed(broken)
            with pytest.raises(AnaplanConnectionException):
                _ = [line async for line in anaplan.audit.get_cef_lines(1, 2)]
        unmeasured.reply = framed(b"")
        assert [line async for line in anaplan.audit.get_cef_lines(1, 2)] == []
