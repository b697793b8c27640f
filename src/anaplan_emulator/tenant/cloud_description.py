"""The description of CloudWorks: cloud storage, connections, integrations and flows."""

import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.problems import Checks, Location, Mistake
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


def is_storage_name(name: str) -> bool:
    """Return whether a name is valid for a bucket, container or dataset, which is a folder."""
    return bool(re.fullmatch(r"[\w.\-]{1,100}", name)) and bool(name.strip("."))


def _storage_name(name: str) -> str:
    if not is_storage_name(name):
        raise Mistake(
            f"{name[:100]!r} is not a valid name here",
            "Write up to 100 letters, digits, dots, hyphens and underscores.",
        )
    return name


StorageName = Annotated[str, AfterValidator(_storage_name)]


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

    type: Literal["AmazonS3"] = Field(examples=["AmazonS3"])
    """The kind of storage."""
    bucket: StorageName = Field(min_length=1, examples=["company-data"])
    """Name of the bucket."""
    access_key_id: str = Field(min_length=1, examples=["AKIAEXAMPLE01"])
    """The access key that a connection must give."""
    secret_access_key: str = Field(min_length=1, examples=["s3-example-secret"])
    """The secret key that a connection must give."""
    role_arn: str = Field(default="", examples=["arn:aws:iam::123456789012:role/anaplan"])
    """The role that a connection may give."""
    objects: dict[ObjectName, str] = Field(
        default_factory=dict, examples=[{"inbound/products.csv": "sku,product\nP1,Apple\n"}]
    )
    """Content of the objects in the bucket at the start, by name."""

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

    type: Literal["GoogleBigQuery"] = Field(examples=["GoogleBigQuery"])
    """The kind of storage."""
    project: StorageName = Field(min_length=1, examples=["company-project"])
    """Id of the project."""
    dataset: StorageName = Field(min_length=1, examples=["planning"])
    """Name of the dataset."""
    private_key_id: str = Field(min_length=1, examples=["key-1"])
    """Id of the service account's key that a connection must give."""
    private_key: str = Field(min_length=1, examples=["bigquery-example-key"])
    """The service account's key that a connection must give."""
    objects: dict[ObjectName, str] = Field(
        default_factory=dict, examples=[{"products": "sku,product\nP1,Apple\n"}]
    )
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

    type: Literal["AzureBlob"] = Field(examples=["AzureBlob"])
    """The kind of storage."""
    account: StorageName = Field(min_length=1, examples=["companystorage"])
    """Name of the storage account."""
    container: StorageName = Field(min_length=1, examples=["planning"])
    """Name of the container."""
    sas_token: str = Field(min_length=1, examples=["sv=2024-01-01&sig=example"])
    """The token that a connection must give, without the question mark."""
    objects: dict[ObjectName, str] = Field(
        default_factory=dict, examples=[{"products.csv": "sku,product\nP1,Apple\n"}]
    )
    """Content of the objects in the container at the start, by name."""

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


class ScheduleDescription(Schedule):
    """A schedule, with the member names of the CloudWorks API."""

    model_config = ConfigDict(extra="forbid")


class ConnectionDescription(Description):
    """A connection."""

    name: str = Field(min_length=1, examples=["Company data"])
    """Name of the connection."""
    owner: str = Field(examples=["me@company.com"])
    """E-mail address of the user who made it."""
    store: str = Field(examples=["company-data"])
    """Name of the bucket, container or dataset."""
    id: GivenId = Field(default="", examples=["0123456789abcdef0123456789abcdef"])
    """Its id; derived from the name by default."""

    @property
    def connection_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("connection", self.name)


class JobDescription(Description):
    """A job of an integration: an object into an import, or an export into an object."""

    connection: str = Field(examples=["Company data"])
    """Name of the connection."""
    action: str = Field(examples=["Products from products.csv"])
    """Name of the import or export."""
    file: str = Field(min_length=1, examples=["inbound/products.csv"])
    """Name of the object or table."""
    overwrite: bool = Field(default=True, examples=[True])
    """Whether an export replaces an existing object."""


_SCHEDULE = {
    "name": "Nightly",
    "type": "daily",
    "time": "02:00",
    "startDate": "2026-01-05",
    "timezone": "Europe/Berlin",
}


class IntegrationDescription(Description):
    """An integration."""

    name: str = Field(min_length=1, examples=["Products from S3"])
    """Name of the integration."""
    owner: str = Field(examples=["me@company.com"])
    """E-mail address of the user who made it."""
    workspace: str = Field(examples=["Planning"])
    """Name of the workspace."""
    model: str = Field(examples=["Sales"])
    """Name of the model."""
    process: str = Field(default="", examples=["Load products"])
    """Name of the process that it runs, with a job for each action that needs one."""
    jobs: tuple[JobDescription, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "connection": "Company data",
                    "action": "Products from products.csv",
                    "file": "inbound/products.csv",
                }
            ]
        ],
    )
    """Its jobs; exactly one if it has no process."""
    schedule: ScheduleDescription | None = Field(
        default=None,
        examples=[_SCHEDULE],
    )
    """When it runs by itself."""
    nux_visible: bool = Field(default=False, examples=[True])
    """Whether Anaplan's pages for end users show it, as `nuxVisible`."""
    id: GivenId = Field(default="", examples=["0123456789abcdef0123456789abcdef"])
    """Its id; derived from the name by default."""
    notification_id: GivenId = Field(default="", examples=["0123456789abcdef0123456789abcdef"])
    """Id of its notifications; it has none by default."""

    @property
    def integration_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("integration", self.name)

    @model_validator(mode="after")
    def _check_jobs(self) -> "IntegrationDescription":
        if not self.process and len(self.jobs) != 1:
            raise Mistake(
                f"{self.name}: an integration without a process has exactly one job",
                "Add process, the name of a process that the jobs belong to."
                if self.jobs
                else "Add a job, or process.",
                "jobs",
            )
        return self


class FlowDescription(Description):
    """An integration flow. Each step depends on the one before it."""

    name: str = Field(min_length=1, examples=["Nightly"])
    """Name of the flow."""
    owner: str = Field(examples=["me@company.com"])
    """E-mail address of the user who made it."""
    steps: tuple[str, ...] = Field(min_length=2, examples=[["Products from S3", "Sales to S3"]])
    """Names of its integrations, in their order."""
    schedule: ScheduleDescription | None = Field(
        default=None,
        examples=[_SCHEDULE],
    )
    """When it runs by itself."""
    id: GivenId = Field(default="", examples=["0123456789abcdef0123456789abcdef"])
    """Its id; derived from the name by default."""
    notification_id: GivenId = Field(default="", examples=["0123456789abcdef0123456789abcdef"])
    """Id of its notifications; it has none by default."""

    @property
    def flow_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("integration flow", self.name)


class CloudWorksDescription(Description):
    """CloudWorks, and the cloud storage that its connections can use."""

    entitled: bool = Field(default=True, examples=[True])
    """Whether the tenant may use schedules and dumps; otherwise the response is 452.

    Source: docs/anaplan-behaviour.md#cloudworks-api.
    """
    stores: tuple[StoreDescription, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "type": "AzureBlob",
                    "account": "companystorage",
                    "container": "planning",
                    "sas_token": "sig=example",
                }
            ]
        ],
    )
    """The buckets, containers and datasets that connections can use."""
    connections: tuple[ConnectionDescription, ...] = Field(
        default=(),
        examples=[[{"name": "Company data", "owner": "me@company.com", "store": "company-data"}]],
    )
    """Connections to stores."""
    integrations: tuple[IntegrationDescription, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "Products from S3",
                    "owner": "me@company.com",
                    "workspace": "Planning",
                    "model": "Sales",
                    "process": "Load products",
                }
            ]
        ],
    )
    """Integrations."""
    flows: tuple[FlowDescription, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "Nightly",
                    "owner": "me@company.com",
                    "steps": ["Products from S3", "Sales to S3"],
                }
            ]
        ],
    )
    """Integration flows."""

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


def check_cloud_works(
    checks: Checks, described: CloudWorksDescription, emails: Collection[str]
) -> None:
    """Check that names are distinct and refer to something.

    Args:
        checks: Collects the mistakes.
        described: The description.
        emails: E-mail addresses of all users.
    """
    at: Location = ("cloud_works",)
    places = {name: (*at, name) for name in ("stores", "connections", "integrations", "flows")}
    stores = [store.location.name for store in described.stores]
    connections = [each.name for each in described.connections]
    integrations = [each.name for each in described.integrations]
    kind = "bucket, container or dataset"
    checks.distinct(kind, [(name, (*places["stores"], n)) for n, name in enumerate(stores)])
    started: list[tuple[Location, IntegrationDescription | FlowDescription]] = [
        *(((*places["integrations"], n), each) for n, each in enumerate(described.integrations)),
        *(((*places["flows"], n), each) for n, each in enumerate(described.flows)),
    ]
    linked = [((*places["connections"], n), each) for n, each in enumerate(described.connections)]
    checks.distinct("connection", [(each.name, (*place, "name")) for place, each in linked])
    checks.distinct("integration", [(each.name, (*place, "name")) for place, each in started])
    checks.distinct_ids(
        "connection", [(each.connection_id, (*place, "id")) for place, each in linked]
    )
    checks.distinct_ids("integration", [(_id_of(each), (*place, "id")) for place, each in started])
    checks.distinct_ids(
        "notification",
        [(each.notification_id, (*place, "notification_id")) for place, each in started],
    )
    owners = [(place, each.owner) for place, each in linked]
    owners += [(place, each.owner) for place, each in started]
    for place, owner in owners:
        checks.known_user(owner, emails, (*place, "owner"))
    for place, connection in linked:
        checks.known(kind, connection.store, stores, (*place, "store"), places["stores"])
    for number, integration in enumerate(described.integrations):
        for position, job in enumerate(integration.jobs):
            place = (*places["integrations"], number, "jobs", position, "connection")
            checks.known("connection", job.connection, connections, place, places["connections"])
    for number, flow in enumerate(described.flows):
        steps = (*places["flows"], number, "steps")
        for position, step in enumerate(flow.steps):
            checks.known(
                "integration", step, integrations, (*steps, position), places["integrations"]
            )
        checks.distinct("step of a flow", [(s, (*steps, n)) for n, s in enumerate(flow.steps)])


def _id_of(started: IntegrationDescription | FlowDescription) -> str:
    if isinstance(started, FlowDescription):
        return started.flow_id
    return started.integration_id


def _equal(expected: str, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(expected.encode(), given.encode())
