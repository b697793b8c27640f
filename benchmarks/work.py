"""Runs one program with the installed release: `python work.py JOB` prints a measurement."""

from __future__ import annotations

import time

_started = time.perf_counter()
# The first import, so that the time includes everything that the SDK imports.
from anaplan_sdk import Client  # noqa: E402, F401

_imported = time.perf_counter() - _started

import asyncio  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Awaitable  # noqa: E402
from pathlib import Path  # noqa: E402

from connections import redirect, server  # noqa: E402
from measurement import Job, Measurement  # noqa: E402
from programs import PROGRAMS  # noqa: E402
from table_programs import TABLE_PROGRAMS  # noqa: E402


def do(job: Job) -> Measurement:
    """Run the program of a job, with a server for it."""
    measured = Measurement(_imported)
    setup = {**job.server, "tls": job.data if job.tls else ""}
    if "content" in setup:
        setup["content"] = str(Path(job.data, setup["content"]))
    with server(setup) as (port, seen):
        redirect(port, tls=job.tls)
        try:
            running = {**PROGRAMS, **TABLE_PROGRAMS}[job.program](job, measured)
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
