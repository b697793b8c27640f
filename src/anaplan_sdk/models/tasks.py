"""Models of the Integration API: tasks, that is runs of actions, and their results."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, cast

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from anaplan_sdk.models._base import AnaplanModel, aliases, empty_list

TaskState: TypeAlias = Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE", "CANCELLING", "CANCELLED"]
"""The states of a task. A task that failed is `COMPLETE`, too."""

_ENDED = "COMPLETE"
_NOT_ENDED = ("NOT_STARTED", "IN_PROGRESS", "CANCELLING", "CANCELLED")


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


def _milliseconds(value: object) -> object:
    """Read a date as milliseconds since 1970; `None` if it is none."""
    if isinstance(value, str) and not value.strip().isdecimal():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return value if isinstance(value, int | float | str) else None


def _entries(value: object) -> object:
    """Leave out null among the entries of a list."""
    if not isinstance(value, list):
        return value
    return [entry for entry in cast("list[object]", value) if entry is not None]


_TextId: TypeAlias = Annotated[str, BeforeValidator(_text)]
# A number where it is one, as ids of actions are.
_ActionId: TypeAlias = Annotated[int | str, Field(union_mode="left_to_right")]
_Milliseconds: TypeAlias = Annotated[int | None, BeforeValidator(_milliseconds)]


class FailureDump(NamedTuple):
    """The key of a failure dump, the record of what a task rejected: `client.get_dump(*dump)`.

    Attributes:
        action_id: The id of the action.
        task_id: The id of the task.
        object_id: The id of the step of a process that rejected rows; None for a task of an action
            that is not a process.
    """

    action_id: int | str
    task_id: str
    object_id: int | str | None = None


class TaskSummary(AnaplanModel):
    """A task: a run of an action.

    Attributes:
        id: The id, 32 upper-case hexadecimal digits. It is valid only together with the action.
        task_state: The state, one of `TaskState` or one that is not known yet. Where Anaplan does
            not report it, `COMPLETE` for a task with a result and `NOT_STARTED` for any other.
        creation_time: When the task was created, in milliseconds since 1970; None where Anaplan
            does not report it.
        recovered: Whether the reply to the start was lost and this client found the task in
            Anaplan's list afterwards. The list names no user, so the task may be another user's.

    Source: Anaplan Integration API V2 guide, "Get a list of the import tasks".
    """

    id: _TextId = Field(validation_alias=aliases("taskId", "id"))
    task_state: TaskState | str = "NOT_STARTED"
    creation_time: _Milliseconds = None
    recovered: bool = False

    @model_validator(mode="before")
    @classmethod
    def _complete_state(cls, value: Any) -> Any:
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            state = fields.get("taskState", fields.get("task_state"))
            if state is None and isinstance(fields.get("result"), dict):
                return {**fields, "taskState": _ENDED}
        return cast("object", value)


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
            None where Anaplan does not report it, neither for the task nor for its steps.
        failure_dump_available: Whether rows were rejected, and a failure dump has them.
        nested_results: The results of the steps of a process.
        object_id: The id of the action.
        object_name: The name of the action.
        start_time: When it started, in milliseconds since 1970, in the form in which Anaplan
            reports it; only with process details.
        duration: How long it took, in milliseconds, in the form in which Anaplan reports it; only
            with process details.

    Source: Anaplan Integration API V2 guide, "Monitor the import task" and "Monitor the process
    tasks".
    """

    details: Annotated[list[TaskResultDetail], BeforeValidator(_entries)] = Field(
        default_factory=empty_list
    )
    successful: bool | None = None
    failure_dump_available: bool = False
    nested_results: Annotated[list[TaskResult], BeforeValidator(_entries)] = Field(
        default_factory=empty_list
    )
    object_id: _ActionId | None = None
    object_name: str | None = None
    start_time: int | float | str | None = None
    duration: float | str | None = None

    @model_validator(mode="after")
    def _derive_success(self) -> TaskResult:
        # A process has succeeded if all of its steps have, and failed if one has.
        steps = {step.successful for step in self.nested_results}
        if self.successful is None and (False in steps or steps == {True}):
            self.successful = False not in steps
        return self


class CompletedTask(Task):
    """A task that has ended, successfully or not.

    Attributes:
        task_state: `COMPLETE`, unless Anaplan reports a state that is not known yet.
        result: The result; `result.successful` is whether the task succeeded. It is empty, and
            `successful` is None, where Anaplan does not report it.

    Source: Anaplan Integration API V2 guide, "Monitor the import task".
    """

    task_state: TaskState | str = _ENDED
    result: TaskResult = Field(default_factory=TaskResult)

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
    if isinstance(task, dict):
        fields = cast("dict[str, object]", task)
        state, result = fields.get("taskState", fields.get("task_state")), fields.get("result")
    else:
        state, result = getattr(task, "task_state", None), getattr(task, "result", None)
    # What has a result has ended, unless a state that is known says otherwise.
    has_ended = state == _ENDED or (bool(result) and state not in _NOT_ENDED)
    return "completed" if has_ended else "other"


TaskStatus: TypeAlias = CompletedTask | Task
"""A task: `CompletedTask` when it has ended, otherwise `Task`."""

TaggedTask: TypeAlias = Annotated[
    Annotated[CompletedTask, Tag("completed")] | Annotated[Task, Tag("other")],
    Discriminator(completed_or_other),
]
"""`TaskStatus` as replies are read: by `task_state`."""
