"""Replies without end, and listings: they end in an error before memory does."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_sdk import AsyncClient, ReplyLimits
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanResponseException,
    InvalidIdentifierException,
    ReplyTooLargeException,
)

if TYPE_CHECKING:
    from tests.clients.conftest import Origin, Received

FILE = 113000000001


def client(origin: Origin, **options: Any) -> AsyncClient:
    given: dict[str, Any] = {
        "base_url": origin.url,
        "model_id": "M",
        "token": "t",
        "retry_count": 0,
        "reply_limits": ReplyLimits(max_bytes=100_000, max_pages=3),
    }
    return AsyncClient(**{**given, **options})


def endless(_: Received) -> tuple[int, dict[str, str], bytes]:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    return 200, {"Transfer-Encoding": "chunked"}, chunk * 40


async def test_a_reply_of_too_many_bytes(new_origin: Callable[[], Origin]) -> None:
    origin = new_origin()
    for answer in (
        endless,
        lambda _: (200, {}, b"x" * 100_001),
        lambda _: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 100_001)),
        lambda _: (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(10**8))),
    ):
        origin.answer = answer
        for options in ({}, {"request_deadline": 30}):
            async with client(origin, **options) as anaplan:
                with pytest.raises(ReplyTooLargeException, match="more than 100,000 bytes"):
                    await anaplan.get_small_file(FILE)
    for answer in (
        lambda _: (200, {}, b"x" * 100_000),
        lambda _: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 100_000)),
    ):
        origin.answer = answer
        async with client(origin) as anaplan:
            assert await anaplan.get_small_file(FILE) == b"x" * 100_000


async def test_interim_replies_without_end() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        connection.recv(65_536)
                        while True:
                            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        async with AsyncClient(base_url=url, token="t", retry_count=2, backoff=0) as anaplan:
            with pytest.raises(ReplyTooLargeException, match=r"1,000,000 bytes.*interim") as caught:
                await anaplan.get_workspaces()
    assert caught.value.method == "GET"
    assert not caught.value.retryable


async def test_a_few_interim_replies(new_origin: Callable[[], Origin]) -> None:
    origin = new_origin()
    limits = ReplyLimits(max_header_bytes=2_000)
    origin.answer = lambda _: (200, {"X-Large": "x" * 1_000}, b'{"workspaces": []}')
    async with client(origin, reply_limits=limits) as anaplan:
        for _ in range(5):  # What was counted for one request does not count for the next.
            assert await anaplan.get_workspaces() == []
        origin.answer = lambda _: (200, {"X-Large": "x" * 2_001}, b'{"workspaces": []}')
        with pytest.raises(ReplyTooLargeException, match="2,000 bytes"):
            await anaplan.get_workspaces()


def pages(total: int) -> Callable[[Received], tuple[int, dict[str, str], bytes]]:
    def answer(request: Received) -> tuple[int, dict[str, str], bytes]:
        offset = int(
            dict(part.split("=") for part in request.path.split("?")[1].split("&"))["offset"]
        )
        paging = {"currentPageSize": 1, "offset": offset, "totalSize": total}
        files = [{"id": f"{FILE + offset}", "name": "f"}]
        return 200, {}, json.dumps({"meta": {"paging": paging}, "files": files}).encode()

    return answer


async def test_a_listing_of_too_many_pages(new_origin: Callable[[], Origin]) -> None:
    origin = new_origin()
    origin.answer = pages(10**9)
    async with client(origin) as anaplan:
        with pytest.raises(ReplyTooLargeException, match="more than 3 pages"):
            await anaplan.get_files()
        assert len(origin.received) == 1
        origin.answer = pages(3)
        assert len(await anaplan.get_files()) == 3


@pytest.mark.parametrize("named", ["gzip", "GZIP", " x-gzip ", "X-Gzip", "gzip, identity"])
async def test_gzip_has_several_names(new_origin: Callable[[], Origin], named: str) -> None:
    origin = new_origin()
    origin.answer = lambda _: (200, {"Content-Encoding": named}, gzip.compress(b"a,b\n"))
    async with client(origin) as anaplan:
        assert await anaplan.get_small_file(FILE) == b"a,b\n"
        assert origin.received[0].headers["Accept-Encoding"] == "gzip"
        packed = gzip.compress(b"a,b\n" * 100)
        for damaged in (packed[:-1], packed[:-8], packed + b"x", packed + packed[:20]):
            origin.answer = lambda _, body=damaged: (200, {"Content-Encoding": named}, body)  # type: ignore[misc]
            with pytest.raises(AnaplanConnectionException, match="gzip"):
                await anaplan.get_small_file(FILE)


@pytest.mark.parametrize("named", ["deflate", "br", "zstd", "gzip, gzip", "deflate, gzip", "new"])
async def test_what_was_not_asked_for_is_not_half_unpacked(
    new_origin: Callable[[], Origin], named: str
) -> None:
    origin = new_origin()
    origin.answer = lambda _: (200, {"Content-Encoding": named}, gzip.compress(b"a,b\n")[:20])
    async with client(origin) as anaplan:
        with pytest.raises(AnaplanResponseException, match="it is packed with"):
            await anaplan.get_small_file(FILE)
        with pytest.raises(AnaplanResponseException, match="it is packed with"):
            _ = [line async for line in anaplan.audit.get_cef_lines(1, 2)]
        # An error needs no text.
        origin.answer = lambda _: (404, {"Content-Encoding": named}, b"?")
        with pytest.raises(InvalidIdentifierException):
            await anaplan.get_small_file(FILE)
