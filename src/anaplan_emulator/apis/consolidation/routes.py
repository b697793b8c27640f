"""Routes of the Financial Consolidation API, except for staging tables."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.consolidation import state, tables
from anaplan_emulator.apis.consolidation.requests import authenticated, json_body
from anaplan_emulator.apis.replies import Api, ApiError

BASE = "/api/v2305.1"


def _error_body(error: ApiError, _path: str, _now: datetime) -> Any:
    # The shape of errors is not documented (docs/anaplan-behaviour.md#financial-consolidation-api).
    return {"message": error.message}


CONSOLIDATION = Api(
    name="Financial Consolidation API",
    # It has a header of its own (docs/anaplan-behaviour.md#authorization-schemes).
    schemes=frozenset(),
    error_body=_error_body,
)


class UserInput(BaseModel):
    """A user to add or to change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    userName: str  # noqa: N815 (the API's own spelling)
    fullName: str = ""  # noqa: N815
    isDisabled: bool = False  # noqa: N815
    email: str = ""
    roles: list[str] = []


def list_dimensions(call: Call) -> Response:
    """GET /metadata/Dimensions."""
    return JSONResponse(state.dimensions(call.db))


def list_dimensions_of_model(call: Call) -> Response:
    """GET /metadata/models/{model}/Dimensions."""
    return JSONResponse(state.dimensions_of_model(call.db, call.path["modelName"]))


def list_members(call: Call) -> Response:
    """GET /metadata/Dimensions/{dimension}."""
    members = state.members(call.db, call.path["dimensionName"])
    requested = tables.requested_page(call, call.tenant.settings.consolidation_page_limit)
    page, size = requested or (1, max(1, len(members)))
    return JSONResponse(
        {
            "dimensionMembers": members[(page - 1) * size : page * size],
            "totalRows": len(members),
            "currentPage": page,
            "totalPages": -(-len(members) // size),
        }
    )


def start_workflow(call: Call) -> Response:
    """POST /process/start/{path}/{workflow}."""
    if call.body.strip() and not isinstance(json_body(call), list):
        raise ApiError(400, "The parameters of a workflow are a JSON array.")
    state.start_workflow(call.db, *_workflow(call), call.tenant.clock.timestamp())
    return Response()


def stop_workflow(call: Call) -> Response:
    """POST /process/stop/{path}/{workflow}."""
    state.stop_workflow(call.db, *_workflow(call), call.tenant.clock.timestamp())
    return Response()


def get_workflow_state(call: Call) -> Response:
    """GET /process/state/{path}/{workflow}."""
    now = call.tenant.clock.timestamp()
    return JSONResponse(state.workflow_state(call.db, *_workflow(call), now))


def list_users(call: Call) -> Response:
    """GET /users."""
    return JSONResponse(state.users(call.db))


def add_users(call: Call) -> Response:
    """POST /users: the response is the user if there is one, otherwise a list."""
    added = [
        state.add_user(call.db, user.model_dump())
        for user in _body(call, TypeAdapter(list[UserInput]))
    ]
    return JSONResponse(added[0] if len(added) == 1 else added)


def update_user(call: Call) -> Response:
    """PUT /users."""
    given = _body(call, TypeAdapter(UserInput)).model_dump(exclude_unset=True)
    return JSONResponse(state.update_user(call.db, given))


def delete_user(call: Call) -> Response:
    """DELETE /users/{username}: this succeeds for an unknown user as well.

    Source: docs/anaplan-behaviour.md#financial-consolidation-api.
    """
    state.delete_user(call.db, call.path["username"])
    return Response()


def list_roles(call: Call) -> Response:
    """GET /user/{username}/roles."""
    return JSONResponse(state.roles(call.db, call.path["username"]))


def assign_roles(call: Call) -> Response:
    """PUT /user/{username}/roles: adds roles to those of the user."""
    state.assign_roles(call.db, call.path["username"], _body(call, TypeAdapter(list[str])))
    return list_roles(call)


def remove_role(call: Call) -> Response:
    """DELETE /user/{username}/roles: removes the role in the body, a JSON string."""
    state.remove_role(call.db, call.path["username"], _body(call, TypeAdapter(str)))
    return list_roles(call)


def _workflow(call: Call) -> tuple[str, str]:
    return call.path["path"], call.path["workflow"]


def _body(call: Call, shape: TypeAdapter[Any]) -> Any:
    try:
        return shape.validate_python(json_body(call), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        location = ".".join(str(step) for step in first["loc"]) or "body"
        raise ApiError(400, f"{location}: {first['msg']}") from error


def _endpoint(method: str, path: str, handler: Callable[[Call], Response]) -> Endpoint:
    return Endpoint(
        method, f"{BASE}{path}", authenticated(handler), CONSOLIDATION, authenticated=False
    )


_TABLE = "/odata/{tableName}"
_WORKFLOW = "{path:path}/{workflow}"
_ROLES = "/user/{username}/roles"

ENDPOINTS = [
    _endpoint("GET", _TABLE, tables.read_table),
    _endpoint("POST", _TABLE, tables.add_row),
    _endpoint("PUT", _TABLE, tables.update_rows),
    _endpoint("DELETE", _TABLE, tables.delete_rows),
    _endpoint("POST", "/odata/batch/{tableName}", tables.add_rows),
    _endpoint("GET", "/metadata/Dimensions", list_dimensions),
    _endpoint("GET", "/metadata/Dimensions/{dimensionName}", list_members),
    _endpoint("GET", "/metadata/models/{modelName}/Dimensions", list_dimensions_of_model),
    _endpoint("POST", f"/process/start/{_WORKFLOW}", start_workflow),
    _endpoint("POST", f"/process/stop/{_WORKFLOW}", stop_workflow),
    _endpoint("GET", f"/process/state/{_WORKFLOW}", get_workflow_state),
    _endpoint("GET", "/users", list_users),
    _endpoint("POST", "/users", add_users),
    _endpoint("PUT", "/users", update_user),
    _endpoint("DELETE", "/users/{username}", delete_user),
    _endpoint("GET", _ROLES, list_roles),
    _endpoint("PUT", _ROLES, assign_roles),
    _endpoint("DELETE", _ROLES, remove_role),
]
