from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

BASE = "/admin/1/0/permissions/exception-users"
SHOP = lower_hex("workspace", "Shop")
STORAGE = lower_hex("workspace", "Storage")


def user_id(name: str) -> str:
    return lower_hex("user", f"{name}@shop.example")


@pytest.fixture
def root(client_for: "ClientFor") -> "TenantClient":
    """The client of the security administrator. Bob is a member of the single sign-on workspace."""
    root = client_for("root")
    add_to_storage(root, "bob")
    return root


def add_to_storage(root: "TenantClient", name: str) -> None:
    operation = {"op": "add", "path": "entitlements", "value": [{"value": STORAGE}]}
    reply = root.http.patch(
        f"/scim/1/0/v2/Users/{user_id(name)}",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [operation],
        },
    )
    assert reply.status_code == 200


def change(
    shop: "TenantClient", name: str, op: object, workspace: object = STORAGE
) -> httpx2.Response:
    body = {"op": op, "workspaceGuid": workspace}
    return shop.http.patch(f"{BASE}/users/{user_id(name)}", json=body)


def found(shop: "TenantClient", **body: str) -> list[dict[str, Any]]:
    reply = shop.http.post(f"{BASE}/search", json=body)
    assert reply.status_code == 200, reply.text
    response: list[dict[str, Any]] = reply.json()["response"]
    return response


def assert_error(reply: httpx2.Response, status: int, code: str) -> None:
    assert reply.status_code == status, reply.text
    assert reply.json()["status"] == code
    assert reply.json()["statusMessage"]


def sign_in(shop: "TenantClient", name: str) -> int:
    return shop.http.post("/token/authenticate", auth=(f"{name}@shop.example", name)).status_code


def test_exceptions_apply_to_signing_in(root: "TenantClient") -> None:
    assert sign_in(root, "bob") == 401
    assert change(root, "bob", "assign").status_code == 204
    assert change(root, "bob", "assign").status_code == 204
    assert sign_in(root, "bob") == 201
    assert change(root, "bob", "unassign").status_code == 204
    assert sign_in(root, "bob") == 401


def test_all_users_can_search(root: "TenantClient") -> None:
    bob = {"userGuid": user_id("bob"), "email": "bob@shop.example"}
    result = {"workspaceGuid": STORAGE, "workspaceName": "Storage", "users": [bob]}
    assert found(root, workspaceGuid=STORAGE) == []
    change(root, "bob", "assign")
    with httpx2.Client(base_url=root.emulator.base_url) as http:
        reply = http.post("/token/authenticate", auth=("eve@shop.example", "eve")).json()
        token = reply["tokenInfo"]["tokenValue"]
        http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        for body in ({"workspaceGuid": STORAGE}, {"userGuid": user_id("bob")}):
            assert http.post(f"{BASE}/search", json=body).json() == {"response": [result]}
        root.emulator.settings.dialect = "guide"
        assert_error(
            http.post(f"{BASE}/search", json={"userGuid": user_id("bob")}),
            403,
            "FAILURE_UNAUTHORIZED_USER_ACTION",
        )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "FAILURE_BAD_REQUEST"),
        ([], 400, "FAILURE_BAD_REQUEST"),
        ({"workspaceGuid": STORAGE, "userGuid": "0" * 32}, 400, "FAILURE_BAD_REQUEST"),
        ({"workspaceGuid": STORAGE.upper()}, 400, "FAILURE_BAD_REQUEST"),
        ({"userGuid": 7}, 400, "FAILURE_BAD_REQUEST"),
        ({"workspaceGuid": "0" * 32}, 404, "FAILURE_NOT_FOUND"),
        ({"userGuid": "0" * 32}, 404, "FAILURE_NOT_FOUND"),
    ],
)
def test_invalid_searches(root: "TenantClient", body: object, status: int, code: str) -> None:
    assert_error(root.http.post(f"{BASE}/search", json=body), status, code)


def test_rejected_changes(root: "TenantClient") -> None:
    for op, workspace in (("drop", STORAGE), (None, STORAGE), ("assign", "x"), ("assign", None)):
        assert_error(change(root, "bob", op, workspace), 400, "FAILURE_BAD_REQUEST")
    assert_error(change(root, "bob", "assign", SHOP), 400, "FAILURE_BAD_REQUEST")
    assert_error(change(root, "eve", "assign"), 400, "FAILURE_BAD_REQUEST")
    assert_error(change(root, "root", "assign"), 403, "FAILURE_GENERIC")
    assert_error(change(root, "nobody", "assign"), 404, "FAILURE_NOT_FOUND")
    assert_error(change(root, "bob", "assign", "0" * 32), 404, "FAILURE_NOT_FOUND")


def test_the_body_is_checked_before_the_role(client_for: "ClientFor") -> None:
    ada = client_for("ada")
    assert_error(change(ada, "zoe", "drop"), 400, "FAILURE_BAD_REQUEST")
    assert_error(change(ada, "zoe", "assign"), 403, "FAILURE_UNAUTHORIZED_USER_ACTION")


def test_headers(root: "TenantClient") -> None:
    token = root.http.headers["Authorization"].split()[1]
    key = root.emulator.api_key
    with httpx2.Client(base_url=root.emulator.base_url) as http:

        def search(**headers: str) -> httpx2.Response:
            body = {"workspaceGuid": STORAGE}
            return http.post(f"{BASE}/search", json=body, headers=headers)

        assert search(Authorization=f"AnaplanApiKey {key}").status_code == 200
        assert_error(search(Authorization=f"AnaplanApiKey {token}"), 401, "FAILURE_INVALID_TOKEN")
        assert_error(search(Authorization="AnaplanAuthToken x"), 401, "FAILURE_INVALID_TOKEN")
        assert_error(search(Authorization=f"Bearer {token}"), 400, "FAILURE_BAD_HEADER")
        assert_error(search(), 400, "FAILURE_BAD_HEADER")
        root.emulator.advance(hours=24 * 31)
        assert_error(search(Authorization=f"AnaplanApiKey {key}"), 401, "FAILURE_INVALID_TOKEN")


def test_only_digests_of_keys_are_stored(root: "TenantClient") -> None:
    with root.emulator.tenant.store.snapshot() as db:
        (row,) = db.execute("SELECT * FROM api_keys").fetchall()
    assert "shop-key" not in str(tuple(row))
    assert "shop-key" not in repr(root.emulator.tenant.description)
