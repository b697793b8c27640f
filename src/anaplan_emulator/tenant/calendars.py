"""Model calendars: fiscal years and the periods that they consist of.

Source: docs/anaplan-behaviour.md#calendar-and-versions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.problems import Mistake

CalendarType = Literal[
    "Calendar Months/Quarters/Years",
    "Weeks: 4-4-5, 4-5-4 or 5-4-4",
    "Weeks: General",
    "Weeks: 13 4-week Periods",
]
MONTHS: CalendarType = "Calendar Months/Quarters/Years"
GROUPED: CalendarType = "Weeks: 4-4-5, 4-5-4 or 5-4-4"
GENERAL: CalendarType = "Weeks: General"

FIRST_YEAR, LAST_YEAR = 2000, 2039
"""Fiscal years that a model can be set to; Anaplan's range is not documented."""

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)
_LABEL = re.compile(r"FY(\d\d)")


class Totals(Description):
    """The totals of Time. The emulator describes them but does not compute them."""

    quarters: bool = Field(default=True, examples=[True])
    """Whether there are totals of quarters."""
    half_years: bool = Field(default=False, examples=[True])
    """Whether there are totals of half-years."""
    year_to_date: bool = Field(default=False, examples=[True])
    """Whether there are totals of the year to date."""
    year_to_go: bool = Field(default=False, examples=[True])
    """Whether there are totals of the rest of the year."""
    all_periods: bool = Field(default=False, examples=[True])
    """Whether there is a total of all periods."""
    extra_month_quarter: int = Field(default=4, ge=1, le=4, examples=[4])
    """The quarter with the thirteenth period."""


class Calendar(Description):
    """A model calendar: its type, periods and range."""

    type: CalendarType = Field(default=MONTHS, examples=["Weeks: General"])
    """One of Anaplan's four types of calendars."""
    start: date = Field(default=date(2026, 1, 1), examples=["2026-01-01"])
    """First day of the current fiscal year, or of the first week if the type is Weeks: General."""
    year: int | None = Field(default=None, ge=FIRST_YEAR, le=LAST_YEAR, examples=[2026])
    """Number of the current fiscal year: 2026 for FY26. By default the calendar year in which it
    ends, give or take a week."""
    past_years: int = Field(default=0, ge=0, examples=[1])
    """Number of fiscal years before the current one."""
    future_years: int = Field(default=0, ge=0, examples=[2])
    """Number of fiscal years after the current one."""
    months: int | None = Field(default=None, ge=1, examples=[18])
    """Number of months, if they are not whole years."""
    weeks: int = Field(default=52, ge=1, examples=[26])
    """Number of weeks, if the type is Weeks: General."""
    week_format: Literal["Numbered", "Week Commencing", "Week Ending"] = Field(
        default="Numbered", examples=["Week Ending"]
    )
    """How weeks are named."""
    week_grouping: Literal["445", "454", "544"] = Field(default="445", examples=["454"])
    """Weeks in the months of a quarter, if the type has weeks in groups."""
    extra_week_month: int = Field(default=12, ge=1, le=12, examples=[12])
    """The month with the 53rd week."""
    totals: Totals = Field(default=Totals(), examples=[{"half_years": True}])
    """The totals of Time."""
    current_period: date | None = Field(default=None, examples=["2026-03-04"])
    """Any day in the current period."""

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.type == MONTHS and self.start.day != 1:
            raise Mistake(
                "start: fiscal years of months begin on the first of a month",
                f"Write {self.start.replace(day=1)}.",
                "start",
            )
        if self.months is not None and self.type != MONTHS:
            raise Mistake("months: a calendar of weeks has none", "Remove it.", "months")
        if self.current_period is not None and not self.timescale.contains(self.current_period):
            raise Mistake(
                "current_period is outside the timescale",
                f"Write a date from {self.timescale.first} to {self.timescale.last}.",
                "current_period",
            )
        return self

    @property
    def timescale(self) -> "Timescale":
        """The initial timescale."""
        return Timescale(self, None if self.type == GENERAL else self.named_year)

    @property
    def named_year(self) -> int:
        """Number of the fiscal year that begins on `start`."""
        return self.year or (self._anniversary(1) - _WEEK).year

    def begin_of(self, year: int) -> date:
        """Return the first day of a fiscal year.

        A year of weeks begins on the same weekday as `start`, on the date nearest to the same day
        of the year, and so has 52 or 53 weeks.
        """
        day = self._anniversary(year - self.named_year)
        if self.type == MONTHS:
            return day
        offset = (self.start.weekday() - day.weekday()) % 7
        return day + timedelta(days=offset if offset <= 3 else offset - 7)

    def _anniversary(self, years: int) -> date:
        # Most years have no 29th of February.
        day = 28 if (self.start.month, self.start.day) == (2, 29) and years else self.start.day
        return date(self.start.year + years, self.start.month, day)


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a week."""

    text: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Timescale:
    """The periods of a model, from its past years to its future years."""

    calendar: Calendar
    year: int | None
    """The current fiscal year, or None if the calendar has no fiscal years."""

    @property
    def first(self) -> date:
        """The first day."""
        if self.year is None:
            return self.calendar.start
        return self.calendar.begin_of(self.year - self.calendar.past_years)

    @property
    def last(self) -> date:
        """The last day."""
        calendar = self.calendar
        if self.year is None:
            return self.first + calendar.weeks * _WEEK - _DAY
        if calendar.months is not None:
            return _month_after(self.first, calendar.months) - _DAY
        return calendar.begin_of(self.year + calendar.future_years + 1) - _DAY

    def contains(self, day: date) -> bool:
        """Return whether a day is in the timescale."""
        return self.first <= day <= self.last

    def periods(self) -> Iterator[Period]:
        """Yield all periods in order."""
        day = self.first
        while day <= self.last:
            period = self.period_of(day)
            yield period
            day = period.last + _DAY

    def period_of(self, day: date) -> Period:
        """Return the period of a day, which may be outside of the timescale."""
        calendar = self.calendar
        if calendar.type == MONTHS:
            text = f"{MONTH_NAMES[day.month - 1]} {day.year % 100:02}"
            first = day.replace(day=1)
            return Period(text, first, _month_after(first, 1) - _DAY)
        year, begin = 0, calendar.start
        if self.year is not None:
            year = calendar.named_year + day.year - calendar.start.year + 1
            while calendar.begin_of(year) > day:
                year -= 1
            begin = calendar.begin_of(year)
        week = (day - begin) // _WEEK
        first = begin + week * _WEEK
        last = first + _WEEK - _DAY
        if self.year is not None and calendar.week_format == "Numbered":
            return Period(f"Week {week + 1} {fiscal_year_label(year)}", first, last)
        shown = last if calendar.week_format == "Week Ending" else first
        return Period(
            f"{shown.day} {MONTH_NAMES[shown.month - 1]} {shown.year % 100:02}", first, last
        )


def fiscal_year_label(year: int) -> str:
    """Return the label of a fiscal year, such as FY26."""
    return f"FY{year % 100:02}"


def parse_fiscal_year(text: str) -> int | None:
    """Return the fiscal year of a label, or None if it is not a year that a model can be set to."""
    found = _LABEL.fullmatch(text)
    year = 2000 + int(found[1]) if found else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def _month_after(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)
