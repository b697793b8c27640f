"""Changes to users that several APIs make: coming, leaving a workspace, and going."""

import sqlite3

from anaplan_emulator.store.identifiers import lower_hex


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


def leave_workspace(db: sqlite3.Connection, user_id: str, workspace_id: str) -> None:
    """Take a user out of a workspace, and out of its models."""
    key = {"user": user_id, "workspace": workspace_id}
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
