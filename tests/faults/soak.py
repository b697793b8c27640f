"""How much is tried: little in `make test`, everything and at random in `make soak`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeAlias

SCHEDULES = int(os.environ.get("ANAPLAN_SOAK", "0"))
"""How many random schedules each kind of client meets in a soak; 0 when there is none."""


Cell: TypeAlias = tuple[str, ...]


def for_tasks(cells: Sequence[Cell]) -> list[Cell]:
    """Return an async client's part of a matrix, each cell with the event loop it runs on.

    Half of the cells on asyncio; in a soak all of them on asyncio and on trio.
    """
    if SCHEDULES:
        return [(*cell, loop) for loop in ("asyncio", "trio") for cell in cells]
    return [(*cell, "asyncio") for cell in cells[0::2]]


def for_threads(cells: Sequence[Cell]) -> list[Cell]:
    """Return a sync client's part of a matrix: the other half; in a soak all of it."""
    return list(cells if SCHEDULES else cells[1::2])
