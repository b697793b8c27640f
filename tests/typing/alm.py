"""What type checkers see of `client.alm`: read by mypy and pyright, never run."""

from __future__ import annotations

from datetime import date
from typing import assert_type

from anaplan_sdk import AsyncClient, Client, exceptions, models


def revisions(client: Client, wait: bool) -> None:
    assert_type(client.alm.change_model_status("offline"), None)
    assert_type(
        client.alm.get_revisions("applied_on", True, applied_after=date(2026, 1, 31)),
        list[models.Revision],
    )
    assert_type(client.alm.get_latest_revision(), models.Revision | None)
    assert_type(client.alm.get_syncable_revisions("source"), list[models.Revision])
    assert_type(client.alm.create_revision("v2", "More lists"), models.Revision)
    [model] = client.alm.get_models_for_revision("revision")
    assert_type(model, models.ModelRevision)
    assert_type(model.id, str | None)
    assert_type(client.alm.get_sync_tasks(), list[models.TaskSummary])
    assert_type(client.alm.get_sync_task("task"), models.PendingTask | models.CompletedSyncTask)
    ids = "source revision", "source", "target revision"
    task = client.alm.sync_models(*ids, timeout=60, on_progress=print)
    assert_type(task, models.CompletedSyncTask)
    assert_type(task.result, models.SyncTaskResult)
    assert_type(client.alm.sync_models(*ids, wait), models.PendingTask | models.CompletedSyncTask)
    promotion = client.alm.promote("source", create_revision="v2", timeout=60, on_progress=print)
    assert_type(promotion, models.Promotion)
    assert_type(promotion.task, models.CompletedSyncTask | None)
    client.alm.change_model_status("asleep")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.alm.get_revisions("revision_type")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def comparisons(client: Client, wait: bool) -> None:
    ids = "source revision", "source", "target revision"
    report = client.alm.create_comparison_report(*ids, timeout=60, on_progress=print)
    assert_type(report, models.CompletedReportTask)
    assert_type(report.result, models.ReportTaskResult)
    assert_type(
        client.alm.create_comparison_report(*ids, wait),
        models.PendingTask | models.CompletedReportTask,
    )
    assert_type(
        client.alm.get_comparison_report_task("task"),
        models.PendingTask | models.CompletedReportTask,
    )
    assert_type(client.alm.get_comparison_report(report), bytes)
    assert_type(client.alm.get_comparison_sections(report), dict[str, list[list[str]]])
    summary = client.alm.create_comparison_summary(*ids, timeout=60, on_progress=print)
    assert_type(summary, models.ComparisonSummary)
    assert_type(summary.totals, models.SummaryTotals)
    assert_type(
        client.alm.create_comparison_summary(*ids, wait),
        models.PendingTask | models.ComparisonSummary,
    )
    pending = client.alm.get_comparison_summary_task("task")
    assert_type(pending, models.PendingTask | models.CompletedReportTask)
    assert_type(client.alm.get_comparison_summary(pending), models.SummaryReport)


async def revisions_async(client: AsyncClient, wait: bool) -> None:
    assert_type(await client.alm.change_model_status("offline"), None)
    assert_type(
        await client.alm.get_revisions("applied_on", True, applied_before="2026-01-31"),
        list[models.Revision],
    )
    assert_type(await client.alm.get_latest_revision(), models.Revision | None)
    assert_type(await client.alm.get_syncable_revisions("source"), list[models.Revision])
    assert_type(await client.alm.create_revision("v2", "More lists"), models.Revision)
    assert_type(await client.alm.get_models_for_revision("revision"), list[models.ModelRevision])
    assert_type(await client.alm.get_sync_tasks(), list[models.TaskSummary])
    assert_type(
        await client.alm.get_sync_task("task"), models.PendingTask | models.CompletedSyncTask
    )
    ids = "source revision", "source", "target revision"
    assert_type(await client.alm.sync_models(*ids, timeout=60), models.CompletedSyncTask)
    assert_type(
        await client.alm.sync_models(*ids, wait), models.PendingTask | models.CompletedSyncTask
    )
    assert_type(await client.alm.promote("source", "revision", dry_run=True), models.Promotion)


async def comparisons_async(client: AsyncClient, wait: bool) -> None:
    ids = "source revision", "source", "target revision"
    report = await client.alm.create_comparison_report(*ids)
    assert_type(report, models.CompletedReportTask)
    assert_type(
        await client.alm.create_comparison_report(*ids, wait),
        models.PendingTask | models.CompletedReportTask,
    )
    assert_type(
        await client.alm.get_comparison_report_task("task"),
        models.PendingTask | models.CompletedReportTask,
    )
    assert_type(await client.alm.get_comparison_report(report), bytes)
    assert_type(await client.alm.get_comparison_sections(report), dict[str, list[list[str]]])
    assert_type(await client.alm.create_comparison_summary(*ids), models.ComparisonSummary)
    pending = await client.alm.get_comparison_summary_task("task")
    assert_type(pending, models.PendingTask | models.CompletedReportTask)
    assert_type(await client.alm.get_comparison_summary(pending), models.SummaryReport)


def failures(error: exceptions.SynchronizationException) -> None:
    assert_type(error.task, models.PendingTask | None)
    assert_type(error.title, str)
    base: exceptions.AnaplanActionError = error
    assert_type(base.result, models.TaskResult | None)
