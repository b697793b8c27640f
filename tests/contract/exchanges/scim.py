"""Managing users with SCIM."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.contract.exchange import Exchange, path_values

from anaplan_emulator.store.identifiers import lower_hex

_LABEL = {"Content-Type": "application/scim+json"}
_Exchange = partial(Exchange, specification="scim", user="root")
OPEN = ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas")
SHOP = lower_hex("workspace", "Shop")
NEW: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "new@shop.example",
    "name": {"givenName": "Nora", "familyName": "New"},
    "entitlements": [{"value": SHOP, "type": "WORKSPACE"}],
}


def patch(**operation: object) -> dict[str, object]:
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return {"schemas": schemas, "Operations": [operation]}


def scim() -> Iterator[Exchange]:
    for path in OPEN:
        yield _Exchange("GET", path, 200, user=None)

    yield _Exchange("GET", "/Users", 200)
    yield _Exchange("GET", "/Users", 200, query={"filter": "active eq true", "count": "2"})
    yield _Exchange("GET", "/Users", 400, query={"filter": 'userName co "a"'})
    yield _Exchange("GET", "/Users", 400, query={"count": "101"})
    yield _Exchange("GET", "/Users", 403, user="bob")
    send = partial(_Exchange, headers=_LABEL)
    yield send("POST", "/Users", 201, json=NEW)
    yield send("POST", "/Users", 400, json=NEW | {"userName": "new"})
    yield send("POST", "/Users", 403, json=NEW, user="bob")
    yield send("POST", "/Users", 409, json=NEW | {"userName": "bob@shop.example"})

    path, bob = "/Users/{id}", path_values(id=lower_hex("user", "bob@shop.example"))
    yield _Exchange("GET", path, 200, bob)
    yield _Exchange("GET", path, 200, path_values(id=lower_hex("user", "zoe@shop.example")))
    yield _Exchange("GET", path, 403, bob, user="ada")
    yield _Exchange("GET", path, 404)
    same = NEW | {"userName": "bob@shop.example"}
    yield send("PUT", path, 200, bob, json=same)
    yield send("PUT", path, 400, bob, json=NEW)
    yield send("PUT", path, 403, bob, json=same, user="ada")
    yield send("PUT", path, 404, json=NEW)
    off = patch(op="replace", path="active", value=False)
    nowhere = {"value": "0" * 32, "type": "WORKSPACE"}
    yield send("PATCH", path, 200, bob, json=off)
    yield send("PATCH", path, 200, bob, json=patch(op="remove", path="externalId"))
    entitled = patch(op="add", path="entitlements", value=[nowhere])
    yield send("PATCH", path, 207, bob, json=entitled)
    yield send("PATCH", path, 400, bob, json=patch(op="replace", path="id", value="x"))
    yield send("PATCH", path, 403, bob, json=off, user="ada")
    yield send("PATCH", path, 404, json=off)


EXCHANGES = [*scim()]
UNAUTHENTICATED = {
    ("GET", f"/{name}"): 200 for name in ("ServiceProviderConfig", "ResourceTypes", "Schemas")
}
