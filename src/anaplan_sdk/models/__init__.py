"""Models of what Anaplan's APIs send and receive, each in a module named after its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_sdk.models import cloud_works as cloud_works
    from anaplan_sdk.models import consolidation as consolidation
    from anaplan_sdk.models import flows as flows
    from anaplan_sdk.models import scim as scim
    from anaplan_sdk.models._base import AnaplanModel as AnaplanModel
    from anaplan_sdk.models.actions import Action as Action
    from anaplan_sdk.models.actions import ActionMetadata as ActionMetadata
    from anaplan_sdk.models.actions import ConnectorParameter as ConnectorParameter
    from anaplan_sdk.models.actions import Export as Export
    from anaplan_sdk.models.actions import ExportMetadata as ExportMetadata
    from anaplan_sdk.models.actions import ExportTypes as ExportTypes
    from anaplan_sdk.models.actions import Import as Import
    from anaplan_sdk.models.actions import ImportMetadata as ImportMetadata
    from anaplan_sdk.models.actions import ImportSource as ImportSource
    from anaplan_sdk.models.actions import ImportTypes as ImportTypes
    from anaplan_sdk.models.actions import MappingParameter as MappingParameter
    from anaplan_sdk.models.actions import Process as Process
    from anaplan_sdk.models.actions import ProcessMetadata as ProcessMetadata
    from anaplan_sdk.models.actions import ProcessStep as ProcessStep
    from anaplan_sdk.models.administration import UserImportResult as UserImportResult
    from anaplan_sdk.models.administration import UserRow as UserRow
    from anaplan_sdk.models.alm import ComparisonSummary as ComparisonSummary
    from anaplan_sdk.models.alm import CompletedReportTask as CompletedReportTask
    from anaplan_sdk.models.alm import CompletedSyncTask as CompletedSyncTask
    from anaplan_sdk.models.alm import ModelRevision as ModelRevision
    from anaplan_sdk.models.alm import PendingTask as PendingTask
    from anaplan_sdk.models.alm import Promotion as Promotion
    from anaplan_sdk.models.alm import ReportTask as ReportTask
    from anaplan_sdk.models.alm import ReportTaskResult as ReportTaskResult
    from anaplan_sdk.models.alm import Revision as Revision
    from anaplan_sdk.models.alm import RevisionTaskFailure as RevisionTaskFailure
    from anaplan_sdk.models.alm import SummaryDifferences as SummaryDifferences
    from anaplan_sdk.models.alm import SummaryReport as SummaryReport
    from anaplan_sdk.models.alm import SummaryTotals as SummaryTotals
    from anaplan_sdk.models.alm import SyncTask as SyncTask
    from anaplan_sdk.models.alm import SyncTaskResult as SyncTaskResult
    from anaplan_sdk.models.audit import AuditEvent as AuditEvent
    from anaplan_sdk.models.audit import CefEvent as CefEvent
    from anaplan_sdk.models.audit import EventFamily as EventFamily
    from anaplan_sdk.models.audit import FollowedEvent as FollowedEvent
    from anaplan_sdk.models.calendar import BaseCalendar as BaseCalendar
    from anaplan_sdk.models.calendar import CalendarTypes as CalendarTypes
    from anaplan_sdk.models.calendar import CurrentPeriod as CurrentPeriod
    from anaplan_sdk.models.calendar import FiscalYear as FiscalYear
    from anaplan_sdk.models.calendar import ModelCalendar as ModelCalendar
    from anaplan_sdk.models.calendar import (
        MonthsQuartersYearsCalendar as MonthsQuartersYearsCalendar,
    )
    from anaplan_sdk.models.calendar import PartialCurrentPeriod as PartialCurrentPeriod
    from anaplan_sdk.models.calendar import TotalsSelection as TotalsSelection
    from anaplan_sdk.models.calendar import TotalsSelectionWithQuarter as TotalsSelectionWithQuarter
    from anaplan_sdk.models.calendar import Version as Version
    from anaplan_sdk.models.calendar import VersionPeriod as VersionPeriod
    from anaplan_sdk.models.calendar import WeeksGeneralCalendar as WeeksGeneralCalendar
    from anaplan_sdk.models.calendar import WeeksGroupingCalendar as WeeksGroupingCalendar
    from anaplan_sdk.models.calendar import WeeksPeriodsCalendar as WeeksPeriodsCalendar
    from anaplan_sdk.models.cells import CellCoordinate as CellCoordinate
    from anaplan_sdk.models.cells import CellWrite as CellWrite
    from anaplan_sdk.models.cells import CellWriteResult as CellWriteResult
    from anaplan_sdk.models.dimensions import Dimension as Dimension
    from anaplan_sdk.models.dimensions import DimensionWithCode as DimensionWithCode
    from anaplan_sdk.models.exception_users import ExceptionUser as ExceptionUser
    from anaplan_sdk.models.exception_users import ExceptionWorkspace as ExceptionWorkspace
    from anaplan_sdk.models.files import File as File
    from anaplan_sdk.models.files import FileChunk as FileChunk
    from anaplan_sdk.models.large_reads import ReadRequest as ReadRequest
    from anaplan_sdk.models.lists import InsertionResult as InsertionResult
    from anaplan_sdk.models.lists import List as List
    from anaplan_sdk.models.lists import ListDeletionResult as ListDeletionResult
    from anaplan_sdk.models.lists import ListItem as ListItem
    from anaplan_sdk.models.lists import ListItemKey as ListItemKey
    from anaplan_sdk.models.lists import ListItemUpdate as ListItemUpdate
    from anaplan_sdk.models.lists import ListMetadata as ListMetadata
    from anaplan_sdk.models.lists import ListUpdateResult as ListUpdateResult
    from anaplan_sdk.models.lists import NewListItem as NewListItem
    from anaplan_sdk.models.modules import Dashboard as Dashboard
    from anaplan_sdk.models.modules import FormatMetadata as FormatMetadata
    from anaplan_sdk.models.modules import GenericTypeMetadata as GenericTypeMetadata
    from anaplan_sdk.models.modules import LineItem as LineItem
    from anaplan_sdk.models.modules import ListFormatMetadata as ListFormatMetadata
    from anaplan_sdk.models.modules import Module as Module
    from anaplan_sdk.models.modules import NumberMetadata as NumberMetadata
    from anaplan_sdk.models.modules import TextMetadata as TextMetadata
    from anaplan_sdk.models.modules import TimePeriodMetadata as TimePeriodMetadata
    from anaplan_sdk.models.resolver import NamedObject as NamedObject
    from anaplan_sdk.models.tasks import CompletedTask as CompletedTask
    from anaplan_sdk.models.tasks import FailureDump as FailureDump
    from anaplan_sdk.models.tasks import Task as Task
    from anaplan_sdk.models.tasks import TaskResult as TaskResult
    from anaplan_sdk.models.tasks import TaskResultDetail as TaskResultDetail
    from anaplan_sdk.models.tasks import TaskStatus as TaskStatus
    from anaplan_sdk.models.tasks import TaskSummary as TaskSummary
    from anaplan_sdk.models.users import User as User
    from anaplan_sdk.models.views import View as View
    from anaplan_sdk.models.views import ViewData as ViewData
    from anaplan_sdk.models.views import ViewInfo as ViewInfo
    from anaplan_sdk.models.views import ViewRow as ViewRow
    from anaplan_sdk.models.workspaces_and_models import CategoryValue as CategoryValue
    from anaplan_sdk.models.workspaces_and_models import DeletionFailure as DeletionFailure
    from anaplan_sdk.models.workspaces_and_models import Model as Model
    from anaplan_sdk.models.workspaces_and_models import ModelDeletionResult as ModelDeletionResult
    from anaplan_sdk.models.workspaces_and_models import ModelStates as ModelStates
    from anaplan_sdk.models.workspaces_and_models import ModelStatus as ModelStatus
    from anaplan_sdk.models.workspaces_and_models import (
        ModelWithTransactionInfo as ModelWithTransactionInfo,
    )
    from anaplan_sdk.models.workspaces_and_models import Workspace as Workspace
    from anaplan_sdk.models.workspaces_and_models import WorkspaceMember as WorkspaceMember
    from anaplan_sdk.models.writes import Failure as Failure
    from anaplan_sdk.models.writes import WriteResult as WriteResult
else:
    from anaplan_sdk._lazy import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        "cloud_works consolidation flows scim",
        {
            "_base": "AnaplanModel",
            "actions": (
                "Action ActionMetadata ConnectorParameter Export ExportMetadata ExportTypes "
                "Import ImportMetadata ImportSource ImportTypes MappingParameter Process "
                "ProcessMetadata ProcessStep"
            ),
            "administration": "UserImportResult UserRow",
            "alm": (
                "ComparisonSummary CompletedReportTask CompletedSyncTask ModelRevision "
                "PendingTask Promotion ReportTask ReportTaskResult Revision RevisionTaskFailure "
                "SummaryDifferences SummaryReport SummaryTotals SyncTask SyncTaskResult"
            ),
            "audit": "AuditEvent CefEvent EventFamily FollowedEvent",
            "calendar": (
                "BaseCalendar CalendarTypes CurrentPeriod FiscalYear ModelCalendar "
                "MonthsQuartersYearsCalendar PartialCurrentPeriod TotalsSelection "
                "TotalsSelectionWithQuarter Version VersionPeriod WeeksGeneralCalendar "
                "WeeksGroupingCalendar WeeksPeriodsCalendar"
            ),
            "cells": "CellCoordinate CellWrite CellWriteResult",
            "dimensions": "Dimension DimensionWithCode",
            "exception_users": "ExceptionUser ExceptionWorkspace",
            "files": "File FileChunk",
            "large_reads": "ReadRequest",
            "lists": (
                "InsertionResult List ListDeletionResult ListItem ListItemKey ListItemUpdate "
                "ListMetadata ListUpdateResult NewListItem"
            ),
            "modules": (
                "Dashboard FormatMetadata GenericTypeMetadata LineItem ListFormatMetadata "
                "Module NumberMetadata TextMetadata TimePeriodMetadata"
            ),
            "resolver": "NamedObject",
            "tasks": (
                "CompletedTask FailureDump Task TaskResult TaskResultDetail TaskStatus TaskSummary"
            ),
            "users": "User",
            "views": "View ViewData ViewInfo ViewRow",
            "workspaces_and_models": (
                "CategoryValue DeletionFailure Model ModelDeletionResult ModelStates "
                "ModelStatus ModelWithTransactionInfo Workspace WorkspaceMember"
            ),
            "writes": "Failure WriteResult",
        },
    )
