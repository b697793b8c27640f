"""Schedules of integrations: the five types, and when they are due.

Source: docs/anaplan-behaviour.md#schedules.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as TimeOfDay  # noqa: N812 (a schedule has a time)
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_REQUIRED_FIELDS = {
    "hourly": ("fromTime", "toTime", "repeatEvery", "daysOfWeek"),
    "daily": ("time",),
    "weekly": ("time", "daysOfWeek"),
    "monthly_specific_day": ("time", "dayOfMonth"),
    "monthly_relative_weekday": ("time", "dayOfWeek", "repeatEvery"),
}
# Every type is due at least once in this number of days, even on a 29th of February.
_DAYS_AHEAD = 400
# There is no later moment in some time zones.
_LAST_DAY = date(9999, 12, 30)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone") from None
    return name


TimeText = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Annotated[int, Field(ge=0, le=6)]


class Schedule(BaseModel):
    """A schedule, with the field names of the CloudWorks API."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    name: str = Field(min_length=1, examples=["Nightly"])
    """Name of the schedule."""
    type: Literal[
        "hourly", "daily", "weekly", "monthly_specific_day", "monthly_relative_weekday"
    ] = Field(examples=["daily"])
    """How often it is due."""
    time: TimeText | None = Field(default=None, examples=["02:00"])
    """Time of day; for all types but hourly."""
    fromTime: TimeText | None = Field(default=None, examples=["08:00"])  # noqa: N815 (the API's own spelling)
    """First time of a day; for hourly schedules."""
    toTime: TimeText | None = Field(default=None, examples=["18:00"])  # noqa: N815
    """Last time of a day; for hourly schedules."""
    repeatEvery: Annotated[int, Field(ge=1, le=24)] | None = Field(default=None, examples=[2])  # noqa: N815
    """Hours between the times of an hourly schedule; the week of the month, from 1 to 5, for a
    weekday of the month."""
    daysOfWeek: Annotated[list[Weekday], Field(min_length=1)] | None = Field(  # noqa: N815
        default=None, examples=[[1, 3, 5]]
    )
    """Days of the week, from 0 for Sunday to 6; for hourly and weekly schedules."""
    dayOfWeek: Weekday | None = Field(default=None, examples=[1])  # noqa: N815
    """Day of the week, from 0 for Sunday to 6; for a weekday of the month."""
    dayOfMonth: Annotated[int, Field(ge=1, le=31)] | None = Field(default=None, examples=[15])  # noqa: N815
    """Day of the month, from 1 to 31."""
    startDate: date = Field(examples=["2026-01-05"])  # noqa: N815
    """First day."""
    endDate: date | None = Field(default=None, examples=["2026-12-31"])  # noqa: N815
    """Last day; it has no end by default."""
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(examples=["Europe/Berlin"])
    """Time zone of dates and times."""

    @model_validator(mode="before")
    @classmethod
    def _read_day_of_week(cls, content: Any) -> Any:
        """Accept `daysOfWeek` for one weekday of the month, as in a table of the guide."""
        match content:
            case {"type": "monthly_relative_weekday", "daysOfWeek": [day]} if (
                "dayOfWeek" not in content
            ):
                return {**content, "dayOfWeek": day}
        return content

    @model_validator(mode="after")
    def _check_fields(self) -> "Schedule":
        for name in _REQUIRED_FIELDS[self.type]:
            if getattr(self, name) is None:
                raise ValueError(f"{name} is required for the type {self.type}")
        if self.endDate is not None and self.endDate < self.startDate:
            raise ValueError("endDate is before startDate")
        if self.type == "hourly" and str(self.toTime) < str(self.fromTime):
            raise ValueError("toTime is before fromTime")
        if self.type == "monthly_relative_weekday" and (self.repeatEvery or 0) > 5:
            raise ValueError("repeatEvery must be from 1 to 5")
        return self

    def due_after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment at which it is due, or None after its end."""
        # Begin a day early: a local time may be on the other side of midnight.
        first = max(self.startDate, self._local_day(moment) - timedelta(days=1)).toordinal()
        last = min(self.endDate or _LAST_DAY, _LAST_DAY).toordinal()
        for day in range(first, min(first + _DAYS_AHEAD, last + 1)):
            for due in self._due_on(date.fromordinal(day)):
                if due > moment:
                    return due
        return None

    def last_due(self, first: datetime, until: datetime, *, most: int) -> list[datetime]:
        """Return the last times at which it is due, in order.

        They are sought backward, as there may be very many since `first`.

        Args:
            first: The first moment to return.
            until: The last moment to return.
            most: Greatest number of times.
        """
        last_day = min(self.endDate or _LAST_DAY, self._local_day(until) + timedelta(days=1))
        first_day = max(self.startDate, self._local_day(first) - timedelta(days=1))
        found: list[datetime] = []
        for day in range(last_day.toordinal(), first_day.toordinal() - 1, -1):
            times = self._due_on(date.fromordinal(day))
            found[:0] = [due for due in times if first <= due <= until]
            if len(found) >= most:
                break
        return found[-most:]

    def local_date(self, moment: float) -> str:
        """Return the date of a moment in the schedule's time zone, in ISO format."""
        return datetime.fromtimestamp(moment, ZoneInfo(self.timezone)).date().isoformat()

    def _local_day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.timezone)).date()

    def _due_on(self, day: date) -> list[datetime]:
        """Return the times of a day at which it is due, in order."""
        if not self._is_due_on(day):
            return []
        zone = ZoneInfo(self.timezone)
        # Two local times are the same moment when an hour is skipped.
        times = {datetime.combine(day, at, zone).astimezone(UTC) for at in self._times()}
        return sorted(times)

    def _is_due_on(self, day: date) -> bool:
        weekday = day.isoweekday() % 7  # 0 is Sunday.
        match self.type:
            case "hourly" | "weekly":
                return weekday in (self.daysOfWeek or ())
            case "daily":
                # The documented example has days of the week, but they are optional.
                return self.daysOfWeek is None or weekday in self.daysOfWeek
            case "monthly_specific_day":
                return day.day == self.dayOfMonth
            case _:
                return weekday == self.dayOfWeek and (day.day - 1) // 7 + 1 == self.repeatEvery

    def _times(self) -> Iterator[TimeOfDay]:
        if self.type != "hourly":
            yield TimeOfDay.fromisoformat(self.time or "00:00")
            return
        first = TimeOfDay.fromisoformat(self.fromTime or "00:00")
        last = TimeOfDay.fromisoformat(self.toTime or "23:59")
        for hour in range(first.hour, 24, self.repeatEvery or 1):
            at = TimeOfDay(hour, first.minute)
            if at <= last:
                yield at
