"""Users, workspaces and models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange, path_values

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario


def models_to_delete(*names: str) -> Callable[[Scenario], RequestParts]:
    """Delete models, of which only the first is closed."""

    def prepare(scenario: Scenario) -> RequestParts:
        models = [scenario.model(name) for name in names]
        scenario.close_model()
        return {"json": {"modelIdsToDelete": models}}

    return prepare


def catalog() -> Iterator[Exchange]:
    yield Exchange("GET", "/users", 200)
    yield Exchange("GET", "/users", 200, query={"limit": "2", "offset": "1"})
    yield Exchange("GET", "/users", 200, query={"offset": "100"})
    yield Exchange("GET", "/users", 400, query={"sort": "email"})
    yield Exchange("GET", "/users", 403, user="bob")
    yield Exchange("GET", "/users/me", 200, user="bob")
    yield Exchange("GET", "/users/me", 401, user=None)
    yield Exchange("GET", "/users/{userId}", 200, lambda scenario: scenario.user("bob"))
    yield Exchange("GET", "/users/{userId}", 404)

    yield Exchange("GET", "/workspaces", 200)
    yield Exchange("GET", "/workspaces", 200, query={"tenantDetails": "true", "s": "sho"})
    yield Exchange("GET", "/workspaces", 400, query={"sort": "+color"})
    path = "/workspaces/{workspaceId}"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"tenantDetails": "true"})
    yield Exchange("GET", path, 404, user="bob")
    yield Exchange("GET", f"{path}/models", 200)
    yield Exchange("GET", f"{path}/models", 404, path_values(workspaceId="0" * 32))

    for members in ("admins", "visitors"):
        yield Exchange("GET", f"{path}/{members}", 200, user="root")
        yield Exchange(
            "GET", f"{path}/{members}", 404, path_values(workspaceId="0" * 32), user="root"
        )
        yield Exchange("GET", f"{path}/{members}", 500)

    yield Exchange("GET", "/models", 200)
    yield Exchange("GET", "/models", 200, query={"modelDetails": "true"}, user="root")
    yield Exchange("GET", "/models", 400, query={"sort": "name"})
    yield Exchange("GET", MODEL, 200, user="eve")
    yield Exchange("GET", MODEL, 200, query={"modelDetails": "true"})
    yield Exchange("GET", MODEL, 404, path_values(modelId="0" * 32))

    yield Exchange("GET", f"{MODEL}/status", 200)
    yield Exchange("GET", f"{MODEL}/status", 200, lambda scenario: scenario.close_model())
    yield Exchange(
        "GET",
        f"{MODEL}/status",
        200,
        lambda scenario: scenario.run("exports", "Orders.csv", held="IN_PROGRESS"),
    )
    yield Exchange("GET", f"{MODEL}/status", 404, user="eve")
    yield Exchange("POST", f"{MODEL}/open", 202, lambda scenario: scenario.close_model())
    yield Exchange("POST", f"{MODEL}/open", 200)
    yield Exchange("POST", f"{MODEL}/open", 404, user="eve")
    yield Exchange("POST", f"{MODEL}/close", 204)
    yield Exchange("POST", f"{MODEL}/close", 403, user="bob")
    yield Exchange("POST", f"{MODEL}/close", 404, user="eve")

    path = "/workspaces/{workspaceId}/bulkDeleteModels"
    yield Exchange("POST", path, 200, models_to_delete("Sales"))
    yield Exchange("POST", path, 200, models_to_delete("Sales", "Live"))
    yield Exchange("POST", path, 400, json={"modelIds": ["0" * 32]})
    yield Exchange("POST", path, 403, models_to_delete("Sales"), user="bob")


EXCHANGES = [*catalog()]
