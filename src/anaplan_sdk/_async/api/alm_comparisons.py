"""Comparisons of two revisions of a model's structure."""

from __future__ import annotations

import re
from typing import Literal

import httpx2

from anaplan_sdk._async.api.alm_tasks import AlmTasks, starts_task
from anaplan_sdk._async.api.namespace import path_segment
from anaplan_sdk._async.transport.recovery import start_at_most_once
from anaplan_sdk._http.replies import decode, decode_started
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanResponseException,
    ModelUnavailableException,
)
from anaplan_sdk.models import (
    ComparisonSummary,
    CompletedReportTask,
    PendingTask,
    SummaryReport,
)
from anaplan_sdk.models._envelopes import ObjectReply
from anaplan_sdk.models.alm import TaggedReportTask
from anaplan_sdk.progress import ProgressCallback

_REPORT = ObjectReply[PendingTask | CompletedReportTask]("task", TaggedReportTask)
_SUMMARY = ObjectReply[SummaryReport]("summaryReport", SummaryReport)
_SECTION = re.compile(r"^=== *(.+?) *===[ \t]*\r?\n?", re.MULTILINE)

# How the paths of the two kinds of reports begin.
Kind = Literal["comparisonReport", "summaryReport"]


class Comparisons(AlmTasks):
    """Comparisons of a revision of the client's model with a revision of another model.

    They need a workspace administrator of both models' workspaces.
    """

    @starts_task(CompletedReportTask)
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
        """Start a comparison that lists every difference between two revisions.

        Pass the returned task to `get_comparison_report` to read the report. A comparison changes
        nothing, so a request without a clear reply is repeated, except after a 2xx and with the
        client's `strict_starts`.

        Args:
            source_revision_id: The revision whose structure would be taken over.
            source_model_id: The model of that revision.
            target_revision_id: The latest revision of the client's model.
            wait_for_completion: Whether to wait until the task has ended (default).
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every poll of the task.

        Returns:
            The completed task, or the started task when `wait_for_completion` is False.

        Raises:
            InvalidArgumentException: An id is empty, `timeout` is negative, or the client has no
                model.
            SynchronizationException: The comparison failed, e.g. the revisions are incompatible.
            AnaplanTimeoutException: The comparison had not ended after `timeout` seconds.
            OutcomeUnknownException: The comparison was accepted, but the reply has no task; or the
                task has ended and Anaplan does not report whether it succeeded.
            ModelUnavailableException: The user is not a workspace administrator of both models, or
                the model is offline or archived.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Create a full comparison report generation task".
        """
        ids = self._revision_ids(source_revision_id, source_model_id, target_revision_id)
        return await self._compare(
            "comparisonReport", ids, wait_for_completion, timeout, on_progress
        )

    async def get_comparison_report_task(self, task_id: str) -> PendingTask | CompletedReportTask:
        """Return the state of a comparison that lists every difference.

        Args:
            task_id: The id of the task.

        Returns:
            The task; a `CompletedReportTask`, with a result, once it has ended.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such task, or the model is not visible to the
                user.
            ModelUnavailableException: The user is not a workspace administrator of both models, or
                the model is offline or archived.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve the info for a full comparison report generation
        task".
        """
        return await self._report_task("comparisonReport", task_id)

    async def get_comparison_report(self, task: PendingTask | CompletedReportTask) -> bytes:
        """Download a comparison report; wait for it first while its task is pending.

        Anaplan keeps the report for 48 hours.

        Args:
            task: The task that `create_comparison_report` returned.

        Returns:
            UTF-8 text: sections under headings such as `=== LISTS ADDED ===`, whose lines have
            columns separated by tabs.

        Raises:
            InvalidArgumentException: The client has no model.
            SynchronizationException: The comparison failed.
            InvalidIdentifierException: The report no longer exists.
            ModelUnavailableException: The user is not a workspace administrator of both models, or
                the model is offline or archived.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve the content for a full comparison report".
        """
        response = await self._report("comparisonReport", task, accept="*/*")
        return response.content

    async def get_comparison_sections(
        self, task: PendingTask | CompletedReportTask
    ) -> dict[str, list[list[str]]]:
        """Download a comparison report as tables; wait for it first while its task is pending.

        Anaplan keeps the report for 48 hours.

        Args:
            task: The task that `create_comparison_report` returned.

        Returns:
            The rows of each section by its heading, such as `LISTS ADDED`. The first row has the
            names of the columns.

        Raises:
            InvalidArgumentException: The client has no model.
            SynchronizationException: The comparison failed.
            InvalidIdentifierException: The report no longer exists.
            ModelUnavailableException: The user is not a workspace administrator of both models, or
                the model is offline or archived.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve the content for a full comparison report".
        """
        text = (await self.get_comparison_report(task)).decode("utf-8-sig", "replace")
        _, *parts = _SECTION.split(text)
        sections: dict[str, list[list[str]]] = {}
        for heading, lines in zip(parts[::2], parts[1::2], strict=True):
            rows = [line.split("\t") for line in lines.splitlines() if line.strip()]
            sections.setdefault(heading, []).extend(rows)
        return sections

    @starts_task(ComparisonSummary)
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
        """Start a comparison that counts the differences between two revisions.

        Pass the returned task to `get_comparison_summary` to read the numbers. A comparison
        changes nothing, so a request without a clear reply is repeated, except after a 2xx and with
        the client's `strict_starts`.

        Args:
            source_revision_id: The revision whose structure would be taken over.
            source_model_id: The model of that revision.
            target_revision_id: The latest revision of the client's model.
            wait_for_completion: Whether to wait until the task has ended (default).
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every poll of the task.

        Returns:
            The numbers of created, modified and deleted objects, by kind and in total, which is
            the completed task as well; or the started task when `wait_for_completion` is False,
            which `get_comparison_summary` takes.

        Raises:
            InvalidArgumentException: An id is empty, `timeout` is negative, or the client has no
                model.
            SynchronizationException: The comparison failed, e.g. the revisions are incompatible.
            AnaplanTimeoutException: The comparison had not ended after `timeout` seconds.
            OutcomeUnknownException: The comparison was accepted, but the reply has no task; or the
                task has ended and Anaplan does not report whether it succeeded.
            ModelUnavailableException: The user is not a workspace administrator of both models, or
                the model is offline or archived.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Create a summary report generation task".
        """
        ids = self._revision_ids(source_revision_id, source_model_id, target_revision_id)
        task = await self._compare("summaryReport", ids, wait_for_completion, timeout, on_progress)
        if not isinstance(task, CompletedReportTask) or not wait_for_completion:
            return task
        report = await self.get_comparison_summary(task)
        return ComparisonSummary.model_validate({**dict(task), **dict(report)})

    async def get_comparison_summary_task(self, task_id: str) -> PendingTask | CompletedReportTask:
        """Return the state of a comparison that counts the differences.

        Args:
            task_id: The id of the task.

        Returns:
            The task; a `CompletedReportTask`, with a result, once it has ended.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such task, or the model is not visible to the
                user.
            ModelUnavailableException: The user is not a workspace administrator of both models, or
                the model is offline or archived.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve the info for a summary report generation task".
        """
        return await self._report_task("summaryReport", task_id)

    async def get_comparison_summary(
        self, task: PendingTask | CompletedReportTask
    ) -> SummaryReport:
        """Return how many objects differ; wait for the comparison first while it is pending.

        Anaplan keeps the report until it has not been read for 48 hours.

        Args:
            task: The task that `create_comparison_summary` returned.

        Returns:
            The numbers of created, modified and deleted objects, by kind and in total.

        Raises:
            InvalidArgumentException: The client has no model.
            SynchronizationException: The comparison failed.
            InvalidIdentifierException: The report no longer exists.
            ModelUnavailableException: The user is not a workspace administrator of both models, or
                the model is offline or archived.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve the contents for a summary report".
        """
        response = await self._report("summaryReport", task)
        return decode(_SUMMARY.adapter, response).value

    async def _compare(
        self,
        kind: Kind,
        ids: dict[str, str],
        wait: bool,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> PendingTask | CompletedReportTask:
        check_timeout(timeout)
        is_strict = self._config.strict_starts
        retry = Retry.IF_NOT_PERFORMED if is_strict else Retry.UNLESS_ACCEPTED

        async def send() -> PendingTask | CompletedReportTask:
            response = await self._send("POST", f"{self._alm}/{kind}Tasks", json=ids, retry=retry)
            return decode_started(
                _REPORT.adapter, response, lambda task_id: PendingTask(id=task_id), "taskId", "id"
            )

        async def recover(_: AnaplanException) -> None:
            # Anaplan does not list comparisons, and one that nobody reads does no harm.
            return None

        task = await start_at_most_once(
            send, None if is_strict else recover, what=f"The comparison of model {self._model_id}"
        )
        return await self._completed(kind, task, timeout, on_progress) if wait else task

    async def _report_task(self, kind: Kind, task_id: str) -> PendingTask | CompletedReportTask:
        response = await self._send("GET", f"{self._alm}/{kind}Tasks/{path_segment(task_id)}")
        return decode(_REPORT.adapter, response).value

    async def _completed(
        self,
        kind: Kind,
        task: PendingTask | CompletedReportTask,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> CompletedReportTask:
        if isinstance(task, CompletedReportTask):
            return self._successful(task, "Comparison")
        return await self._wait_for_task(
            lambda: self._report_task(kind, task.id),
            CompletedReportTask,
            "Comparison",
            timeout,
            on_progress,
        )

    async def _report(
        self,
        kind: Kind,
        task: PendingTask | CompletedReportTask,
        accept: str = "application/json",
    ) -> httpx2.Response:
        task = await self._completed(kind, task)
        # The result's own URL is not used: it may name another host.
        target, source = task.result.target_revision_id, task.result.source_revision_id
        if not target or not source:
            raise AnaplanResponseException(
                f"The result of comparison {task.id} doesn't name its revisions."
            )
        url = f"{self._alm}/{kind}s/{path_segment(target)}/{path_segment(source)}"
        return await self._send("GET", url, accept=accept)

    async def _send(
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        accept: str = "application/json",
        retry: Retry = Retry.SAFE,
    ) -> httpx2.Response:
        """Send a request that may be repeated, and explain Anaplan's 424 without a message."""
        try:
            return await self._session.send(
                method, url, retry=retry, json=json, headers={"Accept": accept}
            )
        except ModelUnavailableException as error:
            if error.status_code == 424 and not error.reason:
                error.replace_message(
                    "Anaplan gave no reason. It answers comparisons this way when the user is not "
                    "a workspace administrator of both models, or when the model is offline."
                )
            raise
