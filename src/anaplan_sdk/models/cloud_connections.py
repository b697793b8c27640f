"""What CloudWorks says of connections to clouds, part of `models.cloud_works`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias, cast

from pydantic import ConfigDict, Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, named

ConnectionType: TypeAlias = Literal["AmazonS3", "AzureBlob", "GoogleBigQuery"]


class Dated(AnaplanModel):
    """Who made something and changed it last, and when."""

    creation_date: datetime
    modification_date: datetime
    created_by: str = ""
    modified_by: str | None = None


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
            return members
        return value

    @model_validator(mode="after")
    def _is_of_the_type(self) -> Self:
        if not isinstance(self.body, _INPUTS[self.type]):
            # Pydantic takes no TypeError for a mistake in a value.
            raise ValueError(f"the body isn't that of a connection of type {self.type}")  # noqa: TRY004
        return self


class Connection(Dated):
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
