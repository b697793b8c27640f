"""A model's time: fiscal years and the periods they are made of (facts 4.11)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from anaplan_emulator.store.description import Description

CalendarType = Literal[
    "Calendar Months/Quarters/Years",
    "Weeks: 4-4-5, 4-5-4 or 5-4-4",
    "Weeks: General",
    "Weeks: 13 4-week Periods",
]
MONTHS: CalendarType = "Calendar Months/Quarters/Years"
GROUPED: CalendarType = "Weeks: 4-4-5, 4-5-4 or 5-4-4"
GENERAL: CalendarType = "Weeks: General"

FIRST_YEAR, LAST_YEAR = 2000, 2050
"""Fiscal years that a model can be moved to; which ones Anaplan has is not on record."""

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)
_LABEL = re.compile(r"FY(\d\d)")


class Totals(Description):
    """Which totals Time has. The emulator tells of them, and doesn't make them."""

    quarters: bool = True
    half_years: bool = False
    year_to_date: bool = False
    year_to_go: bool = False
    all_periods: bool = False
    extra_month_quarter: int = Field(default=4, ge=1, le=4)
    """Which quarter has the thirteenth period."""


class Calendar(Description):
    """How a model's time is divided, and how far it reaches."""

    type: CalendarType = MONTHS
    start: date = date(2026, 1, 1)
    """First day of the current fiscal year; of the first week, where weeks are general."""
    year: int | None = Field(default=None, ge=FIRST_YEAR, le=LAST_YEAR)
    """What the current fiscal year is called: 2026 for FY26. By default the year it ends in,
    a week more or less."""
    past_years: int = Field(default=0, ge=0)
    future_years: int = Field(default=0, ge=0)
    months: int | None = Field(default=None, ge=1)
    """How many months there are, where it isn't whole years."""
    weeks: int = Field(default=52, ge=1)
    """How many weeks there are, where weeks are general."""
    week_format: Literal["Numbered", "Week Commencing", "Week Ending"] = "Numbered"
    week_grouping: Literal["445", "454", "544"] = "445"
    extra_week_month: int = Field(default=12, ge=1, le=12)
    totals: Totals = Totals()
    current_period: date | None = None
    """Any day in it."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.type == MONTHS and self.start.day != 1:
            raise ValueError("start: fiscal years of months begin on the first of a month")
        if self.months is not None and self.type != MONTHS:
            raise ValueError("months: weeks have none")
        if self.current_period is not None and not self.timescale.holds(self.current_period):
            raise ValueError("current_period is outside the timescale")
        return self

    @property
    def timescale(self) -> "Timescale":
        """The timescale it begins with."""
        return Timescale(self, None if self.type == GENERAL else self.named_year)

    @property
    def named_year(self) -> int:
        """The number in the name of the fiscal year that begins at the start."""
        return self.year or (self._anniversary(1) - _WEEK).year

    def begin_of(self, year: int) -> date:
        """Find the first day of a fiscal year.

        Those made of weeks begin on the weekday that is nearest to the same day of the year, and
        so have 52 weeks or 53.
        """
        day = self._anniversary(year - self.named_year)
        if self.type == MONTHS:
            return day
        off = (self.start.weekday() - day.weekday()) % 7
        return day + timedelta(days=off if off <= 3 else off - 7)

    def _anniversary(self, years: int) -> date:
        # The 29th of February comes every fourth year only.
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
    """The periods of a model: those of some years around the current one."""

    calendar: Calendar
    year: int | None
    """The current fiscal year, where the calendar has any."""

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

    def holds(self, day: date) -> bool:
        """Tell whether a day is inside."""
        return self.first <= day <= self.last

    def periods(self) -> Iterator[Period]:
        """Make all periods in order."""
        day = self.first
        while day <= self.last:
            period = self.period_of(day)
            yield period
            day = period.last + _DAY

    def period_of(self, day: date) -> Period:
        """Find the period that a day is in, wherever it lies."""
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
            return Period(f"Week {week + 1} {label(year)}", first, last)
        shown = last if calendar.week_format == "Week Ending" else first
        return Period(
            f"{shown.day} {MONTH_NAMES[shown.month - 1]} {shown.year % 100:02}", first, last
        )


def label(year: int) -> str:
    """Write the name of a fiscal year."""
    return f"FY{year % 100:02}"


def read_label(text: str) -> int | None:
    """Read the name of a fiscal year; None where it is none that a model can be moved to."""
    found = _LABEL.fullmatch(text)
    year = 2000 + int(found[1]) if found else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def _month_after(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)
