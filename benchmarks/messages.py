"""Requests as the benchmarks' server receives them, and its replies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property


@dataclass
class Request:
    """A request. The bodies of uploads are not kept, except the last eight bytes in `tail`."""

    method: str
    target: str
    token: str = ""
    body: bytes | bytearray = b""
    tail: bytes = b""
    length: int = 0

    @property
    def path(self) -> str:
        """Return the target without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters of the query, undecoded."""
        pairs = [pair.partition("=") for pair in self.target.partition("?")[2].split("&")]
        return {name: value for name, _, value in pairs}


@dataclass
class Reply:
    """A reply; status 0 closes the connection instead."""

    status: int = 200
    body: bytes | memoryview = b""
    headers: str = ""

    @cached_property
    def pieces(self) -> tuple[bytes, *tuple[memoryview | bytes, ...]]:
        """What is sent after the date. A small body is sent with the head, in one packet."""
        size = "" if self.status == 204 else f"Content-Length: {len(self.body)}\r\n"
        head = f"{self.headers}{size}\r\n".encode()
        return (head + self.body,) if len(self.body) < 65_536 else (head, self.body)

    @classmethod
    def json(cls, content: object, status: int = 200) -> Reply:
        """Return a reply in JSON."""
        return cls(status, json.dumps(content).encode(), "Content-Type: application/json\r\n")
