"""Whatever happens on the way: a transfer is told to have failed, or all of it is right.

Hypothesis makes schedules: transfers of many kinds, between them orders for trouble, restarts of
Anaplan and ends of tokens. `make soak` tries many more of them than `make test`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from anaplan_sdk.exceptions import AnaplanException, AnaplanTimeoutException
from tests.faults import soak
from tests.faults.callers import AsyncCaller, Caller, SyncCaller
from tests.faults.restarts import RestartableAnaplan
from tests.faults.troubles import SHORT_TIMEOUT, TROUBLES
from tests.faults.witness import Witness

FILE = 113000000000
IMPORT = 112000000001
EXPORT = 116000000001
HEADER = "carrier,name\n"
SOURCES = ("bytes", "str", "path", "file", "pieces", "stream")

# Requests to meet, the last one being any.
REQUESTS = [
    ("POST", "/token/authenticate"),
    ("GET", "*/files"),
    ("POST", f"*/files/{FILE}"),
    ("PUT", "*/chunks/*"),
    ("PUT", "*/chunks/0"),
    ("POST", "*/complete"),
    ("POST", "*/tasks"),
    ("GET", "*/tasks"),
    ("GET", "*/tasks/*"),
    ("GET", "*/chunks"),
    ("GET", "*/chunks/*"),
    ("*", "*"),
]


def airlines(word: str, rows: int, size: int) -> bytes:
    """Airlines by code, the last of which has a name that makes it so many bytes, if it can."""
    lines = [f"C{number},{word} {number}\n" for number in range(rows)]
    missing = size - len(HEADER) - sum(map(len, lines))
    lines[-1] = lines[-1].replace(",", "," + "x" * max(0, missing))
    return (HEADER + "".join(lines)).encode()


def items_of(content: bytes) -> dict[str, str]:
    return dict(line.split(",") for line in content.decode().splitlines()[1:])


@st.composite
def contents(draw: st.DrawFn) -> Callable[[int], bytes]:
    """Content made for a chunk size: some ends with a chunk, or a byte before or after."""
    word = draw(st.sampled_from(["Air", "Größe", "Lines"]))
    rows = draw(st.integers(1, 12))
    chunks, more = draw(st.integers(0, 6)), draw(st.integers(-1, 1))
    return lambda chunk_size: airlines(word, rows, chunks * chunk_size + more)
