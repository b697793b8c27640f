"""The tenant's users: reading them and their roles, and the changes that several APIs make."""

import re
import sqlite3
from dataclasses import dataclass

from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.store.records import read_record

EMAIL = re.compile(r"[^@\s:]+@[^@\s]+")
"""An e-mail address. It has no colon, which would end it in a Basic credential."""

USER_EVENTS = {"work_email": "USR-26", "first_name": "USR-27", "last_name": "USR-28"}
"""Code of the audit event for the change of a column of the table `users`.

Source: docs/anaplan-behaviour.md#audit-api.
"""


@dataclass(frozen=True, slots=True)
class User:
    """A user of the tenant, without the password."""

    id: str
    email: str
    first_name: str
    last_name: str
    customer_id: str
    active: bool
    single_sign_on: bool
    exception_user: bool
    last_login: str | None


def user_by_email(db: sqlite3.Connection, email: str) -> User | None:
    """Find a user by e-mail address, ignoring its case."""
    row = db.execute("SELECT * FROM users WHERE email = ?", (email,)).fetchone()
    return read_record(User, row) if row else None


def user_by_id(db: sqlite3.Connection, user_id: str) -> User | None:
    """Find a user by id."""
    row = db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    return read_record(User, row) if row else None


def takes_password(db: sqlite3.Connection, user: User) -> bool:
    """Return whether the user may sign in with a password.

    A member of workspaces with single sign-on must be an exception user of all of them. For other
    users the tenant's file decides.
    """
    rows = db.execute(
        """
        SELECT exception_users.user_id IS NOT NULL AS excepted
        FROM workspace_members AS members
        JOIN workspaces ON workspaces.id = members.workspace_id
        LEFT JOIN exception_users ON exception_users.user_id = members.user_id
            AND exception_users.workspace_id = members.workspace_id
        WHERE members.user_id = ? AND workspaces.single_sign_on
        """,
        (user.id,),
    ).fetchall()
    if rows:
        return all(row["excepted"] for row in rows)
    return user.exception_user or not user.single_sign_on


def tenant_roles(db: sqlite3.Connection, user: User) -> frozenset[str]:
    """Return the user's roles in the tenant."""
    rows = db.execute("SELECT role FROM user_roles WHERE user_id = ?", (user.id,))
    return frozenset(row["role"] for row in rows)


def workspace_role(db: sqlite3.Connection, user: User, workspace_id: str) -> str | None:
    """Return `admin`, `member` or `visitor`, or None for a workspace that the user is not in."""
    row = db.execute(
        "SELECT role FROM workspace_members WHERE user_id = ? AND workspace_id = ?",
        (user.id, workspace_id),
    ).fetchone()
    return row["role"] if row else None


@dataclass(frozen=True, slots=True)
class LostMembership:
    """The roles that a user lost by leaving a workspace.

    Attributes:
        was_admin: Whether the user administered it.
        models: Ids of the models in which the user had a role.
    """

    was_admin: bool
    models: tuple[str, ...]


def add_user(
    db: sqlite3.Connection,
    *,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    customer_id: str,
    now: str,
) -> str:
    """Add an active user and return the id, which is the one that a tenant's file would give."""
    user_id = lower_hex("user", email.lower())
    db.execute(
        """
        INSERT INTO users (id, email, password, first_name, last_name, customer_id, active,
            single_sign_on, exception_user, created_at, modified_at, licenses)
        VALUES (?, ?, ?, ?, ?, ?, 1, 0, 0, ?, ?, '')
        """,
        (user_id, email, password, first_name, last_name, customer_id, now, now),
    )
    return user_id


def deactivate(db: sqlite3.Connection, user_id: str) -> None:
    """Deactivate a user, and end all their tokens, grants and browser sessions."""
    db.execute("UPDATE users SET active = 0 WHERE id = ?", (user_id,))
    for table in ("tokens", "oauth_grants", "browser_sessions"):
        db.execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))  # noqa: S608


def leave_workspace(db: sqlite3.Connection, user_id: str, workspace_id: str) -> LostMembership:
    """Remove a user from a workspace and from its models."""
    key = {"user": user_id, "workspace": workspace_id}
    admin = db.execute(
        "SELECT 1 FROM workspace_members"
        " WHERE user_id = :user AND workspace_id = :workspace AND role = 'admin'",
        key,
    ).fetchone()
    models = db.execute(
        "SELECT id FROM model_roles JOIN models ON models.key = model_roles.model"
        " WHERE user_id = :user AND workspace_id = :workspace ORDER BY models.key",
        key,
    ).fetchall()
    for table in ("workspace_members", "exception_users"):
        db.execute(
            f"DELETE FROM {table} WHERE user_id = :user AND workspace_id = :workspace",  # noqa: S608
            key,
        )
    db.execute(
        """
        DELETE FROM model_roles WHERE user_id = :user
        AND model IN (SELECT key FROM models WHERE workspace_id = :workspace)
        """,
        key,
    )
    return LostMembership(admin is not None, tuple(row["id"] for row in models))
