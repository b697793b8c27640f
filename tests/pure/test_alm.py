"""Models of the ALM API."""

from __future__ import annotations

from pydantic import TypeAdapter

from anaplan_sdk.models import (
    CompletedReportTask,
    CompletedSyncTask,
    ModelRevision,
    PendingTask,
    Revision,
    SummaryReport,
)
from anaplan_sdk.models.alm import TaggedReportTask, TaggedSyncTask

SYNC: TypeAdapter[PendingTask | CompletedSyncTask] = TypeAdapter(TaggedSyncTask)
REPORT: TypeAdapter[PendingTask | CompletedReportTask] = TypeAdapter(TaggedReportTask)


def test_a_revision_survives_a_round_trip() -> None:
    record = {
        "id": "36B26109A41D24DB3F2EA76046767D21",
        "name": "v1",
        "createdOn": "2026-01-31T08:05:37Z",
        "createdBy": "ab",
        "creationMethod": "User added revision",
        "appliedOn": "2026-01-31T08:05:37Z",
        "appliedBy": "ab",
        "revisionType": "FULL",
        "somethingNew": 1,
    }
    revision = Revision.model_validate(record)
    assert revision.description is None
    assert revision.model_dump(by_alias=True, exclude_unset=True) == record


def test_a_deleted_model_has_neither_id_nor_name() -> None:
    model = ModelRevision.model_validate(
        {"appliedBy": "ab", "appliedOn": "", "appliedMethod": "", "modelDeleted": True}
    )
    assert (model.id, model.name, model.deleted) == (None, "", True)
    there = ModelRevision.model_validate({"modelId": "1", "modelName": "Plan", "workspaceId": "2"})
    assert (there.id, there.name, there.deleted) == ("1", "Plan", None)


def test_tasks_by_their_state() -> None:
    started = {"taskId": "1", "taskUrl": "https://x", "taskState": "IN_PROGRESS"}
    assert type(REPORT.validate_python(started)) is PendingTask
    assert type(SYNC.validate_python(started | {"taskState": "QUEUED"})) is PendingTask
    result = {"successful": True, "sourceRevisionId": "2", "targetRevisionId": "3"}
    done = started | {"taskState": "COMPLETE", "creationTime": 5, "result": result}
    assert type(SYNC.validate_python(done)) is CompletedSyncTask
    assert type(REPORT.validate_python(done)) is CompletedReportTask
    error = {"title": "Failed", "messageText": "Because"}
    failed = SYNC.validate_python(done | {"result": {"successful": False, "error": error}})
    assert isinstance(failed, CompletedSyncTask)
    assert failed.result.error is not None
    assert failed.result.error.message_text == "Because"
    assert failed.result.source_revision_id is None


def test_unknown_kinds_of_differences_are_kept() -> None:
    report = SummaryReport.model_validate(
        {
            "totals": {"modified": 1, "created": 2, "deleted": 0},
            "differences": {"lists": {"created": 2}, "dashboards": {"modified": 1}},
        }
    )
    assert report.differences.line_items is None
    kinds = {kind: totals.total for kind, totals in report.differences.by_kind.items()}
    assert kinds == {"lists": 2, "dashboards": 1}
