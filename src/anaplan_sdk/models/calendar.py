"""What the Integration API says of a model's time, versions and state."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from anaplan_sdk.models._base import AnaplanModel, member, named


class PartialCurrentPeriod(AnaplanModel):
    """The current period, of empty texts when none is set."""

    period_text: str = ""
    last_day: str = ""


class CurrentPeriod(PartialCurrentPeriod):
    """The current period and the calendar it is of."""

    calendar_type: str = ""


class FiscalYear(AnaplanModel):
    """A fiscal year and its first and last day, as `YYYY-MM-DD`."""

    year: str = ""
    start_date: str = ""
    end_date: str = ""


class TotalsSelection(AnaplanModel):
    """Which totals the calendar has."""

    half_year_totals: bool = Field(
        default=False, validation_alias=named("isHalfYearTotals", "half_year_totals")
    )
    year_to_date_summary: bool = Field(
        default=False, validation_alias=named("isYearToDateSummary", "year_to_date_summary")
    )
    year_to_go_summary: bool = Field(
        default=False, validation_alias=named("isYearToGoSummary", "year_to_go_summary")
    )
    total_of_all_periods: bool = Field(
        default=False, validation_alias=named("isTotalOfAllPeriods", "total_of_all_periods")
    )


class TotalsSelectionWithQuarter(TotalsSelection):
    """The same for calendars that have quarters."""

    quarter_totals: bool = Field(
        default=False, validation_alias=named("isQuarterTotals", "quarter_totals")
    )
    extra_month_quarter: int | None = None


CalendarTypes: TypeAlias = Literal[
    "Calendar Months/Quarters/Years",
    "Weeks: 4-4-5, 4-5-4 or 5-4-4",
    "Weeks: General",
    "Weeks: 13 4-week Periods",
]


class BaseCalendar(AnaplanModel):
    """What every calendar has."""

    calendar_type: CalendarTypes | str
    current_period: PartialCurrentPeriod = Field(default_factory=PartialCurrentPeriod)


class MonthsQuartersYearsCalendar(BaseCalendar):
    """A calendar of months."""

    past_years_count: int = 0
    future_years_count: int = 0
    fiscal_year: FiscalYear = Field(default_factory=FiscalYear)
    totals_selection: TotalsSelectionWithQuarter = Field(default_factory=TotalsSelectionWithQuarter)


class WeeksGeneralCalendar(BaseCalendar):
    """A calendar of weeks only, which has no fiscal years."""

    start_date: str = ""
    weeks_count: int = 0


class WeeksPeriodsCalendar(BaseCalendar):
    """A calendar of 13 periods of four weeks each."""

    fiscal_year: FiscalYear = Field(default_factory=FiscalYear)
    past_years_count: int = 0
    future_years_count: int = 0
    extra_week_month: int = 0
    week_format: Literal["Numbered", "Week Commencing", "Week Ending"] | str = ""
    totals_selection: TotalsSelectionWithQuarter = Field(default_factory=TotalsSelectionWithQuarter)


class WeeksGroupingCalendar(WeeksPeriodsCalendar):
    """A calendar whose quarters group weeks by 4-4-5, 4-5-4 or 5-4-4."""

    week_grouping: str = ""


def _calendar_kind(value: object) -> str:
    # Anaplan's pages spell the types in several ways.
    text = member(value, "calendarType", "calendar_type").lower()
    if not text.startswith("weeks"):
        return "months"
    if "general" in text:
        return "general"
    return "periods" if "13" in text else "grouping"


ModelCalendar: TypeAlias = Annotated[
    Annotated[MonthsQuartersYearsCalendar, Tag("months")]
    | Annotated[WeeksGeneralCalendar, Tag("general")]
    | Annotated[WeeksGroupingCalendar, Tag("grouping")]
    | Annotated[WeeksPeriodsCalendar, Tag("periods")],
    Discriminator(_calendar_kind),
]


class VersionPeriod(AnaplanModel):
    """A period that bounds a version, of empty texts when it isn't bounded."""

    period_text: str = ""
    date: str = ""
    calendar_type: str | None = None


class Version(AnaplanModel):
    """A version of the model's data."""

    id: int
    name: str
    code: str | None = None
    is_current: bool = False
    is_actual: bool = False
    edit_from: VersionPeriod = Field(default_factory=VersionPeriod)
    edit_to: VersionPeriod = Field(default_factory=VersionPeriod)
    switchover: VersionPeriod | None = None
    formula: str | None = None
    notes: str = ""


class ModelStatus(AnaplanModel):
    """What a model is doing; when idle its progress is -1 and its step `Open` or `Closed`."""

    peak_memory_usage_estimate: int | None = None
    peak_memory_usage_time: int | None = None
    progress: float = -1.0
    current_step: Literal["Open", "Closed", "Closing", "Updating"] | str
    tooltip: str | None = None
    task_id: str | None = None
    creation_time: int = 0
    export_task_type: str | None = None
