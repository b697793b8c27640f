"""Describing model calendars and versions, and setting switchovers.

Source: docs/anaplan-behaviour.md#calendar-and-versions.
"""

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from anaplan_emulator.engine.model_calendar import ModelCalendar
from anaplan_emulator.engine.structure import ITEMS_PER_LIST, item_id, list_by_key
from anaplan_emulator.store.records import read_record
from anaplan_emulator.tenant.calendars import (
    GENERAL,
    GROUPED,
    MONTHS,
    Timescale,
    Totals,
    fiscal_year_label,
)

_START = {"periodText": "Start of Timescale", "date": "1900-01-01"}
_END = {"periodText": "End of Timescale", "date": "2399-12-31"}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a model."""

    key: int
    id: str
    name: str
    is_current: bool
    is_actual: bool
    notes: str
    edit_from: date | None
    edit_to: date | None
    switchover: date | None


def describe_calendar(model_calendar: ModelCalendar) -> dict[str, Any]:
    """Return a calendar as JSON values, whose members depend on its type."""
    calendar, year = model_calendar.calendar, model_calendar.timescale.year
    body: dict[str, Any] = {"fiscalYear": {}}
    if year is not None:
        body["fiscalYear"] = _describe_year(model_calendar.timescale, year)
    current = describe_current_period(model_calendar)
    del current["calendarType"]
    body |= {"calendarType": calendar.type, "currentPeriod": current}
    if calendar.type == GENERAL:
        return body | {"startDate": calendar.start.isoformat(), "weeksCount": calendar.weeks}
    body |= {
        "pastYearsCount": calendar.past_years,
        "futureYearsCount": calendar.future_years,
        "totalsSelection": _describe_totals(
            calendar.totals, periods=calendar.type not in (MONTHS, GROUPED)
        ),
    }
    if calendar.type != MONTHS:
        body |= {
            "weekFormat": calendar.week_format,
            "extraWeekMonth": calendar.extra_week_month,
        }
    if calendar.type == GROUPED:
        body["weekGrouping"] = calendar.week_grouping
    return body


def describe_current_period(calendar: ModelCalendar) -> dict[str, str]:
    """Return the current period as JSON values, with empty strings if there is none."""
    current = calendar.current_period
    return {
        "periodText": current.text if current else "",
        "lastDay": current.last.isoformat() if current else "",
        "calendarType": calendar.calendar.type,
    }


def all_versions(db: sqlite3.Connection, model: int) -> list[Version]:
    """Read a model's versions, in order."""
    rows = db.execute(
        """
        SELECT versions.*, list_items.list, list_items.name
        FROM versions
        JOIN list_items ON list_items.key = versions.item
        JOIN lists ON lists.key = list_items.list
        WHERE lists.model = ? ORDER BY versions.item
        """,
        (model,),
    ).fetchall()
    return [_read_version(db, row) for row in rows]


def describe_version(version: Version, timescale: Timescale) -> dict[str, Any]:
    """Return a version as JSON values. Switchover and notes are left out if there are none."""
    body: dict[str, Any] = {
        "id": version.id,
        "name": version.name,
        "isCurrent": version.is_current,
        "isActual": version.is_actual,
        "editFrom": _first_day(timescale, version.edit_from) or _START,
        "editTo": _last_day(timescale, version.edit_to) or _END,
    }
    if switchover := _first_day(timescale, version.switchover):
        body["switchover"] = switchover
    if version.notes:
        body["notes"] = version.notes
    return body


def describe_switchover(timescale: Timescale, day: date | None) -> dict[str, str]:
    """Return a version's switchover as JSON values, with empty strings if there is none."""
    period = _first_day(timescale, day) or {"periodText": "", "date": ""}
    return period | {"calendarType": timescale.calendar.type}


def set_switchover(db: sqlite3.Connection, version: Version, day: date | None) -> None:
    """Set or unset a version's switchover."""
    db.execute(
        "UPDATE versions SET switchover = ? WHERE item = ?",
        (day.isoformat() if day else None, version.key),
    )


def _read_version(db: sqlite3.Connection, row: sqlite3.Row) -> Version:
    key = row["item"]
    return read_record(
        Version,
        row,
        key=key,
        id=item_id(db, list_by_key(db, key // ITEMS_PER_LIST), key),
        edit_from=_day(row["edit_from"]),
        edit_to=_day(row["edit_to"]),
        switchover=_day(row["switchover"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _describe_year(timescale: Timescale, year: int) -> dict[str, str]:
    first, following = (timescale.calendar.begin_of(each) for each in (year, year + 1))
    label = fiscal_year_label(year)
    return {
        # Anaplan's schemas disagree about the name
        # (docs/anaplan-behaviour.md#calendar-and-versions).
        "year": label,
        "fiscalYearLabel": label,
        "startDate": first.isoformat(),
        "endDate": (following - timedelta(days=1)).isoformat(),
    }


def _describe_totals(totals: Totals, *, periods: bool) -> dict[str, Any]:
    # The guide's names and those of another of Anaplan's schemas.
    body: dict[str, Any] = {}
    for name, included in (
        ("QuarterTotals", totals.quarters),
        ("HalfYearTotals", totals.half_years),
        ("YearToDateSummary", totals.year_to_date),
        ("YearToGoSummary", totals.year_to_go),
        ("TotalOfAllPeriods", totals.all_periods),
    ):
        body |= {f"{name[0].lower()}{name[1:]}": included, f"is{name}": included}
    return body | {"extraMonthQuarter": totals.extra_month_quarter} if periods else body


def _first_day(timescale: Timescale, day: date | None) -> dict[str, str] | None:
    if day is None:
        return None
    period = timescale.period_of(day)
    return {"periodText": period.text, "date": period.first.isoformat()}


def _last_day(timescale: Timescale, day: date | None) -> dict[str, str] | None:
    if day is None:
        return None
    period = timescale.period_of(day)
    return {"periodText": period.text, "date": period.last.isoformat()}
