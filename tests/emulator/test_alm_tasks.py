"""Synchronizations and reports, by plain HTTP."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.emulator.alm import Alm

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

AREA = {"lists": [{"name": "Areas", "items": [{"name": "West"}]}]}


@pytest.fixture
def alm(visit: "Callable[[str], Shop]") -> Alm:
    return Alm(visit("root"))


def exported(alm: Alm) -> list[str]:
    """The cells of the live model."""
    export = alm.named("exports", "Filling.csv", "Plan Live")
    tasks = f"/exports/{export}/tasks"
    started = alm.post(tasks, {"localeName": "en_US"}, "Plan Live").json()
    alm.wait(f"{tasks}/{started['task']['taskId']}")
    return alm.get(f"/files/{export}/chunks/0", "Plan Live").text.splitlines()


def test_a_synchronization_brings_the_structure_and_keeps_the_data(alm: Alm) -> None:
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


def test_the_answer_to_a_start(alm: Alm) -> None:
    reply = alm.post("/alm/syncTasks", alm.ids(), "Plan Live")
    assert reply.status_code == 201
    task = reply.json()["task"]
    assert reply.headers["location"] == task["taskUrl"]
    assert alm.shop.http.get(task["taskUrl"]).json()["task"]["taskId"] == task["taskId"]
    assert isinstance(task["creationTime"], int)
    assert reply.json()["status"] == {"code": 201, "message": "Created"}


def test_states_follow_one_another(alm: Alm) -> None:
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
    # By then the target's latest revision is another.
    assert not alm.wait(second)["result"]["successful"]


def test_sync_tasks_are_listed_for_two_days(alm: Alm) -> None:
    assert "tasks" not in alm.get("/alm/syncTasks", "Plan Live").json()
    first = alm.start("syncTasks", alm.ids())
    alm.wait(first)
    alm.shop.emulator.advance(minutes=1)
    second = alm.start("syncTasks", alm.ids())
    alm.wait(second)
    listed = alm.get("/alm/syncTasks", "Plan Live").json()["tasks"]
    assert [f"/alm/syncTasks/{each['taskId']}" for each in listed] == [second, first]
    alm.shop.emulator.advance(hours=47, minutes=59, seconds=50)
    root = Alm(type(alm.shop)(alm.shop.emulator, "root@shop.example"))
    assert len(root.get("/alm/syncTasks", "Plan Live").json()["tasks"]) == 1
    root.shop.http.close()


def refusal(alm: Alm, ids: dict[str, str]) -> str:
    structure = exported(alm)
    result = alm.run("syncTasks", ids)
    assert not result["successful"]
    assert exported(alm) == structure
    assert alm.revision("First", "Plan Live")
    assert result["error"]["title"]
    return str(result["error"]["messageText"])


def test_a_synchronization_that_cannot_be_is_refused(alm: Alm) -> None:
    assert "not newer" in refusal(alm, alm.ids(source="First"))
    assert "not in the target" in refusal(alm, alm.ids(target="Second"))
    assert "not in the source" in refusal(alm, {**alm.ids(), "sourceRevisionId": "A" * 32})
    alm.restructure("Plan Live", AREA)
    assert "structural changes" in refusal(alm, alm.ids())


def test_models_without_a_common_revision_are_incompatible(alm: Alm) -> None:
    alm.post("/alm/revisions", {"name": "Begin"}, "Empty")
    ids = {**alm.ids(), "targetRevisionId": alm.revision("Begin", "Empty")}
    error = alm.run("syncTasks", ids, "Empty")["error"]
    assert error["title"] == "The target and source revisions are incompatible"


@pytest.mark.parametrize("kind", ["syncTasks", "comparisonReportTasks", "summaryReportTasks"])
def test_the_three_ids_are_asked_for(alm: Alm, kind: str) -> None:
    for name in alm.ids():
        ids: dict[str, object] = {**alm.ids()}
        assert alm.post(f"/alm/{kind}", {**ids, name: "1"}, "Plan Live").status_code == 400
        del ids[name]
        assert alm.post(f"/alm/{kind}", ids, "Plan Live").status_code == 400
    assert alm.post(f"/alm/{kind}", {**alm.ids(), "x": 1}, "Plan Live").status_code == 400
    unknown = {**alm.ids(), "sourceModelId": "A" * 32}
    assert alm.post(f"/alm/{kind}", unknown, "Plan Live").status_code == 404
    assert alm.get(f"/alm/{kind}/{'A' * 32}", "Plan Live").status_code == 404


def test_tasks_of_one_kind_are_not_found_as_another(alm: Alm) -> None:
    task = alm.start("summaryReportTasks", alm.ids())
    other = task.replace("summary", "comparison")
    assert alm.get(other, "Plan Live").status_code == 404


def test_a_comparison_report(alm: Alm) -> None:
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


def test_who_takes_json_alone_gets_no_comparison(alm: Alm) -> None:
    url = alm.run("comparisonReportTasks", alm.ids())["reportFileUrl"]
    for accept, status in (
        ("application/json", 406),
        ("application/json, */*;q=0.1", 200),
        ("application/octet-stream", 200),
    ):
        assert alm.shop.http.get(url, headers={"Accept": accept}).status_code == status


def test_a_summary_report(alm: Alm) -> None:
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
def test_reports_live_for_two_days_from_their_last_reading(
    alm: Alm, enter: "Callable[..., Shop]", kind: str
) -> None:
    ids = f"{alm.revision('First')}/{alm.revision('Second')}"
    path = f"/alm/{kind}Reports/{ids}"
    assert alm.get(path, "Plan Live").status_code == 404
    alm.run(f"{kind}ReportTasks", alm.ids())
    for hours, status in ((47, 200), (47, 200), (49, 404)):
        alm.shop.emulator.advance(hours=hours)
        root = Alm(enter(alm.shop.emulator, "root"))
        assert root.get(path, "Plan Live").status_code == status


def test_a_report_of_what_is_not_there_fails(alm: Alm) -> None:
    result = alm.run("summaryReportTasks", {**alm.ids(), "targetRevisionId": "A" * 32})
    assert result["error"]["title"] == "Summary Report Failed"


def test_the_control_room_restructures(alm: Alm) -> None:
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
