"""Reading audit events, as an auditor and as other users."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tests.contract.exchange import Exchange

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario

_Exchange = partial(Exchange, specification="audit", user="root")
_TEXT = {"Accept": "text/plain"}


def with_events(scenario: Scenario) -> RequestParts:
    """Run an action, fail to sign in, and make a call without a specific event."""
    scenario.http.post("/token/authenticate")
    scenario.run("exports", "Sales - multi.csv")
    scenario.http.get("/2/0/nowhere")
    return {}


def reading(method: str, path: str) -> Iterator[Exchange]:
    body: object = {} if method == "POST" else None
    prepare = with_events
    yield _Exchange(method, path, 200, prepare, json=body)
    yield _Exchange(method, path, 200, prepare, json=body, query={"limit": "2"})
    yield _Exchange(method, path, 200, prepare, json=body, query={"limit": "2", "offset": "2"})
    yield _Exchange(method, path, 200, json=body, query={"type": "conn_mgmt"})
    yield _Exchange(method, path, 200, prepare, json=body, headers=_TEXT)
    yield _Exchange(method, path, 401, user="ada", json=body)
    for header in ("Bearer token", "AnaplanAuthToken token"):
        yield _Exchange(method, path, 401, user=None, headers={"Authorization": header})


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
