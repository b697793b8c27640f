"""The bodies that CloudWorks takes, and what it says of those it doesn't."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from anaplan_emulator.calls import Call
from anaplan_emulator.engine.schedules import Schedule
from anaplan_emulator.replies import ApiError

# ruff: noqa: N815 (the API's own spelling)

CloudType = Literal["AmazonS3", "GoogleBigQuery", "AzureBlob"]
Name = Annotated[str, Field(min_length=1)]


class Body(BaseModel):
    """Base of all bodies: what is unknown is passed over."""

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
    """A Google service account's key, as far as it matters."""

    type: Literal["service_account"] = "service_account"
    project_id: Name
    private_key_id: Name
    private_key: Name
    client_email: Name


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
    """A connection to make, or to put in another's place."""

    type: CloudType
    body: dict[str, Any]


class ConnectionPatch(Body):
    """What to change about a connection."""

    body: dict[str, Any] = Field(min_length=1)


class Side(Body):
    """Where a job takes from, or gives to."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    type: Literal["AmazonS3", "GoogleBigQuery", "AzureBlob", "Anaplan"]
    connectionId: str | None = None
    file: str | None = None
    table: str | None = None
    actionId: str | None = None
    fileId: str | None = None
    overwrite: bool | None = None

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> "Side":
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


class Mapped(Body):
    """A column of a table and where it comes from, or an answer to what an import's mapping asks.

    The first is on record for exports to BigQuery; the second has the names that run requests give
    such answers.
    """

    sourceName: Name | None = None
    targetName: Name | None = None
    entityType: Name | None = None
    entityName: str | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "Mapped":
        column, answer = (self.sourceName, self.targetName), (self.entityType, self.entityName)
        if {None in column, None in answer} != {True, False}:
            raise ValueError("sourceName and targetName, or entityType and entityName are required")
        return self


class Job(Body):
    """An object into an import, or an export into an object."""

    type: Literal[
        "AmazonS3ToAnaplan",
        "GoogleBigQueryToAnaplan",
        "AzureBlobToAnaplan",
        "AnaplanToAmazonS3",
        "AnaplanToGoogleBigQuery",
        "AnaplanToAzureBlob",
    ]
    sources: Annotated[list[Side], Field(min_length=1, max_length=1)]
    targets: Annotated[list[Side], Field(min_length=1, max_length=1)]
    mapping: list[Mapped] | None = None

    @model_validator(mode="after")
    def _sides_fit_the_type(self) -> "Job":
        if self.type != f"{self.sources[0].type}To{self.targets[0].type}":
            raise ValueError("sources and targets don't fit the type")
        into_table = self.targets[0].type == "GoogleBigQuery"
        asks = self.targets[0].type == "Anaplan"
        for each in self.mapping or ():
            if not (into_table if each.sourceName else asks):
                raise ValueError("mapping doesn't fit the type")
        return self


class IntegrationRequest(Body):
    """An integration to make, or to put in another's place."""

    name: Name
    version: Literal["2.0"]
    workspaceId: Name
    modelId: Name
    processId: str | None = None
    nuxVisible: bool = False
    jobs: list[Job] = Field(default_factory=list)


class ScheduleRequest(Body):
    """A schedule to make, or to put in another's place."""

    integrationId: str | None = None
    schedule: Schedule


class NotificationRule(Body):
    """Who is told of one kind of ending."""

    type: Literal["success", "partial_failure", "full_failure"]
    users: Annotated[list[str], Field(max_length=5)]


class NotificationRules(Body):
    """Who is told of what."""

    config: Annotated[list[NotificationRule], Field(min_length=1)]


class NotificationRequest(Body):
    """A notification configuration to make, or to put in another's place."""

    integrationIds: Annotated[list[str], Field(min_length=1, max_length=1)]
    channels: Annotated[list[Literal["email", "in_app"]], Field(min_length=1)]
    notifications: NotificationRules


class ExceptionBehavior(Body):
    """What a flow does after a step that did not wholly succeed."""

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
    """A flow to make, or to put in another's place."""

    name: Name
    version: Literal["2.0"]
    type: Literal["IntegrationFlow"]
    nuxVisible: bool = False
    steps: list[Step]


class FlowRunRequest(Body):
    """Which steps to run; all that aren't skipped unless told."""

    stepsToRun: list[str] | None = None


BODIES: Mapping[str, type[Body]] = {
    "AmazonS3": S3Body,
    "GoogleBigQuery": BigQueryBody,
    "AzureBlob": AzureBody,
}

Shape = TypeVar("Shape", bound=Body)


def read(call: Call, shape: type[Shape]) -> Shape:
    """Read the body of a call.

    Raises:
        ApiError: 400.
    """
    try:
        content = call.json()
    except ApiError:
        raise ApiError(400, "Invalid request body") from None
    return checked(content, shape)


def checked(content: object, shape: type[Shape]) -> Shape:
    """See that something has a shape; what is told of it names places only, no values.

    Raises:
        ApiError: 400.
    """
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        text = f"{where}: {reason}" if where else reason
        raise ApiError(400, f"Invalid request body: {text}") from None
