"""Audit events of changes to users, their permissions, integrations and connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, Connect, TenantClient


SHOP = lower_hex("workspace", "Shop")
STORAGE = lower_hex("workspace", "Storage")
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def user_id(name: str) -> str:
    return lower_hex("user", f"{name}@shop.example")


ROOT = user_id("root")


@pytest.fixture
def root(client_for: ClientFor) -> TenantClient:
    """A user who manages users and reads audit events."""
    return client_for("root")


def change_events(root: TenantClient) -> list[tuple[str, str, str]]:
    """Return the code, user and object of all events except sign-ins and API calls."""
    listed = root.http.get("/audit/api/1/events", params={"limit": "1000"}).json()["response"]
    return [
        (event["eventTypeId"], event["userId"], event["objectId"])
        for event in listed
        if event["eventTypeId"] not in ("USR-8", "API-1")
    ]


def attributes(root: TenantClient, code: str) -> dict[str, Any]:
    listed = root.http.get("/audit/api/1/events", params={"limit": "1000"}).json()["response"]
    found: dict[str, Any] = next(
        event["additionalAttributes"] for event in listed if event["eventTypeId"] == code
    )
    return found


def patch(root: TenantClient, name: str, *operations: dict[str, Any]) -> None:
    body = {"schemas": [PATCH], "Operations": list(operations)}
    reply = root.http.patch(f"/scim/1/0/v2/Users/{user_id(name)}", json=body)
    assert reply.status_code == 200, reply.text


def test_a_deactivation(root: TenantClient) -> None:
    off = {"op": "replace", "path": "active", "value": False}
    patch(root, "bob", off)
    bob = user_id("bob")
    assert change_events(root) == [("USR-4", ROOT, bob), ("USR-5", ROOT, bob)]
    # Deactivating a deactivated user has no event.
    patch(root, "bob", off)
    patch(root, "bob", {"op": "replace", "path": "active", "value": True})
    assert change_events(root)[2:] == [
        ("USR-5", ROOT, bob),
        ("USR-3", ROOT, bob),
        ("USR-5", ROOT, bob),
    ]


def test_granting_and_revoking_a_workspace(root: TenantClient) -> None:
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
    assert change_events(root) == [("USR-21", ROOT, bob), ("USR-5", ROOT, bob)]
    assert attributes(root, "USR-21") == {"workspaceId": STORAGE}
    patch(root, "bob", {"op": "remove", "path": "entitlements"})
    ended = [code for code, _, _ in change_events(root)[2:]]
    assert sorted(ended) == ["USR-22", "USR-22", "USR-24", "USR-5"]
    assert attributes(root, "USR-24")["modelName"] == "Sales"
    patch(root, "ada", {"op": "remove", "path": "entitlements"})
    assert ("USR-25", ROOT, user_id("ada")) in change_events(root)


def test_changing_names(root: TenantClient) -> None:
    patch(
        root,
        "bob",
        {"op": "replace", "path": "name.givenName", "value": "Robert"},
        {"op": "replace", "path": "name.familyName", "value": "Buyer"},
    )
    bob = user_id("bob")
    assert change_events(root) == [("USR-27", ROOT, bob), ("USR-5", ROOT, bob)]
    text = "username,first_name,last_name,licenses\nbob@shop.example,Robert,Builder,Standard\n"
    files = {"file": ("users.csv", text.encode(), "text/csv")}
    reply = root.http.put("/admin/1/0/users/import", files=files)
    assert reply.json()["updated"] == 1
    assert change_events(root)[2:] == [("USR-28", ROOT, bob), ("USR-5", ROOT, bob)]


def test_a_new_user(root: TenantClient) -> None:
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "new@shop.example",
        "name": {"givenName": "Nora", "familyName": "New"},
        "entitlements": [{"value": SHOP, "type": "WORKSPACE"}],
    }
    assert root.http.post("/scim/1/0/v2/Users", json=body).status_code == 201
    assert change_events(root) == [
        ("USR-1", ROOT, user_id("new")),
        ("USR-21", ROOT, user_id("new")),
    ]


def test_granted_and_denied_roles(root: TenantClient, connect: Connect) -> None:
    path = f"/admin/1/0/permissions/exception-users/users/{user_id('zoe')}"
    body = {"op": "assign", "workspaceGuid": STORAGE}
    assert root.http.patch(path, json=body).status_code == 204
    bob = connect(root.emulator, "bob")
    assert bob.http.patch(path, json={**body, "op": "unassign"}).status_code == 403
    assert change_events(root) == [
        ("AUTHZ-2", ROOT, user_id("zoe")),
        ("AUTHZ-5", user_id("bob"), user_id("zoe")),
    ]
    assert attributes(root, "AUTHZ-5") == {"role": "Exception User", "workspaceId": STORAGE}


def test_integrations_and_connections(root: TenantClient, connect: Connect) -> None:
    ada = connect(root.emulator, "ada")
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
    assert change_events(root) == [
        ("INT-4", ada_id, integration),
        ("CONN-1", ada_id, connection),
        ("INT-3", ada_id, flow),
    ]
