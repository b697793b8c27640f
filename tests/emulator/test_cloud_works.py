"""CloudWorks by plain HTTP: data really moves between folders and the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.emulator.conftest import SHOP, Shop

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
    (job,) = cloud.ask("GET", path)["integration"]["jobs"]
    # While the object is still being uploaded, a run can be cancelled already.
    tasks = f"/imports/{job['targets'][0]['actionId']}/tasks"
    while "tasks" not in cloud.shop.get(tasks).json():
        pass
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
        ({"bucketName": "other"}, "The bucket does not exist or cannot be accessed"),
        ({"bucketName": "../.."}, "The bucket does not exist or cannot be accessed"),
    ],
)
def test_connections_are_tested(cloud: Cloud, change: dict[str, str], message: str) -> None:
    body = {**CONNECTION, "body": {**CONNECTION["body"], **change}}

    refusal = cloud.ask("POST", "/integrations/connections", 400, json=body)

    assert refusal == {"status": {"code": 400, "message": message}}


def test_secrets_are_never_told(cloud: Cloud) -> None:
    made = cloud.ask("POST", "/integrations/connections", json=CONNECTION)["connectionId"]

    listed = cloud.ask("GET", "/integrations/connections")["connections"]

    assert listed[-1]["connectionId"] == made
    assert "secret" not in json.dumps(listed)
    with cloud.emulator.tenant.store.snapshot() as db:
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
    ("schedule", "days"),
    [
        pytest.param({"type": "weekly", "daysOfWeek": [0, 3]}, (2, 5, 9, 12), id="weekly"),
        # March has a 31st, April none.
        pytest.param({"type": "monthly_specific_day", "dayOfMonth": 31}, (30, 91), id="monthly"),
        pytest.param(
            # The second Friday: March 8th and April 12th.
            {"type": "monthly_relative_weekday", "dayOfWeek": 5, "repeatEvery": 2},
            (7, 42),
            id="relative",
        ),
    ],
)
def test_longer_schedules_fire_when_the_clock_reaches_them(
    cloud: Cloud, schedule: dict[str, object], days: tuple[int, ...]
) -> None:
    first = datetime(2030, 3, 1, 7, 0, tzinfo=UTC)
    cloud.emulator.set_clock(first)
    cloud.sign_in()
    path = f"/integrations/{cloud.id('Clean up')}/schedule"
    cloud.ask("POST", path, json={"schedule": {**DAILY, "timezone": "UTC", **schedule}})
    for number, day in enumerate(days):
        cloud.emulator.set_clock(first + timedelta(days=day, hours=-2))
        cloud.sign_in()
        assert len(cloud.history("Clean up")) == number
        cloud.emulator.advance(hours=2)
        cloud.sign_in()
        assert len(cloud.history("Clean up")) == number + 1


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


def made(cloud: Cloud, name: str, job: dict[str, Any]) -> str:
    """Make an integration of one job, and run it."""
    body = {
        "name": name,
        "version": "2.0",
        "workspaceId": cloud.shop.workspace_id,
        "modelId": cloud.shop.model_id(),
        "jobs": [job],
    }
    cloud.ask("POST", "/integrations", json=body)
    return name


def connection(cloud: Cloud, name: str) -> str:
    listed = cloud.ask("GET", "/integrations/connections")["connections"]
    found: str = next(each["connectionId"] for each in listed if each["body"]["name"] == name)
    return found


def export_job(cloud: Cloud, kind: str, name: str, **target: object) -> dict[str, Any]:
    action = cloud.shop.listed("exports")["Sales - multi.csv"]
    side = {"type": kind, "connectionId": connection(cloud, name), **target}
    sources = [{"type": "Anaplan", "actionId": action}]
    return {"type": f"AnaplanTo{kind}", "sources": sources, "targets": [side]}


def test_a_mapping_answers_what_an_import_asks(cloud: Cloud) -> None:
    path = cloud.emulator.clouds / "AmazonS3/shop-data/in/verkauf.txt"
    path.write_bytes("Ware;Stück;Bemerkung\nApple;5;gut\n".encode("cp1252"))
    source = {"type": "AmazonS3", "connectionId": connection(cloud, "S3"), "file": "in/verkauf.txt"}
    target = {
        "type": "Anaplan",
        "actionId": cloud.shop.listed("imports")["Verkauf"],
        "fileId": cloud.shop.listed("files")["verkauf.txt"],
    }
    job = {"type": "AmazonS3ToAnaplan", "sources": [source], "targets": [target]}
    unanswered = cloud.run(made(cloud, "Unanswered", job))
    assert unanswered["success"] is False
    answers = [{"entityType": "Version", "entityName": "Forecast"}]
    answered = cloud.run(made(cloud, "Answered", {**job, "mapping": answers}))
    assert answered["message"] == "Success"
    described = cloud.ask("GET", f"/integrations/{cloud.id('Answered')}")["integration"]
    assert described["jobs"][0]["mapping"] == answers


def test_an_object_is_overwritten_or_gets_another_name(cloud: Cloud) -> None:
    folder = cloud.emulator.clouds / "AzureBlob/shopstore/out"
    job = export_job(cloud, "AzureBlob", "Azure", file="kept.csv", overwrite=False)
    cloud.run(made(cloud, "Kept", job))
    cloud.run("Kept")
    kept = sorted(path.name for path in folder.iterdir() if path.name.startswith("kept"))
    assert len(kept) == 2
    assert "kept.csv" in kept
    cloud.run("Sales out")
    cloud.run("Sales out")
    assert [path.name for path in folder.glob("sales*")] == ["sales.csv"]


def test_tables_are_written_by_column(cloud: Cloud) -> None:
    table = cloud.emulator.clouds / "GoogleBigQuery/shop-project/shop_set/sales.csv"
    mapping = [
        {"sourceName": "Units", "targetName": "units"},
        {"sourceName": "Products", "targetName": "product"},
    ]
    job = export_job(cloud, "GoogleBigQuery", "BigQuery", table="sales", overwrite=False)
    cloud.run(made(cloud, "Into a table", {**job, "mapping": mapping}))
    first = table.read_text().splitlines()
    assert first[0] == "units,product"
    assert "12.5,Apple" in first
    # Rows are added to what there is.
    cloud.run("Into a table")
    assert len(table.read_text().splitlines()) == 2 * len(first) - 1
    whole = export_job(cloud, "GoogleBigQuery", "BigQuery", table="sales", overwrite=True)
    cloud.run(made(cloud, "All columns", whole))
    assert table.read_text().startswith("Products,")
    unknown = [{"sourceName": "Colour", "targetName": "colour"}]
    lost = cloud.run(made(cloud, "Lost", {**job, "mapping": unknown}))
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
def test_a_mapping_must_fit_its_job(cloud: Cloud, mapping: object) -> None:
    job = export_job(cloud, "GoogleBigQuery", "BigQuery", table="sales")
    body = {
        "name": "Mapped",
        "version": "2.0",
        "workspaceId": cloud.shop.workspace_id,
        "modelId": cloud.shop.model_id(),
        "jobs": [{**job, "mapping": mapping}],
    }
    cloud.ask("POST", "/integrations", 400, json=body)


def test_a_flow_runs_the_steps_that_are_asked_for(cloud: Cloud) -> None:
    flow = cloud.ask("GET", "/integrationflows")["integrationFlows"][0]["id"]
    steps = cloud.ask("GET", f"/integrationflows/{flow}")["integrationFlow"]["steps"]
    names = [step["name"] for step in steps]
    body = {"stepsToRun": [steps[1]["referrer"]]}
    run = cloud.ask("POST", f"/integrationflows/{flow}/run", json=body)["run"]["id"]
    assert cloud.wait(run)["success"] is True
    assert [len(cloud.history(name)) for name in names] == [0, 1]


def test_a_connection_moves_to_another_workspace(cloud: Cloud) -> None:
    connection_id = cloud.ask("POST", "/integrations/connections", json=CONNECTION)["connectionId"]
    path = f"/integrations/connections/{connection_id}"

    def workspace() -> str | None:
        listed = cloud.ask("GET", "/integrations/connections")["connections"]
        found: str | None = listed[-1]["workspaceId"]
        return found

    assert workspace() is None
    moved = {**CONNECTION["body"], "workspaceId": cloud.shop.workspace_id}
    cloud.ask("PUT", path, json={**CONNECTION, "body": moved})
    assert workspace() == cloud.shop.workspace_id
    cloud.ask("PATCH", path, 400, json={"body": {**moved, "workspaceId": "0" * 32}})
    cloud.emulator.tenant.change_settings({"quirks": "docs"})
    cloud.ask("PATCH", path, json={"body": {"name": "Renamed"}})
    assert workspace() == cloud.shop.workspace_id
    cloud.ask("PATCH", path, 400, json={"body": {"workspaceId": 5}})
    cloud.ask("PATCH", path, json={"body": {"workspaceId": None}})
    assert workspace() is None
