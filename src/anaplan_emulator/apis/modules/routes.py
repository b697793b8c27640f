"""Routes of modules, line items, views, dimensions and cells."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.responses import Response

from anaplan_emulator.apis.access import (
    Model,
    readable_model,
    require_changeable,
    require_readable,
    require_workspace_admin,
    visible_model,
)
from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.apis.modules import cell_requests, dimensions, metadata, view_data
from anaplan_emulator.apis.modules.dimensions import Item
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.engine.cell_write import WritesRefused, write_cells
from anaplan_emulator.engine.cells import visible_items
from anaplan_emulator.engine.edit_limits import EditLimits
from anaplan_emulator.engine.structure import (
    Field,
    ModuleStructure,
    module_by_id,
    modules,
    record_change,
)
from anaplan_emulator.engine.views import View, list_views, view_by_id
from anaplan_emulator.tenant.action_definitions import LINE_ITEMS

_NAMED_SORT = {"id": lambda each: each.id, "name": lambda each: each.name}
_VIEW_SORT = {**_NAMED_SORT, "moduleId": lambda view: view.module_id}
_LINE_ITEM_SORT = {
    "id": lambda pair: pair[1].id,
    "name": lambda pair: pair[1].name,
    "moduleId": lambda pair: pair[0].id,
}


def list_modules(call: Call) -> Response:
    """GET /modules."""
    model = readable_model(call)
    return listing(
        call,
        "modules",
        sort_leniently(call, modules(call.db, model.key), _NAMED_SORT),
        lambda module: {"id": module.id, "name": module.name},
        kind="module",
        model_id=model.id,
    )


def list_line_items(call: Call) -> Response:
    """GET /lineItems, and those of one module."""
    model = readable_model(call)
    in_module = "moduleId" in call.path
    selected = [_find_module(call, model)] if in_module else modules(call.db, model.key)
    pairs = [(module, item) for module in selected for item in module.line_items]
    include_all = call.query.get("includeAll", "").lower() == "true"
    return listing(
        call,
        "items",
        sort_leniently(call, pairs, _LINE_ITEM_SORT),
        lambda pair: metadata.describe_line_item(
            call.db, pair[0], pair[1], include_all=include_all
        ),
        kind="lineItem",
        model_id=model.id,
    )


def list_line_item_dimensions(call: Call) -> Response:
    """GET /lineItems/{li}/dimensions."""
    model = readable_model(call)
    found = _find_line_item(call, model)
    return listing(
        call,
        "dimensions",
        found[0].dimensions if found else (),
        lambda dimension: {"id": dimension.id, "name": dimension.name},
        kind="dimension",
        model_id=model.id,
    )


def list_line_item_dimension_items(call: Call) -> Response:
    """GET /lineItems/{li}/dimensions/{d}/items."""
    model = readable_model(call)
    found = _find_line_item(call, model)
    if found is None:
        return _items(call, model, [])
    for dimension in found[0].dimensions:
        if dimension.id == call.path["dimensionId"]:
            items = dimensions.all_items(call.db, dimension)
            return _items(call, model, dimensions.require_within_limit(call, items))
    raise ApiError(404)


def list_model_views(call: Call) -> Response:
    """GET /views, and those of one module."""
    model = readable_model(call)
    subsidiary = call.query.get("includesubsidiaryviews", "").lower() == "true"
    found = list_views(call.db, model.key, subsidiary=subsidiary)
    in_module = "moduleId" in call.path
    if in_module:
        module = _find_module(call, model)
        found = [view for view in found if view.module_id == module.id]
    return listing(
        call,
        "views",
        sort_leniently(call, found, _VIEW_SORT),
        partial(metadata.describe_view, in_module=in_module),
        kind="view",
        model_id=model.id,
    )


def get_view(call: Call) -> Response:
    """GET /views/{v}."""
    model = readable_model(call)
    view = _find_view(call, model)
    return envelope(
        "view",
        model_id=model.id,
        viewName=view.name,
        viewId=view.id,
        **metadata.describe_axes(view),
    )


def get_view_data(call: Call) -> Response:
    """GET /views/{v}/data."""
    model = visible_model(call)
    view = _find_view(call, model)
    request = view_data.parse_request(call, view)
    require_workspace_admin(call, model)
    require_readable(call, model)
    return view_data.view_data_response(call, view, request)


def list_view_dimension_items(call: Call) -> Response:
    """GET /views/{v}/dimensions/{d}/items: the items that the view shows."""
    model = readable_model(call)
    view = _find_view(call, model)
    for names in view.axes.values():
        for name in names:
            if view.id_on_axis(name) != call.path["dimensionId"]:
                continue
            if name == LINE_ITEMS:
                return _items(call, model, [Item(item.id, item.name) for item in view.line_items])
            dimension = view.dimension(name)
            rows = visible_items(call.db, view.module, dimension, view.filter)
            items = [dimensions.read_item(call.db, dimension, row) for row in rows]
            return _items(call, model, dimensions.require_within_limit(call, items))
    raise ApiError(404)


def list_dimension_items(call: Call) -> Response:
    """GET /dimensions/{d}/items."""
    model = readable_model(call)
    return _items(call, model, dimensions.listed_items(call, model, call.path["dimensionId"]))


def look_up_dimension_items(call: Call) -> Response:
    """POST /dimensions/{d}/items."""
    model = visible_model(call)
    search = dimensions.requested_search(call)
    require_readable(call, model)
    found = dimensions.found_items(call, model, call.path["dimensionId"], search)
    return _items(call, model, found)


def list_dashboards(call: Call) -> Response:
    """GET /dashboards."""
    model = readable_model(call)
    rows = call.db.execute(
        "SELECT id, name FROM dashboards WHERE model = ? ORDER BY id", (model.key,)
    ).fetchall()
    sort = {"id": lambda row: row["id"], "name": lambda row: row["name"]}
    return listing(
        call,
        "dashboards",
        sort_leniently(call, rows, sort),
        dict,
        kind="dashboard",
        model_id=model.id,
    )


def write_module_cells(call: Call) -> Response:
    """POST /modules/{mod}/data."""
    model = visible_model(call)
    module = _find_module(call, model)
    writes = cell_requests.requested_writes(call)
    require_workspace_admin(call, model)
    require_changeable(call, model)
    limits = EditLimits(call.db, model.key, module)
    try:
        changed, failures = write_cells(call.db, module, writes, limits)
    except WritesRefused as refused:
        return envelope(
            "cellWrite",
            model_id=model.id,
            status_code=400,
            message=str(refused),
            failures=[cell_requests.describe_failure(each) for each in refused.failures],
        )
    if changed:
        record_change(call.db, model.key, call.user.id, call.tenant.clock.now())
    return envelope(
        "cellWrite",
        model_id=model.id,
        numberOfCellsChanged=changed,
        **_unless_empty(
            call, "failures", [cell_requests.describe_failure(each) for each in failures]
        ),
    )


def _find_module(call: Call, model: Model) -> ModuleStructure:
    module = module_by_id(call.db, model.key, call.path["moduleId"])
    if module is None:
        raise ApiError(404)
    return module


def _find_view(call: Call, model: Model) -> View:
    view = view_by_id(call.db, model.key, call.path["viewId"])
    if view is None:
        raise ApiError(404)
    return view


def _find_line_item(call: Call, model: Model) -> tuple[ModuleStructure, Field] | None:
    """Return a line item and its module. An unknown one was observed to have no dimensions."""
    for module in modules(call.db, model.key):
        for item in module.line_items:
            if item.id == call.path["lineItemId"]:
                return module, item
    if call.is_live:
        return None
    raise ApiError(404)


def _items(call: Call, model: Model, items: Sequence[Item]) -> Response:
    return envelope(
        "dimension",
        model_id=model.id,
        **_unless_empty(call, "items", [item.as_json() for item in items]),
    )


def _unless_empty(call: Call, key: str, rows: list[Any]) -> dict[str, Any]:
    # An empty collection is left out (docs/anaplan-behaviour.md#empty-collections).
    return {key: rows} if rows or not call.is_live else {}


_MODEL = "/2/0/models/{modelId}"

ENDPOINTS = [
    Endpoint("GET", f"{_MODEL}/modules", list_modules, INTEGRATION),
    Endpoint("GET", f"{_MODEL}/lineItems", list_line_items, INTEGRATION),
    Endpoint("GET", f"{_MODEL}/modules/{{moduleId}}/lineItems", list_line_items, INTEGRATION),
    Endpoint(
        "GET",
        f"{_MODEL}/lineItems/{{lineItemId}}/dimensions",
        list_line_item_dimensions,
        INTEGRATION,
    ),
    Endpoint(
        "GET",
        f"{_MODEL}/lineItems/{{lineItemId}}/dimensions/{{dimensionId}}/items",
        list_line_item_dimension_items,
        INTEGRATION,
    ),
    Endpoint("GET", f"{_MODEL}/views", list_model_views, INTEGRATION),
    Endpoint("GET", f"{_MODEL}/modules/{{moduleId}}/views", list_model_views, INTEGRATION),
    Endpoint("GET", f"{_MODEL}/views/{{viewId}}", get_view, INTEGRATION),
    Endpoint("GET", f"{_MODEL}/views/{{viewId}}/data", get_view_data, INTEGRATION),
    Endpoint(
        "GET",
        f"{_MODEL}/views/{{viewId}}/dimensions/{{dimensionId}}/items",
        list_view_dimension_items,
        INTEGRATION,
    ),
    Endpoint(
        "GET", f"{_MODEL}/dimensions/{{dimensionId}}/items", list_dimension_items, INTEGRATION
    ),
    Endpoint(
        "POST",
        f"{_MODEL}/dimensions/{{dimensionId}}/items",
        look_up_dimension_items,
        INTEGRATION,
        writes=False,
    ),
    Endpoint("GET", f"{_MODEL}/dashboards", list_dashboards, INTEGRATION),
    Endpoint("POST", f"{_MODEL}/modules/{{moduleId}}/data", write_module_cells, INTEGRATION),
]
