"""Progress reports of long work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """The progress of a transfer or of a running task.

    Attributes:
        step: Name of the step: "upload", "download", "read", or Anaplan's name for a task's step.
        completed: Completed amount: bytes of uncompressed content, pages of a large read, or the
            completed part of a task, from 0 to 1.
        total: Value of `completed` at the end; None if unknown.
        chunks: Number of completed chunks of a file's content; None for other work.
        total_chunks: Number of all its chunks; None if unknown.
    """

    step: str
    completed: float
    total: float | None = None
    chunks: int | None = None
    total_chunks: int | None = None


ProgressCallback: TypeAlias = Callable[[Progress], None]
"""Called with each report, where the caller waits for the work. An exception ends the wait."""
