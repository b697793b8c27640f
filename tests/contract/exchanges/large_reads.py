"""Large-volume read requests of views and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.contract.exchange import MODEL, Exchange, in_model, path_values

if TYPE_CHECKING:
    from tests.contract.conftest import Held, RequestParts, Scenario

TABLE = {"exportType": "TABULAR_MULTI_COLUMN"}
OF_VIEW = {"viewId": "102000000000"}
OF_LIST = {"listId": "101000000001"}


def read_request(
    kind: str, values: dict[str, str], body: object, held: Held | None = None
) -> Callable[[Scenario], RequestParts]:
    """Create a read request that is complete, or held in a state."""

    def create(scenario: Scenario) -> RequestParts:
        scenario.emulator.settings.hold_tasks = held
        path = (
            f"/2/0/models/{scenario.emulator.model_id}/{kind}s/{values[f'{kind}Id']}/readRequests"
        )
        headers = scenario.authorization("ada")
        created = scenario.http.post(path, json=body, headers=headers).raise_for_status().json()
        request_id = created[f"{kind}ReadRequest"]["requestId"]
        # The first poll completes it.
        scenario.http.get(f"{path}/{request_id}", headers=headers).raise_for_status()
        return {"path": {**values, "requestId": request_id, "pageNo": "0"}}

    return create


def requests(kind: str, values: dict[str, str], body: dict[str, str] | None) -> Iterator[Exchange]:
    """Yield the exchanges with read requests of views or lists."""
    path = f"{MODEL}/{kind}s/{{{kind}Id}}/readRequests"
    sent: Any = body
    yield Exchange("POST", path, 200, path_values(**values), json=sent)
    yield Exchange("POST", path, 403, path_values(**values), json=sent, user="bob")
    yield Exchange("POST", path, 404, path_values(**values), json=sent, user="eve")
    yield Exchange("POST", path, 404, json=sent)
    if body:
        yield Exchange("POST", path, 400, path_values(**values), json={"exportType": "ALL"})
        yield Exchange("POST", path, 404, in_model("Live"), json=sent)
    one = f"{path}/{{requestId}}"
    held: list[Held | None] = [None, "NOT_STARTED", "IN_PROGRESS"]
    for state in held:
        yield Exchange("GET", one, 200, read_request(kind, values, body, state))
        yield Exchange("DELETE", one, 200, read_request(kind, values, body, state))
    yield Exchange("GET", one, 404, path_values(**values))
    yield Exchange("DELETE", one, 404, path_values(**values))
    yield Exchange("GET", f"{one}/pages/{{pageNo}}", 200, read_request(kind, values, body))
    yield Exchange("GET", f"{one}/pages/{{pageNo}}", 404, path_values(**values))
    yield Exchange("GET", f"{one}/pages/{{pageNo}}", 403, path_values(**values), user="bob")


EXCHANGES = [*requests("view", OF_VIEW, TABLE), *requests("list", OF_LIST, None)]
