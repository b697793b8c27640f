"""Routes of the Audit API.

A request for the first page is recorded as an audit event. Requests for other pages are not, so
that the log does not grow while a client reads it page by page.
"""

import json
from datetime import datetime
from typing import Any

from starlette.datastructures import URL
from starlette.responses import JSONResponse, PlainTextResponse, Response

from anaplan_emulator.apis.audit import common_event_format, state
from anaplan_emulator.apis.calls import Call, Endpoint, whole_number
from anaplan_emulator.apis.replies import Api, ApiError, reason_phrase
from anaplan_emulator.store.users import tenant_roles

BASE = "/audit/api/1"


def _error_body(error: ApiError, _path: str, _now: datetime) -> Any:
    phrase = reason_phrase(error.status).upper().replace(" ", "_")
    return {"status": error.code or f"FAILURE_{phrase}", "statusMessage": error.message}


AUDIT = Api(
    name="Audit API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_error_body,
    unauthenticated=lambda: ApiError(
        401, "There is no valid token header in the request.", code="FAILURE_BAD_HEADER"
    ),
    unverified=lambda: ApiError(401, "Token verification failed.", code="FAILURE_BAD_CREDENTIAL"),
)


_DOCUMENTED_LIMIT = 10_000
"""Greatest page size of the guide, which was observed not to be enforced."""


def list_events(call: Call) -> Response:
    """GET /events."""
    start, end, hours = (
        _integer(name, call.query.get(name)) for name in ("dateFrom", "dateTo", "intervalInHours")
    )
    return _response(call, state.time_window(call.tenant.clock.milliseconds(), start, end, hours))


def search_events(call: Call) -> Response:
    """POST /events/search."""
    body = call.json() if call.body.strip() else {}
    if not isinstance(body, dict):
        raise state.bad_request("The request body is not a JSON object")
    start, end, hours = (_json_integer(name, body.get(name)) for name in ("from", "to", "interval"))
    return _response(call, state.time_window(call.tenant.clock.milliseconds(), start, end, hours))


def _response(call: Call, window: state.TimeWindow) -> Response:
    limit = _integer("limit", call.query.get("limit"))
    if limit is None:
        limit = call.tenant.settings.audit_page_size
    offset = _integer("offset", call.query.get("offset")) or 0
    if limit < 1 or offset < 0:
        raise state.bad_request("The limit must be at least 1, and the offset at least 0")
    if limit > _DOCUMENTED_LIMIT and not call.is_live:
        return Response(status_code=204)
    if "tenant_auditor" not in tenant_roles(call.db, call.user):
        raise ApiError(
            401,
            "The user is not authorized to perform this action.",
            code="FAILURE_UNAUTHORIZED_USER_ACTION",
        )
    call.tenant.audit_log.flush()
    event_type = call.query.get("type", "all")
    # The request's transaction began before the latest events were written.
    with call.tenant.store.snapshot() as db:
        selection = state.Selection(
            db,
            window,
            event_type,
            call.tenant.description.customer_guid,
            call.tenant.clock.milliseconds(),
        )
        if _prefers_text(call):
            return PlainTextResponse(common_event_format.to_text(selection.events()))
        events = list(selection.events(limit=limit, offset=offset))
        paging = _paging(call, event_type, limit, offset, len(events), selection.count())
    call.audit.suppressed = offset > 0
    return JSONResponse({"meta": {"paging": paging}, "response": events})


def _paging(
    call: Call, event_type: str, limit: int, offset: int, size: int, total: int
) -> dict[str, Any]:
    paging: dict[str, Any] = {"currentPageSize": size, "totalSize": total, "offSet": offset}
    url = URL(call.url).include_query_params(type=event_type, limit=limit)
    if offset + size < total and size:
        paging["nextOffset"] = offset + size
        paging["nextUrl"] = str(url.include_query_params(offset=offset + size))
    if offset > 0:
        paging["previousUrl"] = str(url.include_query_params(offset=max(0, offset - limit)))
    return paging


def _prefers_text(call: Call) -> bool:
    for accepted in call.headers.get("accept", "").split(","):
        match accepted.partition(";")[0].strip().lower():
            case "text/plain":
                return True
            case "application/json" | "*/*":
                return False
    return False


def _integer(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    number = whole_number(text)
    if number is None:
        raise state.bad_request(f"{name} is not an integer")
    return number


def _json_integer(name: str, value: object) -> int | None:
    if value is None:
        return None
    return _integer(name, json.dumps(value))


ENDPOINTS = [
    Endpoint("GET", f"{BASE}/events", list_events, AUDIT),
    Endpoint("POST", f"{BASE}/events/search", search_events, AUDIT, writes=False),
]
