"""Imports, exports, processes and other actions: their definitions, and running them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict, Unpack, overload

from anaplan_sdk import _loggers, _telemetry, models
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.namespace import json_body, sort_params
from anaplan_sdk._async.api.tasks import TASK, TASKS, Tasks, describe_task
from anaplan_sdk._async.transport.recovery import ListedStart, created_at, waiting_for_task
from anaplan_sdk._async.transport.run_record import RunRecord
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._http.replies import decode_started
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.config import RunStore
from anaplan_sdk.models._envelopes import ListReply, ObjectReply
from anaplan_sdk.progress import ProgressCallback

_IMPORTS = ListReply("imports", lambda: models.Import)
_EXPORTS = ListReply("exports", lambda: models.Export)
_PROCESSES = ListReply("processes", lambda: models.Process)
_ACTIONS = ListReply("actions", lambda: models.Action)
_IMPORT = ObjectReply["models.ImportMetadata"]("importMetadata", lambda: models.ImportMetadata)
_EXPORT = ObjectReply["models.ExportMetadata"]("exportMetadata", lambda: models.ExportMetadata)
_PROCESS = ObjectReply["models.ProcessMetadata"]("processMetadata", lambda: models.ProcessMetadata)
_ACTION = ObjectReply["models.ActionMetadata"]("action", lambda: models.ActionMetadata)


class RunOptions(TypedDict, total=False):
    """The options of `run_action`, for the methods that pass them on to it.

    Attributes:
        locale: The locale in which numbers and dates of a source are read; "en_US" by default.
        mapping_parameters: Values for the mappings that an import asks for each time it runs.
        connector_parameters: Parameters of imports that read through a connector.
        timeout: Seconds to wait for the end; None (the default) waits without limit.
        on_progress: Called with a Progress for every status of the task.
        run_store: Where the run is recorded, so that another process resumes it.
    """

    locale: str
    mapping_parameters: Iterable[models.MappingParameter | Mapping[str, str]]
    connector_parameters: Iterable[models.ConnectorParameter | Mapping[str, str]]
    timeout: float | None
    on_progress: ProgressCallback | None
    run_store: RunStore | str | os.PathLike[str] | None


class Actions(Tasks):
    """A model's imports, exports, processes and other actions."""

    async def get_imports(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[models.Import]:
        """List the model's imports that the user's model role can see.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The imports, with their sources.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Import Actions".
        """
        return await self._list(
            _IMPORTS, f"{self._model}/imports", **sort_params(sort_by, descending)
        )

    async def get_exports(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[models.Export]:
        """List the model's exports that the user's model role can see.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The exports, with their formats.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Export Actions".
        """
        return await self._list(
            _EXPORTS, f"{self._model}/exports", **sort_params(sort_by, descending)
        )

    async def get_processes(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[models.Process]:
        """List the model's processes that the user's model role can see.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The processes.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Process Actions".
        """
        return await self._list(
            _PROCESSES, f"{self._model}/processes", **sort_params(sort_by, descending)
        )

    async def get_actions(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[models.Action]:
        """List the model's other actions (ids 117…) that the user's model role can see.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The actions.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Get model actions".
        """
        return await self._list(
            _ACTIONS, f"{self._model}/actions", **sort_params(sort_by, descending)
        )

    async def get_import(self, import_id: int | str) -> models.ImportMetadata:
        """Return the definition of an import: the columns of its source file and the file's format.

        Args:
            import_id: The import (112…).

        Returns:
            The definition. It has no `source` if the import reads from another model.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The id is not that of an import, or there is no such import.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Import Actions".
        """
        return await self._get(_IMPORT, await self._action_url(import_id, "imports"))

    async def get_export(self, export_id: int | str) -> models.ExportMetadata:
        """Return the definition of an export: its columns, their types and the format.

        Args:
            export_id: The export (116…).

        Returns:
            The definition; its `row_count` is an estimate.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The id is not that of an export, or there is no such export.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Get the export definitions for the specified modelId".
        """
        return await self._get(_EXPORT, await self._action_url(export_id, "exports"))

    async def get_process(self, process_id: int | str) -> models.ProcessMetadata:
        """Return the definition of a process.

        Args:
            process_id: The process (118…).

        Returns:
            The definition: the actions in their order, imports with the files they read.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The id is not that of a process, or there is no such
                process.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Process Actions".
        """
        url = await self._action_url(process_id, "processes")
        return await self._get(_PROCESS, url, showImportDataSource="true")

    async def get_action(self, action_id: int | str) -> models.ActionMetadata:
        """Return the definition of an action other than an import, export or process.

        Args:
            action_id: The action (117…).

        Returns:
            The definition; its fields depend on the type of the action.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The id is not that of such an action, or there is none.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Get model actions".
        """
        return await self._get(_ACTION, await self._action_url(action_id, "actions"))

    @overload
    async def run_action(
        self,
        action_id: int | str,
        wait_for_completion: Literal[True] = True,
        **options: Unpack[RunOptions],
    ) -> models.CompletedTask: ...

    @overload
    async def run_action(
        self, action_id: int | str, wait_for_completion: bool, **options: Unpack[RunOptions]
    ) -> models.Task | models.CompletedTask: ...

    @traced(names.ACTION)
    async def run_action(
        self,
        action_id: int | str,
        wait_for_completion: bool = True,
        *,
        locale: str = "en_US",
        mapping_parameters: Iterable[models.MappingParameter | Mapping[str, str]] = (),
        connector_parameters: Iterable[models.ConnectorParameter | Mapping[str, str]] = (),
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
        run_store: RunStore | str | os.PathLike[str] | None = None,
    ) -> models.Task | models.CompletedTask:
        """Run an import, an export, another action or a process, and wait until it has ended.

        The SDK does not start the action twice. If the outcome of the start is unknown, for example
        after a lost connection, the SDK looks for the new task in the action's task list for up to
        the client's `settle_time` and continues with it: the task's `recovered` is True then, since
        it may be another user's. Only if there is none is the action started again, and never
        after a reply with a 2xx. With the client's `strict_starts` it is never recovered or started
        again.

        With a `run_store` this is true of several processes. The tasks that Anaplan lists are
        recorded there before the start, the new task after it, and its result at the end. The same
        call, made again after a crash, looks for the new task, waits for it, and returns its
        result; it starts the action only if it was not started, or if it has failed. So a store is
        for one run: to run the action again tomorrow, use another.

        While it waits, the task's status is requested after 0.1 seconds at first, then at growing
        intervals of at most the client's `status_poll_delay`.

        Args:
            action_id: The import (112…), export (116…), other action (117…) or process (118…).
            wait_for_completion: Whether to wait until the task has ended (default).
            locale: The locale in which numbers and dates of a source are read.
            mapping_parameters: Values for the mappings that an import asks for each time it runs.
            connector_parameters: Parameters of imports that read through a connector.
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every status of the task: its current step, and
                a share from 0 to 1.
            run_store: The path of a file, or an object that keeps the record elsewhere, as RunStore
                describes it; None (the default) records nothing. Only one process at a time may use
                it.

        Returns:
            The successful task. An import may nevertheless have rejected rows: see its `dumps`.
            Without waiting, the task as it was created or, with a `run_store`, as it is now.

        Raises:
            InvalidArgumentException: `timeout` is negative, a parameter is incomplete, `run_store`
                has the record of another run, or the client has no model.
            ArgumentTypeException: `run_store` is neither a path nor a store.
            RunStoreException: The store can't be read or written; the action was not started.
            InvalidIdentifierException: The id is not that of an action, or there is no such action.
            OutcomeUnknownException: It is unknown whether the action was started, which task is its
                own, or how the task has ended.
            AnaplanActionError: The action failed; the error has the task and its dumps.
            AnaplanActionCancelledException: The task was cancelled.
            AnaplanTimeoutException: The task did not end within `timeout`.
            AnaplanException: The request failed; see the subclasses. If the action was started, the
                error has its `task_id`.

        Source: Anaplan Integration API V2 guide, "Import Actions", "Export Actions" and "Process
        Actions".
        """
        check_timeout(timeout)
        span = _telemetry.current()
        span.set(self._traced(names.ACTION_ID, action_id))
        url = await self._action_url(action_id) + "/tasks"
        body: dict[str, object] = {"localeName": locale}
        for name, model, values in (
            ("mappingParameters", models.MappingParameter, mapping_parameters),
            ("connectorParameters", models.ConnectorParameter, connector_parameters),
        ):
            if answers := [json_body(model, value) for value in values]:
                body[name] = answers
        record = await self._record_of(action_id, run_store)
        task = None if record is None else await self._recorded_task(action_id, url, record)
        if task is None:
            task = await self._start(action_id, url, body, record)
        describe_task(span, task, url)
        if record is not None and record.completed is not None:
            return task
        if not wait_for_completion:
            return task
        is_recorded = record is not None
        with waiting_for_task(f"Action {action_id}", task.id, is_recorded=is_recorded):
            completed = await self._wait_for_task(action_id, task.id, timeout, on_progress, record)
        describe_task(span, completed, url)
        return completed

    async def get_recorded_task(
        self, action_id: int | str, run_store: RunStore | str | os.PathLike[str]
    ) -> models.Task | models.CompletedTask | None:
        """Return the task that an earlier process has started with a run store.

        A process that prepares a run, for example by uploads, asks this first. If the earlier
        process ended before it recorded its task, that is looked up among the action's tasks, for
        up to the client's `settle_time`.

        Args:
            action_id: The import (112…), export (116…), other action (117…) or process (118…).
            run_store: The path of a file, or an object that keeps the record elsewhere, as RunStore
                describes it.

        Returns:
            The task as it is now, or as it was recorded at its successful end; None if nothing was
            started, or the task has failed or was cancelled: `run_action` starts the action then.

        Raises:
            InvalidArgumentException: `run_store` has the record of another run, or the client has
                no model.
            ArgumentTypeException: `run_store` is neither a path nor a store.
            RunStoreException: The store can't be read.
            InvalidIdentifierException: The id is not that of an action, or there is no such action.
            OutcomeUnknownException: It is unknown whether the action was started, which task is its
                own, or how the task has ended.
            AnaplanException: The request failed; see the subclasses.
        """
        record = await self._record_of(action_id, run_store)
        if record is None:
            return None
        url = await self._action_url(action_id) + "/tasks"
        return await self._recorded_task(action_id, url, record)

    async def _recorded_task(
        self, action_id: int | str, url: str, record: RunRecord
    ) -> models.Task | models.CompletedTask | None:
        """Return the task that an earlier process has started; None if it has to be started.

        Raises:
            OutcomeUnknownException: It is unknown whether it was started, or how it ended.
        """
        if record.completed is not None:
            return record.completed
        if record.started_id is None:
            listed = await self._recovery.resume(self._listed_start(action_id, url), record)
            return None if listed is None else _as_task(self._recovery.mark(listed))
        with waiting_for_task(f"Action {action_id}", record.started_id):
            task = await self._status_of_started(action_id, record.started_id, was_seen=False)
        is_failure = isinstance(task, models.CompletedTask) and task.result.successful is False
        if is_failure or task.task_state in ("CANCELLING", "CANCELLED"):
            _loggers.tasks.info(
                "Task %s of action %s has failed or was cancelled: starting the action again",
                task.id,
                action_id,
            )
            await runtime.run_in_thread(record.clear)
            return None
        return task

    async def _start(
        self, action_id: int | str, url: str, body: dict[str, object], record: RunRecord | None
    ) -> models.Task:
        async def send() -> models.Task | models.CompletedTask:
            response = await self._session.send("POST", url, json=body)
            return decode_started(
                TASK.adapter, response, lambda task_id: models.Task(id=task_id), "taskId", "id"
            )

        task = await self._recovery.start(send, self._listed_start(action_id, url), record)
        return self._recovery.mark(_as_task(task))

    def _listed_start(self, action_id: int | str, url: str) -> ListedStart[models.TaskSummary]:
        return ListedStart(
            find=lambda: self._list(TASKS, url),
            created_at=created_at,
            key=url,  # Other models have actions with the same ids.
            what=f"Action {identifier(action_id)}",
            repeat=True,
        )


def _as_task(task: models.TaskSummary) -> models.Task:
    return task if isinstance(task, models.Task) else models.Task.model_validate(task.model_dump())
