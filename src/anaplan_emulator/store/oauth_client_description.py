"""The description of a registered OAuth client, and how it becomes rows (facts 3)."""

import ipaddress
import sqlite3
from collections.abc import Iterable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from anaplan_emulator.store.description import Description
from anaplan_emulator.store.identifiers import lower_hex

# Facts 3.3.
ROTATING_LIFETIME_SECONDS = 43_000
LONGEST_LIFETIME_SECONDS = 31_556_926


def _callback(uri: str) -> str:
    """See that a callback URL can be registered.

    Anaplan is said to take no localhost URL (facts 3.3); here one may be registered, for web
    applications under development.
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
    """A client that may ask for tokens in a user's name; its kind never changes."""

    name: str = Field(min_length=1)
    kind: Literal["authorization_code", "device"]
    client_id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    client_secret: str = ""
    """Of authorization-code clients only; made from the name when not given."""
    redirect_uris: tuple[Annotated[str, AfterValidator(_callback)], ...] = Field(
        default=(), max_length=60
    )
    """Callback URLs, which must match to the letter."""
    rotatable: bool = True
    """Whether each refresh brings a new refresh token and ends the one before."""
    refresh_token_lifetime_seconds: float = Field(default=0, ge=0, le=LONGEST_LIFETIME_SECONDS)
    """By default 43,000 for rotatable clients, and a year for others."""

    @property
    def id(self) -> str:
        """The given id, or one made from the name."""
        return self.client_id or lower_hex("oauth client", self.name)

    @property
    def secret(self) -> str:
        """The given secret, or one made from the name; none for devices."""
        if self.kind == "device":
            return ""
        return self.client_secret or lower_hex("oauth secret", self.name)

    @property
    def refresh_lifetime_seconds(self) -> float:
        """How long a refresh token lives from the moment it is issued."""
        usual = ROTATING_LIFETIME_SECONDS if self.rotatable else LONGEST_LIFETIME_SECONDS
        return self.refresh_token_lifetime_seconds or usual

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> "OAuthClientDescription":
        if self.kind == "device" and self.client_secret:
            raise ValueError(f"{self.name}: a device client has no secret")
        if self.kind == "authorization_code" and not self.redirect_uris:
            raise ValueError(f"{self.name}: an authorization-code client needs a callback URL")
        return self


def load_oauth_clients(db: sqlite3.Connection, clients: Iterable[OAuthClientDescription]) -> None:
    """Register clients."""
    for client in clients:
        db.execute(
            """
            INSERT INTO oauth_clients (id, name, kind, secret, rotates, refresh_lifetime_seconds)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            (
                client.id,
                client.name,
                client.kind,
                client.secret,
                client.rotatable,
                client.refresh_lifetime_seconds,
            ),
        )
        db.executemany(
            "INSERT INTO oauth_redirect_uris (client_id, uri) VALUES (?, ?)",
            [(client.id, uri) for uri in dict.fromkeys(client.redirect_uris)],
        )
