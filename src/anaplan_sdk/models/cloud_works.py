"""What CloudWorks says of connections, integrations, their runs, schedules and notifications.

Names are those of `client.cw`; the flows have a module of their own, `models.flows`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, PlainSerializer, Tag, model_validator

from anaplan_sdk.models._base import AnaplanModel, member, named
from anaplan_sdk.models.cloud_connections import (
    AmazonS3ConnectionInfo,
    AmazonS3ConnectionInput,
    AzureBlobConnectionInfo,
    AzureBlobConnectionInput,
    BaseConnectionInput,
    Connection,
    ConnectionBody,
    ConnectionInput,
    ConnectionType,
    Dated,
    GoogleBigQueryConnectionInfo,
    GoogleBigQueryConnectionInput,
)
from anaplan_sdk.models.tasks import TaskResultDetail

__all__ = [
    "AmazonS3ConnectionInfo",
    "AmazonS3ConnectionInput",
    "AnaplanModel",
    "AnaplanSource",
    "AnaplanTarget",
    "AzureBlobConnectionInfo",
    "AzureBlobConnectionInput",
    "BaseConnectionInput",
    "Connection",
    "ConnectionBody",
    "ConnectionInput",
    "ConnectionType",
    "ErrorMessage",
    "ErrorSummary",
    "FileSource",
    "FileSourceInput",
    "FileTarget",
    "GoogleBigQueryConnectionInfo",
    "GoogleBigQueryConnectionInput",
    "Integration",
    "IntegrationInput",
    "IntegrationJob",
    "IntegrationJobInput",
    "IntegrationProcessInput",
    "IntegrationType",
    "LatestRun",
    "Notification",
    "NotificationConfig",
    "NotificationConfigInput",
    "NotificationInput",
    "NotificationItem",
    "NotificationItemInput",
    "NotificationUser",
    "RunError",
    "RunStatus",
    "RunSummary",
    "Schedule",
    "ScheduleBase",
    "ScheduleInput",
    "SingleIntegration",
    "TableSource",
    "TableTarget",
    "TaskResultDetail",
    "Timezone",
]

IntegrationType: TypeAlias = Literal[
    "AmazonS3ToAnaplan",
    "AzureBlobToAnaplan",
    "GoogleBigQueryToAnaplan",
    "AnaplanToAmazonS3",
    "AnaplanToAzureBlob",
    "AnaplanToGoogleBigQuery",
]
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
ScheduleType: TypeAlias = Literal[
    "hourly", "daily", "weekly", "monthly_specific_day", "monthly_relative_weekday"
]
NotificationKind: TypeAlias = Literal["success", "partial_failure", "full_failure"]
Channel: TypeAlias = Literal["email", "in_app"]
TriggerSource: TypeAlias = Literal[
    "manual", "scheduled", "manual_inf", "scheduled_inf", "nux_dashboard"
]

# CloudWorks writes ids as texts, those of actions, too.
_Number: TypeAlias = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "hourly": ("from_time", "to_time", "repeat_every", "days_of_week"),
    "daily": ("time",),
    "weekly": ("time", "days_of_week"),
    "monthly_specific_day": ("time", "day_of_month"),
    "monthly_relative_weekday": ("time", "day_of_week", "repeat_every"),
}


# Schedules


class ScheduleBase(AnaplanModel):
    """What schedules have when they are made and when they are read.

    Times are `HH:MM` in the schedule's time zone; days of the week count from 0, Sunday.
    `repeat_every` is hours of an hourly schedule, and which of the weekdays in the month of a
    `monthly_relative_weekday` one.
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
    """A schedule to make. Dates are `YYYY-MM-DD`; without an end it goes on.

    Raises:
        ValueError: What its type needs is missing, or a date or time has another form.
    """

    days_of_week: list[int] | None = None
    start_date: str
    end_date: str | None = None

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        if self.type not in _NEEDS:
            raise ValueError(f"type must be one of {', '.join(_NEEDS)}, not {self.type!r}")
        if missing := [name for name in _NEEDS[self.type] if getattr(self, name) in (None, [])]:
            raise ValueError(f"a schedule of type {self.type} needs {', '.join(missing)}")
        for name in ("start_date", "end_date"):
            if (date := getattr(self, name)) is not None and not _DATE.fullmatch(date):
                raise ValueError(f"{name} must be YYYY-MM-DD, not {date!r}")
        for name in ("time", "from_time", "to_time"):
            if (time := getattr(self, name)) is not None and not _TIME.fullmatch(time):
                raise ValueError(f"{name} must be HH:MM, not {time!r}")
        if not set(self.days_of_week or ()) <= set(range(7)):
            raise ValueError("days_of_week count from 0, Sunday, to 6")
        return self


class Schedule(ScheduleBase):
    """A schedule. `status` is `Active` or `Inactive`."""

    days_of_week: list[int] = Field([])
    start_date: datetime
    end_date: datetime | None = None
    status: str = ""
    next_schedule_date: datetime | None = None


# Integrations


class LatestRun(AnaplanModel):
    """How an integration's or a flow's last run went; without an end it is still going on."""

    triggered_by: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None
    success: bool | None = None
    message: str = ""
    execution_error_code: int | None = None
    trigger_source: TriggerSource | str | None = None


class BaseIntegration(Dated):
    """What integrations and flows have in common."""

    name: str
    notification_id: str | None = None
    latest_run: LatestRun | None = None


class Integration(BaseIntegration):
    """An integration, without its jobs."""

    id: str = Field(validation_alias=named("integrationId", "id"))
    integration_type: Literal["Import", "Export", "Process"] | str | None = None
    model_id: str
    workspace_id: str
    nux_visible: bool = False
    process_id: _Number | None = None
    schedule: Schedule | None = None


class AnaplanSource(AnaplanModel):
    """An export of the model as a source."""

    type: Literal["Anaplan"] = "Anaplan"
    action_id: _Number


class FileSourceInput(AnaplanModel):
    """A file in a bucket or container."""

    connection_id: str
    type: Literal["AmazonS3", "AzureBlob"]
    file: str


class FileSource(FileSourceInput):
    """A file as a source, and what is known of its connection."""

    connection_name: str = ""
    is_connection_deleted: bool = False
    bucket_name: str | None = None


class TableSource(AnaplanModel):
    """A BigQuery table as a source."""

    type: Literal["GoogleBigQuery"] = "GoogleBigQuery"
    connection_id: str
    table: str


class FileTarget(FileSourceInput):
    """A file as a target; without `overwrite` each run writes another one."""

    overwrite: bool = True


class TableTarget(TableSource):
    """A BigQuery table as a target; with `overwrite` its rows are replaced."""

    overwrite: bool = False


class AnaplanTarget(AnaplanModel):
    """An import of the model as a target, and the file it reads."""

    type: Literal["Anaplan"] = "Anaplan"
    action_id: _Number
    file_id: _Number


class IntegrationJob(AnaplanModel):
    """One movement of data. Sources and targets of a kind not known here are plain models."""

    type: IntegrationType | str
    sources: list[
        Annotated[
            AnaplanSource | FileSource | TableSource | AnaplanModel,
            Field(union_mode="left_to_right"),
        ]
    ] = Field([])
    targets: list[
        Annotated[
            AnaplanTarget | FileTarget | TableTarget | AnaplanModel,
            Field(union_mode="left_to_right"),
        ]
    ] = Field([])


class SingleIntegration(Integration):
    """One integration with its jobs. CloudWorks leaves its type out here."""

    version: str | None = None
    jobs: list[IntegrationJob] | None = None


def _end_kind(value: object) -> str:
    kind = member(value, "type", "type")
    is_action = isinstance(value, dict) and bool({"actionId", "action_id"} & {*value})
    return kind or ("Anaplan" if is_action else "")


_END_KIND = Discriminator(
    _end_kind,
    custom_error_type="kind_of_end",
    custom_error_message="type must be Anaplan, AmazonS3, AzureBlob or GoogleBigQuery",
)


class IntegrationJobInput(AnaplanModel):
    """A movement of data to set up: one source, one target."""

    type: IntegrationType
    sources: list[
        Annotated[
            Annotated[AnaplanSource, Tag("Anaplan")]
            | Annotated[FileSourceInput, Tag("AmazonS3")]
            | Annotated[FileSourceInput, Tag("AzureBlob")]
            | Annotated[TableSource, Tag("GoogleBigQuery")],
            _END_KIND,
        ]
    ] = Field(min_length=1)
    targets: list[
        Annotated[
            Annotated[AnaplanTarget, Tag("Anaplan")]
            | Annotated[FileTarget, Tag("AmazonS3")]
            | Annotated[FileTarget, Tag("AzureBlob")]
            | Annotated[TableTarget, Tag("GoogleBigQuery")],
            _END_KIND,
        ]
    ] = Field(min_length=1)
    mapping: dict[str, str] | None = None


class IntegrationProcessInput(AnaplanModel):
    """An integration to make that runs a process and moves no data itself."""

    name: str
    version: Literal["2.0"] = "2.0"
    workspace_id: str
    model_id: str
    process_id: _Number


class IntegrationInput(AnaplanModel):
    """An integration to make: exactly one job for an import or export, any for a process."""

    name: str
    version: Literal["2.0"] = "2.0"
    workspace_id: str
    model_id: str
    process_id: _Number | None = None
    nux_visible: bool = False
    jobs: list[IntegrationJobInput]

    @model_validator(mode="after")
    def _has_one_job_or_a_process(self) -> Self:
        if self.process_id is None and len(self.jobs) != 1:
            raise ValueError(
                f"an import or export integration has exactly one job, not {len(self.jobs)}"
            )
        return self


# Runs


class RunSummary(AnaplanModel):
    """A run in an integration's history; without an end it is still going on."""

    id: str
    triggered_by: str = ""
    last_run: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    success: bool | None = None
    message: str = ""
    execution_error_code: int | None = None
    trace_id: str = ""
    trigger_source: TriggerSource | str | None = None


class RunStatus(AnaplanModel):
    """How a run stands. `execution_error_code` is `None` when all of it succeeded."""

    id: str
    integration_id: str
    trace_id: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None
    success: bool | None = None
    message: str = ""
    execution_error_code: int | None = None
    flow_group_id: str | None = None
    trigger_source: TriggerSource | str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it is over; until then `success` means nothing."""
        return self.end_date is not None and self.success is not None


class ErrorSummary(AnaplanModel):
    """Something that went wrong, in Anaplan's words alone."""

    local_message_text: str = ""


class ErrorMessage(AnaplanModel):
    """What one action of a run complained of."""

    error_message: list[TaskResultDetail | ErrorSummary] = Field([])
    action_id: str = ""
    action_name: str = ""
    failure_dump_generated: bool = False


class RunError(AnaplanModel):
    """What went wrong in a run, action by action."""

    task_id: str | None = None
    error_messages: list[ErrorMessage] = Field([])


# Notifications


class NotificationUser(AnaplanModel):
    """Who is notified."""

    user_guid: str
    first_name: str = ""
    last_name: str = ""


class NotificationItem(AnaplanModel):
    """Who is notified of one kind of ending."""

    type: NotificationKind | str
    users: list[NotificationUser] = Field([])


class Notification(AnaplanModel):
    """Who is notified of what."""

    config: list[NotificationItem] = Field([])


class NotificationConfig(AnaplanModel):
    """An integration's notifications."""

    notification_id: str
    integration_ids: list[str] = Field([])
    channels: list[Channel | str] = Field([])
    notifications: Notification


class NotificationItemInput(AnaplanModel):
    """Users, by id, to notify of one kind of ending: five at the most."""

    type: NotificationKind
    users: list[str] = Field(max_length=5)


class NotificationConfigInput(AnaplanModel):
    """Whom to notify of what."""

    config: list[NotificationItemInput]


class NotificationInput(AnaplanModel):
    """Notifications to set up, for one integration."""

    integration_ids: list[str] = Field(min_length=1)
    channels: list[Channel]
    notifications: NotificationConfigInput
