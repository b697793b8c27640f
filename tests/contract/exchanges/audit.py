"""The audit trail, as its auditor reads it, and who may not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tests.contract.exchange import Exchange

if TYPE_CHECKING:
    from tests.contract.conftest import Given, Place

_Exchange = partial(Exchange, specification="audit", who="root")
_TEXT = {"Accept": "text/plain"}


def something_has_happened(place: Place) -> Given:
    """An action run, a failure, and a call without an event of its own."""
    place.http.post("/token/authenticate")
    place.run("exports", "Sales - multi.csv")
    place.http.get("/2/0/nowhere")
    return {}


def reading(method: str, path: str) -> Iterator[Exchange]:
    body: object = {} if method == "POST" else None
    happened = something_has_happened
    yield _Exchange(method, path, 200, happened, json=body)
    yield _Exchange(method, path, 200, happened, json=body, query={"limit": "2"})
    yield _Exchange(method, path, 200, happened, json=body, query={"limit": "2", "offset": "2"})
    yield _Exchange(method, path, 200, json=body, query={"type": "conn_mgmt"})
    yield _Exchange(method, path, 200, happened, json=body, headers=_TEXT)
    yield _Exchange(method, path, 401, who="ada", json=body)
    for header in ("Bearer token", "AnaplanAuthToken token"):
        yield _Exchange(method, path, 401, who=None, headers={"Authorization": header})


EXCHANGES = [
    *reading("GET", "/events"),
    *reading("POST", "/events/search"),
    _Exchange("GET", "/events", 200, query={"intervalInHours": "720"}),
    _Exchange("GET", "/events", 400, query={"intervalInHours": "721"}),
    _Exchange("GET", "/events", 400, query={"dateFrom": "0", "dateTo": "2592000001"}),
    _Exchange("POST", "/events/search", 200, json={"interval": 720}),
    _Exchange("POST", "/events/search", 400, json={"interval": 721}),
    _Exchange("POST", "/events/search", 400, json={"from": 0, "to": 2592000001}),
]
