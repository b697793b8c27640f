"""Modules, line items, views, dimensions and cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange, at, in_model

if TYPE_CHECKING:
    from tests.contract.conftest import Given, Place

MODULE = "102000000000"
PRODUCTS = "101000000001"
TIME = "20000000003"
USERS = "101999999999"
UNITS = "204000000001"

EVERYTHING = {"includeAll": "true"}
JSON = {"query": {"format": "v1"}, "headers": {"Accept": "application/json"}}


def view(name: str) -> Callable[[Place], Given]:
    """A view, and the dimension Products on it."""
    return lambda it: {"at": {"viewId": it.named("views", name), "dimensionId": PRODUCTS}}


def cell(value: object, **more: object) -> list[object]:
    """A cell of the module Stock."""
    place = {"dimensionId": PRODUCTS, "itemCode": "P1"}
    return [{"lineItemName": "In", "dimensions": [place], "value": value, **more}]


def collections() -> Iterator[Exchange]:
    """What is listed of a model, and of a module or line item."""
    listed: list[tuple[str, dict[str, str]]] = [
        ("modules", {}),
        ("lineItems", {}),
        ("views", {}),
        ("dashboards", {}),
        ("modules/{moduleId}/lineItems", {"moduleId": MODULE}),
        ("modules/{moduleId}/views", {"moduleId": MODULE}),
        ("lineItems/{lineItemId}/dimensions", {"lineItemId": UNITS}),
    ]
    for name, values in listed:
        path = f"{MODEL}/{name}"
        yield Exchange("GET", path, 200, at(**values))
        yield Exchange("GET", path, 200, at(**values), query={"offset": "100"})
        yield Exchange("GET", path, 404, at(**values), who="eve")
        yield Exchange("GET", path, 422, in_model("Sales 2020"))
        yield Exchange("GET", path, 424, in_model("Away"))
    for number in range(3):
        module = at(moduleId=f"10200000000{number}")
        path = f"{MODEL}/modules/{{moduleId}}/lineItems"
        yield Exchange("GET", path, 200, module, query=EVERYTHING)
    yield Exchange("GET", f"{MODEL}/lineItems", 200, query=EVERYTHING)
    for path in ("views", "modules/{moduleId}/views"):
        subsidiary = {"includesubsidiaryviews": "true"}
        yield Exchange("GET", f"{MODEL}/{path}", 200, at(moduleId=MODULE), query=subsidiary)
    yield Exchange("GET", f"{MODEL}/modules/{{moduleId}}/lineItems", 404)
    yield Exchange("GET", f"{MODEL}/modules/{{moduleId}}/views", 404)


def items() -> Iterator[Exchange]:
    """The items of dimensions."""
    path = f"{MODEL}/dimensions/{{dimensionId}}/items"
    for dimension in (PRODUCTS, USERS):
        yield Exchange("GET", path, 200, at(dimensionId=dimension))
    yield Exchange("GET", path, 400, at(dimensionId=TIME))
    yield Exchange("GET", path, 404)
    for body in ({"names": ["apple"], "codes": ["P2"]}, {"names": ["Fig"]}, {"codes": ["P1"]}):
        yield Exchange("POST", path, 200, at(dimensionId=PRODUCTS), json=body)
    yield Exchange("POST", path, 200, at(dimensionId=TIME), json={"names": ["Jan 26"]})
    yield Exchange("POST", path, 400, at(dimensionId=TIME), json={"codes": ["Jan 26"]})
    yield Exchange("POST", path, 400, at(dimensionId=PRODUCTS), json={"names": [], "codes": []})
    yield Exchange("POST", path, 404, json={"names": ["Apple"]})
    path = f"{MODEL}/lineItems/{{lineItemId}}/dimensions/{{dimensionId}}/items"
    for dimension in (PRODUCTS, TIME):
        yield Exchange("GET", path, 200, at(lineItemId=UNITS, dimensionId=dimension))
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 404, at(lineItemId=UNITS))


def views() -> Iterator[Exchange]:
    """A view's axes and cells."""
    path = f"{MODEL}/views/{{viewId}}"
    names = ("Sales", "Sales.Units by month", "Sales.'Promoted & new'", "Order Facts", "Stock")
    for name in names:
        yield Exchange("GET", path, 200, view(name))
        yield Exchange("GET", f"{path}/data", 200, view(name))
        yield Exchange("GET", f"{path}/data", 200, view(name), **JSON)  # type: ignore[arg-type]
    yield Exchange("GET", path, 200, at(viewId=UNITS))
    yield Exchange("GET", path, 404)
    path = f"{path}/data"
    escaped = {"Accept": "text/csv;escaped=true"}
    table = {"exportType": "TABULAR_MULTI_COLUMN", "moduleId": MODULE}
    yield Exchange("GET", path, 200, view("Sales"), headers=escaped)
    yield Exchange("GET", path, 200, view("Sales"), query=table)
    yield Exchange("GET", path, 200, view("Sales"), query={"pages": "20000000020:107000000002"})
    yield Exchange("GET", path, 400, view("Sales"), query={"pages": f"{TIME}:543000000001"})
    yield Exchange("GET", path, 400, view("Sales"), query={"exportType": "GRID_ALL_PAGES"})
    yield Exchange("GET", path, 403, view("Sales"), who="bob")
    yield Exchange("GET", path, 404)
    yield Exchange("GET", path, 406, view("Sales"), headers={"Accept": "text/html"})
    path = f"{MODEL}/views/{{viewId}}/dimensions/{{dimensionId}}/items"
    yield Exchange("GET", path, 200, view("Sales.'Promoted & new'"))
    yield Exchange("GET", path, 404, view("Sales"), who="eve")
    yield Exchange("GET", path, 404)


def writes() -> Iterator[Exchange]:
    """Writing cells."""
    path = f"{MODEL}/modules/{{moduleId}}/data"
    stock = at(moduleId="102000000002")
    yield Exchange("POST", path, 200, stock, json=cell(3))
    named = {"dimensionName": "Products", "itemName": "Pear"}
    yield Exchange("POST", path, 200, stock, json=cell(3, dimensions=[named]))
    yield Exchange("POST", path, 200, stock, json=[{"lineItemId": "206000000001", "value": 3}])
    yield Exchange("POST", path, 200, stock, json=cell("much"))
    yield Exchange("POST", path, 200, stock, json=cell(1, lineItemName="Balance"))
    yield Exchange("POST", path, 400, stock, json={})
    yield Exchange("POST", path, 400, stock, content=b"[")
    yield Exchange("POST", path, 403, stock, json=cell(3), who="bob")
    yield Exchange("POST", path, 404, json=cell(3))


EXCHANGES = [*collections(), *items(), *views(), *writes()]
