"""Tokens: issued, recognised, extended, revoked. Only their digests are kept."""

import hashlib
import secrets
import sqlite3
import uuid
from dataclasses import dataclass

from anaplan_emulator.clock import Clock
from anaplan_emulator.store.users import User, read_user


@dataclass(frozen=True, slots=True)
class Token:
    """A token and what Anaplan tells about it; `expires_at` in milliseconds since the epoch."""

    value: str
    id: str
    refresh_id: str
    expires_at: int


def issue(db: sqlite3.Connection, user: User, clock: Clock, lifetime_seconds: float) -> Token:
    """Issue a new token; others of the same user stay good."""
    token = Token(
        value=secrets.token_urlsafe(192),
        id=str(uuid.uuid4()),
        refresh_id=str(uuid.uuid4()),
        expires_at=_expiry(clock, lifetime_seconds),
    )
    db.execute("DELETE FROM tokens WHERE expires_at <= ?", (clock.milliseconds(),))
    db.execute(
        "INSERT INTO tokens (digest, id, refresh_id, user_id, expires_at) VALUES (?, ?, ?, ?, ?)",
        (_digest(token.value), token.id, token.refresh_id, user.id, token.expires_at),
    )
    return token


def recognise(db: sqlite3.Connection, value: str, clock: Clock) -> tuple[Token, User] | None:
    """Find the living token of this value, and the active user it speaks for."""
    row = db.execute(
        """
        SELECT users.*, tokens.id AS token_id, refresh_id, expires_at
        FROM tokens JOIN users ON users.id = tokens.user_id
        WHERE digest = ? AND expires_at > ? AND active
        """,
        (_digest(value), clock.milliseconds()),
    ).fetchone()
    if row is None:
        return None
    token = Token(value, row["token_id"], row["refresh_id"], row["expires_at"])
    return token, read_user(row)


def extend(db: sqlite3.Connection, token: Token, clock: Clock, lifetime_seconds: float) -> Token:
    """Push the expiry forward; value and ids stay (facts 2.3)."""
    expires_at = _expiry(clock, lifetime_seconds)
    db.execute(
        "UPDATE tokens SET expires_at = ? WHERE digest = ?", (expires_at, _digest(token.value))
    )
    return Token(token.value, token.id, token.refresh_id, expires_at)


def revoke(db: sqlite3.Connection, token: Token) -> None:
    """End a token at once."""
    db.execute("DELETE FROM tokens WHERE digest = ?", (_digest(token.value),))


def _expiry(clock: Clock, lifetime_seconds: float) -> int:
    return clock.milliseconds() + round(lifetime_seconds * 1000)


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
