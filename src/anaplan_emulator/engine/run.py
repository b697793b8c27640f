"""What one run of an action has at hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from anaplan_emulator.store.database import Session


class Progress(Protocol):
    """Somebody who watches a run, and may call it off."""

    def __call__(self, fraction: float, step: str, /) -> None:
        """Take note of how far the run is.

        Raises:
            Cancelled: The run is to end here, leaving the model as it was.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of an action, by one user.

    Attributes:
        session: Connection for staging, reading and applying.
        model: Key of the model.
        user_id: Whose uploads are read, and whose dump and output are written.
        task_id: The task it runs in.
        now: The emulator's time, in seconds since the epoch.
        progress: Told how far it is.
        chunk_bytes: Greatest size of a chunk of output or dump.
        parameters: Answers to what mappings ask, by import id (empty for any) and entity type.
    """

    session: Session
    model: int
    user_id: str
    task_id: str
    now: Callable[[], float]
    progress: Progress
    chunk_bytes: int
    parameters: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def within(self, start: float, end: float) -> "Run":
        """The same run as one step of a longer one, whose progress runs from start to end."""

        def scaled(fraction: float, step: str, /) -> None:
            self.progress(start + fraction * (end - start), step)

        return replace(self, progress=scaled)
