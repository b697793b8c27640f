"""The calendar and the versions of a model, as the tenant file has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

_TYPES = (
    "Calendar Months/Quarters/Years",
    "Weeks: 4-4-5, 4-5-4 or 5-4-4",
    "Weeks: General",
    "Weeks: 13 4-week Periods",
)
_TOTALS = {
    "quarter_totals": "quarters",
    "half_year_totals": "half_years",
    "year_to_date_summary": "year_to_date",
    "year_to_go_summary": "year_to_go",
    "total_of_all_periods": "all_periods",
    "extra_month_quarter": "extra_month_quarter",
}
_SAME_NAMES = ("week_format", "week_grouping", "extra_week_month")
_EARLIEST, _LATEST = "1900-01-01", "2399-12-31"


def calendar_member(shown: Mapping[str, Any], current_period: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calendar of a model.

    Args:
        shown: What Anaplan shows of it.
        current_period: The current period.

    Returns:
        The member `calendar`; empty if Anaplan does not show its type or when it starts.
    """
    year: dict[str, Any] = shown.get("fiscal_year") or {}
    start = str(year.get("start_date") or shown.get("start_date") or "")
    kind = shown.get("calendar_type") or ""
    # Where the type is not shown, the first day shows whether a year consists of months.
    is_unknown = kind not in _TYPES if kind else not start.endswith("-01")
    if not start or is_unknown:
        return {}
    calendar: dict[str, Any] = {"start": start}
    if kind and kind != _TYPES[0]:
        calendar["type"] = kind
    else:
        # Fiscal years of months begin on the first of a month in the emulator.
        calendar["start"] = f"{start[:8]}01"
    if found := re.fullmatch(r"FY(\d\d)", str(year.get("year") or "")):
        calendar["year"] = 2000 + int(found[1])
    for name in ("past_years", "future_years"):
        if count := shown.get(f"{name}_count"):
            calendar[name] = count
    if kind == "Weeks: General":
        calendar["weeks"] = shown.get("weeks_count") or 52
    else:
        calendar |= {name: shown[name] for name in _SAME_NAMES if shown.get(name)}
    totals: dict[str, Any] = shown.get("totals_selection") or {}
    calendar["totals"] = {
        ours: totals[theirs] for theirs, ours in _TOTALS.items() if totals.get(theirs) is not None
    }
    if day := current_period.get("last_day"):
        calendar["current_period"] = str(day)
    return {name: value for name, value in calendar.items() if value != {}}


def number_of_periods(calendar: Mapping[str, Any]) -> int:
    """Return how many months or weeks a calendar has.

    Args:
        calendar: The member `calendar`.

    Returns:
        The number; 0 if it is not known.
    """
    years = 1 + calendar.get("past_years", 0) + calendar.get("future_years", 0)
    if "type" not in calendar:
        return int(12 * years)
    return int(calendar.get("weeks", 52 * years))


def version_members(shown: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the versions of a model.

    Args:
        shown: What Anaplan shows of them.

    Returns:
        The member `versions`.
    """
    versions: list[dict[str, Any]] = []
    for each in shown:
        version: dict[str, Any] = {"id": str(each["id"]), "name": each["name"]}
        version |= {"current": True} if each["is_current"] else {}
        version |= {"actual": True} if each["is_actual"] else {}
        for name in ("edit_from", "edit_to", "switchover"):
            period: dict[str, Any] = each.get(name) or {}
            day = str(period.get("date") or "")
            if _is_date(day) and day not in (_EARLIEST, _LATEST):
                version[name] = day
        version |= {"notes": each["notes"]} if each.get("notes") else {}
        versions.append(version)
    return versions


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
