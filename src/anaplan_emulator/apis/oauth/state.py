"""What users have allowed, and the codes and refresh tokens made of it."""

import sqlite3
import uuid
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import TokenMixin
from authlib.oauth2.rfc8628 import DeviceCredentialMixin
from authlib.oidc.core import AuthorizationCodeMixin

from anaplan_emulator.apis.oauth.clients import Client
from anaplan_emulator.clock import Clock
from anaplan_emulator.store.users import User
from anaplan_emulator.tokens import digest, expiry

# Codes are asked about a while after their end, to be told that they have expired.
_MEMORY_MILLISECONDS = 24 * 3600 * 1000

# Polls on time may arrive a little early; RFC 8628 adds five seconds for those that don't wait.
_POLL_GRACE_SECONDS = 0.5
_SLOWER_BY_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a user has allowed a client; times in milliseconds since the epoch."""

    id: str
    client_id: str
    user_id: str
    scope: str
    nonce: str | None
    signed_in_at: int


@dataclass(frozen=True, slots=True)
class AuthorizationCode(AuthorizationCodeMixin):
    """A code that waits to be exchanged, as the provider asks about it."""

    digest: bytes
    grant: Grant
    redirect_uri: str
    expired: bool
    spent: bool

    def get_redirect_uri(self) -> str:
        """Return the callback URL it was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return what is granted."""
        return self.grant.scope

    def get_nonce(self) -> str | None:
        """Return what ties the ID token to the client's request."""
        return self.grant.nonce

    def get_auth_time(self) -> int:
        """Return when the user signed in, in seconds since the epoch."""
        return self.grant.signed_in_at // 1000


@dataclass(frozen=True, slots=True)
class RefreshToken(TokenMixin):
    """A refresh token, as the provider asks about it."""

    digest: bytes
    grant: Grant
    spent: bool

    def check_client(self, client: Client) -> bool:
        """Whether it was issued to this client."""
        return self.grant.client_id == client.id

    def get_scope(self) -> str:
        """Return what is granted."""
        return self.grant.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(DeviceCredentialMixin):
    """A device that waits for a user's word, as the provider asks about it."""

    digest: bytes
    user_code: str
    client_id: str
    scope: str
    expired: bool
    denied: bool
    grant: Grant | None

    @property
    def waits(self) -> bool:
        """Whether a user's word is still wanted."""
        return not (self.expired or self.denied or self.grant)

    def get_client_id(self) -> str:
        """Return the id of its client."""
        return self.client_id

    def get_scope(self) -> str:
        """Return what is asked for."""
        return self.scope

    def get_user_code(self) -> str:
        """Return the code that the user types."""
        return self.user_code

    def is_expired(self) -> bool:
        """Whether it has waited too long."""
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
    """Note what a user, who has just signed in, allows a client."""
    _forget_what_has_expired(db, clock)
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
    """Take back what a user allowed: its tokens end at once."""
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
    """Keep a new authorization code."""
    expires_at = expiry(clock, lifetime_seconds)
    db.execute(
        "INSERT INTO oauth_codes (digest, grant_id, redirect_uri, expires_at) VALUES (?, ?, ?, ?)",
        (digest(code), grant.id, redirect_uri, expires_at),
    )


def find_code(
    db: sqlite3.Connection, code: str, client_id: str, clock: Clock
) -> AuthorizationCode | None:
    """Find an authorization code of this client's, spent and expired ones too."""
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
        row["digest"], _read_grant(row), row["redirect_uri"], expired, bool(row["spent"])
    )


def spend_code(db: sqlite3.Connection, code: AuthorizationCode) -> None:
    """Note that a code has been exchanged."""
    db.execute("UPDATE oauth_codes SET spent = 1 WHERE digest = ?", (code.digest,))


def insert_refresh_token(
    db: sqlite3.Connection, value: str, grant: Grant, client: Client, clock: Clock
) -> None:
    """Keep a new refresh token."""
    expires_at = expiry(clock, client.refresh_lifetime_seconds)
    db.execute(
        "INSERT INTO oauth_refresh_tokens (digest, grant_id, expires_at) VALUES (?, ?, ?)",
        (digest(value), grant.id, expires_at),
    )


def find_refresh_token(db: sqlite3.Connection, value: str, clock: Clock) -> RefreshToken | None:
    """Find a refresh token that has not expired, a spent one too."""
    row = db.execute(
        """
        SELECT oauth_refresh_tokens.*, oauth_grants.* FROM oauth_refresh_tokens
        JOIN oauth_grants ON oauth_grants.id = grant_id
        WHERE digest = ? AND expires_at > ?
        """,
        (digest(value), clock.milliseconds()),
    ).fetchone()
    return RefreshToken(row["digest"], _read_grant(row), bool(row["spent"])) if row else None


def spend_refresh_token(db: sqlite3.Connection, token: RefreshToken) -> None:
    """Note that a refresh token has been replaced."""
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
    """Keep a device that begins to wait."""
    _forget_what_has_expired(db, clock)
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
    """Find a device by the code it polls with."""
    return _find_device(db, "digest", digest(code), clock)


def device_by_user_code(db: sqlite3.Connection, code: str, clock: Clock) -> Device | None:
    """Find a device by the code its user types: case, spaces and hyphens don't matter."""
    letters = "".join(character for character in code.upper() if character.isalnum())
    return _find_device(db, "user_code", f"{letters[:4]}-{letters[4:]}", clock)


def polls_too_fast(db: sqlite3.Connection, device: Device, clock: Clock) -> bool:
    """Note a poll; one that comes too early makes the device wait longer from now on."""
    row = db.execute(
        "SELECT polled_at, interval_seconds FROM oauth_devices WHERE digest = ?", (device.digest,)
    ).fetchone()
    now = clock.milliseconds()
    interval = row["interval_seconds"]
    too_fast = (
        row["polled_at"] is not None
        and now - row["polled_at"] < (interval - _POLL_GRACE_SECONDS) * 1000
    )
    db.execute(
        "UPDATE oauth_devices SET polled_at = ?, interval_seconds = ? WHERE digest = ?",
        (now, interval + _SLOWER_BY_SECONDS if too_fast else interval, device.digest),
    )
    return too_fast


def approve_device(db: sqlite3.Connection, device: Device, user: User, clock: Clock) -> None:
    """Grant what a device asks for."""
    grant = insert_grant(db, clock, client_id=device.client_id, user=user, scope=device.scope)
    db.execute("UPDATE oauth_devices SET grant_id = ? WHERE digest = ?", (grant.id, device.digest))


def deny_device(db: sqlite3.Connection, device: Device) -> None:
    """Refuse what a device asks for."""
    db.execute("UPDATE oauth_devices SET denied = 1 WHERE digest = ?", (device.digest,))


def delete_device(db: sqlite3.Connection, device: Device) -> None:
    """Forget a device that has its tokens: its code is good once."""
    db.execute("DELETE FROM oauth_devices WHERE digest = ?", (device.digest,))


def _find_device(
    db: sqlite3.Connection, column: str, value: bytes | str, clock: Clock
) -> Device | None:
    row = db.execute(
        f"SELECT * FROM oauth_devices WHERE {column} = ?",  # noqa: S608 - one of our own names
        (value,),
    ).fetchone()
    if row is None:
        return None
    return Device(
        digest=row["digest"],
        user_code=row["user_code"],
        client_id=row["client_id"],
        scope=row["scope"],
        expired=row["expires_at"] <= clock.milliseconds(),
        denied=bool(row["denied"]),
        grant=_grant_by_id(db, row["grant_id"]),
    )


def _grant_by_id(db: sqlite3.Connection, grant_id: str | None) -> Grant | None:
    row = db.execute("SELECT * FROM oauth_grants WHERE id = ?", (grant_id,)).fetchone()
    return _read_grant(row) if row else None


def _read_grant(row: sqlite3.Row) -> Grant:
    return Grant(
        id=row["id"],
        client_id=row["client_id"],
        user_id=row["user_id"],
        scope=row["scope"],
        nonce=row["nonce"],
        signed_in_at=row["signed_in_at"],
    )


def _forget_what_has_expired(db: sqlite3.Connection, clock: Clock) -> None:
    now = clock.milliseconds()
    for table in ("oauth_codes", "oauth_refresh_tokens", "oauth_devices"):
        db.execute(
            f"DELETE FROM {table} WHERE expires_at <= ?",  # noqa: S608 - one of our own names
            (now - _MEMORY_MILLISECONDS,),
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
