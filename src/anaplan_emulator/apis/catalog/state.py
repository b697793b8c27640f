"""Reading, describing and deleting users, workspaces and models.

Source: docs/anaplan-behaviour.md#users-workspaces-and-models, #model-status-and-loading.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from anaplan_emulator.apis.access import Model, all_models, has_access, is_tenant_admin, model_by_id
from anaplan_emulator.engine.structure import drop_cells_tables
from anaplan_emulator.engine.tasks import running_task
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.store.records import read_record
from anaplan_emulator.store.users import User, tenant_roles

_USER_ADMIN_ROLES = frozenset({"tenant_admin", "user_admin"})
_ADMIN_ROLES = frozenset({"tenant_admin", "user_admin", "workspace_admin"})


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace. Its current size is the total of its models."""

    id: str
    name: str
    active: bool
    size_allowance: int
    current_size: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a workspace, with the names of the member's other workspaces."""

    first_name: str
    last_name: str
    email: str
    active: bool
    other_workspaces: list[str]


def all_users(db: sqlite3.Connection) -> list[User]:
    """Read the tenant's users, ordered by e-mail address."""
    return [read_record(User, row) for row in db.execute("SELECT * FROM users ORDER BY email")]


def may_list_users(db: sqlite3.Connection, user: User) -> bool:
    """Return whether the user may list the tenant's users, as an administrator of any kind."""
    membership = db.execute(
        "SELECT 1 FROM workspace_members WHERE user_id = ? AND role = 'admin'", (user.id,)
    ).fetchone()
    return membership is not None or bool(tenant_roles(db, user) & _ADMIN_ROLES)


def is_user_admin(db: sqlite3.Connection, user: User) -> bool:
    """Return whether the user may list the members of workspaces, as an administrator of users."""
    return bool(tenant_roles(db, user) & _USER_ADMIN_ROLES)


def workspace_exists(db: sqlite3.Connection, workspace_id: str) -> bool:
    """Return whether a workspace exists."""
    row = db.execute("SELECT 1 FROM workspaces WHERE id = ?", (workspace_id,)).fetchone()
    return row is not None


def members(db: sqlite3.Connection, workspace_id: str, role: str) -> list[Member]:
    """Read the members of a workspace with a role, ordered by e-mail address."""
    rows = db.execute(
        """
        SELECT users.*, (
            SELECT json_group_array(name) FROM (
                SELECT workspaces.name FROM workspace_members
                JOIN workspaces ON workspaces.id = workspace_members.workspace_id
                WHERE workspace_members.user_id = users.id AND workspaces.id <> :workspace
                ORDER BY workspaces.name
            )
        ) AS others
        FROM workspace_members JOIN users ON users.id = workspace_members.user_id
        WHERE workspace_members.workspace_id = :workspace AND workspace_members.role = :role
        ORDER BY users.email
        """,
        {"workspace": workspace_id, "role": role},
    )
    return [read_record(Member, row, other_workspaces=json.loads(row["others"])) for row in rows]


def visible_workspaces(db: sqlite3.Connection, user: User) -> list[Workspace]:
    """Read the user's workspaces, or all of them for a tenant administrator."""
    return _workspaces(db, None if is_tenant_admin(db, user) else user.id)


def all_workspaces(db: sqlite3.Connection) -> list[Workspace]:
    """Read all workspaces, ordered by name."""
    return _workspaces(db, None)


def _workspaces(db: sqlite3.Connection, user_id: str | None) -> list[Workspace]:
    """Read all workspaces, or those of a user."""
    rows = db.execute(
        """
        SELECT workspaces.*, coalesce(sum(models.memory_usage), 0) AS current_size
        FROM workspaces LEFT JOIN models ON models.workspace_id = workspaces.id
        WHERE :user IS NULL OR workspaces.id IN
            (SELECT workspace_id FROM workspace_members WHERE user_id = :user)
        GROUP BY workspaces.id ORDER BY workspaces.name
        """,
        {"user": user_id},
    )
    return [read_record(Workspace, row) for row in rows]


def visible_models(db: sqlite3.Connection, user: User) -> list[Model]:
    """Read the models to which the user has access, or all of them for a tenant administrator."""
    all_visible = is_tenant_admin(db, user)
    return [model for model in all_models(db) if all_visible or has_access(db, user, model)]


def describe_user(user: User) -> dict[str, Any]:
    """Return a user as JSON values."""
    body: dict[str, Any] = {
        "id": user.id,
        "active": user.active,
        "email": user.email,
        "emailOptIn": False,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "customerId": user.customer_id,
    }
    if user.last_login is not None:
        body["lastLoginDate"] = user.last_login
    return body


def describe_member(member: Member) -> dict[str, Any]:
    """Return a member of a workspace as JSON values."""
    return {
        "firstName": member.first_name,
        "lastName": member.last_name,
        "email": member.email,
        "active": member.active,
        "otherWorkspaces": member.other_workspaces,
    }


def describe_workspace(workspace: Workspace, *, details: bool) -> dict[str, Any]:
    """Return a workspace as JSON values. Its sizes are tenant details."""
    body = {"id": workspace.id, "name": workspace.name, "active": workspace.active}
    if details:
        body |= {
            "sizeAllowance": workspace.size_allowance,
            "currentSize": workspace.current_size,
        }
    return body


def describe_model(model: Model, customer_id: str, *, details: bool, busy: bool) -> dict[str, Any]:
    """Return a model as JSON values. An archived model has no memory usage."""
    query = f"selectedWorkspaceId={model.workspace_id}&selectedModelId={model.id}"
    body: dict[str, Any] = {
        "id": model.id,
        "activeState": model.active_state,
        "name": model.name,
        "currentWorkspaceId": model.workspace_id,
        "currentWorkspaceName": model.workspace_name,
        "modelUrl": f"https://us1a.app.anaplan.com/anaplan/framework.jsp?{query}",
        "categoryValues": [
            {
                "id": lower_hex("category value", f"{value['categoryName']}/{value['attribute']}"),
                "attribute": value["attribute"],
                "categoryId": lower_hex("category", value["categoryName"]),
                "categoryName": value["categoryName"],
                "customerId": customer_id,
            }
            for value in json.loads(model.category_values)
        ],
    }
    if details:
        body |= {
            "isoCreationDate": model.created_at,
            "lastModified": model.modified_at,
            "lastSavedSerialNumber": model.serial_number,
            "lastModifiedByUserGuid": model.modified_by,
            "modelTransactionRunning": busy,
        }
        if model.active_state != "ARCHIVED":
            body["memoryUsage"] = model.memory_usage
    return body


def is_busy(db: sqlite3.Connection, model: Model) -> bool:
    """Return whether a task is running in the model."""
    return running_task(db, model.key) is not None


def delete_models(
    db: sqlite3.Connection,
    workspace_id: str,
    model_ids: Sequence[str],
    is_closed: Callable[[Model], bool],
) -> tuple[int, list[dict[str, str]]]:
    """Delete closed models of a workspace, and return their number and the failures."""
    failures = []
    for model_id in model_ids:
        model = model_by_id(db, model_id)
        if model is None or model.workspace_id != workspace_id:
            message = "Model ID does not exist."
            failures.append({"modelId": model_id, "message": message})
        elif not is_closed(model):
            message = "Model is open. Close the model before you delete it."
            failures.append({"modelId": model_id, "message": message})
        else:
            drop_cells_tables(db, model.key)
            db.execute("DELETE FROM models WHERE key = ?", (model.key,))
    return len(model_ids) - len(failures), failures
