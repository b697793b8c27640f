"""Imports, exports, processes and other actions, and their tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange, path_values

if TYPE_CHECKING:
    from tests.contract.conftest import Held, RequestParts, Scenario


OPTIMIZER_LOG = f"{MODEL}/optimizeActions/{{actionId}}/tasks/{{correlationId}}/solutionLogs"

GOOD_PRODUCTS = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP3,Plum,EU,2,,,,\n"
BAD_PRODUCTS = f"{GOOD_PRODUCTS}P4,Quince,Atlantis,cheap,,,,\n"
SALES = "Product,Month,Units,Promoted,Since,Comment,Sold In\nP1,Jan 26,3,,,,\n"


def actions(collection: str, parameter: str, name: str) -> Iterator[Exchange]:
    """Yield the exchanges of a kind of action: the listing, an action, and tasks."""

    def one(scenario: Scenario) -> RequestParts:
        return {"path": {parameter: scenario.id_of(collection, name)}}

    def held(state: Held) -> Callable[[Scenario], RequestParts]:
        return lambda scenario: scenario.run(collection, name, held=state)

    def done(scenario: Scenario) -> RequestParts:
        scenario.upload("products.csv", GOOD_PRODUCTS)
        scenario.upload("sales.csv", SALES)
        return scenario.run(collection, name)

    path = f"{MODEL}/{collection}"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"offset": "100"})
    yield Exchange("GET", path, 404, user="eve")
    path = f"{path}/{{{parameter}}}"
    yield Exchange("GET", path, 200, one)
    yield Exchange("GET", path, 404, one, user="eve")
    path = f"{path}/tasks"
    yield Exchange("GET", path, 200, done)
    yield Exchange("GET", path, 200, one)
    yield Exchange("GET", path, 404, path_values(modelId="0" * 32))
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
    collection: str,
    parameter: str,
    name: str,
    *,
    existing: Sequence[str],
    missing: Sequence[str] = (),
) -> Iterator[Exchange]:
    """Yield the exchanges of the dump of a run with failures."""

    def with_failures(scenario: Scenario) -> RequestParts:
        scenario.upload("products.csv", BAD_PRODUCTS)
        scenario.upload("sales.csv", SALES)
        parts = scenario.run(collection, name)
        return {"path": {**parts["path"], "objectId": scenario.id_of("imports", "Products")}}

    def without(scenario: Scenario) -> RequestParts:
        scenario.upload("products.csv", GOOD_PRODUCTS)
        scenario.upload("sales.csv", SALES)
        return scenario.run(collection, name)

    task = f"{MODEL}/{collection}/{{{parameter}}}/tasks/{{taskId}}"
    yield Exchange("GET", task, 200, with_failures)
    yield Exchange("GET", f"{task}/dump", 204, without)
    for path in existing:
        yield Exchange("GET", f"{task}/{path}", 200, with_failures)
    for path in (*existing, *missing):
        yield Exchange("GET", f"{task}/{path}", 404)


def finished_optimizer(scenario: Scenario) -> RequestParts:
    """Run an optimizer in a process. The task of the process identifies the log."""
    finished = scenario.run("processes", "Promote")["path"]
    optimizer = scenario.id_of("actions", "Promote best sellers")
    return {"path": {"actionId": optimizer, "correlationId": finished["taskId"]}}


EXCHANGES = [
    *actions("imports", "importId", "Products"),
    *actions("exports", "exportId", "Sales - multi.csv"),
    *actions("actions", "actionId", "Drop orders"),
    *actions("processes", "processId", "Nightly"),
    # With a slash at the end, as in the documentation (docs/anaplan-behaviour.md#integration-api).
    Exchange("GET", f"{MODEL}/imports/", 200),
    Exchange("GET", f"{MODEL}/imports/", 404, user="eve"),
    # Observed only for imports (docs/anaplan-behaviour.md#action-metadata).
    Exchange("GET", f"{MODEL}/imports/{{importId}}", 500, path_values(importId="112999999999")),
    Exchange("GET", f"{MODEL}/exports/{{exportId}}", 404, path_values(exportId="116999999999")),
    Exchange("GET", OPTIMIZER_LOG, 403, user="bob"),
    Exchange("GET", OPTIMIZER_LOG, 404),
    Exchange("GET", OPTIMIZER_LOG, 200, finished_optimizer),
    *dumps("imports", "importId", "Products", existing=DUMP + DUMP_OF_STEP),
    *dumps("processes", "processId", "Nightly", existing=DUMP + DUMP_OF_STEP),
    *dumps("actions", "actionId", "Drop orders", existing=(), missing=DUMP),
]
