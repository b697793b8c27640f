"""Models of the CloudWorks API: schedules, part of `models.cloud_works`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_list

ScheduleType: TypeAlias = Literal[
    "hourly", "daily", "weekly", "monthly_specific_day", "monthly_relative_weekday"
]
"""The types of a schedule."""

Timezone: TypeAlias = Literal[
    "Etc/GMT+12",
    "US/Samoa",
    "Pacific/Honolulu",
    "Pacific/Marquesas",
    "US/Aleutian",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Canada/Newfoundland",
    "America/Nuuk",
    "Atlantic/Cape_Verde",
    "Greenwich",
    "Europe/London",
    "Europe/Paris",
    "Asia/Tel_Aviv",
    "Europe/Moscow",
    "Asia/Dubai",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Rangoon",
    "Asia/Jakarta",
    "Asia/Hong_Kong",
    "Australia/Eucla",
    "Asia/Tokyo",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Melbourne",
    "Australia/Perth",
    "Australia/Lord_Howe",
    "Pacific/Norfolk",
    "Pacific/Auckland",
    "Pacific/Chatham",
]
"""The time zones a schedule can have."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_REQUIRED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "hourly": ("from_time", "to_time", "repeat_every", "days_of_week"),
    "daily": ("time",),
    "weekly": ("time", "days_of_week"),
    "monthly_specific_day": ("time", "day_of_month"),
    "monthly_relative_weekday": ("time", "day_of_week", "repeat_every"),
}


class ScheduleBase(AnaplanModel):
    """What a schedule has, whether it is created or read.

    Attributes:
        name: The name.
        type: The type, one of `ScheduleType`.
        timezone: The time zone of its times, one of `Timezone`.
        time: When it runs, as `HH:MM`; not for an hourly schedule.
        from_time: The first time of a day, as `HH:MM`; for an hourly schedule.
        to_time: The last time of a day, as `HH:MM`; for an hourly schedule.
        repeat_every: For an hourly schedule, the hours from one run to the next; for
            `monthly_relative_weekday`, which of the weekdays of the month, from 1.
        day_of_week: The weekday from 0 (Sunday) to 6, for `monthly_relative_weekday`.
        day_of_month: The day from 1 to 31, for `monthly_specific_day`.

    Source: Anaplan CloudWorks API guide, "Create an integration schedule".
    """

    name: str
    type: ScheduleType | str
    timezone: Timezone | str
    time: str | None = None
    from_time: str | None = None
    to_time: str | None = None
    repeat_every: int | None = None
    day_of_week: int | None = None
    day_of_month: int | None = None


class ScheduleInput(ScheduleBase):
    """A schedule to create.

    An `hourly` schedule needs `from_time`, `to_time`, `repeat_every` and `days_of_week`, a `daily`
    one `time`, a `weekly` one `time` and `days_of_week`, `monthly_specific_day` `time` and
    `day_of_month`, `monthly_relative_weekday` `time`, `day_of_week` and `repeat_every`.

    Attributes:
        days_of_week: The weekdays from 0 (Sunday) to 6, for an hourly or weekly schedule.
        start_date: The first day, as `YYYY-MM-DD`.
        end_date: The last day, as `YYYY-MM-DD`; None for a schedule without an end.

    Raises:
        ValueError: A field the type needs is missing, or a date, time or weekday is not valid.

    Source: Anaplan CloudWorks API guide, "Create an integration schedule".
    """

    days_of_week: list[int] | None = None
    start_date: str
    end_date: str | None = None

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        required = _REQUIRED_FIELDS.get(self.type)
        if required is None:
            raise ValueError(
                f"type must be one of {', '.join(_REQUIRED_FIELDS)}, not {self.type!r}"
            )
        if missing := [name for name in required if getattr(self, name) in (None, [])]:
            raise ValueError(f"a schedule of type {self.type} needs {', '.join(missing)}")
        for name in ("start_date", "end_date"):
            if (date := getattr(self, name)) is not None and not _DATE.fullmatch(date):
                raise ValueError(f"{name} must be YYYY-MM-DD, not {date!r}")
        for name in ("time", "from_time", "to_time"):
            if (time := getattr(self, name)) is not None and not _TIME.fullmatch(time):
                raise ValueError(f"{name} must be HH:MM, not {time!r}")
        if not set(self.days_of_week or ()) <= set(range(7)):
            raise ValueError("days_of_week must be from 0 (Sunday) to 6")
        return self


class Schedule(ScheduleBase):
    """A schedule of an integration or a flow.

    Attributes:
        name: The name.
        type: The type, one of `ScheduleType` or one that is not known yet.
        timezone: The time zone of its times, one of `Timezone` or one that is not known yet.
        days_of_week: The weekdays from 0 (Sunday) to 6, of an hourly or weekly schedule.
        start_date: The first day.
        end_date: The last day; None for a schedule without an end.
        status: `Active` or `Inactive`.
        next_schedule_date: When it runs next.

    Source: Anaplan CloudWorks API guide, "Get integration by ID".
    """

    name: str = ""
    type: ScheduleType | str = ""
    timezone: Timezone | str = ""
    days_of_week: list[int] = Field(default_factory=empty_list)
    start_date: datetime | None = None
    end_date: datetime | None = None
    status: str = ""
    next_schedule_date: datetime | None = None
