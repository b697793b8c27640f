"""Users who may sign in with a password despite single sign-on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tests.contract.exchange import Exchange, path_values

from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario

_Exchange = partial(Exchange, specification="exception", user="root")
SEARCH = "/permissions/exception-users/search"
USER = "/permissions/exception-users/users/{userGuid}"
SHOP = lower_hex("workspace", "Shop")
STORAGE = lower_hex("workspace", "Storage")
ZOE = lower_hex("user", "zoe@shop.example")
ASSIGN = {"op": "assign", "workspaceGuid": STORAGE}


def assigned(scenario: Scenario) -> RequestParts:
    url = f"/admin/1/0{USER}".format(userGuid=ZOE)
    headers = scenario.authorization("root")
    scenario.http.patch(url, json=ASSIGN, headers=headers).raise_for_status()
    return {"path": {"userGuid": ZOE}}


def exception_users() -> Iterator[Exchange]:
    yield _Exchange("POST", SEARCH, 200, assigned, json={"workspaceGuid": STORAGE}, user="bob")
    yield _Exchange("POST", SEARCH, 200, assigned, json={"userGuid": ZOE})
    yield _Exchange("POST", SEARCH, 200, json={"userGuid": ZOE})
    yield _Exchange("POST", SEARCH, 400, json={})
    yield _Exchange("POST", SEARCH, 404, json={"userGuid": "0" * 32})
    zoe = path_values(userGuid=ZOE)
    yield _Exchange("PATCH", USER, 204, zoe, json=ASSIGN)
    yield _Exchange("PATCH", USER, 204, assigned, json=ASSIGN | {"op": "unassign"})
    yield _Exchange("PATCH", USER, 400, zoe, json=ASSIGN | {"op": "drop"}, user="bob")
    yield _Exchange("PATCH", USER, 400, zoe, json=ASSIGN | {"workspaceGuid": SHOP})
    yield _Exchange("PATCH", USER, 403, zoe, json=ASSIGN, user="bob")
    yield _Exchange("PATCH", USER, 404, path_values(userGuid="0" * 32), json=ASSIGN)
    for path in (SEARCH, USER):
        method = "POST" if path == SEARCH else "PATCH"
        for header, status in (("Bearer token", 400), ("AnaplanAuthToken token", 401)):
            headers = {"Authorization": header}
            yield _Exchange(method, path, status, user=None, headers=headers)


EXCHANGES = [*exception_users()]
# A missing header has the same status as a malformed one
# (docs/anaplan-behaviour.md#authorization-schemes).
UNAUTHENTICATED = {("POST", SEARCH): 400, ("PATCH", USER): 400}
