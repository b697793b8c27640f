"""API keys: whom they speak for, and until when (facts 2.5)."""

import sqlite3

from anaplan_emulator.clock import Clock
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.store.tenant import TenantDescription
from anaplan_emulator.store.users import User, read_user
from anaplan_emulator.tokens import Token, digest, expiry

_SECONDS_A_DAY = 86_400


def load_api_keys(db: sqlite3.Connection, tenant: TenantDescription, clock: Clock) -> None:
    """Keep the keys of a tenant's users; their days count from now."""
    db.executemany(
        "INSERT INTO api_keys (digest, id, user_id, expires_at) VALUES (?, ?, ?, ?)",
        [
            (
                digest(key.key(user.email)),
                lower_hex("api key", f"{user.email.lower()}:{key.name}"),
                user.user_id,
                expiry(clock, key.expires_in_days * _SECONDS_A_DAY),
            )
            for user in tenant.users
            for key in user.api_keys
        ],
    )


def recognise(db: sqlite3.Connection, value: str, clock: Clock) -> tuple[Token, User] | None:
    """Find the active user whose living key this is; the key stands in for a token."""
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
    return Token(value, row["key_id"], row["key_id"], row["expires_at"]), read_user(row)
