"""Who may call: users as stored, and their roles."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """A user of the tenant. The password stays in the database."""

    id: str
    email: str
    first_name: str
    last_name: str
    customer_id: str
    active: bool
    single_sign_on: bool
    exception_user: bool
    last_login: str | None


def read_user(row: sqlite3.Row) -> User:
    """Make a user of a row of the table `users`."""
    return User(
        id=row["id"],
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        customer_id=row["customer_id"],
        active=bool(row["active"]),
        single_sign_on=bool(row["single_sign_on"]),
        exception_user=bool(row["exception_user"]),
        last_login=row["last_login"],
    )


def user_by_email(db: sqlite3.Connection, email: str) -> User | None:
    """Find a user, whatever the case of the address."""
    row = db.execute("SELECT * FROM users WHERE email = ?", (email,)).fetchone()
    return read_user(row) if row else None


def user_by_id(db: sqlite3.Connection, user_id: str) -> User | None:
    """Find a user."""
    row = db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    return read_user(row) if row else None


def takes_password(db: sqlite3.Connection, user: User) -> bool:
    """Whether the user gets in with a password.

    Whoever is in workspaces with single sign-on must be an exception user of each; everybody else
    is what the tenant's file says.
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
    """Return `admin`, `member`, or nothing where the user doesn't see the workspace."""
    row = db.execute(
        "SELECT role FROM workspace_members WHERE user_id = ? AND workspace_id = ?",
        (user.id, workspace_id),
    ).fetchone()
    return row["role"] if row else None
