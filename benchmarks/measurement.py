"""The arguments of a measured program, and its measurement."""

from __future__ import annotations

import ssl
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anaplan_sdk import AnaplanRefreshTokenAuth
from replies import CHUNK, MODEL, WORKSPACE

TOKEN = "11111111-2222-11f1-8333-444444444444"


@dataclass
class Job:
    """A program to run, with its arguments.

    Attributes:
        program: Name of a function of `programs`.
        sign_in: "token", "password", "certificate" or "oauth".
        data: Folder with the files of `material`.
        size: Number of bytes, calls or items.
        piece: Number of bytes that a stream yields at a time.
        tls: Whether the connections are encrypted.
        options: Additional arguments of the client.
        server: Options of the server.
    """

    program: str
    sign_in: str = "password"
    data: str = "."
    size: int = 0
    piece: int = CHUNK
    tls: bool = False
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    server: dict[str, Any] = field(default_factory=dict[str, Any])

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the client."""
        arguments = {"workspace_id": WORKSPACE, "model_id": MODEL, **self.options}
        if self.tls:
            authority = Path(self.data, "ca.pem")
            arguments["verify"] = ssl.create_default_context(cafile=authority)
        return {**arguments, **self._credentials()}

    def _credentials(self) -> dict[str, Any]:
        if self.sign_in == "certificate":
            certificate = str(Path(self.data, "certificate.pem"))
            return {"certificate": certificate, "private_key": str(Path(self.data, "key.pem"))}
        if self.sign_in == "oauth":
            token: dict[str, str | int] = {
                "access_token": "access-0",
                "refresh_token": "refresh-0",
                "token_type": "Bearer",
                "expires_in": 2100,
                "expires_at": int(time.time()) + 2100,
            }
            return {
                "auth": AnaplanRefreshTokenAuth("client", "secret", "https://localhost/", token)
            }
        if self.sign_in == "password":
            return {"user_email": "someone@example.com", "password": "secret"}
        return {"token": TOKEN}

    def content(self) -> bytes:
        """Return CSV of this size."""
        with Path(self.data, "content.csv").open("rb") as file:
            block = file.read(CHUNK)
        return (block * -(-self.size // CHUNK))[: self.size]

    def pieces(self) -> Iterator[bytes]:
        """Yield CSV of this size in pieces; the file is read repeatedly."""
        left = self.size
        with Path(self.data, "content.csv").open("rb") as file:
            while left:
                if piece := file.read(min(self.piece, left)):
                    left -= len(piece)
                    yield piece
                else:
                    file.seek(0)

    def items(self) -> list[dict[str, Any]]:
        """Return new list items."""
        return [
            {
                "name": f"Item {index}",
                "code": f"N{index:06}",
                "parent": f"Region {index % 40}",
                "properties": {"Owner": f"Owner {index % 500}"},
                "subsets": {"Active": index % 3 == 0},
            }
            for index in range(self.size)
        ]

    def cells(self) -> list[dict[str, Any]]:
        """Return cells to write."""
        return [
            {
                "lineItemName": "Units",
                "dimensions": [
                    {"dimensionName": "Products", "itemCode": f"C{index // 12:06}"},
                    {"dimensionName": "Time", "itemName": f"{_MONTHS[index % 12]} 26"},
                ],
                "value": index * 1.5,
            }
            for index in range(self.size)
        ]


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass
class Measurement:
    """The measurement of a program.

    Attributes:
        imported: Seconds that `from anaplan_sdk import Client` took.
        seconds: Duration of the measured part.
        processor: Processor time of this process during that part, in seconds.
        before: Resident memory before that part, in bytes.
        peak: Greatest resident memory during that part, in bytes.
        outcome: Outcome of a program with a fault.
        error: Why the program failed.
        seen: The counts of the server.
    """

    imported: float
    seconds: float = 0.0
    processor: float = 0.0
    before: int = 0
    peak: int = 0
    outcome: str = ""
    error: str = ""
    seen: dict[str, Any] = field(default_factory=dict[str, Any])

    @contextmanager
    def watch(self) -> Generator[None]:
        """Measure time and memory of a block."""
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
        self.before = _memory("VmRSS")
        processor, started = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self.seconds = time.perf_counter() - started
            self.processor = time.process_time() - processor
            self.peak = _memory("VmHWM")


def _memory(name: str) -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0
