"""Staging tables, dimensions, workflows and users of Financial Consolidation."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.tenant.consolidation_description import ColumnType, validate_row

NO_RUN = str(uuid.UUID(int=0))
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A staging table."""

    name: str
    columns: dict[str, ColumnType]


def find_table(db: sqlite3.Connection, name: str) -> Table:
    """Return a table.

    Raises:
        ApiError: 404, there is no such table.
    """
    row = db.execute("SELECT columns FROM consolidation_tables WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise ApiError(404, f"No table is called '{name}'.")
    return Table(name, json.loads(row["columns"]))


def select(
    db: sqlite3.Connection, table: Table, matches: Callable[[Row], bool]
) -> list[tuple[int, Row]]:
    """Read the matching rows with their keys, in the order in which they were added."""
    rows = db.execute(
        "SELECT key, content FROM consolidation_rows WHERE table_name = ? ORDER BY key",
        (table.name,),
    )
    rows_by_key = ((row["key"], json.loads(row["content"])) for row in rows)
    return [(key, content) for key, content in rows_by_key if matches(content)]


def insert(db: sqlite3.Connection, table: Table, rows: Sequence[object]) -> None:
    """Add rows.

    Raises:
        ApiError: 400, a row does not match the table; none is added.
    """
    db.executemany(
        "INSERT INTO consolidation_rows (table_name, content) VALUES (?, ?)",
        [(table.name, json.dumps(validated(table, row))) for row in rows],
    )


def update(
    db: sqlite3.Connection, table: Table, found: Iterable[tuple[int, Row]], changes: Row
) -> None:
    """Change rows.

    Raises:
        ApiError: 400, a changed row does not match the table.
    """
    db.executemany(
        "UPDATE consolidation_rows SET content = ? WHERE key = ?",
        [(json.dumps(validated(table, {**row, **changes})), key) for key, row in found],
    )


def delete(db: sqlite3.Connection, found: Iterable[tuple[int, Row]]) -> None:
    """Remove rows."""
    db.executemany("DELETE FROM consolidation_rows WHERE key = ?", [(key,) for key, _ in found])


def clear(db: sqlite3.Connection, table: Table) -> None:
    """Remove all rows."""
    db.execute("DELETE FROM consolidation_rows WHERE table_name = ?", (table.name,))


def validated(table: Table, row: object) -> Row:
    """Return a row with all columns of its table.

    Raises:
        ApiError: 400, the row does not match the table.
    """
    if not isinstance(row, dict):
        raise ApiError(400, "A record must be a JSON object.")
    try:
        return validate_row(table.columns, row)
    except ValueError as error:
        raise ApiError(400, f"The record does not match the table: {error}.") from error


def validated_part(table: Table, row: object) -> Row:
    """Return a row that may lack columns.

    Raises:
        ApiError: 400, the row does not match the table.
    """
    complete = validated(table, row)
    return {
        name: value for name, value in complete.items() if isinstance(row, dict) and name in row
    }


def dimensions(db: sqlite3.Connection, names: Iterable[str] | None = None) -> list[Row]:
    """Return all dimensions, or those with the given names."""
    rows = db.execute("SELECT name, content FROM consolidation_dimensions ORDER BY position")
    selected = None if names is None else set(names)
    return [
        json.loads(row["content"]) for row in rows if selected is None or row["name"] in selected
    ]


def dimensions_of_model(db: sqlite3.Connection, model: str) -> list[Row]:
    """Return a model's dimensions.

    Raises:
        ApiError: 404, there is no such model.
    """
    row = db.execute(
        "SELECT dimensions FROM consolidation_models WHERE name = ?", (model,)
    ).fetchone()
    if row is None:
        raise ApiError(404, f"No model is called '{model}'.")
    return dimensions(db, json.loads(row["dimensions"]))


def members(db: sqlite3.Connection, dimension: str) -> list[Row]:
    """Return a dimension's members.

    Raises:
        ApiError: 404, there is no such dimension.
    """
    row = db.execute(
        "SELECT members FROM consolidation_dimensions WHERE name = ?", (dimension,)
    ).fetchone()
    if row is None:
        raise ApiError(404, f"No dimension is called '{dimension}'.")
    rows: list[Row] = json.loads(row["members"])
    return rows


def start_workflow(db: sqlite3.Connection, path: str, name: str, now: float) -> None:
    """Start a run, which replaces the last one.

    Raises:
        ApiError: 404, there is no such workflow.
    """
    _change_workflow(
        db,
        "UPDATE consolidation_workflows SET run_id = ?, started_at = ?, stopped = 0"
        " WHERE path = ? AND name = ?",
        (str(uuid.uuid4()), now, path, name),
    )


def stop_workflow(db: sqlite3.Connection, path: str, name: str, now: float) -> None:
    """Stop the current run, if there is one.

    Raises:
        ApiError: 404, there is no such workflow.
    """
    is_running = workflow_state(db, path, name, now).get("state") == "Running"
    _change_workflow(
        db,
        "UPDATE consolidation_workflows SET stopped = max(stopped, ?) WHERE path = ? AND name = ?",
        (is_running, path, name),
    )


def workflow_state(db: sqlite3.Connection, path: str, name: str, now: float) -> Row:
    """Return the last run of a workflow, which may not exist.

    Source: docs/anaplan-behaviour.md#financial-consolidation-api.
    """
    row = db.execute(
        "SELECT * FROM consolidation_workflows WHERE path = ? AND name = ?", (path, name)
    ).fetchone()
    if row is None or row["run_id"] is None:
        return {"runId": NO_RUN}
    if row["stopped"]:
        state = "Stopped"
    else:
        state = "Running" if now < row["started_at"] + row["seconds"] else "Completed"
    return {"runId": row["run_id"], "state": state}


def users(db: sqlite3.Connection) -> list[Row]:
    """Return all users."""
    rows = db.execute("SELECT * FROM consolidation_users ORDER BY id").fetchall()
    return [_describe_user(db, row) for row in rows]


def add_user(db: sqlite3.Connection, given: Mapping[str, Any]) -> Row:
    """Add a user.

    Raises:
        ApiError: 400, the name is in use, or a role does not exist.
    """
    name = given["userName"]
    if _find_user(db, name) is not None:
        raise ApiError(400, f"The user name '{name}' is already in use.")
    db.execute(
        "INSERT INTO consolidation_users (name, full_name, email, disabled) VALUES (?, ?, ?, ?)",
        (name, given.get("fullName", ""), given.get("email", ""), given.get("isDisabled", False)),
    )
    assign_roles(db, name, given.get("roles", []))
    return describe_user(db, name)


def update_user(db: sqlite3.Connection, given: Mapping[str, Any]) -> Row:
    """Change the given attributes of a user; given roles replace all others.

    Raises:
        ApiError: 404, there is no such user; 400, a role does not exist.
    """
    user = _existing_user(db, given["userName"])
    columns = {"fullName": "full_name", "email": "email", "isDisabled": "disabled"}
    for key, column in columns.items():
        if key in given:
            db.execute(
                f"UPDATE consolidation_users SET {column} = ? WHERE id = ?",  # noqa: S608 (see above)
                (given[key], user["id"]),
            )
    if "roles" in given:
        db.execute("DELETE FROM consolidation_user_roles WHERE user_id = ?", (user["id"],))
        assign_roles(db, user["name"], given["roles"])
    return describe_user(db, user["name"])


def delete_user(db: sqlite3.Connection, name: str) -> None:
    """Delete a user, if there is one."""
    db.execute("DELETE FROM consolidation_users WHERE name = ?", (name,))


def roles(db: sqlite3.Connection, name: str) -> list[str]:
    """Return a user's roles.

    Raises:
        ApiError: 404, there is no such user.
    """
    return _roles(db, _existing_user(db, name)["id"])


def assign_roles(db: sqlite3.Connection, name: str, new_roles: Sequence[str]) -> None:
    """Add roles to those of a user.

    Raises:
        ApiError: 404, there is no such user; 400, a role does not exist.
    """
    user = _existing_user(db, name)
    known = {row["name"] for row in db.execute("SELECT name FROM consolidation_roles")}
    if unknown := [role for role in new_roles if role not in known]:
        raise ApiError(400, f"No role is called '{unknown[0]}'.")
    db.executemany(
        "INSERT OR IGNORE INTO consolidation_user_roles (user_id, role) VALUES (?, ?)",
        [(user["id"], role) for role in new_roles],
    )


def remove_role(db: sqlite3.Connection, name: str, role: str) -> None:
    """Remove a role from a user, if the user has it.

    Raises:
        ApiError: 404, there is no such user.
    """
    db.execute(
        "DELETE FROM consolidation_user_roles WHERE user_id = ? AND role = ?",
        (_existing_user(db, name)["id"], role),
    )


def describe_user(db: sqlite3.Connection, name: str) -> Row:
    """Return a user as JSON values.

    Raises:
        ApiError: 404, there is no such user.
    """
    return _describe_user(db, _existing_user(db, name))


def _existing_user(db: sqlite3.Connection, name: str) -> sqlite3.Row:
    """Return the row of a user.

    Raises:
        ApiError: 404, there is no such user.
    """
    row = _find_user(db, name)
    if row is None:
        raise ApiError(404, f"No user is called '{name}'.")
    return row


def _find_user(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM consolidation_users WHERE name = ?", (name,)
    ).fetchone()
    return row


def _describe_user(db: sqlite3.Connection, row: sqlite3.Row) -> Row:
    return {
        "userId": row["id"],
        "userName": row["name"],
        "fullName": row["full_name"],
        "isDisabled": bool(row["disabled"]),
        "email": row["email"],
        "roles": _roles(db, row["id"]),
    }


def _roles(db: sqlite3.Connection, user_id: int) -> list[str]:
    rows = db.execute(
        "SELECT role FROM consolidation_user_roles WHERE user_id = ? ORDER BY key", (user_id,)
    )
    return [row["role"] for row in rows]


def _change_workflow(db: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> None:
    if db.execute(sql, values).rowcount == 0:
        raise ApiError(404, "There is no such workflow at this path.")
