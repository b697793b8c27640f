"""Synchronizations and reports."""

from typing import TYPE_CHECKING

import pytest
from tests.emulator.alm_client import AlmClient

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, Connect

AREA = {"lists": [{"name": "Areas", "items": [{"name": "West"}]}]}


@pytest.fixture
def alm(client_for: "ClientFor") -> AlmClient:
    return AlmClient(client_for("root"))


def exported(alm: AlmClient) -> list[str]:
    """Return the exported cells of Plan Live."""
    export = alm.id_of("exports", "Filling.csv", "Plan Live")
    tasks = f"/exports/{export}/tasks"
    started = alm.post(tasks, {"localeName": "en_US"}, "Plan Live").json()
    alm.wait(f"{tasks}/{started['task']['taskId']}")
    return alm.get(f"/files/{export}/chunks/0", "Plan Live").text.splitlines()


def test_a_synchronization_changes_the_structure_and_keeps_the_data(alm: AlmClient) -> None:
    alm.run_import("Goods", b"name\nSugar\n", "Plan Live")
    before = exported(alm)
    assert alm.run("syncTasks", alm.ids()) == {
        "successful": True,
        "sourceRevisionId": alm.revision("Second"),
        "targetRevisionId": alm.revision("First"),
    }
    after = exported(alm)
    assert after[0] == f"{before[0]},From"
    assert after[1:] == [f"{line}," for line in before[1:]]
    latest = alm.get("/alm/latestRevision", "Plan Live").json()["revisions"][0]
    assert latest["name"] == "Second"
    rows = alm.get(f"/alm/revisions/{latest['id']}/appliedToModels").json()["appliedToModels"]
    assert rows[-1]["modelName"] == "Plan Live"
    assert rows[-1]["appliedMethod"] == "Revision synchronized"
    assert (
        "revisions"
        not in alm.get(f"/alm/syncableRevisions?sourceModelId={alm.id('Plan')}", "Plan Live").json()
    )


def test_the_response_to_a_start(alm: AlmClient) -> None:
    reply = alm.post("/alm/syncTasks", alm.ids(), "Plan Live")
    assert reply.status_code == 201
    task = reply.json()["task"]
    assert reply.headers["location"] == task["taskUrl"]
    assert alm.shop.http.get(task["taskUrl"]).json()["task"]["taskId"] == task["taskId"]
    assert isinstance(task["creationTime"], int)
    assert reply.json()["status"] == {"code": 201, "message": "Created"}


def test_states_follow_one_another(alm: AlmClient) -> None:
    settings = alm.shop.emulator.settings
    settings.hold_tasks = "NOT_STARTED"
    task = alm.start("syncTasks", alm.ids())
    waiting = alm.wait(task, "NOT_STARTED")
    assert waiting["taskState"] == "NOT_STARTED"
    assert "result" not in waiting
    settings.hold_tasks = "IN_PROGRESS"
    running = alm.wait(task, "IN_PROGRESS")
    assert running["taskState"] == "IN_PROGRESS"
    assert running["currentStep"]
    second = alm.start("syncTasks", alm.ids())
    assert alm.wait(second, "NOT_STARTED")["taskState"] == "NOT_STARTED"
    settings.hold_tasks = None
    assert alm.wait(task)["currentStep"] == "Complete."
    # The latest revision of the target is then a different one.
    assert not alm.wait(second)["result"]["successful"]


def test_sync_tasks_are_listed_for_two_days(alm: AlmClient) -> None:
    assert "tasks" not in alm.get("/alm/syncTasks", "Plan Live").json()
    first = alm.start("syncTasks", alm.ids())
    alm.wait(first)
    alm.shop.emulator.advance(minutes=1)
    second = alm.start("syncTasks", alm.ids())
    alm.wait(second)
    listed = alm.get("/alm/syncTasks", "Plan Live").json()["tasks"]
    assert [f"/alm/syncTasks/{each['taskId']}" for each in listed] == [second, first]
    alm.shop.emulator.advance(hours=47, minutes=59, seconds=50)
    root = AlmClient(type(alm.shop)(alm.shop.emulator, "root@shop.example"))
    assert len(root.get("/alm/syncTasks", "Plan Live").json()["tasks"]) == 1
    root.shop.http.close()


def error_message(alm: AlmClient, ids: dict[str, str]) -> str:
    structure = exported(alm)
    result = alm.run("syncTasks", ids)
    assert not result["successful"]
    assert exported(alm) == structure
    assert alm.revision("First", "Plan Live")
    assert result["error"]["title"]
    return str(result["error"]["messageText"])


def test_invalid_synchronizations_are_rejected(alm: AlmClient) -> None:
    assert "not newer" in error_message(alm, alm.ids(source="First"))
    assert "not in the target" in error_message(alm, alm.ids(target="Second"))
    assert "not in the source" in error_message(alm, {**alm.ids(), "sourceRevisionId": "A" * 32})
    alm.restructure("Plan Live", AREA)
    assert "structural changes" in error_message(alm, alm.ids())


def test_models_without_a_common_revision_are_incompatible(alm: AlmClient) -> None:
    alm.post("/alm/revisions", {"name": "Begin"}, "Empty")
    ids = {**alm.ids(), "targetRevisionId": alm.revision("Begin", "Empty")}
    error = alm.run("syncTasks", ids, "Empty")["error"]
    assert error["title"] == "The target and source revisions are incompatible"


@pytest.mark.parametrize("kind", ["syncTasks", "comparisonReportTasks", "summaryReportTasks"])
def test_the_three_ids_are_required(alm: AlmClient, kind: str) -> None:
    for name in alm.ids():
        ids: dict[str, object] = {**alm.ids()}
        assert alm.post(f"/alm/{kind}", {**ids, name: "1"}, "Plan Live").status_code == 400
        del ids[name]
        assert alm.post(f"/alm/{kind}", ids, "Plan Live").status_code == 400
    assert alm.post(f"/alm/{kind}", {**alm.ids(), "x": 1}, "Plan Live").status_code == 400
    unknown = {**alm.ids(), "sourceModelId": "A" * 32}
    assert alm.post(f"/alm/{kind}", unknown, "Plan Live").status_code == 404
    assert alm.get(f"/alm/{kind}/{'A' * 32}", "Plan Live").status_code == 404


def test_tasks_of_one_kind_are_not_found_as_another(alm: AlmClient) -> None:
    task = alm.start("summaryReportTasks", alm.ids())
    other = task.replace("summary", "comparison")
    assert alm.get(other, "Plan Live").status_code == 404


def test_a_comparison_report(alm: AlmClient) -> None:
    result = alm.run("comparisonReportTasks", alm.ids())
    reply = alm.shop.http.get(result["reportFileUrl"])
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.text.splitlines() == [
        "=== LISTS ADDED ===",
        "Name\tIn\tDetails",
        "Suppliers\t\t",
        "",
        "=== LIST PROPERTIES ADDED ===",
        "Name\tIn\tDetails",
        "Cooled\tAreas\t",
        "",
        "=== LIST ITEMS ADDED ===",
        "Name\tIn\tDetails",
        "East\tAreas\t",
        "Acme\tSuppliers\t",
        "",
        "=== MODULES ADDED ===",
        "Name\tIn\tDetails",
        "Prices\t\t",
        "",
        "=== LINE ITEMS ADDED ===",
        "Name\tIn\tDetails",
        "From\tFilling\t",
        "Price\tPrices\t",
    ]


def test_comparison_reports_are_not_available_as_json(alm: AlmClient) -> None:
    url = alm.run("comparisonReportTasks", alm.ids())["reportFileUrl"]
    for accept, status in (
        ("application/json", 406),
        ("application/json, */*;q=0.1", 200),
        ("application/octet-stream", 200),
    ):
        assert alm.shop.http.get(url, headers={"Accept": accept}).status_code == status


def test_a_summary_report(alm: AlmClient) -> None:
    url = alm.run("summaryReportTasks", alm.ids())["reportFileUrl"]
    assert alm.shop.http.get(url).json()["summaryReport"] == {
        "targetRevisionId": alm.revision("First"),
        "sourceRevisionId": alm.revision("Second"),
        "totals": {"modified": 0, "created": 7, "deleted": 0},
        "differences": {
            kind: {"modified": 0, "created": count, "deleted": 0}
            for kind, count in {
                "lists": 1,
                "listProperties": 1,
                "listItems": 2,
                "modules": 1,
                "lineItems": 2,
            }.items()
        },
    }


@pytest.mark.parametrize("kind", ["comparison", "summary"])
def test_reports_expire_two_days_after_their_last_use(
    alm: AlmClient, connect: "Connect", kind: str
) -> None:
    ids = f"{alm.revision('First')}/{alm.revision('Second')}"
    path = f"/alm/{kind}Reports/{ids}"
    assert alm.get(path, "Plan Live").status_code == 404
    alm.run(f"{kind}ReportTasks", alm.ids())
    for hours, status in ((47, 200), (47, 200), (49, 404)):
        alm.shop.emulator.advance(hours=hours)
        root = AlmClient(connect(alm.shop.emulator, "root"))
        assert root.get(path, "Plan Live").status_code == status


def test_a_report_on_unknown_revisions_fails(alm: AlmClient) -> None:
    result = alm.run("summaryReportTasks", {**alm.ids(), "targetRevisionId": "A" * 32})
    assert result["error"]["title"] == "Summary Report Failed"


def test_restructuring_through_the_control_api(alm: AlmClient) -> None:
    http = alm.shop.http
    change = {"model": alm.id("Plan"), **AREA}
    assert http.post("/_emulator/structure", json=change).status_code == 200
    assert alm.post("/alm/revisions", {"name": "Third"}).status_code == 201
    assert http.post("/_emulator/structure", json={**change, "model": "x"}).status_code == 404
    for wrong in (
        {"lists": [{"name": "New", "parent": "Nowhere"}]},
        {"lists": [{"name": "Areas", "items": [{"name": "West"}]}]},
        {"modules": [{"name": "Filling", "dimensions": ["Time"], "line_items": [{"name": "x"}]}]},
        {"colour": "red"},
    ):
        body = {"model": "Plan", **wrong}
        assert http.post("/_emulator/structure", json=body).status_code == 400
