"""The description of CloudWorks in a tenant, and of the clouds it knows."""

import hmac
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from anaplan_emulator.engine.clouds import CloudType, Place, is_object_name
from anaplan_emulator.engine.schedules import Schedule
from anaplan_emulator.store.description import Description


def _object_name(name: str) -> str:
    if not is_object_name(name):
        raise ValueError(f"{name!r} is no name of an object")
    return name


ObjectName = Annotated[str, AfterValidator(_object_name)]


class AmazonS3Store(Description):
    """A bucket, and who may use it."""

    type: Literal["AmazonS3"]
    bucket: str = Field(min_length=1)
    access_key_id: str = Field(min_length=1)
    secret_access_key: str = Field(min_length=1)
    role_arn: str = ""
    objects: dict[ObjectName, str] = Field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place("AmazonS3", (self.bucket,))

    def accepts(self, body: Mapping[str, object]) -> bool:
        """Whether a connection's secrets are the right ones."""
        role = body.get("roleArn") or ""
        return (
            _same(self.access_key_id, body.get("accessKeyId"))
            and _same(self.secret_access_key, body.get("secretAccessKey"))
            and (not role or _same(self.role_arn, role))
        )

    def public_body(self) -> dict[str, str]:
        """What a connection to it shows."""
        return {"bucketName": self.bucket}


class GoogleBigQueryStore(Description):
    """A dataset, and the service account that may use it."""

    type: Literal["GoogleBigQuery"]
    project: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    private_key_id: str = Field(min_length=1)
    private_key: str = Field(min_length=1)
    objects: dict[ObjectName, str] = Field(default_factory=dict)
    """Its tables, as CSV."""

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place("GoogleBigQuery", (self.project, self.dataset))

    def accepts(self, body: Mapping[str, object]) -> bool:
        """Whether a connection's secrets are the right ones."""
        match body.get("serviceAccountKey"):
            case {"private_key_id": key_id, "private_key": key}:
                return _same(self.private_key_id, key_id) and _same(self.private_key, key)
        return False

    def public_body(self) -> dict[str, str]:
        """What a connection to it shows."""
        return {"dataset": self.dataset, "projectId": self.project}


class AzureBlobStore(Description):
    """A container of a storage account, and who may use it."""

    type: Literal["AzureBlob"]
    account: str = Field(min_length=1)
    container: str = Field(min_length=1)
    sas_token: str = Field(min_length=1)
    objects: dict[ObjectName, str] = Field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place("AzureBlob", (self.account, self.container))

    def accepts(self, body: Mapping[str, object]) -> bool:
        """Whether a connection's secrets are the right ones."""
        sas_token = body.get("sasToken")
        return isinstance(sas_token, str) and _same(self.sas_token, sas_token.lstrip("?"))

    def public_body(self) -> dict[str, str]:
        """What a connection to it shows."""
        return {
            "storageAccountName": self.account,
            "containerName": self.container,
            "authMethod": "SAS-based",
        }


def _kind(value: object) -> str:
    return str(value.get("type") if isinstance(value, dict) else getattr(value, "type", ""))


StoreDescription = Annotated[
    Annotated[AmazonS3Store, Tag("AmazonS3")]
    | Annotated[GoogleBigQueryStore, Tag("GoogleBigQuery")]
    | Annotated[AzureBlobStore, Tag("AzureBlob")],
    Discriminator(_kind),
]


class ConnectionDescription(Description):
    """A connection that is there from the start."""

    name: str = Field(min_length=1)
    owner: str
    store: str
    """The bucket, container or dataset it leads to."""


class JobDescription(Description):
    """What an integration moves: an object into an import, or an export into an object."""

    connection: str
    action: str
    file: str = Field(min_length=1)
    """The object, or the table."""
    overwrite: bool = True


class IntegrationDescription(Description):
    """An integration that is there from the start."""

    name: str = Field(min_length=1)
    owner: str
    workspace: str
    model: str
    process: str = ""
    jobs: tuple[JobDescription, ...] = ()
    schedule: Schedule | None = None
    nux_visible: bool = False

    @model_validator(mode="after")
    def _one_job_without_process(self) -> "IntegrationDescription":
        if not self.process and len(self.jobs) != 1:
            raise ValueError(f"{self.name}: without a process there is exactly one job")
        return self


class FlowDescription(Description):
    """An integration flow that is there from the start; each step waits for the one before."""

    name: str = Field(min_length=1)
    owner: str
    steps: tuple[str, ...] = Field(min_length=2)
    schedule: Schedule | None = None


class CloudWorksDescription(Description):
    """What CloudWorks has, and the clouds it knows."""

    entitled: bool = True
    """Whether schedules and dumps may be had; else they answer 452 (facts 8)."""
    stores: tuple[StoreDescription, ...] = ()
    connections: tuple[ConnectionDescription, ...] = ()
    integrations: tuple[IntegrationDescription, ...] = ()
    flows: tuple[FlowDescription, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> "CloudWorksDescription":
        stores = [store.place.name for store in self.stores]
        connections = [each.name for each in self.connections]
        integrations = [each.name for each in self.integrations]
        _distinct("bucket, container or dataset", stores)
        _distinct("connection", connections)
        _distinct("integration", [*integrations, *(flow.name for flow in self.flows)])
        for connection in self.connections:
            _known("bucket, container or dataset", connection.store, stores)
        for integration in self.integrations:
            for job in integration.jobs:
                _known("connection", job.connection, connections)
        for flow in self.flows:
            for step in flow.steps:
                _known("integration", step, integrations)
            _distinct("step of a flow", flow.steps)
        return self

    def store_of(self, kind: CloudType, place: Place) -> StoreDescription | None:
        """Find the described bucket, container or dataset at a place."""
        found = (each for each in self.stores if each.type == kind and each.place == place)
        return next(found, None)

    def store_named(self, name: str) -> StoreDescription:
        """Find the bucket, container or dataset of a name."""
        return next(each for each in self.stores if each.place.name == name)

    def owners(self) -> set[str]:
        """Return the addresses of all who own anything."""
        owners = {each.owner for each in self.connections}
        owners |= {each.owner for each in self.integrations}
        return owners | {each.owner for each in self.flows}

    def contents(self) -> dict[Place, dict[str, str]]:
        """Return what the stand-ins begin with."""
        return {store.place: dict(store.objects) for store in self.stores}


def _same(expected: str, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(expected.encode(), given.encode())


def _known(kind: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise ValueError(f"no {kind} is called {name!r}")


def _distinct(kind: str, names: Iterable[str]) -> None:
    listed = [name.lower() for name in names]
    if len(set(listed)) < len(listed):
        raise ValueError(f"each {kind} needs a name of its own")
