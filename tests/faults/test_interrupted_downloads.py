"""A Ctrl-C at any moment of a download comes out as such, and leaves nothing behind."""

from __future__ import annotations

import sys

import pytest
from tests.faults.interrupts import interrupt_downloads

from anaplan_sdk.testing import EmulatedAnaplan


@pytest.mark.skipif(sys.platform == "win32", reason="There are no such signals.")
def test_an_interrupted_download_is_told_as_such(anaplan: EmulatedAnaplan) -> None:
    # 600 of them: python -m tests.faults.interrupts 600
    found = interrupt_downloads(anaplan.emulator, 40, seed=1)
    assert found.interrupted + found.finished == 40
    assert found.interrupted > 0
    assert (found.masked, found.left, found.partial) == ([], [], 0)
