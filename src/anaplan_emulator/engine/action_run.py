"""The context of a run of an action."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from anaplan_emulator.store.database import Session


class Progress(Protocol):
    """A callback that receives the progress of a run, and can cancel it."""

    def __call__(self, fraction: float, step: str, /) -> None:
        """Receive the progress, as a fraction from 0 to 1 and the current step.

        Raises:
            Cancelled: The run must end without having changed the model.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRun:
    """A run of an action.

    Attributes:
        session: Connection for staging, reading and applying.
        model: Key of the model.
        user_id: Id of the user, whose uploads are read and who gets the dump and output.
        task_id: Id of the task.
        now: Returns the time, in seconds since the epoch.
        progress: Called with the progress.
        chunk_bytes: Greatest size of a chunk of output or dump, in bytes.
        parameters: Mapping parameters by import id (empty for any import) and entity type.
    """

    session: Session
    model: int
    user_id: str
    task_id: str
    now: Callable[[], float]
    progress: Progress
    chunk_bytes: int
    parameters: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def step(self, start: float, end: float) -> "ActionRun":
        """Return a run for one step, whose progress is that of this run from start to end."""

        def scaled(fraction: float, step: str, /) -> None:
            self.progress(start + fraction * (end - start), step)

        return replace(self, progress=scaled)
