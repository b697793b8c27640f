"""Routes of users, workspaces and models."""

from collections.abc import Callable
from typing import Any, Literal

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.access import (
    can_see_workspace,
    existing_model,
    has_access,
    is_offline_to,
    is_tenant_admin,
    is_workspace_admin,
    memory_state,
    visible_model,
)
from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.catalog import state
from anaplan_emulator.apis.listings import listing, matches, sort_strictly
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.engine.tasks import running_task
from anaplan_emulator.store.users import User, user_by_id, workspace_role
from anaplan_emulator.tenant.action_definitions import ACTION_PREFIXES

_USER_SORT = {
    "firstName": lambda user: user.first_name,
    "lastName": lambda user: user.last_name,
    "email": lambda user: user.email,
    "emailAddress": lambda user: user.email,
    "active": lambda user: user.active,
    "lastLoginDate": lambda user: user.last_login or "",
}
_WORKSPACE_SORT = {
    "name": lambda workspace: workspace.name,
    "sizeAllowance": lambda workspace: workspace.size_allowance,
}
_MODEL_SORT = {
    "name": lambda model: model.name,
    "activeState": lambda model: model.active_state,
}


def _is_true(call: Call, parameter: str) -> bool:
    # The Java client sends True (docs/anaplan-behaviour.md#published-clients).
    return call.query.get(parameter, "").lower() == "true"


def list_users(call: Call) -> Response:
    """GET /users."""
    if not state.may_list_users(call.db, call.user):
        raise ApiError(403)
    users = sort_strictly(call, state.all_users(call.db), _USER_SORT)
    if search := call.query.get("s"):
        users = [
            user
            for user in users
            if matches(search, f"{user.first_name} {user.last_name}", user.email, user.id)
        ]
    return listing(call, "users", users, state.describe_user, kind="user", extra_next=True)


def get_own_user(call: Call) -> Response:
    """GET /users/me."""
    return envelope("user", user=state.describe_user(call.user))


def get_user(call: Call) -> Response:
    """GET /users/{id}."""
    user = user_by_id(call.db, call.path["userId"])
    if user is None:
        raise ApiError(404)
    return envelope("user", user=state.describe_user(user))


def list_workspaces(call: Call) -> Response:
    """GET /workspaces, and those of one user."""
    visible = state.visible_workspaces(call.db, _addressed_user(call))
    workspaces = sort_strictly(call, visible, _WORKSPACE_SORT)
    if search := call.query.get("s"):
        workspaces = [each for each in workspaces if matches(search, each.name, each.id)]
    details = _is_true(call, "tenantDetails")
    return listing(
        call,
        "workspaces",
        workspaces,
        lambda workspace: state.describe_workspace(workspace, details=details),
        kind="workspace",
        extra_next=True,
    )


def get_workspace(call: Call) -> Response:
    """GET /workspaces/{w}: 404 except for its administrators.

    Source: docs/anaplan-behaviour.md#access-rules.
    """
    workspace_id = call.path["workspaceId"]
    for workspace in state.visible_workspaces(call.db, call.user):
        if workspace.id == workspace_id and (
            is_workspace_admin(call.db, call.user, workspace_id)
            or is_tenant_admin(call.db, call.user)
        ):
            details = _is_true(call, "tenantDetails")
            body = state.describe_workspace(workspace, details=details)
            return envelope("workspace", workspace=body)
    raise ApiError(404)


def list_admins(call: Call) -> Response:
    """GET /workspaces/{w}/admins."""
    return _list_members(call, "admin")


def list_visitors(call: Call) -> Response:
    """GET /workspaces/{w}/visitors."""
    return _list_members(call, "visitor")


def _list_members(call: Call, role: Literal["admin", "visitor"]) -> Response:
    # Users who are not user administrators get 500 instead of 403
    # (docs/anaplan-behaviour.md#users-workspaces-and-models).
    if not state.is_user_admin(call.db, call.user):
        raise ApiError(500 if call.is_live else 403)
    workspace_id = call.path["workspaceId"]
    if not state.workspace_exists(call.db, workspace_id):
        raise ApiError(404)
    members = state.members(call.db, workspace_id, role)
    return listing(call, f"{role}s", members, state.describe_member, kind=role)


def list_users_of_workspace(call: Call) -> Response:
    """GET /workspaces/{w}/users."""
    workspace_id = call.path["workspaceId"]
    if not can_see_workspace(call.db, call.user, workspace_id):
        raise ApiError(404)
    return _list_users(call, lambda user: workspace_role(call.db, user, workspace_id) is not None)


def list_users_of_model(call: Call) -> Response:
    """GET /models/{m}/users."""
    model = visible_model(call)
    return _list_users(call, lambda user: has_access(call.db, user, model))


def _list_users(call: Call, belongs: Callable[[User], bool]) -> Response:
    if not state.may_list_users(call.db, call.user):
        raise ApiError(403)
    users = [user for user in state.all_users(call.db) if belongs(user)]
    return listing(call, "users", users, state.describe_user, kind="user")


def _addressed_user(call: Call) -> User:
    """Return the user in the path, or else the caller.

    Only administrators can list the models and workspaces of other users.
    """
    user_id = call.path.get("userId", "me")
    if user_id in ("me", call.user.id):
        return call.user
    if not state.may_list_users(call.db, call.user):
        raise ApiError(403)
    user = user_by_id(call.db, user_id)
    if user is None:
        raise ApiError(404)
    return user


def list_models(call: Call) -> Response:
    """GET /models, and those of one workspace or user."""
    models = state.visible_models(call.db, _addressed_user(call))
    workspace_id = call.path.get("workspaceId")
    if workspace_id is not None:
        if not can_see_workspace(call.db, call.user, workspace_id):
            raise ApiError(404)
        models = [model for model in models if model.workspace_id == workspace_id]
    models = sort_strictly(call, models, _MODEL_SORT)
    # The search is ignored unless the user is a tenant administrator
    # (docs/anaplan-behaviour.md#sorting-and-searching).
    search = call.query.get("s")
    if search and is_tenant_admin(call.db, call.user):
        models = [model for model in models if matches(search, model.name, model.id)]
    if call.query.get("archived") == "false":
        models = [model for model in models if model.active_state != "ARCHIVED"]
    details = _is_true(call, "modelDetails")
    return listing(
        call,
        "models",
        models,
        lambda model: state.describe_model(
            model,
            call.user.customer_id,
            details=details,
            busy=details and state.is_busy(call.db, model),
        ),
        kind="model",
        extra_next=True,
    )


def get_model(call: Call) -> Response:
    """GET /models/{m}: also for users without access (docs/anaplan-behaviour.md#access-rules)."""
    model = existing_model(call)
    body = state.describe_model(
        model,
        call.user.customer_id,
        details=_is_true(call, "modelDetails"),
        busy=state.is_busy(call.db, model),
    )
    return envelope("model", model_id=model.id, model=body)


def get_model_status(call: Call) -> Response:
    """GET /models/{m}/status, which has no envelope; POST is documented, with one."""
    model = visible_model(call)
    task = running_task(call.db, model.key)
    if task is not None:
        task = call.tenant.task_runner.poll(task)
        step, tooltip, progress = f"Processing {task.step}", task.step, task.progress
    else:
        step = memory_state(call, model)
        opening = step == "Opening"
        tooltip = "Opening the model" if opening else f"Model is {step.lower()}"
        progress = call.tenant.model_memory.progress(model.key) if opening else -1.0
    is_export = task is not None and task.object_id.startswith(ACTION_PREFIXES["export"])
    status = {
        "tooltip": tooltip,
        "progress": progress,
        "currentStep": step,
        "exportTaskType": "EXPORT" if is_export else None,
        "creationTime": call.tenant.clock.milliseconds(),
        "taskId": task.id if task else None,
        "peakMemoryUsageEstimate": None,
        "peakMemoryUsageTime": None,
    }
    if call.method == "POST":
        return envelope("requestStatus", model_id=model.id, requestStatus=status)
    return JSONResponse({"requestStatus": status})


def open_model(call: Call) -> Response:
    """POST /models/{m}/open."""
    model = visible_model(call)
    if model.active_state == "ARCHIVED":
        raise ApiError(422, "The model is archived")
    if is_offline_to(call, model):
        raise ApiError(424, "The model is offline")
    memory = memory_state(call, model)
    if memory == "Open":
        call.tenant.model_memory.mark_used(model.key)
        return Response(status_code=200)
    if memory == "Closed":
        call.tenant.model_memory.open(call.db, model.key)
    return Response(status_code=202)


def close_model(call: Call) -> Response:
    """POST /models/{m}/close."""
    model = visible_model(call)
    if not is_workspace_admin(call.db, call.user, model.workspace_id):
        raise ApiError(403)
    if model.active_state == "ARCHIVED":
        raise ApiError(422, "The model is archived")
    call.tenant.model_memory.close(call.db, model.key)
    return Response(status_code=204)


def delete_models(call: Call) -> Response:
    """POST /workspaces/{w}/bulkDeleteModels."""
    workspace_id = call.path["workspaceId"]
    if not can_see_workspace(call.db, call.user, workspace_id):
        raise ApiError(404)
    match call.json():
        case {"modelIdsToDelete": [_, *_] as model_ids, **others} if not others:
            pass
        case _:
            raise ApiError(400, "modelIdsToDelete must hold the ids of the models to delete")
    if not is_workspace_admin(call.db, call.user, workspace_id):
        raise ApiError(403)
    deleted, failures = state.delete_models(
        call.db,
        workspace_id,
        list(map(str, model_ids)),
        lambda model: memory_state(call, model) == "Closed",
    )
    body: dict[str, Any] = {"modelsDeleted": deleted}
    if failures or not call.is_live:
        body["bulkDeleteModelsFailures"] = failures
    return envelope("bulkDeleteModels", **body)


ENDPOINTS = [
    Endpoint("GET", "/2/0/users", list_users, INTEGRATION),
    Endpoint("GET", "/2/0/users/me", get_own_user, INTEGRATION),
    Endpoint("GET", "/2/0/users/{userId}", get_user, INTEGRATION),
    # The next two, and the users of a workspace or model, are in older documentation.
    Endpoint("GET", "/2/0/users/{userId}/workspaces", list_workspaces, INTEGRATION),
    Endpoint("GET", "/2/0/users/{userId}/models", list_models, INTEGRATION),
    Endpoint("GET", "/2/0/workspaces/{workspaceId}/users", list_users_of_workspace, INTEGRATION),
    Endpoint("GET", "/2/0/models/{modelId}/users", list_users_of_model, INTEGRATION),
    Endpoint("GET", "/2/0/workspaces", list_workspaces, INTEGRATION),
    Endpoint("GET", "/2/0/workspaces/{workspaceId}", get_workspace, INTEGRATION),
    Endpoint("GET", "/2/0/workspaces/{workspaceId}/admins", list_admins, INTEGRATION),
    Endpoint("GET", "/2/0/workspaces/{workspaceId}/visitors", list_visitors, INTEGRATION),
    Endpoint("GET", "/2/0/workspaces/{workspaceId}/models", list_models, INTEGRATION),
    Endpoint("POST", "/2/0/workspaces/{workspaceId}/bulkDeleteModels", delete_models, INTEGRATION),
    Endpoint("GET", "/2/0/models", list_models, INTEGRATION),
    Endpoint("GET", "/2/0/models/{modelId}", get_model, INTEGRATION),
    Endpoint("GET", "/2/0/models/{modelId}/status", get_model_status, INTEGRATION),
    Endpoint("POST", "/2/0/models/{modelId}/status", get_model_status, INTEGRATION, writes=False),
    Endpoint("POST", "/2/0/models/{modelId}/open", open_model, INTEGRATION),
    Endpoint("POST", "/2/0/models/{modelId}/close", close_model, INTEGRATION),
]
