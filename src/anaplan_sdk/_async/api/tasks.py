"""The tasks of actions: waiting for them, cancelling them, and their failure dumps."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from anaplan_sdk import _loggers, models
from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment
from anaplan_sdk._async.transfer.download import download
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._formats.csv_rows import RowReader, add_action_column
from anaplan_sdk._http.replies import content_of
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    FileContentMissingException,
    InvalidIdentifierException,
)
from anaplan_sdk.models._envelopes import ListReply, ObjectReply
from anaplan_sdk.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk.models import CompletedTask, Task, TaskResult, TaskSummary

# The first three digits of an id identify the kind of action, which is a part of its URL.
_KINDS = {"112": "imports", "116": "exports", "117": "actions", "118": "processes"}

TASKS = ListReply("tasks", lambda: models.TaskSummary)
_CHUNKS = ListReply("chunks", lambda: models.FileChunk)
# The service answers a request for a dump that does not exist with any of these.
_NO_DUMP = (HTTPStatus.NO_CONTENT, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
TASK = ObjectReply["Task | CompletedTask"]("task", lambda: models.TaskStatus)


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
        """Wait until a task has ended.

        The task's status is requested after 0.1 seconds at first, then at growing intervals of at
        most the client's `status_poll_delay`.

        Args:
            action_id: The import (112…), export (116…), other action (117…) or process (118…).
            task_id: The task to wait for.
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every status of the task: its current step, and
                a share from 0 to 1.

        Returns:
            The successful task. Its import may nevertheless have rejected rows: see its `dumps`.

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: The id is not that of an action, or the action has no such
                task. Anaplan removes tasks when it unloads the model.
            AnaplanActionError: The action failed; the error has the task and its dumps.
            AnaplanActionCancelledException: The task was cancelled.
            AnaplanTimeoutException: The task did not end within `timeout`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Check the status of the import action".
        """
        check_timeout(timeout)

        async def poll() -> Task | CompletedTask:
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
            poll,
            finished,
            delay=self._config.status_poll_delay,
            timeout=timeout,
            describe=lambda task: f"Task {task_id} of action {action_id} is {task.task_state}",
            logger=_loggers.tasks,
        )
        if not task.result.successful:
            raise AnaplanActionError(
                f"Action {action_id} failed: {_reason(task.result)}",
                action_id=action_id,
                task=task,
            )
        return task

    async def get_task_summaries(self, action_id: int | str) -> list[TaskSummary]:
        """List the tasks of an action, including those of other users.

        Anaplan removes tasks when it unloads the model.

        Args:
            action_id: The import (112…), export (116…), other action (117…) or process (118…).

        Returns:
            The tasks in Anaplan's order, normally the oldest first.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The id is not that of an action, or there is no such action.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Import Actions".
        """
        return await self._list(TASKS, f"{self._action_url(action_id)}/tasks")

    async def get_task_status(self, action_id: int | str, task_id: str) -> Task | CompletedTask:
        """Return the status of a task.

        Args:
            action_id: The import (112…), export (116…), other action (117…) or process (118…).
            task_id: The task.

        Returns:
            A `CompletedTask` with the result if the task has ended, successfully or not; otherwise
            a `Task` with its state, step and progress.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The id is not that of an action, or the action has no such
                task. Anaplan removes tasks when it unloads the model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Check the status of the import action".
        """
        url = self._action_url(action_id)
        details = {"includeProcessDetails": "true"} if "/processes/" in url else {}
        task = await self._get(TASK, f"{url}/tasks/{path_segment(task_id)}", **details)
        if isinstance(task, models.CompletedTask) and task.result.object_id is None:
            task.result.object_id = int(action_id)
        return task

    async def cancel_task(self, action_id: int | str, task_id: str) -> Task | CompletedTask:
        """Request the cancellation of a task, and return its status afterwards.

        A task that has already ended is not changed. Anaplan rolls back the changes of a cancelled
        task, except the steps of a process that had already ended.

        Args:
            action_id: The import (112…), export (116…), other action (117…) or process (118…).
            task_id: The task to cancel.

        Returns:
            The status, usually a `Task` in the state `CANCELLING` or `CANCELLED`.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The id is not that of an action, or the action has no such
                task.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Check the status of the import action".
        """
        url = f"{self._action_url(action_id)}/tasks/{path_segment(task_id)}"
        await self._session.send("DELETE", url)
        task = await self.get_task_status(action_id, task_id)
        _loggers.tasks.info(
            "Task %s of action %s was asked to cancel: %s", task_id, action_id, task.task_state
        )
        return task

    async def get_optimizer_log(self, action_id: int | str, task_id: str) -> bytes:
        """Return the solution log of an optimizer action, which Anaplan keeps for 48 hours.

        Args:
            action_id: The optimizer action (117…), also if it ran in a process.
            task_id: The task of the action or of the process.

        Returns:
            The log as text.

        Raises:
            InvalidArgumentException: The client has no model.
            PermissionDeniedException: The user is not a workspace administrator.
            FileContentMissingException: Anaplan says that there is no log (204).
            InvalidIdentifierException: There is no such action or task, or the log was removed.
            AnaplanException: The request failed; see the subclasses.
        """
        url = (
            f"{self._model}/optimizeActions/{path_segment(action_id)}/tasks/{path_segment(task_id)}"
        )
        reply = await self._session.send("GET", f"{url}/solutionLogs")
        return content_of(reply, f"The solution log of task {task_id}")

    async def get_dump(
        self, action_id: int | str, task_id: str, object_id: int | str | None = None
    ) -> bytes:
        """Download a failure dump: CSV of the rows that an import rejected, with the reasons.

        There is a dump only if the task's result has `failure_dump_available`. Anaplan keeps the
        dump of the user's last failed task for 48 hours, or until the next task without failures.

        Args:
            action_id: The import (112…), action (117…) or process (118…).
            task_id: The task that rejected rows.
            object_id: For a process, the id of the step that rejected rows.

        Returns:
            The whole dump as CSV with a header.

        Raises:
            InvalidArgumentException: The client has no model.
            FileContentMissingException: The task left no dump, or its dump was removed.
            InvalidIdentifierException: The id is not that of an action, or there is no such task.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Get the list of process dump file chunks".
        """
        if object_id is not None:
            # The dump of a step is read by chunks.
            async with aclosing(self._dump_chunks(action_id, task_id, object_id)) as chunks:
                return b"".join([chunk async for chunk in chunks])
        url = f"{self._action_url(action_id)}/tasks/{path_segment(task_id)}/dump"
        async with self._missing_dump(action_id, task_id):
            return content_of(await self._session.send("GET", url), _dump_of(task_id))

    async def get_dump_stream(
        self, action_id: int | str, task_id: str, object_id: int | str | None = None
    ) -> AsyncGenerator[bytes]:
        """Download a failure dump chunk by chunk.

        There is a dump only if the task's result has `failure_dump_available`. Anaplan keeps the
        dump of the user's last failed task for 48 hours, or until the next task without failures.

        Args:
            action_id: The import (112…), action (117…) or process (118…).
            task_id: The task that rejected rows.
            object_id: For a process, the id of the step that rejected rows.

        Yields:
            The chunks of the CSV in order, each of at most 10 MB; a chunk may end within a row.

        Raises:
            InvalidArgumentException: The client has no model.
            FileContentMissingException: The task left no dump, or its dump was removed.
            InvalidIdentifierException: The id is not that of an action, or there is no such task.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Get the list of process dump file chunks".
        """
        async with aclosing(self._dump_chunks(action_id, task_id, object_id)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def get_dump_rows(
        self, action_id: int | str, task_id: str, object_id: int | str | None = None
    ) -> AsyncGenerator[dict[str, str]]:
        """Download a failure dump row by row.

        In addition to the columns of the source, a row has `_Line_`, the line in the source file
        (the header is line 1), and `_Error_1_`, `_Error_2_` and so on. Dumps of list imports also
        have `_Status_`: `E` for a rejected row, `W` for a row that was imported without the invalid
        value. A second column `Name` is called `Name (2)`; a field beyond the header is called by
        its position, `Column 5`.

        There is a dump only if the task's result has `failure_dump_available`. Anaplan keeps the
        dump of the user's last failed task for 48 hours, or until the next task without failures.

        Args:
            action_id: The import (112…), action (117…) or process (118…).
            task_id: The task that rejected rows.
            object_id: For a process, the id of the step that rejected rows.

        Yields:
            The rows, as dicts of texts by column name.

        Raises:
            InvalidArgumentException: The client has no model.
            FileContentMissingException: The task left no dump, or its dump was removed.
            InvalidIdentifierException: The id is not that of an action, or there is no such task.
            AnaplanResponseException: The dump is not valid CSV.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Get the list of process dump file chunks".
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
        """Download the failure dumps of all steps of a process row by row.

        The first column of a row is `_Action_`, the name of the step that rejected it. Then come
        the columns of the step's source, `_Line_`, the line in the source file (the header is line
        1), and `_Error_1_`, `_Error_2_` and so on; dumps of list imports also have `_Status_`: `E`
        for a rejected row, `W` for a row that was imported without the invalid value. The steps
        come in the order of the process, so the columns change from step to step. A dump is fetched
        when the iteration reaches it.

        Args:
            process_id: The process (118…).
            task_id: A task of the process that has ended, successfully or not.

        Yields:
            The rows, as dicts of texts by column name; none if no step rejected rows.

        Raises:
            InvalidArgumentException: The client has no model.
            FileContentMissingException: A dump was removed.
            InvalidIdentifierException: The id is not that of a process, or there is no such task.
            AnaplanResponseException: A dump is not valid CSV.
            AnaplanException: The task has not ended, or the request failed; see the subclasses.

        Source: Anaplan help, "Get the list of process dump file chunks".
        """
        self._action_url(process_id, "processes")
        task = await self.get_task_status(process_id, task_id)
        if not isinstance(task, models.CompletedTask):
            raise AnaplanException(f"Task {task_id} has not ended: it is {task.task_state}.")
        names = {step.object_id: step.object_name for step in task.result.nested_results}
        # An action that occurs twice in a process has one dump.
        for dump in dict.fromkeys(task.dumps):
            name = names.get(dump.object_id) or str(dump.object_id or process_id)
            async with aclosing(self.get_dump_rows(*dump)) as rows:
                async for row in rows:
                    yield add_action_column(name, row)

    async def _dump_chunks(
        self, action_id: int | str, task_id: str, object_id: int | str | None
    ) -> AsyncGenerator[bytes]:
        url = f"{self._action_url(action_id)}/tasks/{path_segment(task_id)}"
        url += "/dump" if object_id is None else f"/dumps/{path_segment(object_id)}"
        dump = download(
            self._session,
            url,
            _dump_of(task_id),
            lambda: self._list(_CHUNKS, f"{url}/chunks"),
        )
        async with self._missing_dump(action_id, task_id), aclosing(dump) as chunks:
            async for chunk in chunks:
                yield chunk

    @asynccontextmanager
    async def _missing_dump(self, action_id: int | str, task_id: str) -> AsyncGenerator[None]:
        """Tell a task without a dump (204, 400 or 404) from one that does not exist."""
        try:
            yield
        except AnaplanException as error:
            if error.status_code not in _NO_DUMP:
                raise
            if error.status_code != HTTPStatus.NO_CONTENT:
                try:
                    await self.get_task_status(action_id, task_id)
                except AnaplanException:
                    raise error from None
            raise error.as_type(
                FileContentMissingException,
                f"{_dump_of(task_id)} does not exist: the task rejected no rows, another task has "
                "run since, or Anaplan has deleted the dump after 48 hours.",
            ) from error

    def _action_url(self, action_id: int | str, only: str | None = None) -> str:
        """Return the URL of an action; raise for an invalid id before anything is sent."""
        text = str(action_id)
        kind = _KINDS.get(text[:3]) if text.isdecimal() else None
        if kind is None or only not in (None, kind):
            expected = [f"{prefix} ({k})" for prefix, k in _KINDS.items() if only in (None, k)]
            raise InvalidIdentifierException(
                f"{action_id!r} is not a valid id: it must be a number that begins with "
                f"{' or '.join(expected)}."
            )
        return f"{self._model}/{kind}/{text}"


def _dump_of(task_id: str) -> str:
    return f"The failure dump of task {task_id}"


def _reason(result: TaskResult) -> str:
    """Join Anaplan's messages about a failure, for a process those of its failed steps."""
    failed = [step for step in result.nested_results if not step.successful] or [result]
    reasons: list[str] = []
    for step in failed:
        texts = [detail.local_message_text or detail.type for detail in step.details]
        name = f"{step.object_name}: " if step.object_name and step is not result else ""
        reasons.append(name + ("; ".join(filter(None, texts)) or "Anaplan gave no reason"))
    return " / ".join(reasons)
