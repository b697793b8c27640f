"""Access to workspaces and models, and what a model's state forbids.

Source: docs/anaplan-behaviour.md#access-rules, #status-codes.
"""

import sqlite3
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.store.records import read_record
from anaplan_emulator.store.users import User, tenant_roles, workspace_role

NO_ACCESS = "No Access"

_WITH_WORKSPACE = """
    SELECT models.*, workspaces.name AS workspace_name
    FROM models JOIN workspaces ON workspaces.id = models.workspace_id
"""


class ModelNotOpen(Exception):
    """A request needs the data of a model that is not open.

    Args:
        model: Key of the model.
        closed: Whether it is closed; otherwise it is being opened.
    """

    def __init__(self, model: int, *, closed: bool) -> None:
        self.model = model
        self.closed = closed
        super().__init__(f"model {model} is not open")


@dataclass(frozen=True, slots=True)
class Model:
    """A model, without its content."""

    key: int
    id: str
    name: str
    workspace_id: str
    workspace_name: str
    active_state: str
    is_open: bool
    offline: bool
    category_values: str
    memory_usage: int
    created_at: str
    modified_at: str
    modified_by: str
    serial_number: int


def all_models(db: sqlite3.Connection) -> list[Model]:
    """Read the tenant's models, in the order of the tenant's file."""
    return [read_record(Model, row) for row in db.execute(f"{_WITH_WORKSPACE} ORDER BY models.key")]


def model_by_id(db: sqlite3.Connection, model_id: str) -> Model | None:
    """Find a model by its case-sensitive id."""
    row = db.execute(f"{_WITH_WORKSPACE} WHERE models.id = ?", (model_id,)).fetchone()
    return read_record(Model, row) if row else None


def has_access(db: sqlite3.Connection, user: User, model: Model) -> bool:
    """Return whether the user has a role in the model."""
    if is_workspace_admin(db, user, model.workspace_id):
        return True
    row = db.execute(
        "SELECT role FROM model_roles WHERE model = ? AND user_id = ?", (model.key, user.id)
    ).fetchone()
    return row is not None and row["role"] != NO_ACCESS


def is_tenant_admin(db: sqlite3.Connection, user: User) -> bool:
    """Return whether the user is a tenant administrator."""
    return "tenant_admin" in tenant_roles(db, user)


def is_workspace_admin(db: sqlite3.Connection, user: User, workspace_id: str) -> bool:
    """Return whether the user is an administrator of the workspace."""
    return workspace_role(db, user, workspace_id) == "admin"


def can_see_workspace(db: sqlite3.Connection, user: User, workspace_id: str) -> bool:
    """Return whether the user is in the workspace or is a tenant administrator."""
    return workspace_role(db, user, workspace_id) is not None or is_tenant_admin(db, user)


def memory_state(call: Call, model: Model) -> Literal["Open", "Opening", "Closed"]:
    """Return whether a model is in memory; one that has been unused for long is closed."""
    (last_task,) = call.db.execute(
        "SELECT coalesce(max(created_at), 0) / 1000.0 FROM tasks WHERE model = ?", (model.key,)
    ).fetchone()
    memory = call.tenant.model_memory
    if not model.is_open or memory.is_unused(model.key, last_task=last_task):
        return "Closed"
    return "Opening" if memory.remaining(model.key) else "Open"


def existing_model(call: Call) -> Model:
    """Return the model in the path, even to users without access to it.

    Raises:
        ApiError: 404.
    """
    model = model_by_id(call.db, call.path["modelId"])
    if model is None or call.path.get("workspaceId", model.workspace_id) != model.workspace_id:
        raise _denied(call, ApiError(404))
    return model


def visible_model(call: Call) -> Model:
    """Return the model in the path, to users who have a role in it.

    Raises:
        ApiError: 404, also for a model without access.
    """
    model = existing_model(call)
    if not has_access(call.db, call.user, model):
        raise _denied(call, ApiError(404))
    return model


def is_offline_to(call: Call, model: Model) -> bool:
    """Return whether the model is offline for the user.

    Administrators can use a model that is offline, but not one in maintenance
    (docs/anaplan-behaviour.md#online-status).
    """
    offline = model.offline and not is_workspace_admin(call.db, call.user, model.workspace_id)
    return offline or "MAINTENANCE" in model.active_state


def readable_model(call: Call) -> Model:
    """Return the model in the path, whose state must allow reading.

    Raises:
        ApiError: 404; 422 archived; 424 offline, unless the user is a workspace administrator.
        ModelNotOpen: The model must be opened first.
    """
    model = visible_model(call)
    require_readable(call, model)
    return model


def changeable_model(call: Call) -> Model:
    """Return the model in the path, whose state must allow changes.

    Raises:
        ApiError: 404; 422 archived; 423 locked; 424 offline.
        ModelNotOpen: The model must be opened first.
    """
    model = visible_model(call)
    require_changeable(call, model)
    return model


def require_workspace_admin(call: Call, model: Model) -> None:
    """Check that the user is an administrator of the model's workspace.

    Raises:
        ApiError: 403.
    """
    if not is_workspace_admin(call.db, call.user, model.workspace_id):
        raise _denied(call, ApiError(403))


def require_readable(call: Call, model: Model) -> None:
    """Check that a model's state allows reading.

    Raises:
        ApiError: 422 archived; 424 offline, unless the user is a workspace administrator.
        ModelNotOpen: The model must be opened first.
    """
    if model.active_state == "ARCHIVED":
        raise _denied(call, ApiError(422, "The model is archived"))
    if is_offline_to(call, model):
        raise _denied(call, ApiError(424, "The model is offline"))
    settings = call.tenant.settings
    if settings.closed_models == "serve" and settings.model_unload_minutes is None:
        return
    state = memory_state(call, model)
    if state == "Open":
        call.tenant.model_memory.mark_used(model.key)
    elif settings.closed_models != "serve":
        raise ModelNotOpen(model.key, closed=state == "Closed")


def require_changeable(call: Call, model: Model) -> None:
    """Check that a model's state allows changes.

    Raises:
        ApiError: 422 archived; 423 locked; 424 offline.
        ModelNotOpen: The model must be opened first.
    """
    require_readable(call, model)
    if model.active_state == "LOCKED":
        raise _denied(call, ApiError(423, "The model is locked"))


def _denied(call: Call, error: ApiError) -> ApiError:
    model_id = call.path["modelId"]
    call.audit.record(
        "USR-14",
        object_id=model_id,
        attributes={"modelId": model_id},
        error_number=str(error.status),
    )
    return error
