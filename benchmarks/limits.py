"""How fast this machine is without an SDK: gzip, socket, JSON. `python limits.py FOLDER`."""

from __future__ import annotations

import gzip
import json
import socket
import sys
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import orjson  # type: ignore[import-not-found,unused-ignore] # only in its own environment
from isal import isal_zlib
from pydantic_core import from_json

from connections import server
from replies import CHUNK, FILE, LIST, MODEL

MIB = 1 << 20
_ROUNDS = 3
# The compressors, and the number of chunks that takes long enough to measure.
CODECS: tuple[tuple[str, Callable[[bytes], bytes], int], ...] = (
    ("isal, level 0", partial(isal_zlib.compress, level=0, wbits=31), 20),
    ("isal, level 1", partial(isal_zlib.compress, level=1, wbits=31), 20),
    ("isal, level 2", partial(isal_zlib.compress, level=2, wbits=31), 20),
    ("isal, level 3", partial(isal_zlib.compress, level=3, wbits=31), 8),
    ("zlib, level 1", partial(zlib.compress, level=1, wbits=31), 4),
    ("zlib, level 9", partial(zlib.compress, level=9, wbits=31), 2),
)


def best(function: Callable[[], object], amount: float) -> float:
    """Return units per second, in the best of a few rounds."""
    seconds = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return amount / min(seconds)


def codec(function: Callable[[bytes], object], chunk: bytes, threads: int, chunks: int) -> float:
    """Return MiB of uncompressed content per second of a compressor or decompressor."""
    with ThreadPoolExecutor(threads) as pool:
        return best(lambda: list(pool.map(function, [chunk] * chunks)), chunks * CHUNK / MIB)


def _request(connection: socket.socket, head: str, body: bytes = b"") -> int:
    """Send a request and read the reply; return the size of its body."""
    connection.sendall(f"{head} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    if body:
        connection.sendall(body)
    buffer = memoryview(bytearray(MIB))
    count = connection.recv_into(buffer)
    end = bytes(buffer[:count]).index(b"\r\n\r\n") + 4
    fields = bytes(buffer[:end]).lower().partition(b"content-length: ")
    size = int(fields[2].partition(b"\r\n")[0] or 0)
    left = size - (count - end)
    while left > 0:
        left -= connection.recv_into(buffer)
    return size


def wire(setup: dict[str, Any], head: str, body: bytes, times: int, amount: float) -> float:
    """Return units per second over a plain socket."""

    def talk() -> None:
        for _ in range(times):
            _request(connection, head, body)

    with server(setup) as (port, _), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return best(talk, amount)


def reply(setup: dict[str, Any], head: str) -> bytes:
    """Return the body of a reply."""
    with (
        server(setup) as (port, _),
        socket.create_connection(("127.0.0.1", port)) as connection,
        connection.makefile("rb") as stream,
    ):
        connection.sendall(f"{head} HTTP/1.1\r\n\r\n".encode())
        size = 0
        while (line := stream.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        return stream.read(size)


def main(folder: Path) -> None:
    """Print the results as a JSON object: name, number and unit."""
    with (folder / "content.csv").open("rb") as file:
        chunk = file.read(CHUNK)
    usual = gzip.compress(chunk, 6)
    files = f"/2/0/models/{MODEL}/files/{FILE}/chunks/0"
    items = reply({"list_items": 50_000}, f"GET /2/0/models/{MODEL}/lists/{LIST}/items")
    found: dict[str, tuple[float, str]] = {}
    for threads in (1, 2):
        label = "1 thread" if threads == 1 else f"{threads} threads"
        for name, pack, chunks in CODECS:
            found[f"gzip by {name}, {label}"] = codec(pack, chunk, threads, chunks), "MiB/s"
        for name, packed, unpack in (
            ("isal", usual, lambda packed: isal_zlib.decompress(packed, 31)),
            ("zlib", usual, lambda packed: zlib.decompress(packed, 31)),
        ):
            found[f"gunzip by {name}, {label}"] = codec(unpack, packed, threads, 8), "MiB/s"
    for name, pack, _ in CODECS:
        found[f"ratio of {name}"] = len(chunk) / len(pack(chunk)), "to 1"
    found["plain socket, up"] = wire({}, f"PUT {files}", chunk, 50, 50 * CHUNK / MIB), "MiB/s"
    found["plain socket, down"] = (
        wire({"download": CHUNK}, f"GET {files}", b"", 50, 50 * CHUNK / MIB),
        "MiB/s",
    )
    found["plain socket, small requests one by one"] = (
        wire({}, f"GET /2/0/models/{MODEL}", b"", 2000, 2000),
        "a second",
    )
    for name, read in (
        ("orjson", orjson.loads),
        ("pydantic's from_json", from_json),
        ("json", json.loads),
    ):
        found[f"JSON of 50,000 list items by {name}"] = best(partial(read, items), 50_000), "/s"
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
