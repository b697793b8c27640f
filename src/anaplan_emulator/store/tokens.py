"""Access tokens and API keys. The database holds only digests of them."""

import hashlib
import secrets
import sqlite3
import uuid
from dataclasses import dataclass, replace

from anaplan_emulator.clock import Clock
from anaplan_emulator.store.records import read_record
from anaplan_emulator.store.users import User


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    Attributes:
        value: The value that is sent in the `Authorization` header.
        id: Its id, Anaplan's `tokenId`.
        refresh_id: Anaplan's `refreshTokenId`.
        expires_at: When it expires, in milliseconds since the epoch.
        grant_id: Id of the grant behind an OAuth access token.
    """

    value: str
    id: str
    refresh_id: str
    expires_at: int
    grant_id: str | None = None


def new_token_value() -> str:
    """Return a random token value."""
    return secrets.token_urlsafe(192)


def digest(value: str) -> bytes:
    """Return the digest under which a token or code is stored."""
    return hashlib.sha256(value.encode()).digest()


def issue_token(
    db: sqlite3.Connection,
    user: User,
    clock: Clock,
    lifetime_seconds: float,
    *,
    value: str | None = None,
    grant_id: str | None = None,
) -> Token:
    """Issue a token. Other tokens of the user stay valid."""
    token = Token(
        value=value or new_token_value(),
        id=str(uuid.uuid4()),
        refresh_id=str(uuid.uuid4()),
        expires_at=expiry(clock, lifetime_seconds),
        grant_id=grant_id,
    )
    db.execute("DELETE FROM tokens WHERE expires_at <= ?", (clock.milliseconds(),))
    db.execute(
        """
        INSERT INTO tokens (digest, id, refresh_id, user_id, grant_id, expires_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (digest(token.value), token.id, token.refresh_id, user.id, grant_id, token.expires_at),
    )
    return token


def find_token(db: sqlite3.Connection, value: str, clock: Clock) -> tuple[Token, User] | None:
    """Find the unexpired token with this value, and the active user it belongs to."""
    row = db.execute(
        """
        SELECT users.*, tokens.id AS token_id, refresh_id, grant_id, expires_at
        FROM tokens JOIN users ON users.id = tokens.user_id
        WHERE digest = ? AND expires_at > ? AND active
        """,
        (digest(value), clock.milliseconds()),
    ).fetchone()
    if row is None:
        return None
    token = Token(value, row["token_id"], row["refresh_id"], row["expires_at"], row["grant_id"])
    return token, read_record(User, row)


def find_api_key(db: sqlite3.Connection, value: str, clock: Clock) -> tuple[Token, User] | None:
    """Find the unexpired API key with this value, as a token, and its active user.

    Source: docs/anaplan-behaviour.md#api-keys.
    """
    row = db.execute(
        """
        SELECT users.*, api_keys.id AS key_id, expires_at
        FROM api_keys JOIN users ON users.id = api_keys.user_id
        WHERE digest = ? AND expires_at > ? AND active
        """,
        (digest(value), clock.milliseconds()),
    ).fetchone()
    if row is None:
        return None
    return Token(value, row["key_id"], row["key_id"], row["expires_at"]), read_record(User, row)


def extend_token(
    db: sqlite3.Connection, token: Token, clock: Clock, lifetime_seconds: float
) -> Token:
    """Extend the life of a token; its value and ids stay the same.

    Source: docs/anaplan-behaviour.md#token-lifetime-and-refresh.
    """
    expires_at = expiry(clock, lifetime_seconds)
    db.execute(
        "UPDATE tokens SET expires_at = ? WHERE digest = ?", (expires_at, digest(token.value))
    )
    return replace(token, expires_at=expires_at)


def revoke_token(db: sqlite3.Connection, token: Token) -> None:
    """Revoke a token."""
    db.execute("DELETE FROM tokens WHERE digest = ?", (digest(token.value),))


def expiry(clock: Clock, lifetime_seconds: float) -> int:
    """Return when something issued now expires, in milliseconds since the epoch."""
    return clock.milliseconds() + round(lifetime_seconds * 1000)
