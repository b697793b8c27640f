"""What Anaplan says, as typed models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_sdk.models import cloud_works, consolidation, flows, scim
    from anaplan_sdk.models._base import AnaplanModel
    from anaplan_sdk.models.administration import (
        ExceptionUser,
        ExceptionWorkspace,
        UserImportResult,
        UserRow,
    )
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
    from anaplan_sdk.models.audit import (
        AuditEvent,
        CefEvent,
        EventFamily,
        FollowedEvent,
    )
    from anaplan_sdk.models.calendar import (
        BaseCalendar,
        CalendarTypes,
        CurrentPeriod,
        FiscalYear,
        ModelCalendar,
        ModelStatus,
        MonthsQuartersYearsCalendar,
        PartialCurrentPeriod,
        TotalsSelection,
        TotalsSelectionWithQuarter,
        Version,
        VersionPeriod,
        WeeksGeneralCalendar,
        WeeksGroupingCalendar,
        WeeksPeriodsCalendar,
    )
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
        WorkspaceMember,
    )
    from anaplan_sdk.models.lists import (
        Dimension,
        DimensionWithCode,
        Failure,
        InsertionResult,
        List,
        ListDeletionResult,
        ListItem,
        ListItemKey,
        ListItemUpdate,
        ListMetadata,
        ListUpdateResult,
        NamedObject,
        NewListItem,
        ReadRequest,
        WriteResult,
    )
    from anaplan_sdk.models.modules import (
        CellCoordinate,
        CellWrite,
        CellWriteResult,
        Dashboard,
        FormatMetadata,
        GenericTypeMetadata,
        LineItem,
        ListFormatMetadata,
        Module,
        NumberMetadata,
        TextMetadata,
        TimePeriodMetadata,
        View,
        ViewData,
        ViewInfo,
        ViewRow,
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

__all__ = [
    "Action",
    "ActionMetadata",
    "AnaplanModel",
    "AuditEvent",
    "BaseCalendar",
    "CalendarTypes",
    "CategoryValue",
    "CefEvent",
    "CellCoordinate",
    "CellWrite",
    "CellWriteResult",
    "CompletedReportTask",
    "CompletedSyncTask",
    "CompletedTask",
    "ConnectorParameter",
    "CurrentPeriod",
    "Dashboard",
    "DeletionFailure",
    "Dimension",
    "DimensionWithCode",
    "EventFamily",
    "ExceptionUser",
    "ExceptionWorkspace",
    "Export",
    "ExportMetadata",
    "ExportTypes",
    "Failure",
    "FailureDump",
    "File",
    "FileChunk",
    "FiscalYear",
    "FollowedEvent",
    "FormatMetadata",
    "GenericTypeMetadata",
    "Import",
    "ImportMetadata",
    "ImportSource",
    "ImportTypes",
    "InsertionResult",
    "LineItem",
    "List",
    "ListDeletionResult",
    "ListFormatMetadata",
    "ListItem",
    "ListItemKey",
    "ListItemUpdate",
    "ListMetadata",
    "ListUpdateResult",
    "MappingParameter",
    "Model",
    "ModelCalendar",
    "ModelDeletionResult",
    "ModelRevision",
    "ModelStates",
    "ModelStatus",
    "ModelWithTransactionInfo",
    "Module",
    "MonthsQuartersYearsCalendar",
    "NamedObject",
    "NewListItem",
    "NumberMetadata",
    "PartialCurrentPeriod",
    "PendingTask",
    "Process",
    "ProcessMetadata",
    "ProcessStep",
    "Promotion",
    "ReadRequest",
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
    "TextMetadata",
    "TimePeriodMetadata",
    "TotalsSelection",
    "TotalsSelectionWithQuarter",
    "User",
    "UserImportResult",
    "UserRow",
    "Version",
    "VersionPeriod",
    "View",
    "ViewData",
    "ViewInfo",
    "ViewRow",
    "WeeksGeneralCalendar",
    "WeeksGroupingCalendar",
    "WeeksPeriodsCalendar",
    "Workspace",
    "WorkspaceMember",
    "WriteResult",
    "cloud_works",
    "consolidation",
    "flows",
    "scim",
]

# Loaded when first asked for: a program waits for those models only that it uses.
_MODULES = ("cloud_works", "consolidation", "flows", "scim")
_HOMES = {
    name: home
    for home, names in {
        "_base": "AnaplanModel",
        "administration": "ExceptionUser ExceptionWorkspace UserImportResult UserRow",
        "alm": (
            "CompletedReportTask CompletedSyncTask ModelRevision PendingTask Promotion "
            "ReportTask ReportTaskResult Revision RevisionTaskFailure SummaryDifferences "
            "SummaryReport SummaryTotals SyncTask SyncTaskResult"
        ),
        "audit": "AuditEvent CefEvent EventFamily FollowedEvent",
        "calendar": (
            "BaseCalendar CalendarTypes CurrentPeriod FiscalYear ModelCalendar ModelStatus "
            "MonthsQuartersYearsCalendar PartialCurrentPeriod TotalsSelection "
            "TotalsSelectionWithQuarter Version VersionPeriod WeeksGeneralCalendar "
            "WeeksGroupingCalendar WeeksPeriodsCalendar"
        ),
        "integration": (
            "Action ActionMetadata CategoryValue ConnectorParameter DeletionFailure Export "
            "ExportMetadata ExportTypes File FileChunk Import ImportMetadata ImportSource "
            "ImportTypes MappingParameter Model ModelDeletionResult ModelStates "
            "ModelWithTransactionInfo Process ProcessMetadata ProcessStep User Workspace "
            "WorkspaceMember"
        ),
        "lists": (
            "Dimension DimensionWithCode Failure InsertionResult List ListDeletionResult "
            "ListItem ListItemKey ListItemUpdate ListMetadata ListUpdateResult NamedObject "
            "NewListItem ReadRequest WriteResult"
        ),
        "modules": (
            "CellCoordinate CellWrite CellWriteResult Dashboard FormatMetadata "
            "GenericTypeMetadata LineItem ListFormatMetadata Module NumberMetadata "
            "TextMetadata TimePeriodMetadata View ViewData ViewInfo ViewRow"
        ),
        "tasks": (
            "CompletedTask FailureDump Task TaskResult TaskResultDetail TaskStatus TaskSummary"
        ),
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
