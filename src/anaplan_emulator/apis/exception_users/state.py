"""Reading and changing the exception users of workspaces."""

import sqlite3
from typing import Any

_RESULTS = """
    SELECT workspaces.id AS workspace_id, workspaces.name AS workspace_name,
        users.id AS user_id, users.email
    FROM exception_users
    JOIN workspaces ON workspaces.id = exception_users.workspace_id
    JOIN users ON users.id = exception_users.user_id
    JOIN workspace_members AS members ON members.workspace_id = workspaces.id
        AND members.user_id = users.id
"""


def workspace(db: sqlite3.Connection, workspace_id: str) -> sqlite3.Row | None:
    """Find a workspace."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM workspaces WHERE id = ?", (workspace_id,)
    ).fetchone()
    return row


def in_workspace(db: sqlite3.Connection, workspace_id: str) -> list[dict[str, Any]]:
    """Return the exception users of a workspace, including visitors."""
    rows = db.execute(f"{_RESULTS} WHERE workspaces.id = ? ORDER BY email", (workspace_id,))
    return _grouped(rows.fetchall())


def of_user(db: sqlite3.Connection, user_id: str) -> list[dict[str, Any]]:
    """Return the workspaces of which a user is an exception user, except as a visitor."""
    rows = db.execute(
        f"{_RESULTS} WHERE users.id = ? AND members.role != 'visitor' ORDER BY workspaces.name",
        (user_id,),
    )
    return _grouped(rows.fetchall())


def change(db: sqlite3.Connection, workspace_id: str, user_id: str, *, assigned: bool) -> None:
    """Assign or unassign an exception user of a workspace. Repeating it has no effect."""
    statement = (
        "INSERT OR IGNORE INTO exception_users (workspace_id, user_id) VALUES (?, ?)"
        if assigned
        else "DELETE FROM exception_users WHERE workspace_id = ? AND user_id = ?"
    )
    db.execute(statement, (workspace_id, user_id))


def _grouped(rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        result = found.setdefault(
            row["workspace_id"],
            {
                "workspaceGuid": row["workspace_id"],
                "workspaceName": row["workspace_name"],
                "users": [],
            },
        )
        result["users"].append({"userGuid": row["user_id"], "email": row["email"]})
    return list(found.values())
