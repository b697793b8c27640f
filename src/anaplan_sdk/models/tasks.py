"""Models of the Integration API: tasks, that is runs of actions, and their results."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import Discriminator, Field, Tag

from anaplan_sdk.models._base import AnaplanModel, aliases, empty_list, field_text

TaskState: TypeAlias = Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE", "CANCELLING", "CANCELLED"]
"""The states of a task. A task that failed is `COMPLETE`, too."""


class FailureDump(NamedTuple):
    """The key of a failure dump, the record of what a task rejected: `client.get_dump(*dump)`.

    Attributes:
        action_id: The id of the action.
        task_id: The id of the task.
        object_id: The id of the step of a process that rejected rows; None for a task of an action
            that is not a process.
    """

    action_id: int
    task_id: str
    object_id: int | None = None


class TaskSummary(AnaplanModel):
    """A task: a run of an action.

    Attributes:
        id: The id, 32 upper-case hexadecimal digits. It is valid only together with the action.
        task_state: The state, one of `TaskState` or one that is not known yet.
        creation_time: When the task was created, in milliseconds since 1970.

    Source: Anaplan Integration API V2 guide, "Get a list of the import tasks".
    """

    id: str = Field(validation_alias=aliases("taskId", "id"))
    task_state: TaskState | str
    creation_time: int


class Task(TaskSummary):
    """A task that has no result: it is queued or running, or it was cancelled.

    Attributes:
        progress: The progress, 0 to 1.
        current_step: What the task is doing, in words.

    Source: Anaplan Integration API V2 guide, "Monitor the import task".
    """

    progress: float = 0.0
    current_step: str | None = None


class TaskResultDetail(AnaplanModel):
    """A line of a task's result.

    Attributes:
        local_message_text: The message, for a person.
        occurrences: How often it occurred.
        type: The type of the line, such as `hierarchyRowsProcessed` or
            `moduleImportNumberFormat`.
        values: Names and values alternately: `["failedCount", "3", ...]`.

    Source: Anaplan Integration API V2 guide, "Monitor the import task".
    """

    local_message_text: str | None = None
    occurrences: int = 0
    type: str = ""
    values: list[str | None] = Field(default_factory=empty_list)

    @property
    def counters(self) -> dict[str, str | None]:
        """The names and values of `values` as a dict."""
        return {
            str(key): value for key, value in zip(self.values[::2], self.values[1::2], strict=False)
        }


class TaskResult(AnaplanModel):
    """The result of a task, or of one step of a process.

    Attributes:
        details: Messages and counters.
        successful: Whether the task succeeded. An import may succeed and still have rejected rows.
        failure_dump_available: Whether rows were rejected, and a failure dump has them.
        nested_results: The results of the steps of a process.
        object_id: The id of the action.
        object_name: The name of the action.
        start_time: When it started, in milliseconds since 1970; only with process details.
        duration: How long it took, in milliseconds; only with process details.

    Source: Anaplan Integration API V2 guide, "Monitor the import task" and "Monitor the process
    tasks".
    """

    details: list[TaskResultDetail] = Field(default_factory=empty_list)
    successful: bool
    failure_dump_available: bool = False
    nested_results: list[TaskResult] = Field(default_factory=empty_list)
    object_id: int | None = None
    object_name: str | None = None
    start_time: int | str | None = None
    duration: float | str | None = None


class CompletedTask(Task):
    """A task that has ended, successfully or not.

    Attributes:
        result: The result; `result.successful` is whether the task succeeded.

    Source: Anaplan Integration API V2 guide, "Monitor the import task".
    """

    result: TaskResult

    @property
    def dumps(self) -> list[FailureDump]:
        """The failure dumps of this task: one for each step of a process that rejected rows."""
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


def completed_or_other(task: object) -> str:
    """Return the tag that decides which class of a union a task is validated as.

    Args:
        task: A dict in Anaplan's names or ours, or a model.

    Returns:
        `completed` for a task that has ended, `other` for any other task.
    """
    state = field_text(task, "taskState", "task_state")
    return "completed" if state == "COMPLETE" else "other"


TaskStatus: TypeAlias = CompletedTask | Task
"""A task: `CompletedTask` when it has ended, otherwise `Task`."""

TaggedTask: TypeAlias = Annotated[
    Annotated[CompletedTask, Tag("completed")] | Annotated[Task, Tag("other")],
    Discriminator(completed_or_other),
]
"""`TaskStatus` as replies are read: by `task_state`."""
