"""What the emulator answers fits what the community's specifications tell of Anaplan's answers.

The table has exchanges of every operation that the emulator knows; `amendments.toml` has what is
known to be otherwise than the specifications say.
"""

from __future__ import annotations

import base64
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx2
    from tests.contract.conftest import Contract, Given, Held, Place

MODEL = "/models/{modelId}"
MODEL_BY_WORKSPACE = f"/workspaces/{{workspaceId}}{MODEL}"

OPTIMIZER_LOG = f"{MODEL}/optimizeActions/{{actionId}}/tasks/{{correlationId}}/solutionLogs"

GOOD_PRODUCTS = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP3,Plum,EU,2,,,,\n"
BAD_PRODUCTS = f"{GOOD_PRODUCTS}P4,Quince,Atlantis,cheap,,,,\n"
SALES = "Product,Month,Units,Promoted,Since,Comment,Sold In\nP1,Jan 26,3,,,,\n"


def nothing(_: Place) -> Given:
    """Nothing but the tenant as it is at the start."""
    return {}


def at(**values: str) -> Callable[[Place], Given]:
    """Values in the path, known before."""
    return lambda _: {"at": values}


def in_model(name: str) -> Callable[[Place], Given]:
    """Another model than that to begin with."""
    return lambda it: {"at": {"modelId": it.model(name)}}


def models_to_delete(*names: str) -> Callable[[Place], Given]:
    """Models to delete, of which only the first is closed."""

    def given(place: Place) -> Given:
        models = [place.model(name) for name in names]
        place.closed()
        return {"json": {"modelIdsToDelete": models}}

    return given


@dataclass(frozen=True)
class Exchange:
    """A request and the status of its reply.

    A path below a model is asked for below the model's workspace, too.
    """

    method: str
    path: str
    status: int
    given: Callable[[Place], Given] = nothing
    who: str | None = "ada"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    content: bytes | None = None

    @property
    def specification(self) -> str:
        return "authentication" if self.path.startswith("/token/") else "integration"

    @property
    def forms(self) -> list[str]:
        below_a_model = self.path.startswith(f"{MODEL}/")
        longer = [self.path.replace(MODEL, MODEL_BY_WORKSPACE)] if below_a_model else []
        return [self.path, *longer]

    def send(self, place: Place, path: str, prefix: str) -> httpx2.Response:
        given = self.given(place)
        authorization = place.authorization(self.who) if self.who else {}
        body = self.json if self.json is not None else given.get("json")
        return place.http.request(
            self.method,
            prefix + fill(path, place, given.get("at", {})),
            params=self.query,
            headers=authorization | dict(given.get("headers", {})) | dict(self.headers),
            content=self.content,
            json=body,
        )


def fill(path: str, place: Place, values: Mapping[str, str]) -> str:
    """Put values into a path; nothing has the id 1."""
    start = {"workspaceId": place.emulator.workspace_id, "modelId": place.emulator.model_id}
    return path.format_map(defaultdict(lambda: "1", {**start, **values}))


def signing_in() -> Iterator[Exchange]:
    def basic(password: str) -> dict[str, str]:
        value = base64.b64encode(f"ada@shop.example:{password}".encode()).decode()
        return {"Authorization": f"Basic {value}"}

    foreign = {"Authorization": "Bearer token"}
    unknown = {"Authorization": "AnaplanAuthToken token"}
    data = os.urandom(142)

    path = "/token/authenticate"
    yield Exchange("POST", path, 201, who=None, headers=basic("ada"))
    yield Exchange("POST", path, 201, lambda it: it.signed_by_certificate(data), who=None)
    yield Exchange(
        "POST",
        path,
        201,
        lambda it: it.signed_by_certificate(it.timestamp() + data, encodedDataFormat="v2"),
        who=None,
    )
    yield Exchange("POST", path, 401, who=None, headers=basic("wrong"))
    yield Exchange("POST", path, 401, who=None, headers=foreign)
    yield Exchange("POST", path, 401, lambda it: it.signed_by_certificate(b"too little"), who=None)
    for method, path, success, malformed in (
        ("POST", "/token/refresh", 200, 400),
        ("GET", "/token/validate", 200, 400),
        ("POST", "/token/logout", 204, 401),
    ):
        yield Exchange(method, path, success)
        yield Exchange(method, path, malformed, who=None, headers=foreign)
        yield Exchange(method, path, 401, who=None, headers=unknown)
        yield Exchange(method, path, 401, lambda it: it.ended_session(), who=None)


def catalog() -> Iterator[Exchange]:
    yield Exchange("GET", "/users", 200)
    yield Exchange("GET", "/users", 200, query={"limit": "2", "offset": "1"})
    yield Exchange("GET", "/users", 200, query={"offset": "100"})
    yield Exchange("GET", "/users", 400, query={"sort": "email"})
    yield Exchange("GET", "/users", 403, who="bob")
    yield Exchange("GET", "/users/me", 200, who="bob")
    yield Exchange("GET", "/users/me", 401, who=None)
    yield Exchange("GET", "/users/{userId}", 200, lambda it: it.user("bob"))
    yield Exchange("GET", "/users/{userId}", 404)

    yield Exchange("GET", "/workspaces", 200)
    yield Exchange("GET", "/workspaces", 200, query={"tenantDetails": "true", "s": "sho"})
    yield Exchange("GET", "/workspaces", 400, query={"sort": "+color"})
    path = "/workspaces/{workspaceId}"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"tenantDetails": "true"})
    yield Exchange("GET", path, 404, who="bob")
    yield Exchange("GET", f"{path}/models", 200)
    yield Exchange("GET", f"{path}/models", 404, at(workspaceId="0" * 32))

    yield Exchange("GET", "/models", 200)
    yield Exchange("GET", "/models", 200, query={"modelDetails": "true"}, who="root")
    yield Exchange("GET", "/models", 400, query={"sort": "name"})
    yield Exchange("GET", MODEL, 200, who="eve")
    yield Exchange("GET", MODEL, 200, query={"modelDetails": "true"})
    yield Exchange("GET", MODEL, 404, at(modelId="0" * 32))

    yield Exchange("GET", f"{MODEL}/status", 200)
    yield Exchange("GET", f"{MODEL}/status", 200, lambda it: it.closed())
    yield Exchange(
        "GET",
        f"{MODEL}/status",
        200,
        lambda it: it.run("exports", "Orders.csv", held="IN_PROGRESS"),
    )
    yield Exchange("GET", f"{MODEL}/status", 404, who="eve")
    yield Exchange("POST", f"{MODEL}/open", 202, lambda it: it.closed())
    yield Exchange("POST", f"{MODEL}/open", 200)
    yield Exchange("POST", f"{MODEL}/open", 404, who="eve")
    yield Exchange("POST", f"{MODEL}/close", 204)
    yield Exchange("POST", f"{MODEL}/close", 403, who="bob")
    yield Exchange("POST", f"{MODEL}/close", 404, who="eve")

    path = "/workspaces/{workspaceId}/bulkDeleteModels"
    yield Exchange("POST", path, 200, models_to_delete("Sales"))
    yield Exchange("POST", path, 200, models_to_delete("Sales", "Live"))
    yield Exchange("POST", path, 400, json={"modelIds": ["0" * 32]})
    yield Exchange("POST", path, 403, models_to_delete("Sales"), who="bob")


def files() -> Iterator[Exchange]:
    path = f"{MODEL}/files"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"sort": "-name", "limit": "2", "offset": "3"})
    yield Exchange("GET", path, 400, query={"limit": "0"})
    yield Exchange("GET", path, 404, who="eve")

    path = f"{MODEL}/files/{{fileId}}"
    count = {"chunkCount": 2}
    yield Exchange("POST", path, 200, lambda it: it.upload("names.csv", "Name\n"), json=count)
    yield Exchange("POST", path, 200, at(fileId="new.csv"), json=count)
    yield Exchange("POST", path, 400, at(fileId="new.csv"), json={"chunkCount": 0})
    yield Exchange("POST", path, 404, at(fileId="new.csv"), json=count, who="eve")
    for status, model in ((422, "Sales 2020"), (423, "Locked"), (424, "Away")):
        yield Exchange("POST", path, status, in_model(model), json=count)
    yield Exchange("PUT", path, 204, lambda it: it.upload("names.csv", "Name\n"), content=b"x")
    yield Exchange("PUT", path, 404, content=b"x")
    yield Exchange("PUT", path, 415, lambda it: it.upload("names.csv", "Name\n"), json={})
    yield Exchange("GET", path, 200, lambda it: it.upload("names.csv", "Name\n"))
    yield Exchange("GET", path, 404)
    yield Exchange("DELETE", path, 204, lambda it: it.upload("names.csv", "Name\n"))
    yield Exchange("DELETE", path, 404)

    yield Exchange("POST", f"{path}/complete", 200, lambda it: it.upload_under_way("Name\n"))
    yield Exchange("POST", f"{path}/complete", 400, lambda it: it.upload_under_way())
    yield Exchange("POST", f"{path}/complete", 404)

    path = f"{path}/chunks"
    yield Exchange("GET", path, 200, lambda it: it.upload_under_way("Na", "me\n"))
    yield Exchange("GET", path, 200, lambda it: it.upload_under_way())
    yield Exchange("GET", path, 404)
    path = f"{path}/{{chunkId}}"
    yield Exchange("PUT", path, 204, lambda it: it.upload_under_way("Na"), content=b"me\n")
    yield Exchange("PUT", path, 400, lambda it: it.file("names.csv"), content=b"x")
    yield Exchange("PUT", path, 404, content=b"x")
    yield Exchange("GET", path, 200, lambda it: it.upload("names.csv", "Name\n"))
    yield Exchange("GET", path, 404, lambda it: it.upload_under_way("Na"))


def actions(collection: str, parameter: str, name: str) -> Iterator[Exchange]:
    """One kind of action: its listing, one of them, and its tasks."""

    def one(place: Place) -> Given:
        return {"at": {parameter: place.named(collection, name)}}

    def held(state: Held) -> Callable[[Place], Given]:
        return lambda it: it.run(collection, name, held=state)

    def done(place: Place) -> Given:
        place.upload("products.csv", GOOD_PRODUCTS)
        place.upload("sales.csv", SALES)
        return place.run(collection, name)

    path = f"{MODEL}/{collection}"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"offset": "100"})
    yield Exchange("GET", path, 404, who="eve")
    path = f"{path}/{{{parameter}}}"
    yield Exchange("GET", path, 200, one)
    yield Exchange("GET", path, 404, one, who="eve")
    path = f"{path}/tasks"
    yield Exchange("GET", path, 200, done)
    yield Exchange("GET", path, 200, one)
    yield Exchange("GET", path, 404, at(modelId="0" * 32))
    yield Exchange("POST", path, 200, one, json={"localeName": "en_US"})
    yield Exchange("POST", path, 400, one, json={})
    yield Exchange("POST", path, 404, json={"localeName": "en_US"})
    path = f"{path}/{{taskId}}"
    yield Exchange("GET", path, 200, done)
    yield Exchange("GET", path, 200, done, query={"includeProcessDetails": "true"})
    yield Exchange("GET", path, 200, held("NOT_STARTED"))
    yield Exchange("GET", path, 200, held("IN_PROGRESS"))
    yield Exchange("GET", path, 404)
    yield Exchange("DELETE", path, 200, held("NOT_STARTED"))
    yield Exchange("DELETE", path, 200, held("IN_PROGRESS"))
    yield Exchange("DELETE", path, 200, done)
    yield Exchange("DELETE", path, 404)


DUMP = ("dump", "dump/chunks", "dump/chunks/{chunkId}")
DUMP_OF_STEP = ("dumps/{objectId}/chunks", "dumps/{objectId}/chunks/{chunkId}")


def dumps(
    collection: str, parameter: str, name: str, *, left: Sequence[str], other: Sequence[str] = ()
) -> Iterator[Exchange]:
    """What a run with failures leaves, and what could be asked for but is never left."""

    def with_failures(place: Place) -> Given:
        place.upload("products.csv", BAD_PRODUCTS)
        place.upload("sales.csv", SALES)
        given = place.run(collection, name)
        return {"at": {**given["at"], "objectId": place.named("imports", "Products")}}

    def without(place: Place) -> Given:
        place.upload("products.csv", GOOD_PRODUCTS)
        place.upload("sales.csv", SALES)
        return place.run(collection, name)

    task = f"{MODEL}/{collection}/{{{parameter}}}/tasks/{{taskId}}"
    yield Exchange("GET", task, 200, with_failures)
    yield Exchange("GET", f"{task}/dump", 204, without)
    for path in left:
        yield Exchange("GET", f"{task}/{path}", 200, with_failures)
    for path in (*left, *other):
        yield Exchange("GET", f"{task}/{path}", 404)


EXCHANGES = [
    *signing_in(),
    *catalog(),
    *files(),
    *actions("imports", "importId", "Products"),
    *actions("exports", "exportId", "Sales - multi.csv"),
    *actions("actions", "actionId", "Drop orders"),
    *actions("processes", "processId", "Nightly"),
    # The documentation's spelling (facts 4.1).
    Exchange("GET", f"{MODEL}/imports/", 200),
    Exchange("GET", f"{MODEL}/imports/", 404, who="eve"),
    # Observed of imports alone (facts 4.13).
    Exchange("GET", f"{MODEL}/imports/{{importId}}", 500, at(importId="112999999999")),
    Exchange("GET", f"{MODEL}/exports/{{exportId}}", 404, at(exportId="116999999999")),
    Exchange("GET", OPTIMIZER_LOG, 403, who="bob"),
    Exchange("GET", OPTIMIZER_LOG, 404),
    *dumps("imports", "importId", "Products", left=DUMP + DUMP_OF_STEP),
    *dumps("processes", "processId", "Nightly", left=DUMP + DUMP_OF_STEP),
    *dumps("actions", "actionId", "Drop orders", left=(), other=DUMP),
]
FORMS = [(exchange, path) for exchange in EXCHANGES for path in exchange.forms]
# No tenant of the emulator's has an optimizer.
NEVER_SUCCEED = {("GET", path) for path in Exchange("GET", OPTIMIZER_LOG, 200).forms}
OPERATIONS = sorted({(exchange.method, path) for exchange, path in FORMS})


@pytest.mark.parametrize(
    ("exchange", "path"),
    [pytest.param(*form, id=f"{form[0].method}-{form[1]}-{form[0].status}") for form in FORMS],
)
def test_the_reply_fits_the_specification(
    contracts: Mapping[str, Contract], place: Place, exchange: Exchange, path: str
) -> None:
    contract = contracts[exchange.specification]

    reply = exchange.send(place, path, contract.prefix)

    assert reply.status_code == exchange.status, reply.text
    assert contract.misfits(reply, exchange.method, path) == []
    assert place.is_dated(reply)


@pytest.mark.parametrize(
    ("method", "path"), [each for each in OPERATIONS if not each[1].startswith("/token/")]
)
def test_nothing_is_told_to_strangers(
    contracts: Mapping[str, Contract], place: Place, method: str, path: str
) -> None:
    contract = contracts["integration"]

    reply = place.http.request(method, contract.prefix + fill(path, place, {}))

    assert reply.status_code == 401
    assert contract.misfits(reply, method, path) == []


def test_every_operation_the_emulator_answers_is_in_the_table(
    contracts: Mapping[str, Contract], place: Place
) -> None:
    succeed = {(each.method, path) for each, path in FORMS if each.status < 400}
    refused = {(each.method, path) for each, path in FORMS if each.status >= 400}
    answered = set()
    for contract in contracts.values():
        for method, path in contract.operations():
            # Signed in anew each time: one of the operations is to sign out.
            place.start_over()
            url = contract.prefix + fill(path, place, {})
            reply = place.http.request(method, url, headers=place.authorization("ada"))
            # 405 is said of a path that is known by another method.
            if reply.status_code not in (405, 501):
                answered.add((method, path))

    assert answered - refused == set()
    assert answered - succeed == NEVER_SUCCEED & answered


def test_every_amendment_is_needed(
    contracts: Mapping[str, Contract],
    place: Place,
    unneeded: Callable[[str, Sequence[tuple[httpx2.Response, str, str]]], list[str]],
) -> None:
    replies: dict[str, list[tuple[httpx2.Response, str, str]]] = {name: [] for name in contracts}
    for exchange, path in FORMS:
        place.start_over()
        reply = exchange.send(place, path, contracts[exchange.specification].prefix)
        replies[exchange.specification].append((reply, exchange.method, path))

    assert {name: unneeded(name, replies[name]) for name in contracts} == {
        name: [] for name in contracts
    }
