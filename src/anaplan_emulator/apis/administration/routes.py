"""Routes of the Administration API."""

from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.access import is_tenant_admin
from anaplan_emulator.apis.administration import state
from anaplan_emulator.apis.administration.uploads import HEADER, file_in_form, invalid, read_rows
from anaplan_emulator.apis.calls import Call, Endpoint, integer_parameter
from anaplan_emulator.apis.replies import Api, ApiError, csv_text, reason_phrase

BASE = "/admin/1/0/users"


def _error_body(error: ApiError, _path: str, _now: datetime) -> Any:
    if "WWW-Authenticate" in error.headers:
        return None
    phrase = reason_phrase(error.status).upper().replace(" ", "_")
    return {"status": error.code or phrase, "message": error.message}


ADMINISTRATION = Api(
    name="Administration API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_error_body,
    unauthenticated=lambda: ApiError(401, headers={"WWW-Authenticate": "Bearer"}),
    unverified=lambda: ApiError(401, "The token is unknown or has expired."),
)


def import_users(call: Call) -> Response:
    """PUT /import."""
    content = file_in_form(call.headers.get("content-type", ""), call.body)
    rows = read_rows(content, call.tenant.settings.administration_row_limit)
    _require_role(call)
    return JSONResponse(state.import_users(call, rows), status_code=207)


def export_users(call: Call) -> Response:
    """GET /export."""
    limit = _number(call, "Limit")
    offset = _number(call, "Offset") or 0
    _require_role(call)
    text = csv_text([HEADER, *state.exported_users(call.db, limit, offset)])
    return Response(text, media_type="text/csv")


def _require_role(call: Call) -> None:
    """Require a tenant administrator; the errors are as observed or as documented.

    Source: docs/anaplan-behaviour.md#administration-api.
    """
    if is_tenant_admin(call.db, call.user):
        return
    if not call.is_live:
        raise ApiError(403)
    if call.token is not None and call.token.grant_id is not None:
        raise ApiError(401, "Access is denied", code="ACCESS_CONTROL_DENIED")
    raise ApiError(500, code="INTERNAL_SERVER_ERROR")


def _number(call: Call, name: str) -> int | None:
    error = invalid(f"{name} is not a number, or is too large")
    return integer_parameter(call.query.get(name), error)


ENDPOINTS = [
    Endpoint("PUT", f"{BASE}/import", import_users, ADMINISTRATION),
    Endpoint("GET", f"{BASE}/export", export_users, ADMINISTRATION),
]
