import http.client
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.emulator.conftest import SHOP

from anaplan_emulator import Emulator, TenantDescription

if TYPE_CHECKING:
    from tests.emulator.conftest import TenantClient

HEADERS = {"X_API_TOKEN": "shop-consolidation-token", "TENANT": "Corner Shop"}
NO_RUN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def fluence(shop: "TenantClient") -> Iterator[httpx2.Client]:
    url = f"{shop.emulator.base_url}/api/v2305.1"
    with httpx2.Client(base_url=url, headers=HEADERS, timeout=30) as client:
        yield client


def rows(fluence: httpx2.Client, **query: str) -> Any:
    reply = fluence.get("/odata/Ledger", params={f"${key}": query[key] for key in query})
    assert reply.status_code == 200, reply.text
    return reply.json()


def accounts(fluence: httpx2.Client, **query: str) -> list[str]:
    return [f"{row['Account_Name']} {row['Scenario_Name']}" for row in rows(fluence, **query)]


def test_a_whole_table_is_a_bare_array(fluence: httpx2.Client) -> None:
    table = rows(fluence)
    assert len(table) == 4
    assert table[0] == {
        "Account_Name": "1110",
        "Scenario_Name": "Actual",
        "Amount": 75443.48,
        "Final": 1,
        "Text": "O'Neill",
    }
    assert table[3]["Amount"] is None


def test_query_options(fluence: httpx2.Client) -> None:
    actual = {"filter": "Scenario_Name eq 'Actual'"}
    assert accounts(fluence, **actual) == ["1110 Actual", "1120 Actual"]
    assert accounts(fluence, **actual, orderby="Amount") == ["1120 Actual", "1110 Actual"]
    assert accounts(fluence, orderby="Amount desc", top="1", skip="1") == ["1110 Budget"]
    assert accounts(fluence, orderby="Amount")[0] == "1120 Budget"
    assert rows(fluence, select="Amount", top="1") == [{"Amount": 75443.48}]
    assert rows(fluence, count="true", top="1", select="Amount") == {
        "@odata.count": 4,
        "value": [{"Amount": 75443.48}],
    }
    # The dollar sign is optional.
    assert len(fluence.get("/odata/Ledger?filter=Amount gt 0").json()) == 2
    assert len(fluence.get("/odata/Ledger?Account_Name=1110&Format=flat").json()) == 2


def test_pages(fluence: httpx2.Client) -> None:
    first = fluence.get("/odata/Ledger?Page=1&PageSize=3").json()
    assert [len(first.pop("value")), first] == [
        3,
        {"CurrentPage": 1, "TotalPages": 2, "TotalRows": 4},
    ]
    last = fluence.get("/odata/Ledger?Page=2&PageSize=3").json()
    assert [len(last["value"]), last["CurrentPage"]] == [1, 2]
    assert fluence.get("/odata/Ledger?Page=3&PageSize=3").json()["value"] == []
    assert fluence.get("/odata/Ledger?PageSize=2501").status_code == 400
    assert fluence.get("/odata/Ledger?PageSize=2500").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$filter=Nothing eq 1", 400),
        ("$filter=Amount gt 'x'", 400),
        ("$filter=year(Text) eq 1", 501),
        ("$select=Nothing", 400),
        ("$orderby=Nothing", 400),
        ("$top=-1", 400),
        ("$skip=x", 400),
        ("Page=0", 400),
        ("Format=wide", 400),
        ("$apply=groupby((Account_Name))", 501),
    ],
)
def test_invalid_queries(fluence: httpx2.Client, query: str, status: int) -> None:
    reply = fluence.get(f"/odata/Ledger?{query}")
    assert reply.status_code == status
    assert list(reply.json()) == ["message"]


def test_rows_are_added(fluence: httpx2.Client) -> None:
    row = {"Account_Name": "9", "Amount": 1, "Final": True}
    reply = fluence.post("/odata/Ledger", json=row)
    assert (reply.status_code, reply.content) == (200, b"")
    assert rows(fluence, filter="Account_Name eq '9'") == [
        {"Account_Name": "9", "Scenario_Name": None, "Amount": 1, "Final": 1, "Text": None}
    ]
    batch = [{"Account_Name": "10"}, {"Account_Name": "11"}]
    assert fluence.post("/odata/batch/Ledger", json=batch).status_code == 200
    assert len(rows(fluence)) == 7


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/odata/Ledger", {"Colour": "red"}, 400),
        ("POST", "/odata/Ledger", {"Amount": "much"}, 400),
        ("POST", "/odata/Ledger", {"Final": 2}, 400),
        ("POST", "/odata/Ledger", [], 400),
        ("POST", "/odata/batch/Ledger", {}, 400),
        ("POST", "/odata/batch/Ledger", [{"Amount": 1}, {"Amount": True}], 400),
        ("POST", "/odata/Nothing", {}, 404),
        ("PUT", "/odata/Ledger", {"Amount": 1}, 400),
        ("PUT", "/odata/Ledger?$filter=Amount gt 0", {"Amount": "x"}, 400),
    ],
)
def test_invalid_rows_change_nothing(
    fluence: httpx2.Client, method: str, path: str, body: object, status: int
) -> None:
    before = rows(fluence)
    assert fluence.request(method, path, json=body).status_code == status
    assert rows(fluence) == before


def test_bodies_need_a_json_content_type(fluence: httpx2.Client) -> None:
    text = {"Content-Type": "text/plain"}
    assert fluence.post("/odata/Ledger", content="{}", headers=text).status_code == 415
    label = {"Content-Type": "application/json"}
    assert fluence.post("/odata/Ledger", content="{", headers=label).status_code == 400


def test_rows_are_changed_by_filter(fluence: httpx2.Client) -> None:
    budget = {"$filter": "Scenario_Name eq 'Budget'"}
    reply = fluence.put("/odata/Ledger", params=budget, json={"Amount": 5, "Text": "x"})
    assert (reply.status_code, reply.content) == (200, b"")
    assert [(row["Amount"], row["Text"]) for row in rows(fluence)] == [
        (75443.48, "O'Neill"),
        (5, "x"),
        (-20.5, "Refund"),
        (5, "x"),
    ]


def test_rows_are_deleted_by_filter_by_record_or_all(fluence: httpx2.Client) -> None:
    by_filter = fluence.delete("/odata/Ledger", params={"$filter": "Amount lt 0"})
    assert (by_filter.status_code, len(rows(fluence))) == (200, 3)
    record = {"Account_Name": "1110", "Scenario_Name": "Budget"}
    by_record = fluence.request("DELETE", "/odata/Ledger", json=record)
    assert (by_record.status_code, len(rows(fluence))) == (200, 2)
    everything = fluence.delete("/odata/Ledger")
    assert (everything.status_code, everything.content, rows(fluence)) == (204, b"", [])
    assert fluence.delete("/odata/Nothing").status_code == 404


def test_dimensions(fluence: httpx2.Client) -> None:
    every = fluence.get("/metadata/Dimensions").json()
    assert [each["dimensionName"] for each in every] == ["Account", "Scenario"]
    assert every[0]["properties"][0]["propertyName"] == "Classification"
    small = fluence.get("/metadata/models/Small/Dimensions").json()
    assert small == every[:1]
    assert fluence.get("/metadata/models/Nothing/Dimensions").status_code == 404
    members = fluence.get("/metadata/Dimensions/Account").json()
    assert [members["totalRows"], members["currentPage"], members["totalPages"]] == [3, 1, 1]
    assert [each["isLeaf"] for each in members["dimensionMembers"]] == [False, True, True]
    assert members["dimensionMembers"][1]["parentMemberName"] == "Sales"
    last = fluence.get("/metadata/Dimensions/Account?Page=2&PageSize=2").json()
    assert [each["memberName"] for each in last["dimensionMembers"]] == ["1120"]
    assert fluence.get("/metadata/Dimensions/Nothing").status_code == 404


def test_workflows_follow_the_emulator_clock(fluence: httpx2.Client, shop: "TenantClient") -> None:
    path = "Imports/Nightly/Load"

    def state() -> dict[str, str]:
        reply = fluence.get(f"/process/state/{path}")
        assert reply.status_code == 200
        found: dict[str, str] = reply.json()
        return found

    assert state() == {"runId": NO_RUN}
    assert fluence.post(f"/process/start/{path}", json=[]).content == b""
    first = state()
    assert first["runId"] != NO_RUN
    assert first["state"] == "Running"
    shop.emulator.advance(seconds=61)
    assert state() == {"runId": first["runId"], "state": "Completed"}
    assert fluence.post(f"/process/stop/{path}").status_code == 200
    assert state()["state"] == "Completed"
    assert fluence.post(f"/process/start/{path}").status_code == 200
    assert fluence.post(f"/process/stop/{path}").status_code == 200
    assert state()["state"] == "Stopped"
    assert state()["runId"] != first["runId"]


def test_unknown_workflows(fluence: httpx2.Client) -> None:
    for verb in ("start", "stop"):
        assert fluence.post(f"/process/{verb}/Imports/Load").status_code == 404
    assert fluence.get("/process/state/Imports/Load").json() == {"runId": NO_RUN}
    assert fluence.post("/process/start/Imports/Nightly/Load", json={}).status_code == 400


def test_users(fluence: httpx2.Client) -> None:
    ada, disabled = fluence.get("/users").json()
    assert ada == {
        "userId": 1,
        "userName": "ada@fluence.app",
        "fullName": "Ada Admin",
        "isDisabled": False,
        "email": "ada@shop.example",
        "roles": ["Admin", "Preparer"],
    }
    assert disabled["isDisabled"] is True
    new = {"userName": "new@fluence.app", "fullName": "New", "roles": ["Reviewer"]}
    added = fluence.post("/users", json=[new]).json()
    assert (added["userName"], added["roles"]) == ("new@fluence.app", ["Reviewer"])
    assert fluence.post("/users", json=[new]).status_code == 400
    change = {"userName": "new@fluence.app", "isDisabled": True, "roles": ["Admin"]}
    changed = fluence.put("/users", json=change).json()
    assert changed == {**added, "isDisabled": True, "roles": ["Admin"]}
    for _ in range(2):
        deleted = fluence.delete("/users/new@fluence.app")
        assert (deleted.status_code, deleted.content) == (200, b"")
    assert len(fluence.get("/users").json()) == 2
    assert fluence.put("/users", json=change).status_code == 404


def test_adding_several_users_is_atomic(fluence: httpx2.Client) -> None:
    two = [{"userName": "one"}, {"userName": "two", "roles": ["Nobody"]}]
    assert fluence.post("/users", json=two).status_code == 400
    assert len(fluence.get("/users").json()) == 2
    two[1] = {"userName": "two"}
    assert [user["userName"] for user in fluence.post("/users", json=two).json()] == ["one", "two"]
    assert fluence.post("/users", json={"userName": "three"}).status_code == 400


def test_roles(fluence: httpx2.Client) -> None:
    path = "/user/ada@fluence.app/roles"
    assert fluence.get(path).json() == ["Admin", "Preparer"]
    more = fluence.put(path, json=["Reviewer", "Admin"])
    assert more.json() == ["Admin", "Preparer", "Reviewer"]
    assert fluence.request("DELETE", path, json="Admin").json() == ["Preparer", "Reviewer"]
    assert fluence.request("DELETE", path, json=["Admin"]).status_code == 400
    assert fluence.put(path, json=["Nobody"]).status_code == 400
    assert fluence.get("/user/nobody/roles").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"TENANT": "Corner Shop"}, 401),
        ({"X_API_TOKEN": "wrong", "TENANT": "Corner Shop"}, 401),
        ({"X_API_TOKEN": HEADERS["X_API_TOKEN"]}, 400),
        ({"X_API_TOKEN": HEADERS["X_API_TOKEN"], "TENANT": "corner shop"}, 403),
    ],
)
def test_missing_and_invalid_credentials(
    shop: "TenantClient", headers: dict[str, str], status: int
) -> None:
    url = f"{shop.emulator.base_url}/api/v2305.1/users"
    reply = httpx2.get(url, headers=headers)
    assert reply.status_code == status
    # An Anaplan token is not an API token.
    assert shop.http.get("/api/v2305.1/users").status_code == 401


@pytest.mark.parametrize("name", ["X_API_TOKEN", "X-API-TOKEN", "x_api_token"])
def test_both_spellings_of_the_token_header_are_accepted(shop: "TenantClient", name: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(shop.emulator.base_url).netloc)
    headers = {name: HEADERS["X_API_TOKEN"], "TENANT": "Corner Shop"}
    connection.request("GET", "/api/v2305.1/users", headers=headers)
    assert connection.getresponse().status == 200
    connection.close()
    recorded = shop.emulator.requests()[-1].headers
    assert recorded[name.lower()] == "***"
    assert HEADERS["X_API_TOKEN"] not in json.dumps(recorded)


def test_a_tenant_without_financial_consolidation(running_emulator: Emulator) -> None:
    described = SHOP.model_dump(exclude={"consolidation"})
    running_emulator.load_tenant(TenantDescription.model_validate(described))
    reply = httpx2.get(f"{running_emulator.base_url}/api/v2305.1/users", headers=HEADERS)
    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tables": [{"name": "T", "columns": {"A": "number"}, "rows": [{"A": "x"}]}]}, "A: not a"),
        ({"tables": [{"name": "T", "columns": {"A": "number"}, "rows": [{"B": 1}]}]}, "no column"),
        ({"models": {"M": ["Nothing"]}}, "no dimension is called 'Nothing'"),
        ({"users": [{"name": "u", "full_name": "U", "email": "u", "roles": ["R"]}]}, "no role"),
        (
            {"dimensions": [{"name": "D", "members": [{"name": "a", "parent": "b"}]}]},
            "no earlier member",
        ),
        ({"workflows": [{"path": "p", "name": "n"}] * 2}, "two workflows"),
    ],
)
def test_invalid_descriptions(change: dict[str, Any], message: str) -> None:
    described = {"tenant": "T", "api_token": "t", **change}
    with pytest.raises(ValueError, match=message):
        TenantDescription.model_validate(
            {**SHOP.model_dump(mode="json"), "consolidation": described}
        )
