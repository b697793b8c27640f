"""How much is tried: little in `make test`, everything and at random in `make soak`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeAlias

SCHEDULES = int(os.environ.get("ANAPLAN_SOAK", "0"))
"""How many random schedules each kind of client meets in a soak; 0 when there is none."""


Cell: TypeAlias = tuple[str, ...]


def for_tasks(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a matrix for an async client, each with the event loop it runs on.

    Both loops share them with the sync client; in a soak each has all of them.
    """
    loops = ("asyncio", "trio")
    return [(*cell, loop) for number, loop in enumerate(loops) for cell in _share(cells, number)]


def for_threads(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a matrix for a sync client."""
    return _share(cells, 2)


def _share(cells: Sequence[Cell], number: int) -> list[Cell]:
    return list(cells if SCHEDULES else cells[number::3])
