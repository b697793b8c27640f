"""CloudWorks by plain HTTP: data really moves between folders and the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.emulator.conftest import SHOP, Shop

if TYPE_CHECKING:
    from anaplan_emulator import Emulator, TenantDescription

PRODUCTS = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"
CONNECTION = {
    "type": "AmazonS3",
    "body": {
        "name": "More",
        "accessKeyId": "AKIASHOP",
        "secretAccessKey": "s3-secret",
        "bucketName": "shop-data",
    },
}
DAILY = {
    "name": "Daily",
    "type": "daily",
    "time": "06:00",
    "startDate": "2030-01-01",
    "timezone": "America/New_York",
}


class Cloud:
    """CloudWorks as one of the shop's users sees it."""

    def __init__(self, emulator: Emulator, name: str = "ada") -> None:
        self.emulator = emulator
        self.shop = Shop(emulator, f"{name}@shop.example")

    def sign_in(self) -> None:
        """Sign in anew: the clock has moved, or all was reset."""
        self.shop.http.close()
        self.shop = Shop(self.emulator, self.shop.email)

    def ask(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        reply = self.shop.http.request(method, f"/2/0{path}", **request)
        assert reply.status_code == status, reply.text
        return reply.json()

    def id(self, name: str) -> str:
        listed = self.ask("GET", "/integrations")["integrations"]
        found: str = next(each["integrationId"] for each in listed if each["name"] == name)
        return found

    def start(self, name: str) -> str:
        run_id: str = self.ask("POST", f"/integrations/{self.id(name)}/run")["run"]["id"]
        return run_id

    def wait(self, run_id: str) -> dict[str, Any]:
        while True:
            run: dict[str, Any] = self.ask("GET", f"/integrations/run/{run_id}")["run"]
            if run["endDate"] is not None:
                return run

    def run(self, name: str) -> dict[str, Any]:
        return self.wait(self.start(name))

    def history(self, name: str) -> list[dict[str, Any]]:
        while True:
            path = f"/integrations/runs/{self.id(name)}"
            runs: list[dict[str, Any]] = self.ask("GET", path)["history_of_runs"]["runs"]
            if all(run["endDate"] for run in runs):
                return runs

    def put_object(self, name: str, text: str) -> None:
        (self.emulator.clouds / "AmazonS3/shop-data" / name).write_text(text)


@pytest.fixture
def tenant() -> TenantDescription:
    return SHOP


@pytest.fixture
def cloud(emulator: Emulator) -> Iterator[Cloud]:
    cloud = Cloud(emulator)
    yield cloud
    cloud.shop.http.close()


def test_an_import_takes_the_object_as_it_is_now(cloud: Cloud) -> None:
    cloud.put_object("in/products.csv", f"{PRODUCTS}P7,Fig,EU,1,,,,\n")

    run = cloud.run("Products in")

    assert (run["success"], run["message"], run["executionErrorCode"]) == (True, "Success", None)
    assert run["triggerSource"] == "manual"
    assert run["flowGroupId"] is None
    assert cloud.ask("GET", f"/integrations/runerror/{run['id']}")["runs"] == {}
    cloud.run("Sales out")
    assert "Fig" in (cloud.emulator.clouds / "AzureBlob/shopstore/out/sales.csv").read_text()


def test_a_partial_success_leaves_errors_and_a_dump(cloud: Cloud) -> None:
    cloud.put_object("in/products.csv", f"{PRODUCTS}P7,Fig,EU,1,,,,\nP8,Date,EU,cheap,,,,\n")

    run = cloud.run("Products in")

    assert run["success"] is True
    assert run["executionErrorCode"] == 12
    assert run["message"] == "Partial success: 1 rows imported, 1 rows with errors"
    (errors,) = cloud.ask("GET", f"/integrations/runerror/{run['id']}")["runs"]
    assert errors["errorMessages"][0]["failureDumpGenerated"] is True
    dump = cloud.shop.http.get(f"/cloudworks/2/0/integrations/run/{run['id']}/dumps")
    assert "Invalid number: cheap" in dump.text
    singular = cloud.shop.http.get(f"/2/0/integrations/run/{run['id']}/dump")
    assert singular.status_code == 404
    assert "nginx" in singular.text


def test_a_missing_object_fails_the_run(cloud: Cloud) -> None:
    (cloud.emulator.clouds / "AmazonS3/shop-data/in/products.csv").unlink()

    run = cloud.run("Products in")

    assert run["success"] is False
    assert run["executionErrorCode"] == 35
    cloud.ask("GET", f"/integrations/run/{run['id']}/dumps", 404)


def test_a_held_run_can_be_seen_and_cancelled(cloud: Cloud) -> None:
    cloud.emulator.settings.hold_tasks = "NOT_STARTED"
    run_id = cloud.start("Products in")
    path = f"/integrations/{cloud.id('Products in')}"
    run = cloud.ask("GET", f"/integrations/run/{run_id}")["run"]
    assert run["endDate"] is None
    assert run["success"] is None
    cloud.ask("POST", f"{path}/cancel", 404)
    cloud.ask("POST", f"{path}/run", 409)
    cloud.emulator.settings.hold_tasks = "IN_PROGRESS"
    while cloud.shop.http.post(f"/2/0{path}/cancel").status_code == 404:
        pass

    assert cloud.wait(run_id)["message"] == "Cancelled"
    cloud.ask("POST", f"{path}/cancel", 409)


def test_a_reset_ends_held_runs(cloud: Cloud) -> None:
    cloud.emulator.settings.hold_tasks = "IN_PROGRESS"
    cloud.start("Products in")

    cloud.emulator.reset()

    cloud.sign_in()
    assert cloud.history("Products in") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secretAccessKey": "wrong"}, "Credentials are invalid"),
        ({"bucketName": "other"}, "The bucket does not exist or can't be accessed"),
        ({"bucketName": "../.."}, "The bucket does not exist or can't be accessed"),
    ],
)
def test_connections_are_tested(cloud: Cloud, change: dict[str, str], message: str) -> None:
    body = {**CONNECTION, "body": {**CONNECTION["body"], **change}}  # type: ignore[dict-item]

    refusal = cloud.ask("POST", "/integrations/connections", 400, json=body)

    assert refusal == {"status": {"code": 400, "message": message}}


def test_secrets_are_never_told(cloud: Cloud) -> None:
    made = cloud.ask("POST", "/integrations/connections", json=CONNECTION)["connectionId"]

    listed = cloud.ask("GET", "/integrations/connections")["connections"]

    assert listed[-1]["connectionId"] == made
    assert "secret" not in json.dumps(listed)
    with cloud.emulator.world.store.snapshot() as db:
        rows = [tuple(row) for row in db.execute("SELECT * FROM cloud_connections")]
    assert "s3-secret" not in repr(rows)


def test_a_connection_in_use_stays(cloud: Cloud) -> None:
    used = cloud.ask("GET", "/integrations/connections")["connections"][0]["connectionId"]

    cloud.ask("DELETE", f"/integrations/connections/{used}", 409)


def test_the_number_of_integrations_is_limited(cloud: Cloud) -> None:
    cloud.emulator.settings.integration_limit = 4
    workspace = cloud.shop.workspace_id
    process = cloud.shop.listed("processes")["Clean up"]
    body = {
        "name": "One more",
        "version": "2.0",
        "workspaceId": workspace,
        "modelId": cloud.shop.model_id(),
        "processId": process,
    }
    cloud.ask("POST", "/integrations", 409, json=body)
    cloud.emulator.settings.integration_limit = 5
    made = cloud.ask("POST", "/integrations", json=body)["integration"]["integrationId"]
    assert cloud.ask("GET", f"/integrations/{made}")["integration"]["notificationId"]
    cloud.ask("POST", "/integrations", 400, json=body)
    cloud.ask("POST", "/integrations", 400, json={**body, "name": "x", "processId": "118000000099"})


def test_a_process_with_an_optimizer_is_refused(cloud: Cloud) -> None:
    body = {
        "name": "Promotions",
        "version": "2.0",
        "workspaceId": cloud.shop.workspace_id,
        "modelId": cloud.shop.model_id(),
        "processId": cloud.shop.listed("processes")["Promote"],
    }
    refusal = cloud.ask("POST", "/integrations", 400, json=body)
    assert "optimizer" in refusal["status"]["message"]


def test_a_schedule_fires_once_for_each_due_time(cloud: Cloud) -> None:
    cloud.emulator.set_clock(datetime(2030, 3, 8, 12, 0, tzinfo=UTC))
    cloud.sign_in()
    path = f"/integrations/{cloud.id('Clean up')}/schedule"
    cloud.ask("POST", path, json={"schedule": DAILY})
    cloud.ask("POST", path, 400, json={"schedule": DAILY})

    # Clocks in New York go forward on the 10th: it is 06:00 at 11:00 UTC, then at 10:00.
    cloud.emulator.set_clock(datetime(2030, 3, 10, 9, 59, tzinfo=UTC))
    cloud.sign_in()
    assert len(cloud.history("Clean up")) == 1
    cloud.emulator.advance(minutes=2)
    runs = cloud.history("Clean up")
    assert [run["triggerSource"] for run in runs] == ["scheduled"] * 2
    cloud.emulator.set_clock(datetime(2030, 3, 9, 0, 0, tzinfo=UTC))
    cloud.emulator.set_clock(datetime(2030, 3, 10, 12, 0, tzinfo=UTC))
    cloud.sign_in()
    assert len(cloud.history("Clean up")) == 2

    cloud.ask("POST", f"{path}/status/disabled")
    cloud.emulator.advance(hours=48)
    cloud.sign_in()
    assert len(cloud.history("Clean up")) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"type": "yearly"},
        {"type": "weekly"},
        {"type": "hourly", "fromTime": "08:00"},
        {"type": "monthly_specific_day", "dayOfMonth": 32},
        {"type": "monthly_relative_weekday", "dayOfWeek": 1},
        {"time": "25:00"},
        {"timezone": "Mars/Olympus"},
        {"endDate": "2029-01-01"},
    ],
)
def test_a_schedule_must_have_what_its_type_needs(cloud: Cloud, change: dict[str, object]) -> None:
    path = f"/integrations/{cloud.id('Clean up')}/schedule"

    cloud.ask("POST", path, 400, json={"schedule": {**DAILY, **change}})


def test_a_flow_runs_its_steps_until_one_fails(cloud: Cloud) -> None:
    flow = cloud.ask("GET", "/integrationflows")["integrationFlows"][0]["id"]
    good = cloud.ask("POST", f"/integrationflows/{flow}/run")["run"]["id"]
    assert cloud.wait(good)["success"] is True
    (step,) = cloud.history("Sales out")
    assert step["triggerSource"] == "manual_inf"
    assert cloud.ask("GET", f"/integrations/run/{step['id']}")["run"]["flowGroupId"] == flow
    (cloud.emulator.clouds / "AmazonS3/shop-data/in/products.csv").unlink()

    bad = cloud.ask("POST", f"/integrationflows/{flow}/run")["run"]["id"]

    assert cloud.wait(bad)["success"] is False
    assert len(cloud.history("Products in")) == 2
    assert len(cloud.history("Sales out")) == 1
    cloud.ask("DELETE", f"/integrations/{cloud.id('Sales out')}", 409)


def test_who_has_no_role_is_refused(emulator: Emulator) -> None:
    cloud = Cloud(emulator, "bob")

    refusal = cloud.ask("GET", "/integrations", 403)

    cloud.shop.http.close()

    assert refusal == {"status": {"code": 403, "message": "Not Authorized"}}


def test_a_tenant_may_not_be_entitled_to_schedules(
    running_emulator: Emulator, cloud: Cloud
) -> None:
    described = SHOP.cloud_works.model_copy(update={"entitled": False})
    running_emulator.load_tenant(SHOP.model_copy(update={"cloud_works": described}))
    cloud.sign_in()

    path = f"/integrations/{cloud.id('Clean up')}/schedule"
    refusal = cloud.ask("POST", path, 452, json={"schedule": DAILY})

    assert refusal["status"]["message"] == "Tenant not entitled"


@pytest.mark.parametrize("path", ["/2/0/integrations/a/b/c", "/cloudworks/3/0/x"])
def test_unknown_routes_answer_a_web_page(http: httpx2.Client, path: str) -> None:
    reply = http.get(path)

    assert reply.status_code == 404
    assert "nginx" in reply.text
