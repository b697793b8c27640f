"""The rules and rows of Financial Consolidation."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anaplan_emulator.replies import ApiError
from anaplan_emulator.store.consolidation_description import ColumnType, fit_row

NO_RUN = str(uuid.UUID(int=0))
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A staging table."""

    name: str
    columns: dict[str, ColumnType]


def find_table(db: sqlite3.Connection, name: str) -> Table:
    """Find a table.

    Raises:
        ApiError: 404.
    """
    row = db.execute("SELECT columns FROM consolidation_tables WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise ApiError(404, f"No table is called '{name}'.")
    return Table(name, json.loads(row["columns"]))


def select(
    db: sqlite3.Connection, table: Table, wanted: Callable[[Row], bool]
) -> list[tuple[int, Row]]:
    """Read the rows wanted, with their keys, in the order in which they were added."""
    rows = db.execute(
        "SELECT key, content FROM consolidation_rows WHERE table_name = ? ORDER BY key",
        (table.name,),
    )
    found = ((row["key"], json.loads(row["content"])) for row in rows)
    return [(key, content) for key, content in found if wanted(content)]


def insert(db: sqlite3.Connection, table: Table, rows: Sequence[object]) -> None:
    """Add rows; all or none.

    Raises:
        ApiError: 400, a row doesn't fit the table.
    """
    db.executemany(
        "INSERT INTO consolidation_rows (table_name, content) VALUES (?, ?)",
        [(table.name, json.dumps(fitted(table, row))) for row in rows],
    )


def update(
    db: sqlite3.Connection, table: Table, found: Iterable[tuple[int, Row]], changes: Row
) -> None:
    """Write values into rows.

    Raises:
        ApiError: 400, a row doesn't fit the table any longer.
    """
    db.executemany(
        "UPDATE consolidation_rows SET content = ? WHERE key = ?",
        [(json.dumps(fitted(table, {**row, **changes})), key) for key, row in found],
    )


def delete(db: sqlite3.Connection, found: Iterable[tuple[int, Row]]) -> None:
    """Remove rows."""
    db.executemany("DELETE FROM consolidation_rows WHERE key = ?", [(key,) for key, _ in found])


def clear(db: sqlite3.Connection, table: Table) -> None:
    """Remove all rows."""
    db.execute("DELETE FROM consolidation_rows WHERE table_name = ?", (table.name,))


def fitted(table: Table, row: object) -> Row:
    """Read a row as its table has it.

    Raises:
        ApiError: 400.
    """
    if not isinstance(row, dict):
        raise ApiError(400, "A record is a JSON object.")
    try:
        return fit_row(table.columns, row)
    except ValueError as error:
        raise ApiError(400, f"The record doesn't fit the table: {error}.") from error


def fitted_part(table: Table, row: object) -> Row:
    """Read a row that leaves columns out as they are.

    Raises:
        ApiError: 400.
    """
    whole = fitted(table, row)
    return {name: value for name, value in whole.items() if isinstance(row, dict) and name in row}


def dimensions(db: sqlite3.Connection, names: Iterable[str] | None = None) -> list[Row]:
    """Describe all dimensions, or those named."""
    rows = db.execute("SELECT name, content FROM consolidation_dimensions ORDER BY position")
    wanted = None if names is None else set(names)
    return [json.loads(row["content"]) for row in rows if wanted is None or row["name"] in wanted]


def dimensions_of_model(db: sqlite3.Connection, model: str) -> list[Row]:
    """Describe a model's dimensions.

    Raises:
        ApiError: 404.
    """
    row = db.execute(
        "SELECT dimensions FROM consolidation_models WHERE name = ?", (model,)
    ).fetchone()
    if row is None:
        raise ApiError(404, f"No model is called '{model}'.")
    return dimensions(db, json.loads(row["dimensions"]))


def members(db: sqlite3.Connection, dimension: str) -> list[Row]:
    """Describe a dimension's members.

    Raises:
        ApiError: 404.
    """
    row = db.execute(
        "SELECT members FROM consolidation_dimensions WHERE name = ?", (dimension,)
    ).fetchone()
    if row is None:
        raise ApiError(404, f"No dimension is called '{dimension}'.")
    found: list[Row] = json.loads(row["members"])
    return found


def start_workflow(db: sqlite3.Connection, path: str, name: str, now: float) -> None:
    """Begin a run, which takes the place of the last one.

    Raises:
        ApiError: 404.
    """
    _change_workflow(
        db,
        "UPDATE consolidation_workflows SET run_id = ?, started_at = ?, stopped = 0"
        " WHERE path = ? AND name = ?",
        (str(uuid.uuid4()), now, path, name),
    )


def stop_workflow(db: sqlite3.Connection, path: str, name: str, now: float) -> None:
    """End the run that goes on, if one does.

    Raises:
        ApiError: 404.
    """
    going_on = workflow_state(db, path, name, now).get("state") == "Running"
    _change_workflow(
        db,
        "UPDATE consolidation_workflows SET stopped = max(stopped, ?) WHERE path = ? AND name = ?",
        (going_on, path, name),
    )


def workflow_state(db: sqlite3.Connection, path: str, name: str, now: float) -> Row:
    """Tell the last run of a workflow; nothing is wrong with one that isn't there (facts 11)."""
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
    """Describe all users."""
    rows = db.execute("SELECT * FROM consolidation_users ORDER BY id").fetchall()
    return [_describe_user(db, row) for row in rows]


def add_user(db: sqlite3.Connection, given: Mapping[str, Any]) -> Row:
    """Add a user.

    Raises:
        ApiError: 400, the name is taken, or a role isn't there.
    """
    name = given["userName"]
    if _find_user(db, name) is not None:
        raise ApiError(400, f"There is a user called '{name}' already.")
    db.execute(
        "INSERT INTO consolidation_users (name, full_name, email, disabled) VALUES (?, ?, ?, ?)",
        (name, given.get("fullName", ""), given.get("email", ""), given.get("isDisabled", False)),
    )
    assign_roles(db, name, given.get("roles", []))
    return describe_user(db, name)


def update_user(db: sqlite3.Connection, given: Mapping[str, Any]) -> Row:
    """Change what is given of a user; roles given take the place of all others.

    Raises:
        ApiError: 404, or 400 for a role that isn't there.
    """
    user = found_user(db, given["userName"])
    columns = {"fullName": "full_name", "email": "email", "isDisabled": "disabled"}
    for key, column in columns.items():
        if key in given:
            db.execute(
                f"UPDATE consolidation_users SET {column} = ? WHERE id = ?",  # noqa: S608 - above
                (given[key], user["id"]),
            )
    if "roles" in given:
        db.execute("DELETE FROM consolidation_user_roles WHERE user_id = ?", (user["id"],))
        assign_roles(db, user["name"], given["roles"])
    return describe_user(db, user["name"])


def delete_user(db: sqlite3.Connection, name: str) -> None:
    """Remove a user, if there is one."""
    db.execute("DELETE FROM consolidation_users WHERE name = ?", (name,))


def roles(db: sqlite3.Connection, name: str) -> list[str]:
    """Return a user's roles.

    Raises:
        ApiError: 404.
    """
    return _roles(db, found_user(db, name)["id"])


def assign_roles(db: sqlite3.Connection, name: str, wanted: Sequence[str]) -> None:
    """Give a user more roles.

    Raises:
        ApiError: 404, or 400 for a role that isn't there.
    """
    user = found_user(db, name)
    known = {row["name"] for row in db.execute("SELECT name FROM consolidation_roles")}
    if unknown := [role for role in wanted if role not in known]:
        raise ApiError(400, f"No role is called '{unknown[0]}'.")
    db.executemany(
        "INSERT OR IGNORE INTO consolidation_user_roles (user_id, role) VALUES (?, ?)",
        [(user["id"], role) for role in wanted],
    )


def take_role(db: sqlite3.Connection, name: str, role: str) -> None:
    """Take a role from a user who may have it.

    Raises:
        ApiError: 404.
    """
    db.execute(
        "DELETE FROM consolidation_user_roles WHERE user_id = ? AND role = ?",
        (found_user(db, name)["id"], role),
    )


def describe_user(db: sqlite3.Connection, name: str) -> Row:
    """Describe a user.

    Raises:
        ApiError: 404.
    """
    return _describe_user(db, found_user(db, name))


def found_user(db: sqlite3.Connection, name: str) -> sqlite3.Row:
    """Find a user.

    Raises:
        ApiError: 404.
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
