"""How long work reports what it has done so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """One report of a transfer or of a running action.

    Attributes:
        step: What is going on: "upload", "download", "read", or Anaplan's own words.
        completed: How much is done: bytes of uncompressed content, pages of a large read, or a
            task's share from 0 to 1.
        total: What `completed` will be at the end; `None` while that isn't known.
        chunks: Of a file's content, how many chunks are done; `None` for other work.
        total_chunks: How many there will be; `None` while that isn't known.
    """

    step: str
    completed: float
    total: float | None = None
    chunks: int | None = None
    total_chunks: int | None = None


ProgressCallback: TypeAlias = Callable[[Progress], None]
"""Called from the thread or task that waits for the work; an error it raises ends the wait."""
