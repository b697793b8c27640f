"""Registered clients and their permissions."""

import hmac
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE

from anaplan_emulator.store.records import read_record

GRANTABLE_SCOPES = ("openid", "email", "offline_access")
"""The scopes that can be granted. `profile` is ignored, and so are unknown scopes.

Source: docs/anaplan-behaviour.md#oauth-endpoints.
"""

DEFAULT_SCOPE = "openid email"
"""The scope for devices that request none. Anaplan's default is not documented."""


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):
    """A registered client, with the interface that Authlib requires."""

    id: str
    name: str
    kind: str
    secret: str = field(repr=False)
    rotates: bool
    refresh_lifetime_seconds: float
    redirect_uris: frozenset[str]

    def get_client_id(self) -> str:
        """Return its id."""
        return self.id

    def get_default_redirect_uri(self) -> str:
        """Return an empty URL: the callback URL must always be given."""
        return ""

    def get_allowed_scope(self, scope: Collection[str] | str | None) -> str:
        """Return the part of a scope that is granted."""
        if scope is None:
            return DEFAULT_SCOPE
        names = scope.split() if isinstance(scope, str) else scope
        return " ".join(name for name in dict.fromkeys(names) if name in GRANTABLE_SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether exactly this callback URL is registered."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Return whether a secret is correct."""
        return hmac.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002
        """Return whether the client authenticates in this way: by a secret in the body, or not."""
        return method == ("none" if self.kind == "device" else "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the client may use a response type."""
        return self.kind == "authorization_code" and response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the client may use a grant type."""
        own = DEVICE_CODE_GRANT_TYPE if self.kind == "device" else "authorization_code"
        return grant_type in (own, "refresh_token")


def client_by_id(db: sqlite3.Connection, client_id: str) -> Client | None:
    """Find a client by id."""
    row = db.execute("SELECT * FROM oauth_clients WHERE id = ?", (client_id,)).fetchone()
    if row is None:
        return None
    uris = db.execute("SELECT uri FROM oauth_redirect_uris WHERE client_id = ?", (client_id,))
    return read_record(Client, row, redirect_uris=frozenset(row["uri"] for row in uris))
