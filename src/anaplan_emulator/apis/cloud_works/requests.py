"""The bodies of CloudWorks requests, and their errors."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.tenant.cloud_description import CloudType
from anaplan_emulator.tenant.schedules import Schedule

# ruff: noqa: N815 (the API's own spelling)

Name = Annotated[str, Field(min_length=1)]


class Body(BaseModel):
    """Base of all bodies. Unknown members are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class S3Body(Body):
    """A connection to a bucket."""

    name: Name
    accessKeyId: Name
    secretAccessKey: Name
    bucketName: Name
    roleArn: str | None = None
    workspaceId: str | None = None


class ServiceAccountKey(Body):
    """The required members of a Google service account's key."""

    type: Literal["service_account"] = "service_account"
    # Google's names, and those of the guide (docs/anaplan-behaviour.md#connections).
    project_id: Name = Field(validation_alias=AliasChoices("project_id", "projectId"))
    private_key_id: Name = Field(validation_alias=AliasChoices("private_key_id", "privateKeyId"))
    private_key: Name = Field(validation_alias=AliasChoices("private_key", "privateKey"))
    client_email: Name = Field(validation_alias=AliasChoices("client_email", "clientEmail"))


class BigQueryBody(Body):
    """A connection to a dataset."""

    name: Name
    serviceAccountKey: ServiceAccountKey
    dataset: Name
    workspaceId: str | None = None


class AzureBody(Body):
    """A connection to a container."""

    name: Name
    storageAccountName: Name
    sasToken: Name
    containerName: Name
    auth_method: str | None = None
    workspaceId: str | None = None


class ConnectionRequest(Body):
    """A connection to create."""

    type: CloudType
    body: dict[str, Any]


class ConnectionChange(Body):
    """The members of a connection to replace or change.

    They are flat in the guide; the specification has them in `body`, with the type beside it.
    """

    type: CloudType | None = None
    body: dict[str, Any] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _wrap(cls, content: Any) -> Any:
        is_flat = isinstance(content, dict) and "body" not in content
        return {"body": content} if is_flat else content


class JobEndpoint(Body):
    """A source or target of a job."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    type: Literal["AmazonS3", "GoogleBigQuery", "AzureBlob", "Anaplan"]
    connectionId: str | None = None
    file: str | None = None
    table: str | None = None
    actionId: str | None = None
    fileId: str | None = None
    overwrite: bool | None = None

    @model_validator(mode="after")
    def _check_fields(self) -> "JobEndpoint":
        if self.type == "Anaplan":
            if not self.actionId:
                raise ValueError("actionId is required")
            return self
        if not self.connectionId:
            raise ValueError("connectionId is required")
        name = "table" if self.type == "GoogleBigQuery" else "file"
        if not getattr(self, name):
            raise ValueError(f"{name} is required")
        return self


class MappingEntry(Body):
    """A column of a table and its source, or a mapping parameter of an import.

    The former is documented for exports to BigQuery. The latter has the names of the Integration
    API's mapping parameters.
    """

    sourceName: Name | None = None
    targetName: Name | None = None
    entityType: Name | None = None
    entityName: str | None = None

    @model_validator(mode="after")
    def _check_alternative(self) -> "MappingEntry":
        column, parameter = (self.sourceName, self.targetName), (self.entityType, self.entityName)
        if {None in column, None in parameter} != {True, False}:
            raise ValueError("sourceName and targetName, or entityType and entityName are required")
        return self


class Job(Body):
    """A job: an object into an import, or an export into an object."""

    type: Literal[
        "AmazonS3ToAnaplan",
        "GoogleBigQueryToAnaplan",
        "AzureBlobToAnaplan",
        "AnaplanToAmazonS3",
        "AnaplanToGoogleBigQuery",
        "AnaplanToAzureBlob",
    ]
    sources: Annotated[list[JobEndpoint], Field(min_length=1, max_length=1)]
    targets: Annotated[list[JobEndpoint], Field(min_length=1, max_length=1)]
    mapping: list[MappingEntry] | None = None

    @field_validator("mapping", mode="before")
    @classmethod
    def _from_object(cls, mapping: Any, info: ValidationInfo) -> Any:
        """Accept an object, too, from sources to targets, or from entity types to their names."""
        if not isinstance(mapping, dict):
            return mapping
        into_import = str(info.data.get("type", "")).endswith("ToAnaplan")
        names = ("entityType", "entityName") if into_import else ("sourceName", "targetName")
        return [dict(zip(names, pair, strict=True)) for pair in mapping.items()]

    @model_validator(mode="after")
    def _check_type(self) -> "Job":
        if self.type != f"{self.sources[0].type}To{self.targets[0].type}":
            raise ValueError("sources and targets do not match the type")
        into_table = self.targets[0].type == "GoogleBigQuery"
        into_import = self.targets[0].type == "Anaplan"
        for each in self.mapping or ():
            if not (into_table if each.sourceName else into_import):
                raise ValueError("mapping does not match the type")
        return self


class IntegrationRequest(Body):
    """An integration to create or replace."""

    name: Name
    version: Literal["2.0"]
    workspaceId: Name
    modelId: Name
    processId: str | None = None
    nuxVisible: bool = False
    jobs: list[Job] = Field(default_factory=list)


class ScheduleRequest(Body):
    """A schedule to create or replace."""

    integrationId: str | None = None
    schedule: Schedule


class NotificationRule(Body):
    """The users who are notified of one kind of result."""

    type: Literal["success", "partial_failure", "full_failure"]
    users: Annotated[list[str], Field(min_length=1, max_length=5)]


class NotificationRules(Body):
    """The users who are notified, by kind of result."""

    config: Annotated[list[NotificationRule], Field(min_length=1)]


class NotificationRequest(Body):
    """A notification configuration to create or replace."""

    integrationIds: Annotated[list[str], Field(min_length=1, max_length=1)]
    channels: Annotated[list[Literal["email", "in_app"]], Field(min_length=1)]
    notifications: NotificationRules


class ExceptionBehavior(Body):
    """The behavior of a flow after a step that failed or succeeded partially."""

    type: Literal["failure", "partial_success"]
    strategy: Literal["stop", "continue"]


class Step(Body):
    """A step of a flow."""

    type: Literal["Integration"]
    referrer: Name
    dependsOn: list[str] = Field(default_factory=list)
    isSkipped: bool = False
    exceptionBehavior: list[ExceptionBehavior] = Field(default_factory=list)


class FlowRequest(Body):
    """A flow to create or replace."""

    name: Name
    version: Literal["2.0"]
    type: Literal["IntegrationFlow"]
    nuxVisible: bool = False
    steps: list[Step]


class FlowRunRequest(Body):
    """The steps to run; by default all that are not skipped."""

    stepsToRun: list[str] | None = None


BODIES: Mapping[str, type[Body]] = {
    "AmazonS3": S3Body,
    "GoogleBigQuery": BigQueryBody,
    "AzureBlob": AzureBody,
}

Shape = TypeVar("Shape", bound=Body)


def parse_body(call: Call, shape: type[Shape]) -> Shape:
    """Return the body of a request.

    Raises:
        ApiError: 400, the body is not valid.
    """
    try:
        content = call.json()
    except ApiError:
        raise ApiError(400, "Invalid request body") from None
    return validate(content, shape)


def validate(content: object, shape: type[Shape]) -> Shape:
    """Validate a body. Error messages contain no values, which may be secrets.

    Raises:
        ApiError: 400, the body is not valid.
    """
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        location = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        text = f"{location}: {reason}" if location else reason
        raise ApiError(400, f"Invalid request body: {text}") from None
