"""The shapes of CloudWorks' bodies about which its guide and published clients disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import TenantClient

ROOT = "/2/0/integrations"
S3 = {
    "name": "More",
    "accessKeyId": "AKIASHOP",
    "secretAccessKey": "s3-secret",
    "bucketName": "shop-data",
}


def send(shop: TenantClient, method: str, path: str, status: int = 200, **request: Any) -> Any:
    reply = shop.http.request(method, f"{ROOT}{path}", **request)
    assert reply.status_code == status, reply.text
    return reply.json()


def create(shop: TenantClient) -> str:
    body = send(shop, "POST", "/connections", json={"type": "AmazonS3", "body": S3})
    found: str = body["connections"]["connectionId"]
    return found


def connection(shop: TenantClient, name: str) -> dict[str, Any]:
    listed = send(shop, "GET", "/connections")["connections"]
    return next(each for each in listed if each["body"]["name"] == name)


def named(shop: TenantClient, name: str) -> dict[str, Any]:
    listed = send(shop, "GET", "")["integrations"]
    return next(each for each in listed if each["name"] == name)


def test_the_id_of_a_new_connection_is_nested(shop: TenantClient) -> None:
    body = send(shop, "POST", "/connections", json={"type": "AmazonS3", "body": S3})
    assert body["connectionId"] == body["connections"]["connectionId"]
    shop.emulator.settings.dialect = "guide"
    other = {"type": "AmazonS3", "body": {**S3, "name": "Other"}}
    assert send(shop, "POST", "/connections", json=other).keys() == {"status", "connections"}
    assert connection(shop, "Other").keys().isdisjoint({"creationDate", "modificationDate"})


@pytest.mark.parametrize("wrapped", [False, True])
def test_connections_are_changed_by_flat_and_wrapped_bodies(
    shop: TenantClient, *, wrapped: bool
) -> None:
    path = f"/connections/{create(shop)}"

    def body(members: dict[str, str]) -> dict[str, Any]:
        return {"type": "AmazonS3", "body": members} if wrapped else members

    send(shop, "PUT", path, json=body({**S3, "name": "Replaced"}))
    assert connection(shop, "Replaced")["body"]["bucketName"] == "shop-data"
    send(shop, "PUT", path, 400, json=body({"name": "Incomplete"}))
    send(shop, "PATCH", path, json=body({"name": "Patched"}))
    assert connection(shop, "Patched")["body"]["bucketName"] == "shop-data"
    keys = {"accessKeyId": "AKIASHOP", "secretAccessKey": "wrong"}
    send(shop, "PATCH", path, 400, json=body(keys))
    send(shop, "PATCH", path, json=body({**keys, "secretAccessKey": "s3-secret"}))
    send(shop, "PATCH", path, 400, json={})


@pytest.mark.parametrize("camel_case", [False, True])
def test_keys_of_service_accounts(shop: TenantClient, *, camel_case: bool) -> None:
    key = {
        "project_id": "shop-project",
        "private_key_id": "key-1",
        "private_key": "bq-secret",
        "client_email": "a@b.example",
    }
    if camel_case:
        words = {name: name.split("_") for name in key}
        key = {
            words[name][0] + "".join(word.title() for word in words[name][1:]): value
            for name, value in key.items()
        }
    body = {"name": "Big", "dataset": "shop_set", "serviceAccountKey": key}
    send(shop, "POST", "/connections", json={"type": "GoogleBigQuery", "body": body})
    assert connection(shop, "Big")["body"]["projectId"] == "shop-project"


@pytest.mark.parametrize(
    "mapping",
    [{"Units": "units"}, [{"sourceName": "Units", "targetName": "units"}]],
    ids=["object", "array"],
)
def test_mappings(shop: TenantClient, mapping: object) -> None:
    sources = [{"type": "Anaplan", "actionId": shop.ids_by_name("exports")["Sales - multi.csv"]}]
    big_query = connection(shop, "BigQuery")["connectionId"]
    targets = [{"type": "GoogleBigQuery", "connectionId": big_query, "table": "sales"}]
    job = {
        "type": "AnaplanToGoogleBigQuery",
        "sources": sources,
        "targets": targets,
        "mapping": mapping,
    }
    body = {
        "name": "Mapped",
        "version": "2.0",
        "workspaceId": shop.workspace_id,
        "modelId": shop.model_id(),
        "jobs": [job],
    }
    created = send(shop, "POST", "", json=body)["integration"]["integrationId"]
    (job,) = send(shop, "GET", f"/{created}")["integration"]["jobs"]
    assert job["mapping"] == [{"sourceName": "Units", "targetName": "units"}]
    assert named(shop, "Mapped")["latestRun"] == {}


@pytest.mark.parametrize("days", [{"dayOfWeek": 5}, {"daysOfWeek": [5]}])
def test_the_weekday_of_a_monthly_schedule(shop: TenantClient, days: dict[str, Any]) -> None:
    schedule = {
        "name": "Fridays",
        "type": "monthly_relative_weekday",
        "time": "06:00",
        "repeatEvery": 1,
        "startDate": "2030-01-01",
        "timezone": "America/New_York",
        **days,
    }
    integration = named(shop, "Products in")["integrationId"]
    path = f"/{integration}/schedule"
    created = send(shop, "POST", path, json={"schedule": schedule})
    assert created["scheduledIntegration"] == {"id": integration}
    assert named(shop, "Products in")["schedule"]["dayOfWeek"] == 5


def test_notifications_need_users_and_their_id_is_nested(shop: TenantClient) -> None:
    row = named(shop, "Products in")
    user = shop.http.get("/2/0/users/me").json()["user"]["id"]
    body = {
        "integrationIds": [row["integrationId"]],
        "channels": ["email"],
        "notifications": {"config": [{"type": "success", "users": []}]},
    }
    path = f"/notification/{row['notificationId']}"
    send(shop, "PUT", path, 400, json=body)
    send(shop, "DELETE", path)
    body["notifications"] = {"config": [{"type": "success", "users": [user]}]}
    created = send(shop, "POST", "/notification", json=body)
    assert created["notification"] == {"notificationId": created["notificationId"]}


def test_the_reply_to_a_cancellation(shop: TenantClient) -> None:
    shop.emulator.settings.hold_tasks = "IN_PROGRESS"
    integration = named(shop, "Products in")["integrationId"]
    send(shop, "POST", f"/{integration}/run")
    while (reply := shop.http.post(f"{ROOT}/{integration}/cancel")).status_code == 404:
        pass
    assert reply.json() == {
        "status": {"code": 200, "message": "Success"},
        "success": True,
        "message": {"integration_id": integration, "state": "cancelled"},
    }


def test_the_guides_integrations(shop: TenantClient) -> None:
    shop.emulator.settings.dialect = "guide"
    row = named(shop, "Products in")
    dates = {"creationDate", "modificationDate"}
    assert row.keys().isdisjoint({"workspaceId", "modelId", *dates})
    assert row.keys() >= {"isoCreationDate", "isoModificationDate"}
    detail = send(shop, "GET", f"/{row['integrationId']}")["integration"]
    assert detail["jobs"]
    run_id = send(shop, "POST", f"/{row['integrationId']}/run")["run"]["id"]
    while not send(shop, "GET", f"/run/{run_id}")["run"]["endDate"]:
        pass
    (run,) = send(shop, "GET", f"/runs/{row['integrationId']}")["history_of_runs"]["runs"]
    assert run["lastRun"] == run["endDate"]


def test_run_errors_are_an_object_and_an_array_in_the_guide(shop: TenantClient) -> None:
    folder = shop.emulator.clouds / "AmazonS3/shop-data/in"
    header = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"
    (folder / "products.csv").write_text(f"{header}P7,Fig,EU,x,,,,\n")
    integration = named(shop, "Products in")["integrationId"]
    run_id = send(shop, "POST", f"/{integration}/run")["run"]["id"]
    while not send(shop, "GET", f"/run/{run_id}")["run"]["endDate"]:
        pass
    errors = send(shop, "GET", f"/runerror/{run_id}")["runs"]
    assert errors["errorMessages"]
    shop.emulator.settings.dialect = "guide"
    assert send(shop, "GET", f"/runerror/{run_id}")["runs"] == [errors]


def test_processes_without_data_have_no_jobs(shop: TenantClient) -> None:
    detail = send(shop, "GET", f"/{named(shop, 'Clean up')['integrationId']}")["integration"]
    assert detail.get("jobs") != []
