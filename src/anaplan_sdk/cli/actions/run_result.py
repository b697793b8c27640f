"""The result of a run, as it is printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.actions.refused_rows import name_of
from anaplan_sdk.cli.references import kind_of

if TYPE_CHECKING:
    from anaplan_sdk.cli.invocation import Invocation
    from anaplan_sdk.models import Task, TaskResult

_COLUMNS = ("task_id", "id", "name", "successful", "refused", "message")
# What tables leave out of Anaplan's messages, since it is in other columns or says nothing: the
# target, how many of the rows were new, and how many were refused.
_TARGET = re.compile(r"^.*?: (?=\d+ (?:\(\d+/\d+\) )?rows successful)")
_LEFT_OUT = re.compile(r" \(\d+/\d+\)|, \d+ rows failed\b|, 0 ignored\b| rows(?= successful with)")
_MOST_REASONS = 2


class RunResult:
    """The result of a run.

    Args:
        action_id: The action.
        task: The run after its end.
        refused: Numbers of refused rows by the name of the step; None where it is not known.

    Attributes:
        total: Number of all refused rows; None if it is not known.
    """

    def __init__(self, action_id: str, task: Task, refused: Mapping[str, int | None]) -> None:
        self._action_id = action_id
        self._task = task
        self._refused = refused
        known = [number for number in refused.values() if number is not None]
        self.total = sum(known) if len(known) == len(refused) else None

    def show(self, invocation: Invocation) -> None:
        """Print it: JSON is one object, CSV and tables have a row for each step.

        Args:
            invocation: The run of the command.
        """
        chosen, output = invocation.options.output, invocation.output
        steps = [self._step(step) for step in steps_of(self._task)]
        if chosen in ("json", "jsonl"):
            output.record({**self._run(), "steps": steps, "dumps": self._dumps()})
        elif chosen == "csv":
            output.rows(({"task_id": self._task.id, **step} for step in steps), _COLUMNS)
        elif steps:
            failed = () if all(step["successful"] for step in steps) else ("successful",)
            refused = ("refused",) if self.has_rows else ()
            message = ("message",) if any(step["message"] for step in steps) else ()
            rows = ({**step, "message": _short(step["message"])} for step in steps)
            output.rows(rows, ("id", "name", *failed, *refused, *message))

    @property
    def has_successful_step(self) -> bool:
        """Whether a step was successful, of which what it has changed remains."""
        return any(step.successful for step in steps_of(self._task))

    @property
    def has_rows(self) -> bool:
        """Whether an import ran, of which rows may be refused."""
        steps = steps_of(self._task)
        return any(kind_of(str(step.object_id or self._action_id)) == "imports" for step in steps)

    def _run(self) -> dict[str, Any]:
        result = _result(self._task)
        action_id = self._action_id
        return {
            "task_id": self._task.id,
            "action_id": int(action_id) if action_id.isdecimal() else action_id,
            "state": self._task.task_state,
            # A cancelled run has no result.
            "successful": result.successful if result else False,
            "refused": self.total,
        }

    def _step(self, step: TaskResult) -> dict[str, Any]:
        texts = [detail.local_message_text for detail in step.details]
        return {
            "id": step.object_id,
            "name": name_of(step),
            "successful": step.successful,
            "refused": self._refused.get(name_of(step)),
            "message": "; ".join(text.strip() for text in texts if text),
        }

    def _dumps(self) -> list[dict[str, Any]]:
        from anaplan_sdk.models import CompletedTask

        dumps = self._task.dumps if isinstance(self._task, CompletedTask) else []
        return [dump._asdict() for dump in dumps]


def steps_of(task: Task) -> list[TaskResult]:
    """Return the results of a process's steps, or that of an action that has none.

    Args:
        task: A run.

    Returns:
        The results; none of a run that was cancelled.
    """
    result = _result(task)
    return (result.nested_results or [result]) if result else []


def _short(message: str) -> str:
    """Return a message without what tables do not need."""
    rows, *reasons = message.split("; ")
    if not _TARGET.match(rows):
        return message
    rows = _LEFT_OUT.sub("", _TARGET.sub("", rows)).replace(" successful", "")
    shown = [re.sub(r"(?<=: )(\d+) rows?$", r"\1", each) for each in reasons[:_MOST_REASONS]]
    if more := len(reasons) - len(shown):
        shown.append(f"{more:,} more")
    return "; ".join([re.sub(r"^1 rows", "1 row", rows), *shown])


def _result(task: Task) -> TaskResult | None:
    from anaplan_sdk.models import CompletedTask

    return task.result if isinstance(task, CompletedTask) else None
