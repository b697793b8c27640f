"""How much two revisions of a model's structure differ, and the waiting that ALM's tasks share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeVar, overload

import httpx2

from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._async.transport.polling import check_timeout, wait_until
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Repeat
from anaplan_sdk.exceptions import (
    AnaplanResponseException,
    ModelUnavailableException,
    SynchronizationException,
)
from anaplan_sdk.models import (
    CompletedReportTask,
    CompletedSyncTask,
    PendingTask,
    ReportTask,
    SummaryReport,
)
from anaplan_sdk.models._envelopes import Single
from anaplan_sdk.progress import Progress, ProgressCallback

_REPORT = Single[PendingTask | CompletedReportTask]("task", ReportTask)
_SUMMARY = Single[SummaryReport]("summaryReport", SummaryReport)
_SECTION = re.compile(r"^=== *(.+?) *===[ \t]*\r?\n?", re.MULTILINE)

Kind = Literal["comparisonReport", "summaryReport"]
P = TypeVar("P", bound=PendingTask)
C = TypeVar("C", bound=CompletedSyncTask)


class Comparisons(ApiNamespace):
    """Comparisons of a revision of the client's model with another one."""

    @overload
    async def create_comparison_report(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: Literal[True] = True,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> CompletedReportTask: ...

    @overload
    async def create_comparison_report(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: bool,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> PendingTask | CompletedReportTask: ...

    async def create_comparison_report(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: bool = True,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> PendingTask | CompletedReportTask:
        """Lets Anaplan list every difference of two revisions; `get_comparison_report` reads it.

        Arguments are those of `sync_models`.

        Raises:
            SynchronizationException: The comparison failed.
            AnaplanTimeoutException: It took longer than `timeout`; it goes on at Anaplan.
        """
        ids = three_ids(source_revision_id, source_model_id, target_revision_id)
        return await self._compare(
            "comparisonReport", ids, wait_for_completion, timeout, on_progress
        )

    async def get_comparison_report_task(self, task_id: str) -> PendingTask | CompletedReportTask:
        """How a comparison stands; it has a result once it has ended."""
        return await self._report_task("comparisonReport", task_id)

    async def get_comparison_report(self, task: PendingTask | CompletedReportTask) -> bytes:
        """A comparison report: UTF-8 text with tabs, in sections; kept for 48 hours.

        A task that is still pending is waited for.

        Raises:
            SynchronizationException: The comparison failed.
        """
        task = await self._report_end("comparisonReport", task, None, None)
        response = await self._hinted(
            "GET", _report_url(self._alm, "comparisonReport", task), accept="*/*"
        )
        return response.content

    async def get_comparison_sections(
        self, task: PendingTask | CompletedReportTask
    ) -> dict[str, list[list[str]]]:
        """The same report as rows of cells, by the sections' headings, such as "LISTS ADDED"."""
        text = (await self.get_comparison_report(task)).decode("utf-8-sig", "replace")
        _, *parts = _SECTION.split(text)
        sections: dict[str, list[list[str]]] = {}
        for heading, lines in zip(parts[::2], parts[1::2], strict=True):
            rows = [line.split("\t") for line in lines.splitlines() if line.strip()]
            sections.setdefault(heading, []).extend(rows)
        return sections

    @overload
    async def create_comparison_summary(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: Literal[True] = True,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> CompletedReportTask: ...

    @overload
    async def create_comparison_summary(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: bool,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> PendingTask | CompletedReportTask: ...

    async def create_comparison_summary(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: bool = True,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> PendingTask | CompletedReportTask:
        """Lets Anaplan count the differences of two revisions; `get_comparison_summary` reads it.

        Arguments are those of `sync_models`.

        Raises:
            SynchronizationException: The comparison failed.
            AnaplanTimeoutException: It took longer than `timeout`; it goes on at Anaplan.
        """
        ids = three_ids(source_revision_id, source_model_id, target_revision_id)
        return await self._compare("summaryReport", ids, wait_for_completion, timeout, on_progress)

    async def get_comparison_summary_task(self, task_id: str) -> PendingTask | CompletedReportTask:
        """How a comparison stands; it has a result once it has ended."""
        return await self._report_task("summaryReport", task_id)

    async def get_comparison_summary(
        self, task: PendingTask | CompletedReportTask
    ) -> SummaryReport:
        """How much two revisions differ; kept for 48 hours. A pending task is waited for.

        Raises:
            SynchronizationException: The comparison failed.
        """
        task = await self._report_end("summaryReport", task, None, None)
        response = await self._hinted("GET", _report_url(self._alm, "summaryReport", task))
        return decode(_SUMMARY.adapter, response).value

    @property
    def _alm(self) -> str:
        return f"{self._model}/alm"

    async def _compare(
        self,
        kind: Kind,
        ids: Mapping[str, str],
        wait: bool,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> PendingTask | CompletedReportTask:
        check_timeout(timeout)
        # A comparison changes nothing: a second one does no harm.
        response = await self._hinted("POST", f"{self._alm}/{kind}Tasks", json=ids)
        task = decode(_REPORT.adapter, response).value
        return await self._report_end(kind, task, timeout, on_progress) if wait else task

    async def _report_task(self, kind: Kind, task_id: str) -> PendingTask | CompletedReportTask:
        response = await self._hinted("GET", f"{self._alm}/{kind}Tasks/{segment(task_id)}")
        return decode(_REPORT.adapter, response).value

    async def _report_end(
        self,
        kind: Kind,
        task: PendingTask | CompletedReportTask,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> CompletedReportTask:
        if isinstance(task, CompletedReportTask):
            return successful(task, "The comparison")

        async def look() -> PendingTask | CompletedReportTask:
            return told(await self._report_task(kind, task.id), on_progress)

        end = await wait_until(
            look,
            lambda seen: ended(seen, CompletedReportTask),
            delay=self._settings.status_poll_delay,
            timeout=timeout,
            overdue=lambda seen: f"Comparison {seen.id} is {seen.task_state}",
        )
        return successful(end, "The comparison")

    async def _hinted(
        self, method: str, url: str, *, json: object = None, accept: str = "application/json"
    ) -> httpx2.Response:
        """Sends, and explains the wordless refusal that comparisons meet a lack of rights with."""
        try:
            return await self._session.send(
                method, url, repeat=Repeat.SAFE, json=json, headers={"Accept": accept}
            )
        except ModelUnavailableException as error:
            if error.status_code == 424 and not error.reason:
                error.message = (
                    "Anaplan gives no reason. It answers so to comparisons when the user is no "
                    "workspace administrator of both models; else the model is offline."
                )
            raise


def three_ids(source_revision: str, source_model: str, target_revision: str) -> dict[str, str]:
    ids = {
        "sourceRevisionId": source_revision,
        "sourceModelId": source_model,
        "targetRevisionId": target_revision,
    }
    for name, value in ids.items():
        if not value:
            raise ValueError(f"{name} is empty.")
    return ids


def _report_url(base: str, kind: Kind, task: CompletedReportTask) -> str:
    # Not from the task's own URL, which may name another host.
    target, source = task.result.target_revision_id, task.result.source_revision_id
    if not target or not source:
        raise AnaplanResponseException(f"Comparison {task.id} doesn't tell its revisions.")
    return f"{base}/{kind}s/{segment(target)}/{segment(source)}"


def told(task: P, on_progress: ProgressCallback | None) -> P:
    if on_progress is not None:
        done = 1.0 if task.task_state == "COMPLETE" else 0.0
        on_progress(Progress(task.current_step or task.task_state, done, 1.0))
    return task


def ended(task: PendingTask, kind: type[C]) -> C | None:
    if task.task_state == "CANCELLED":
        raise SynchronizationException(f"Task {task.id} was cancelled.", task=task)
    return task if isinstance(task, kind) else None


def successful(task: C, what: str) -> C:
    """The task, unless it failed."""
    if task.result.successful:
        return task
    failure = task.result.error
    title, text = (failure.title, failure.message_text) if failure else ("", "")
    words = ": ".join(part for part in (title, text) if part)
    raise SynchronizationException(
        f"{what} failed: {words or 'no reason given'}", task=task, title=title, text=text
    )
