"""HTTP in and out of the Administration API."""

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.access import is_tenant_admin
from anaplan_emulator.apis.administration import state
from anaplan_emulator.apis.administration.uploads import (
    HEADER,
    file_in_form,
    invalid,
    read_rows,
)
from anaplan_emulator.calls import Call, Endpoint, whole_number
from anaplan_emulator.replies import ADMINISTRATION, ApiError, csv_text

BASE = "/admin/1/0/users"


def import_users(call: Call) -> Response:
    """PUT /import."""
    content = file_in_form(call.headers.get("content-type", ""), call.body)
    rows = read_rows(content, call.world.settings.administration_row_limit)
    _require_role(call)
    return JSONResponse(state.import_users(call, rows), status_code=207)


def export_users(call: Call) -> Response:
    """GET /export."""
    limit = _number(call, "Limit")
    offset = _number(call, "Offset") or 0
    _require_role(call)
    text = csv_text([HEADER, *state.exported(call.db, limit, offset)])
    return Response(text, media_type="text/csv")


def _require_role(call: Call) -> None:
    """Refuse who doesn't administer the tenant, as was observed or as is documented (facts 10)."""
    if is_tenant_admin(call.db, call.user):
        return
    if call.world.settings.quirks == "docs":
        raise ApiError(403)
    if call.token is not None and call.token.grant_id is not None:
        raise ApiError(401, "Access is denied", code="ACCESS_CONTROL_DENIED")
    raise ApiError(500, code="INTERNAL_SERVER_ERROR")


def _number(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    number = whole_number(text)
    if number is None or number < 0:
        raise invalid(f"{name} is not a number, or too great a one")
    return number


ENDPOINTS = [
    Endpoint("PUT", f"{BASE}/import", import_users, ADMINISTRATION),
    Endpoint("GET", f"{BASE}/export", export_users, ADMINISTRATION),
]
