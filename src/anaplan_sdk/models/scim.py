"""Models of the SCIM API: users, and all other models and filters of `client.scim`."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_list
from anaplan_sdk.models._filters import Operator
from anaplan_sdk.models.scim_discovery import (
    SCHEMA_PREFIX,
    Attribute,
    AuthenticationScheme,
    BulkConfig,
    FilterConfig,
    Meta,
    MetaWithDates,
    Resource,
    Schema,
    ServiceProviderConfig,
    Supported,
)
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
"""The types of an entitlement: one workspace by id, or several by ids or names."""

# Anaplan SCIM API guide, "Create user".
_MAX_WORKSPACES = 50


class NameInput(AnaplanModel):
    """The name of a user to create or replace.

    Attributes:
        family_name: The family name.
        given_name: The given name.

    Source: Anaplan SCIM API guide, "Create user".
    """

    family_name: str
    given_name: str


class Name(NameInput):
    """The name of a user.

    Attributes:
        family_name: The family name.
        given_name: The given name.
        formatted: The full name, which Anaplan makes of the other two.

    Source: Anaplan SCIM API guide, "Get user".
    """

    family_name: str = ""
    given_name: str = ""
    formatted: str = ""


class Email(AnaplanModel):
    """An email address of a user. Anaplan keeps only one, of type `work`.

    Attributes:
        value: The address.
        type: The type: `work`, `home`, `other`, or one that is not known yet.
        primary: Whether it is the user's main address.

    Source: Anaplan SCIM API guide, "Get user".
    """

    value: str
    type: Literal["work", "home", "other"] | str | None = None
    primary: bool | None = None


class EntitlementInput(AnaplanModel):
    """Access to a workspace to grant.

    Attributes:
        value: The id of the workspace; for the types `WORKSPACE_IDS` and `WORKSPACE_NAMES`, ids or
            names separated by commas.
        type: The type of the value, one of `EntitlementType`; by default `WORKSPACE`.

    Source: Anaplan SCIM API guide, "Create user".
    """

    value: str
    type: EntitlementType | str = "WORKSPACE"


class Entitlement(EntitlementInput):
    """Access to a workspace, or to several.

    Attributes:
        display: The name of the workspace.
        primary: Whether it is the user's default workspace.

    Source: Anaplan SCIM API guide, "Get user".
    """

    display: str | None = None
    primary: bool | None = None


def _user_schemas() -> list[str]:
    return [f"{SCHEMA_PREFIX}:User"]


class _BaseUser(AnaplanModel):
    """What a user has, whether it is created, replaced or read.

    Attributes:
        schemas: The schema of this object.
        user_name: The address to sign in with. It cannot be changed after the user was created.
    """

    schemas: list[str] = Field(default_factory=_user_schemas)
    user_name: str


class User(_BaseUser):
    """A user, as an identity provider manages it.

    Attributes:
        user_name: The address to sign in with.
        id: The id of the user.
        external_id: The id of the user in the system that manages users.
        name: The name.
        active: Whether the user may sign in.
        emails: The email address.
        display_name: The full name, which Anaplan makes of the name.
        entitlements: The workspaces the user has access to.
        meta: When the user was created and changed.

    Source: Anaplan SCIM API guide, "Get user".
    """

    user_name: str = ""
    id: str
    external_id: str | None = None
    name: Name = Field(default_factory=Name)
    active: bool = True
    emails: list[Email] = Field(default_factory=empty_list)
    display_name: str = ""
    entitlements: list[Entitlement] = Field(default_factory=empty_list)
    meta: MetaWithDates = Field(default_factory=MetaWithDates)

    @property
    def workspace_ids(self) -> list[str]:
        """The ids of the workspaces the user has access to."""
        single = [one.value for one in self.entitlements if one.type == "WORKSPACE"]
        return list(dict.fromkeys([*single, *listed_workspaces(self, "WORKSPACE_IDS")]))


def listed_workspaces(user: User, entitlement_type: EntitlementType) -> list[str]:
    """List the workspaces in the entitlements that hold several of them.

    Args:
        user: The user.
        entitlement_type: `WORKSPACE_IDS` for ids, `WORKSPACE_NAMES` for names.

    Returns:
        The ids or names.
    """
    values = (one.value for one in user.entitlements if one.type == entitlement_type)
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


class UserInput(_BaseUser):
    """A user to create.

    Attributes:
        external_id: The id of the user in the system that manages users.
        name: The name.
        active: Whether the user may sign in; None to leave it to Anaplan.
        emails: The email address, of type `work`; only if it is not the `user_name`.
        entitlements: The workspaces to grant access to, at most 50.

    Raises:
        ValueError: There are more than 50 workspaces.

    Source: Anaplan SCIM API guide, "Create user".
    """

    external_id: str | None = None
    name: NameInput
    active: bool | None = None
    emails: list[Email] | None = None
    entitlements: list[EntitlementInput] | None = None

    @model_validator(mode="after")
    def _check_number_of_workspaces(self) -> Self:
        if (count := len(self.entitlements or ())) > _MAX_WORKSPACES:
            raise ValueError(
                f"a user can be created with at most {_MAX_WORKSPACES} workspaces, not {count}: "
                "grant the others afterwards"
            )
        return self


class ReplaceUserInput(_BaseUser):
    """The full description of a user, to replace the present one. What it omits is removed.

    Attributes:
        id: The id of the user; by default that in the call.
        external_id: The id of the user in the system that manages users.
        name: The name.
        active: Whether the user may sign in.
        emails: The email address.
        display_name: The full name; Anaplan ignores it and makes its own of the name.
        entitlements: The workspaces; without them the user loses access to every workspace.

    Source: Anaplan SCIM API guide, "Replace user".
    """

    id: str | None = None
    external_id: str | None = None
    name: NameInput
    active: bool | None = None
    emails: list[Email] | None = None
    display_name: str | None = None
    entitlements: list[EntitlementInput] | None = None


class Operation(AnaplanModel):
    """A change of one field of a user.

    Attributes:
        op: What to do: `add`, `remove` or `replace`.
        path: The field, such as `active`, `name.familyName`, `externalId` or `entitlements`.
        value: The new value, or the values to remove; mandatory unless `op` is `remove`.

    Raises:
        ValueError: The path is empty, or the value is missing.

    Source: Anaplan SCIM API guide, "Update user"; RFC 7644, section 3.5.2, "Modifying with PATCH".
    """

    op: Literal["add", "remove", "replace"]
    path: str = Field(min_length=1)
    value: object = None

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.op != "remove" and "value" not in self.model_fields_set:
            raise ValueError(f"{self.op} needs a value")
        return self

    def to_request(self) -> dict[str, object]:
        """Return the operation as it is sent.

        Returns:
            The operation, with its value if one was given, even if that is None.
        """
        fields = {"op", "path"} | ({"value"} & self.model_fields_set)
        body = self.model_dump(mode="json", by_alias=True, include=fields)
        return {name: body[name] for name in ("op", "path", "value") if name in body}


class Replace(Operation):
    """An operation that replaces a value.

    Attributes:
        op: `replace`.

    Source: Anaplan SCIM API guide, "Update user"; RFC 7644, section 3.5.2.3, "Replace Operation".
    """

    op: Literal["replace"] = "replace"  # pyright: ignore[reportIncompatibleVariableOverride]


class Add(Operation):
    """An operation that adds a value to a list, or sets a value that is missing.

    Attributes:
        op: `add`.

    Source: Anaplan SCIM API guide, "Update user"; RFC 7644, section 3.5.2.1, "Add Operation".
    """

    op: Literal["add"] = "add"  # pyright: ignore[reportIncompatibleVariableOverride]


class Remove(Operation):
    """An operation that removes a value, or values of a list.

    Attributes:
        op: `remove`.

    Source: Anaplan SCIM API guide, "Update user"; RFC 7644, section 3.5.2.2, "Remove Operation".
    """

    op: Literal["remove"] = "remove"  # pyright: ignore[reportIncompatibleVariableOverride]
