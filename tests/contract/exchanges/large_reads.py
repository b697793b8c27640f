"""Large-volume read requests of views and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.contract.exchange import MODEL, Exchange, at, in_model

if TYPE_CHECKING:
    from tests.contract.conftest import Given, Held, Place

TABLE = {"exportType": "TABULAR_MULTI_COLUMN"}
OF_VIEW = {"viewId": "102000000000"}
OF_LIST = {"listId": "101000000001"}


def begun(
    kind: str, values: dict[str, str], body: object, held: Held | None = None
) -> Callable[[Place], Given]:
    """A read request, done or held in a state."""

    def create(place: Place) -> Given:
        place.emulator.settings.hold_tasks = held
        path = f"/2/0/models/{place.emulator.model_id}/{kind}s/{values[f'{kind}Id']}/readRequests"
        headers = place.authorization("ada")
        created = place.http.post(path, json=body, headers=headers).raise_for_status().json()
        request_id = created[f"{kind}ReadRequest"]["requestId"]
        # Whoever looks finds it done.
        place.http.get(f"{path}/{request_id}", headers=headers).raise_for_status()
        return {"at": {**values, "requestId": request_id, "pageNo": "0"}}

    return create


def requests(kind: str, values: dict[str, str], body: dict[str, str] | None) -> Iterator[Exchange]:
    """All there is to do with read requests."""
    path = f"{MODEL}/{kind}s/{{{kind}Id}}/readRequests"
    sent: Any = body
    yield Exchange("POST", path, 200, at(**values), json=sent)
    yield Exchange("POST", path, 403, at(**values), json=sent, who="bob")
    yield Exchange("POST", path, 404, at(**values), json=sent, who="eve")
    yield Exchange("POST", path, 404, json=sent)
    if body:
        yield Exchange("POST", path, 400, at(**values), json={"exportType": "ALL"})
        yield Exchange("POST", path, 404, in_model("Live"), json=sent)
    one = f"{path}/{{requestId}}"
    held: list[Held | None] = [None, "NOT_STARTED", "IN_PROGRESS"]
    for state in held:
        yield Exchange("GET", one, 200, begun(kind, values, body, state))
        yield Exchange("DELETE", one, 200, begun(kind, values, body, state))
    yield Exchange("GET", one, 404, at(**values))
    yield Exchange("DELETE", one, 404, at(**values))
    yield Exchange("GET", f"{one}/pages/{{pageNo}}", 200, begun(kind, values, body))
    yield Exchange("GET", f"{one}/pages/{{pageNo}}", 404, at(**values))
    yield Exchange("GET", f"{one}/pages/{{pageNo}}", 403, at(**values), who="bob")


EXCHANGES = [*requests("view", OF_VIEW, TABLE), *requests("list", OF_LIST, None)]
