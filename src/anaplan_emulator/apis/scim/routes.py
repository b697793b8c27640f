"""Routes of the SCIM API."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.datastructures import URL
from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.replies import Api, ApiError
from anaplan_emulator.apis.scim import state
from anaplan_emulator.apis.scim.bodies import invalid, read_patch, read_user_body
from anaplan_emulator.apis.scim.discovery import (
    LIST_RESPONSE,
    RESOURCE_TYPES,
    SCHEMAS,
    SERVICE_PROVIDER_CONFIG,
)
from anaplan_emulator.apis.scim.filters import FilterError, parse_filter
from anaplan_emulator.store.users import tenant_roles

BASE = "/scim/1/0/v2"


def _error_body(error: ApiError, _path: str, _now: datetime) -> Any:
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": error.message,
        "status": str(error.status),
    }
    return body | {"scimType": error.code} if error.code else body


SCIM = Api(
    name="SCIM API",
    schemes=frozenset({"AnaplanAuthToken", "Bearer"}),
    error_body=_error_body,
    key_schemes=frozenset({"Bearer"}),
    accepts_basic=True,
    media_type="application/scim+json",
)


def list_users(call: Call) -> Response:
    """GET /Users."""
    _require_role(call)
    settings = call.tenant.settings
    # According to RFC 7644, smaller values mean the minimum.
    start = max(1, _number(call, "startIndex", 1))
    count = max(0, _number(call, "count", min(settings.scim_page_size, settings.scim_page_limit)))
    if count > settings.scim_page_limit:
        raise invalid(f"count is greater than {settings.scim_page_limit}")
    users = state.visible_users(call.db)
    if (text := call.query.get("filter")) is not None:
        try:
            matches = parse_filter(text)
        except FilterError as error:
            raise invalid(str(error)) from error
        users = [user for user in users if matches(user.attributes)]
    page = users[start - 1 : start - 1 + count]
    return _scim(
        {
            "schemas": [LIST_RESPONSE],
            "totalResults": len(users),
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": [_describe(call, user) for user in page],
        }
    )


def get_user(call: Call) -> Response:
    """GET /Users/{id}."""
    _require_role(call)
    return _scim(_describe(call, state.visible_user(call.db, call.path["id"])))


def create_user(call: Call) -> Response:
    """POST /Users."""
    request = read_user_body(_json(call))
    _require_role(call)
    body = _describe(call, state.create(call, request))
    return _scim(body, 201, {"Location": body["meta"]["location"]})


def replace_user(call: Call) -> Response:
    """PUT /Users/{id}."""
    body = read_user_body(_json(call))
    _require_role(call)
    before = state.visible_user(call.db, call.path["id"])
    return _scim(_describe(call, state.replace(call, before, body)))


def patch_user(call: Call) -> Response:
    """PATCH /Users/{id}: 207 if some entitlements could not be applied."""
    changes = read_patch(_json(call))
    _require_role(call)
    before = state.visible_user(call.db, call.path["id"])
    after, complete = state.patch(call, before, changes)
    return _scim(_describe(call, after), 200 if complete else 207)


def reject(call: Call) -> Response:
    """POST /Users/.search and DELETE /Users/{id}: these are not supported."""
    _require_role(call)
    raise ApiError(501)


def _discovery(document: dict[str, Any]) -> Callable[[Call], Response]:
    return lambda _: _scim(document)


def _require_role(call: Call) -> None:
    if "user_admin" not in tenant_roles(call.db, call.user):
        raise ApiError(403, "The role USER_ADMIN is required")


def _describe(call: Call, user: state.ScimUser) -> dict[str, Any]:
    url = URL(call.url)
    return state.describe(user, f"{url.scheme}://{url.netloc}{BASE}/Users/{user.id}")


def _json(call: Call) -> object:
    try:
        return call.json()
    except ApiError as error:
        raise invalid(error.message, "invalidSyntax") from error


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise invalid(f"{name} is not a number") from error


def _scim(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(body, status, headers, media_type=SCIM.media_type)


ENDPOINTS = [
    Endpoint("GET", f"{BASE}/Users", list_users, SCIM),
    Endpoint("POST", f"{BASE}/Users", create_user, SCIM),
    Endpoint("POST", f"{BASE}/Users/.search", reject, SCIM, writes=False),
    Endpoint("GET", f"{BASE}/Users/{{id}}", get_user, SCIM),
    Endpoint("PUT", f"{BASE}/Users/{{id}}", replace_user, SCIM),
    Endpoint("PATCH", f"{BASE}/Users/{{id}}", patch_user, SCIM),
    Endpoint("DELETE", f"{BASE}/Users/{{id}}", reject, SCIM, writes=False),
    *(
        Endpoint("GET", f"{BASE}/{name}", _discovery(document), SCIM, authenticated=False)
        for name, document in (
            ("ServiceProviderConfig", SERVICE_PROVIDER_CONFIG),
            ("ResourceTypes", RESOURCE_TYPES),
            ("Schemas", SCHEMAS),
        )
    ),
]
