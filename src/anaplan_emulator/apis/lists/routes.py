"""Routes of lists and their items."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from starlette.responses import Response

from anaplan_emulator.apis.access import (
    Model,
    changeable_model,
    readable_model,
    require_workspace_admin,
    visible_model,
)
from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.apis.lists import state
from anaplan_emulator.apis.lists.changes import ListChange, Result
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, csv_text, envelope
from anaplan_emulator.engine.cells import item_count
from anaplan_emulator.engine.list_items import (
    Item,
    preview_rows,
    read_items,
    read_subsets,
    top_level_item,
)
from anaplan_emulator.engine.structure import ListStructure, list_by_key, properties, record_change

_PREVIEW_ROWS = 1000
_DEPLOYED = ("PRODUCTION", "PRODUCTION_MAINTENANCE")


def list_lists(call: Call) -> Response:
    """GET /lists."""
    model = readable_model(call)
    lists = sort_leniently(
        call,
        state.all_lists(call.db, model.key),
        {"name": lambda each: each.name, "id": lambda each: each.id},
    )
    return listing(
        call,
        "lists",
        lists,
        lambda each: {"id": each.id, "name": each.name},
        kind="list",
        model_id=model.id,
    )


def get_list(call: Call) -> Response:
    """GET /lists/{l}."""
    model = readable_model(call)
    metadata = state.describe_list(call.db, _addressed_list(call, model))
    return envelope("listMetadata", model_id=model.id, metadata=metadata)


def list_items(call: Call) -> Response:
    """GET /lists/{l}/items: all items, unless a page is requested."""
    model = readable_model(call)
    item_list = _addressed_list(call, model)
    limit = call.tenant.settings.list_items_limit
    if item_count(call.db, item_list) > limit:
        raise ApiError(400, f"The list has more than {limit} items: use a read request")
    include_all = call.query.get("includeAll", "").lower() == "true"
    fields = properties(call.db, item_list.key) if include_all else ()
    list_subsets = read_subsets(call.db, item_list.key) if include_all else ()
    parent_list = list_by_key(call.db, item_list.parent) if item_list.parent is not None else None
    top = top_level_item(call.db, item_list.key)

    def describe(item: Item) -> dict[str, Any]:
        body = state.describe_item(call.db, item_list, parent_list, top, item)
        return body | state.describe_values(fields, list_subsets, item) if include_all else body

    items = list(read_items(call.db, item_list, fields=fields, subsets=list_subsets))
    if "text/csv" in call.headers.get("accept", ""):
        return _csv(state.csv_rows(map(describe, items), list_subsets, fields))
    return listing(
        call,
        "listItems",
        items,
        describe,
        kind="listItem",
        model_id=model.id,
        unlimited=True,
    )


def preview(call: Call) -> Response:
    """GET /lists/{l}/preview: the first 1000 items, as CSV."""
    item_list = _addressed_list(call, readable_model(call))
    return _csv(islice(preview_rows(call.db, item_list), _PREVIEW_ROWS + 1))


def post_items(call: Call) -> Response:
    """POST /lists/{l}/items?action=add and ?action=delete."""
    action = call.query.get("action")
    visible_model(call)
    if action not in ("add", "delete"):
        raise ApiError(400, "action must be add or delete")
    model, change = _change(call)
    if action == "add":
        return _result(call, model, "added", change.add())
    return _result(call, model, "deleted", change.delete())


def put_items(call: Call) -> Response:
    """PUT /lists/{l}/items."""
    model, change = _change(call)
    return _result(call, model, "updated", change.update())


def reset_index(call: Call) -> Response:
    """POST /lists/{l}/resetIndex."""
    visible = visible_model(call)
    item_list = _addressed_list(call, visible)
    require_workspace_admin(call, visible)
    model = changeable_model(call)
    if model.active_state in _DEPLOYED and not item_list.production_data:
        raise ApiError(400, f"{item_list.name} is not production data, and the model is deployed")
    if item_count(call.db, item_list):
        raise ApiError(400, f"{item_list.name} has items")
    state.reset_index(call.db, item_list)
    return Response(status_code=200)


def _addressed_list(call: Call, model: Model) -> ListStructure:
    item_list = state.list_by_id(call.db, model.key, call.path["listId"])
    if item_list is None:
        raise ApiError(404)
    return item_list


def _change(call: Call) -> tuple[Model, ListChange]:
    visible = visible_model(call)
    item_list = _addressed_list(call, visible)
    items = _requested_items(call)
    require_workspace_admin(call, visible)
    model = changeable_model(call)
    if model.active_state in _DEPLOYED and not item_list.production_data:
        raise ApiError(425, f"{item_list.name} is not production data, and the model is deployed")
    return model, ListChange(call.db, model.key, item_list, items)


def _requested_items(call: Call) -> list[Mapping[str, object]]:
    body = call.json()
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ApiError(400, "items must be an array of objects")
    limit = call.tenant.settings.list_changes_limit
    if len(items) > limit:
        raise ApiError(400, f"A request may contain at most {limit} items")
    return items


def _result(call: Call, model: Model, verb: str, result: Result) -> Response:
    if result.done:
        record_change(call.db, model.key, call.user.id, call.tenant.clock.now())
    body: dict[str, Any] = {
        verb: result.done,
        "ignored": result.total - result.done,
        "total": result.total,
    }
    if result.failures or not call.is_live:
        body["failures"] = result.failures
    return envelope("listItem", model_id=model.id, **body)


def _csv(rows: Iterable[Iterable[object]]) -> Response:
    return Response(csv_text(rows), media_type="text/csv")


_LIST = "/2/0/models/{modelId}/lists/{listId}"
ENDPOINTS = [
    Endpoint("GET", "/2/0/models/{modelId}/lists", list_lists, INTEGRATION),
    Endpoint("GET", _LIST, get_list, INTEGRATION),
    Endpoint("GET", f"{_LIST}/items", list_items, INTEGRATION),
    Endpoint("POST", f"{_LIST}/items", post_items, INTEGRATION),
    Endpoint("PUT", f"{_LIST}/items", put_items, INTEGRATION),
    Endpoint("POST", f"{_LIST}/resetIndex", reset_index, INTEGRATION),
    Endpoint("GET", f"{_LIST}/preview", preview, INTEGRATION),
]
