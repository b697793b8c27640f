"""Routes of the Exception Users API. The body is checked before the role.

Source: docs/anaplan-behaviour.md#exception-users-api.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.exception_users import state
from anaplan_emulator.apis.replies import Api, ApiError
from anaplan_emulator.store.users import tenant_roles, user_by_id, workspace_role

BASE = "/admin/1/0/permissions/exception-users"

_GUID = re.compile(r"[0-9a-f]{32}")


def _error_body(error: ApiError, _path: str, _now: datetime) -> Any:
    code = error.code or {
        400: "FAILURE_BAD_REQUEST",
        401: "FAILURE_INVALID_TOKEN",
        403: "FAILURE_UNAUTHORIZED_USER_ACTION",
        404: "FAILURE_NOT_FOUND",
    }.get(error.status, f"FAILURE_{error.status}")
    return {"status": code, "statusMessage": error.message}


EXCEPTION_USERS = Api(
    name="Exception Users API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_error_body,
    unauthenticated=lambda: ApiError(
        400, "The Authorization header is missing or malformed.", code="FAILURE_BAD_HEADER"
    ),
    unverified=lambda: ApiError(401, "The token is unknown or has expired."),
    key_schemes=frozenset({"AnaplanApiKey"}),
)


def search(call: Call) -> Response:
    """POST /search: no role is required, as observed; the documentation requires one."""
    body = _body(call)
    given = [name for name in ("workspaceGuid", "userGuid") if body.get(name) is not None]
    if len(given) != 1:
        raise ApiError(400, "Exactly one of workspaceGuid and userGuid is required")
    guid = _guid(body, given[0])
    if not call.is_live:
        _require_role(call)
    if given == ["workspaceGuid"]:
        if state.workspace(call.db, guid) is None:
            raise ApiError(404, "Workspace not found")
        return JSONResponse({"response": state.in_workspace(call.db, guid)})
    if user_by_id(call.db, guid) is None:
        raise ApiError(404, "User not found")
    return JSONResponse({"response": state.of_user(call.db, guid)})


def change(call: Call) -> Response:
    """PATCH /users/{userGuid}: assign or unassign another user."""
    body = _body(call)
    if body.get("op") not in ("assign", "unassign"):
        raise ApiError(400, "op must be assign or unassign")
    workspace_id = _guid(body, "workspaceGuid")
    assigned = body["op"] == "assign"
    user_id = call.path["userGuid"]
    attributes = {"role": "Exception User", "workspaceId": workspace_id}
    try:
        _require_role(call)
        if user_id == call.user.id:
            raise ApiError(403, "Users cannot change their own exception", code="FAILURE_GENERIC")
    except ApiError:
        denied = "AUTHZ-3" if assigned else "AUTHZ-5"
        call.audit.record(denied, object_id=user_id, attributes=attributes, error_number="403")
        raise
    user = user_by_id(call.db, user_id)
    if user is None:
        raise ApiError(404, "User not found")
    workspace = state.workspace(call.db, workspace_id)
    if workspace is None:
        raise ApiError(404, "Workspace not found")
    if not workspace["single_sign_on"]:
        raise ApiError(400, "The workspace has no single sign-on")
    if workspace_role(call.db, user, workspace_id) is None:
        raise ApiError(400, "The user is not in the workspace")
    state.change(call.db, workspace_id, user_id, assigned=assigned)
    call.audit.record(
        "AUTHZ-2" if assigned else "AUTHZ-4",
        object_id=user_id,
        attributes=attributes,
    )
    return Response(status_code=204)


def _body(call: Call) -> Mapping[str, object]:
    body = call.json()
    if not isinstance(body, dict):
        raise ApiError(400, "The request body is not a JSON object")
    return body


def _guid(body: Mapping[str, object], name: str) -> str:
    guid = body.get(name)
    if not isinstance(guid, str) or not _GUID.fullmatch(guid):
        raise ApiError(400, f"{name} is missing or invalid")
    return guid


def _require_role(call: Call) -> None:
    if "tenant_security_admin" not in tenant_roles(call.db, call.user):
        raise ApiError(403, "The role Tenant Security Administrator is required")


ENDPOINTS = [
    Endpoint("POST", f"{BASE}/search", search, EXCEPTION_USERS, writes=False),
    Endpoint("PATCH", f"{BASE}/users/{{userGuid}}", change, EXCEPTION_USERS),
]
