"""Large reads of programs that block, interrupted while they begin."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from anaplan_sdk.testing import EmulatedAnaplan

READS = "*/readRequests"

# A shell's background jobs ignore interrupts, and so would their children.
PROGRAM = """
import signal, sys
from anaplan_sdk import Client
signal.signal(signal.SIGINT, signal.default_int_handler)
arguments = dict(argument.split("=", 1) for argument in sys.argv[1:])
list(Client(timeout=60, backoff=60, **arguments).tr.read_list_pages(101000000005))
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There are no such signals.")


def interrupt(anaplan: EmulatedAnaplan, times: int = 1) -> None:
    """Has a program begin a large read, and interrupts it as soon as Anaplan was asked for it."""
    emulator = anaplan.emulator
    arguments = {
        "base_url": emulator.base_url,
        "workspace_id": emulator.workspace_id,
        "model_id": emulator.model_id,
        "user_email": emulator.user_email,
        "password": emulator.password,
    }
    command = [sys.executable, "-c", PROGRAM, *(f"{k}={v}" for k, v in arguments.items())]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not anaplan.requests("POST", READS):
            assert process.poll() is None
            time.sleep(0.01)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)  # Two at once are one.
        _, errors = process.communicate(timeout=30)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert process.returncode == -signal.SIGINT


def test_a_read_that_is_interrupted_at_its_start_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(method="POST", path=READS, delay_seconds=0.5)
    interrupt(anaplan)
    assert [request.status for request in anaplan.requests("DELETE", f"{READS}/*")] == [200]


def test_nobody_who_interrupts_waits_for_the_next_attempt(anaplan: EmulatedAnaplan) -> None:
    # It would be made in a minute.
    anaplan.fault(method="POST", path=READS, status=429, delay_seconds=0.3)
    interrupt(anaplan)
    assert len(anaplan.requests("POST", READS)) == 1


def test_nobody_who_insists_waits_at_all(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="POST", path=READS, hold_seconds=60)
    interrupt(anaplan, times=2)
