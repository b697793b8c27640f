from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

Visit = Callable[[str], "Shop"]
BASE = "/admin/1/0/permissions/exception-users"
SHOP = lower_hex("workspace", "Shop")
STORAGE = lower_hex("workspace", "Storage")


def user_id(name: str) -> str:
    return lower_hex("user", f"{name}@shop.example")


@pytest.fixture
def root(visit: Visit) -> "Shop":
    """The security administrator, and Bob in the workspace with single sign-on."""
    root = visit("root")
    enter_storage(root, "bob")
    return root


def enter_storage(root: "Shop", name: str) -> None:
    operation = {"op": "add", "path": "entitlements", "value": [{"value": STORAGE}]}
    answer = root.http.patch(
        f"/scim/1/0/v2/Users/{user_id(name)}",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [operation],
        },
    )
    assert answer.status_code == 200


def change(shop: "Shop", name: str, op: object, workspace: object = STORAGE) -> httpx2.Response:
    body = {"op": op, "workspaceGuid": workspace}
    return shop.http.patch(f"{BASE}/users/{user_id(name)}", json=body)


def found(shop: "Shop", **asked: str) -> list[dict[str, Any]]:
    answer = shop.http.post(f"{BASE}/search", json=asked)
    assert answer.status_code == 200, answer.text
    response: list[dict[str, Any]] = answer.json()["response"]
    return response


def refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == code
    assert answer.json()["statusMessage"]


def sign_in(shop: "Shop", name: str) -> int:
    return shop.http.post("/token/authenticate", auth=(f"{name}@shop.example", name)).status_code


def test_an_exception_counts_at_sign_in(root: "Shop") -> None:
    assert sign_in(root, "bob") == 401
    assert change(root, "bob", "assign").status_code == 204
    assert change(root, "bob", "assign").status_code == 204
    assert sign_in(root, "bob") == 201
    assert change(root, "bob", "unassign").status_code == 204
    assert sign_in(root, "bob") == 401


def test_searches_are_for_everybody(root: "Shop") -> None:
    bob = {"userGuid": user_id("bob"), "email": "bob@shop.example"}
    result = {"workspaceGuid": STORAGE, "workspaceName": "Storage", "users": [bob]}
    assert found(root, workspaceGuid=STORAGE) == []
    change(root, "bob", "assign")
    with httpx2.Client(base_url=root.emulator.base_url) as http:
        answer = http.post("/token/authenticate", auth=("eve@shop.example", "eve")).json()
        token = answer["tokenInfo"]["tokenValue"]
        http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        for asked in ({"workspaceGuid": STORAGE}, {"userGuid": user_id("bob")}):
            assert http.post(f"{BASE}/search", json=asked).json() == {"response": [result]}
        root.emulator.settings.quirks = "docs"
        refused(
            http.post(f"{BASE}/search", json={"userGuid": user_id("bob")}),
            403,
            "FAILURE_UNAUTHORIZED_USER_ACTION",
        )


@pytest.mark.parametrize(
    ("asked", "status", "code"),
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
def test_searches_that_find_nothing(root: "Shop", asked: object, status: int, code: str) -> None:
    refused(root.http.post(f"{BASE}/search", json=asked), status, code)


def test_what_is_refused(root: "Shop") -> None:
    for op, workspace in (("drop", STORAGE), (None, STORAGE), ("assign", "x"), ("assign", None)):
        refused(change(root, "bob", op, workspace), 400, "FAILURE_BAD_REQUEST")
    refused(change(root, "bob", "assign", SHOP), 400, "FAILURE_BAD_REQUEST")
    refused(change(root, "eve", "assign"), 400, "FAILURE_BAD_REQUEST")
    refused(change(root, "root", "assign"), 403, "FAILURE_UNAUTHORIZED_USER_ACTION")
    refused(change(root, "nobody", "assign"), 404, "FAILURE_NOT_FOUND")
    refused(change(root, "bob", "assign", "0" * 32), 404, "FAILURE_NOT_FOUND")


def test_the_body_is_read_before_the_role(visit: Visit) -> None:
    ada = visit("ada")
    refused(change(ada, "zoe", "drop"), 400, "FAILURE_BAD_REQUEST")
    refused(change(ada, "zoe", "assign"), 403, "FAILURE_UNAUTHORIZED_USER_ACTION")


def test_headers(root: "Shop") -> None:
    token = root.http.headers["Authorization"].split()[1]
    key = root.emulator.api_key
    with httpx2.Client(base_url=root.emulator.base_url) as http:

        def search(**headers: str) -> httpx2.Response:
            asked = {"workspaceGuid": STORAGE}
            return http.post(f"{BASE}/search", json=asked, headers=headers)

        assert search(Authorization=f"AnaplanApiKey {key}").status_code == 200
        refused(search(Authorization=f"AnaplanApiKey {token}"), 401, "FAILURE_INVALID_TOKEN")
        refused(search(Authorization="AnaplanAuthToken x"), 401, "FAILURE_INVALID_TOKEN")
        refused(search(Authorization=f"Bearer {token}"), 400, "FAILURE_BAD_HEADER")
        refused(search(), 400, "FAILURE_BAD_HEADER")
        root.emulator.advance(hours=24 * 31)
        refused(search(Authorization=f"AnaplanApiKey {key}"), 401, "FAILURE_INVALID_TOKEN")


def test_only_digests_of_keys_are_stored(root: "Shop") -> None:
    with root.emulator.tenant.store.snapshot() as db:
        (row,) = db.execute("SELECT * FROM api_keys").fetchall()
    assert "shop-key" not in str(tuple(row))
    assert "shop-key" not in repr(root.emulator.tenant.description)
