"""Changes to users that several APIs make: coming, leaving a workspace, and going."""

import re
import sqlite3
from dataclasses import dataclass

from anaplan_emulator.store.identifiers import lower_hex

EMAIL = re.compile(r"[^@\s:]+@[^@\s]+")
"""What is taken for an address: no colon, which would end it in an `Authorization` header."""

USER_EVENTS = {"work_email": "USR-26", "first_name": "USR-27", "last_name": "USR-28"}
"""What the audit trail calls the change of a user's column (facts 6)."""


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody lost with a workspace.

    Attributes:
        was_admin: Whether they administered it.
        models: The ids of the models they had roles in.
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
    """Add an active user, and return the id: the same that a tenant's file would give."""
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
    """Shut a user out: no sign-in, and what was signed in before ends for good."""
    db.execute("UPDATE users SET active = 0 WHERE id = ?", (user_id,))
    for table in ("tokens", "oauth_grants", "browser_sessions"):
        db.execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))  # noqa: S608


def leave_workspace(db: sqlite3.Connection, user_id: str, workspace_id: str) -> Left:
    """Take a user out of a workspace, and out of its models."""
    key = {"user": user_id, "workspace": workspace_id}
    administers = db.execute(
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
    return Left(administers is not None, tuple(row["id"] for row in models))
