"""Replies that come packed, as proxies may send them: read as they were before they were packed."""

from __future__ import annotations

import gzip
import random

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
