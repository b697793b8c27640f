"""Models of the Integration API: the calendar, the current period and the versions of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, cast

from pydantic import Discriminator, Field, Tag

from anaplan_sdk.models._base import AnaplanModel, ObjectId, aliases, field_text

CalendarTypes: TypeAlias = Literal[
    "Calendar Months/Quarters/Years",
    "Weeks: 4-4-5, 4-5-4 or 5-4-4",
    "Weeks: General",
    "Weeks: 13 4-week Periods",
]
"""The types of a calendar."""


class PartialCurrentPeriod(AnaplanModel):
    """The current period, as the calendar contains it.

    Attributes:
        period_text: The name of the period, such as `Jan 26`; empty when none is set.
        last_day: Its last day as `YYYY-MM-DD`; empty when none is set.

    Source: Anaplan Integration API V2 guide, "Retrieve current period".
    """

    period_text: str = ""
    last_day: str = ""


class CurrentPeriod(PartialCurrentPeriod):
    """The current period.

    Attributes:
        calendar_type: The type of the calendar, one of `CalendarTypes` or one that is not known
            yet.

    Source: Anaplan Integration API V2 guide, "Retrieve current period".
    """

    calendar_type: str = ""


class FiscalYear(AnaplanModel):
    """A fiscal year.

    Attributes:
        year: The name of the year, such as `FY26`.
        start_date: Its first day as `YYYY-MM-DD`.
        end_date: Its last day as `YYYY-MM-DD`.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    year: str = Field(default="", validation_alias=aliases("fiscalYearLabel", "year"))
    start_date: str = ""
    end_date: str = ""


class TotalsSelection(AnaplanModel):
    """The totals a calendar has.

    Attributes:
        half_year_totals: Whether it has totals of half years.
        year_to_date_summary: Whether it has a summary from the start of the year to the
            current period.
        year_to_go_summary: Whether it has a summary from the current period to the end of the
            year.
        total_of_all_periods: Whether it has a total of all periods.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    half_year_totals: bool = Field(
        default=False, validation_alias=aliases("isHalfYearTotals", "half_year_totals")
    )
    year_to_date_summary: bool = Field(
        default=False, validation_alias=aliases("isYearToDateSummary", "year_to_date_summary")
    )
    year_to_go_summary: bool = Field(
        default=False, validation_alias=aliases("isYearToGoSummary", "year_to_go_summary")
    )
    total_of_all_periods: bool = Field(
        default=False, validation_alias=aliases("isTotalOfAllPeriods", "total_of_all_periods")
    )


class TotalsSelectionWithQuarter(TotalsSelection):
    """The totals a calendar with quarters has.

    Attributes:
        quarter_totals: Whether it has totals of quarters.
        extra_month_quarter: The quarter that has the extra period, where a year has 13 of them.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    quarter_totals: bool = Field(
        default=False, validation_alias=aliases("isQuarterTotals", "quarter_totals")
    )
    extra_month_quarter: int | None = None


class BaseCalendar(AnaplanModel):
    """What calendars of every type have.

    Attributes:
        calendar_type: The type, one of `CalendarTypes` or one that is not known yet; empty where
            Anaplan does not report it.
        current_period: The current period.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    calendar_type: CalendarTypes | str = ""
    current_period: PartialCurrentPeriod = Field(default_factory=PartialCurrentPeriod)


class MonthsQuartersYearsCalendar(BaseCalendar):
    """A calendar of months, quarters and years.

    Attributes:
        past_years_count: The number of years before the current fiscal year.
        future_years_count: The number of years after the current fiscal year.
        fiscal_year: The current fiscal year.
        totals_selection: The totals it has.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    past_years_count: int = 0
    future_years_count: int = 0
    fiscal_year: FiscalYear = Field(default_factory=FiscalYear)
    totals_selection: TotalsSelectionWithQuarter = Field(default_factory=TotalsSelectionWithQuarter)


class WeeksGeneralCalendar(BaseCalendar):
    """A calendar of weeks, without fiscal years.

    Attributes:
        start_date: Its first day as `YYYY-MM-DD`.
        weeks_count: The number of weeks.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    start_date: str = ""
    weeks_count: int = 0


class WeeksPeriodsCalendar(BaseCalendar):
    """A calendar of 13 periods of four weeks each.

    Attributes:
        fiscal_year: The current fiscal year.
        past_years_count: The number of years before the current fiscal year.
        future_years_count: The number of years after the current fiscal year.
        extra_week_month: The month or period that has the extra week of a year with 53 weeks.
        week_format: How weeks are named: `Numbered`, `Week Commencing`, `Week Ending`, or a way
            that is not known yet.
        totals_selection: The totals it has.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    fiscal_year: FiscalYear = Field(default_factory=FiscalYear)
    past_years_count: int = 0
    future_years_count: int = 0
    extra_week_month: int = 0
    week_format: Literal["Numbered", "Week Commencing", "Week Ending"] | str = ""
    totals_selection: TotalsSelectionWithQuarter = Field(default_factory=TotalsSelectionWithQuarter)


class WeeksGroupingCalendar(WeeksPeriodsCalendar):
    """A calendar whose quarters group weeks by 4-4-5, 4-5-4 or 5-4-4.

    Attributes:
        week_grouping: The grouping: `445`, `454` or `544`.

    Source: Anaplan Integration API V2 guide, "Get current fiscal year".
    """

    week_grouping: str = ""


def _calendar_tag(value: object) -> str:
    # Anaplan's pages spell the types in several ways, and some samples have no type.
    text = field_text(value, "calendarType", "calendar_type").lower()
    if not text:
        names = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        return next((tag for name, tag in _DISTINCTIVE_FIELDS.items() if name in names), "base")
    if not text.startswith("weeks"):
        return "months"
    if "general" in text:
        return "general"
    return "periods" if "13" in text else "grouping"


# Fields that only some calendars have, from the most to the least distinctive.
_DISTINCTIVE_FIELDS = {
    "weekGrouping": "grouping",
    "weekFormat": "periods",
    "extraWeekMonth": "periods",
    "weeksCount": "general",
    "fiscalYear": "months",
    "totalsSelection": "months",
    "pastYearsCount": "months",
    "futureYearsCount": "months",
}

ModelCalendar: TypeAlias = (
    MonthsQuartersYearsCalendar
    | WeeksGeneralCalendar
    | WeeksGroupingCalendar
    | WeeksPeriodsCalendar
)
if not TYPE_CHECKING:
    # Programs that tell the four classes apart need no fifth case for a reply without content.
    ModelCalendar |= BaseCalendar
"""The calendar of a model, of the class that fits its `calendar_type`.

Where Anaplan does not report the type, the class is that of its other fields; it is `BaseCalendar`
where there are none, as for a calendar of the type `Weeks: General` in Anaplan's guide.
"""

TaggedCalendar: TypeAlias = Annotated[
    Annotated[MonthsQuartersYearsCalendar, Tag("months")]
    | Annotated[WeeksGeneralCalendar, Tag("general")]
    | Annotated[WeeksGroupingCalendar, Tag("grouping")]
    | Annotated[WeeksPeriodsCalendar, Tag("periods")]
    | Annotated[BaseCalendar, Tag("base")],
    Discriminator(_calendar_tag),
]
"""`ModelCalendar` as replies are read: by `calendar_type`, not by what fits best."""


class VersionPeriod(AnaplanModel):
    """A period that bounds what can be done with a version.

    Attributes:
        period_text: The name of the period, such as `Jan 26`; empty without a bound.
        date: The date as `YYYY-MM-DD`; empty without a bound.
        calendar_type: The type of the calendar, where Anaplan reports it.

    Source: Anaplan Integration API V2 guide, "Retrieve version metadata" and "Set version
    switchover date".
    """

    period_text: str = ""
    date: str = ""
    calendar_type: str | None = None


class Version(AnaplanModel):
    """A version of a model's data.

    Attributes:
        id: The id, `107...`.
        name: The name, such as `Forecast`.
        code: The code.
        is_current: Whether it is the current version.
        is_actual: Whether it holds actuals.
        edit_from: The first period that can be edited.
        edit_to: The last period that can be edited.
        switchover: The first period that does not take its values from actuals; None without one.
        formula: The formula of a variance version.
        notes: The notes.

    Source: Anaplan Integration API V2 guide, "Retrieve version metadata".
    """

    id: ObjectId
    name: str = ""
    code: str | None = None
    is_current: bool = False
    is_actual: bool = False
    edit_from: VersionPeriod = Field(default_factory=VersionPeriod)
    edit_to: VersionPeriod = Field(default_factory=VersionPeriod)
    switchover: VersionPeriod | None = None
    formula: str | None = None
    notes: str = ""
