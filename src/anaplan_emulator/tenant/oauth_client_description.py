"""The description of a registered OAuth client (docs/anaplan-behaviour.md#oauth)."""

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.problems import Mistake

ROTATING_LIFETIME_SECONDS = 43_000
MAX_LIFETIME_SECONDS = 31_556_926
"""Lifetimes of refresh tokens: the default of rotating ones, and the greatest.

Source: docs/anaplan-behaviour.md#refresh-tokens.
"""


def _callback(uri: str) -> str:
    """Check that a callback URL can be registered.

    Anaplan is documented to refuse localhost URLs (docs/anaplan-behaviour.md#oauth-endpoints). The
    emulator accepts them, for web applications under development.
    """
    parts = urlsplit(uri)
    if not parts.hostname or parts.fragment or parts.username is not None:
        raise ValueError(f"{uri!r} is not a callback URL")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError(f"{uri!r} must be https, or http on this machine")
    return uri


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class OAuthClientDescription(Description):
    """A client that can request tokens on behalf of a user."""

    name: str = Field(min_length=1, examples=["My portal"])
    """Name of the client."""
    kind: Literal["authorization_code", "device"] = Field(examples=["authorization_code"])
    """The grant that it uses."""
    client_id: str = Field(
        default="", pattern=r"^([0-9a-f]{32})?$", examples=["0123456789abcdef0123456789abcdef"]
    )
    """Its client id; derived from the name by default."""
    client_secret: str = Field(default="", examples=["example-secret"])
    """Of authorization-code clients only; derived from the name by default."""
    redirect_uris: tuple[Annotated[str, AfterValidator(_callback)], ...] = Field(
        default=(), max_length=60, examples=[["https://portal.company.com/oauth/callback"]]
    )
    """Callback URLs, which are compared exactly."""
    rotatable: bool = Field(default=True, examples=[True])
    """Whether each refresh returns a new refresh token and invalidates the old one."""
    refresh_token_lifetime_seconds: float = Field(
        default=0, ge=0, le=MAX_LIFETIME_SECONDS, examples=[43000]
    )
    """Lifetime in seconds. 0 means 43,000 for rotatable clients and a year for others."""

    @property
    def id(self) -> str:
        """The given id, or one derived from the name."""
        return self.client_id or lower_hex("oauth client", self.name)

    @property
    def secret(self) -> str:
        """The given secret, or one derived from the name; empty for a device client."""
        if self.kind == "device":
            return ""
        return self.client_secret or lower_hex("oauth secret", self.name)

    @property
    def refresh_lifetime_seconds(self) -> float:
        """Lifetime of a refresh token in seconds, from when it is issued."""
        default = ROTATING_LIFETIME_SECONDS if self.rotatable else MAX_LIFETIME_SECONDS
        return self.refresh_token_lifetime_seconds or default

    @model_validator(mode="after")
    def _check_kind(self) -> "OAuthClientDescription":
        if self.kind == "device" and self.client_secret:
            raise Mistake(
                f"{self.name}: a device client has no secret",
                "Remove client_secret.",
                "client_secret",
            )
        if self.kind == "authorization_code" and not self.redirect_uris:
            raise Mistake(
                f"{self.name}: an authorization-code client needs a callback URL",
                'Add redirect_uris, such as ["https://portal.company.com/oauth/callback"].',
                "redirect_uris",
            )
        return self
