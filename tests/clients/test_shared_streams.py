"""Streams of tables that are read or closed while they are being read elsewhere."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from anaplan_sdk import Client, Progress, TableStream
from anaplan_sdk.exceptions import StreamConsumedException
from anaplan_sdk.testing import EmulatedAnaplan


@pytest.fixture(params=["arro3", "pyarrow"], autouse=True)
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


def chunks(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("GET", "*/chunks/*"))


def during_a_reading(client: Client, act: Callable[[TableStream, Iterator[object]], None]) -> None:
    """Do something while another thread waits for a batch, whose error is raised."""
    is_reading, may_go_on, is_held = Event(), Event(), Event()

    def hold(_: Progress) -> None:
        if is_held.is_set():
            is_reading.set()
            assert may_go_on.wait(60)

    export = next(each.id for each in client.get_exports() if "single column" in each.name)
    client.run_action(export)
    stream = client.export_table(export, run=False, batch_rows=1, on_progress=hold)
    is_held.set()
    with ThreadPoolExecutor() as threads:
        batches = iter(stream)
        reading = threads.submit(lambda: [batch.num_rows for batch in batches])
        try:
            assert is_reading.wait(60)
            act(stream, batches)
        finally:
            is_held.clear()
            may_go_on.set()
        assert sum(reading.result()) == 288


def test_closing_a_stream_that_another_thread_reads(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.output_chunk_bytes = 100
    with anaplan.client() as client:
        with pytest.raises(StreamConsumedException, match="closed before its end"):
            during_a_reading(client, lambda stream, _: stream.close())
        requested = chunks(anaplan)
        client.get_files()
        assert chunks(anaplan) == requested < 30


def test_two_threads_that_read_one_stream(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.output_chunk_bytes = 100

    def read(_: TableStream, batches: Iterator[object]) -> None:
        with pytest.raises(StreamConsumedException, match="being read elsewhere"):
            next(batches)

    with anaplan.client() as client:
        during_a_reading(client, read)


PROGRAM = """
import json, os, sys
from anaplan_sdk import Client
from anaplan_sdk.exceptions import StreamConsumedException

client = Client(**json.loads(sys.argv[1]))
export = next(each.id for each in client.get_exports() if "single column" in each.name)
stream = client.export_table(export, batch_rows=1)
batches = iter(stream)
print(next(batches).num_rows, flush=True)
if sys.argv[2] == "fork" and os.fork() == 0:
    try:
        next(batches)
    except StreamConsumedException as error:
        print(error, flush=True)
    os._exit(0)
if sys.argv[2] == "fork":
    os.wait()
    print(1 + sum(batch.num_rows for batch in batches))
"""


@pytest.mark.parametrize(
    ("way", "printed"),
    [
        ("end", "1\n"),
        pytest.param(
            "fork",
            "1\nThe stream was opened in another process: open it in the one that reads it.\n288\n",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork"),
        ),
    ],
)
def test_streams_at_the_end_of_the_interpreter_and_in_forked_processes(
    anaplan: EmulatedAnaplan, way: str, printed: str
) -> None:
    emulator = anaplan.emulator
    emulator.settings.output_chunk_bytes = 100
    options = {
        "base_url": emulator.base_url,
        "workspace_id": emulator.workspace_id,
        "model_id": emulator.model_id,
        "user_email": emulator.user_email,
        "password": emulator.password,
    }
    # Newer versions of Python warn of a fork while there are threads.
    command = [
        sys.executable,
        "-W",
        "ignore::DeprecationWarning",
        "-c",
        PROGRAM,
        json.dumps(options),
        way,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == (printed, "")


async def test_tasks_that_share_a_stream(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.output_chunk_bytes = 100
    async with anaplan.async_client() as client:
        exports = await client.get_exports()
        export = next(each.id for each in exports if "single column" in each.name)
        stream = await client.export_table(export, batch_rows=1)
        batches = aiter(stream)
        results = await asyncio.gather(
            anext(batches), anext(batches), stream.aclose(), return_exceptions=True
        )
        assert [type(each) for each in results[:2]] == [StreamConsumedException] * 2
        assert results[2] is None
        requested = chunks(anaplan)
        await client.get_files()
        assert chunks(anaplan) == requested < 15
