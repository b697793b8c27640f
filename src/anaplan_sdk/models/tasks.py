"""Runs of actions, and what came of them."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import Discriminator, Field, Tag

from anaplan_sdk.models._base import AnaplanModel, named

TaskState: TypeAlias = Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE", "CANCELLING", "CANCELLED"]


class FailureDump(NamedTuple):
    """Names the record of what a run refused; `client.get_dump(*dump)` reads it."""

    action_id: int
    task_id: str
    object_id: int | None = None
    """The step of a process that refused rows; `None` for a run that is no process."""


class TaskSummary(AnaplanModel):
    """A run of an action. `creation_time` is in milliseconds since 1970."""

    id: str = Field(validation_alias=named("taskId", "id"))
    task_state: TaskState | str
    creation_time: int


class Task(TaskSummary):
    """A run that has no result: it waits, runs or was cancelled. `progress` is 0 to 1."""

    progress: float = 0.0
    current_step: str | None = None


class TaskResultDetail(AnaplanModel):
    """One line of a result. `values` holds names and numbers in turn: `["failedCount", "3", …]`."""

    local_message_text: str | None = None
    occurrences: int = 0
    type: str = ""
    values: list[str | None] = Field([])

    @property
    def counters(self) -> dict[str, str | None]:
        """`values` as a dictionary."""
        return {
            str(key): value for key, value in zip(self.values[::2], self.values[1::2], strict=False)
        }


class TaskResult(AnaplanModel):
    """What came of a run. It may be successful and still have refused rows: see the dump."""

    details: list[TaskResultDetail] = Field([])
    successful: bool
    failure_dump_available: bool = False
    nested_results: list[TaskResult] = Field([])
    object_id: int | None = None
    object_name: str | None = None
    start_time: int | str | None = None
    duration: float | str | None = None


class CompletedTask(Task):
    """A run that has ended, well or not: `result.successful` tells."""

    result: TaskResult

    @property
    def dumps(self) -> list[FailureDump]:
        """The failure dumps of this run: one for each step of a process that refused rows."""
        result = self.result
        if result.object_id is None:
            return []
        nested = [
            FailureDump(result.object_id, self.id, step.object_id)
            for step in result.nested_results
            if step.failure_dump_available
        ]
        own = [FailureDump(result.object_id, self.id)] if result.failure_dump_available else []
        return nested or own


class _State(AnaplanModel):
    task_state: str | None = None


def kind_of(task: object) -> str:
    """Whether a task has a result."""
    state = (
        task.task_state if isinstance(task, TaskSummary) else _State.model_validate(task).task_state
    )
    return "completed" if state == "COMPLETE" else "other"


TaskStatus: TypeAlias = Annotated[
    Annotated[CompletedTask, Tag("completed")] | Annotated[Task, Tag("other")],
    Discriminator(kind_of),
]
