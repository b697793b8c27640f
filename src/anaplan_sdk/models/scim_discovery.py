"""Models of the SCIM API: what the service supports and which objects it has.

They are part of `models.scim`. RFC 7644, section 4, "Service Provider Configuration Endpoints".
"""

from __future__ import annotations

from pydantic import Field

from anaplan_sdk.models._base import AnaplanModel, empty_list

SCHEMA_PREFIX = "urn:ietf:params:scim:schemas:core:2.0"


class Meta(AnaplanModel):
    """Information on an object of the service.

    Attributes:
        resource_type: The type of the object, such as `User`.
        location: The address of the object.

    Source: RFC 7643, section 3.1, "Common Attributes".
    """

    resource_type: str = ""
    location: str = ""


class MetaWithDates(Meta):
    """Information on an object of the service, with dates.

    Attributes:
        created: When the object was created, as ISO 8601 text.
        last_modified: When the object was last changed, as ISO 8601 text.

    Source: RFC 7643, section 3.1, "Common Attributes".
    """

    created: str | None = None
    last_modified: str | None = None


class Supported(AnaplanModel):
    """Whether the service reports that it supports a feature.

    Attributes:
        supported: Whether it is supported.

    Source: RFC 7643, section 5, "Service Provider Configuration Schema".
    """

    supported: bool = False


class BulkConfig(Supported):
    """What the service reports about bulk requests.

    Attributes:
        max_operations: The most operations of a request.
        max_payload_size: The largest size of a request, in bytes.

    Source: RFC 7643, section 5, "Service Provider Configuration Schema".
    """

    max_operations: int = 0
    max_payload_size: int = 0


class FilterConfig(Supported):
    """What the service reports about filters.

    Attributes:
        max_results: The most objects of a reply.

    Source: RFC 7643, section 5, "Service Provider Configuration Schema".
    """

    max_results: int = 0


class AuthenticationScheme(AnaplanModel):
    """A way to authenticate.

    Attributes:
        name: The name.
        type: The type, such as `oauthbearertoken`.
        description: A description.
        spec_uri: The address of its specification.
        documentation_uri: The address of its documentation.

    Source: RFC 7643, section 5, "Service Provider Configuration Schema".
    """

    name: str = ""
    type: str = ""
    description: str = ""
    spec_uri: str = ""
    documentation_uri: str = ""


def _config_schemas() -> list[str]:
    return [f"{SCHEMA_PREFIX}:ServiceProviderConfig"]


class ServiceProviderConfig(AnaplanModel):
    """What the service reports about its features. It is not reliable.

    Anaplan's service reports that it does not support PATCH, for example, and supports it. What it
    does not mention is not supported.

    Attributes:
        schemas: The schema of this object.
        meta: Information on this object.
        documentation_uri: The address of the documentation.
        patch: Whether objects can be changed by operations.
        bulk: Whether requests can be combined.
        filter: Whether objects can be filtered.
        change_password: Whether passwords can be changed.
        sort: Whether objects can be sorted.
        etag: Whether objects have entity tags.
        authentication_schemes: The ways to authenticate.

    Source: Anaplan SCIM API guide, "Get service provider configuration"; RFC 7643, section 5,
    "Service Provider Configuration Schema".
    """

    schemas: list[str] = Field(default_factory=_config_schemas)
    meta: MetaWithDates = Field(default_factory=MetaWithDates)
    documentation_uri: str = ""
    patch: Supported = Field(default_factory=Supported)
    bulk: BulkConfig = Field(default_factory=BulkConfig)
    filter: FilterConfig = Field(default_factory=FilterConfig)
    change_password: Supported = Field(default_factory=Supported)
    sort: Supported = Field(default_factory=Supported)
    etag: Supported = Field(default_factory=Supported)
    authentication_schemes: list[AuthenticationScheme] = Field(default_factory=empty_list)


def _resource_schemas() -> list[str]:
    return [f"{SCHEMA_PREFIX}:ResourceType"]


class Resource(AnaplanModel):
    """A type of object that the service has.

    Attributes:
        schemas: The schema of this object.
        meta: Information on this object.
        id: The id, such as `User`.
        name: The name, such as `User`.
        endpoint: The path of the objects, such as `/Users`.
        description: A description.

    Source: Anaplan SCIM API guide, "Get resource types"; RFC 7643, section 6, "ResourceType
    Schema".
    """

    schemas: list[str] = Field(default_factory=_resource_schemas)
    meta: Meta = Field(default_factory=Meta)
    id: str
    name: str = ""
    endpoint: str = ""
    description: str = ""


class Attribute(AnaplanModel):
    """A field of a type of object.

    Attributes:
        name: The name.
        type: The type, such as `string`, `boolean` or `complex`.
        multi_valued: Whether it is a list.
        description: A description.
        required: Whether it is mandatory.
        case_exact: Whether upper and lower case differ.
        mutability: `readOnly`, `readWrite`, `immutable` or `writeOnly`.
        returned: When it is returned: `always`, `never`, `default` or `request`.
        uniqueness: Where its value is unique: `none`, `server` or `global`.
        sub_attributes: The fields of a complex field.

    Source: RFC 7643, section 7, "Schema Definition".
    """

    name: str
    type: str = ""
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    case_exact: bool = False
    mutability: str = ""
    returned: str = ""
    uniqueness: str = ""
    sub_attributes: list[Attribute] | None = None


class Schema(AnaplanModel):
    """The fields of a type of object.

    Attributes:
        meta: Information on this object.
        id: The id, such as `urn:ietf:params:scim:schemas:core:2.0:User`.
        name: The name, such as `User`.
        description: A description.
        attributes: The fields.

    Source: Anaplan SCIM API guide, "Get schemas"; RFC 7643, section 7, "Schema Definition".
    """

    meta: Meta = Field(default_factory=Meta)
    id: str
    name: str = ""
    description: str = ""
    attributes: list[Attribute] = Field(default_factory=empty_list)
