"""HTTP in and out of the Audit API.

Reading the trail leaves an event as well, one at its first page. Other pages leave none, so that
a trail doesn't grow under whoever pages through it.
"""

import json
from typing import Any

from starlette.datastructures import URL
from starlette.responses import JSONResponse, PlainTextResponse, Response

from anaplan_emulator.apis.audit import common_event_format, state
from anaplan_emulator.calls import Call, Endpoint, whole_number
from anaplan_emulator.replies import AUDIT, ApiError
from anaplan_emulator.store.users import tenant_roles

BASE = "/audit/api/1"


def list_events(call: Call) -> Response:
    """GET /events."""
    start, end, hours = (
        _whole_number(name, call.query.get(name))
        for name in ("dateFrom", "dateTo", "intervalInHours")
    )
    return _answer(call, state.window(call.world.clock.milliseconds(), start, end, hours))


def search_events(call: Call) -> Response:
    """POST /events/search."""
    asked = call.json() if call.body.strip() else {}
    if not isinstance(asked, dict):
        raise state.bad_request("The request body is not a JSON object")
    start, end, hours = (_json_number(name, asked.get(name)) for name in ("from", "to", "interval"))
    return _answer(call, state.window(call.world.clock.milliseconds(), start, end, hours))


def _answer(call: Call, window: state.Window) -> Response:
    limit = _whole_number("limit", call.query.get("limit"))
    if limit is None:
        limit = call.world.settings.audit_page_size
    offset = _whole_number("offset", call.query.get("offset")) or 0
    if limit < 1 or offset < 0:
        raise state.bad_request("The limit must be at least 1, and the offset at least 0")
    if "tenant_auditor" not in tenant_roles(call.db, call.user):
        raise ApiError(
            401,
            "The user is not authorized to perform this action.",
            code="FAILURE_UNAUTHORIZED_USER_ACTION",
        )
    call.world.trail.flush()
    family = call.query.get("type", "all")
    # The call's own snapshot is from before the latest events were written.
    with call.world.store.snapshot() as db:
        selection = state.Selection(
            db,
            window,
            family,
            call.world.tenant.customer_guid,
            call.world.clock.milliseconds(),
        )
        if _wants_text(call):
            return PlainTextResponse(common_event_format.write(selection.events()))
        events = list(selection.events(limit=limit, offset=offset))
        paging = _paging(call, family, limit, offset, len(events), selection.count())
    call.account.quiet = offset > 0
    return JSONResponse({"meta": {"paging": paging}, "response": events})


def _paging(
    call: Call, family: str, limit: int, offset: int, size: int, total: int
) -> dict[str, Any]:
    paging: dict[str, Any] = {"currentPageSize": size, "totalSize": total, "offSet": offset}
    url = URL(call.url).include_query_params(type=family, limit=limit)
    if offset + size < total and size:
        paging["nextOffset"] = offset + size
        paging["nextUrl"] = str(url.include_query_params(offset=offset + size))
    if offset > 0:
        paging["previousUrl"] = str(url.include_query_params(offset=max(0, offset - limit)))
    return paging


def _wants_text(call: Call) -> bool:
    for accepted in call.headers.get("accept", "").split(","):
        match accepted.partition(";")[0].strip().lower():
            case "text/plain":
                return True
            case "application/json" | "*/*":
                return False
    return False


def _whole_number(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    number = whole_number(text)
    if number is None:
        raise state.bad_request(f"{name} is not a whole number")
    return number


def _json_number(name: str, value: object) -> int | None:
    if value is None:
        return None
    return _whole_number(name, json.dumps(value))


ENDPOINTS = [
    Endpoint("GET", f"{BASE}/events", list_events, AUDIT),
    Endpoint("POST", f"{BASE}/events/search", search_events, AUDIT, writes=False),
]
