"""What Anaplan says, as typed models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.alm import (
    CompletedReportTask,
    CompletedSyncTask,
    ModelRevision,
    PendingTask,
    Promotion,
    ReportTask,
    ReportTaskResult,
    Revision,
    RevisionTaskFailure,
    SummaryDifferences,
    SummaryReport,
    SummaryTotals,
    SyncTask,
    SyncTaskResult,
)
from anaplan_sdk.models.audit import AuditEvent, CefEvent, EventFamily, FollowedEvent
from anaplan_sdk.models.integration import (
    Action,
    ActionMetadata,
    CategoryValue,
    ConnectorParameter,
    DeletionFailure,
    Export,
    ExportMetadata,
    ExportTypes,
    File,
    FileChunk,
    Import,
    ImportMetadata,
    ImportSource,
    ImportTypes,
    MappingParameter,
    Model,
    ModelDeletionResult,
    ModelStates,
    ModelWithTransactionInfo,
    Process,
    ProcessMetadata,
    ProcessStep,
    User,
    Workspace,
)
from anaplan_sdk.models.tasks import (
    CompletedTask,
    FailureDump,
    Task,
    TaskResult,
    TaskResultDetail,
    TaskStatus,
    TaskSummary,
)

if TYPE_CHECKING:
    from anaplan_sdk.models import cloud_works, flows

__all__ = [
    "Action",
    "ActionMetadata",
    "AnaplanModel",
    "AuditEvent",
    "CategoryValue",
    "CefEvent",
    "CompletedReportTask",
    "CompletedSyncTask",
    "CompletedTask",
    "ConnectorParameter",
    "DeletionFailure",
    "EventFamily",
    "Export",
    "ExportMetadata",
    "ExportTypes",
    "FailureDump",
    "File",
    "FileChunk",
    "FollowedEvent",
    "Import",
    "ImportMetadata",
    "ImportSource",
    "ImportTypes",
    "MappingParameter",
    "Model",
    "ModelDeletionResult",
    "ModelRevision",
    "ModelStates",
    "ModelWithTransactionInfo",
    "PendingTask",
    "Process",
    "ProcessMetadata",
    "ProcessStep",
    "Promotion",
    "ReportTask",
    "ReportTaskResult",
    "Revision",
    "RevisionTaskFailure",
    "SummaryDifferences",
    "SummaryReport",
    "SummaryTotals",
    "SyncTask",
    "SyncTaskResult",
    "Task",
    "TaskResult",
    "TaskResultDetail",
    "TaskStatus",
    "TaskSummary",
    "User",
    "Workspace",
    "cloud_works",
    "flows",
]

# Modules of their own, loaded when first asked for.
_MODULES = ("cloud_works", "flows")


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
