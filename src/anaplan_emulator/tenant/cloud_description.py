"""The description of CloudWorks: cloud storage, connections, integrations and flows."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.description import (
    Description,
    require_distinct,
    require_distinct_ids,
    require_known,
)
from anaplan_emulator.tenant.schedules import Schedule

CloudType = Literal["AmazonS3", "GoogleBigQuery", "AzureBlob"]
GivenId = Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")]
"""An id of 32 lower-case hexadecimal digits, or "" for one that is derived from the name."""


@dataclass(frozen=True, slots=True)
class CloudLocation:
    """The target of a connection: a bucket, an account's container or a project's dataset."""

    type: CloudType
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last of its names, which integrations show as `bucketName`."""
        return self.parts[-1]


def is_object_name(name: str) -> bool:
    """Return whether a name is valid for an object, so that its path stays inside the bucket."""
    parts = name.rstrip("/").split("/")
    return all(part not in ("", ".", "..") for part in parts) and not re.search(r"[\\:\0]", name)


def _object_name(name: str) -> str:
    if not is_object_name(name):
        raise ValueError(f"{name!r} is not a valid object name")
    return name


ObjectName = Annotated[str, AfterValidator(_object_name)]


class AmazonS3Store(Description):
    """A bucket, with the credentials for it."""

    type: Literal["AmazonS3"]
    bucket: str = Field(min_length=1)
    access_key_id: str = Field(min_length=1)
    secret_access_key: str = Field(min_length=1)
    role_arn: str = ""
    objects: dict[ObjectName, str] = Field(default_factory=dict)

    @property
    def location(self) -> CloudLocation:
        """Its location."""
        return CloudLocation("AmazonS3", (self.bucket,))

    def accepts(self, body: Mapping[str, object]) -> bool:
        """Return whether a connection's credentials are valid for it."""
        role = body.get("roleArn") or ""
        return (
            _equal(self.access_key_id, body.get("accessKeyId"))
            and _equal(self.secret_access_key, body.get("secretAccessKey"))
            and (not role or _equal(self.role_arn, role))
        )

    def public_body(self) -> dict[str, str]:
        """Return the public members of a connection to it."""
        return {"bucketName": self.bucket}


class GoogleBigQueryStore(Description):
    """A dataset, with the service account for it."""

    type: Literal["GoogleBigQuery"]
    project: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    private_key_id: str = Field(min_length=1)
    private_key: str = Field(min_length=1)
    objects: dict[ObjectName, str] = Field(default_factory=dict)
    """The content of its tables, as CSV."""

    @property
    def location(self) -> CloudLocation:
        """Its location."""
        return CloudLocation("GoogleBigQuery", (self.project, self.dataset))

    def accepts(self, body: Mapping[str, object]) -> bool:
        """Return whether a connection's credentials are valid for it."""
        match body.get("serviceAccountKey"):
            case {"private_key_id": key_id, "private_key": key}:
                return _equal(self.private_key_id, key_id) and _equal(self.private_key, key)
        return False

    def public_body(self) -> dict[str, str]:
        """Return the public members of a connection to it."""
        return {"dataset": self.dataset, "projectId": self.project}


class AzureBlobStore(Description):
    """A container of a storage account, with the credentials for it."""

    type: Literal["AzureBlob"]
    account: str = Field(min_length=1)
    container: str = Field(min_length=1)
    sas_token: str = Field(min_length=1)
    objects: dict[ObjectName, str] = Field(default_factory=dict)

    @property
    def location(self) -> CloudLocation:
        """Its location."""
        return CloudLocation("AzureBlob", (self.account, self.container))

    def accepts(self, body: Mapping[str, object]) -> bool:
        """Return whether a connection's credentials are valid for it."""
        sas_token = body.get("sasToken")
        return isinstance(sas_token, str) and _equal(self.sas_token, sas_token.lstrip("?"))

    def public_body(self) -> dict[str, str]:
        """Return the public members of a connection to it."""
        return {
            "storageAccountName": self.account,
            "containerName": self.container,
            "authMethod": "SAS-based",
        }


def _store_type(value: object) -> str:
    return str(value.get("type") if isinstance(value, dict) else getattr(value, "type", ""))


StoreDescription = Annotated[
    Annotated[AmazonS3Store, Tag("AmazonS3")]
    | Annotated[GoogleBigQueryStore, Tag("GoogleBigQuery")]
    | Annotated[AzureBlobStore, Tag("AzureBlob")],
    Discriminator(_store_type),
]


class ConnectionDescription(Description):
    """A connection."""

    name: str = Field(min_length=1)
    owner: str
    store: str
    """Name of the bucket, container or dataset."""
    id: GivenId = ""

    @property
    def connection_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("connection", self.name)


class JobDescription(Description):
    """A job of an integration: an object into an import, or an export into an object."""

    connection: str
    action: str
    file: str = Field(min_length=1)
    """Name of the object or table."""
    overwrite: bool = True


class IntegrationDescription(Description):
    """An integration."""

    name: str = Field(min_length=1)
    owner: str
    workspace: str
    model: str
    process: str = ""
    jobs: tuple[JobDescription, ...] = ()
    schedule: Schedule | None = None
    nux_visible: bool = False
    id: GivenId = ""
    notification_id: GivenId = ""

    @property
    def integration_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("integration", self.name)

    @model_validator(mode="after")
    def _check_jobs(self) -> "IntegrationDescription":
        if not self.process and len(self.jobs) != 1:
            raise ValueError(f"{self.name}: an integration without a process has exactly one job")
        return self


class FlowDescription(Description):
    """An integration flow. Each step depends on the one before it."""

    name: str = Field(min_length=1)
    owner: str
    steps: tuple[str, ...] = Field(min_length=2)
    schedule: Schedule | None = None
    id: GivenId = ""
    notification_id: GivenId = ""

    @property
    def flow_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("integration flow", self.name)


class CloudWorksDescription(Description):
    """CloudWorks, and the cloud storage that its connections can use."""

    entitled: bool = True
    """Whether the tenant may use schedules and dumps; otherwise the response is 452.

    Source: docs/anaplan-behaviour.md#cloudworks-api.
    """
    stores: tuple[StoreDescription, ...] = ()
    connections: tuple[ConnectionDescription, ...] = ()
    integrations: tuple[IntegrationDescription, ...] = ()
    flows: tuple[FlowDescription, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> "CloudWorksDescription":
        stores = [store.location.name for store in self.stores]
        connections = [each.name for each in self.connections]
        integrations = [each.name for each in self.integrations]
        require_distinct("bucket, container or dataset", stores)
        require_distinct("connection", connections)
        require_distinct("integration", [*integrations, *(flow.name for flow in self.flows)])
        flow_ids = [flow.flow_id for flow in self.flows]
        require_distinct_ids("connection", [each.connection_id for each in self.connections])
        require_distinct_ids(
            "integration", [*(each.integration_id for each in self.integrations), *flow_ids]
        )
        notification_ids = [each.notification_id for each in self.integrations]
        notification_ids += [each.notification_id for each in self.flows]
        require_distinct_ids("notification", notification_ids)
        for connection in self.connections:
            require_known("bucket, container or dataset", connection.store, stores)
        for integration in self.integrations:
            for job in integration.jobs:
                require_known("connection", job.connection, connections)
        for flow in self.flows:
            for step in flow.steps:
                require_known("integration", step, integrations)
            require_distinct("step of a flow", flow.steps)
        return self

    def store_at(self, location: CloudLocation) -> StoreDescription | None:
        """Find the bucket, container or dataset at a location."""
        return next((store for store in self.stores if store.location == location), None)

    def store_named(self, name: str) -> StoreDescription:
        """Find a bucket, container or dataset by name."""
        return next(each for each in self.stores if each.location.name == name)

    def owners(self) -> set[str]:
        """Return the e-mail addresses of all owners."""
        owners = {each.owner for each in self.connections}
        owners |= {each.owner for each in self.integrations}
        return owners | {each.owner for each in self.flows}

    def contents(self) -> dict[CloudLocation, dict[str, str]]:
        """Return the objects that each location contains at the start."""
        return {store.location: dict(store.objects) for store in self.stores}


def _equal(expected: str, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(expected.encode(), given.encode())
