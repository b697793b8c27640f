import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from anaplan_emulator import Emulator

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, Connect, TenantClient

PRODUCTS = b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP3,Fig,,,,,,\n"


def test_the_response_to_a_start(shop: "TenantClient") -> None:
    before = shop.emulator.tenant.clock.milliseconds()
    reply = shop.http.post(
        shop.path("/actions/117000000000/tasks"), json={"localeName": "en_US"}
    ).json()
    task = reply["task"]
    assert re.fullmatch("[0-9A-F]{32}", task["taskId"])
    assert task["taskState"] == "NOT_STARTED"
    assert before <= task["creationTime"] <= shop.emulator.tenant.clock.milliseconds()
    assert reply["meta"]["schema"].endswith("/objects/task")


def test_states_follow_one_another(shop: "TenantClient") -> None:
    shop.emulator.settings.hold_tasks = "NOT_STARTED"
    shop.upload("products.csv", PRODUCTS)
    task = shop.start("imports", "Products")
    waiting = shop.wait(task, "NOT_STARTED")
    assert waiting["taskState"] == "NOT_STARTED"
    assert "result" not in waiting
    shop.emulator.settings.hold_tasks = "IN_PROGRESS"
    running = shop.wait(task, "IN_PROGRESS")
    assert running["taskState"] == "IN_PROGRESS"
    assert 0 <= running["progress"] < 1
    assert "result" not in running
    assert shop.get("/status").json()["requestStatus"]["taskId"] == running["taskId"]
    shop.emulator.settings.hold_tasks = None
    assert shop.wait(task)["result"]["successful"]


def test_each_state_is_returned_for_the_set_number_of_polls(shop: "TenantClient") -> None:
    shop.emulator.settings.task_polls = 3
    task = shop.start("actions", "Drop orders")
    seen: list[str] = []
    while not seen or seen[-1] != "COMPLETE":
        seen.append(shop.http.get(task).json()["task"]["taskState"])
    assert seen == sorted(seen, key=["NOT_STARTED", "IN_PROGRESS", "COMPLETE"].index)
    assert seen.count("NOT_STARTED") >= 3
    assert seen.count("IN_PROGRESS") >= 3


def test_tasks_of_a_model_run_one_after_another(shop: "TenantClient") -> None:
    shop.emulator.settings.hold_tasks = "IN_PROGRESS"
    first = shop.start("actions", "Drop orders")
    assert shop.wait(first, "IN_PROGRESS")["taskState"] == "IN_PROGRESS"
    second = shop.start("exports", "Orders.csv")
    assert shop.wait(second, "NOT_STARTED")["taskState"] == "NOT_STARTED"
    # Tasks of other models do not wait.
    elsewhere = shop.path("/imports/112000000001/tasks", "Live")
    reply = shop.http.post(elsewhere, json={"localeName": "en_US"}).json()
    other = f"{elsewhere}/{reply['task']['taskId']}"
    assert shop.wait(other, "IN_PROGRESS")["taskState"] == "IN_PROGRESS"
    shop.emulator.settings.hold_tasks = None
    for task in (first, second, other):
        assert shop.wait(task)["result"]["successful"]


def test_a_queued_task_is_cancelled_immediately(shop: "TenantClient") -> None:
    shop.emulator.settings.hold_tasks = "NOT_STARTED"
    task = shop.start("actions", "Drop orders")
    reply = shop.http.delete(task)
    assert reply.status_code == 200
    body = reply.json()["task"]
    assert body["taskState"] == "CANCELLED"
    assert body["result"]["objectName"] == "Drop orders"
    assert body["cancelledBy"] == shop.http.get("/2/0/users/me").json()["user"]["id"]
    shop.emulator.settings.hold_tasks = None
    shop.run("exports", "Orders.csv")
    assert shop.wait(task)["taskState"] == "CANCELLED"
    assert "#2" in shop.get("/files/116000000004").content.decode("utf-16-le")


def test_a_cancelled_running_task_changes_nothing(shop: "TenantClient") -> None:
    shop.emulator.settings.hold_tasks = "IN_PROGRESS"
    shop.upload("products.csv", PRODUCTS)
    task = shop.start("imports", "Products")
    shop.wait(task, "IN_PROGRESS")
    assert shop.http.delete(task).json()["task"]["taskState"] in ("CANCELLING", "CANCELLED")
    body = shop.wait(task)
    assert body["taskState"] == "CANCELLED"
    assert body["currentStep"] == "Cancelled."
    assert body["result"]["details"][0]["type"] == "msgImportCancelled"
    shop.emulator.settings.hold_tasks = None
    shop.run("exports", "Sales - multi.csv")
    assert "Fig" not in shop.get("/files/116000000000").text


def test_a_finished_task_cannot_be_cancelled(shop: "TenantClient") -> None:
    task = shop.start("actions", "Drop orders")
    finished = shop.wait(task)
    assert shop.http.delete(task).json()["task"] == finished


def test_permissions_for_cancelling_a_task(shop: "TenantClient", client_for: "ClientFor") -> None:
    shop.emulator.settings.hold_tasks = "NOT_STARTED"
    task = shop.start("actions", "Drop orders")
    bob = client_for("bob")
    assert bob.http.delete(task).status_code == 403
    his = bob.start("actions", "Drop orders")
    assert shop.http.delete(his).json()["task"]["taskState"] == "CANCELLED"


def test_a_task_is_found_only_below_its_action(shop: "TenantClient") -> None:
    task = shop.start("actions", "Drop orders")
    shop.wait(task)
    assert shop.http.get(task.replace("117000000000", "117000000001")).status_code == 404
    assert shop.http.get(task.replace("/actions/", "/imports/")).status_code == 404
    assert shop.http.get(task.lower()).status_code == 404


def test_tasks_of_all_users_are_listed_and_sorted(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    paths = []
    for each in (shop, client_for("bob"), shop):
        paths.append(each.start("exports", "Orders.csv"))
        shop.emulator.advance(seconds=10)
    for path in paths:
        shop.wait(path)
    ids = [path.rpartition("/")[2] for path in paths]
    tasks = "/exports/116000000004/tasks"

    def listed(sort: str) -> list[str]:
        reply = shop.http.get(shop.path(tasks), params={"sort": sort} if sort else {})
        return [task["taskId"] for task in reply.json()["tasks"]]

    assert listed("") == ids
    assert listed("-creationTime") == ids[::-1]
    assert listed("-creationDate") == ids[::-1]
    assert listed("taskId") == sorted(ids)
    assert listed("+taskId") == sorted(ids)
    assert listed("nonsense") == ids
    page = shop.get(f"{tasks}?limit=2&offset=1").json()
    assert [task["taskId"] for task in page["tasks"]] == ids[1:]
    assert page["meta"]["paging"]["totalSize"] == 3
    assert page["tasks"][0].keys() == {"taskId", "taskState", "creationTime"}


def test_an_unknown_action_has_no_tasks(shop: "TenantClient", client_for: "ClientFor") -> None:
    shop.wait(shop.start("exports", "Orders.csv"))
    reply = shop.get("/exports/116999999999/tasks")
    assert reply.status_code == 200
    assert "tasks" not in reply.json()
    # The same for users without access to the model.
    reply = client_for("eve").get("/exports/116000000004/tasks")
    assert reply.status_code == 200
    assert "tasks" not in reply.json()


def test_polls_do_not_wait_for_a_running_import(shop: "TenantClient") -> None:
    rows = b"".join(b"X%d,Item %d,,,,,,\n" % (number, number) for number in range(6000))
    shop.upload("products.csv", PRODUCTS + rows)
    seen: list[float] = []
    # On a busy machine the import may complete between two polls.
    while not any(0 < share < 1 for share in seen):
        task = shop.start("imports", "Products")
        progress: list[float] = []
        while "result" not in (body := shop.http.get(task).json()["task"]):
            progress.append(body["progress"])
        assert body["result"]["successful"]
        assert progress == sorted(progress)
        seen += progress


@pytest.mark.parametrize("held", ["NOT_STARTED", "IN_PROGRESS"])
def test_unfinished_tasks_continue_after_a_restart(
    tmp_path: Path,
    held: Literal["NOT_STARTED", "IN_PROGRESS"],
    connect: "Connect",
) -> None:
    state = tmp_path / "state.sqlite"
    tenant = Path(__file__).parents[1] / "tenants" / "shop.json"
    with Emulator(tenant, state=state) as emulator:
        emulator.settings.hold_tasks = held
        shop = connect(emulator, "ada")
        task = shop.start("actions", "Drop orders")
        assert shop.wait(task, held)["taskState"] == held
    with Emulator(state=state) as emulator:
        assert emulator.settings.hold_tasks == held
        emulator.settings.hold_tasks = None
        shop = connect(emulator, "ada")
        assert shop.wait(task)["result"]["details"][0]["occurrences"] == 1
