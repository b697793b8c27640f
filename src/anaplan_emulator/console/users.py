"""The page of users, their tokens, OAuth clients and waiting devices. Secrets are masked."""

import json
import sqlite3
from dataclasses import dataclass

from starlette.responses import Response

from anaplan_emulator.apis.catalog.state import all_users
from anaplan_emulator.console.rendering import page
from anaplan_emulator.console.visits import Visit, Window
from anaplan_emulator.request_log import MASK
from anaplan_emulator.store.users import User


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with roles."""

    user: User
    roles: tuple[str, ...]
    workspaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token or API key.

    Attributes:
        kind: What it is.
        mark: Its masked value, as in the log of requests.
        email: E-mail address of the user.
        expires_at: When it expires, in milliseconds since the epoch.
        left: Seconds until then; negative if it has expired.
    """

    kind: str
    mark: str
    email: str
    expires_at: int
    left: float


@dataclass(frozen=True, slots=True)
class ClientRow:
    """An OAuth client."""

    id: str
    name: str
    kind: str
    has_secret: bool
    rotates: bool
    redirect_uris: tuple[str, ...]
    grants: int


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that waits for its user's decision."""

    client: str
    scope: str
    expires_at: int
    left: float
    polled_at: int | None


def show_users(visit: Visit) -> Response:
    """GET /users: users, tokens, OAuth clients and devices."""
    now = visit.tenant.clock.milliseconds()
    with visit.tenant.store.snapshot() as db:
        users = all_users(db)
        window = Window.requested(visit, len(users))
        tokens = _tokens(db, now)
        token_window = Window.requested(visit, len(tokens), name="tokens")
        rows = [_user_row(db, user) for user in users[window.start : window.end]]
        clients = _clients(db)
        devices = _devices(db, now)
    return page(
        visit,
        "users.html",
        "Users and access",
        users=rows,
        window=window,
        tokens=tokens[token_window.start : token_window.end],
        token_window=token_window,
        clients=clients,
        devices=devices,
        mask=MASK,
    )


def _user_row(db: sqlite3.Connection, user: User) -> UserRow:
    roles = db.execute("SELECT role FROM user_roles WHERE user_id = ? ORDER BY role", (user.id,))
    workspaces = db.execute(
        "SELECT name, role FROM workspace_members JOIN workspaces ON workspaces.id = workspace_id"
        " WHERE user_id = ? ORDER BY name",
        (user.id,),
    )
    return UserRow(
        user,
        tuple(row["role"] for row in roles),
        tuple(f"{row['name']} ({row['role']})" for row in workspaces),
    )


def _tokens(db: sqlite3.Connection, now: int) -> list[TokenRow]:
    """Read tokens and API keys, those that expire last first."""
    rows = db.execute(
        """
        SELECT iif(grant_id IS NULL, 'token', 'OAuth token') AS kind, digest, email, expires_at
        FROM tokens JOIN users ON users.id = user_id
        UNION ALL
        SELECT 'API key', digest, email, expires_at FROM api_keys JOIN users ON users.id = user_id
        UNION ALL
        SELECT 'OAuth refresh token', digest, email, expires_at FROM oauth_refresh_tokens
        JOIN oauth_grants ON oauth_grants.id = grant_id
        JOIN users ON users.id = oauth_grants.user_id WHERE NOT spent
        ORDER BY expires_at DESC
        """
    )
    return [
        TokenRow(
            row["kind"],
            # The tables hold digests: the first digits of one reveal nothing.
            f"{MASK}{row['digest'].hex()[:8]}",
            row["email"],
            row["expires_at"],
            (row["expires_at"] - now) / 1000,
        )
        for row in rows
    ]


def _clients(db: sqlite3.Connection) -> list[ClientRow]:
    rows = db.execute(
        """
        SELECT id, name, kind, secret <> '' AS has_secret, rotates,
            (SELECT count(*) FROM oauth_grants WHERE client_id = oauth_clients.id) AS grants,
            (SELECT json_group_array(uri) FROM oauth_redirect_uris
             WHERE client_id = oauth_clients.id) AS uris
        FROM oauth_clients ORDER BY name
        """
    )
    return [
        ClientRow(
            row["id"],
            row["name"],
            row["kind"],
            bool(row["has_secret"]),
            bool(row["rotates"]),
            tuple(json.loads(row["uris"])),
            row["grants"],
        )
        for row in rows
    ]


def _devices(db: sqlite3.Connection, now: int) -> list[DeviceRow]:
    rows = db.execute(
        "SELECT oauth_clients.name, scope, expires_at, polled_at FROM oauth_devices"
        " JOIN oauth_clients ON oauth_clients.id = client_id"
        " WHERE NOT denied AND grant_id IS NULL AND expires_at > ? ORDER BY expires_at",
        (now,),
    )
    return [
        DeviceRow(
            row["name"],
            row["scope"],
            row["expires_at"],
            (row["expires_at"] - now) / 1000,
            row["polled_at"],
        )
        for row in rows
    ]
