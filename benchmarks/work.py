"""The programs that are measured, for the release that is installed in the environment.

`python work.py JOB` runs one program against a server of its own and prints the measurement. Both
releases make the same calls. The transports of the HTTP library are patched to send all requests to
the server.
"""

from __future__ import annotations

import time

_started = time.perf_counter()
# The first import, so that the time includes everything that the SDK imports.
from anaplan_sdk import Client  # noqa: E402

IMPORTED = time.perf_counter() - _started

import asyncio  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Awaitable, Callable, Generator, Iterator  # noqa: E402
from contextlib import contextmanager, suppress  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from hashlib import sha256  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import httpx2  # noqa: E402

from anaplan_sdk import AnaplanRefreshTokenAuth, AsyncClient  # noqa: E402

HERE = Path(__file__).resolve().parent
MODEL = "0123456789ABCDEF0123456789ABCDEF"
WORKSPACE = "0123456789abcdef0123456789abcdef"
FILE, IMPORT, LIST = 113000000001, 112000000001, 101000000001
CHUNK = 10_000_000


@dataclass
class Job:
    """A program to run, with its arguments.

    Attributes:
        program: Name of a function below.
        sign_in: "basic", "certificate" or "oauth".
        data: Folder with `content.csv`, `certificate.pem` and `key.pem`.
        size: Number of bytes, calls or items.
        piece: Number of bytes that a stream yields at a time.
        options: Additional arguments of the client.
        server: Options of the server.
    """

    program: str
    sign_in: str = "basic"
    data: str = "."
    size: int = 0
    piece: int = CHUNK
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    server: dict[str, Any] = field(default_factory=dict[str, Any])

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the client."""
        arguments = {"workspace_id": WORKSPACE, "model_id": MODEL, **self.options}
        if self.sign_in == "certificate":
            certificate = str(Path(self.data, "certificate.pem"))
            key = str(Path(self.data, "key.pem"))
            return {**arguments, "certificate": certificate, "private_key": key}
        if self.sign_in == "oauth":
            token: dict[str, str | int] = {
                "access_token": "access-0",
                "refresh_token": "refresh-0",
                "token_type": "Bearer",
                "expires_in": 2100,
                "expires_at": int(time.time()) + 2100,
            }
            auth = AnaplanRefreshTokenAuth("client", "secret", "https://localhost/", token)
            return {**arguments, "auth": auth}
        return {**arguments, "user_email": "someone@example.com", "password": "secret"}

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


@dataclass
class Measurement:
    """The measurement of a program.

    Attributes:
        seconds: Duration of the measured part.
        before: Resident memory before that part, in bytes.
        peak: Greatest resident memory during that part, in bytes.
        imported: Seconds that `from anaplan_sdk import Client` took.
        outcome: Outcome of a program with a fault.
        error: Why the program failed.
        seen: The counts of the server.
    """

    seconds: float = 0.0
    before: int = 0
    peak: int = 0
    imported: float = IMPORTED
    outcome: str = ""
    error: str = ""
    seen: dict[str, Any] = field(default_factory=dict[str, Any])

    @contextmanager
    def watch(self) -> Generator[None]:
        """Measure time and memory of a block."""
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
        self.before = _memory("VmRSS")
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds = time.perf_counter() - started
            self.peak = _memory("VmHWM")


def _memory(name: str) -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"{found!r} instead of {expected!r}")


def first_call(job: Job, measured: Measurement) -> None:
    """Measure from the import to the first reply."""
    with measured.watch():
        _expect(len(Client(**job.arguments()).get_models()), 1)
    measured.seconds += IMPORTED


def list_imports(job: Job, measured: Measurement) -> None:
    """List imports in many pages."""
    client = Client(**job.arguments())
    client.get_model()
    with measured.watch():
        _expect(len(client.get_imports()), job.server["imports"])


def list_items(job: Job, measured: Measurement) -> None:
    """List items of a large reply as models."""
    client = Client(**job.arguments())
    client.get_model()
    lists = client.tr  # Imports the namespace, which is not measured here.
    with measured.watch():
        _expect(len(lists.get_list_items(LIST)), job.server["list_items"])


def list_raw_items(job: Job, measured: Measurement) -> None:
    """List items of a large reply as dicts."""
    client = Client(**job.arguments())
    client.get_model()
    lists = client.tr
    with measured.watch():
        _expect(len(lists.get_list_items(LIST, return_raw=True)), job.server["list_items"])


def insert_items(job: Job, measured: Measurement) -> None:
    """Insert items into a list."""
    client, items = Client(**job.arguments()), job.items()
    client.get_model()
    lists = client.tr
    with measured.watch():
        _expect(lists.insert_list_items(LIST, items).added, job.size)


def upload(job: Job, measured: Measurement) -> None:
    """Upload a file from memory."""
    client, content = Client(**job.arguments()), job.content()
    client.get_files()
    with measured.watch():
        client.upload_file(FILE, content)


def upload_stream(job: Job, measured: Measurement) -> None:
    """Upload a file from the disk."""
    client = Client(**job.arguments())
    client.get_files()
    with measured.watch():
        client.upload_file_stream(FILE, job.pieces(), batch_size=4)


def download(job: Job, measured: Measurement) -> None:
    """Download a file into memory."""
    client = Client(**job.arguments())
    client.get_files()
    with measured.watch():
        content = client.get_file(FILE)
    _expect(len(content), job.server["download"])


def download_stream(job: Job, measured: Measurement) -> None:
    """Download a file piece by piece."""
    client = Client(**job.arguments())
    client.get_files()
    with measured.watch():
        size = sum(len(piece) for piece in client.get_file_stream(FILE, batch_size=4))
    _expect(size, job.server["download"])


async def fan_out_async(job: Job, measured: Measurement) -> None:
    """Send many small requests at the same time."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with measured.watch():
        models = await asyncio.gather(*(client.get_model() for _ in range(job.size)))
    _expect({model.id for model in models}, {MODEL})


async def list_imports_async(job: Job, measured: Measurement) -> None:
    """List imports in many pages, with the async client."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with measured.watch():
        _expect(len(await client.get_imports()), job.server["imports"])


async def upload_async(job: Job, measured: Measurement) -> None:
    """Upload a file from memory, with the async client."""
    client, content = AsyncClient(**job.arguments()), job.content()
    await client.get_files()
    with measured.watch():
        await client.upload_file(FILE, content)


async def upload_stream_async(job: Job, measured: Measurement) -> None:
    """Upload a file from the disk, with the async client."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    with measured.watch():
        await client.upload_file_stream(FILE, job.pieces(), batch_size=4)


async def download_async(job: Job, measured: Measurement) -> None:
    """Download a file into memory, with the async client."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    with measured.watch():
        content = await client.get_file(FILE)
    _expect(len(content), job.server["download"])


async def download_stream_async(job: Job, measured: Measurement) -> None:
    """Download a file piece by piece, with the async client."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    size = 0
    with measured.watch():
        async for piece in client.get_file_stream(FILE, batch_size=4):
            size += len(piece)
    _expect(size, job.server["download"])


# The following programs measure the outcome of faults rather than speed.


def import_lost(job: Job, measured: Measurement) -> None:
    """Upload and import, while the server refuses a chunk."""
    client, content = Client(**job.arguments()), job.content()
    with _recording_outcome(measured):
        client.upload_and_import(FILE, content, IMPORT)


def stream_lost(job: Job, measured: Measurement) -> None:
    """Upload a stream, while the server refuses a chunk."""
    client = Client(**job.arguments())
    with _recording_outcome(measured):
        client.upload_file_stream(FILE, job.pieces(), batch_size=2)


async def stream_lost_async(job: Job, measured: Measurement) -> None:
    """Upload a stream with the async client, while the server refuses a chunk."""
    client = AsyncClient(**job.arguments())
    with _recording_outcome(measured):
        await client.upload_file_stream(FILE, job.pieces(), batch_size=2)


def start(job: Job, measured: Measurement) -> None:
    """Run an import, while the connection of its start breaks before the reply."""
    client = Client(**job.arguments())
    with _recording_outcome(measured):
        client.run_action(IMPORT)


async def list_limited_async(job: Job, measured: Measurement) -> None:
    """List imports in many pages, while the server allows few requests a second."""
    client = AsyncClient(**job.arguments())
    with _recording_outcome(measured):
        _expect(len(await client.get_imports()), job.server["imports"])


async def cancel_async(job: Job, measured: Measurement) -> None:
    """Cancel an upload in progress, and wait for requests that are sent nevertheless."""
    client, content = AsyncClient(**job.arguments()), job.content()
    await client.get_files()
    task = asyncio.ensure_future(client.upload_and_import(FILE, content, IMPORT))
    await asyncio.sleep(0.3)
    task.cancel()
    cancelled = time.time()
    with _recording_outcome(measured):
        await task
    measured.seconds = cancelled
    await asyncio.sleep(1)


async def storm_async(job: Job, measured: Measurement) -> None:
    """Send many requests at the same time, while the token expires."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with _recording_outcome(measured):
        outcomes = await asyncio.gather(
            *(client.get_model() for _ in range(job.size)), return_exceptions=True
        )
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failed:
            measured.outcome = (
                f"{len(failed)} of {job.size} calls fail ({type(failed[0]).__name__})"
            )


def round_trip(job: Job, measured: Measurement) -> None:
    """Upload content, to compare its digest with what the server received."""
    client, content = Client(**job.arguments()), job.content()
    client.upload_file(FILE, content)
    measured.outcome = sha256(content).hexdigest()


@contextmanager
def _recording_outcome(measured: Measurement) -> Generator[None]:
    measured.outcome = "returns"
    with measured.watch():
        try:
            yield
        except asyncio.CancelledError:
            measured.outcome = "is cancelled"
        except Exception as error:  # noqa: BLE001 - any of them is an outcome
            measured.outcome = f"raises {type(error).__name__}"


PROGRAMS: dict[str, Callable[[Job, Measurement], Awaitable[None] | None]] = {
    program.__name__: program
    for program in (
        first_call,
        list_imports,
        list_items,
        list_raw_items,
        insert_items,
        upload,
        upload_stream,
        download,
        download_stream,
        fan_out_async,
        list_imports_async,
        upload_async,
        upload_stream_async,
        download_async,
        download_stream_async,
        import_lost,
        stream_lost,
        stream_lost_async,
        start,
        list_limited_async,
        cancel_async,
        storm_async,
        round_trip,
    )
}


def redirect(port: int) -> None:
    """Send all requests to the server, whichever release made them."""
    home = {"scheme": "http", "host": "127.0.0.1", "port": port}
    sync, concurrent = httpx2.HTTPTransport, httpx2.AsyncHTTPTransport
    send, send_async = sync.handle_request, concurrent.handle_async_request

    def handle(self: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(**home)
        return send(self, request)

    async def handle_async(
        self: httpx2.AsyncHTTPTransport, request: httpx2.Request
    ) -> httpx2.Response:
        request.url = request.url.copy_with(**home)
        return await send_async(self, request)

    sync.handle_request = handle  # type: ignore[method-assign]
    concurrent.handle_async_request = handle_async  # type: ignore[method-assign]


@contextmanager
def server(setup: dict[str, Any]) -> Generator[tuple[int, dict[str, Any]]]:
    """Start a server in a new process; yield its port, and a dict of its counts at the end."""
    seen: dict[str, Any] = {}
    command = [sys.executable, str(HERE / "server.py"), json.dumps(setup)]
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


def do(job: Job) -> Measurement:
    """Run the program of a job, with a server for it."""
    measured = Measurement()
    with server(job.server) as (port, seen):
        redirect(port)
        try:
            running = PROGRAMS[job.program](job, measured)
            if running is not None:
                asyncio.run(_awaited(running))
        except Exception as error:  # noqa: BLE001 - it is part of the measurement
            measured.error = f"{type(error).__name__}: {error}"
    measured.seen = seen
    return measured


async def _awaited(running: Awaitable[None]) -> None:
    await running


if __name__ == "__main__":
    print(json.dumps(vars(do(Job(**json.loads(sys.argv[1]))))))
