"""Imports, exports, processes and other actions: what they are, running them, what they refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, overload

from anaplan_sdk import models
from anaplan_sdk._async.api.namespace import body_of, sorting
from anaplan_sdk._async.api.tasks import TASK, TASKS, Tasks
from anaplan_sdk._async.transport.polling import check_timeout
from anaplan_sdk._async.transport.recovery import once
from anaplan_sdk._http.replies import decode
from anaplan_sdk.exceptions import AnaplanActionError, AnaplanException
from anaplan_sdk.models._envelopes import Listing, Single
from anaplan_sdk.progress import ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk.models import (
        Action,
        ActionMetadata,
        CompletedTask,
        ConnectorParameter,
        Export,
        ExportMetadata,
        Import,
        ImportMetadata,
        MappingParameter,
        Process,
        ProcessMetadata,
        Task,
    )

_IMPORTS = Listing("imports", lambda: models.Import)
_EXPORTS = Listing("exports", lambda: models.Export)
_PROCESSES = Listing("processes", lambda: models.Process)
_ACTIONS = Listing("actions", lambda: models.Action)
_IMPORT = Single["ImportMetadata"]("importMetadata", lambda: models.ImportMetadata)
_EXPORT = Single["ExportMetadata"]("exportMetadata", lambda: models.ExportMetadata)
_PROCESS = Single["ProcessMetadata"]("processMetadata", lambda: models.ProcessMetadata)
_ACTION = Single["ActionMetadata"]("action", lambda: models.ActionMetadata)


class RunOptions(TypedDict, total=False):
    """How an action is run, as `run_action` tells."""

    locale: str
    mapping_parameters: Iterable[MappingParameter | Mapping[str, str]]
    connector_parameters: Iterable[ConnectorParameter | Mapping[str, str]]
    timeout: float | None
    on_progress: ProgressCallback | None


class Actions(Tasks):
    """Imports, exports, processes and other actions."""

    async def get_imports(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[Import]:
        """Lists the model's imports that this user's role can see."""
        return await self._list(_IMPORTS, f"{self._model}/imports", **sorting(sort_by, descending))

    async def get_exports(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[Export]:
        """Lists the model's exports that this user's role can see."""
        return await self._list(_EXPORTS, f"{self._model}/exports", **sorting(sort_by, descending))

    async def get_processes(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[Process]:
        """Lists the model's processes that this user's role can see."""
        return await self._list(
            _PROCESSES, f"{self._model}/processes", **sorting(sort_by, descending)
        )

    async def get_actions(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[Action]:
        """Lists the model's other actions (ids 117…) that this user's role can see."""
        return await self._list(_ACTIONS, f"{self._model}/actions", **sorting(sort_by, descending))

    async def get_import(self, import_id: int | str) -> ImportMetadata:
        """An import's definition, with the columns of its file and how the file is read."""
        return await self._get(_IMPORT, self._url_of(import_id, "imports"))

    async def get_export(self, export_id: int | str) -> ExportMetadata:
        """An export's definition, with its columns."""
        return await self._get(_EXPORT, self._url_of(export_id, "exports"))

    async def get_process(self, process_id: int | str) -> ProcessMetadata:
        """A process's definition: its actions in order, imports with the files they read."""
        url = self._url_of(process_id, "processes")
        return await self._get(_PROCESS, url, showImportDataSource="true")

    async def get_action(self, action_id: int | str) -> ActionMetadata:
        """The definition of an action that is no import, export or process."""
        return await self._get(_ACTION, self._url_of(action_id, "actions"))

    @overload
    async def run_action(
        self,
        action_id: int | str,
        wait_for_completion: Literal[True] = True,
        **options: Unpack[RunOptions],
    ) -> CompletedTask: ...

    @overload
    async def run_action(
        self, action_id: int | str, wait_for_completion: bool, **options: Unpack[RunOptions]
    ) -> Task | CompletedTask: ...

    async def run_action(
        self,
        action_id: int | str,
        wait_for_completion: bool = True,
        *,
        locale: str = "en_US",
        mapping_parameters: Iterable[MappingParameter | Mapping[str, str]] = (),
        connector_parameters: Iterable[ConnectorParameter | Mapping[str, str]] = (),
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Task | CompletedTask:
        """Runs an import (112…), export (116…), other action (117…) or process (118…).

        A start that gets no clear answer is not simply repeated: the action's tasks are watched for
        the client's `settle_time`, and the one that was started is adopted. Only if there is none
        by then is it started again.

        Args:
            action_id: The action; its kind follows from the first three digits.
            wait_for_completion: False returns as soon as the task exists; see `wait_for_task`.
            locale: How numbers and dates of the source are read.
            mapping_parameters: Answers to what an import asks each time it runs.
            connector_parameters: The same for imports through a connector.
            timeout: Seconds to wait for the end; no limit when not given.
            on_progress: Told of every look at the task.

        Returns:
            The finished task. Rows may have been refused even so: see its `dumps`. Without waiting,
            the task as it was created.

        Raises:
            InvalidIdentifierException: The id has another form, or there is no such action.
            AnaplanActionError: The action failed; the error carries the task and its dumps.
            AnaplanActionCancelledException: Someone cancelled the task.
            AnaplanTimeoutException: It took longer than `timeout`; it goes on at Anaplan.
            AnaplanException: Waiting failed in another way; `task_id` tells what was started, for
                `wait_for_task`.
            OutcomeUnknownException: It can't be told whether the action was started.
        """
        check_timeout(timeout)
        url = f"{self._url_of(action_id)}/tasks"
        body: dict[str, object] = {"localeName": locale}
        for name, model, values in (
            ("mappingParameters", models.MappingParameter, mapping_parameters),
            ("connectorParameters", models.ConnectorParameter, connector_parameters),
        ):
            if answers := [body_of(model, value) for value in values]:
                body[name] = answers
        task = await self._start(str(action_id), url, body)
        if not wait_for_completion:
            return task
        try:
            return await self.wait_for_task(
                action_id, task.id, timeout=timeout, on_progress=on_progress
            )
        except AnaplanException as error:
            # Whatever failed, it was the wait: running the action again would start it twice.
            error.task_id = task.id
            error.retryable = error.not_performed = False
            if not isinstance(error, AnaplanActionError):
                error.add_note(f"Action {action_id} was started as task {task.id}; it may go on.")
            raise

    async def _start(self, action_id: str, url: str, body: dict[str, object]) -> Task:
        async def send() -> Task | CompletedTask:
            return decode(TASK.adapter, await self._session.send("POST", url, json=body)).value

        task = await once(
            self._session,
            send,
            lambda: self._list(TASKS, url),
            lambda task, since: task.creation_time >= since,
            key=url,  # Ids recur in other models.
            what=f"Action {action_id} may have been started",
            settle_time=self._settings.settle_time,
            repeats=True,
        )
        return (
            task if isinstance(task, models.Task) else models.Task.model_validate(task.model_dump())
        )
