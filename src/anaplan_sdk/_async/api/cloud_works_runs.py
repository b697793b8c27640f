"""Runs of CloudWorks' integrations, and the rows they rejected."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress
from http import HTTPStatus
from itertools import count

from pydantic import Field, TypeAdapter

from anaplan_sdk import _loggers, _telemetry
from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._async.transport.recovery import Created, ListedStart, Recovery
from anaplan_sdk._async.transport.run_record import RunRecord
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.csv_rows import RowReader, add_action_column
from anaplan_sdk._http.dates import optional_timestamp
from anaplan_sdk._http.paging import bounded
from anaplan_sdk._http.replies import content_of, decode, find_id
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.config import RunStore
from anaplan_sdk.exceptions import (
    AnaplanException,
    IntegrationRunException,
    InvalidIdentifierException,
    OutcomeUnknownException,
)
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._envelopes import ObjectReply
from anaplan_sdk.models.cloud_works import RunError, RunStatus, RunSummary
from anaplan_sdk.progress import Progress, ProgressCallback

# Seconds after which a failure without a code is read once more.
_REREAD_PAUSE = 1.0


class _History(AnaplanModel):
    runs: list[RunSummary] = Field(default=[])
    total_runs: int | None = None


class _Errors(AnaplanModel):
    # CloudWorks sends an array or a single object, which is empty when there are no errors.
    runs: list[RunError] | RunError = Field([])


_HISTORY = ObjectReply[_History]("history_of_runs", _History)
_STATUS = ObjectReply[RunStatus]("run", RunStatus)
_ERRORS = TypeAdapter(_Errors)

# CloudWorks refuses some requests by these statuses, with a reason.
REFUSAL_CODES = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)


class CloudRuns(ApiNamespace):
    """Running integrations, and reading the results and errors of their runs."""

    async def run_integration(
        self,
        integration_id: str,
        *,
        run_store: RunStore | str | os.PathLike[str] | None = None,
    ) -> str:
        """Start an integration, without waiting for its end.

        The integration is not started twice: when the reply to the request is lost, its run is
        looked up in the history, for up to the client's `settle_time` in seconds. If there is none
        by then, the request is repeated, but never after a 2xx or with the client's
        `strict_starts`. A run that was found this way has `recovered` set, wherever this client
        reads it: it may be another user's.

        Args:
            integration_id: The integration's id.
            run_store: The path of a file, or an object that keeps the record elsewhere, as RunStore
                describes it; None (the default) records nothing. The same call, made again after a
                crash, returns the same run, unless that has failed. Only one process at a time may
                use it.

        Returns:
            The run's id, which `wait_for_run` takes.

        Raises:
            InvalidArgumentException: `run_store` has the record of another run.
            ArgumentTypeException: `run_store` is neither a path nor a store.
            RunStoreException: The store can't be read or written; the integration was not started.
            InvalidIdentifierException: There is no such integration.
            AnaplanRequestException: The integration is already running (HTTP 409).
            OutcomeUnknownException: It is unknown whether the integration was started.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Run an Integration".
        """
        return await start_run(
            self._session,
            self._recovery,
            self,
            integration_id,
            f"{self._integration(integration_id)}/run",
            None,
            what=f"Integration {integration_id}",
            sources=("manual",),
            run_store=run_store,
        )

    @traced(names.INTEGRATION_WAIT, duration=names.TASK_DURATION)
    async def wait_for_run(
        self,
        run_id: str,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> RunStatus:
        """Wait until a run has ended.

        Args:
            run_id: The run's id.
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every poll of the run.

        Returns:
            The run at its end. A successful run may have rejected rows: then it has an
            `execution_error_code`, and `get_run_error` returns the messages of each action.

        Raises:
            InvalidArgumentException: `timeout` is negative.
            InvalidIdentifierException: There is no such run.
            OutcomeUnknownException: The run was removed while it was waited for.
            IntegrationRunException: The run failed or was cancelled; the exception has the run,
                and its errors where CloudWorks returns them.
            AnaplanTimeoutException: The run had not ended after `timeout` seconds.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get Run Status".
        """
        check_timeout(timeout)
        span = _telemetry.current()
        span.label({names.ACTION_TYPE: "integration"})
        span.set({names.RUN_ID: str(run_id)})

        seen = False
        failures = 0

        async def poll() -> RunStatus:
            nonlocal seen
            try:
                run = await self.get_run_status(run_id)
            except InvalidIdentifierException as error:
                if not seen:
                    raise
                raise error.as_type(
                    OutcomeUnknownException,
                    f"Run {run_id} can no longer be read, so its outcome is unknown.",
                    candidates=[run_id],
                    retryable=False,
                ) from error
            seen = True
            if on_progress is not None:
                on_progress(Progress(run.message or "running", float(run.has_ended), 1.0))
            return run

        def ended(run: RunStatus) -> RunStatus | None:
            nonlocal failures
            # How CloudWorks shows a run under way is not documented: a failure without a code is
            # read once more before it is reported.
            if run.has_ended and not run.success and run.execution_error_code is None:
                failures += 1
                return run if failures > 1 else None
            return run if run.has_ended else None

        run = await wait_until(
            poll,
            ended,
            delay=self._config.status_poll_delay,
            timeout=timeout,
            describe=lambda run: (
                f"Run {run_id} of integration {run.integration_id} "
                f"{'has ended' if run.has_ended else 'is under way'}"
            ),
            logger=_loggers.tasks,
        )
        if not run.success:
            reasons: RunError | None = None
            # Without the reasons the exception still says that the run failed.
            with suppress(AnaplanException):
                reasons = await self.get_run_error(run_id)
            message = [run.message, *_first_reason(reasons)]
            raise IntegrationRunException(
                f"Run {run_id} failed: {': '.join(filter(None, message))}", run=run, error=reasons
            )
        return run

    async def cancel_integration(self, integration_id: str) -> None:
        """Cancel the current run of an integration.

        Args:
            integration_id: The integration's id.

        Raises:
            AnaplanRequestException: The integration is not running (HTTP 409).
            InvalidIdentifierException: There is no such integration, or its run is only queued
                (HTTP 404).
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Cancel Running Integration".
        """
        await self._session.send("POST", f"{self._integration(integration_id)}/cancel")
        _loggers.tasks.info("The run of integration %s was cancelled", integration_id)

    async def get_run_history(self, integration_id: str) -> list[RunSummary]:
        """List the runs of an integration or a flow.

        Args:
            integration_id: The id of the integration or the flow.

        Returns:
            The runs, in CloudWorks' order. Those without an end date are still running or queued.

        Raises:
            InvalidIdentifierException: There is no such integration.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get History of Integration Runs".
        """
        url = f"{self._root}/runs/{path_segment(integration_id)}"
        runs: list[RunSummary] = []
        for _ in bounded(count(), self._max_pages):
            page: dict[str, str] = {
                "offset": str(len(runs)),
                "limit": str(self._config.page_size),
            }
            history = await self._get(_HISTORY, url, **page)
            runs += history.runs
            if not history.runs or len(runs) >= (history.total_runs or 0):
                break
        return [self._recovery.mark(run) for run in runs]

    async def get_run_status(self, run_id: str) -> RunStatus:
        """Return the state of a run.

        Args:
            run_id: The run's id.

        Returns:
            The run; its `has_ended` is True once `success` is final.

        Raises:
            InvalidIdentifierException: There is no such run.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get Run Status".
        """
        return self._recovery.mark(await self._get(_STATUS, self._run(run_id)))

    async def get_run_error(self, run_id: str) -> RunError | None:
        """Return the errors of a run, by action.

        Args:
            run_id: The run's id.

        Returns:
            The errors; None when there were none.

        Raises:
            InvalidIdentifierException: There is no such run.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get Integration Run Errors".
        """
        response = await self._session.send("GET", f"{self._root}/runerror/{path_segment(run_id)}")
        runs = decode(_ERRORS, response).runs
        if isinstance(runs, list):
            return runs[0] if runs else None
        return runs if runs.model_fields_set else None

    async def get_import_error_dump(self, run_id: str) -> bytes:
        """Download the rows that the import of a run rejected.

        Args:
            run_id: The run's id, of an integration with an import.

        Returns:
            CSV with the rejected rows, their line numbers and errors.

        Raises:
            FileContentMissingException: Anaplan says that there is no dump (204).
            InvalidIdentifierException: There is no such run, or it rejected no rows.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get an Import Error Log".
        """
        reply = await self._session.send("GET", f"{self._run(run_id)}/dumps")
        return content_of(reply, f"The failure dump of run {run_id}")

    async def get_process_error_dump(self, run_id: str, action_id: int | str) -> bytes:
        """Download the rows that one import of a process rejected.

        Args:
            run_id: The run's id, of an integration with a process.
            action_id: The import, as the run's errors name it.

        Returns:
            CSV with the rejected rows, their line numbers and errors.

        Raises:
            FileContentMissingException: Anaplan says that there is no dump (204).
            InvalidIdentifierException: There is no such run or import, or it rejected no rows.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get a Process Error Log".
        """
        url = f"{self._run(run_id)}/process/import/{path_segment(action_id)}/dumps"
        reply = await self._session.send("GET", url)
        return content_of(reply, f"The failure dump of import {action_id} in run {run_id}")

    async def get_import_error_rows(
        self, run_id: str, action_id: int | str | None = None
    ) -> AsyncGenerator[dict[str, str]]:
        """Iterate over the rows that one import of a run rejected.

        The dump is downloaded as a whole. Bytes that are not UTF-8 are replaced by U+FFFD, a
        second column of the same name is called `Name (2)`, and values beyond the header are
        called `Column 5` and so on, by their position.

        Args:
            run_id: The run's id.
            action_id: The import, for the run of a process; None (the default) for the run of an
                import.

        Yields:
            The values of each row by column, with its line number in `_Line_` and its errors in
            `_Error_1_` and following columns.

        Raises:
            FileContentMissingException: Anaplan says that there is no dump (204).
            InvalidIdentifierException: There is no such run or import, or it rejected no rows.
            AnaplanResponseException: The dump is not valid CSV.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get an Import Error Log" and "Get a Process Error
        Log".
        """
        reader = RowReader()
        dump = (
            await self.get_import_error_dump(run_id)
            if action_id is None
            else await self.get_process_error_dump(run_id, action_id)
        )
        for row in reader.feed(dump):
            yield row
        for row in reader.finish():
            yield row

    async def get_process_error_rows(self, run_id: str) -> AsyncGenerator[dict[str, str]]:
        """Iterate over the rows that all imports of a process rejected.

        The dumps are downloaded one after the other, each as a whole. Bytes that are not UTF-8
        are replaced by U+FFFD, a second column of the same name is called `Name (2)`, and values
        beyond the header are called `Column 5` and so on, by their position.

        Args:
            run_id: The run's id, of an integration with a process.

        Yields:
            The values of each row by column: first the name of its import in `_Action_`, then its
            columns, with its line number in `_Line_` and its errors in `_Error_1_` and following
            columns.

        Raises:
            InvalidIdentifierException: There is no such run.
            AnaplanResponseException: A dump is not valid CSV.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get Integration Run Errors" and "Get a Process Error
        Log".
        """
        error = await self.get_run_error(run_id)
        for action in error.error_messages if error else ():
            if action.failure_dump_generated:
                name = action.action_name or str(action.action_id)
                async with aclosing(self.get_import_error_rows(run_id, action.action_id)) as rows:
                    async for row in rows:
                        yield add_action_column(name, row)

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.cloud_works}/integrations"

    def _integration(self, integration_id: str) -> str:
        return f"{self._root}/{path_segment(integration_id)}"

    def _run(self, run_id: str) -> str:
        return f"{self._root}/run/{path_segment(run_id)}"


async def start_run(
    session: Session,
    recovery: Recovery,
    runs: CloudRuns,
    source_id: str,
    url: str,
    body: Mapping[str, object] | None,
    *,
    what: str,
    sources: Collection[str],
    run_store: RunStore | str | os.PathLike[str] | None,
) -> str:
    """Start an integration or a flow, and look its run up if the reply is lost.

    Args:
        session: Sends the requests.
        recovery: Finds the run if the reply is lost.
        runs: Lists the runs.
        source_id: What is started.
        url: Where runs are started.
        body: The body of the request.
        what: Name of what is started, for messages.
        sources: The trigger sources that the history has for runs started this way.
        run_store: Where the start is recorded for other processes.

    Returns:
        The run's id.
    """

    async def send() -> Created:
        return Created(find_id(await session.send("POST", url, json=body), "runId", "id"))

    def started_at(run: RunSummary) -> float | None:
        return optional_timestamp(run.start_date or run.last_run)

    def matches(run: RunSummary) -> bool:
        if run.trigger_source and run.trigger_source not in sources:
            return False
        # A queued run has no date yet.
        return started_at(run) is not None or run.end_date is None

    start = ListedStart(
        find=lambda: runs.get_run_history(source_id),
        created_at=started_at,
        matches=matches,
        key=url,
        what=what,
        repeat=True,
        is_new_if_undated=True,
        refusal_codes=REFUSAL_CODES,
    )
    record = None
    if run_store is not None:
        record = await runtime.run_in_thread(RunRecord, run_store, url)
        if record.started_id is None:
            resumed = await recovery.resume(start, record)
            if resumed is not None:
                return resumed.id
        elif await _has_failed(runs, record.started_id, what):
            await runtime.run_in_thread(record.clear)
        else:
            return record.started_id
    run = await recovery.start(send, start, record)
    return run.id


async def _has_failed(runs: CloudRuns, run_id: str, what: str) -> bool:
    """Whether a run that an earlier process has started has failed."""
    # As in `wait_for_run`, a failure without a code is read once more.
    for pause in (_REREAD_PAUSE, None):
        try:
            run = await runs.get_run_status(run_id)
        except InvalidIdentifierException as error:
            raise error.as_type(
                OutcomeUnknownException,
                f"{what} was started as run {run_id}, which can no longer be read, so its "
                "outcome is unknown.",
                candidates=[run_id],
                retryable=False,
                not_performed=False,
            ) from error
        if run.success or not run.has_ended:
            return False
        if pause is None or run.execution_error_code is not None:
            return True
        await runtime.sleep(pause)
    raise AssertionError("unreachable: the last request returns or raises")


def _first_reason(error: RunError | None) -> list[str]:
    """Return the name of the first action with an error, and its first message."""
    for action in error.error_messages if error else ():
        for detail in action.error_message:
            return [action.action_name, (detail.local_message_text or "").strip()]
    return []
