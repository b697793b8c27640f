"""Runs of CloudWorks's integrations, and what they refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress

from pydantic import Field, TypeAdapter

from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._async.transport.polling import check_timeout, wait_until
from anaplan_sdk._async.transport.recovery import Made, once
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.csv_rows import RowReader, named_after
from anaplan_sdk._http.dates import stamp
from anaplan_sdk._http.replies import decode
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.config import ClientConfig
from anaplan_sdk.exceptions import AnaplanException, IntegrationRunException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._envelopes import Single
from anaplan_sdk.models.cloud_works import RunError, RunStatus, RunSummary
from anaplan_sdk.progress import Progress, ProgressCallback


class _History(AnaplanModel):
    runs: list[RunSummary] = Field([])
    total_runs: int | None = None


class _Errors(AnaplanModel):
    # An empty object stands for no errors.
    runs: list[RunError] | AnaplanModel = Field([])


class _Run(AnaplanModel):
    id: str


_HISTORY = Single[_History]("history_of_runs", _History)
_STATUS = Single[RunStatus]("run", RunStatus)
_RUN = Single[_Run]("run", _Run)
_ERRORS = TypeAdapter(_Errors)


class CloudRuns(ApiNamespace):
    """Running integrations, and what becomes of it."""

    async def run_integration(self, integration_id: str) -> str:
        """Starts an integration.

        A start that gets no clear answer is not simply repeated: the history is watched for the
        client's `settle_time`, and the run that was started is adopted. Only if there is none by
        then is it started again.

        Returns:
            The run's id, for `wait_for_run` and the others.

        Raises:
            AnaplanRequestException: It is running already (409).
            OutcomeUnknownException: It can't be told whether it was started.
        """
        return await start_run(
            self._session,
            self._settings,
            f"{self._integration(integration_id)}/run",
            None,
            lambda: self.get_run_history(integration_id),
            what=f"Integration {integration_id}",
            sources=("manual",),
        )

    async def wait_for_run(
        self,
        run_id: str,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> RunStatus:
        """Waits for a run's end.

        Args:
            run_id: The run.
            timeout: Seconds to wait; no limit when not given.
            on_progress: Told of every look at the run.

        Returns:
            The run as it ended. An import in it may have refused rows even so: see
            `execution_error_code` and `get_run_error`.

        Raises:
            IntegrationRunException: The run failed or was cancelled; the error carries it, and what
                CloudWorks tells of the reasons.
            AnaplanTimeoutException: It took longer than `timeout`; it goes on at Anaplan.
        """
        check_timeout(timeout)

        async def look() -> RunStatus:
            run = await self.get_run_status(run_id)
            if on_progress is not None:
                on_progress(Progress(run.message or "running", float(run.has_ended), 1.0))
            return run

        run = await wait_until(
            look,
            lambda run: run if run.has_ended else None,
            delay=self._settings.status_poll_delay,
            timeout=timeout,
            overdue=lambda run: f"Run {run_id} of integration {run.integration_id} is under way",
        )
        if not run.success:
            reasons: RunError | None = None
            # That the run failed is known without them.
            with suppress(AnaplanException):
                reasons = await self.get_run_error(run_id)
            words = [run.message, *_reasons(reasons)]
            raise IntegrationRunException(
                f"Run {run_id} failed: {': '.join(filter(None, words))}", run=run, error=reasons
            )
        return run

    async def cancel_integration(self, integration_id: str) -> None:
        """Cancels an integration's run.

        Raises:
            AnaplanRequestException: It isn't running (409).
            InvalidIdentifierException: No such integration, or its run is only queued (404).
        """
        await self._session.send("POST", f"{self._integration(integration_id)}/cancel")

    async def get_run_history(self, integration_id: str) -> list[RunSummary]:
        """Lists an integration's runs."""
        url = f"{self._root}/runs/{segment(integration_id)}"
        runs: list[RunSummary] = []
        while True:
            page: dict[str, str] = {
                "offset": str(len(runs)),
                "limit": str(self._settings.page_size),
            }
            history = await self._get(_HISTORY, url, **page)
            runs += history.runs
            if not history.runs or len(runs) >= (history.total_runs or 0):
                return runs

    async def get_run_status(self, run_id: str) -> RunStatus:
        """How a run stands.

        Raises:
            InvalidIdentifierException: No such run.
        """
        return await self._get(_STATUS, self._run(run_id))

    async def get_run_error(self, run_id: str) -> RunError | None:
        """What went wrong in a run; `None` when nothing did."""
        response = await self._session.send("GET", f"{self._root}/runerror/{segment(run_id)}")
        runs = decode(_ERRORS, response).runs
        return runs[0] if isinstance(runs, list) and runs else None

    async def get_import_error_dump(self, run_id: str) -> bytes:
        """The rows that the import of a run refused, as CSV with lines and reasons.

        Raises:
            InvalidIdentifierException: No such run, or it refused nothing.
        """
        return (await self._session.send("GET", f"{self._run(run_id)}/dumps")).content

    async def get_process_error_dump(self, run_id: str, action_id: int | str) -> bytes:
        """The rows that one import of a process's run refused, as CSV with lines and reasons.

        Raises:
            InvalidIdentifierException: No such run or import, or it refused nothing.
        """
        url = f"{self._run(run_id)}/process/import/{segment(action_id)}/dumps"
        return (await self._session.send("GET", url)).content

    async def get_error_rows(
        self, run_id: str, action_id: int | str | None = None
    ) -> AsyncGenerator[dict[str, str]]:
        """The rows that a run refused, by column name, as `get_dump_rows` gives them.

        Args:
            run_id: The run.
            action_id: Of a process's run, the import that refused them.
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
        """What all imports of a process's run refused, as `get_process_dump_rows` gives it.

        Args:
            run_id: The run of an integration that runs a process.

        Raises:
            InvalidIdentifierException: No such run.
        """
        error = await self.get_run_error(run_id)
        for action in error.error_messages if error else ():
            if action.failure_dump_generated:
                name = action.action_name or str(action.action_id)
                async with aclosing(self.get_error_rows(run_id, action.action_id)) as rows:
                    async for row in rows:
                        yield named_after(name, row)

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.cloud_works}/integrations"

    def _integration(self, integration_id: str) -> str:
        return f"{self._root}/{segment(integration_id)}"

    def _run(self, run_id: str) -> str:
        return f"{self._root}/run/{segment(run_id)}"


async def start_run(
    session: Session,
    settings: ClientConfig,
    url: str,
    body: Mapping[str, object] | None,
    history: runtime.Poll[list[RunSummary]],
    *,
    what: str,
    sources: Collection[str],
) -> str:
    """Starts an integration or a flow once, and returns the run's id.

    Args:
        session: Sends.
        settings: Say how long to look for a run.
        url: Where runs are started.
        body: What is sent.
        history: Lists the runs.
        what: What is started.
        sources: What the history says of runs that were started in this way.
    """

    async def send() -> Made:
        run = decode(_RUN.adapter, await session.send("POST", url, json=body)).value
        return Made(run.id)

    def is_ours(run: RunSummary, since: float) -> bool:
        if run.trigger_source and run.trigger_source not in sources:
            return False
        started = run.start_date or run.last_run
        # One that waits its turn has no date yet.
        return run.end_date is None if started is None else 1000 * stamp(started) >= since

    run = await once(
        session,
        send,
        history,
        is_ours,
        key=url,
        what=f"{what} may have been started",
        settle_time=settings.settle_time,
        repeats=True,
        words_refusals=True,
    )
    return run.id


def _reasons(error: RunError | None) -> list[str]:
    """The first action that complained, and its first complaint."""
    for action in error.error_messages if error else ():
        for complaint in action.error_message:
            return [action.action_name, (complaint.local_message_text or "").strip()]
    return []
