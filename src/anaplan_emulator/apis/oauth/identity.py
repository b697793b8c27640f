"""ID tokens, and the key that signs them."""

import sqlite3
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDToken
from joserfc.jwk import RSAKey

from anaplan_emulator.apis.oauth.clients import Client
from anaplan_emulator.clock import Clock
from anaplan_emulator.store.users import User

ALGORITHM = "RS256"


class IdToken(OpenIDToken):
    """Adds an ID token to responses whose scope contains `openid`.

    Args:
        db: The transaction of the request.
        clock: The emulator's clock.
        issuer: Origin of the authorization server.
        lifetime_seconds: Lifetime of the token.
    """

    def __init__(
        self, db: sqlite3.Connection, clock: Clock, issuer: str, lifetime_seconds: float
    ) -> None:
        self._db = db
        self._clock = clock
        self._issuer = issuer
        self._lifetime_seconds = lifetime_seconds

    def get_compatible_claims(self, request: OAuth2Request) -> dict[str, Any]:
        """Return the claims about the token itself, with times of the emulator's clock."""
        now = int(self._clock.timestamp())
        client_id = request.client.get_client_id() if request.client else ""
        return {
            "iss": self._issuer,
            "aud": client_id,
            "iat": now,
            "exp": now + int(self._lifetime_seconds),
        }

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        """Return the token's header, with the id of the signing key."""
        key = self.resolve_client_private_key(client)
        return {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}

    def get_client_algorithm(self, client: Client) -> str:  # noqa: ARG002
        """Return the signature algorithm."""
        return ALGORITHM

    def resolve_client_private_key(self, client: Client) -> RSAKey:  # noqa: ARG002
        """Return the signing key."""
        return signing_key(self._db)

    def generate_user_info(self, user: User, scope: str) -> UserInfo:
        """Return the claims about the user."""
        claims = UserInfo(sub=user.id)
        if "email" in scope.split():
            claims["email"] = user.email
        return claims


def signing_key(db: sqlite3.Connection) -> RSAKey:
    """Return the key that signs ID tokens, which is created on first use."""
    row = db.execute("SELECT private_key FROM oauth_signing_key").fetchone()
    if row is not None:
        key = RSAKey.import_key(row["private_key"])
    else:
        key = RSAKey.generate_key(2048)
        pem = key.as_pem(private=True).decode()
        db.execute("INSERT INTO oauth_signing_key (private_key) VALUES (?)", (pem,))
    key.ensure_kid()
    return key
