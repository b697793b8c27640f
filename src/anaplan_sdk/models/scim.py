"""What the SCIM API says of users, and what it is told. Names are those of `client.scim`."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_list
from anaplan_sdk.models._filters import Operator
from anaplan_sdk.models.scim_filter import (
    AnaplanFilterFields,
    FilterExpression,
    FilterField,
    field,
)

__all__ = [
    "Add",
    "AnaplanFilterFields",
    "AnaplanModel",
    "Attribute",
    "AuthenticationScheme",
    "BulkConfig",
    "Email",
    "Entitlement",
    "EntitlementInput",
    "EntitlementType",
    "FilterConfig",
    "FilterExpression",
    "FilterField",
    "Meta",
    "MetaWithDates",
    "Name",
    "NameInput",
    "Operation",
    "Operator",
    "Remove",
    "Replace",
    "ReplaceUserInput",
    "Resource",
    "Schema",
    "ServiceProviderConfig",
    "Supported",
    "User",
    "UserInput",
    "field",
]

EntitlementType: TypeAlias = Literal["WORKSPACE", "WORKSPACE_IDS", "WORKSPACE_NAMES"]

_CORE = "urn:ietf:params:scim:schemas:core:2.0"
_MOST_WORKSPACES = 50


def _user_schemas() -> list[str]:
    return [f"{_CORE}:User"]


class NameInput(AnaplanModel):
    """A person's name, as it is written."""

    family_name: str
    given_name: str


class Name(NameInput):
    """A person's name. Anaplan makes `formatted` of the other two."""

    formatted: str = ""


class Email(AnaplanModel):
    """An address. Anaplan keeps one, of type work."""

    value: str
    type: Literal["work", "home", "other"] | str | None = None
    primary: bool | None = None


class EntitlementInput(AnaplanModel):
    """A workspace to enter, by its id."""

    value: str
    type: EntitlementType | str = "WORKSPACE"


class Entitlement(EntitlementInput):
    """A workspace that a user may enter, or in one line all of them.

    Attributes:
        value: The workspace's id; of `WORKSPACE_IDS` and `WORKSPACE_NAMES`, all of them, separated
            by commas.
        type: Which of these it is.
        display: The workspace's name.
        primary: Whether it is the user's first one.
    """

    display: str | None = None
    primary: bool | None = None


class Meta(AnaplanModel):
    """Where a thing is."""

    resource_type: str = ""
    location: str = ""


class MetaWithDates(Meta):
    """Where a thing is, and since when."""

    created: str | None = None
    last_modified: str | None = None


class _BaseUser(AnaplanModel):
    schemas: list[str] = Field(default_factory=_user_schemas)
    user_name: str


class User(_BaseUser):
    """A user, as an identity provider sees them."""

    id: str
    external_id: str | None = None
    name: Name
    active: bool = True
    emails: list[Email] = Field(default_factory=empty_list)
    display_name: str = ""
    entitlements: list[Entitlement] = Field(default_factory=empty_list)
    meta: MetaWithDates = Field(default_factory=MetaWithDates)

    @property
    def workspace_ids(self) -> list[str]:
        """The workspaces the user may enter."""
        single = [one.value for one in self.entitlements if one.type == "WORKSPACE"]
        lines = (one.value for one in self.entitlements if one.type == "WORKSPACE_IDS")
        listed = [part.strip() for line in lines for part in line.split(",") if part.strip()]
        return list(dict.fromkeys([*single, *listed]))


class UserInput(_BaseUser):
    """A user to create.

    Attributes:
        user_name: The address to sign in with. It stays for good.
        external_id: Your own id of the user.
        name: The name.
        active: Whether the user may sign in; Anaplan's own choice when not given.
        emails: The address for mail, of type work, when it isn't `user_name`.
        entitlements: Workspaces to enter, 50 at the most.
    """

    external_id: str | None = None
    name: NameInput
    active: bool | None = None
    emails: list[Email] | None = None
    entitlements: list[EntitlementInput] | None = None

    @model_validator(mode="after")
    def _has_not_too_many_workspaces(self) -> Self:
        if (count := len(self.entitlements or ())) > _MOST_WORKSPACES:
            raise ValueError(
                f"a user is created with {_MOST_WORKSPACES} workspaces at the most, not {count}: "
                "grant the others afterwards"
            )
        return self


class ReplaceUserInput(_BaseUser):
    """A user's whole description. What it leaves out is removed.

    Attributes:
        id: The user's id; that of the call when not given.
        user_name: As it is; it can't be changed.
        external_id: Your own id of the user.
        name: The name.
        active: Whether the user may sign in.
        emails: The address for mail.
        display_name: Anaplan makes its own of the name.
        entitlements: The workspaces. Without them the user loses every workspace.
    """

    id: str | None = None
    external_id: str | None = None
    name: NameInput
    active: bool | None = None
    emails: list[Email] | None = None
    display_name: str | None = None
    entitlements: list[EntitlementInput] | None = None


class Operation(AnaplanModel):
    """A change to one place of a user.

    Attributes:
        op: What to do.
        path: Where, such as `active`, `name.familyName`, `externalId` or `entitlements`.
        value: The new value; what is removed needs none.
    """

    op: Literal["add", "remove", "replace"]
    path: str = Field(min_length=1)
    value: object = None

    @model_validator(mode="after")
    def _has_a_value(self) -> Self:
        if self.op != "remove" and "value" not in self.model_fields_set:
            raise ValueError(f"{self.op} needs a value")
        return self

    def sent(self) -> dict[str, object]:
        """The operation as it is sent: with a value wherever one was given, be it null."""
        fields = {"op", "path"} | ({"value"} & self.model_fields_set)
        body = self.model_dump(mode="json", by_alias=True, include=fields)
        return {name: body[name] for name in ("op", "path", "value") if name in body}


class Replace(Operation):
    """Puts a value in the place of another."""

    op: Literal["replace"] = "replace"  # pyright: ignore[reportIncompatibleVariableOverride]


class Add(Operation):
    """Adds a value: to a list, or where there is none."""

    op: Literal["add"] = "add"  # pyright: ignore[reportIncompatibleVariableOverride]


class Remove(Operation):
    """Removes a value, or of a list those that are given."""

    op: Literal["remove"] = "remove"  # pyright: ignore[reportIncompatibleVariableOverride]


class Supported(AnaplanModel):
    """Whether the service says that it does something."""

    supported: bool


class BulkConfig(Supported):
    """What it says of requests in bulk, which it doesn't take."""

    max_operations: int = 0
    max_payload_size: int = 0


class FilterConfig(Supported):
    """What it says of filters."""

    max_results: int = 0


class AuthenticationScheme(AnaplanModel):
    """A way to sign in."""

    name: str
    type: str
    description: str = ""
    spec_uri: str = ""
    documentation_uri: str = ""


class ServiceProviderConfig(AnaplanModel):
    """What the service says it can do. Don't rely on it: it denies PATCH, which it takes."""

    schemas: list[str] = Field(default_factory=lambda: [f"{_CORE}:ServiceProviderConfig"])
    meta: MetaWithDates = Field(default_factory=MetaWithDates)
    documentation_uri: str = ""
    patch: Supported
    bulk: BulkConfig
    filter: FilterConfig
    change_password: Supported
    sort: Supported
    etag: Supported
    authentication_schemes: list[AuthenticationScheme] = Field(
        default_factory=list[AuthenticationScheme]
    )


class Resource(AnaplanModel):
    """A kind of thing the service has."""

    schemas: list[str] = Field(default_factory=lambda: [f"{_CORE}:ResourceType"])
    meta: Meta = Field(default_factory=Meta)
    id: str
    name: str
    endpoint: str
    description: str = ""


class Attribute(AnaplanModel):
    """A field of a kind of thing."""

    name: str
    type: str
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    case_exact: bool = False
    mutability: str = ""
    returned: str = ""
    uniqueness: str = ""
    sub_attributes: list[Attribute] | None = None


class Schema(AnaplanModel):
    """The fields of a kind of thing."""

    meta: Meta = Field(default_factory=Meta)
    id: str
    name: str
    description: str = ""
    attributes: list[Attribute] = Field(default_factory=empty_list)


# The class of filters was known by this name.
_FilterExpression = FilterExpression
