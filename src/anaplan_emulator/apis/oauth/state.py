"""Grants of users to clients, and their codes, refresh tokens and devices."""

import sqlite3
import uuid
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import TokenMixin
from authlib.oauth2.rfc8628 import DeviceCredentialMixin
from authlib.oidc.core import AuthorizationCodeMixin

from anaplan_emulator.apis.oauth.clients import Client
from anaplan_emulator.clock import Clock
from anaplan_emulator.store.records import read_record
from anaplan_emulator.store.tokens import digest, expiry
from anaplan_emulator.store.users import User

# Expired codes are kept for a while, so that they can be reported as expired.
_RETENTION_MILLISECONDS = 24 * 3600 * 1000

# Polls may arrive slightly early. If one is too early, RFC 8628 adds five seconds.
_POLL_GRACE_SECONDS = 0.5
_SLOW_DOWN_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A grant of a user to a client. Times are in milliseconds since the epoch."""

    id: str
    client_id: str
    user_id: str
    scope: str
    nonce: str | None
    signed_in_at: int


@dataclass(frozen=True, slots=True)
class AuthorizationCode(AuthorizationCodeMixin):
    """An authorization code, with the interface that Authlib requires."""

    digest: bytes
    grant: Grant
    redirect_uri: str
    expired: bool
    spent: bool

    def get_redirect_uri(self) -> str:
        """Return the callback URL."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the granted scope."""
        return self.grant.scope

    def get_nonce(self) -> str | None:
        """Return the nonce of the client's request."""
        return self.grant.nonce

    def get_auth_time(self) -> int:
        """Return when the user signed in, in seconds since the epoch."""
        return self.grant.signed_in_at // 1000


@dataclass(frozen=True, slots=True)
class RefreshToken(TokenMixin):
    """A refresh token, with the interface that Authlib requires."""

    digest: bytes
    grant: Grant
    spent: bool

    def check_client(self, client: Client) -> bool:
        """Return whether it was issued to a client."""
        return self.grant.client_id == client.id

    def get_scope(self) -> str:
        """Return the granted scope."""
        return self.grant.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(DeviceCredentialMixin):
    """A device that requests access, with the interface that Authlib requires."""

    digest: bytes
    user_code: str
    client_id: str
    scope: str
    expired: bool
    denied: bool
    grant: Grant | None

    @property
    def is_waiting(self) -> bool:
        """Whether the user has not decided yet."""
        return not (self.expired or self.denied or self.grant)

    def get_client_id(self) -> str:
        """Return the id of its client."""
        return self.client_id

    def get_scope(self) -> str:
        """Return the requested scope."""
        return self.scope

    def get_user_code(self) -> str:
        """Return the code that the user enters."""
        return self.user_code

    def is_expired(self) -> bool:
        """Return whether its codes have expired."""
        return self.expired


def insert_grant(
    db: sqlite3.Connection,
    clock: Clock,
    *,
    client_id: str,
    user: User,
    scope: str,
    nonce: str | None = None,
) -> Grant:
    """Store a grant of a user who has just signed in."""
    _delete_expired(db, clock)
    grant = Grant(
        id=str(uuid.uuid4()),
        client_id=client_id,
        user_id=user.id,
        scope=scope,
        nonce=nonce,
        signed_in_at=clock.milliseconds(),
    )
    db.execute(
        "INSERT INTO oauth_grants (id, client_id, user_id, scope, nonce, signed_in_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (grant.id, client_id, user.id, scope, nonce, grant.signed_in_at),
    )
    return grant


def revoke_grant(db: sqlite3.Connection, grant: Grant) -> None:
    """Revoke a grant and its tokens."""
    db.execute("DELETE FROM oauth_grants WHERE id = ?", (grant.id,))


def insert_code(
    db: sqlite3.Connection,
    clock: Clock,
    *,
    code: str,
    grant: Grant,
    redirect_uri: str,
    lifetime_seconds: float,
) -> None:
    """Store an authorization code."""
    expires_at = expiry(clock, lifetime_seconds)
    db.execute(
        "INSERT INTO oauth_codes (digest, grant_id, redirect_uri, expires_at) VALUES (?, ?, ?, ?)",
        (digest(code), grant.id, redirect_uri, expires_at),
    )


def find_code(
    db: sqlite3.Connection, code: str, client_id: str, clock: Clock
) -> AuthorizationCode | None:
    """Find an authorization code of a client, which may be used or expired."""
    row = db.execute(
        """
        SELECT oauth_codes.*, oauth_grants.* FROM oauth_codes
        JOIN oauth_grants ON oauth_grants.id = grant_id
        WHERE digest = ? AND client_id = ?
        """,
        (digest(code), client_id),
    ).fetchone()
    if row is None:
        return None
    expired = row["expires_at"] <= clock.milliseconds()
    return AuthorizationCode(
        row["digest"], read_record(Grant, row), row["redirect_uri"], expired, bool(row["spent"])
    )


def mark_code_used(db: sqlite3.Connection, code: AuthorizationCode) -> None:
    """Mark a code as used."""
    db.execute("UPDATE oauth_codes SET spent = 1 WHERE digest = ?", (code.digest,))


def insert_refresh_token(
    db: sqlite3.Connection, value: str, grant: Grant, client: Client, clock: Clock
) -> None:
    """Store a refresh token."""
    expires_at = expiry(clock, client.refresh_lifetime_seconds)
    db.execute(
        "INSERT INTO oauth_refresh_tokens (digest, grant_id, expires_at) VALUES (?, ?, ?)",
        (digest(value), grant.id, expires_at),
    )


def find_refresh_token(db: sqlite3.Connection, value: str, clock: Clock) -> RefreshToken | None:
    """Find an unexpired refresh token, which may be used."""
    row = db.execute(
        """
        SELECT oauth_refresh_tokens.*, oauth_grants.* FROM oauth_refresh_tokens
        JOIN oauth_grants ON oauth_grants.id = grant_id
        WHERE digest = ? AND expires_at > ?
        """,
        (digest(value), clock.milliseconds()),
    ).fetchone()
    return RefreshToken(row["digest"], read_record(Grant, row), bool(row["spent"])) if row else None


def mark_refresh_token_used(db: sqlite3.Connection, token: RefreshToken) -> None:
    """Mark a refresh token as used."""
    db.execute("UPDATE oauth_refresh_tokens SET spent = 1 WHERE digest = ?", (token.digest,))


def insert_device(
    db: sqlite3.Connection,
    clock: Clock,
    *,
    device_code: str,
    user_code: str,
    client_id: str,
    scope: str,
    lifetime_seconds: float,
    interval_seconds: float,
) -> None:
    """Store a device that is waiting for its user."""
    _delete_expired(db, clock)
    expires_at = expiry(clock, lifetime_seconds)
    db.execute(
        """
        INSERT INTO oauth_devices
            (digest, user_code, client_id, scope, expires_at, interval_seconds)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (digest(device_code), user_code, client_id, scope, expires_at, interval_seconds),
    )


def device_by_device_code(db: sqlite3.Connection, code: str, clock: Clock) -> Device | None:
    """Find a device by its device code."""
    return _find_device(db, "digest", digest(code), clock)


def device_by_user_code(db: sqlite3.Connection, code: str, clock: Clock) -> Device | None:
    """Find a device by its user code, ignoring case, spaces and hyphens."""
    letters = "".join(character for character in code.upper() if character.isalnum())
    return _find_device(db, "user_code", f"{letters[:4]}-{letters[4:]}", clock)


def record_poll(db: sqlite3.Connection, device: Device, clock: Clock) -> bool:
    """Record a poll, and return whether it came too early, which increases the interval."""
    row = db.execute(
        "SELECT polled_at, interval_seconds FROM oauth_devices WHERE digest = ?", (device.digest,)
    ).fetchone()
    now = clock.milliseconds()
    interval = row["interval_seconds"]
    too_early = (
        row["polled_at"] is not None
        and now - row["polled_at"] < (interval - _POLL_GRACE_SECONDS) * 1000
    )
    db.execute(
        "UPDATE oauth_devices SET polled_at = ?, interval_seconds = ? WHERE digest = ?",
        (now, interval + _SLOW_DOWN_SECONDS if too_early else interval, device.digest),
    )
    return too_early


def approve_device(db: sqlite3.Connection, device: Device, user: User, clock: Clock) -> None:
    """Grant access to a device."""
    grant = insert_grant(db, clock, client_id=device.client_id, user=user, scope=device.scope)
    db.execute("UPDATE oauth_devices SET grant_id = ? WHERE digest = ?", (grant.id, device.digest))


def deny_device(db: sqlite3.Connection, device: Device) -> None:
    """Deny access to a device."""
    db.execute("UPDATE oauth_devices SET denied = 1 WHERE digest = ?", (device.digest,))


def delete_device(db: sqlite3.Connection, device: Device) -> None:
    """Delete a device after its code was exchanged."""
    db.execute("DELETE FROM oauth_devices WHERE digest = ?", (device.digest,))


def _find_device(
    db: sqlite3.Connection, column: str, value: bytes | str, clock: Clock
) -> Device | None:
    row = db.execute(
        f"SELECT * FROM oauth_devices WHERE {column} = ?",  # noqa: S608 (a constant name)
        (value,),
    ).fetchone()
    if row is None:
        return None
    return read_record(
        Device,
        row,
        expired=row["expires_at"] <= clock.milliseconds(),
        grant=_grant_by_id(db, row["grant_id"]),
    )


def _grant_by_id(db: sqlite3.Connection, grant_id: str | None) -> Grant | None:
    row = db.execute("SELECT * FROM oauth_grants WHERE id = ?", (grant_id,)).fetchone()
    return read_record(Grant, row) if row else None


def _delete_expired(db: sqlite3.Connection, clock: Clock) -> None:
    now = clock.milliseconds()
    for table in ("oauth_codes", "oauth_refresh_tokens", "oauth_devices"):
        db.execute(
            f"DELETE FROM {table} WHERE expires_at <= ?",  # noqa: S608 (a constant name)
            (now - _RETENTION_MILLISECONDS,),
        )
    db.execute("DELETE FROM tokens WHERE expires_at <= ?", (now,))
    db.execute(
        """
        DELETE FROM oauth_grants WHERE NOT EXISTS (
            SELECT 1 FROM oauth_codes WHERE grant_id = oauth_grants.id
            UNION ALL SELECT 1 FROM oauth_refresh_tokens WHERE grant_id = oauth_grants.id
            UNION ALL SELECT 1 FROM oauth_devices WHERE grant_id = oauth_grants.id
            UNION ALL SELECT 1 FROM tokens WHERE grant_id = oauth_grants.id
        )
        """
    )
