"""Imports, exports, processes and other actions, their tasks, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange, at

if TYPE_CHECKING:
    from tests.contract.conftest import Given, Held, Place


OPTIMIZER_LOG = f"{MODEL}/optimizeActions/{{actionId}}/tasks/{{correlationId}}/solutionLogs"

GOOD_PRODUCTS = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP3,Plum,EU,2,,,,\n"
BAD_PRODUCTS = f"{GOOD_PRODUCTS}P4,Quince,Atlantis,cheap,,,,\n"
SALES = "Product,Month,Units,Promoted,Since,Comment,Sold In\nP1,Jan 26,3,,,,\n"


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


def optimized(place: Place) -> Given:
    """Run an optimizer by a process: that task is what the log is asked for by."""
    ran = place.run("processes", "Promote")["at"]
    optimizer = place.named("actions", "Promote best sellers")
    return {"at": {"actionId": optimizer, "correlationId": ran["taskId"]}}


EXCHANGES = [
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
    Exchange("GET", OPTIMIZER_LOG, 200, optimized),
    *dumps("imports", "importId", "Products", left=DUMP + DUMP_OF_STEP),
    *dumps("processes", "processId", "Nightly", left=DUMP + DUMP_OF_STEP),
    *dumps("actions", "actionId", "Drop orders", left=(), other=DUMP),
]
