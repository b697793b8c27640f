"""Revisions and online status. Plan has two revisions, and Plan Live the first of them."""

import re
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.emulator.alm_client import AlmClient

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, Connect, TenantClient

AREA = {"lists": [{"name": "Areas", "items": [{"name": "West"}]}]}


@pytest.fixture
def alm(client_for: "ClientFor") -> AlmClient:
    return AlmClient(client_for("root"))


def names(reply: httpx2.Response) -> list[str]:
    return [each["name"] for each in reply.json().get("revisions", [])]


def test_revisions_are_listed_newest_first(alm: AlmClient) -> None:
    reply = alm.get("/alm/revisions")
    assert names(reply) == ["Second", "First"]
    assert reply.json()["meta"]["paging"]["totalSize"] == 2
    first = reply.json()["revisions"][1]
    assert first == {
        "id": first["id"],
        "name": "First",
        "description": "The beginning",
        "createdOn": "2026-01-05T09:00:00Z",
        "createdBy": first["createdBy"],
        "creationMethod": "User added revision",
        "appliedOn": "2026-01-05T09:00:00Z",
        "appliedBy": first["createdBy"],
    }
    assert re.fullmatch("[0-9A-F]{32}", first["id"])
    assert re.fullmatch("[0-9a-f]{32}", first["createdBy"])
    assert names(alm.get("/alm/revisions", "Plan Live")) == ["First"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("appliedAfter=2026-01-06", ["Second"]),
        ("appliedBefore=2026-01-05", ["First"]),
        ("appliedAfter=2026-01-05&appliedBefore=2026-01-06", ["Second", "First"]),
        ("appliedAfter=2027-01-01", []),
        ("sort=appliedOn", ["First", "Second"]),
        ("sort=-name", ["Second", "First"]),
        ("limit=1", ["Second"]),
        ("limit=1&offset=1", ["First"]),
    ],
)
def test_filtering_revisions(alm: AlmClient, query: str, found: list[str]) -> None:
    assert names(alm.get(f"/alm/revisions?{query}")) == found


def test_without_a_limit_the_whole_history_is_returned(alm: AlmClient) -> None:
    alm.shop.emulator.settings.page_limit = 1
    assert names(alm.get("/alm/revisions")) == ["Second", "First"]
    assert names(alm.get("/alm/revisions?limit=2")) == ["Second"]


@pytest.mark.parametrize(
    "query",
    [
        "appliedAfter=yesterday",
        "appliedBefore=01/02/2026",
        "appliedAfter=2026-02-01&appliedBefore=2026-01-01",
    ],
)
def test_dates_are_checked(alm: AlmClient, query: str) -> None:
    assert alm.get(f"/alm/revisions?{query}").status_code == 400


def test_the_latest_revision(alm: AlmClient) -> None:
    assert names(alm.get("/alm/latestRevision")) == ["Second"]
    assert names(alm.get("/alm/latestRevision", "Plan Live")) == ["First"]
    nothing = alm.get("/alm/latestRevision", "Empty")
    assert nothing.status_code == 200
    assert "revisions" not in nothing.json()


def test_syncable_revisions(alm: AlmClient) -> None:
    source = f"/alm/syncableRevisions?sourceModelId={alm.id('Plan')}"
    assert names(alm.get(source, "Plan Live")) == ["Second"]
    assert "revisions" not in alm.get(source, "Empty").json()
    assert alm.get("/alm/syncableRevisions", "Plan Live").status_code == 400
    assert alm.get("/alm/syncableRevisions?sourceModelId=1", "Plan Live").status_code == 404


def test_models_to_which_a_revision_was_applied(alm: AlmClient) -> None:
    path = f"/alm/revisions/{alm.revision('First')}/appliedToModels"
    rows = alm.get(path).json()["appliedToModels"]
    assert [(row["modelName"], row["appliedMethod"]) for row in rows] == [
        ("Plan", "User added revision"),
        ("Plan Live", "Model copied"),
    ]
    assert rows[0]["modelId"] == alm.id("Plan")
    assert alm.get("/alm/revisions/1/appliedToModels").status_code == 404


def test_a_deleted_model_stays_in_the_list(alm: AlmClient) -> None:
    path = f"/alm/revisions/{alm.revision('First')}/appliedToModels"
    assert alm.post("/close", None, "Plan Live").status_code == 204
    workspace = alm.workspace_id
    body = {"modelIdsToDelete": [alm.id("Plan Live")]}
    reply = alm.shop.http.post(f"/2/0/workspaces/{workspace}/bulkDeleteModels", json=body)
    assert reply.json()["modelsDeleted"] == 1
    last = alm.get(path).json()["appliedToModels"][-1]
    assert last["modelDeleted"] is True
    assert "modelName" not in last


def test_creating_a_revision_after_a_structural_change(alm: AlmClient) -> None:
    body = {"name": "Third", "description": "With the west"}
    assert alm.post("/alm/revisions", body).status_code == 400
    alm.restructure("Plan", AREA)
    reply = alm.post("/alm/revisions", body)
    assert reply.status_code == 201
    assert reply.json()["status"] == {"code": 201, "message": "Created"}
    made = reply.json()["revision"]
    assert made["description"] == "With the west"
    assert made["creationMethod"] == "User added revision via API"
    assert alm.get("/alm/latestRevision").json()["revisions"] == [made]
    assert alm.post("/alm/revisions", {"name": "Fourth"}).status_code == 400


def test_imported_items_are_structure_except_in_production_data_lists(
    alm: AlmClient,
) -> None:
    alm.run_import("Goods", b"name\nSugar\n")
    assert alm.post("/alm/revisions", {"name": "Third"}).status_code == 400
    alm.run_import("Shelves")
    assert alm.post("/alm/revisions", {"name": "Third"}).status_code == 201


def test_the_first_revision_of_a_model(alm: AlmClient) -> None:
    assert alm.post("/alm/revisions", {"name": "Begin"}, "Empty").status_code == 201
    assert names(alm.get("/alm/revisions", "Empty")) == ["Begin"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"name": ""},
        {"name": "x" * 61},
        {"name": 1},
        {"name": "x", "description": "d" * 251},
        {"name": "x", "colour": "red"},
    ],
)
def test_invalid_bodies_of_revisions(alm: AlmClient, body: Any) -> None:
    alm.restructure("Plan", AREA)
    assert alm.post("/alm/revisions", body).status_code == 400
    assert alm.post_text("/alm/revisions", b"{").status_code == 400
    longest = {"name": "x" * 60, "description": "d" * 250}
    assert alm.post("/alm/revisions", longest).status_code == 201


def test_deployed_models_reject_new_revisions(alm: AlmClient) -> None:
    alm.restructure("Plan Live", AREA)
    reply = alm.post("/alm/revisions", {"name": "Mine"}, "Plan Live")
    assert reply.status_code == 400
    assert "deployed" in reply.json()["status"]["message"]


@pytest.mark.parametrize(("model", "status"), [("Sales 2020", 422), ("Locked", 423)])
def test_model_states_that_reject_revisions(shop: "TenantClient", model: str, status: int) -> None:
    reply = shop.http.post(shop.path("/alm/revisions", model), json={"name": "x"})
    assert reply.status_code == status


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_offline_model_is_available_only_to_administrators(
    client_for: "ClientFor", connect: "Connect", method: str
) -> None:
    ada = client_for("ada")
    bob = connect(ada.emulator, "bob")
    path = ada.path("/onlineStatus")
    assert ada.http.request(method, path, json={"status": "offline"}).status_code == 204
    assert bob.get("/files").status_code == 424
    assert bob.get("/status").status_code == 200
    assert ada.get("/files").status_code == 200
    assert ada.http.request(method, path, json={"status": "online"}).status_code == 204
    assert bob.get("/files").status_code == 200


@pytest.mark.parametrize(
    "body", [None, {}, {"status": "away"}, {"status": None}, {"status": "online", "why": "so"}]
)
def test_invalid_bodies_of_the_online_status(shop: "TenantClient", body: Any) -> None:
    reply = shop.http.put(shop.path("/onlineStatus"), json=body)
    assert reply.status_code == 400


@pytest.mark.parametrize(("model", "status"), [("Sales 2020", 422), ("Locked", 400)])
def test_model_states_that_reject_an_online_status(
    shop: "TenantClient", model: str, status: int
) -> None:
    reply = shop.http.put(shop.path("/onlineStatus", model), json={"status": "offline"})
    assert reply.status_code == status


def test_roles(client_for: "ClientFor", connect: "Connect") -> None:
    bob = client_for("bob")
    eve = connect(bob.emulator, "eve")
    ids = {
        "sourceModelId": bob.model_id(),
        "sourceRevisionId": "A" * 32,
        "targetRevisionId": "B" * 32,
    }
    for method, path, body, status in (
        ("PUT", "/onlineStatus", {"status": "offline"}, 403),
        ("GET", "/alm/revisions", None, 403),
        ("POST", "/alm/revisions", {"name": "x"}, 403),
        ("GET", "/alm/latestRevision", None, 403),
        ("GET", f"/alm/syncableRevisions?sourceModelId={bob.model_id()}", None, 403),
        ("GET", "/alm/revisions/1/appliedToModels", None, 403),
        ("POST", "/alm/syncTasks", ids, 403),
        ("GET", "/alm/syncTasks", None, 403),
        ("GET", "/alm/syncTasks/1", None, 403),
        ("POST", "/alm/comparisonReportTasks", ids, 424),
        ("GET", "/alm/comparisonReportTasks/1", None, 424),
        ("GET", "/alm/comparisonReports/1/2", None, 424),
        ("POST", "/alm/summaryReportTasks", ids, 424),
        ("GET", "/alm/summaryReportTasks/1", None, 424),
        ("GET", "/alm/summaryReports/1/2", None, 424),
    ):
        reply = bob.http.request(method, bob.path(path), json=body)
        assert reply.status_code == status, path
        assert reply.json()["status"]["message"] == ("Forbidden" if status == 403 else "")
        hidden = eve.http.request(method, eve.path(path), json=body)
        assert hidden.status_code == 404, path
