"""What one process does with whichever release its environment has.

`python work.py JOB` runs one program against a server of its own and prints what it took. Both
releases run the very same calls; the HTTP library's transports send them to the server, wherever
they were meant to go.
"""

from __future__ import annotations

import time

_started = time.perf_counter()
# Before anything else, which the SDK might import, too.
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
    """What is asked of this process.

    Attributes:
        program: Its name below.
        sign_in: "basic", "certificate" or "oauth".
        data: A folder with `content.csv`, `certificate.pem` and `key.pem`.
        size: Bytes, calls or items, as the program has it.
        piece: Bytes that a stream is read in.
        options: Further arguments of the client.
        server: The server's setup.
    """

    program: str
    sign_in: str = "basic"
    data: str = "."
    size: int = 0
    piece: int = CHUNK
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    server: dict[str, Any] = field(default_factory=dict[str, Any])

    def arguments(self) -> dict[str, Any]:
        """The client's arguments."""
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
        """CSV of this size."""
        with Path(self.data, "content.csv").open("rb") as file:
            block = file.read(CHUNK)
        return (block * -(-self.size // CHUNK))[: self.size]

    def pieces(self) -> Iterator[bytes]:
        """CSV of this size, read from the disk piece by piece, again from the start at the end."""
        left = self.size
        with Path(self.data, "content.csv").open("rb") as file:
            while left:
                if piece := file.read(min(self.piece, left)):
                    left -= len(piece)
                    yield piece
                else:
                    file.seek(0)

    def items(self) -> list[dict[str, Any]]:
        """New items of a list."""
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
class Taken:
    """What a program took.

    Attributes:
        seconds: Time of the part that counts.
        before: Resident memory before it, in bytes.
        peak: The most that was resident during it.
        imported: Seconds that `from anaplan_sdk import Client` took.
        outcome: What came of it, where that isn't plain.
        error: What made the program fail.
        seen: What the server saw.
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
        """Times a block, and looks at its memory."""
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak
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


def first_call(job: Job, taken: Taken) -> None:
    """From the import to the first answer."""
    with taken.watch():
        _expect(len(Client(**job.arguments()).get_models()), 1)
    taken.seconds += IMPORTED


def list_imports(job: Job, taken: Taken) -> None:
    """Pages, one after the other or side by side."""
    client = Client(**job.arguments())
    client.get_model()
    with taken.watch():
        _expect(len(client.get_imports()), job.server["imports"])


def list_items(job: Job, taken: Taken) -> None:
    """One large reply as models."""
    client = Client(**job.arguments())
    client.get_model()
    lists = client.tr  # Importing is measured by itself.
    with taken.watch():
        _expect(len(lists.get_list_items(LIST)), job.server["list_items"])


def list_raw_items(job: Job, taken: Taken) -> None:
    """One large reply as dicts."""
    client = Client(**job.arguments())
    client.get_model()
    lists = client.tr
    with taken.watch():
        _expect(len(lists.get_list_items(LIST, return_raw=True)), job.server["list_items"])


def insert_items(job: Job, taken: Taken) -> None:
    """Items to a list."""
    client, items = Client(**job.arguments()), job.items()
    client.get_model()
    lists = client.tr
    with taken.watch():
        _expect(lists.insert_list_items(LIST, items).added, job.size)


def upload(job: Job, taken: Taken) -> None:
    """A file from memory."""
    client, content = Client(**job.arguments()), job.content()
    client.get_files()
    with taken.watch():
        client.upload_file(FILE, content)


def upload_stream(job: Job, taken: Taken) -> None:
    """A file from the disk."""
    client = Client(**job.arguments())
    client.get_files()
    with taken.watch():
        client.upload_file_stream(FILE, job.pieces(), batch_size=4)


def download(job: Job, taken: Taken) -> None:
    """A file into memory."""
    client = Client(**job.arguments())
    client.get_files()
    with taken.watch():
        content = client.get_file(FILE)
    _expect(len(content), job.server["download"])


def download_stream(job: Job, taken: Taken) -> None:
    """A file piece by piece."""
    client = Client(**job.arguments())
    client.get_files()
    with taken.watch():
        size = sum(len(piece) for piece in client.get_file_stream(FILE, batch_size=4))
    _expect(size, job.server["download"])


async def fan_out_async(job: Job, taken: Taken) -> None:
    """Many small calls at a time."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with taken.watch():
        models = await asyncio.gather(*(client.get_model() for _ in range(job.size)))
    _expect({model.id for model in models}, {MODEL})


async def list_imports_async(job: Job, taken: Taken) -> None:
    """As `list_imports`."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with taken.watch():
        _expect(len(await client.get_imports()), job.server["imports"])


async def upload_async(job: Job, taken: Taken) -> None:
    """As `upload`."""
    client, content = AsyncClient(**job.arguments()), job.content()
    await client.get_files()
    with taken.watch():
        await client.upload_file(FILE, content)


async def upload_stream_async(job: Job, taken: Taken) -> None:
    """As `upload_stream`."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    with taken.watch():
        await client.upload_file_stream(FILE, job.pieces(), batch_size=4)


async def download_async(job: Job, taken: Taken) -> None:
    """As `download`."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    with taken.watch():
        content = await client.get_file(FILE)
    _expect(len(content), job.server["download"])


async def download_stream_async(job: Job, taken: Taken) -> None:
    """As `download_stream`."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    size = 0
    with taken.watch():
        async for piece in client.get_file_stream(FILE, batch_size=4):
            size += len(piece)
    _expect(size, job.server["download"])


# From here on it's not about speed but about what comes of it when something goes wrong.


def import_lost(job: Job, taken: Taken) -> None:
    """Uploads and imports, while the server loses a chunk."""
    client, content = Client(**job.arguments()), job.content()
    with _telling(taken):
        client.upload_and_import(FILE, content, IMPORT)


def stream_lost(job: Job, taken: Taken) -> None:
    """Uploads a stream, while the server loses a chunk."""
    client = Client(**job.arguments())
    with _telling(taken):
        client.upload_file_stream(FILE, job.pieces(), batch_size=2)


async def stream_lost_async(job: Job, taken: Taken) -> None:
    """As `stream_lost`."""
    client = AsyncClient(**job.arguments())
    with _telling(taken):
        await client.upload_file_stream(FILE, job.pieces(), batch_size=2)


def start(job: Job, taken: Taken) -> None:
    """Runs an import whose start is answered by a broken connection."""
    client = Client(**job.arguments())
    with _telling(taken):
        client.run_action(IMPORT)


async def list_limited_async(job: Job, taken: Taken) -> None:
    """Lists pages at a server that allows few requests a second."""
    client = AsyncClient(**job.arguments())
    with _telling(taken):
        _expect(len(await client.get_imports()), job.server["imports"])


async def cancel_async(job: Job, taken: Taken) -> None:
    """Cancels an upload under way, and waits for what goes on nevertheless."""
    client, content = AsyncClient(**job.arguments()), job.content()
    await client.get_files()
    task = asyncio.ensure_future(client.upload_and_import(FILE, content, IMPORT))
    await asyncio.sleep(0.3)
    task.cancel()
    cancelled = time.time()
    with _telling(taken):
        await task
    taken.seconds = cancelled
    await asyncio.sleep(1)


async def storm_async(job: Job, taken: Taken) -> None:
    """Many calls at a time, when the token ends."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with _telling(taken):
        outcomes = await asyncio.gather(
            *(client.get_model() for _ in range(job.size)), return_exceptions=True
        )
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failed:
            taken.outcome = f"{len(failed)} of {job.size} calls fail ({type(failed[0]).__name__})"


def round_trip(job: Job, taken: Taken) -> None:
    """Proves that what arrives is what was sent."""
    client, content = Client(**job.arguments()), job.content()
    client.upload_file(FILE, content)
    taken.outcome = sha256(content).hexdigest()


@contextmanager
def _telling(taken: Taken) -> Generator[None]:
    taken.outcome = "returns"
    with taken.watch():
        try:
            yield
        except asyncio.CancelledError:
            taken.outcome = "is cancelled"
        except Exception as error:  # noqa: BLE001 - any of them is an outcome
            taken.outcome = f"raises {type(error).__name__}"


PROGRAMS: dict[str, Callable[[Job, Taken], Awaitable[None] | None]] = {
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
    """Sends what is meant for Anaplan to the server instead, as either release makes it."""
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
    """A server in a process of its own: its port, and afterwards what it saw."""
    seen: dict[str, Any] = {}
    command = [sys.executable, str(HERE / "server.py"), json.dumps(setup)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None  # as told by the pipes
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), seen
            process.stdin.close()
            seen.update(json.loads(process.stdout.readline()))
        finally:
            process.kill()


def do(job: Job) -> Taken:
    """Runs the job's program, with a server for it."""
    taken = Taken()
    with server(job.server) as (port, seen):
        redirect(port)
        try:
            running = PROGRAMS[job.program](job, taken)
            if running is not None:
                asyncio.run(_awaited(running))
        except Exception as error:  # noqa: BLE001 - told with what the server saw
            taken.error = f"{type(error).__name__}: {error}"
    taken.seen = seen
    return taken


async def _awaited(running: Awaitable[None]) -> None:
    await running


if __name__ == "__main__":
    print(json.dumps(vars(do(Job(**json.loads(sys.argv[1]))))))
