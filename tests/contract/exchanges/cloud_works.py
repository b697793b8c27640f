"""CloudWorks: connections, integrations, runs, schedules, notifications and flows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.contract.exchange import Exchange as AnyExchange
from tests.contract.exchange import at

if TYPE_CHECKING:
    from tests.contract.conftest import Given, Place

Exchange = partial(AnyExchange, specification="cloudworks")

S3_BODY = {
    "name": "More",
    "accessKeyId": "AKIASHOP",
    "secretAccessKey": "s3-secret",
    "bucketName": "shop-data",
}
S3 = {"type": "AmazonS3", "body": S3_BODY}
SCHEDULE = {
    "name": "Nightly",
    "type": "daily",
    "time": "03:00",
    "startDate": "2090-01-01",
    "endDate": "2090-12-31",
    "timezone": "Europe/Paris",
}
HOURLY = {
    **{key: value for key, value in SCHEDULE.items() if key != "time"},
    "type": "hourly",
    "fromTime": "08:00",
    "toTime": "18:00",
    "repeatEvery": 2,
    "daysOfWeek": [1, 2],
}


def ask(place: Place, method: str, path: str, **request: Any) -> Any:
    headers = place.authorization("ada")
    reply = place.http.request(method, f"/cloudworks/2/0{path}", headers=headers, **request)
    return reply.raise_for_status().json()


def one(name: str, place: Place) -> Given:
    """Find an integration."""
    listed = ask(place, "GET", "/integrations")["integrations"]
    found = next(each for each in listed if each["name"] == name)
    return {
        "at": {
            "integrationId": found["integrationId"],
            "notificationId": found["notificationId"],
        }
    }


def integration(name: str) -> Any:
    return partial(one, name)


def connection(place: Place) -> Given:
    made = ask(place, "POST", "/integrations/connections", json=S3)
    return {"at": {"connectionId": made["connectionId"]}}


def used_connection(place: Place) -> Given:
    listed = ask(place, "GET", "/integrations/connections")["connections"]
    return {"at": {"connectionId": listed[0]["connectionId"]}}


def body_of(place: Place, name: str, new_name: str) -> Any:
    """Write an integration as it would be asked for."""
    found = one(name, place)["at"]["integrationId"]
    read = ask(place, "GET", f"/integrations/{found}")["integration"]
    cloud = ("connectionName", "isConnectionDeleted", "bucketName")
    jobs = [
        {
            "type": job["type"],
            **{
                sides: [
                    {key: value for key, value in side.items() if key not in cloud}
                    for side in job[sides]
                ]
                for sides in ("sources", "targets")
            },
        }
        for job in read["jobs"]
    ]
    kept = {key: read[key] for key in ("version", "workspaceId", "modelId", "nuxVisible")}
    return {"name": new_name, **kept, "jobs": jobs}


def new_integration(name: str, place: Place) -> Given:
    return {"json": body_of(place, "Products in", name)}


def changed_integration(place: Place) -> Given:
    return {**one("Products in", place), "json": body_of(place, "Products in", "Renamed")}


def ran(name: str, place: Place) -> Given:
    """Run an integration to its end."""
    given = one(name, place)
    run = ask(place, "POST", f"/integrations/{given['at']['integrationId']}/run")["run"]["id"]
    while ask(place, "GET", f"/integrations/run/{run}")["run"]["endDate"] is None:
        pass
    return {"at": {**given["at"], "runId": run, "actionId": place.named("imports", "Products")}}


def failed(place: Place) -> Given:
    """Run an integration that leaves a dump."""
    path = place.emulator.clouds / "AmazonS3/shop-data/in"
    (path / "products.csv").write_bytes((path / "bad.csv").read_bytes())
    return ran("Products in", place)


def held(place: Place) -> Given:
    """Run an integration, and hold it there."""
    place.emulator.settings.hold_tasks = "IN_PROGRESS"
    given = one("Products in", place)
    action = place.named("imports", "Products")
    ask(place, "POST", f"/integrations/{given['at']['integrationId']}/run")
    model = f"/2/0/models/{place.emulator.model_id}"
    headers = place.authorization("ada")
    while True:
        listed = place.http.get(f"{model}/imports/{action}/tasks", headers=headers).json()
        if any(task["taskState"] == "IN_PROGRESS" for task in listed.get("tasks", [])):
            return given
        time.sleep(0.01)


def scheduled(place: Place) -> Given:
    given = one("Products in", place)
    path = f"/integrations/{given['at']['integrationId']}/schedule"
    ask(place, "POST", path, json={"schedule": SCHEDULE})
    return given | {"json": {"integrationId": given["at"]["integrationId"], "schedule": SCHEDULE}}


def scheduled_at(status: str, place: Place) -> Given:
    given = scheduled(place)
    return {"at": {**given["at"], "status": status}}


def notification(place: Place) -> Given:
    given = one("Products in", place)
    user = place.user("ada")["at"]["userId"]
    return given | {
        "json": {
            "integrationIds": [given["at"]["integrationId"]],
            "channels": ["email"],
            "notifications": {"config": [{"type": "success", "users": [user]}]},
        }
    }


def without_notification(place: Place) -> Given:
    given = notification(place)
    ask(place, "DELETE", f"/integrations/notification/{given['at']['notificationId']}")
    return {"json": given["json"]}


def flow(place: Place) -> Given:
    found = ask(place, "GET", "/integrationflows")["integrationFlows"][0]["id"]
    return {"at": {"integrationFlowId": found}}


def flow_ran(place: Place) -> Given:
    given = flow(place)
    path = f"/integrationflows/{given['at']['integrationFlowId']}"
    run = ask(place, "POST", f"{path}/run")["run"]["id"]
    while ask(place, "GET", f"/integrations/run/{run}")["run"]["endDate"] is None:
        pass
    path = f"/integrations/{given['at']['integrationFlowId']}/schedule"
    ask(place, "POST", path, json={"schedule": SCHEDULE})
    return given


def new_flow(name: str, fewest: int, place: Place) -> Given:
    steps = [
        {
            "type": "Integration",
            "referrer": one(each, place)["at"]["integrationId"],
            "dependsOn": [],
            "isSkipped": False,
            "exceptionBehavior": [{"type": "failure", "strategy": "stop"}],
        }
        for each in ("Products in", "Sales out")[:fewest]
    ]
    return {"json": {"name": name, "version": "2.0", "type": "IntegrationFlow", "steps": steps}}


def changed_flow(place: Place) -> Given:
    return flow(place) | new_flow("Renamed", 2, place)


def connections() -> Iterator[AnyExchange]:
    path = "/integrations/connections"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 403, who="bob")
    yield Exchange("POST", path, 200, json=S3)
    yield Exchange("POST", path, 400, json={**S3, "body": {**S3_BODY, "secretAccessKey": "wrong"}})
    path = f"{path}/{{connectionId}}"
    yield Exchange("PUT", path, 200, connection, json=S3)
    yield Exchange("PUT", path, 400, connection, json={"type": "AmazonS3", "body": {"name": "x"}})
    yield Exchange("PUT", path, 404, json=S3)
    yield Exchange("PATCH", path, 200, connection, json={"body": S3_BODY})
    yield Exchange("PATCH", path, 400, connection, json={"body": {"name": "x"}})
    yield Exchange("DELETE", path, 200, connection)
    yield Exchange("DELETE", path, 409, used_connection)


def integrations() -> Iterator[AnyExchange]:
    path = "/integrations"
    yield Exchange("GET", path, 200, partial(ran, "Products in"))
    yield Exchange("GET", path, 200, scheduled)
    yield Exchange("GET", path, 403, who="bob")
    yield Exchange("POST", path, 200, partial(new_integration, "New"))
    yield Exchange("POST", path, 400, partial(new_integration, "Sales out"))
    path = "/integrations/{integrationId}"
    for name in ("Products in", "Sales out", "Clean up"):
        yield Exchange("GET", path, 200, integration(name))
    yield Exchange("GET", path, 200, scheduled)
    yield Exchange("GET", path, 404)
    yield Exchange("PUT", path, 200, changed_integration)
    yield Exchange("PUT", path, 404, partial(new_integration, "New"))
    yield Exchange("DELETE", path, 200, integration("Clean up"))
    yield Exchange("DELETE", path, 404)
    yield Exchange("DELETE", path, 409, held)
    yield Exchange("DELETE", path, 401, who=None)
    yield Exchange("POST", f"{path}/run", 200, integration("Products in"))
    yield Exchange("POST", f"{path}/run", 409, held)
    yield Exchange("POST", f"{path}/cancel", 200, held)
    yield Exchange("POST", f"{path}/cancel", 409, integration("Products in"))
    yield Exchange("GET", "/integrations/anaplanModels/{modelId}", 404)


def runs() -> Iterator[AnyExchange]:
    path = "/integrations/runs/{integrationId}"
    yield Exchange("GET", path, 200, partial(ran, "Products in"))
    yield Exchange("GET", path, 200, partial(ran, "Clean up"))
    yield Exchange("GET", path, 200, failed)
    yield Exchange("GET", path, 404)
    path = "/integrations/run/{runId}"
    yield Exchange("GET", path, 200, partial(ran, "Sales out"))
    yield Exchange("GET", path, 200, failed)
    yield Exchange("GET", path, 404)
    yield Exchange("GET", f"{path}/dumps", 200, failed)
    yield Exchange("GET", f"{path}/dumps", 404, partial(ran, "Products in"))
    step = f"{path}/process/import/{{actionId}}/dumps"
    yield Exchange("GET", step, 200, failed)
    yield Exchange("GET", step, 404)
    path = "/integrations/runerror/{runId}"
    yield Exchange("GET", path, 200, failed)
    yield Exchange("GET", path, 200, partial(ran, "Products in"))
    yield Exchange("GET", path, 404)


def schedules() -> Iterator[AnyExchange]:
    path = "/integrations/{integrationId}/schedule"
    body = {"schedule": SCHEDULE}
    yield Exchange("POST", path, 200, integration("Products in"), json=body)
    yield Exchange("POST", path, 200, integration("Products in"), json={"schedule": HOURLY})
    yield Exchange("POST", path, 400, scheduled)
    yield Exchange("PUT", path, 200, scheduled)
    yield Exchange("PUT", path, 400, scheduled, json=body)
    yield Exchange("DELETE", path, 200, scheduled)
    yield Exchange("DELETE", path, 404, integration("Products in"))
    path = f"{path}/status/{{status}}"
    yield Exchange("POST", path, 200, partial(scheduled_at, "disabled"))
    yield Exchange("POST", path, 404, at(status="enabled"))


def notifications() -> Iterator[AnyExchange]:
    path = "/integrations/notification"
    yield Exchange("POST", path, 200, without_notification)
    yield Exchange("POST", path, 400, notification)
    path = f"{path}/{{notificationId}}"
    yield Exchange("GET", path, 200, notification)
    yield Exchange("GET", path, 404)
    yield Exchange("PUT", path, 200, notification)
    yield Exchange("PUT", path, 403, notification, who="bob")
    yield Exchange("DELETE", path, 200, notification)
    yield Exchange("DELETE", path, 404)


def flows() -> Iterator[AnyExchange]:
    path = "/integrationflows"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, flow_ran)
    yield Exchange("GET", path, 403, who="bob")
    yield Exchange("POST", path, 200, partial(new_flow, "New", 2))
    yield Exchange("POST", path, 400, partial(new_flow, "New", 1))
    path = "/integrationflows/{integrationFlowId}"
    yield Exchange("GET", path, 200, flow)
    yield Exchange("GET", path, 200, flow_ran)
    yield Exchange("GET", path, 404)
    yield Exchange("PUT", path, 200, changed_flow)
    yield Exchange("PUT", path, 404, partial(new_flow, "New", 2))
    yield Exchange("DELETE", path, 200, flow)
    yield Exchange("DELETE", path, 404)
    yield Exchange("POST", f"{path}/run", 200, flow)
    yield Exchange("POST", f"{path}/run", 400, flow, json={"stepsToRun": ["1"]})


EXCHANGES = [
    *connections(),
    *integrations(),
    *runs(),
    *schedules(),
    *notifications(),
    *flows(),
]

# It was removed: a web page says so, to anybody (facts 8.2).
STRANGERS = {("GET", "/integrations/anaplanModels/{modelId}"): 404}
