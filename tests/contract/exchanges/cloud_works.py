"""CloudWorks: connections, integrations, runs, schedules, notifications and flows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.contract.exchange import Exchange as AnyExchange
from tests.contract.exchange import path_values

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario

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


def request_json(scenario: Scenario, method: str, path: str, **request: Any) -> Any:
    headers = scenario.authorization("ada")
    reply = scenario.http.request(method, f"/cloudworks/2/0{path}", headers=headers, **request)
    return reply.raise_for_status().json()


def one(name: str, scenario: Scenario) -> RequestParts:
    """Find an integration."""
    listed = request_json(scenario, "GET", "/integrations")["integrations"]
    found = next(each for each in listed if each["name"] == name)
    return {
        "path": {
            "integrationId": found["integrationId"],
            "notificationId": found["notificationId"],
        }
    }


def integration(name: str) -> Any:
    return partial(one, name)


def connection(scenario: Scenario) -> RequestParts:
    made = request_json(scenario, "POST", "/integrations/connections", json=S3)
    return {"path": {"connectionId": made["connectionId"]}}


def used_connection(scenario: Scenario) -> RequestParts:
    listed = request_json(scenario, "GET", "/integrations/connections")["connections"]
    return {"path": {"connectionId": listed[0]["connectionId"]}}


def body_of(scenario: Scenario, name: str, new_name: str) -> Any:
    """Return the request body for an integration with the jobs of another."""
    found = one(name, scenario)["path"]["integrationId"]
    read = request_json(scenario, "GET", f"/integrations/{found}")["integration"]
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


def new_integration(name: str, scenario: Scenario) -> RequestParts:
    return {"json": body_of(scenario, "Products in", name)}


def changed_integration(scenario: Scenario) -> RequestParts:
    return {**one("Products in", scenario), "json": body_of(scenario, "Products in", "Renamed")}


def finished_run(name: str, scenario: Scenario) -> RequestParts:
    """Run an integration to its end."""
    parts = one(name, scenario)
    run = request_json(scenario, "POST", f"/integrations/{parts['path']['integrationId']}/run")[
        "run"
    ]["id"]
    while request_json(scenario, "GET", f"/integrations/run/{run}")["run"]["endDate"] is None:
        pass
    return {
        "path": {**parts["path"], "runId": run, "actionId": scenario.id_of("imports", "Products")}
    }


def failed(scenario: Scenario) -> RequestParts:
    """Run an integration that leaves a dump."""
    path = scenario.emulator.clouds / "AmazonS3/shop-data/in"
    (path / "products.csv").write_bytes((path / "bad.csv").read_bytes())
    return finished_run("Products in", scenario)


def held(scenario: Scenario) -> RequestParts:
    """Start an integration, and hold it while it runs."""
    scenario.emulator.settings.hold_tasks = "IN_PROGRESS"
    parts = one("Products in", scenario)
    action = scenario.id_of("imports", "Products")
    request_json(scenario, "POST", f"/integrations/{parts['path']['integrationId']}/run")
    model = f"/2/0/models/{scenario.emulator.model_id}"
    headers = scenario.authorization("ada")
    while True:
        listed = scenario.http.get(f"{model}/imports/{action}/tasks", headers=headers).json()
        if any(task["taskState"] == "IN_PROGRESS" for task in listed.get("tasks", [])):
            return parts
        time.sleep(0.01)


def scheduled(scenario: Scenario) -> RequestParts:
    parts = one("Products in", scenario)
    path = f"/integrations/{parts['path']['integrationId']}/schedule"
    request_json(scenario, "POST", path, json={"schedule": SCHEDULE})
    return parts | {"json": {"integrationId": parts["path"]["integrationId"], "schedule": SCHEDULE}}


def scheduled_at(status: str, scenario: Scenario) -> RequestParts:
    parts = scheduled(scenario)
    return {"path": {**parts["path"], "status": status}}


def notification(scenario: Scenario) -> RequestParts:
    parts = one("Products in", scenario)
    user = scenario.user("ada")["path"]["userId"]
    return parts | {
        "json": {
            "integrationIds": [parts["path"]["integrationId"]],
            "channels": ["email"],
            "notifications": {"config": [{"type": "success", "users": [user]}]},
        }
    }


def without_notification(scenario: Scenario) -> RequestParts:
    parts = notification(scenario)
    request_json(
        scenario, "DELETE", f"/integrations/notification/{parts['path']['notificationId']}"
    )
    return {"json": parts["json"]}


def flow(scenario: Scenario) -> RequestParts:
    found = request_json(scenario, "GET", "/integrationflows")["integrationFlows"][0]["id"]
    return {"path": {"integrationFlowId": found}}


def flow_ran(scenario: Scenario) -> RequestParts:
    parts = flow(scenario)
    path = f"/integrationflows/{parts['path']['integrationFlowId']}"
    run = request_json(scenario, "POST", f"{path}/run")["run"]["id"]
    while request_json(scenario, "GET", f"/integrations/run/{run}")["run"]["endDate"] is None:
        pass
    path = f"/integrations/{parts['path']['integrationFlowId']}/schedule"
    request_json(scenario, "POST", path, json={"schedule": SCHEDULE})
    return parts


def new_flow(name: str, fewest: int, scenario: Scenario) -> RequestParts:
    steps = [
        {
            "type": "Integration",
            "referrer": one(each, scenario)["path"]["integrationId"],
            "dependsOn": [],
            "isSkipped": False,
            "exceptionBehavior": [{"type": "failure", "strategy": "stop"}],
        }
        for each in ("Products in", "Sales out")[:fewest]
    ]
    return {"json": {"name": name, "version": "2.0", "type": "IntegrationFlow", "steps": steps}}


def changed_flow(scenario: Scenario) -> RequestParts:
    return flow(scenario) | new_flow("Renamed", 2, scenario)


def connections() -> Iterator[AnyExchange]:
    path = "/integrations/connections"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 403, user="bob")
    yield Exchange("POST", path, 200, json=S3)
    yield Exchange("POST", path, 400, json={**S3, "body": {**S3_BODY, "secretAccessKey": "wrong"}})
    path = f"{path}/{{connectionId}}"
    yield Exchange("PUT", path, 200, connection, json=S3)
    yield Exchange("PUT", path, 400, connection, json={"type": "AmazonS3", "body": {"name": "x"}})
    yield Exchange("PUT", path, 404, json=S3)
    yield Exchange("PATCH", path, 200, connection, json={"body": S3_BODY})
    yield Exchange("PATCH", path, 400, connection, json={"body": {"name": ""}})
    yield Exchange("DELETE", path, 200, connection)
    yield Exchange("DELETE", path, 409, used_connection)


def integrations() -> Iterator[AnyExchange]:
    path = "/integrations"
    yield Exchange("GET", path, 200, partial(finished_run, "Products in"))
    yield Exchange("GET", path, 200, scheduled)
    yield Exchange("GET", path, 403, user="bob")
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
    yield Exchange("DELETE", path, 401, user=None)
    yield Exchange("POST", f"{path}/run", 200, integration("Products in"))
    yield Exchange("POST", f"{path}/run", 409, held)
    yield Exchange("POST", f"{path}/cancel", 200, held)
    yield Exchange("POST", f"{path}/cancel", 409, integration("Products in"))
    yield Exchange("GET", "/integrations/anaplanModels/{modelId}", 404)


def runs() -> Iterator[AnyExchange]:
    path = "/integrations/runs/{integrationId}"
    yield Exchange("GET", path, 200, partial(finished_run, "Products in"))
    yield Exchange("GET", path, 200, partial(finished_run, "Clean up"))
    yield Exchange("GET", path, 200, failed)
    yield Exchange("GET", path, 404)
    path = "/integrations/run/{runId}"
    yield Exchange("GET", path, 200, partial(finished_run, "Sales out"))
    yield Exchange("GET", path, 200, failed)
    yield Exchange("GET", path, 404)
    yield Exchange("GET", f"{path}/dumps", 200, failed)
    yield Exchange("GET", f"{path}/dumps", 404, partial(finished_run, "Products in"))
    step = f"{path}/process/import/{{actionId}}/dumps"
    yield Exchange("GET", step, 200, failed)
    yield Exchange("GET", step, 404)
    path = "/integrations/runerror/{runId}"
    yield Exchange("GET", path, 200, failed)
    yield Exchange("GET", path, 200, partial(finished_run, "Products in"))
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
    yield Exchange("POST", path, 404, path_values(status="enabled"))


def notifications() -> Iterator[AnyExchange]:
    path = "/integrations/notification"
    yield Exchange("POST", path, 200, without_notification)
    yield Exchange("POST", path, 400, notification)
    path = f"{path}/{{notificationId}}"
    yield Exchange("GET", path, 200, notification)
    yield Exchange("GET", path, 404)
    yield Exchange("PUT", path, 200, notification)
    yield Exchange("PUT", path, 403, notification, user="bob")
    yield Exchange("DELETE", path, 200, notification)
    yield Exchange("DELETE", path, 404)


def flows() -> Iterator[AnyExchange]:
    path = "/integrationflows"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, flow_ran)
    yield Exchange("GET", path, 403, user="bob")
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

# It was removed: the response is a web page, also without authentication
# (docs/anaplan-behaviour.md#integrations).
UNAUTHENTICATED = {("GET", "/integrations/anaplanModels/{modelId}"): 404}
