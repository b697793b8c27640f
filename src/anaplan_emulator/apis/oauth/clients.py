"""Registered clients, and what each may do."""

import hmac
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE

GRANTABLE_SCOPES = ("openid", "email", "offline_access")
"""`profile` may be asked for and is dropped (facts 3.1); any other word is treated alike."""

DEFAULT_SCOPE = "openid email"
"""Granted to devices that name no scope; Anaplan has a default too, but no source tells it."""


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):
    """A registered client, as the provider asks about it."""

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
        """Return none: a callback URL is always asked for."""
        return ""

    def get_allowed_scope(self, scope: Collection[str] | str | None) -> str:
        """Return what of a scope is granted."""
        if scope is None:
            return DEFAULT_SCOPE
        words = scope.split() if isinstance(scope, str) else scope
        return " ".join(word for word in dict.fromkeys(words) if word in GRANTABLE_SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether a callback URL is registered, to the letter."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether this is its secret."""
        return hmac.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002
        """Whether it proves itself this way: by its secret in the body, or not at all."""
        return method == ("none" if self.kind == "device" else "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        """Whether users may be sent to it with such an answer."""
        return self.kind == "authorization_code" and response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may ask for tokens in this way."""
        own = DEVICE_CODE_GRANT_TYPE if self.kind == "device" else "authorization_code"
        return grant_type in (own, "refresh_token")


def client_by_id(db: sqlite3.Connection, client_id: str) -> Client | None:
    """Find a client."""
    row = db.execute("SELECT * FROM oauth_clients WHERE id = ?", (client_id,)).fetchone()
    if row is None:
        return None
    uris = db.execute("SELECT uri FROM oauth_redirect_uris WHERE client_id = ?", (client_id,))
    return Client(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        secret=row["secret"],
        rotates=bool(row["rotates"]),
        refresh_lifetime_seconds=row["refresh_lifetime_seconds"],
        redirect_uris=frozenset(row["uri"] for row in uris),
    )
