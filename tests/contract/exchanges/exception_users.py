"""Who may use a password in spite of single sign-on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tests.contract.exchange import Exchange, at

from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.contract.conftest import Given, Place

_Exchange = partial(Exchange, specification="exception", who="root")
SEARCH = "/permissions/exception-users/search"
USER = "/permissions/exception-users/users/{userGuid}"
SHOP = lower_hex("workspace", "Shop")
STORAGE = lower_hex("workspace", "Storage")
ZOE = lower_hex("user", "zoe@shop.example")
ASSIGN = {"op": "assign", "workspaceGuid": STORAGE}


def assigned(place: Place) -> Given:
    url = f"/admin/1/0{USER}".format(userGuid=ZOE)
    headers = place.authorization("root")
    place.http.patch(url, json=ASSIGN, headers=headers).raise_for_status()
    return {"at": {"userGuid": ZOE}}


def exception_users() -> Iterator[Exchange]:
    yield _Exchange("POST", SEARCH, 200, assigned, json={"workspaceGuid": STORAGE}, who="bob")
    yield _Exchange("POST", SEARCH, 200, assigned, json={"userGuid": ZOE})
    yield _Exchange("POST", SEARCH, 200, json={"userGuid": ZOE})
    yield _Exchange("POST", SEARCH, 400, json={})
    yield _Exchange("POST", SEARCH, 404, json={"userGuid": "0" * 32})
    zoe = at(userGuid=ZOE)
    yield _Exchange("PATCH", USER, 204, zoe, json=ASSIGN)
    yield _Exchange("PATCH", USER, 204, assigned, json=ASSIGN | {"op": "unassign"})
    yield _Exchange("PATCH", USER, 400, zoe, json=ASSIGN | {"op": "drop"}, who="bob")
    yield _Exchange("PATCH", USER, 400, zoe, json=ASSIGN | {"workspaceGuid": SHOP})
    yield _Exchange("PATCH", USER, 403, zoe, json=ASSIGN, who="bob")
    yield _Exchange("PATCH", USER, 404, at(userGuid="0" * 32), json=ASSIGN)
    for path in (SEARCH, USER):
        method = "POST" if path == SEARCH else "PATCH"
        for header, status in (("Bearer token", 400), ("AnaplanAuthToken token", 401)):
            headers = {"Authorization": header}
            yield _Exchange(method, path, status, who=None, headers=headers)


EXCHANGES = [*exception_users()]
# A missing header is a bad one (facts 1.2).
STRANGERS = {("POST", SEARCH): 400, ("PATCH", USER): 400}
