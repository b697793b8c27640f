"""Revisions, their tasks and reports, and online status."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.contract.exchange import MODEL, Exchange

from anaplan_emulator.store.identifiers import upper_hex

if TYPE_CHECKING:
    from tests.contract.conftest import Held, RequestParts, Scenario

ALM = f"{MODEL}/alm"
AREA = {"lists": [{"name": "Areas", "items": [{"name": "West"}]}]}
UNKNOWN = {"sourceRevisionId": "A" * 32, "sourceModelId": "B" * 32, "targetRevisionId": "C" * 32}


def request_json(scenario: Scenario, method: str, path: str, **request: Any) -> Any:
    headers = scenario.authorization("root")
    reply = scenario.http.request(method, f"/2/0{path}", headers=headers, **request)
    return reply.raise_for_status().json()


def found(scenario: Scenario, name: str) -> dict[str, str]:
    """Find a model in the workspace of which root is an administrator."""
    models = request_json(scenario, "GET", "/models")["models"]
    model = next(each for each in models if each["name"] == name)
    return {"modelId": model["id"], "workspaceId": model["currentWorkspaceId"]}


def revisions(scenario: Scenario) -> dict[str, str]:
    listed = request_json(
        scenario, "GET", f"/models/{found(scenario, 'Plan')['modelId']}/alm/revisions"
    )
    return {each["name"]: each["id"] for each in listed["revisions"]}


def sync_ids(scenario: Scenario) -> dict[str, str]:
    known = revisions(scenario)
    return {
        "sourceRevisionId": known["Second"],
        "sourceModelId": found(scenario, "Plan")["modelId"],
        "targetRevisionId": known["First"],
    }


def within(name: str, **values: str) -> Callable[[Scenario], RequestParts]:
    return lambda scenario: {"path": {**found(scenario, name), **values}}


def in_plan(scenario: Scenario) -> RequestParts:
    return {"path": found(scenario, "Plan")}


def changed(scenario: Scenario) -> RequestParts:
    """Change the structure of the model Plan."""
    scenario.emulator.restructure("Plan", AREA)
    return {"path": found(scenario, "Plan")}


def with_first(scenario: Scenario) -> RequestParts:
    return {"path": {**found(scenario, "Plan"), "revisionId": revisions(scenario)["First"]}}


def live(scenario: Scenario) -> RequestParts:
    return {"path": found(scenario, "Plan Live"), "json": sync_ids(scenario)}


def finished_run(
    kind: str, parameter: str = "taskId", *, held: Held | None = None, **ids: str
) -> Callable[[Scenario], RequestParts]:
    """Run a task to its end, or to the state in which it is held."""

    def run(scenario: Scenario) -> RequestParts:
        scenario.emulator.settings.hold_tasks = held
        model = found(scenario, "Plan Live")
        path = f"/models/{model['modelId']}/alm/{kind}"
        body = {**sync_ids(scenario), **ids}
        task = request_json(scenario, "POST", path, json=body)["task"]["taskId"]
        while request_json(scenario, "GET", f"{path}/{task}")["task"]["taskState"] != (
            held or "COMPLETE"
        ):
            time.sleep(0.01)
        path_values = {
            "targetRevisionId": body["targetRevisionId"],
            "sourceRevisionId": body["sourceRevisionId"],
        }
        return {"path": {**model, parameter: task, **path_values}}

    return run


def exchange(
    method: str,
    path: str,
    status: int,
    prepare: Callable[[Scenario], RequestParts] = in_plan,
    user: str = "root",
    **more: Any,
) -> Exchange:
    return Exchange(method, path, status, prepare, user=user, specification="alm", **more)


def error_exchange(method: str, path: str, status: int, **more: Any) -> Exchange:
    """Make an exchange as bob, who is not an administrator, with the default model."""
    return Exchange(method, path, status, specification="alm", **{"user": "bob", **more})


def online_status() -> Iterator[Exchange]:
    path = f"{MODEL}/onlineStatus"
    for method in ("PUT", "POST"):
        yield exchange(method, path, 204, json={"status": "offline"})
        yield exchange(method, path, 400, json={"status": "away"})
        yield error_exchange(method, path, 403, json={"status": "offline"})
        yield error_exchange(method, path, 404, json={"status": "offline"}, user="eve")


def histories() -> Iterator[Exchange]:
    path = f"{ALM}/revisions"
    yield exchange("GET", path, 200)
    yield exchange("GET", path, 200, query={"limit": "1"})
    yield exchange("GET", path, 200, query={"limit": "1", "offset": "1"})
    yield exchange("GET", path, 400, query={"appliedAfter": "yesterday"})
    yield error_exchange("GET", path, 403)
    yield exchange("POST", path, 201, changed, json={"name": "Third", "description": "More"})
    yield exchange("POST", path, 201, changed, json={"name": "Third"})
    yield exchange("POST", path, 400, json={"name": "Third"})
    yield error_exchange("POST", path, 403, json={"name": "Third"})
    yield exchange("GET", f"{path}/{{revisionId}}/appliedToModels", 200, with_first)
    yield exchange("GET", f"{path}/{{revisionId}}/appliedToModels", 404)
    yield exchange("GET", f"{ALM}/latestRevision", 200)
    yield exchange("GET", f"{ALM}/latestRevision", 200, within("Empty"))
    yield error_exchange("GET", f"{ALM}/latestRevision", 403)


def tasks() -> Iterator[Exchange]:
    path = f"{ALM}/syncTasks"
    yield exchange("POST", path, 201, live)
    yield exchange("POST", path, 400, json={})
    yield exchange("POST", path, 404, json=UNKNOWN)
    yield exchange("GET", path, 200, finished_run("syncTasks"))
    yield exchange("GET", path, 200)
    yield error_exchange("GET", path, 403)
    one = f"{path}/{{syncTaskId}}"
    yield exchange("GET", one, 200, finished_run("syncTasks", "syncTaskId"))
    yield exchange("GET", one, 200, finished_run("syncTasks", "syncTaskId", held="NOT_STARTED"))
    yield exchange("GET", one, 200, finished_run("syncTasks", "syncTaskId", held="IN_PROGRESS"))
    yield exchange(
        "GET", one, 200, finished_run("syncTasks", "syncTaskId", targetRevisionId="A" * 32)
    )
    yield exchange("GET", one, 404)
    for kind in ("comparison", "summary"):
        path = f"{ALM}/{kind}ReportTasks"
        yield exchange("POST", path, 201, live)
        yield exchange("POST", path, 400, json={})
        yield exchange("GET", f"{path}/{{taskId}}", 200, finished_run(f"{kind}ReportTasks"))
        yield exchange(
            "GET",
            f"{path}/{{taskId}}",
            200,
            finished_run(f"{kind}ReportTasks", targetRevisionId="A" * 32),
        )
        yield exchange("GET", f"{path}/{{taskId}}", 404)
        yield error_exchange("GET", f"{path}/{{taskId}}", 424)
        path = f"{ALM}/{kind}Reports/{{targetRevisionId}}/{{sourceRevisionId}}"
        yield exchange("GET", path, 200, finished_run(f"{kind}ReportTasks"))
        yield exchange("GET", path, 404)
        yield error_exchange("GET", path, 424)


def syncable() -> Iterator[Exchange]:
    # The ids of models are derived from their names.
    source = {"sourceModelId": upper_hex("model", "Planning/Plan")}
    path = f"{ALM}/syncableRevisions"
    yield exchange("GET", path, 200, within("Plan Live"), query=source)
    yield exchange("GET", path, 200, within("Empty"), query=source)
    yield exchange("GET", path, 400)


EXCHANGES = [*online_status(), *histories(), *tasks(), *syncable()]
