"""Uploads whose process is killed or interrupted, and those whose task is cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from anaplan_sdk.testing import EmulatedAnaplan

AIRLINES = 113000000000
CHUNKS = 12
DATA = b"".join(b"%07d,x\n" % number for number in range(CHUNKS * 100))

UPLOAD = """
import signal, sys
from anaplan_sdk import Client
signal.signal(signal.SIGINT, signal.default_int_handler)
arguments = dict(argument.split("=", 1) for argument in sys.argv[1:])
journal, source = arguments.pop("journal"), open(arguments.pop("source"), "rb")
client = Client(upload_chunk_size=1000, timeout=60, backoff=60, **arguments)
client.upload_file(
    113000000000, source, journal=journal, on_progress=lambda _: print("chunk", flush=True)
)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    return path


def upload(anaplan: EmulatedAnaplan, source: Path) -> subprocess.Popen[str]:
    emulator = anaplan.emulator
    arguments = {
        "base_url": emulator.base_url,
        "workspace_id": emulator.workspace_id,
        "model_id": emulator.model_id,
        "user_email": emulator.user_email,
        "password": emulator.password,
        "source": source,
        "journal": source.with_name("upload.journal"),
    }
    command = [sys.executable, "-c", UPLOAD, *(f"{k}={v}" for k, v in arguments.items())]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def interrupted(process: subprocess.Popen[str]) -> str:
    """What a process says that a Ctrl-C has ended; Python loses one that meets a destructor."""
    for _ in range(4):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)[1]
    process.kill()
    raise AssertionError("It goes on.")


def test_an_upload_goes_on_after_its_process_was_killed(
    anaplan: EmulatedAnaplan, source: Path
) -> None:
    anaplan.fault(method="PUT", path="*/chunks/6", hold_seconds=60)
    with upload(anaplan, source) as first:
        assert first.stdout is not None
        for _ in range(5):
            assert first.stdout.readline() == "chunk\n"
        first.kill()
    anaplan.emulator.clear_faults()
    anaplan.emulator.clear_requests()

    with upload(anaplan, source) as second:
        output, errors = second.communicate()

    assert errors == ""
    assert output == "chunk\n" * CHUNKS
    assert anaplan.client().get_file(AIRLINES) == DATA
    assert len(anaplan.requests("PUT", "*/chunks/*")) < CHUNKS
    assert [path.name for path in source.parent.iterdir()] == ["data.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="There are no such signals.")
def test_an_interrupted_upload_repeats_nothing_any_more(
    anaplan: EmulatedAnaplan, source: Path
) -> None:
    # A minute would pass before the next attempt.
    anaplan.fault(method="PUT", path="*/chunks/[2-9]", status=500, times=None)
    with upload(anaplan, source) as process:
        assert process.stdout is not None
        for _ in range(2):
            assert process.stdout.readline() == "chunk\n"
        errors = interrupted(process)

    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert process.returncode == -signal.SIGINT
    assert not anaplan.requests("POST", "*/complete")


@pytest.mark.anyio
async def test_a_cancelled_upload_repeats_nothing_any_more(anaplan: EmulatedAnaplan) -> None:
    # The first chunk is the one that is waited for.
    anaplan.fault(method="PUT", path="*/chunks/0", status=500, times=None)
    async with anaplan.async_client(upload_chunk_size=1000, backoff=0.2) as client:
        await client.get_files()
        with anyio.move_on_after(0.1) as scope:
            await client.upload_file(AIRLINES, DATA)
        sent = len(anaplan.requests("PUT"))
        await anyio.sleep(0.5)
    assert scope.cancelled_caught
    assert len(anaplan.requests("PUT")) == sent


@pytest.mark.anyio
async def test_a_source_that_takes_its_time_can_be_given_up(anaplan: EmulatedAnaplan) -> None:
    given: list[int] = []
    wait = threading.Event()

    def lines() -> Iterator[bytes]:
        for number in range(600):  # half a minute
            given.append(number)
            yield b"a line\n"
            wait.wait(0.05)

    async with anaplan.async_client() as client:
        await client.get_files()
        with anyio.move_on_after(0.5) as scope:
            await client.upload_file(AIRLINES, lines())
    assert scope.cancelled_caught
    assert len(given) < 300
    assert not anaplan.requests("PUT")
