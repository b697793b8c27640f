"""The programs that are measured. Both releases make the same calls.

Each has a warm connection before its measured part, and is signed in then.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx2

from anaplan_sdk import AsyncClient, Client
from measurement import TOKEN, Job, Measurement
from replies import FILE, IMPORT, LIST, MODEL, MODULE

_URL = f"https://api.anaplan.com/2/0/models/{MODEL}"
_HEADERS = {"Authorization": f"AnaplanAuthToken {TOKEN}"}


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"{found!r} instead of {expected!r}")


def first_call(job: Job, measured: Measurement) -> None:
    """Measure from the import to the first reply."""
    with measured.watch():
        _expect(len(Client(**job.arguments()).get_models()), 1)
    measured.seconds += measured.imported


def calls(job: Job, measured: Measurement) -> None:
    """Send small requests one after the other."""
    client = Client(**job.arguments())
    client.get_model()
    with measured.watch():
        for _ in range(job.size):
            client.get_model()


def bare_calls(job: Job, measured: Measurement) -> None:
    """Send the requests of `calls` without an SDK, and read the replies."""
    with httpx2.Client(headers=_HEADERS) as client:
        client.get(_URL)
        with measured.watch():
            for _ in range(job.size):
                client.get(_URL)


def reset_calls(job: Job, measured: Measurement) -> None:
    """Send small requests one after the other, while the server resets connections."""
    client = Client(**job.arguments())
    client.get_model()
    with _recording_outcome(measured):
        for _ in range(job.size):
            client.get_model()


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


def write_cells(job: Job, measured: Measurement) -> None:
    """Write cells of a module."""
    client, cells = Client(**job.arguments()), job.cells()
    client.get_model()
    modules = client.tr
    with measured.watch():
        _expect(modules.update_module_data(MODULE, cells), job.size)


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
    """Download a file piece by piece, and write the pieces."""
    client = Client(**job.arguments())
    client.get_files()
    size = 0
    with Path(os.devnull).open("wb", buffering=0) as file, measured.watch():
        for piece in client.get_file_stream(FILE, batch_size=4):
            size += file.write(piece)
    _expect(size, job.server["download"])


async def fan_out_async(job: Job, measured: Measurement) -> None:
    """Send many small requests at the same time."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with measured.watch():
        models = await asyncio.gather(*(client.get_model() for _ in range(job.size)))
    _expect({model.id for model in models}, {MODEL})


async def calls_async(job: Job, measured: Measurement) -> None:
    """Send small requests one after the other, with the async client."""
    client = AsyncClient(**job.arguments())
    await client.get_model()
    with measured.watch():
        for _ in range(job.size):
            await client.get_model()


async def bare_calls_async(job: Job, measured: Measurement) -> None:
    """Send the requests of `calls_async` without an SDK, and read the replies."""
    async with httpx2.AsyncClient(headers=_HEADERS) as client:
        await client.get(_URL)
        with measured.watch():
            for _ in range(job.size):
                await client.get(_URL)


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
    """Download a file piece by piece with the async client, and write the pieces."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    size = 0
    with open(os.devnull, "wb", buffering=0) as file, measured.watch():  # noqa: ASYNC230, PTH123
        async for piece in client.get_file_stream(FILE, batch_size=4):
            size += file.write(piece)
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
        calls,
        calls_async,
        bare_calls,
        bare_calls_async,
        reset_calls,
        list_imports,
        list_items,
        list_raw_items,
        insert_items,
        write_cells,
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
