"""The tasks of actions: waiting for them, cancelling them, and their failure dumps."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING

from anaplan_sdk import models
from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._async.transport.polling import check_timeout, wait_until
from anaplan_sdk._formats.csv_rows import RowReader, add_action_column
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    InvalidIdentifierException,
)
from anaplan_sdk.models._envelopes import Listing, Single
from anaplan_sdk.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk.models import CompletedTask, Task, TaskResult, TaskSummary

# The first three digits of an id say what it names.
_KINDS = {"112": "imports", "116": "exports", "117": "actions", "118": "processes"}

TASKS = Listing("tasks", lambda: models.TaskSummary)
_CHUNKS = Listing("chunks", lambda: models.FileChunk)
TASK = Single["Task | CompletedTask"]("task", lambda: models.TaskStatus)


class Tasks(ApiNamespace):
    """The tasks of imports, exports, processes and other actions."""

    async def wait_for_task(
        self,
        action_id: int | str,
        task_id: str,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> CompletedTask:
        """Waits for a task's end, looking often at first and every `status_poll_delay` later.

        Raises:
            AnaplanActionError, AnaplanActionCancelledException, AnaplanTimeoutException: As for
                `run_action`.
        """
        check_timeout(timeout)

        async def look() -> Task | CompletedTask:
            task = await self.get_task_status(action_id, task_id)
            if on_progress is not None:
                on_progress(Progress(task.current_step or task.task_state, task.progress, 1.0))
            return task

        def finished(task: Task | CompletedTask) -> CompletedTask | None:
            if task.task_state in ("CANCELLING", "CANCELLED"):
                raise AnaplanActionCancelledException(
                    f"Task {task_id} of action {action_id} was cancelled.",
                    action_id=action_id,
                    task=task,
                )
            return task if isinstance(task, models.CompletedTask) else None

        task = await wait_until(
            look,
            finished,
            delay=self._settings.status_poll_delay,
            timeout=timeout,
            overdue=lambda task: f"Task {task_id} of action {action_id} is {task.task_state}",
        )
        if not task.result.successful:
            raise AnaplanActionError(
                f"Action {action_id} failed: {_reason(task.result)}",
                action_id=action_id,
                task=task,
            )
        return task

    async def get_task_summaries(self, action_id: int | str) -> list[TaskSummary]:
        """Lists the runs of an action, other users' included, oldest first."""
        return await self._list(TASKS, f"{self._url_of(action_id)}/tasks")

    async def get_task_status(self, action_id: int | str, task_id: str) -> Task | CompletedTask:
        """How a run stands; a `CompletedTask` with its result once it has ended.

        Raises:
            InvalidIdentifierException: This action has no such task.
        """
        url = self._url_of(action_id)
        details = {"includeProcessDetails": "true"} if "/processes/" in url else {}
        task = await self._get(TASK, f"{url}/tasks/{segment(task_id)}", **details)
        if isinstance(task, models.CompletedTask) and task.result.object_id is None:
            task.result.object_id = int(action_id)
        return task

    async def cancel_task(self, action_id: int | str, task_id: str) -> Task | CompletedTask:
        """Asks Anaplan to cancel a run, and tells how it stands then.

        A run that had ended stays as it was. One that is cancelled leaves the model unchanged, but
        for the steps of a process that had ended.
        """
        url = f"{self._url_of(action_id)}/tasks/{segment(task_id)}"
        await self._session.send("DELETE", url)
        return await self.get_task_status(action_id, task_id)

    async def get_optimizer_log(self, action_id: int | str, task_id: str) -> bytes:
        """The solution log of an optimizer action's run, kept for 48 hours.

        Raises:
            PermissionDeniedException: This user is no workspace administrator.
            InvalidIdentifierException: No such action or task, or the log is gone.
        """
        url = f"{self._model}/optimizeActions/{segment(action_id)}/tasks/{segment(task_id)}"
        return (await self._session.send("GET", f"{url}/solutionLogs")).content

    async def get_dump(
        self, action_id: int | str, task_id: str, object_id: int | str | None = None
    ) -> bytes:
        """A failure dump whole: CSV of the refused rows, their lines and the reasons.

        Args:
            action_id: The action that was run.
            task_id: Its run.
            object_id: For a process, the step that refused rows.

        Raises:
            AnaplanException: Anaplan keeps no dump of this run; it does so only where the result
                says `failure_dump_available`, for 48 hours or until the next clean run.
        """
        if object_id is not None:
            # Of a step there are chunks only.
            async with aclosing(self._dump_chunks(action_id, task_id, object_id)) as chunks:
                return b"".join([chunk async for chunk in chunks])
        url = f"{self._url_of(action_id)}/tasks/{segment(task_id)}/dump"
        response = await self._session.send("GET", url)
        if response.status_code == HTTPStatus.NO_CONTENT:
            raise AnaplanException(f"Task {task_id} left no failure dump: it refused nothing.")
        return response.content

    async def get_dump_stream(
        self, action_id: int | str, task_id: str, object_id: int | str | None = None
    ) -> AsyncGenerator[bytes]:
        """A failure dump piece by piece, of at most 10 MB each. Arguments as for `get_dump`."""
        async with aclosing(self._dump_chunks(action_id, task_id, object_id)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def get_dump_rows(
        self, action_id: int | str, task_id: str, object_id: int | str | None = None
    ) -> AsyncGenerator[dict[str, str]]:
        """A failure dump row by row, by column name. Arguments as for `get_dump`.

        Beside the source's own columns there are `_Line_`, the line in the source file (the header
        being line 1), and `_Error_1_` and so on; dumps of list imports also have `_Status_`: `E`
        for a refused row, `W` for one that was taken without its bad value. A second column `Name`
        is called `Name (2)`; fields beyond the header are called by their place, `Column 5`.
        """
        reader = RowReader()
        async with aclosing(self._dump_chunks(action_id, task_id, object_id)) as chunks:
            async for chunk in chunks:
                for row in reader.feed(chunk):
                    yield row
        for row in reader.finish():
            yield row

    async def get_process_dump_rows(
        self, process_id: int | str, task_id: str
    ) -> AsyncGenerator[dict[str, str]]:
        """What all steps of a process refused, row by row; nothing where they refused nothing.

        The rows are those of `get_dump_rows`, each with the name of the action that refused it as
        `_Action_`. They come step by step in the process's order, so the columns change between.
        A dump is fetched when its rows are asked for.

        Args:
            process_id: The process.
            task_id: A run of it that has ended, successfully or not.

        Raises:
            InvalidIdentifierException: This is no process, or it has no such run.
            AnaplanException: The run has not ended.
        """
        self._url_of(process_id, "processes")
        task = await self.get_task_status(process_id, task_id)
        if not isinstance(task, models.CompletedTask):
            raise AnaplanException(f"Task {task_id} has not ended: it is {task.task_state}.")
        names = {step.object_id: step.object_name for step in task.result.nested_results}
        # Of an action that is there twice there is one dump.
        for dump in dict.fromkeys(task.dumps):
            name = names.get(dump.object_id) or str(dump.object_id or process_id)
            async with aclosing(self.get_dump_rows(*dump)) as rows:
                async for row in rows:
                    yield add_action_column(name, row)

    async def _dump_chunks(
        self, action_id: int | str, task_id: str, object_id: int | str | None
    ) -> AsyncGenerator[bytes]:
        url = f"{self._url_of(action_id)}/tasks/{segment(task_id)}"
        url += "/dump" if object_id is None else f"/dumps/{segment(object_id)}"
        for chunk in await self._list(_CHUNKS, f"{url}/chunks"):
            yield (await self._session.send("GET", f"{url}/chunks/{chunk.id}")).content

    def _url_of(self, action_id: int | str, only: str | None = None) -> str:
        """The action's URL; ids of another form are refused before anything is sent."""
        text = str(action_id)
        kind = _KINDS.get(text[:3]) if text.isdecimal() else None
        if kind is None or only not in (None, kind):
            expected = [f"{prefix}… ({k})" for prefix, k in _KINDS.items() if only in (None, k)]
            raise InvalidIdentifierException(
                f"{action_id!r} is not an id of this kind; they begin with {', '.join(expected)}."
            )
        return f"{self._model}/{kind}/{text}"


def _reason(result: TaskResult) -> str:
    """Anaplan's own words for a failure, those of the failed steps of a process included."""
    failed = [step for step in result.nested_results if not step.successful] or [result]
    reasons: list[str] = []
    for step in failed:
        texts = [detail.local_message_text or detail.type for detail in step.details]
        name = f"{step.object_name}: " if step.object_name and step is not result else ""
        reasons.append(name + ("; ".join(filter(None, texts)) or "no reason given"))
    return " / ".join(reasons)
