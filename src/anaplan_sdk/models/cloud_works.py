"""What CloudWorks says of connections, integrations, their runs, schedules and notifications.

Names are those of `client.cw`; the flows have a module of their own, `models.flows`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias, cast

from pydantic import ConfigDict, Field, PlainSerializer, model_validator

from anaplan_sdk.models._base import AnaplanModel, named
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

ConnectionType: TypeAlias = Literal["AmazonS3", "AzureBlob", "GoogleBigQuery"]
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


class _Dated(AnaplanModel):
    creation_date: datetime
    modification_date: datetime
    created_by: str = ""
    modified_by: str | None = None


# Connections


class BaseConnectionInput(AnaplanModel):
    """What every connection may be given. Secrets show in no repr and in no error."""

    model_config = ConfigDict(hide_input_in_errors=True)

    workspace_id: str | None = None


class AzureBlobConnectionInfo(AnaplanModel):
    """A connection to a container of Azure Blob Storage."""

    name: str
    storage_account_name: str
    container_name: str


class AzureBlobConnectionInput(AzureBlobConnectionInfo, BaseConnectionInput):
    """An Azure Blob connection to make, with its shared access signature."""

    sas_token: str = Field(repr=False)
    auth_method: str = Field(
        "SAS-based",
        validation_alias=named("auth_method", "auth_method"),
        # The one member of CloudWorks that is written with an underscore, in requests only.
        serialization_alias="auth_method",
    )


class AmazonS3ConnectionInfo(AnaplanModel):
    """A connection to a bucket of Amazon S3."""

    name: str
    bucket_name: str
    role_arn: str | None = None


class AmazonS3ConnectionInput(AmazonS3ConnectionInfo, BaseConnectionInput):
    """An Amazon S3 connection to make, with its access key."""

    access_key_id: str = Field(repr=False)
    secret_access_key: str = Field(repr=False)


class GoogleBigQueryConnectionInfo(AnaplanModel):
    """A connection to a dataset of Google BigQuery."""

    name: str
    dataset: str


class GoogleBigQueryConnectionInput(GoogleBigQueryConnectionInfo, BaseConnectionInput):
    """A BigQuery connection to make. `service_account_json` is Google's key file, as a dict."""

    service_account_json: dict[str, str] = Field(
        repr=False,
        validation_alias=named("serviceAccountKey", "service_account_json"),
        serialization_alias="serviceAccountKey",
    )


ConnectionBody: TypeAlias = (
    AzureBlobConnectionInput | AmazonS3ConnectionInput | GoogleBigQueryConnectionInput
)

_INPUTS: Mapping[str, type[ConnectionBody]] = {
    "AzureBlob": AzureBlobConnectionInput,
    "AmazonS3": AmazonS3ConnectionInput,
    "GoogleBigQuery": GoogleBigQueryConnectionInput,
}


class ConnectionInput(AnaplanModel):
    """A connection to make. `type` says which of the three bodies it has."""

    model_config = ConfigDict(hide_input_in_errors=True)

    type: ConnectionType
    body: ConnectionBody

    @classmethod
    def of(cls, body: ConnectionBody | Mapping[str, object]) -> Self:
        """What is sent for a body alone, whose members tell its type.

        Raises:
            ValueError: The members are those of no type.
        """
        if isinstance(body, Mapping) and {"type", "body"} <= body.keys():
            return cls.model_validate(body)
        if not isinstance(body, Mapping):
            kind = next(name for name, known in _INPUTS.items() if isinstance(body, known))
            return cls.model_validate({"type": kind, "body": body})
        marks = {
            "AzureBlob": {"sasToken", "sas_token", "containerName", "container_name"},
            "AmazonS3": {"bucketName", "bucket_name", "accessKeyId", "access_key_id"},
            "GoogleBigQuery": {"dataset", "serviceAccountKey", "service_account_json"},
        }
        kinds = [name for name, members in marks.items() if members & body.keys()]
        if len(kinds) != 1:
            raise ValueError("The body is that of no one type of connection: give its model.")
        return cls.model_validate({"type": kinds[0], "body": body})

    @model_validator(mode="before")
    @classmethod
    def _body_of_the_type(cls, value: object) -> object:
        """Reads the body as what the type says, so that its mistakes are told alone."""
        if isinstance(value, Mapping):
            members = cast("Mapping[str, object]", value)
            kind, body = members.get("type"), members.get("body")
            known = _INPUTS.get(str(kind))
            if known is not None and isinstance(body, Mapping):
                return {**members, "body": known.model_validate(body)}
        return value

    @model_validator(mode="after")
    def _is_of_the_type(self) -> Self:
        if not isinstance(self.body, _INPUTS[self.type]):
            # Pydantic takes no TypeError for a mistake in a value.
            raise ValueError(f"the body isn't that of a connection of type {self.type}")  # noqa: TRY004
        return self


class Connection(_Dated):
    """A connection. `status` is 1 when it is healthy and 0 when it isn't."""

    id: str = Field(validation_alias=named("connectionId", "id"))
    connection_type: ConnectionType | str
    body: Annotated[
        AzureBlobConnectionInfo
        | AmazonS3ConnectionInfo
        | GoogleBigQueryConnectionInfo
        | AnaplanModel,
        Field(union_mode="left_to_right"),
    ]
    status: int = 1
    integration_error_code: int | None = None
    workspace_id: str | None = None


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

    type: ScheduleType
    days_of_week: list[int] | None = None
    start_date: str
    end_date: str | None = None

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
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


class BaseIntegration(_Dated):
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


class IntegrationJobInput(AnaplanModel):
    """A movement of data to set up: one source, one target."""

    type: IntegrationType
    sources: list[
        Annotated[AnaplanSource | FileSourceInput | TableSource, Field(union_mode="left_to_right")]
    ] = Field(min_length=1)
    targets: list[
        Annotated[AnaplanTarget | FileTarget | TableTarget, Field(union_mode="left_to_right")]
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
