"""Routes of large-volume read requests."""

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal

from starlette.datastructures import URL
from starlette.responses import Response

from anaplan_emulator.apis.access import (
    Model,
    require_readable,
    require_workspace_admin,
    visible_model,
)
from anaplan_emulator.apis.calls import Call, Endpoint, whole_number
from anaplan_emulator.apis.large_reads import state
from anaplan_emulator.apis.large_reads.state import Kind, ReadRequest
from anaplan_emulator.apis.lists.state import list_by_id
from anaplan_emulator.apis.modules.view_data import requested_layout
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.engine.list_items import list_rows
from anaplan_emulator.engine.views import export_rows, view_by_id

Rows = Iterable[Iterable[str]]

_COLLECTIONS: dict[Kind, Literal["views", "lists"]] = {"view": "views", "list": "lists"}


def create_view_request(call: Call) -> Response:
    """POST /views/{v}/readRequests."""
    model = visible_model(call)
    view = view_by_id(call.db, model.key, call.path["viewId"])
    if view is None:
        raise ApiError(404)
    body = call.json()
    layout = requested_layout(body.get("exportType") if isinstance(body, dict) else None)
    return _create(call, model, "view", lambda db: export_rows(db, view, layout, {}))


def create_list_request(call: Call) -> Response:
    """POST /lists/{l}/readRequests, which needs no body."""
    model = visible_model(call)
    item_list = list_by_id(call.db, model.key, call.path["listId"])
    if item_list is None:
        raise ApiError(404)
    return _create(call, model, "list", lambda db: list_rows(db, item_list))


def get_request(kind: Kind, call: Call) -> Response:
    """GET /readRequests/{r}."""
    model = visible_model(call)
    require_workspace_admin(call, model)
    request = _existing(call, model, kind)
    require_readable(call, model)
    settings = call.tenant.settings
    request = state.record_poll(call.db, request, settings, call.tenant.clock.timestamp())
    request_state, available = state.progress(request, settings)
    return _response(
        call,
        model,
        request,
        request_state,
        availablePages=available,
        successful=request_state == "COMPLETE",
    )


def get_page(kind: Kind, call: Call) -> Response:
    """GET /readRequests/{r}/pages/{n}."""
    model = visible_model(call)
    text = call.path["pageNo"]
    if not (text.isascii() and text.isdecimal()):
        raise ApiError(400, f"Invalid page number: '{text}'")
    require_workspace_admin(call, model)
    request = _existing(call, model, kind)
    require_readable(call, model)
    number = whole_number(text)
    body = None
    if number is not None:
        body = state.page_of(call.db, request, number, call.tenant.settings)
    if number is None or body is None:
        raise ApiError(404)
    state.record_page_read(call.db, request, number, call.tenant.clock.timestamp())
    return Response(body, media_type="text/csv")


def delete_request(kind: Kind, call: Call) -> Response:
    """DELETE /readRequests/{r}."""
    model = visible_model(call)
    require_workspace_admin(call, model)
    request = _existing(call, model, kind)
    request_state, _ = state.progress(request, call.tenant.settings)
    state.delete_request(call.db, request)
    final_state = "COMPLETE" if request_state == "COMPLETE" and request.polls else "CANCELLED"
    return _response(call, model, request, final_state)


def _create(
    call: Call, model: Model, kind: Kind, read: Callable[[sqlite3.Connection], Rows]
) -> Response:
    require_workspace_admin(call, model)
    require_readable(call, model)
    settings, now = call.tenant.settings, call.tenant.clock.timestamp()
    limit = settings.read_request_limit
    requests = state.active_requests(call.db, model.key, call.user.id, now)
    if limit is not None and len(requests) >= limit:
        raise ApiError(429, f"There are already {limit} read requests: delete one")
    with call.tenant.store.session() as session:
        request = state.create_request(
            session,
            read(session.db),
            model=model.key,
            user_id=call.user.id,
            kind=kind,
            object_id=call.path[f"{kind}Id"],
            page_rows=settings.read_request_page_rows,
            now=now,
        )
    held = settings.hold_tasks == "NOT_STARTED" or settings.task_polls > 0
    return _response(call, model, request, "NOT_STARTED" if held else "IN_PROGRESS")


def _existing(call: Call, model: Model, kind: Kind) -> ReadRequest:
    request = state.find_request(
        call.db,
        model=model.key,
        user_id=call.user.id,
        kind=kind,
        object_id=call.path[f"{kind}Id"],
        request_id=call.path["requestId"],
        now=call.tenant.clock.timestamp(),
    )
    if request is None:
        raise ApiError(404)
    return request


def _response(
    call: Call, model: Model, request: ReadRequest, request_state: str, **progress: Any
) -> Response:
    path = (
        f"/2/0/workspaces/{model.workspace_id}/models/{model.id}"
        f"/{_COLLECTIONS[request.kind]}/{request.object_id}/readRequests/{request.id}"
    )
    key = f"{request.kind}ReadRequest"
    body: dict[str, Any] = {
        "requestId": request.id,
        # This is the only API with a number here (docs/anaplan-behaviour.md#ids).
        f"{request.kind}Id": int(request.object_id),
        "requestState": request_state,
        "url": str(URL(call.url).replace(path=path, query="")),
        **progress,
    }
    payload: dict[str, Any] = {key: body}
    return envelope(key, model_id=model.id, **payload)


def _endpoints(kind: Kind, create: Callable[[Call], Response]) -> list[Endpoint]:
    base = f"/2/0/models/{{modelId}}/{_COLLECTIONS[kind]}/{{{kind}Id}}/readRequests"
    one = f"{base}/{{requestId}}"
    return [
        # They write in their own transaction, so that others do not wait while they read.
        Endpoint("POST", base, create, INTEGRATION, writes=False),
        Endpoint("POST", f"{base}/", create, INTEGRATION, writes=False),
        Endpoint("GET", one, partial(get_request, kind), INTEGRATION, writes=True),
        Endpoint("DELETE", one, partial(delete_request, kind), INTEGRATION),
        Endpoint(
            "GET", f"{one}/pages/{{pageNo}}", partial(get_page, kind), INTEGRATION, writes=True
        ),
    ]


ENDPOINTS = [
    *_endpoints("view", create_view_request),
    *_endpoints("list", create_list_request),
]
