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

    name: str = Field(min_length=1)
    region: str = Field(default="us1", pattern=r"^[a-z0-9]+$")
    value: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$", repr=False)
    expires_in_days: float = Field(default=365, gt=0)
    """Counted from when the tenant is loaded."""

    def key(self, email: str) -> str:
        """Return the whole key, with the given value or one derived from owner and name."""
        derived = hashlib.sha256(f"api key:{email.lower()}:{self.name}".encode()).hexdigest()
        return f"auk_{self.region}_{self.value or derived}"


class UserDescription(Description):
    """A user. Certificates can be issued to every user, by e-mail address."""

    email: str = Field(pattern=f"^{EMAIL.pattern}$")
    password: str = Field(min_length=1)
    first_name: str
    last_name: str
    id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    active: bool = True
    roles: list[TenantRole] = Field(default_factory=list)
    workspaces: dict[str, Literal["admin", "member", "visitor"]] = Field(default_factory=dict)
    """The user's role in workspaces, by the workspace's name."""
    single_sign_on: bool = False
    """Whether the user must sign in through an identity provider: passwords are rejected."""
    exception_user: bool = False
    """Whether a password is accepted despite single sign-on.

    Source: docs/anaplan-behaviour.md#exception-users-api.
    """
    external_id: str | None = None
    """The user's id in another system, as SCIM's `externalId`."""
    licenses: list[str] = Field(default_factory=list)
    """Licences, as the Administration API exports them."""
    api_keys: tuple[ApiKeyDescription, ...] = Field(default=(), max_length=MAX_KEYS_PER_USER)

    @property
    def user_id(self) -> str:
        """The given id, or one derived from the e-mail address."""
        return self.id or lower_hex("user", self.email.lower())
