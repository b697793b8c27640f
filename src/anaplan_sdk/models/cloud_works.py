"""Models of the CloudWorks API: integrations, and all other models of `client.cw` except flows.

The models of integration flows are in `models.flows`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, PlainSerializer, Tag, model_validator

from anaplan_sdk.models._base import AnaplanModel, aliases, empty_list, field_text
from anaplan_sdk.models.cloud_works_connections import (
    AmazonS3ConnectionInfo,
    AmazonS3ConnectionInput,
    AzureBlobConnectionInfo,
    AzureBlobConnectionInput,
    BaseConnectionInput,
    Connection,
    ConnectionBody,
    ConnectionInput,
    ConnectionType,
    GoogleBigQueryConnectionInfo,
    GoogleBigQueryConnectionInput,
    ModificationInfo,
)
from anaplan_sdk.models.cloud_works_notifications import (
    Notification,
    NotificationConfig,
    NotificationConfigInput,
    NotificationInput,
    NotificationItem,
    NotificationItemInput,
    NotificationUser,
)
from anaplan_sdk.models.cloud_works_runs import (
    ErrorMessage,
    ErrorSummary,
    LatestRun,
    RunError,
    RunStatus,
    RunSummary,
)
from anaplan_sdk.models.cloud_works_schedules import (
    Schedule,
    ScheduleBase,
    ScheduleInput,
    Timezone,
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
"""The types of a job: its source and its target."""

# CloudWorks sends and expects all ids as text, those of actions and files as well.
_NumericId: TypeAlias = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]


class BaseIntegration(ModificationInfo):
    """What integrations and flows have in common.

    Attributes:
        name: The name, unique in the tenant.
        notification_id: The id of the notifications.
        latest_run: The latest run; None when there was none.

    Source: Anaplan CloudWorks API guide, "Get all integrations".
    """

    name: str = ""
    notification_id: str | None = None
    latest_run: LatestRun | None = None


class Integration(BaseIntegration):
    """An integration, without its jobs.

    Attributes:
        id: The id, 32 lower-case hexadecimal digits.
        integration_type: `Import`, `Export`, `Process`, or a type that is not known yet.
        model_id: The id of the model.
        workspace_id: The id of the workspace.
        nux_visible: Whether it can be run from a page of the user experience.
        process_id: The id of the process it runs; None for an import or export.
        schedule: The schedule; None when there is none.

    Source: Anaplan CloudWorks API guide, "Get all integrations".
    """

    id: str = Field(validation_alias=aliases("integrationId", "id"))
    integration_type: Literal["Import", "Export", "Process"] | str | None = None
    model_id: str = ""
    workspace_id: str = ""
    nux_visible: bool = False
    process_id: _NumericId | None = None
    schedule: Schedule | None = None


class AnaplanSource(AnaplanModel):
    """An export of the model, as the source of a job.

    Attributes:
        type: `Anaplan`.
        action_id: The id of the export.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    type: Literal["Anaplan"] = "Anaplan"
    action_id: _NumericId


class FileSourceInput(AnaplanModel):
    """A file in a bucket of Amazon S3 or a container of Azure Blob Storage.

    Attributes:
        connection_id: The id of the connection.
        type: `AmazonS3` or `AzureBlob`.
        file: The path of the file.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    connection_id: str
    type: Literal["AmazonS3", "AzureBlob"]
    file: str


class FileSource(FileSourceInput):
    """A file as the source of a job, with information on its connection.

    Attributes:
        connection_name: The name of the connection.
        is_connection_deleted: Whether the connection has been deleted.
        bucket_name: The name of the bucket.

    Source: Anaplan CloudWorks API guide, "Get integration by ID".
    """

    connection_name: str = ""
    is_connection_deleted: bool = False
    bucket_name: str | None = None


class TableSource(AnaplanModel):
    """A table of Google BigQuery, as the source of a job.

    Attributes:
        type: `GoogleBigQuery`.
        connection_id: The id of the connection.
        table: The name of the table.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    type: Literal["GoogleBigQuery"] = "GoogleBigQuery"
    connection_id: str
    table: str


class FileTarget(FileSourceInput):
    """A file, as the target of a job.

    Attributes:
        overwrite: Whether the file is replaced; otherwise each run writes a new one. By default
            CloudWorks decides: by its guide it does not replace the file.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    overwrite: bool | None = None


class TableTarget(TableSource):
    """A table of Google BigQuery, as the target of a job.

    Attributes:
        overwrite: Whether the rows of the table are replaced. By default CloudWorks decides: by its
            guide rows are added.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    overwrite: bool | None = None


class AnaplanTarget(AnaplanModel):
    """An import of the model, as the target of a job.

    Attributes:
        type: `Anaplan`.
        action_id: The id of the import.
        file_id: The id of the file the import reads.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    type: Literal["Anaplan"] = "Anaplan"
    action_id: _NumericId
    file_id: _NumericId


class IntegrationJob(AnaplanModel):
    """A job of an integration: it moves data from a source to a target.

    Attributes:
        type: The type, one of `IntegrationType` or one that is not known yet.
        sources: The source; a plain `AnaplanModel` for a type that is not known yet.
        targets: The target; a plain `AnaplanModel` for a type that is not known yet.

    Source: Anaplan CloudWorks API guide, "Get integration by ID".
    """

    type: IntegrationType | str = ""
    sources: list[
        Annotated[
            AnaplanSource | FileSource | TableSource | AnaplanModel,
            Field(union_mode="left_to_right"),
        ]
    ] = Field(default_factory=empty_list)
    targets: list[
        Annotated[
            AnaplanTarget | FileTarget | TableTarget | AnaplanModel,
            Field(union_mode="left_to_right"),
        ]
    ] = Field(default_factory=empty_list)


class SingleIntegration(Integration):
    """An integration with its jobs. CloudWorks omits its type here.

    Attributes:
        version: The version of its description, such as `2.0`.
        jobs: The jobs.

    Source: Anaplan CloudWorks API guide, "Get integration by ID".
    """

    version: str | None = None
    jobs: list[IntegrationJob] | None = None


def _endpoint_tag(value: object) -> str:
    endpoint_type = field_text(value, "type", "type")
    # The type has a default where the other end is Anaplan, so it may be missing there.
    is_action = isinstance(value, dict) and bool({"actionId", "action_id"} & {*value})
    return endpoint_type or ("Anaplan" if is_action else "")


_ENDPOINT_TYPE = Discriminator(
    _endpoint_tag,
    custom_error_type="endpoint_type",
    custom_error_message="type must be Anaplan, AmazonS3, AzureBlob or GoogleBigQuery",
)


_MAPPED_NAMES = {"sourceName", "targetName"}


def _check_mapping(mapping: _Columns) -> _Columns:
    if isinstance(mapping, list) and any(column.keys() != _MAPPED_NAMES for column in mapping):
        raise ValueError(f"each column has {' and '.join(sorted(_MAPPED_NAMES))}, nothing else")
    return mapping


def _sent_mapping(mapping: _Columns) -> list[dict[str, str]]:
    if isinstance(mapping, list):
        return mapping
    return [{"sourceName": source, "targetName": target} for source, target in mapping.items()]


_Columns: TypeAlias = dict[str, str] | list[dict[str, str]]
_Mapping: TypeAlias = Annotated[
    _Columns,
    AfterValidator(_check_mapping),
    PlainSerializer(_sent_mapping, return_type=list[dict[str, str]], when_used="json"),
]


class IntegrationJobInput(AnaplanModel):
    """A job of an integration to create.

    Attributes:
        type: The type.
        sources: The source: exactly one.
        targets: The target: exactly one.
        mapping: The columns of the target by those of the source, needed for an export to BigQuery:
            a dict, or a list such as `[{"sourceName": "Code", "targetName": "code"}]`. It is sent
            as a list.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    type: IntegrationType
    sources: list[
        Annotated[
            Annotated[AnaplanSource, Tag("Anaplan")]
            | Annotated[FileSourceInput, Tag("AmazonS3")]
            | Annotated[FileSourceInput, Tag("AzureBlob")]
            | Annotated[TableSource, Tag("GoogleBigQuery")],
            _ENDPOINT_TYPE,
        ]
    ] = Field(min_length=1)
    targets: list[
        Annotated[
            Annotated[AnaplanTarget, Tag("Anaplan")]
            | Annotated[FileTarget, Tag("AmazonS3")]
            | Annotated[FileTarget, Tag("AzureBlob")]
            | Annotated[TableTarget, Tag("GoogleBigQuery")],
            _ENDPOINT_TYPE,
        ]
    ] = Field(min_length=1)
    mapping: _Mapping | None = None


class IntegrationProcessInput(AnaplanModel):
    """An integration to create that only runs a process.

    Attributes:
        name: The name, unique in the tenant.
        version: The version of the description, `2.0`.
        workspace_id: The id of the workspace.
        model_id: The id of the model.
        process_id: The id of the process.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    name: str
    version: Literal["2.0"] = "2.0"
    workspace_id: str
    model_id: str
    process_id: _NumericId


class IntegrationInput(AnaplanModel):
    """An integration to create.

    Attributes:
        name: The name, unique in the tenant.
        version: The version of the description, `2.0`.
        workspace_id: The id of the workspace.
        model_id: The id of the model.
        process_id: The id of the process to run; None for an import or export.
        nux_visible: Whether it can be run from a page of the user experience.
        jobs: The jobs: exactly one for an import or export, any number for a process.

    Raises:
        ValueError: There is neither a process nor exactly one job.

    Source: Anaplan CloudWorks API guide, "Create an integration".
    """

    name: str
    version: Literal["2.0"] = "2.0"
    workspace_id: str
    model_id: str
    process_id: _NumericId | None = None
    nux_visible: bool = False
    jobs: list[IntegrationJobInput]

    @model_validator(mode="after")
    def _check_jobs(self) -> Self:
        if self.process_id is None and len(self.jobs) != 1:
            raise ValueError(
                f"an import or export integration has exactly one job, not {len(self.jobs)}"
            )
        return self
