"""Samples of revisions, synchronizations and audit events, one of each model."""

from __future__ import annotations

from typing import Any

from anaplan_sdk import models

REVISION = {
    "id": "A" * 32,
    "name": "v1",
    "description": "Adds regions",
    "createdOn": "2026-01-31T08:05:37Z",
    "createdBy": "b" * 32,
    "creationMethod": "User added revision",
    "appliedOn": "2026-01-31T08:05:37Z",
    "appliedBy": "b" * 32,
    "revisionType": "FULL",
}
RESULT = {"successful": True, "targetRevisionId": "A" * 32, "sourceRevisionId": "B" * 32}
TASK = {
    "taskId": "C" * 32,
    "taskState": "COMPLETE",
    "creationTime": 1780000000000,
    "currentStep": "Complete.",
}
TOTALS = {"modified": 1, "created": 2, "deleted": 0}

SAMPLES: list[tuple[type[models.AnaplanModel], dict[str, Any]]] = [
    (models.Revision, REVISION),
    (
        models.ModelRevision,
        {
            "modelId": "D" * 32,
            "modelName": "Flights",
            "workspaceId": "e" * 32,
            "appliedBy": "b" * 32,
            "appliedOn": "2026-01-31T08:05:37Z",
            "appliedMethod": "Revision synchronized",
            "modelDeleted": False,
        },
    ),
    (models.PendingTask, {**TASK, "taskState": "IN_PROGRESS", "taskUrl": "https://x.example/1"}),
    (models.CompletedSyncTask, {**TASK, "result": RESULT}),
    (
        models.CompletedReportTask,
        {**TASK, "result": {**RESULT, "reportFileUrl": "https://x.example/2"}},
    ),
    (models.SyncTaskResult, RESULT),
    (models.ReportTaskResult, {**RESULT, "reportFileUrl": "https://x.example/2"}),
    (
        models.RevisionTaskFailure,
        {"title": "Model Synchronization Failed", "messageText": "Why", "subtitle": "More"},
    ),
    (
        models.SummaryReport,
        {
            "targetRevisionId": "A" * 32,
            "sourceRevisionId": "B" * 32,
            "totals": TOTALS,
            "differences": {"lineItems": TOTALS, "savedViews": TOTALS},
        },
    ),
    (
        models.AuditEvent,
        {
            "id": 2598676438,
            "eventTypeId": "USR-8",
            "userId": "b" * 32,
            "tenantId": "f" * 32,
            "objectId": "b" * 32,
            "objectTypeId": None,
            "objectTenantId": "f" * 32,
            "additionalAttributes": {"type": "x", "modelName": "Flights"},
            "message": "User login success",
            "success": True,
            "errorNumber": None,
            "ipAddress": "127.0.0.1",
            "userAgent": "curl",
            "hostName": "",
            "eventDate": 1780000000000,
            "eventTimeZone": "UTC",
            "createdDate": 1780000000000,
            "createdTimeZone": "UTC",
            "checksum": "12345",
        },
    ),
]
