"""The description of a user, with the API keys."""

import hashlib
from typing import Literal

from pydantic import Field

from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.store.users import EMAIL
from anaplan_emulator.tenant.description import Description

MAX_KEYS_PER_USER = 10
"""Greatest number of API keys of a user (docs/anaplan-behaviour.md#api-keys)."""

TenantRole = Literal[
    "tenant_admin",
    "tenant_security_admin",
    "tenant_auditor",
    "user_admin",
    "workspace_admin",
    "integration_admin",
    "integration_user",
    "page_builder",
]


class ApiKeyDescription(Description):
    """A user's API key, for the APIs that accept keys."""

    name: str = Field(min_length=1, examples=["SCIM"])
    """Name of the key."""
    region: str = Field(default="us1", pattern=r"^[a-z0-9]+$", examples=["us1"])
    """The region that the key begins with."""
    value: str = Field(
        default="", pattern=r"^[A-Za-z0-9-]*$", repr=False, examples=["my-example-key"]
    )
    """The last part of the key; derived from the user and the name by default."""
    expires_in_days: float = Field(default=365, gt=0, examples=[30])
    """Counted from when the tenant is loaded."""

    def key(self, email: str) -> str:
        """Return the whole key, with the given value or one derived from owner and name."""
        derived = hashlib.sha256(f"api key:{email.lower()}:{self.name}".encode()).hexdigest()
        return f"auk_{self.region}_{self.value or derived}"


class UserDescription(Description):
    """A user. Certificates can be issued to every user, by e-mail address."""

    email: str = Field(pattern=f"^{EMAIL.pattern}$", examples=["me@company.com"])
    """E-mail address, which is also the name to sign in with."""
    password: str = Field(min_length=1, examples=["example"])
    """Password to sign in with."""
    first_name: str = Field(examples=["My"])
    """First name."""
    last_name: str = Field(examples=["Self"])
    """Last name."""
    id: str = Field(
        default="", pattern=r"^([0-9a-f]{32})?$", examples=["0123456789abcdef0123456789abcdef"]
    )
    """Id of the user; derived from the e-mail address by default."""
    active: bool = Field(default=True, examples=[True])
    """Whether the user can sign in."""
    roles: list[TenantRole] = Field(default_factory=list, examples=[["tenant_auditor"]])
    """Roles for the tenant."""
    workspaces: dict[str, Literal["admin", "member", "visitor"]] = Field(
        default_factory=dict, examples=[{"Planning": "admin"}]
    )
    """The user's role in workspaces, by the workspace's name."""
    single_sign_on: bool = Field(default=False, examples=[True])
    """Whether the user must sign in through an identity provider: passwords are refused."""
    exception_user: bool = Field(default=False, examples=[True])
    """Whether a password is accepted despite single sign-on.

    Source: docs/anaplan-behaviour.md#exception-users-api.
    """
    external_id: str | None = Field(default=None, examples=["E-1001"])
    """The user's id in another system, as SCIM's `externalId`."""
    licenses: list[str] = Field(default_factory=list, examples=[["Enterprise"]])
    """Licences, as the Administration API exports them."""
    api_keys: tuple[ApiKeyDescription, ...] = Field(
        default=(),
        max_length=MAX_KEYS_PER_USER,
        examples=[[{"name": "SCIM", "expires_in_days": 30}]],
    )
    """API keys."""

    @property
    def user_id(self) -> str:
        """The given id, or one derived from the e-mail address."""
        return self.id or lower_hex("user", self.email.lower())
