"""Models of the CloudWorks API: connections to cloud storage, part of `models.cloud_works`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias, cast

from pydantic import ConfigDict, Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, aliases

ConnectionType: TypeAlias = Literal["AmazonS3", "AzureBlob", "GoogleBigQuery"]
"""The types of a connection."""


class ModificationInfo(AnaplanModel):
    """When and by whom an object was created and changed.

    Attributes:
        creation_date: When it was created; None where CloudWorks does not report it.
        modification_date: When it was last changed; None where CloudWorks does not report it.
        created_by: The name of the user who created it.
        modified_by: The name of the user who changed it last.

    Source: Anaplan CloudWorks API guide, "Get connections".
    """

    creation_date: datetime | None = Field(
        default=None, validation_alias=aliases("isoCreationDate", "creation_date")
    )
    modification_date: datetime | None = Field(
        default=None, validation_alias=aliases("isoModificationDate", "modification_date")
    )
    created_by: str = ""
    modified_by: str | None = None


class BaseConnectionInput(AnaplanModel):
    """What a connection of any type can be created with.

    Secrets in it appear neither in its repr nor in errors.

    Attributes:
        workspace_id: The id of the workspace the connection belongs to; mandatory for restricted
            integration users.

    Source: Anaplan CloudWorks API guide, "Create a connection".
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    workspace_id: str | None = None


class AzureBlobConnectionInfo(AnaplanModel):
    """A connection to a container of Azure Blob Storage.

    Attributes:
        name: The name of the connection.
        storage_account_name: The name of the storage account.
        container_name: The name of the container.

    Source: Anaplan CloudWorks API guide, "Get connections".
    """

    name: str
    storage_account_name: str
    container_name: str


class AzureBlobConnectionInput(AzureBlobConnectionInfo, BaseConnectionInput):
    """A connection to Azure Blob Storage to create.

    Attributes:
        sas_token: The shared access signature.
        auth_method: The method of authentication; Anaplan documents only `SAS-based`.

    Source: Anaplan CloudWorks API guide, "Create a connection".
    """

    sas_token: str = Field(repr=False)
    auth_method: str = Field(
        default="SAS-based",
        validation_alias=aliases("auth_method", "auth_method"),
        # The only field of CloudWorks in snake case, and only in requests.
        serialization_alias="auth_method",
    )


class AmazonS3ConnectionInfo(AnaplanModel):
    """A connection to a bucket of Amazon S3.

    Attributes:
        name: The name of the connection.
        bucket_name: The name of the bucket.
        role_arn: The ARN of the AWS role to assume.

    Source: Anaplan CloudWorks API guide, "Get connections".
    """

    name: str
    bucket_name: str
    role_arn: str | None = None


class AmazonS3ConnectionInput(AmazonS3ConnectionInfo, BaseConnectionInput):
    """A connection to Amazon S3 to create.

    Attributes:
        access_key_id: The id of the access key.
        secret_access_key: The secret of the access key.

    Source: Anaplan CloudWorks API guide, "Create a connection".
    """

    access_key_id: str = Field(repr=False)
    secret_access_key: str = Field(repr=False)


class GoogleBigQueryConnectionInfo(AnaplanModel):
    """A connection to a dataset of Google BigQuery.

    Attributes:
        name: The name of the connection.
        dataset: The name of the dataset.

    Source: Anaplan CloudWorks API guide, "Get connections".
    """

    name: str
    dataset: str


class GoogleBigQueryConnectionInput(GoogleBigQueryConnectionInfo, BaseConnectionInput):
    """A connection to Google BigQuery to create.

    Attributes:
        service_account_json: The key file of Google's service account, as a dict.

    Source: Anaplan CloudWorks API guide, "Create a connection".
    """

    service_account_json: dict[str, str] = Field(
        repr=False,
        validation_alias=aliases("serviceAccountKey", "service_account_json"),
        serialization_alias="serviceAccountKey",
    )


ConnectionBody: TypeAlias = (
    AzureBlobConnectionInput | AmazonS3ConnectionInput | GoogleBigQueryConnectionInput
)
"""A connection to create, without its type."""

_INPUTS: Mapping[str, type[ConnectionBody]] = {
    "AzureBlob": AzureBlobConnectionInput,
    "AmazonS3": AmazonS3ConnectionInput,
    "GoogleBigQuery": GoogleBigQueryConnectionInput,
}
# Fields that only connections of one type have.
_DISTINCTIVE_FIELDS = {
    "AzureBlob": {"sasToken", "sas_token", "containerName", "container_name"},
    "AmazonS3": {"bucketName", "bucket_name", "accessKeyId", "access_key_id"},
    "GoogleBigQuery": {"dataset", "serviceAccountKey", "service_account_json"},
}


class ConnectionInput(AnaplanModel):
    """A connection to create, with its type.

    Attributes:
        type: The type.
        body: The connection, of the class that fits the type.

    Raises:
        ValueError: The body does not fit the type.

    Source: Anaplan CloudWorks API guide, "Create a connection".
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    type: ConnectionType
    body: ConnectionBody

    @classmethod
    def of(cls, body: ConnectionBody | Mapping[str, object]) -> Self:
        """Make the input from a body alone, and derive the type from its fields.

        Args:
            body: The connection, without or with its type.

        Returns:
            The input.

        Raises:
            ValueError: The body's fields are not those of exactly one type, or one is missing.
        """
        if isinstance(body, Mapping) and {"type", "body"} <= body.keys():
            return cls.model_validate(body)
        if not isinstance(body, Mapping):
            kind = next(name for name, known in _INPUTS.items() if isinstance(body, known))
            return cls.model_validate({"type": kind, "body": body})
        kinds = [name for name, fields in _DISTINCTIVE_FIELDS.items() if fields & body.keys()]
        if len(kinds) != 1:
            raise ValueError(
                "The type of the connection cannot be derived from its fields: pass a model, such "
                "as AmazonS3ConnectionInput."
            )
        return cls.model_validate({"type": kinds[0], "body": body})

    @model_validator(mode="before")
    @classmethod
    def _validate_body_by_type(cls, value: object) -> object:
        # Validated as a union, the body would be reported with the errors of all three types.
        if isinstance(value, Mapping):
            fields = cast("Mapping[str, object]", value)
            kind, body = fields.get("type"), fields.get("body")
            known = _INPUTS.get(str(kind))
            if known is not None and isinstance(body, Mapping):
                return {**fields, "body": known.model_validate(body)}
            return fields
        return value

    @model_validator(mode="after")
    def _check_body_fits_type(self) -> Self:
        if not isinstance(self.body, _INPUTS[self.type]):
            # Pydantic turns a ValueError into a ValidationError, but not a TypeError.
            raise ValueError(f"the body does not fit a connection of type {self.type}")  # noqa: TRY004
        return self


class Connection(ModificationInfo):
    """A connection.

    Attributes:
        id: The id, 32 lower-case hexadecimal digits.
        connection_type: The type, one of `ConnectionType` or one that is not known yet.
        body: The connection itself, without its secrets; a plain `AnaplanModel` for a type that is
            not known yet.
        status: 1 when the connection works, 0 when it does not.
        integration_error_code: Why it does not work, such as 1 for invalid credentials of S3, 4 for
            an invalid bucket and 10 for an AWS role that cannot be assumed.
        workspace_id: The id of the workspace it belongs to.

    Source: Anaplan CloudWorks API guide, "Get connections".
    """

    id: str = Field(validation_alias=aliases("connectionId", "id"))
    connection_type: ConnectionType | str = ""
    body: Annotated[
        AzureBlobConnectionInfo
        | AmazonS3ConnectionInfo
        | GoogleBigQueryConnectionInfo
        | AnaplanModel,
        Field(union_mode="left_to_right"),
    ] = Field(default_factory=AnaplanModel)
    status: int = 1
    integration_error_code: int | None = None
    workspace_id: str | None = None
