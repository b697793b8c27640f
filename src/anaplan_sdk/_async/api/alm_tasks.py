"""What ALM's synchronizations and comparisons share: how they are called, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeVar, cast, overload

from anaplan_sdk import _loggers, _telemetry
from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import (
    InvalidArgumentException,
    OutcomeUnknownException,
    SynchronizationException,
)
from anaplan_sdk.models import CompletedSyncTask, PendingTask
from anaplan_sdk.progress import Progress, ProgressCallback

C = TypeVar("C", bound=CompletedSyncTask)
C_co = TypeVar("C_co", bound=CompletedSyncTask, covariant=True)


class StartsTask(Protocol[C_co]):
    """A method that starts a task on two revisions, as type checkers see it.

    It returns a completed task, unless `wait_for_completion` is or may be False.
    """

    @overload
    async def __call__(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: Literal[True] = True,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> C_co: ...

    @overload
    async def __call__(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: bool,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> PendingTask | C_co: ...


def starts_task(_completed: type[C]) -> Callable[[Callable[..., object]], StartsTask[C]]:
    """Declare a method as one that starts a task, so that its overloads are written only here.

    Args:
        _completed: The type of the task once it has ended.

    Returns:
        A decorator that changes the method's type and nothing else.
    """
    return lambda method: cast("StartsTask[C]", method)


class AlmTasks(ApiNamespace):
    """The base of the namespaces that start ALM's tasks."""

    @property
    def _alm(self) -> str:
        return f"{self._model}/alm"

    @traced(names.ALM_WAIT, duration=names.TASK_DURATION)
    async def _wait_for_task(
        self,
        read: runtime.Poll[PendingTask | C],
        completed: type[C],
        what: str,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> C:
        """Poll a task until it has ended.

        Raises:
            SynchronizationException: The task failed or was cancelled.
        """
        span = _telemetry.current()
        span.label({names.ACTION_TYPE: "alm"})
        span.set({names.MODEL_ID: self._model_id or ""})

        async def poll() -> PendingTask | C:
            task = await read()
            span.set({names.TASK_ID: task.id, names.TASK_STATE: task.task_state})
            if on_progress is not None:
                share = 1.0 if task.task_state == "COMPLETE" else 0.0
                on_progress(Progress(task.current_step or task.task_state, share, 1.0))
            return task

        def end_of(task: PendingTask | C) -> C | None:
            if task.task_state == "CANCELLED":
                raise SynchronizationException(f"{what} {task.id} was cancelled.", task=task)
            return task if isinstance(task, completed) else None

        end = await wait_until(
            poll,
            end_of,
            delay=self._config.status_poll_delay,
            timeout=timeout,
            describe=lambda seen: f"{what} {seen.id} is {seen.task_state}",
            logger=_loggers.tasks,
        )
        return self._successful(end, what)

    @staticmethod
    def _successful(task: C, what: str) -> C:
        """Return a completed task; raise an error if it failed."""
        if task.result.successful:
            return task
        failure = task.result.error
        if task.result.successful is None and failure is None:
            raise OutcomeUnknownException(
                f"{what} {task.id} has ended, but Anaplan does not report whether it succeeded.",
                candidates=[task.id],
                task_id=task.id,
            )
        title, text = (failure.title, failure.message_text) if failure else ("", "")
        reason = ": ".join(part for part in (title, text) if part)
        raise SynchronizationException(
            f"{what} {task.id} failed: {reason or 'Anaplan gave no reason.'}",
            task=task,
            title=title,
            text=text,
        )

    @staticmethod
    def _revision_ids(
        source_revision: str, source_model: str, target_revision: str
    ) -> dict[str, str]:
        """Return the body of a request that starts a task, which no id may be missing from."""
        ids = {
            "sourceRevisionId": source_revision,
            "sourceModelId": source_model,
            "targetRevisionId": target_revision,
        }
        for name, value in ids.items():
            if not value:
                raise InvalidArgumentException(f"{name} must not be empty.")
        return ids
