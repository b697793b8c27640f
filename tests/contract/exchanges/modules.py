"""Modules, line items, views, dimensions and cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange, in_model, path_values

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario

MODULE = "102000000000"
PRODUCTS = "101000000001"
TIME = "20000000003"
USERS = "101999999999"
UNITS = "204000000001"

EVERYTHING = {"includeAll": "true"}
JSON = {"query": {"format": "v1"}, "headers": {"Accept": "application/json"}}


def view(name: str) -> Callable[[Scenario], RequestParts]:
    """Use the ids of a view and of the dimension Products."""
    return lambda scenario: {
        "path": {"viewId": scenario.id_of("views", name), "dimensionId": PRODUCTS}
    }


def cell(value: object, **more: object) -> list[object]:
    """Return the request body for a cell of the module Stock."""
    coordinate = {"dimensionId": PRODUCTS, "itemCode": "P1"}
    return [{"lineItemName": "In", "dimensions": [coordinate], "value": value, **more}]


def collections() -> Iterator[Exchange]:
    """Yield the exchanges with listings of a model, a module or a line item."""
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
        yield Exchange("GET", path, 200, path_values(**values))
        yield Exchange("GET", path, 200, path_values(**values), query={"offset": "100"})
        yield Exchange("GET", path, 404, path_values(**values), user="eve")
        yield Exchange("GET", path, 422, in_model("Sales 2020"))
        yield Exchange("GET", path, 424, in_model("Away"))
    for number in range(3):
        module = path_values(moduleId=f"10200000000{number}")
        path = f"{MODEL}/modules/{{moduleId}}/lineItems"
        yield Exchange("GET", path, 200, module, query=EVERYTHING)
    yield Exchange("GET", f"{MODEL}/lineItems", 200, query=EVERYTHING)
    for path in ("views", "modules/{moduleId}/views"):
        subsidiary = {"includesubsidiaryviews": "true"}
        yield Exchange(
            "GET", f"{MODEL}/{path}", 200, path_values(moduleId=MODULE), query=subsidiary
        )
    yield Exchange("GET", f"{MODEL}/modules/{{moduleId}}/lineItems", 404)
    yield Exchange("GET", f"{MODEL}/modules/{{moduleId}}/views", 404)


def items() -> Iterator[Exchange]:
    """Yield the exchanges with items of dimensions."""
    path = f"{MODEL}/dimensions/{{dimensionId}}/items"
    for dimension in (PRODUCTS, USERS):
        yield Exchange("GET", path, 200, path_values(dimensionId=dimension))
    yield Exchange("GET", path, 400, path_values(dimensionId=TIME))
    yield Exchange("GET", path, 404)
    for body in ({"names": ["apple"], "codes": ["P2"]}, {"names": ["Fig"]}, {"codes": ["P1"]}):
        yield Exchange("POST", path, 200, path_values(dimensionId=PRODUCTS), json=body)
    yield Exchange("POST", path, 200, path_values(dimensionId=TIME), json={"names": ["Jan 26"]})
    yield Exchange("POST", path, 400, path_values(dimensionId=TIME), json={"codes": ["Jan 26"]})
    yield Exchange(
        "POST", path, 400, path_values(dimensionId=PRODUCTS), json={"names": [], "codes": []}
    )
    yield Exchange("POST", path, 404, json={"names": ["Apple"]})
    path = f"{MODEL}/lineItems/{{lineItemId}}/dimensions/{{dimensionId}}/items"
    for dimension in (PRODUCTS, TIME):
        yield Exchange("GET", path, 200, path_values(lineItemId=UNITS, dimensionId=dimension))
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 404, path_values(lineItemId=UNITS))


def views() -> Iterator[Exchange]:
    """Yield the exchanges with a view's axes and cells."""
    path = f"{MODEL}/views/{{viewId}}"
    names = ("Sales", "Sales.Units by month", "Sales.'Promoted & new'", "Order Facts", "Stock")
    for name in names:
        yield Exchange("GET", path, 200, view(name))
        yield Exchange("GET", f"{path}/data", 200, view(name))
        yield Exchange("GET", f"{path}/data", 200, view(name), **JSON)  # type: ignore[arg-type]
    yield Exchange("GET", path, 200, path_values(viewId=UNITS))
    yield Exchange("GET", path, 404)
    path = f"{path}/data"
    escaped = {"Accept": "text/csv;escaped=true"}
    table = {"exportType": "TABULAR_MULTI_COLUMN", "moduleId": MODULE}
    yield Exchange("GET", path, 200, view("Sales"), headers=escaped)
    yield Exchange("GET", path, 200, view("Sales"), query=table)
    yield Exchange("GET", path, 200, view("Sales"), query={"pages": "20000000020:107000000002"})
    yield Exchange("GET", path, 400, view("Sales"), query={"pages": f"{TIME}:543000000001"})
    yield Exchange("GET", path, 400, view("Sales"), query={"exportType": "GRID_ALL_PAGES"})
    yield Exchange("GET", path, 403, view("Sales"), user="bob")
    yield Exchange("GET", path, 404)
    yield Exchange("GET", path, 406, view("Sales"), headers={"Accept": "text/html"})
    path = f"{MODEL}/views/{{viewId}}/dimensions/{{dimensionId}}/items"
    yield Exchange("GET", path, 200, view("Sales.'Promoted & new'"))
    yield Exchange("GET", path, 404, view("Sales"), user="eve")
    yield Exchange("GET", path, 404)


def writes() -> Iterator[Exchange]:
    """Yield the exchanges that write cells."""
    path = f"{MODEL}/modules/{{moduleId}}/data"
    stock = path_values(moduleId="102000000002")
    yield Exchange("POST", path, 200, stock, json=cell(3))
    named = {"dimensionName": "Products", "itemName": "Pear"}
    yield Exchange("POST", path, 200, stock, json=cell(3, dimensions=[named]))
    yield Exchange("POST", path, 200, stock, json=[{"lineItemId": "206000000001", "value": 3}])
    yield Exchange("POST", path, 200, stock, json=cell("much"))
    yield Exchange("POST", path, 200, stock, json=cell(1, lineItemName="Balance"))
    yield Exchange("POST", path, 400, stock, json={})
    yield Exchange("POST", path, 400, stock, content=b"[")
    yield Exchange("POST", path, 403, stock, json=cell(3), user="bob")
    yield Exchange("POST", path, 404, json=cell(3))


EXCHANGES = [*collections(), *items(), *views(), *writes()]
