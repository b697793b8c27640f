"""Revisions, their tasks and reports, and online status."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.contract.exchange import MODEL, Exchange

from anaplan_emulator.store.identifiers import upper_hex

if TYPE_CHECKING:
    from tests.contract.conftest import Given, Held, Place

ALM = f"{MODEL}/alm"
AREA = {"lists": [{"name": "Areas", "items": [{"name": "West"}]}]}
UNKNOWN = {"sourceRevisionId": "A" * 32, "sourceModelId": "B" * 32, "targetRevisionId": "C" * 32}


def ask(place: Place, method: str, path: str, **request: Any) -> Any:
    headers = place.authorization("root")
    reply = place.http.request(method, f"/2/0{path}", headers=headers, **request)
    return reply.raise_for_status().json()


def found(place: Place, name: str) -> dict[str, str]:
    """Find a model of the workspace that root administers."""
    models = ask(place, "GET", "/models")["models"]
    model = next(each for each in models if each["name"] == name)
    return {"modelId": model["id"], "workspaceId": model["currentWorkspaceId"]}


def revisions(place: Place) -> dict[str, str]:
    listed = ask(place, "GET", f"/models/{found(place, 'Plan')['modelId']}/alm/revisions")
    return {each["name"]: each["id"] for each in listed["revisions"]}


def three_ids(place: Place) -> dict[str, str]:
    known = revisions(place)
    return {
        "sourceRevisionId": known["Second"],
        "sourceModelId": found(place, "Plan")["modelId"],
        "targetRevisionId": known["First"],
    }


def within(name: str, **values: str) -> Callable[[Place], Given]:
    return lambda place: {"at": {**found(place, name), **values}}


def in_plan(place: Place) -> Given:
    return {"at": found(place, "Plan")}


def changed(place: Place) -> Given:
    """Plan, after a structural change."""
    place.emulator.restructure("Plan", AREA)
    return {"at": found(place, "Plan")}


def with_first(place: Place) -> Given:
    return {"at": {**found(place, "Plan"), "revisionId": revisions(place)["First"]}}


def live(place: Place) -> Given:
    return {"at": found(place, "Plan Live"), "json": three_ids(place)}


def ran(
    kind: str, parameter: str = "taskId", *, held: Held | None = None, **ids: str
) -> Callable[[Place], Given]:
    """Run a task to its end, or to the state in which it is held."""

    def run(place: Place) -> Given:
        place.emulator.settings.hold_tasks = held
        model = found(place, "Plan Live")
        path = f"/models/{model['modelId']}/alm/{kind}"
        body = {**three_ids(place), **ids}
        task = ask(place, "POST", path, json=body)["task"]["taskId"]
        while ask(place, "GET", f"{path}/{task}")["task"]["taskState"] != (held or "COMPLETE"):
            time.sleep(0.01)
        at = {
            "targetRevisionId": body["targetRevisionId"],
            "sourceRevisionId": body["sourceRevisionId"],
        }
        return {"at": {**model, parameter: task, **at}}

    return run


def exchange(
    method: str,
    path: str,
    status: int,
    given: Callable[[Place], Given] = in_plan,
    who: str = "root",
    **more: Any,
) -> Exchange:
    return Exchange(method, path, status, given, who=who, specification="alm", **more)


def refused(method: str, path: str, status: int, **more: Any) -> Exchange:
    """Ask for Sales as somebody who doesn't administer it, or for another of the shop's models."""
    return Exchange(method, path, status, specification="alm", **{"who": "bob", **more})


def online_status() -> Iterator[Exchange]:
    path = f"{MODEL}/onlineStatus"
    for method in ("PUT", "POST"):
        yield exchange(method, path, 204, json={"status": "offline"})
        yield exchange(method, path, 400, json={"status": "away"})
        yield refused(method, path, 403, json={"status": "offline"})
        yield refused(method, path, 404, json={"status": "offline"}, who="eve")


def histories() -> Iterator[Exchange]:
    path = f"{ALM}/revisions"
    yield exchange("GET", path, 200)
    yield exchange("GET", path, 200, query={"limit": "1"})
    yield exchange("GET", path, 200, query={"limit": "1", "offset": "1"})
    yield exchange("GET", path, 400, query={"appliedAfter": "yesterday"})
    yield refused("GET", path, 403)
    yield exchange("POST", path, 201, changed, json={"name": "Third", "description": "More"})
    yield exchange("POST", path, 201, changed, json={"name": "Third"})
    yield exchange("POST", path, 400, json={"name": "Third"})
    yield refused("POST", path, 403, json={"name": "Third"})
    yield exchange("GET", f"{path}/{{revisionId}}/appliedToModels", 200, with_first)
    yield exchange("GET", f"{path}/{{revisionId}}/appliedToModels", 404)
    yield exchange("GET", f"{ALM}/latestRevision", 200)
    yield exchange("GET", f"{ALM}/latestRevision", 200, within("Empty"))
    yield refused("GET", f"{ALM}/latestRevision", 403)


def tasks() -> Iterator[Exchange]:
    path = f"{ALM}/syncTasks"
    yield exchange("POST", path, 201, live)
    yield exchange("POST", path, 400, json={})
    yield exchange("POST", path, 404, json=UNKNOWN)
    yield exchange("GET", path, 200, ran("syncTasks"))
    yield exchange("GET", path, 200)
    yield refused("GET", path, 403)
    one = f"{path}/{{syncTaskId}}"
    yield exchange("GET", one, 200, ran("syncTasks", "syncTaskId"))
    yield exchange("GET", one, 200, ran("syncTasks", "syncTaskId", held="NOT_STARTED"))
    yield exchange("GET", one, 200, ran("syncTasks", "syncTaskId", held="IN_PROGRESS"))
    yield exchange("GET", one, 200, ran("syncTasks", "syncTaskId", targetRevisionId="A" * 32))
    yield exchange("GET", one, 404)
    for kind in ("comparison", "summary"):
        path = f"{ALM}/{kind}ReportTasks"
        yield exchange("POST", path, 201, live)
        yield exchange("POST", path, 400, json={})
        yield exchange("GET", f"{path}/{{taskId}}", 200, ran(f"{kind}ReportTasks"))
        yield exchange(
            "GET",
            f"{path}/{{taskId}}",
            200,
            ran(f"{kind}ReportTasks", targetRevisionId="A" * 32),
        )
        yield exchange("GET", f"{path}/{{taskId}}", 404)
        yield refused("GET", f"{path}/{{taskId}}", 424)
        path = f"{ALM}/{kind}Reports/{{targetRevisionId}}/{{sourceRevisionId}}"
        yield exchange("GET", path, 200, ran(f"{kind}ReportTasks"))
        yield exchange("GET", path, 404)
        yield refused("GET", path, 424)


def syncable() -> Iterator[Exchange]:
    # The ids of models follow from their names.
    source = {"sourceModelId": upper_hex("model", "Planning/Plan")}
    path = f"{ALM}/syncableRevisions"
    yield exchange("GET", path, 200, within("Plan Live"), query=source)
    yield exchange("GET", path, 200, within("Empty"), query=source)
    yield exchange("GET", path, 400)


EXCHANGES = [*online_status(), *histories(), *tasks(), *syncable()]
