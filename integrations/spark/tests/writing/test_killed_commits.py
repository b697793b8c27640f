"""A commit that is killed when the import has been started, and the write repeated."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

if TYPE_CHECKING:
    from conftest import Airlines

_PATIENCE = 240


def workers() -> list[int]:
    """Return the processes of Python that Spark has started for this process."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
    found: list[int] = []
    above = {os.getpid()}
    while above:
        above = {child for child, parent in parents.items() if parent in above}
        found.extend(above)
    python = {pid for pid in found if b"pyspark.daemon" in command(pid)}
    # Spark can't go on without the daemons that fork the workers.
    return [pid for pid in python if parents[pid] in python]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_write_that_is_repeated_after_its_commit_was_killed_goes_on_with_the_task(
    airlines: Airlines,
) -> None:
    anaplan = airlines.source.anaplan
    # The commit waits for this reply until it is killed.
    anaplan.fault(method="GET", path="*/tasks/*", delay_seconds=600, times=None)
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(kill_workers_when_started, airlines)
        # Spark passes on what its JVM raises for a worker that was killed.
        with pytest.raises((PySparkException, Py4JJavaError)):
            airlines.stage(airlines.frame(50), run_id="tonight")
        assert killed.result(timeout=_PATIENCE)
    anaplan.emulator.clear_faults()
    uploads = len(anaplan.requests("PUT"))
    airlines.stage(airlines.frame(50), run_id="tonight")
    assert len(anaplan.requests("PUT")) == uploads
    assert airlines.runs() == 1
    assert {f"X{number}" for number in range(50)} <= airlines.members()


def kill_workers_when_started(airlines: Airlines) -> list[int]:
    """Kill Spark's workers when the commit has recorded the task that it has started."""
    limit = time.monotonic() + _PATIENCE
    while not any(
        "started_id" in text and '"started_id":null' not in text for text in records(airlines)
    ):
        assert time.monotonic() < limit
        time.sleep(0.05)
    killed = workers()
    for pid in killed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return killed


def records(airlines: Airlines) -> list[str]:
    texts = []
    for path in airlines.staging.rglob("run.*.json"):
        try:
            texts.append(path.read_text())
        except FileNotFoundError:
            continue
    return texts
