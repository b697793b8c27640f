"""ID tokens: who signed in, in a signed statement for the client."""

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
    """Adds an ID token to the replies whose scope has `openid`.

    Args:
        db: The transaction of the request.
        clock: Tells when the token is issued and ends.
        issuer: Where the provider is served.
        lifetime_seconds: How long the token lives.
    """

    def __init__(
        self, db: sqlite3.Connection, clock: Clock, issuer: str, lifetime_seconds: float
    ) -> None:
        self._db = db
        self._clock = clock
        self._issuer = issuer
        self._lifetime_seconds = lifetime_seconds

    def get_compatible_claims(self, request: OAuth2Request) -> dict[str, Any]:
        """Return what the token says about itself, by the emulator's clock."""
        now = int(self._clock.timestamp())
        client_id = request.client.get_client_id() if request.client else ""
        return {
            "iss": self._issuer,
            "aud": client_id,
            "iat": now,
            "exp": now + int(self._lifetime_seconds),
        }

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        """Return the token's header, with the id of the key that signs it."""
        key = self.resolve_client_private_key(client)
        return {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}

    def get_client_algorithm(self, client: Client) -> str:  # noqa: ARG002
        """Return how the token is signed."""
        return ALGORITHM

    def resolve_client_private_key(self, client: Client) -> RSAKey:  # noqa: ARG002
        """Return the key that signs."""
        return signing_key(self._db)

    def generate_user_info(self, user: User, scope: str) -> UserInfo:
        """Return what the token says about the user."""
        about = UserInfo(sub=user.id)
        if "email" in scope.split():
            about["email"] = user.email
        return about


def signing_key(db: sqlite3.Connection) -> RSAKey:
    """Return the key that signs ID tokens, made at its first use."""
    row = db.execute("SELECT private_key FROM oauth_signing_key").fetchone()
    if row is not None:
        key = RSAKey.import_key(row["private_key"])
    else:
        key = RSAKey.generate_key(2048)
        pem = key.as_pem(private=True).decode()
        db.execute("INSERT INTO oauth_signing_key (private_key) VALUES (?)", (pem,))
    key.ensure_kid()
    return key
