"""Lists, their items, and changes to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario


def list_path(name: str, model: str = "Sales") -> Callable[[Scenario], RequestParts]:
    """Use a list's id, which is derived from its position in the tenant's description."""
    position = {"Regions": 0, "Products": 1, "Orders": 2, "Fixed": 0, "Moving": 1}[name]
    list_id = f"101{position:09}"
    return lambda scenario: {"path": {"listId": list_id, "modelId": scenario.model(model)}}


def lists() -> Iterator[Exchange]:
    products = list_path("Products")
    path = f"{MODEL}/lists"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"offset": "100"})
    yield Exchange("GET", path, 404, user="eve")
    path = f"{path}/{{listId}}"
    yield Exchange("GET", path, 200, list_path("Regions"))
    yield Exchange("GET", path, 200, products)
    yield Exchange("GET", path, 200, list_path("Orders"))
    yield Exchange("GET", path, 404)
    path = f"{path}/items"
    plum, unknown = {"items": [{"name": "Plum"}]}, {"items": [{"code": "P1"}, {"code": "P9"}]}
    yield Exchange("GET", path, 200, products)
    yield Exchange("GET", path, 200, products, query={"includeAll": "true"})
    yield Exchange("GET", path, 200, list_path("Fixed", "Live"))
    yield Exchange("GET", path, 404)
    add, delete = {"action": "add"}, {"action": "delete"}
    yield Exchange("POST", path, 200, products, query=add, json=plum)
    yield Exchange("POST", path, 200, products, query=add, json={"items": [{"name": "Pear"}]})
    yield Exchange("POST", path, 200, products, query=delete, json={"items": [{"code": "P1"}]})
    yield Exchange("POST", path, 200, products, query=delete, json=unknown)
    yield Exchange("POST", path, 400, products, query=add, json={})
    yield Exchange("POST", path, 403, products, query=add, json=plum, user="bob")
    yield Exchange("POST", path, 404, query=add, json=plum)
    yield Exchange("POST", path, 425, list_path("Fixed", "Live"), query=add, json=plum)
    yield Exchange("PUT", path, 200, products, json={"items": [{"code": "P1", "name": "Gala"}]})
    yield Exchange("PUT", path, 200, products, json=unknown)
    yield Exchange("PUT", path, 404, json=plum)
    path = f"{MODEL}/lists/{{listId}}/resetIndex"
    yield Exchange("POST", path, 200, list_path("Moving", "Live"))
    yield Exchange("POST", path, 400, products)
    yield Exchange("POST", path, 404)


EXCHANGES = [*lists()]
