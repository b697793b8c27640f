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
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.apis.lists import state
from anaplan_emulator.apis.lists.changes import ListChange, Result
from anaplan_emulator.calls import Call, Endpoint
from anaplan_emulator.engine.cells import item_count
from anaplan_emulator.engine.list_table import (
    Item,
    list_rows,
    read_items,
    subsets,
    top_level_item,
)
from anaplan_emulator.engine.structure import ListStructure, list_by_key, note_change, properties
from anaplan_emulator.replies import INTEGRATION, ApiError, csv_text, envelope

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
    """GET /lists/{l}/items: all at once, unless asked for by page."""
    model = readable_model(call)
    items_of = _addressed_list(call, model)
    most = call.world.settings.list_items_limit
    if item_count(call.db, items_of) > most:
        raise ApiError(400, f"The list has more than {most} items: use a read request")
    if "text/csv" in call.headers.get("accept", ""):
        return _csv(list_rows(call.db, items_of))
    everything = call.query.get("includeAll", "").lower() == "true"
    fields = properties(call.db, items_of.key) if everything else ()
    within = subsets(call.db, items_of.key) if everything else ()
    above = list_by_key(call.db, items_of.parent) if items_of.parent is not None else None
    top = top_level_item(call.db, items_of.key)

    def describe(item: Item) -> dict[str, Any]:
        body = state.describe_item(items_of, above, top, item)
        return body | state.describe_values(fields, within, item) if everything else body

    return listing(
        call,
        "listItems",
        list(read_items(call.db, items_of, fields=fields, within=within)),
        describe,
        kind="listItem",
        model_id=model.id,
        unlimited=True,
    )


def preview(call: Call) -> Response:
    """GET /lists/{l}/preview: the first 1000 items, as CSV."""
    items_of = _addressed_list(call, readable_model(call))
    return _csv(islice(list_rows(call.db, items_of), _PREVIEW_ROWS + 1))


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
    items_of = _addressed_list(call, visible)
    require_workspace_admin(call, visible)
    model = changeable_model(call)
    if model.active_state in _DEPLOYED and not items_of.production_data:
        raise ApiError(400, f"{items_of.name} is not production data, and the model is deployed")
    if item_count(call.db, items_of):
        raise ApiError(400, f"{items_of.name} has items")
    state.reset_index(call.db, items_of)
    return Response(status_code=200)


def _addressed_list(call: Call, model: Model) -> ListStructure:
    items_of = state.list_by_id(call.db, model.key, call.path["listId"])
    if items_of is None:
        raise ApiError(404)
    return items_of


def _change(call: Call) -> tuple[Model, ListChange]:
    visible = visible_model(call)
    items_of = _addressed_list(call, visible)
    items = _asked(call)
    require_workspace_admin(call, visible)
    model = changeable_model(call)
    if model.active_state in _DEPLOYED and not items_of.production_data:
        raise ApiError(425, f"{items_of.name} is not production data, and the model is deployed")
    return model, ListChange(call.db, model.key, items_of, items)


def _asked(call: Call) -> list[Mapping[str, object]]:
    body = call.json()
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ApiError(400, "items must be an array of objects")
    most = call.world.settings.list_changes_limit
    if len(items) > most:
        raise ApiError(400, f"No more than {most} items are taken at once")
    return items


def _result(call: Call, model: Model, verb: str, result: Result) -> Response:
    if result.done:
        note_change(call.db, model.key, call.user.id, call.world.clock.now())
    body: dict[str, Any] = {
        verb: result.done,
        "ignored": result.total - result.done,
        "total": result.total,
    }
    if result.failures or call.world.settings.quirks == "docs":
        body["failures"] = result.failures
    return envelope("listItem", model_id=model.id, **body)


def _csv(rows: Iterable[list[str]]) -> Response:
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
