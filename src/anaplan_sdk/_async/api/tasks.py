"""The tasks of actions: waiting for them, cancelling them, and their failure dumps."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus

from anaplan_sdk import _loggers, _telemetry, models
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment
from anaplan_sdk._async.transfer.download import download
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._async.transport.run_record import RunRecord
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.csv_rows import RowReader, add_action_column
from anaplan_sdk._http.replies import content_of
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import Operation, names
from anaplan_sdk.config import RunStore
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    FileContentMissingException,
    InvalidArgumentException,
    InvalidIdentifierException,
    OutcomeUnknownException,
)
from anaplan_sdk.models._envelopes import ListReply, ObjectReply, RawListReply
from anaplan_sdk.progress import Progress, ProgressCallback

# Seconds after which a task that was not found is requested once more.
_NOT_VISIBLE_YET = 0.3
# How often a task that has ended is polled again for a missing outcome.
_MORE_POLLS = 2

# The first three digits of an id identify the kind of action, which is a part of its URL. Not
# every source has such ids, so any other id is looked up in the listings.
_KINDS = {"112": "imports", "116": "exports", "117": "actions", "118": "processes"}
_LISTINGS = [RawListReply(kind) for kind in _KINDS.values()]
_ID = re.compile(r"(?!0$)[0-9A-Za-z][0-9A-Za-z_-]*", re.ASCII)
# The service answers a request for a dump that does not exist with any of these.
_NO_DUMP = (HTTPStatus.NO_CONTENT, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)


def _tagged_task() -> object:
    from anaplan_sdk.models.tasks import TaggedTask

    return TaggedTask


TASKS = ListReply("tasks", lambda: models.TaskSummary)
# A chunk that was left out would be missing in the content.
_CHUNKS = ListReply("chunks", lambda: models.FileChunk, exact=True)
TASK = ObjectReply["models.Task | models.CompletedTask"]("task", _tagged_task)


class Tasks(ApiNamespace):
    """The tasks of imports, exports, processes and other actions."""

    async def wait_for_task(
        self,
        action_id: int | str,
        task_id: str,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
        run_store: RunStore | str | os.PathLike[str] | None = None,
    ) -> models.CompletedTask:
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
            run_store: The store with which the task was started, in which its end is recorded: see
                `run_action`.

        Returns:
            The successful task. Its import may nevertheless have rejected rows: see its `dumps`.

        Raises:
            InvalidArgumentException: `timeout` is negative, `run_store` has the record of another
                run or task, or the client has no model.
            ArgumentTypeException: `run_store` is neither a path nor a store.
            RunStoreException: The store can't be read.
            InvalidIdentifierException: The model has no such action, or the action no such task.
                Anaplan removes tasks when it unloads the model.
            OutcomeUnknownException: The task was removed while it was waited for, or it has ended
                and Anaplan does not report whether it succeeded.
            AnaplanActionError: The action failed; the error has the task and its dumps.
            AnaplanActionCancelledException: The task was cancelled.
            AnaplanTimeoutException: The task did not end within `timeout`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Check the status of the import action".
        """
        check_timeout(timeout)
        record = await self._record_of(action_id, run_store)
        if record is not None and record.started_id not in (None, task_id):
            raise InvalidArgumentException(
                f"run_store has the record of task {record.started_id}, not of task {task_id}."
            )
        return await self._wait_for_task(action_id, task_id, timeout, on_progress, record)

    async def _record_of(
        self, action_id: int | str, run_store: RunStore | str | os.PathLike[str] | None
    ) -> RunRecord | None:
        """Read what is recorded of a run of an action; None without a store."""
        if run_store is None:
            return None
        url = await self._action_url(action_id) + "/tasks"
        return await runtime.run_in_thread(RunRecord, run_store, url)

    async def _wait_for_task(
        self,
        action_id: int | str,
        task_id: str,
        timeout: float | None,
        on_progress: ProgressCallback | None,
        record: RunRecord | None,
    ) -> models.CompletedTask:
        try:
            task = await self._completed_task(action_id, task_id, timeout, on_progress)
        except AnaplanActionError:
            if record is not None:
                await runtime.run_in_thread(record.clear)
            raise
        if record is not None:
            await runtime.run_in_thread(record.save_completed, task)
        return task

    @traced(names.TASK_WAIT, duration=names.TASK_DURATION)
    async def _completed_task(
        self,
        action_id: int | str,
        task_id: str,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> models.CompletedTask:
        span = _telemetry.current()
        span.set(self._traced(names.ACTION_ID, action_id))

        undecided = polls = 0
        state = ""

        async def poll() -> models.Task | models.CompletedTask:
            nonlocal polls, state
            task = await self._status_of_started(action_id, task_id, was_seen=polls > 0)
            polls += 1
            if task.task_state != state:
                state = task.task_state
                describe_task(span, task, await self._action_url(action_id))
                span.event(names.TASK_STATE_CHANGED, {names.TASK_STATE: state})
            if on_progress is not None:
                on_progress(Progress(task.current_step or task.task_state, task.progress, 1.0))
            return task

        def finished(task: models.Task | models.CompletedTask) -> models.CompletedTask | None:
            nonlocal undecided
            if task.task_state in ("CANCELLING", "CANCELLED"):
                raise AnaplanActionCancelledException(
                    f"Task {task_id} of action {action_id} was cancelled.",
                    action_id=action_id,
                    task=task,
                )
            if not isinstance(task, models.CompletedTask):
                return None
            # A result that does not say whether the task succeeded may not be complete yet.
            undecided += task.result.successful is None
            return None if task.result.successful is None and undecided <= _MORE_POLLS else task

        task = await wait_until(
            poll,
            finished,
            delay=self._config.status_poll_delay,
            timeout=timeout,
            describe=lambda task: f"Task {task_id} of action {action_id} is {task.task_state}",
            logger=_loggers.tasks,
        )
        if task.result.successful is None:
            raise OutcomeUnknownException(
                f"Task {task_id} of action {action_id} has ended, but Anaplan does not report "
                "whether it succeeded.",
                candidates=[task_id],
                task_id=task_id,
            )
        if not task.result.successful:
            raise AnaplanActionError(
                f"Action {action_id} failed: {_reason(task.result)}",
                action_id=action_id,
                task=task,
            )
        return task

    async def get_task_summaries(self, action_id: int | str) -> list[models.TaskSummary]:
        """List the tasks of an action, including those of other users.

        Anaplan removes tasks when it unloads the model.

        Args:
            action_id: The import (112…), export (116…), other action (117…) or process (118…).

        Returns:
            The tasks in Anaplan's order, normally the oldest first.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The model has no such action.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Import Actions".
        """
        url = await self._action_url(action_id)
        tasks = await self._list(TASKS, f"{url}/tasks")
        return [self._recovery.mark(task) for task in tasks]

    async def get_task_status(
        self, action_id: int | str, task_id: str
    ) -> models.Task | models.CompletedTask:
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
        url = await self._action_url(action_id)
        details = {"includeProcessDetails": "true"} if "/processes/" in url else {}
        task = await self._get(TASK, f"{url}/tasks/{path_segment(task_id)}", **details)
        if isinstance(task, models.CompletedTask) and task.result.object_id is None:
            number = identifier(action_id)
            task.result.object_id = int(number) if number.isdecimal() else number
        return self._recovery.mark(task)

    async def _status_of_started(
        self, action_id: int | str, task_id: str, *, was_seen: bool
    ) -> models.Task | models.CompletedTask:
        """Return the status of a task that is waited for; only a repeated 404 counts."""
        for pause in (_NOT_VISIBLE_YET, None):
            try:
                return await self.get_task_status(action_id, task_id)
            except InvalidIdentifierException as error:
                error.task_id = task_id
                if pause is None and was_seen:
                    raise error.as_type(
                        OutcomeUnknownException,
                        f"Task {task_id} of action {action_id} can no longer be read, so its "
                        "outcome is unknown: Anaplan removes tasks when it unloads their model.",
                        candidates=[task_id],
                    ) from error
                if pause is None or not error.status_code:
                    raise
            await runtime.sleep(pause)
        raise AssertionError("unreachable: the last request returns or raises")

    async def cancel_task(
        self, action_id: int | str, task_id: str
    ) -> models.Task | models.CompletedTask:
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
        action = await self._action_url(action_id)
        await self._session.send("DELETE", f"{action}/tasks/{path_segment(task_id)}")
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
        action = await self._action_url(action_id)
        url = f"{action}/tasks/{path_segment(task_id)}/dump"
        ids = {**self._traced(names.ACTION_ID, action_id), names.TASK_ID: task_id}
        async with self._missing_dump(action_id, task_id):
            with _telemetry.begin(names.DOWNLOAD, ids) as span:
                content = content_of(await self._session.send("GET", url), _dump_of(task_id))
                _telemetry.count_bytes("download", len(content))
                span.set({names.SIZE: len(content), names.CHUNK_COUNT: 1})
                return content

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
        await self._action_url(process_id, "processes")
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
        url = await self._action_url(action_id)
        url += f"/tasks/{path_segment(task_id)}"
        url += "/dump" if object_id is None else f"/dumps/{path_segment(object_id)}"
        dump = download(
            self._session,
            url,
            _dump_of(task_id),
            lambda: self._list(_CHUNKS, f"{url}/chunks"),
            {**self._traced(names.ACTION_ID, action_id), names.TASK_ID: task_id},
        )
        async with self._missing_dump(action_id, task_id), aclosing(dump) as chunks:
            async for chunk in chunks:
                yield chunk

    @asynccontextmanager
    async def _missing_dump(self, action_id: int | str, task_id: str) -> AsyncGenerator[None]:
        """Distinguish a task without a dump (204, 400 or 404) from one that does not exist."""
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

    async def _action_url(self, action_id: int | str, only: str | None = None) -> str:
        """Return the URL of an action.

        Raises:
            InvalidIdentifierException: The id has no form that an id can have, is that of another
                kind of action, or is in none of the model's listings.
        """
        text = identifier(action_id)
        kind = _KINDS.get(text[:3]) if text.isdecimal() else None
        if kind is None and _ID.fullmatch(text):
            kind = await self._listed_kind(text, only)
        if kind is None or only not in (None, kind):
            expected = [f"{prefix} ({k})" for prefix, k in _KINDS.items() if only in (None, k)]
            kinds = only or "imports, exports, processes and other actions"
            advice = "" if text.isdecimal() else " client.resolve.action finds an id by its name."
            raise InvalidIdentifierException(
                f"{action_id!r} is not a valid id: it does not begin with "
                f"{' or '.join(expected)}, and none of the model's {kinds} has it.{advice}",
                not_performed=True,
            )
        return f"{self._model}/{kind}/{text}"

    async def _listed_kind(self, action_id: str, only: str | None) -> str | None:
        """Look for an id in the model's listings of actions."""
        known = self._shared.action_kinds
        key = self._model, action_id
        for listing in _LISTINGS:
            if key not in known and only in (None, listing.key):
                listed = await self._list(listing, f"{self._model}/{listing.key}")
                if any(str(each.get("id")) == action_id for each in listed):
                    known[key] = listing.key
        return known.get(key)


def describe_task(span: Operation, task: models.TaskSummary, url: str) -> None:
    """Describe a task in a trace.

    Args:
        span: The operation that the task belongs to.
        task: The task.
        url: The URL of its action, or of the action's tasks.
    """
    kind = url.removesuffix("/tasks").rsplit("/", 2)[-2]
    span.label({names.ACTION_TYPE: kind.removesuffix("es" if kind == "processes" else "s")})
    span.set(
        {
            names.TASK_ID: task.id,
            names.TASK_STATE: task.task_state,
            names.TASK_RECOVERED: task.recovered,
        }
    )
    if isinstance(task, models.CompletedTask) and task.result.successful is not None:
        span.set({names.TASK_SUCCESSFUL: task.result.successful})


def _dump_of(task_id: str) -> str:
    return f"The failure dump of task {task_id}"


def _reason(result: models.TaskResult) -> str:
    """Join Anaplan's messages about a failure, for a process those of its failed steps."""
    failed = [step for step in result.nested_results if step.successful is False] or [result]
    reasons: list[str] = []
    for step in failed:
        texts = [detail.local_message_text or detail.type for detail in step.details]
        name = f"{step.object_name}: " if step.object_name and step is not result else ""
        reasons.append(name + ("; ".join(filter(None, texts)) or "Anaplan gave no reason"))
    return " / ".join(reasons)
