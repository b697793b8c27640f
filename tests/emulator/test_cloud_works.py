"""CloudWorks: integrations move data between the folders of cloud storage and the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.emulator.conftest import SHOP, TenantClient

if TYPE_CHECKING:
    from anaplan_emulator import Emulator, TenantDescription

PRODUCTS = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"
CONNECTION: dict[str, Any] = {
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


class CloudWorksClient:
    """A client of CloudWorks for one of the shop's users."""

    def __init__(self, emulator: Emulator, name: str = "ada") -> None:
        self.emulator = emulator
        self.shop = TenantClient(emulator, f"{name}@shop.example")

    def sign_in(self) -> None:
        """Sign in again, after the clock has changed or the emulator was reset."""
        self.shop.http.close()
        self.shop = TenantClient(self.emulator, self.shop.email)

    def request_json(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        reply = self.shop.http.request(method, f"/2/0{path}", **request)
        assert reply.status_code == status, reply.text
        return reply.json()

    def id(self, name: str) -> str:
        listed = self.request_json("GET", "/integrations")["integrations"]
        found: str = next(each["integrationId"] for each in listed if each["name"] == name)
        return found

    def start(self, name: str) -> str:
        run_id: str = self.request_json("POST", f"/integrations/{self.id(name)}/run")["run"]["id"]
        return run_id

    def wait(self, run_id: str) -> dict[str, Any]:
        while True:
            run: dict[str, Any] = self.request_json("GET", f"/integrations/run/{run_id}")["run"]
            if run["endDate"] is not None:
                return run

    def run(self, name: str) -> dict[str, Any]:
        return self.wait(self.start(name))

    def history(self, name: str) -> list[dict[str, Any]]:
        while True:
            path = f"/integrations/runs/{self.id(name)}"
            runs: list[dict[str, Any]] = self.request_json("GET", path)["history_of_runs"]["runs"]
            if all(run["endDate"] for run in runs):
                return runs

    def put_object(self, name: str, text: str) -> None:
        (self.emulator.clouds / "AmazonS3/shop-data" / name).write_text(text)


@pytest.fixture
def tenant() -> TenantDescription:
    return SHOP


@pytest.fixture
def cloud_works(emulator: Emulator) -> Iterator[CloudWorksClient]:
    cloud_works = CloudWorksClient(emulator)
    yield cloud_works
    cloud_works.shop.http.close()


def test_an_import_reads_the_current_object(cloud_works: CloudWorksClient) -> None:
    cloud_works.put_object("in/products.csv", f"{PRODUCTS}P7,Fig,EU,1,,,,\n")

    run = cloud_works.run("Products in")

    assert (run["success"], run["message"], run["executionErrorCode"]) == (True, "Success", None)
    assert run["triggerSource"] == "manual"
    assert run["flowGroupId"] is None
    assert cloud_works.request_json("GET", f"/integrations/runerror/{run['id']}")["runs"] == {}
    cloud_works.run("Sales out")
    assert "Fig" in (cloud_works.emulator.clouds / "AzureBlob/shopstore/out/sales.csv").read_text()


def test_a_partial_success_has_errors_and_a_dump(cloud_works: CloudWorksClient) -> None:
    cloud_works.put_object("in/products.csv", f"{PRODUCTS}P7,Fig,EU,1,,,,\nP8,Date,EU,cheap,,,,\n")

    run = cloud_works.run("Products in")

    assert run["success"] is True
    assert run["executionErrorCode"] == 12
    assert run["message"] == "Partial success: 1 rows imported, 1 rows with errors"
    errors = cloud_works.request_json("GET", f"/integrations/runerror/{run['id']}")["runs"]
    assert errors["errorMessages"][0]["failureDumpGenerated"] is True
    dump = cloud_works.shop.http.get(f"/cloudworks/2/0/integrations/run/{run['id']}/dumps")
    assert "Invalid number: cheap" in dump.text
    singular = cloud_works.shop.http.get(f"/2/0/integrations/run/{run['id']}/dump")
    assert singular.status_code == 404
    assert "nginx" in singular.text


def test_a_missing_object_fails_the_run(cloud_works: CloudWorksClient) -> None:
    (cloud_works.emulator.clouds / "AmazonS3/shop-data/in/products.csv").unlink()

    run = cloud_works.run("Products in")

    assert run["success"] is False
    assert run["executionErrorCode"] == 35
    cloud_works.request_json("GET", f"/integrations/run/{run['id']}/dumps", 404)


def test_a_held_run_can_be_read_and_cancelled(cloud_works: CloudWorksClient) -> None:
    cloud_works.emulator.settings.hold_tasks = "NOT_STARTED"
    run_id = cloud_works.start("Products in")
    path = f"/integrations/{cloud_works.id('Products in')}"
    (job,) = cloud_works.request_json("GET", path)["integration"]["jobs"]
    # A run can be cancelled while its object is still being uploaded.
    tasks = f"/imports/{job['targets'][0]['actionId']}/tasks"
    while "tasks" not in cloud_works.shop.get(tasks).json():
        pass
    run = cloud_works.request_json("GET", f"/integrations/run/{run_id}")["run"]
    assert run["endDate"] is None
    assert run["success"] is None
    cloud_works.request_json("POST", f"{path}/cancel", 404)
    cloud_works.request_json("POST", f"{path}/run", 409)
    cloud_works.emulator.settings.hold_tasks = "IN_PROGRESS"
    while cloud_works.shop.http.post(f"/2/0{path}/cancel").status_code == 404:
        pass

    assert cloud_works.wait(run_id)["message"] == "Cancelled"
    cloud_works.request_json("POST", f"{path}/cancel", 409)


def test_a_reset_ends_held_runs(cloud_works: CloudWorksClient) -> None:
    cloud_works.emulator.settings.hold_tasks = "IN_PROGRESS"
    cloud_works.start("Products in")

    cloud_works.emulator.reset()

    cloud_works.sign_in()
    assert cloud_works.history("Products in") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secretAccessKey": "wrong"}, "Credentials are invalid"),
        ({"bucketName": "other"}, "The bucket does not exist or cannot be accessed"),
        ({"bucketName": "../.."}, "The bucket does not exist or cannot be accessed"),
    ],
)
def test_connections_are_checked(
    cloud_works: CloudWorksClient, change: dict[str, str], message: str
) -> None:
    body = {**CONNECTION, "body": {**CONNECTION["body"], **change}}

    refusal = cloud_works.request_json("POST", "/integrations/connections", 400, json=body)

    assert refusal == {"status": {"code": 400, "message": message}}


def test_secrets_are_never_returned(cloud_works: CloudWorksClient) -> None:
    create_integration = cloud_works.request_json(
        "POST", "/integrations/connections", json=CONNECTION
    )["connectionId"]

    listed = cloud_works.request_json("GET", "/integrations/connections")["connections"]

    assert listed[-1]["connectionId"] == create_integration
    assert "secret" not in json.dumps(listed)
    with cloud_works.emulator.tenant.store.snapshot() as db:
        rows = [tuple(row) for row in db.execute("SELECT * FROM cloud_connections")]
    assert "s3-secret" not in repr(rows)


def test_a_connection_in_use_cannot_be_deleted(cloud_works: CloudWorksClient) -> None:
    used = cloud_works.request_json("GET", "/integrations/connections")["connections"][0][
        "connectionId"
    ]

    cloud_works.request_json("DELETE", f"/integrations/connections/{used}", 409)


def test_the_number_of_integrations_is_limited(cloud_works: CloudWorksClient) -> None:
    cloud_works.emulator.settings.integration_limit = 4
    workspace = cloud_works.shop.workspace_id
    process = cloud_works.shop.ids_by_name("processes")["Clean up"]
    body = {
        "name": "One more",
        "version": "2.0",
        "workspaceId": workspace,
        "modelId": cloud_works.shop.model_id(),
        "processId": process,
    }
    cloud_works.request_json("POST", "/integrations", 409, json=body)
    cloud_works.emulator.settings.integration_limit = 5
    create_integration = cloud_works.request_json("POST", "/integrations", json=body)[
        "integration"
    ]["integrationId"]
    assert cloud_works.request_json("GET", f"/integrations/{create_integration}")["integration"][
        "notificationId"
    ]
    cloud_works.request_json("POST", "/integrations", 400, json=body)
    cloud_works.request_json(
        "POST", "/integrations", 400, json={**body, "name": "x", "processId": "118000000099"}
    )


def test_a_process_with_an_optimizer_is_rejected(cloud_works: CloudWorksClient) -> None:
    body = {
        "name": "Promotions",
        "version": "2.0",
        "workspaceId": cloud_works.shop.workspace_id,
        "modelId": cloud_works.shop.model_id(),
        "processId": cloud_works.shop.ids_by_name("processes")["Promote"],
    }
    refusal = cloud_works.request_json("POST", "/integrations", 400, json=body)
    assert "optimizer" in refusal["status"]["message"]


def test_a_scheduled_run_does_not_wait_for_polls(cloud_works: CloudWorksClient) -> None:
    cloud_works.emulator.settings.task_polls = 1
    cloud_works.emulator.set_clock(datetime(2030, 3, 8, 12, 0, tzinfo=UTC))
    cloud_works.sign_in()
    path = f"/integrations/{cloud_works.id('Clean up')}/schedule"
    cloud_works.request_json("POST", path, json={"schedule": DAILY})
    cloud_works.emulator.set_clock(datetime(2030, 3, 10, 9, 59, tzinfo=UTC))
    cloud_works.sign_in()
    assert [run["triggerSource"] for run in cloud_works.history("Clean up")] == ["scheduled"]


def test_a_schedule_starts_one_run_for_each_due_time(cloud_works: CloudWorksClient) -> None:
    cloud_works.emulator.set_clock(datetime(2030, 3, 8, 12, 0, tzinfo=UTC))
    cloud_works.sign_in()
    path = f"/integrations/{cloud_works.id('Clean up')}/schedule"
    cloud_works.request_json("POST", path, json={"schedule": DAILY})
    cloud_works.request_json("POST", path, 400, json={"schedule": DAILY})

    # On the 10th, daylight saving time begins in New York: 06:00 is no longer 11:00 but 10:00 UTC.
    cloud_works.emulator.set_clock(datetime(2030, 3, 10, 9, 59, tzinfo=UTC))
    cloud_works.sign_in()
    assert len(cloud_works.history("Clean up")) == 1
    cloud_works.emulator.advance(minutes=2)
    runs = cloud_works.history("Clean up")
    assert [run["triggerSource"] for run in runs] == ["scheduled"] * 2
    cloud_works.emulator.set_clock(datetime(2030, 3, 9, 0, 0, tzinfo=UTC))
    cloud_works.emulator.set_clock(datetime(2030, 3, 10, 12, 0, tzinfo=UTC))
    cloud_works.sign_in()
    assert len(cloud_works.history("Clean up")) == 2

    cloud_works.request_json("POST", f"{path}/status/disabled")
    cloud_works.emulator.advance(hours=48)
    cloud_works.sign_in()
    assert len(cloud_works.history("Clean up")) == 2


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        pytest.param({"type": "weekly", "daysOfWeek": [0, 3]}, (2, 5, 9, 12), id="weekly"),
        # March has a 31st day, and April has not.
        pytest.param({"type": "monthly_specific_day", "dayOfMonth": 31}, (30, 91), id="monthly"),
        pytest.param(
            # The second Friday: March 8th and April 12th.
            {"type": "monthly_relative_weekday", "dayOfWeek": 5, "repeatEvery": 2},
            (7, 42),
            id="relative",
        ),
    ],
)
def test_schedules_follow_the_emulator_clock(
    cloud_works: CloudWorksClient, schedule: dict[str, object], days: tuple[int, ...]
) -> None:
    first = datetime(2030, 3, 1, 7, 0, tzinfo=UTC)
    cloud_works.emulator.set_clock(first)
    cloud_works.sign_in()
    path = f"/integrations/{cloud_works.id('Clean up')}/schedule"
    cloud_works.request_json(
        "POST", path, json={"schedule": {**DAILY, "timezone": "UTC", **schedule}}
    )
    for number, day in enumerate(days):
        cloud_works.emulator.set_clock(first + timedelta(days=day, hours=-2))
        cloud_works.sign_in()
        assert len(cloud_works.history("Clean up")) == number
        cloud_works.emulator.advance(hours=2)
        cloud_works.sign_in()
        assert len(cloud_works.history("Clean up")) == number + 1


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
def test_schedules_need_the_members_of_their_type(
    cloud_works: CloudWorksClient, change: dict[str, object]
) -> None:
    path = f"/integrations/{cloud_works.id('Clean up')}/schedule"

    cloud_works.request_json("POST", path, 400, json={"schedule": {**DAILY, **change}})


def test_a_flow_runs_its_steps_until_one_fails(cloud_works: CloudWorksClient) -> None:
    flow = cloud_works.request_json("GET", "/integrationflows")["integrationFlows"][0]["id"]
    good = cloud_works.request_json("POST", f"/integrationflows/{flow}/run")["run"]["id"]
    assert cloud_works.wait(good)["success"] is True
    (step,) = cloud_works.history("Sales out")
    assert step["triggerSource"] == "manual_inf"
    assert (
        cloud_works.request_json("GET", f"/integrations/run/{step['id']}")["run"]["flowGroupId"]
        == flow
    )
    (cloud_works.emulator.clouds / "AmazonS3/shop-data/in/products.csv").unlink()

    bad = cloud_works.request_json("POST", f"/integrationflows/{flow}/run")["run"]["id"]

    assert cloud_works.wait(bad)["success"] is False
    assert len(cloud_works.history("Products in")) == 2
    assert len(cloud_works.history("Sales out")) == 1
    cloud_works.request_json("DELETE", f"/integrations/{cloud_works.id('Sales out')}", 409)


def test_users_without_a_role_are_rejected(emulator: Emulator) -> None:
    cloud_works = CloudWorksClient(emulator, "bob")

    refusal = cloud_works.request_json("GET", "/integrations", 403)

    cloud_works.shop.http.close()

    assert refusal == {"status": {"code": 403, "message": "Not Authorized"}}


def test_a_tenant_without_the_entitlement_to_schedules(
    running_emulator: Emulator, cloud_works: CloudWorksClient
) -> None:
    described = SHOP.cloud_works.model_copy(update={"entitled": False})
    running_emulator.load_tenant(SHOP.model_copy(update={"cloud_works": described}))
    cloud_works.sign_in()

    path = f"/integrations/{cloud_works.id('Clean up')}/schedule"
    refusal = cloud_works.request_json("POST", path, 452, json={"schedule": DAILY})

    assert refusal["status"]["message"] == "Tenant not entitled"


@pytest.mark.parametrize("path", ["/2/0/integrations/a/b/c", "/cloudworks/3/0/x"])
def test_unknown_routes_return_a_web_page(http: httpx2.Client, path: str) -> None:
    reply = http.get(path)

    assert reply.status_code == 404
    assert "nginx" in reply.text


def create_integration(cloud_works: CloudWorksClient, name: str, job: dict[str, Any]) -> str:
    """Create an integration with one job, and return its name."""
    body = {
        "name": name,
        "version": "2.0",
        "workspaceId": cloud_works.shop.workspace_id,
        "modelId": cloud_works.shop.model_id(),
        "jobs": [job],
    }
    cloud_works.request_json("POST", "/integrations", json=body)
    return name


def connection(cloud_works: CloudWorksClient, name: str) -> str:
    listed = cloud_works.request_json("GET", "/integrations/connections")["connections"]
    found: str = next(each["connectionId"] for each in listed if each["body"]["name"] == name)
    return found


def export_job(
    cloud_works: CloudWorksClient, kind: str, name: str, **target: object
) -> dict[str, Any]:
    action = cloud_works.shop.ids_by_name("exports")["Sales - multi.csv"]
    side = {"type": kind, "connectionId": connection(cloud_works, name), **target}
    sources = [{"type": "Anaplan", "actionId": action}]
    return {"type": f"AnaplanTo{kind}", "sources": sources, "targets": [side]}


def test_mapping_parameters_of_an_import(cloud_works: CloudWorksClient) -> None:
    path = cloud_works.emulator.clouds / "AmazonS3/shop-data/in/verkauf.txt"
    path.write_bytes("Ware;Stück;Bemerkung\nApple;5;gut\n".encode("cp1252"))
    source = {
        "type": "AmazonS3",
        "connectionId": connection(cloud_works, "S3"),
        "file": "in/verkauf.txt",
    }
    target = {
        "type": "Anaplan",
        "actionId": cloud_works.shop.ids_by_name("imports")["Verkauf"],
        "fileId": cloud_works.shop.ids_by_name("files")["verkauf.txt"],
    }
    job = {"type": "AmazonS3ToAnaplan", "sources": [source], "targets": [target]}
    failed = cloud_works.run(create_integration(cloud_works, "Without mapping", job))
    assert failed["success"] is False
    mapping = [{"entityType": "Version", "entityName": "Forecast"}]
    succeeded = cloud_works.run(
        create_integration(cloud_works, "With mapping", {**job, "mapping": mapping})
    )
    assert succeeded["message"] == "Success"
    described = cloud_works.request_json("GET", f"/integrations/{cloud_works.id('With mapping')}")[
        "integration"
    ]
    assert described["jobs"][0]["mapping"] == mapping


def test_objects_are_overwritten_or_renamed(cloud_works: CloudWorksClient) -> None:
    folder = cloud_works.emulator.clouds / "AzureBlob/shopstore/out"
    job = export_job(cloud_works, "AzureBlob", "Azure", file="kept.csv", overwrite=False)
    cloud_works.run(create_integration(cloud_works, "Kept", job))
    cloud_works.run("Kept")
    kept = sorted(path.name for path in folder.iterdir() if path.name.startswith("kept"))
    assert len(kept) == 2
    assert "kept.csv" in kept
    cloud_works.run("Sales out")
    cloud_works.run("Sales out")
    assert [path.name for path in folder.glob("sales*")] == ["sales.csv"]


def test_tables_are_written_by_column(cloud_works: CloudWorksClient) -> None:
    table = cloud_works.emulator.clouds / "GoogleBigQuery/shop-project/shop_set/sales.csv"
    mapping = [
        {"sourceName": "Units", "targetName": "units"},
        {"sourceName": "Products", "targetName": "product"},
    ]
    job = export_job(cloud_works, "GoogleBigQuery", "BigQuery", table="sales", overwrite=False)
    cloud_works.run(create_integration(cloud_works, "Into a table", {**job, "mapping": mapping}))
    first = table.read_text().splitlines()
    assert first[0] == "units,product"
    assert "12.5,Apple" in first
    # Rows are appended to existing ones.
    cloud_works.run("Into a table")
    assert len(table.read_text().splitlines()) == 2 * len(first) - 1
    whole = export_job(cloud_works, "GoogleBigQuery", "BigQuery", table="sales", overwrite=True)
    cloud_works.run(create_integration(cloud_works, "All columns", whole))
    assert table.read_text().startswith("Products,")
    unknown = [{"sourceName": "Colour", "targetName": "colour"}]
    lost = cloud_works.run(create_integration(cloud_works, "Lost", {**job, "mapping": unknown}))
    assert (lost["success"], lost["executionErrorCode"]) == (False, 35)


@pytest.mark.parametrize(
    "mapping",
    [
        "Version",
        [{}],
        [{"sourceName": "Units"}],
        [{"sourceName": "Units", "targetName": "u", "entityType": "a", "entityName": "b"}],
        [{"entityType": "Version", "entityName": "Actual"}],
    ],
)
def test_invalid_mappings(cloud_works: CloudWorksClient, mapping: object) -> None:
    job = export_job(cloud_works, "GoogleBigQuery", "BigQuery", table="sales")
    body = {
        "name": "Mapped",
        "version": "2.0",
        "workspaceId": cloud_works.shop.workspace_id,
        "modelId": cloud_works.shop.model_id(),
        "jobs": [{**job, "mapping": mapping}],
    }
    cloud_works.request_json("POST", "/integrations", 400, json=body)


def test_a_flow_runs_the_requested_steps(cloud_works: CloudWorksClient) -> None:
    flow = cloud_works.request_json("GET", "/integrationflows")["integrationFlows"][0]["id"]
    steps = cloud_works.request_json("GET", f"/integrationflows/{flow}")["integrationFlow"]["steps"]
    names = [step["name"] for step in steps]
    body = {"stepsToRun": [steps[1]["referrer"]]}
    run = cloud_works.request_json("POST", f"/integrationflows/{flow}/run", json=body)["run"]["id"]
    assert cloud_works.wait(run)["success"] is True
    assert [len(cloud_works.history(name)) for name in names] == [0, 1]


def test_moving_a_connection_to_another_workspace(cloud_works: CloudWorksClient) -> None:
    connection_id = cloud_works.request_json("POST", "/integrations/connections", json=CONNECTION)[
        "connectionId"
    ]
    path = f"/integrations/connections/{connection_id}"

    def workspace() -> str | None:
        listed = cloud_works.request_json("GET", "/integrations/connections")["connections"]
        found: str | None = listed[-1]["workspaceId"]
        return found

    assert workspace() is None
    moved = {**CONNECTION["body"], "workspaceId": cloud_works.shop.workspace_id}
    cloud_works.request_json("PUT", path, json={**CONNECTION, "body": moved})
    assert workspace() == cloud_works.shop.workspace_id
    cloud_works.request_json("PATCH", path, 400, json={"body": {**moved, "workspaceId": "0" * 32}})
    cloud_works.emulator.tenant.change_settings({"dialect": "guide"})
    cloud_works.request_json("PATCH", path, json={"body": {"name": "Renamed"}})
    assert workspace() == cloud_works.shop.workspace_id
    cloud_works.request_json("PATCH", path, 400, json={"body": {"workspaceId": 5}})
    cloud_works.request_json("PATCH", path, json={"body": {"workspaceId": None}})
    assert workspace() is None
