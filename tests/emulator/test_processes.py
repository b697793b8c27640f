from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

PRODUCTS = b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP3,Fig,,,,,,\n"
SALES = b"Product,Month,Units,Promoted,Since,Comment,Sold In\nP3,Jan 26,1,,,,\nP4,Jan 26,1,,,,\n"


def test_metadata_contains_the_actions(shop: "TenantClient") -> None:
    assert shop.get("/processes/118000000000").json()["processMetadata"] == {
        "name": "Nightly",
        "actions": [
            {
                "id": "112000000000",
                "name": "Products",
                "importType": "HIERARCHY_DATA",
                "importDataSourceId": "113000000000",
                "actionType": "IMPORT",
            },
            {
                "id": "112000000002",
                "name": "Sales",
                "importType": "MODULE_DATA",
                "importDataSourceId": "113000000002",
                "actionType": "IMPORT",
            },
            {
                "id": "116000000000",
                "name": "Sales - multi.csv",
                "exportType": "TABULAR_MULTI_COLUMN",
                "exportFormat": "text/csv",
                "layout": "TABULAR_MULTI_COLUMN",
                "actionType": "EXPORT",
            },
        ],
    }
    body = shop.get("/processes/118000000000?showImportDataSource=true").json()
    assert body["processMetadata"]["actions"][0]["importDataSource"] == {
        "type": "FILE",
        "importDataSourceId": "113000000000",
    }


def test_each_step_has_its_result_and_its_dump(shop: "TenantClient") -> None:
    shop.upload("products.csv", PRODUCTS)
    shop.upload("sales.csv", SALES)
    task = shop.start("processes", "Nightly")
    result = shop.wait(task)["result"]
    assert result["successful"]
    assert result["objectId"] == "118000000000"
    assert result["failureDumpAvailable"]
    steps = result["nestedResults"]
    assert [(step["objectId"], step["failureDumpAvailable"]) for step in steps] == [
        ("112000000000", False),
        ("112000000002", True),
        ("116000000000", False),
    ]
    assert not any("startTime" in step for step in steps)
    chunks = shop.http.get(f"{task}/dumps/112000000002/chunks").json()["chunks"]
    assert [chunk["id"] for chunk in chunks] == ["0"]
    dump = shop.http.get(f"{task}/dumps/112000000002/chunks/0").text.splitlines()
    assert dump[1].endswith('"3","Invalid item from list Products: P4"')
    assert shop.http.get(f"{task}/dumps/112000000002").text.splitlines() == dump
    # The dump of the process is that of its first step with a dump.
    assert shop.http.get(f"{task}/dump").text.splitlines() == dump
    assert shop.http.get(f"{task}/dump/chunks/0").text.splitlines() == dump
    # A step without failures has no dump.
    assert shop.http.get(f"{task}/dumps/112000000000/chunks").status_code == 404
    assert shop.http.get(f"{task}/dumps/112000000000").status_code == 404


def test_times_of_the_steps_on_request(shop: "TenantClient") -> None:
    task = shop.start("processes", "Clean up")
    shop.wait(task)
    detailed = shop.http.get(task, params={"includeProcessDetails": "true"}).json()["task"]
    steps = detailed["result"]["nestedResults"]
    assert steps
    now = shop.emulator.now().timestamp() * 1000
    for result in (detailed["result"], *steps):
        assert 0 <= now - int(result["startTime"]) < 600_000
        assert int(result["duration"]) >= 0
    brief = shop.http.get(task).json()["task"]["result"]
    assert not {"startTime", "duration"} & (brief.keys() | brief["nestedResults"][0].keys())


def test_a_failing_step_ends_the_process_without_rollback(shop: "TenantClient") -> None:
    result = shop.run("processes", "Clean up")
    assert not result["successful"]
    assert [step["successful"] for step in result["nestedResults"]] == [True, False]
    shop.run("exports", "Orders.csv")
    assert "#2" not in shop.get("/files/116000000004").content.decode("utf-16-le")


def test_actions_of_other_kinds_are_listed_and_described(shop: "TenantClient") -> None:
    assert shop.get("/actions").json()["actions"] == [
        {"id": "117000000000", "name": "Drop orders", "actionType": "DELETE_BY_SELECTION"},
        {"id": "117000000001", "name": "Drop all orders", "actionType": "DELETE_BY_SELECTION"},
        {"id": "117000000002", "name": "Promote best sellers", "actionType": "OPTIMIZER"},
    ]
    assert shop.get("/actions/117000000000").json()["action"] == {
        "id": "117000000000",
        "name": "Drop orders",
        "actionType": "DELETE_BY_SELECTION",
        "listId": "101000000002",
        "filterLineItemId": "205000000001",
    }
    assert shop.get("/actions/117999999999").status_code == 404


def test_a_deletion_has_no_dump(shop: "TenantClient") -> None:
    task = shop.start("actions", "Drop orders")
    result = shop.wait(task)["result"]
    assert result["details"][0]["type"] == "deleteFromSelectionSucceeded"
    assert shop.http.get(f"{task}/dump").status_code == 204


def test_permissions_are_checked_before_missing_logs(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    path = f"/optimizeActions/117000000002/tasks/{'A' * 32}/solutionLogs"
    assert client_for("bob").get(path).status_code == 403
    assert shop.get(path).status_code == 404


def log_of(action_id: str, task: str) -> str:
    return f"/optimizeActions/{action_id}/tasks/{task.rpartition('/')[2]}/solutionLogs"


def promoted(shop: "TenantClient") -> set[tuple[str, str]]:
    """Return the products and months that the optimizer selected."""
    shop.run("exports", "Sales - multi.csv")
    lines = shop.get("/files/116000000000").text.splitlines()
    header = lines[0].split(",")
    at = [header.index(name) for name in ("Products", "Time", "Promoted")]
    rows = [[line.split(",")[column] for column in at] for line in lines[1:]]
    return {(product, month) for product, month, chosen in rows if chosen == "true"}


def test_an_optimizer_selects_the_best_items_and_writes_a_log(shop: "TenantClient") -> None:
    shop.upload("products.csv", PRODUCTS)
    shop.run("imports", "Products")
    shop.upload(
        "sales.csv",
        b"Product,Month,Units,Promoted,Since,Comment,Sold In\nP3,Feb 26,40,,,,\n",
    )
    shop.run("imports", "Sales")
    task = shop.start("actions", "Promote best sellers")
    result = shop.wait(task)["result"]
    assert result["successful"]
    assert result["objectId"] == "117000000002"
    assert result["details"][0]["occurrences"] == 1
    assert promoted(shop) == {("Fig", "Feb 26")}
    reply = shop.get(log_of("117000000002", task))
    assert reply.headers["content-type"].startswith("text/plain")
    lines = reply.text.splitlines()
    assert "Optimize a model with 1 rows, 3 columns and 3 nonzeros (Max)" in lines
    assert "  Objective range  [7e+00, 4e+01]" in lines
    assert lines[-1].startswith("Best objective 4.000000000000e+01,")


def test_the_log_of_an_optimizer_in_a_process(shop: "TenantClient") -> None:
    task = shop.start("processes", "Promote")
    (step,) = shop.wait(task)["result"]["nestedResults"]
    assert step["objectId"] == "117000000002"
    log = shop.get(log_of("117000000002", task))
    assert log.text.splitlines()[-1].startswith("Best objective 1.250000000000e+01,")
    # The id of the process does not identify the log (docs/anaplan-behaviour.md#optimizer-logs).
    assert shop.get(log_of("118000000002", task)).status_code == 404
    shop.emulator.advance(hours=47)
    # The token has expired.
    signed_in = type(shop)(shop.emulator, shop.email)
    assert signed_in.get(log_of("117000000002", task)).status_code == 200
    shop.emulator.advance(minutes=61)
    later = type(shop)(shop.emulator, shop.email)
    assert later.get(log_of("117000000002", task)).status_code == 404
    signed_in.http.close()
    later.http.close()
