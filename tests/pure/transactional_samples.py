"""Samples of lists, modules, views and calendars, one of each model."""

from __future__ import annotations

from typing import Any

from anaplan_sdk import models

REGION = {"id": "101000000001", "name": "Region"}
FAILURE = {
    "requestIndex": 2,
    "failureType": "INCORRECT_FORMAT",
    "failureMessageDetails": "incorrect format (column:p-1, value:x)",
}
TOTALS = {
    "isQuarterTotals": True,
    "isHalfYearTotals": False,
    "isYearToDateSummary": True,
    "isYearToGoSummary": False,
    "isTotalOfAllPeriods": False,
}
NUMBER = {
    "dataType": "NUMBER",
    "comparisonIncrease": "GOOD",
    "customUnits": None,
    "decimalPlaces": -1,
    "decimalSeparator": "FULL_STOP",
    "groupingSeparator": "COMMA",
    "minimumSignificantDigits": -1,
    "negativeNumberNotation": "MINUS_SIGN",
    "unitsDisplayType": "NONE",
    "unitsType": "NONE",
    "zeroFormat": "ZERO",
}
FY26 = {"year": "FY26", "startDate": "2026-01-01", "endDate": "2026-12-31"}
PERIOD = {"periodText": "Jan 26", "lastDay": "2026-01-31"}
WEEKS = {"pastYearsCount": 1, "futureYearsCount": 2, "extraWeekMonth": 12, "fiscalYear": FY26}

SAMPLES: list[tuple[type[models.AnaplanModel], dict[str, Any]]] = [
    (models.Dimension, REGION),
    (models.DimensionWithCode, {**REGION, "code": "N1"}),
    (models.Dashboard, {"id": "115000000001", "name": "Overview"}),
    (models.List, REGION),
    (
        models.ListMetadata,
        {
            **REGION,
            "properties": [{"name": "Owner", "format": "TEXT", "formula": None}],
            "hasSelectiveAccess": False,
            "parent": {"id": "101000000002", "name": "Country"},
            "subsets": [{"id": "109000000001", "name": "Active"}],
            "topLevelItem": {"id": "201000000001", "name": "All Regions"},
            "managedBy": "",
            "numberedList": True,
            "useTopLevelAsPageDefault": False,
            "itemCount": 7,
            "nextitemIndex": 8,
            "permittedItems": 999999999,
            "workflowEnabled": False,
            "productionData": False,
            "category": "Geography",
            "usedInAppliesTo": "Sales",
        },
    ),
    (
        models.ListItem,
        {
            "id": "201000000002",
            "name": "North",
            "code": "N1",
            "parent": "Europe",
            "parentId": "301000000001",
            "subsets": {"Active": True},
            "properties": {"Owner": "Ann"},
            "read": [],
        },
    ),
    (models.Failure, FAILURE),
    (models.WriteResult, {"failures": [FAILURE]}),
    (models.InsertionResult, {"added": 2, "ignored": 1, "total": 3, "failures": [FAILURE]}),
    (models.ListUpdateResult, {"updated": 2, "ignored": 1, "total": 3, "failures": [FAILURE]}),
    (models.ListDeletionResult, {"deleted": 2, "ignored": 0, "total": 2}),
    (models.CellWriteResult, {"numberOfCellsChanged": 1, "failures": [FAILURE]}),
    (
        models.NewListItem,
        {
            "name": "North",
            "code": "N1",
            "parent": "Europe",
            "properties": {"Owner": "Ann"},
            "subsets": {"Active": True},
        },
    ),
    (models.Module, {"id": "102000000001", "name": "Sales"}),
    (models.NumberMetadata, NUMBER),
    (
        models.ListFormatMetadata,
        {"dataType": "ENTITY", "hierarchyEntityLongId": "101000000001", "showAll": True},
    ),
    (
        models.TimePeriodMetadata,
        {"dataType": "TIME_ENTITY", "periodType": {"entityId": "MONTH", "entityIndex": 3}},
    ),
    (models.TextMetadata, {"dataType": "TEXT", "textType": "EMAIL_ADDRESS"}),
    (models.GenericTypeMetadata, {"dataType": "BOOLEAN"}),
    (
        models.LineItem,
        {
            "id": "202000000001",
            "name": "Units",
            "moduleId": "102000000001",
            "moduleName": "Sales",
            "code": None,
            "format": "NUMBER",
            "formatMetadata": NUMBER,
            "formula": "",
            "formulaScope": "All Versions",
            "summary": "Sum",
            "appliesTo": [REGION],
            "version": {"id": "20000000020", "name": "All"},
            "timeScale": "Month",
            "timeRange": "Model Calendar",
            "style": "Normal",
            "cellCount": 120,
            "useSwitchover": True,
        },
    ),
    (
        models.View,
        {"code": "", "id": "102000000001", "name": "Sales", "moduleId": "102000000001"},
    ),
    (
        models.ViewInfo,
        {"viewId": "102000000001", "viewName": "Sales", "rows": [REGION], "columns": [REGION]},
    ),
    (models.PartialCurrentPeriod, PERIOD),
    (models.CurrentPeriod, {**PERIOD, "calendarType": "Calendar Months/Quarters/Years"}),
    (models.FiscalYear, FY26),
    (models.TotalsSelection, {"isHalfYearTotals": True}),
    (models.TotalsSelectionWithQuarter, {**TOTALS, "extraMonthQuarter": 4}),
    (models.BaseCalendar, {"calendarType": "Weeks: General", "currentPeriod": PERIOD}),
    (
        models.MonthsQuartersYearsCalendar,
        {
            "calendarType": "Calendar Months/Quarters/Years",
            "pastYearsCount": 1,
            "futureYearsCount": 2,
            "fiscalYear": FY26,
            "currentPeriod": PERIOD,
            "totalsSelection": TOTALS,
        },
    ),
    (
        models.WeeksGeneralCalendar,
        {"calendarType": "Weeks: General", "startDate": "2026-01-05", "weeksCount": 104},
    ),
    (
        models.WeeksPeriodsCalendar,
        {"calendarType": "Weeks: 13 4-week Periods", "weekFormat": "Numbered", **WEEKS},
    ),
    (
        models.WeeksGroupingCalendar,
        {"calendarType": "Weeks: 4-4-5, 4-5-4 or 5-4-4", "weekGrouping": "445", **WEEKS},
    ),
    (models.VersionPeriod, {"periodText": "Jan 26", "date": "2026-01-31"}),
    (
        models.Version,
        {
            "id": "107000000002",
            "name": "Forecast",
            "isCurrent": True,
            "isActual": False,
            "editFrom": {"periodText": "", "date": ""},
            "editTo": {"periodText": "", "date": ""},
            "switchover": {"periodText": "Jan 26", "date": "2026-01-01"},
            "notes": "",
        },
    ),
    (
        models.ModelStatus,
        {
            "tooltip": "Model is open",
            "progress": -1.0,
            "currentStep": "Open",
            "exportTaskType": None,
            "creationTime": 1780000000000,
            "taskId": "A-11",
            "peakMemoryUsageEstimate": None,
            "peakMemoryUsageTime": 5,
        },
    ),
    (
        models.WorkspaceMember,
        {"firstName": "A", "lastName": "B", "email": "a@b.c", "otherWorkspaces": ["c"]},
    ),
    (
        models.ReadRequest,
        {
            "requestId": "F" * 32,
            "viewId": 102000000001,
            "requestState": "IN_PROGRESS",
            "url": "https://api.anaplan.com/readRequests",
            "availablePages": 3,
            "successful": False,
        },
    ),
    (models.NamedObject, {"id": 113000000001, "name": "a.csv", "kind": "file"}),
]
