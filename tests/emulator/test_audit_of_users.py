"""What the Audit API tells of changes to users, their rights, integrations and connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

    from anaplan_emulator import Emulator

Enter = Callable[["Emulator", str], "Shop"]
SHOP = lower_hex("workspace", "Shop")
STORAGE = lower_hex("workspace", "Storage")
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def user_id(name: str) -> str:
    return lower_hex("user", f"{name}@shop.example")


ROOT = user_id("root")


@pytest.fixture
def root(visit: Callable[[str], Shop]) -> Shop:
    """Who manages users, and reads the audit trail."""
    return visit("root")


def told(root: Shop) -> list[tuple[str, str, str]]:
    """Code, actor and object of all that isn't signing in, or a call like any other."""
    listed = root.http.get("/audit/api/1/events", params={"limit": "1000"}).json()["response"]
    return [
        (event["eventTypeId"], event["userId"], event["objectId"])
        for event in listed
        if event["eventTypeId"] not in ("USR-8", "API-1")
    ]


def attributes(root: Shop, code: str) -> dict[str, Any]:
    listed = root.http.get("/audit/api/1/events", params={"limit": "1000"}).json()["response"]
    found: dict[str, Any] = next(
        event["additionalAttributes"] for event in listed if event["eventTypeId"] == code
    )
    return found


def patch(root: Shop, name: str, *operations: dict[str, Any]) -> None:
    body = {"schemas": [PATCH], "Operations": list(operations)}
    answer = root.http.patch(f"/scim/1/0/v2/Users/{user_id(name)}", json=body)
    assert answer.status_code == 200, answer.text


def test_a_deactivation(root: Shop) -> None:
    off = {"op": "replace", "path": "active", "value": False}
    patch(root, "bob", off)
    bob = user_id("bob")
    assert told(root) == [("USR-4", ROOT, bob), ("USR-5", ROOT, bob)]
    # Who is deactivated already isn't deactivated again.
    patch(root, "bob", off)
    patch(root, "bob", {"op": "replace", "path": "active", "value": True})
    assert told(root)[2:] == [("USR-5", ROOT, bob), ("USR-3", ROOT, bob), ("USR-5", ROOT, bob)]


def test_a_grant_of_a_workspace_and_its_end(root: Shop) -> None:
    patch(
        root,
        "bob",
        {
            "op": "add",
            "path": "entitlements",
            "value": [{"value": STORAGE, "type": "WORKSPACE"}],
        },
    )
    bob = user_id("bob")
    assert told(root) == [("USR-21", ROOT, bob), ("USR-5", ROOT, bob)]
    assert attributes(root, "USR-21") == {"workspaceId": STORAGE}
    patch(root, "bob", {"op": "remove", "path": "entitlements"})
    ended = [code for code, _, _ in told(root)[2:]]
    assert sorted(ended) == ["USR-22", "USR-22", "USR-24", "USR-5"]
    assert attributes(root, "USR-24")["modelName"] == "Sales"
    patch(root, "ada", {"op": "remove", "path": "entitlements"})
    assert ("USR-25", ROOT, user_id("ada")) in told(root)


def test_names_and_addresses(root: Shop) -> None:
    patch(
        root,
        "bob",
        {"op": "replace", "path": "name.givenName", "value": "Robert"},
        {"op": "replace", "path": "name.familyName", "value": "Buyer"},
    )
    bob = user_id("bob")
    assert told(root) == [("USR-27", ROOT, bob), ("USR-5", ROOT, bob)]
    text = "username,first_name,last_name,licenses\nbob@shop.example,Robert,Builder,Standard\n"
    files = {"file": ("users.csv", text.encode(), "text/csv")}
    answer = root.http.put("/admin/1/0/users/import", files=files)
    assert answer.json()["updated"] == 1
    assert told(root)[2:] == [("USR-28", ROOT, bob), ("USR-5", ROOT, bob)]


def test_a_new_user(root: Shop) -> None:
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "new@shop.example",
        "name": {"givenName": "Nora", "familyName": "New"},
        "entitlements": [{"value": SHOP, "type": "WORKSPACE"}],
    }
    assert root.http.post("/scim/1/0/v2/Users", json=body).status_code == 201
    assert told(root) == [("USR-1", ROOT, user_id("new")), ("USR-21", ROOT, user_id("new"))]


def test_roles_granted_and_denied(root: Shop, enter: Enter) -> None:
    path = f"/admin/1/0/permissions/exception-users/users/{user_id('zoe')}"
    body = {"op": "assign", "workspaceGuid": STORAGE}
    assert root.http.patch(path, json=body).status_code == 204
    bob = enter(root.emulator, "bob")
    assert bob.http.patch(path, json={**body, "op": "unassign"}).status_code == 403
    assert told(root) == [
        ("AUTHZ-2", ROOT, user_id("zoe")),
        ("AUTHZ-5", user_id("bob"), user_id("zoe")),
    ]
    assert attributes(root, "AUTHZ-5") == {"role": "Exception User", "workspaceId": STORAGE}


def test_a_run_of_an_integration_and_a_connection(root: Shop, enter: Enter) -> None:
    ada = enter(root.emulator, "ada")
    listed = ada.http.get("/2/0/integrations").json()["integrations"]
    integration = listed[0]["integrationId"]
    run = ada.http.post(f"/2/0/integrations/{integration}/run").json()["run"]["id"]
    while ada.http.get(f"/2/0/integrations/run/{run}").json()["run"]["endDate"] is None:
        pass
    body = {
        "type": "AmazonS3",
        "body": {
            "name": "More",
            "accessKeyId": "AKIASHOP",
            "secretAccessKey": "s3-secret",
            "bucketName": "shop-data",
        },
    }
    connection = ada.http.post("/2/0/integrations/connections", json=body).json()["connectionId"]
    flow = ada.http.get("/2/0/integrationflows").json()["integrationFlows"][0]["id"]
    assert ada.http.delete(f"/2/0/integrationflows/{flow}").status_code == 200
    ada_id = user_id("ada")
    assert told(root) == [
        ("INT-4", ada_id, integration),
        ("CONN-1", ada_id, connection),
        ("INT-3", ada_id, flow),
    ]
