from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

BASE = "/scim/1/0/v2"
USERS = f"{BASE}/Users"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SHOP = lower_hex("workspace", "Shop")
STORAGE = lower_hex("workspace", "Storage")
WORKER = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "new@shop.example",
    "externalId": "N-1",
    "name": {"givenName": "Nora", "familyName": "New"},
    "entitlements": [{"value": SHOP, "type": "WORKSPACE"}],
}


@pytest.fixture
def root(client_for: "ClientFor") -> "TenantClient":
    return client_for("root")


def user_id(name: str) -> str:
    return lower_hex("user", f"{name}@shop.example")


def listed(shop: "TenantClient", **query: str) -> dict[str, Any]:
    reply = shop.http.get(USERS, params=query)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/scim+json"
    body: dict[str, Any] = reply.json()
    return body


def names(shop: "TenantClient", **query: str) -> list[str]:
    return [each["name"]["givenName"] for each in listed(shop, **query)["Resources"]]


def patch(shop: "TenantClient", name: str, *operations: dict[str, Any]) -> httpx2.Response:
    body = {"schemas": [PATCH], "Operations": list(operations)}
    return shop.http.patch(f"{USERS}/{user_id(name)}", json=body)


def workspaces(user: dict[str, Any]) -> set[str]:
    return {each["value"] for each in user["entitlements"] if each["type"] == "WORKSPACE"}


def sign_in(shop: "TenantClient", name: str, password: str) -> int:
    auth = (f"{name}@shop.example", password)
    return shop.http.post("/token/authenticate", auth=auth, headers={}).status_code


def assert_error(reply: httpx2.Response, status: int, code: str | None = None) -> None:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/scim+json"
    body = reply.json()
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert body["status"] == str(status)
    assert body["detail"]
    assert body.get("scimType") == code


@pytest.mark.parametrize("name", ["ServiceProviderConfig", "ResourceTypes", "Schemas"])
def test_discovery_needs_no_authentication(root: "TenantClient", name: str) -> None:
    with httpx2.Client(base_url=root.emulator.base_url) as unauthenticated:
        reply = unauthenticated.get(f"{BASE}/{name}")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/scim+json"
    assert reply.json()["schemas"]


def test_a_user(root: "TenantClient") -> None:
    reply = root.http.get(f"{USERS}/{user_id('zoe')}").json()
    assert reply == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": user_id("zoe"),
        "externalId": "Z-1",
        "userName": "zoe@shop.example",
        "name": {"familyName": "Zero", "givenName": "Zoe", "formatted": "Zoe Zero"},
        "displayName": "Zoe Zero",
        "active": False,
        "emails": [{"value": "zoe@shop.example", "type": "work", "primary": True}],
        "entitlements": [
            {"value": STORAGE, "display": "Storage", "type": "WORKSPACE", "primary": False},
            {"value": STORAGE, "type": "WORKSPACE_IDS"},
            {"value": "Storage", "type": "WORKSPACE_NAMES"},
        ],
        "meta": {
            "resourceType": "User",
            "created": "2025-01-01T00:00:00.000Z",
            "lastModified": "2025-01-01T00:00:00.000Z",
            "location": f"{root.emulator.base_url}{USERS}/{user_id('zoe')}",
        },
    }


def test_pages(root: "TenantClient") -> None:
    first = listed(root, count="2")
    assert (first["totalResults"], first["startIndex"], first["itemsPerPage"]) == (5, 1, 2)
    assert names(root, startIndex="5", count="2") == ["Zoe"]
    assert names(root, startIndex="0") == ["Ada", "Bob", "Eve", "Root", "Zoe"]
    beyond = listed(root, startIndex="6")
    assert (beyond["totalResults"], beyond["itemsPerPage"], beyond["Resources"]) == (5, 0, [])
    assert listed(root, count="0")["Resources"] == []
    root.emulator.settings.scim_page_size = 3
    assert len(names(root)) == 3
    assert len(names(root, count="100")) == 5
    assert_error(root.http.get(USERS, params={"count": "101"}), 400, "invalidValue")
    assert_error(root.http.get(USERS, params={"startIndex": "one"}), 400, "invalidValue")


def test_filters(root: "TenantClient") -> None:
    assert names(root, filter='userName EQ "BOB@shop.example"') == ["Bob"]
    assert names(root, filter="active eq false or externalId pr") == ["Zoe"]
    assert names(root, filter='name.familyName gt "b" and (active eq true)') == ["Bob", "Eve"]
    assert listed(root, filter='id eq "x"')["totalResults"] == 0
    for wrong in ('userName co "bob"', "", 'emails[type eq "work"] pr'):
        assert_error(root.http.get(USERS, params={"filter": wrong}), 400, "invalidValue")


def test_only_user_administrators(root: "TenantClient", client_for: "ClientFor") -> None:
    ada = client_for("ada")
    one = f"{USERS}/{user_id('bob')}"
    for reply in (
        ada.http.get(USERS),
        ada.http.get(one),
        ada.http.post(USERS, json=WORKER),
        ada.http.put(one, json=WORKER),
        patch(ada, "bob", {"op": "replace", "path": "active", "value": False}),
        ada.http.delete(one),
    ):
        assert_error(reply, 403)


def test_ways_to_sign_in(root: "TenantClient") -> None:
    token = root.http.headers["Authorization"].split()[1]
    with httpx2.Client(base_url=root.emulator.base_url) as http:
        key = root.emulator.api_key
        assert key == "auk_us1_shop-key"

        def status(authorization: str) -> int:
            return http.get(USERS, headers={"Authorization": authorization}).status_code

        assert status(f"Bearer {token}") == 200
        assert status(f"Bearer {key}") == 200
        assert status(f"AnaplanAuthToken {key}") == 401
        assert status(f"AnaplanApiKey {key}") == 401
        assert http.get(USERS, auth=("root@shop.example", "root")).status_code == 200
        assert_error(http.get(USERS, auth=("root@shop.example", "wrong")), 401)
        assert_error(http.get(USERS), 401)
        integration = {"Authorization": f"Bearer {key}"}
        assert http.get("/2/0/users/me", headers=integration).status_code == 401
        root.emulator.advance(hours=24 * 31)
        assert status(f"Bearer {key}") == 401


def test_a_created_user_can_sign_in(root: "TenantClient") -> None:
    reply = root.http.post(USERS, json=WORKER)
    assert reply.status_code == 201, reply.text
    created = reply.json()
    assert reply.headers["location"] == created["meta"]["location"]
    assert created["id"] == user_id("new")
    assert created["active"] is True
    assert created["displayName"] == created["name"]["formatted"] == "Nora New"
    assert workspaces(created) == {SHOP}
    assert root.http.get(f"{USERS}/{created['id']}").json() == created
    everybody = root.http.get("/2/0/users").json()["users"]
    assert "new@shop.example" in [each["email"] for each in everybody]
    auth = ("new@shop.example", "Welc0me!")
    with httpx2.Client(base_url=root.emulator.base_url) as http:
        token = http.post("/token/authenticate", auth=auth).json()["tokenInfo"]["tokenValue"]
        http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        seen = http.get("/2/0/workspaces").json()["workspaces"]
        assert [each["name"] for each in seen] == ["Shop"]
    pair = root.emulator.issue_certificate("new@shop.example")
    assert "BEGIN CERTIFICATE" in pair.certificate


def test_the_first_password_is_a_setting(root: "TenantClient") -> None:
    root.emulator.settings.first_password = "open sesame"
    root.http.post(USERS, json=WORKER)
    assert sign_in(root, "new", "Welc0me!") == 401
    assert sign_in(root, "new", "open sesame") == 201


@pytest.mark.parametrize(
    "change",
    [
        {"userName": None},
        {"userName": "no address"},
        {"name": None},
        {"name": {"givenName": "Nora"}},
        {"name": {"givenName": "Nora", "familyName": " "}},
        {"active": "yes"},
        {"externalId": 7},
        {"emails": [{"value": "a@b.example", "type": "home"}]},
        {"emails": [{"value": "a@b.example"}, {"value": "c@b.example"}]},
        {"entitlements": [{"value": "0" * 32, "type": "WORKSPACE"}]},
        {"entitlements": [{"value": SHOP, "type": "MODEL"}]},
        {"entitlements": {"value": SHOP}},
        {"schemas": ["urn:other"]},
    ],
)
def test_invalid_users(root: "TenantClient", change: dict[str, Any]) -> None:
    reply = root.http.post(USERS, json=WORKER | change)
    assert reply.status_code == 400, reply.text
    assert reply.json()["status"] == "400"
    assert "New" not in names(root)


def test_a_user_is_created_once(root: "TenantClient") -> None:
    existing = WORKER | {"userName": "BOB@shop.example"}
    assert_error(root.http.post(USERS, json=existing), 409, "uniqueness")
    assert_error(root.http.post(USERS, content=b"{"), 400, "invalidSyntax")


def test_the_maximum_number_of_workspaces(root: "TenantClient") -> None:
    root.emulator.settings.scim_workspace_limit = 1
    both = {"entitlements": [{"value": SHOP}, {"value": STORAGE}]}
    assert_error(root.http.post(USERS, json=WORKER | both), 400, "invalidValue")


def test_summaries_of_workspaces_are_accepted(root: "TenantClient") -> None:
    both = {"entitlements": [{"value": f"{SHOP},{STORAGE}", "type": "WORKSPACE_IDS"}]}
    assert workspaces(root.http.post(USERS, json=WORKER | both).json()) == {SHOP, STORAGE}
    named = {"entitlements": [{"value": "Storage", "type": "WORKSPACE_NAMES"}]}
    reply = root.http.put(f"{USERS}/{user_id('new')}", json=WORKER | named)
    assert workspaces(reply.json()) == {STORAGE}


def test_replacing_without_entitlements_removes_all_workspaces(
    root: "TenantClient", client_for: "ClientFor"
) -> None:
    bob = client_for("bob")
    before = root.http.get(f"{USERS}/{user_id('bob')}").json()
    same = root.http.put(f"{USERS}/{user_id('bob')}", json=before).json()
    assert workspaces(same) == {SHOP}
    assert [each["name"] for each in bob.http.get("/2/0/models").json()["models"]] == ["Sales"]
    del before["entitlements"]
    before["name"]["givenName"] = "Robert"
    after = root.http.put(f"{USERS}/{user_id('bob')}", json=before).json()
    assert after["entitlements"] == []
    assert after["displayName"] == "Robert Buyer"
    assert "workspaces" not in bob.http.get("/2/0/workspaces").json()
    assert "models" not in bob.http.get("/2/0/models").json()
    assert bob.get("/files").status_code == 404


def test_the_user_name_cannot_be_changed(root: "TenantClient") -> None:
    path = f"{USERS}/{user_id('bob')}"
    assert_error(root.http.put(path, json=WORKER), 400, "mutability")
    renamed = {"op": "replace", "path": "userName", "value": "x@shop.example"}
    assert_error(patch(root, "bob", renamed), 400, "mutability")
    assert_error(root.http.put(f"{USERS}/{'0' * 32}", json=WORKER), 404)
    assert_error(root.http.get(f"{USERS}/{user_id('nobody')}"), 404)


def test_deactivating_a_user_revokes_tokens(root: "TenantClient", client_for: "ClientFor") -> None:
    bob = client_for("bob")
    off = {"op": "Replace", "path": "active", "value": False}
    assert patch(root, "bob", off).json()["active"] is False
    assert bob.http.get("/2/0/users/me").status_code == 401
    assert sign_in(root, "bob", "bob") == 401
    assert patch(root, "bob", off | {"value": True}).json()["active"] is True
    # The earlier token remains revoked.
    assert bob.http.get("/2/0/users/me").status_code == 401
    assert sign_in(root, "bob", "bob") == 201


def test_patches(root: "TenantClient") -> None:
    reply = patch(
        root,
        "bob",
        {"op": "replace", "path": "name.familyName", "value": "Seller"},
        {"op": "add", "path": "externalId", "value": "B-2"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "bob@work.example"},
        {"op": "add", "path": "entitlements", "value": [{"value": STORAGE, "type": "WORKSPACE"}]},
    )
    assert reply.status_code == 200, reply.text
    bob = reply.json()
    assert bob["displayName"] == "Bob Seller"
    assert bob["externalId"] == "B-2"
    assert bob["emails"][0]["value"] == "bob@work.example"
    assert bob["userName"] == "bob@shop.example"
    assert workspaces(bob) == {SHOP, STORAGE}
    assert bob["meta"]["lastModified"] > bob["meta"]["created"]
    removed = {"op": "remove", "path": 'entitlements[type eq "WORKSPACE"]'}
    bob = patch(root, "bob", removed, {"op": "remove", "path": "externalId"}).json()
    assert bob["entitlements"] == []
    assert "externalId" not in bob
    chosen = {"op": "replace", "path": 'entitlements[type eq "WORKSPACE"]'}
    bob = patch(root, "bob", chosen | {"value": [{"value": STORAGE}]}).json()
    assert workspaces(bob) == {STORAGE}


def test_valid_entitlements_are_applied_despite_invalid_ones(root: "TenantClient") -> None:
    entitlements = [
        {"value": STORAGE, "type": "WORKSPACE"},
        {"value": "0" * 32, "type": "WORKSPACE"},
    ]
    reply = patch(root, "bob", {"op": "add", "path": "entitlements", "value": entitlements})
    assert reply.status_code == 207
    assert workspaces(reply.json()) == {SHOP, STORAGE}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"op": "move", "path": "active"}, "invalidSyntax"),
        ({"op": "replace", "value": {"active": False}}, "invalidPath"),
        ({"op": "replace", "path": "nickName", "value": "B"}, "invalidPath"),
        (
            {"op": "replace", "path": 'emails[type eq "home"].value', "value": "a@b.c"},
            "invalidPath",
        ),
        ({"op": "replace", "path": "displayName", "value": "B"}, "mutability"),
        ({"op": "replace", "path": "name.formatted", "value": "B"}, "mutability"),
        ({"op": "remove", "path": "name.familyName"}, "mutability"),
        ({"op": "replace", "path": "active", "value": "false"}, "invalidValue"),
        ({"op": "replace", "path": "name.familyName", "value": ""}, "invalidValue"),
        ({"op": "add", "path": "entitlements"}, "invalidValue"),
    ],
)
def test_patches_that_change_nothing(
    root: "TenantClient", operation: dict[str, Any], code: str
) -> None:
    before = root.http.get(f"{USERS}/{user_id('bob')}").json()
    good = {"op": "replace", "path": "externalId", "value": "B-3"}
    assert_error(patch(root, "bob", good, operation), 400, code)
    assert root.http.get(f"{USERS}/{user_id('bob')}").json() == before


def test_patches_without_operations(root: "TenantClient") -> None:
    path = f"{USERS}/{user_id('bob')}"
    bodies: list[Any] = [{}, {"schemas": [PATCH]}, {"schemas": [PATCH], "Operations": []}, []]
    for body in bodies:
        assert root.http.patch(path, json=body).status_code == 400


def test_unknown_users(root: "TenantClient") -> None:
    assert_error(root.http.delete(f"{USERS}/{user_id('bob')}"), 501)
    assert_error(root.http.post(f"{USERS}/.search", json={}), 501)
    assert_error(root.http.put(USERS, json={}), 405)


def test_visitors_are_not_visible(root: "TenantClient") -> None:
    tenant = root.emulator.tenant.description.model_dump()
    tenant["users"][1]["workspaces"] = {"Shop": "visitor"}
    root.emulator.load_tenant(type(root.emulator.tenant.description).model_validate(tenant))
    auth = ("root@shop.example", "root")
    token = root.http.post("/token/authenticate", auth=auth).json()["tokenInfo"]["tokenValue"]
    root.http.headers["Authorization"] = f"AnaplanAuthToken {token}"
    assert names(root) == ["Ada", "Eve", "Root", "Zoe"]
    assert root.http.get(f"{USERS}/{user_id('bob')}").status_code == 404


def test_single_sign_on_of_a_workspace_applies_to_signing_in(root: "TenantClient") -> None:
    assert sign_in(root, "bob", "bob") == 201
    patch(root, "bob", {"op": "add", "path": "entitlements", "value": [{"value": STORAGE}]})
    assert sign_in(root, "bob", "bob") == 401
    patch(root, "bob", {"op": "remove", "path": "entitlements", "value": [{"value": STORAGE}]})
    assert sign_in(root, "bob", "bob") == 201
