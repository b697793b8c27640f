"""Who may see which workspace and model, and what a model's state forbids (facts 4.20, 4.21)."""

import sqlite3
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator import audit
from anaplan_emulator.calls import Call
from anaplan_emulator.replies import ApiError
from anaplan_emulator.store.users import User, tenant_roles, workspace_role

NO_ACCESS = "No Access"

_WITH_WORKSPACE = """
    SELECT models.*, workspaces.name AS workspace_name
    FROM models JOIN workspaces ON workspaces.id = models.workspace_id
"""


class ModelAsleep(Exception):
    """A call needs the data of a model that isn't open.

    Args:
        model: The key of the model.
        closed: Whether it isn't being opened either.
    """

    def __init__(self, model: int, *, closed: bool) -> None:
        self.model = model
        self.closed = closed
        super().__init__(f"model {model} is not open")


@dataclass(frozen=True, slots=True)
class Model:
    """A model, as far as its surroundings know it."""

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
    modified_by: str | None
    serial_number: int


def all_models(db: sqlite3.Connection) -> list[Model]:
    """Read the tenant's models, in the order of their description."""
    return [_read(row) for row in db.execute(f"{_WITH_WORKSPACE} ORDER BY models.key")]


def model_by_id(db: sqlite3.Connection, model_id: str) -> Model | None:
    """Find a model; ids are case-sensitive."""
    row = db.execute(f"{_WITH_WORKSPACE} WHERE models.id = ?", (model_id,)).fetchone()
    return _read(row) if row else None


def sees_inside(db: sqlite3.Connection, user: User, model: Model) -> bool:
    """Whether the user has a role in the model."""
    if is_workspace_admin(db, user, model.workspace_id):
        return True
    row = db.execute(
        "SELECT role FROM model_roles WHERE model = ? AND user_id = ?", (model.key, user.id)
    ).fetchone()
    return row is not None and row["role"] != NO_ACCESS


def is_tenant_admin(db: sqlite3.Connection, user: User) -> bool:
    """Whether the user administers the whole tenant."""
    return "tenant_admin" in tenant_roles(db, user)


def is_workspace_admin(db: sqlite3.Connection, user: User, workspace_id: str) -> bool:
    """Whether the user administers the workspace."""
    return workspace_role(db, user, workspace_id) == "admin"


def sees_workspace(db: sqlite3.Connection, user: User, workspace_id: str) -> bool:
    """Whether the user is in the workspace, or administers the tenant."""
    return workspace_role(db, user, workspace_id) is not None or is_tenant_admin(db, user)


def set_open(db: sqlite3.Connection, model: Model, *, is_open: bool) -> None:
    """Load a model into memory, or unload it."""
    db.execute("UPDATE models SET is_open = ? WHERE key = ?", (is_open, model.key))


def loading_state(call: Call, model: Model) -> Literal["Open", "Opening", "Closed"]:
    """Tell whether a model is loaded into memory: what nobody used for long is not."""
    (last_task,) = call.db.execute(
        "SELECT coalesce(max(created_at), 0) / 1000.0 FROM tasks WHERE model = ?", (model.key,)
    ).fetchone()
    loading = call.world.loading
    if not model.is_open or loading.unused(model.key, last_task=last_task):
        return "Closed"
    return "Opening" if loading.remaining(model.key) else "Open"


def addressed_model(call: Call) -> Model:
    """Find the model in the path, to whoever may know that it exists.

    Raises:
        ApiError: 404.
    """
    model = model_by_id(call.db, call.path["modelId"])
    if model is None or call.path.get("workspaceId", model.workspace_id) != model.workspace_id:
        raise _denied(call, ApiError(404))
    return model


def visible_model(call: Call) -> Model:
    """Find the model in the path, to whoever has a role in it.

    Raises:
        ApiError: 404, which hides whether there is such a model.
    """
    model = addressed_model(call)
    if not sees_inside(call.db, call.user, model):
        raise _denied(call, ApiError(404))
    return model


def is_offline_to(call: Call, model: Model) -> bool:
    """Tell whether the caller can't work in the model now.

    Administrators work on in a model that is offline, but not in one in maintenance (facts 5).
    """
    offline = model.offline and not is_workspace_admin(call.db, call.user, model.workspace_id)
    return offline or "MAINTENANCE" in model.active_state


def readable_model(call: Call) -> Model:
    """Find the model in the path, and see that it can be read in its state.

    Raises:
        ApiError: 404, 422 archived, 424 offline, unless the caller administers the workspace.
    """
    model = visible_model(call)
    require_readable(call, model)
    return model


def changeable_model(call: Call) -> Model:
    """Find the model in the path, and see that it can be changed in its state.

    Raises:
        ApiError: 404, 422 archived, 423 locked, 424 offline.
    """
    model = visible_model(call)
    require_changeable(call, model)
    return model


def require_workspace_admin(call: Call, model: Model) -> None:
    """See that the caller administers the model's workspace.

    Raises:
        ApiError: 403.
    """
    if not is_workspace_admin(call.db, call.user, model.workspace_id):
        raise _denied(call, ApiError(403))


def require_readable(call: Call, model: Model) -> None:
    """See that a model can be read in its state.

    Raises:
        ApiError: 422 archived, 424 offline, unless the caller administers the workspace.
        ModelAsleep: It isn't open, and by the settings it must be.
    """
    if model.active_state == "ARCHIVED":
        raise _denied(call, ApiError(422, "The model is archived"))
    if is_offline_to(call, model):
        raise _denied(call, ApiError(424, "The model is offline"))
    settings = call.world.settings
    if settings.closed_models == "serve" and settings.model_unload_minutes is None:
        return
    state = loading_state(call, model)
    if state == "Open":
        call.world.loading.used(model.key)
    elif settings.closed_models != "serve":
        raise ModelAsleep(model.key, closed=state == "Closed")


def require_changeable(call: Call, model: Model) -> None:
    """See that a model can be changed in its state.

    Raises:
        ApiError: 422 archived, 423 locked, 424 offline.
    """
    require_readable(call, model)
    if model.active_state == "LOCKED":
        raise _denied(call, ApiError(423, "The model is locked"))


def _denied(call: Call, error: ApiError) -> ApiError:
    model_id = call.path["modelId"]
    audit.record(
        call,
        "USR-14",
        object_id=model_id,
        attributes={"modelId": model_id},
        error_number=str(error.status),
    )
    return error


def _read(row: sqlite3.Row) -> Model:
    return Model(
        key=row["key"],
        id=row["id"],
        name=row["name"],
        workspace_id=row["workspace_id"],
        workspace_name=row["workspace_name"],
        active_state=row["active_state"],
        is_open=bool(row["is_open"]),
        offline=bool(row["offline"]),
        category_values=row["category_values"],
        memory_usage=row["memory_usage"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        modified_by=row["modified_by"],
        serial_number=row["serial_number"],
    )
