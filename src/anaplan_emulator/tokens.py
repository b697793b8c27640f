"""Tokens: issued, recognised, extended, revoked. Only their digests are kept."""

import hashlib
import secrets
import sqlite3
import uuid
from dataclasses import dataclass, replace

from anaplan_emulator.clock import Clock
from anaplan_emulator.store.users import User, read_user


@dataclass(frozen=True, slots=True)
class Token:
    """A token and what Anaplan tells about it.

    Attributes:
        value: What callers send.
        id: Its id.
        refresh_id: Its other id.
        expires_at: Milliseconds since the epoch.
        grant_id: The grant of an OAuth access token.
    """

    value: str
    id: str
    refresh_id: str
    expires_at: int
    grant_id: str | None = None


def new_value() -> str:
    """Make the value of a token to be."""
    return secrets.token_urlsafe(192)


def digest(value: str) -> bytes:
    """Return what is kept of a token's or code's value."""
    return hashlib.sha256(value.encode()).digest()


def issue(
    db: sqlite3.Connection,
    user: User,
    clock: Clock,
    lifetime_seconds: float,
    *,
    value: str | None = None,
    grant_id: str | None = None,
) -> Token:
    """Issue a new token; others of the same user stay good."""
    token = Token(
        value=value or new_value(),
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


def recognise(db: sqlite3.Connection, value: str, clock: Clock) -> tuple[Token, User] | None:
    """Find the living token of this value, and the active user it speaks for."""
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
    return token, read_user(row)


def extend(db: sqlite3.Connection, token: Token, clock: Clock, lifetime_seconds: float) -> Token:
    """Push the expiry forward; value and ids stay (facts 2.3)."""
    expires_at = expiry(clock, lifetime_seconds)
    db.execute(
        "UPDATE tokens SET expires_at = ? WHERE digest = ?", (expires_at, digest(token.value))
    )
    return replace(token, expires_at=expires_at)


def revoke(db: sqlite3.Connection, token: Token) -> None:
    """End a token at once."""
    db.execute("DELETE FROM tokens WHERE digest = ?", (digest(token.value),))


def expiry(clock: Clock, lifetime_seconds: float) -> int:
    """Return when something issued now ends, in milliseconds since the epoch."""
    return clock.milliseconds() + round(lifetime_seconds * 1000)
