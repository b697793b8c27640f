from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import TenantDescription
from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, Connect, TenantClient


def names(reply: httpx2.Response, key: str, field: str = "name") -> list[str]:
    assert reply.status_code == 200, reply.text
    return [row[field] for row in reply.json().get(key, [])]


def test_the_current_user(shop: "TenantClient") -> None:
    user = shop.http.get("/2/0/users/me").json()["user"]
    assert user.pop("lastLoginDate").endswith("+0000")
    assert user == {
        "id": lower_hex("user", "ada@shop.example"),
        "active": True,
        "email": "ada@shop.example",
        "emailOptIn": False,
        "firstName": "Ada",
        "lastName": "Admin",
        "customerId": lower_hex("customer", "Corner Shop"),
    }


def test_other_users(shop: "TenantClient") -> None:
    zoe = shop.http.get(f"/2/0/users/{lower_hex('user', 'zoe@shop.example')}").json()["user"]
    assert (zoe["firstName"], zoe["active"]) == ("Zoe", False)
    assert "lastLoginDate" not in zoe
    assert shop.http.get(f"/2/0/users/{'0' * 32}").status_code == 404


def test_only_administrators_list_users(shop: "TenantClient", client_for: "ClientFor") -> None:
    everyone = ["Ada", "Bob", "Eve", "Root", "Zoe"]
    assert names(shop.http.get("/2/0/users"), "users", "firstName") == everyone
    assert names(client_for("root").http.get("/2/0/users"), "users", "firstName") == everyone
    assert client_for("bob").http.get("/2/0/users").status_code == 403


def test_workspaces_are_seen_by_their_members(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    assert names(shop.http.get("/2/0/workspaces"), "workspaces") == ["Shop"]
    assert names(client_for("bob").http.get("/2/0/workspaces"), "workspaces") == ["Shop"]
    all_names = ["Planning", "Shop", "Storage"]
    assert names(client_for("root").http.get("/2/0/workspaces"), "workspaces") == all_names


def test_sizes_of_workspaces_with_tenant_details(shop: "TenantClient") -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}"
    plain = {"id": shop.workspace_id, "name": "Shop", "active": True}
    assert shop.http.get(path).json()["workspace"] == plain
    detailed = shop.http.get(f"{path}?tenantDetails=True").json()["workspace"]
    assert detailed["sizeAllowance"] == 5_000_000_000
    # The archived model uses no memory.
    assert detailed["currentSize"] == 4 * 24_576_000
    listed = shop.http.get("/2/0/workspaces?tenantDetails=true").json()["workspaces"]
    assert listed == [detailed]


def test_only_administrators_can_read_a_single_workspace(client_for: "ClientFor") -> None:
    ada, bob, root = client_for("ada"), client_for("bob"), client_for("root")
    path = f"/2/0/workspaces/{ada.workspace_id}"
    assert ada.http.get(path).status_code == 200
    assert root.http.get(path).status_code == 200
    assert bob.http.get(path).status_code == 404
    assert ada.http.get(path.upper().replace("WORKSPACES", "workspaces")).status_code == 404


def test_administrators_and_visitors_of_a_workspace(client_for: "ClientFor") -> None:
    root = client_for("root")
    path = f"/2/0/workspaces/{root.workspace_id}"
    admins = root.http.get(f"{path}/admins").json()
    assert admins["admins"] == [
        {
            "firstName": "Ada",
            "lastName": "Admin",
            "email": "ada@shop.example",
            "active": True,
            "otherWorkspaces": [],
        }
    ]
    assert admins["meta"]["paging"]["totalSize"] == 1
    visitors = root.http.get(f"{path}/visitors").json()
    assert visitors["meta"]["paging"]["totalSize"] == 0
    assert "visitors" not in visitors
    assert root.http.get(f"/2/0/workspaces/{'0' * 32}/admins").status_code == 404


def test_visitors_of_a_workspace(shop: "TenantClient", connect: "Connect") -> None:
    described = shop.emulator.tenant.description.model_dump(exclude_unset=True)
    described["users"][1]["workspaces"] = {"Shop": "visitor", "Storage": "member"}
    shop.emulator.load_tenant(TenantDescription.model_validate(described))
    root = connect(shop.emulator, "root")
    (bob,) = root.http.get(f"/2/0/workspaces/{root.workspace_id}/visitors").json()["visitors"]
    assert (bob["email"], bob["otherWorkspaces"]) == ("bob@shop.example", ["Storage"])


def test_only_user_administrators_can_list_members_of_workspaces(client_for: "ClientFor") -> None:
    ada = client_for("ada")
    for members in ("admins", "visitors"):
        path = f"/2/0/workspaces/{ada.workspace_id}/{members}"
        assert ada.http.get(path).status_code == 500


def test_models_are_listed_for_users_with_access(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    all_names = ["Sales", "Sales 2020", "Locked", "Away", "Live"]
    assert names(shop.http.get("/2/0/models"), "models") == all_names
    assert names(client_for("root").http.get("/2/0/models"), "models") == [
        *all_names,
        "Stock",
        "Empty",
        "Plan",
        "Plan Live",
    ]
    assert names(client_for("bob").http.get("/2/0/models"), "models") == ["Sales"]
    assert names(client_for("eve").http.get("/2/0/models"), "models") == []
    of_workspace = f"/2/0/workspaces/{shop.workspace_id}/models"
    assert names(shop.http.get(of_workspace), "models") == all_names
    assert names(shop.http.get(f"{of_workspace}?archived=false"), "models") == [
        "Sales",
        "Locked",
        "Away",
        "Live",
    ]
    assert shop.http.get(f"/2/0/workspaces/{'0' * 32}/models").status_code == 404


def test_a_model_and_its_details(shop: "TenantClient") -> None:
    model = shop.get("").json()["model"]
    assert model["name"] == "Sales"
    assert model["activeState"] == "UNLOCKED"
    assert model["currentWorkspaceId"] == shop.workspace_id
    assert model["currentWorkspaceName"] == "Shop"
    assert shop.model_id() in model["modelUrl"]
    (category,) = model["categoryValues"]
    assert (category["attribute"], category["categoryName"]) == ("Test", "Environment")
    assert "memoryUsage" not in model
    detailed = shop.get("?modelDetails=True").json()["model"]
    assert detailed["memoryUsage"] == 24_576_000
    assert detailed["modelTransactionRunning"] is False
    assert "memoryUsage" not in shop.get("?modelDetails=true", "Sales 2020").json()["model"]


def test_actions_change_the_model_details(shop: "TenantClient") -> None:
    before = shop.get("?modelDetails=true").json()["model"]
    shop.run("actions", "Drop orders")
    after = shop.get("?modelDetails=true").json()["model"]
    assert after["lastSavedSerialNumber"] == before["lastSavedSerialNumber"] + 1
    assert after["lastModifiedByUserGuid"] == lower_hex("user", "ada@shop.example")


@pytest.mark.parametrize(
    "path",
    [
        "/status",
        "/files",
        "/imports",
        "/exports",
        "/actions",
        "/processes",
        "/processes/118000000000",
    ],
)
def test_a_model_without_access_is_not_found(client_for: "ClientFor", path: str) -> None:
    eve = client_for("eve")
    assert eve.get("").status_code == 200
    assert eve.get(path).status_code == 404
    assert eve.http.get(f"/2/0/models/{'0' * 32}{path}").status_code == 404


def test_an_unknown_model_is_not_found(shop: "TenantClient") -> None:
    assert shop.http.get(f"/2/0/models/{'0' * 32}").status_code == 404
    assert shop.http.get(f"/2/0/models/{shop.model_id().lower()}").status_code == 404


@pytest.mark.parametrize(
    ("model", "reading", "writing"),
    [("Sales", 200, 200), ("Sales 2020", 422, 422), ("Locked", 200, 423), ("Away", 424, 424)],
)
def test_model_states_limit_requests(
    shop: "TenantClient", model: str, reading: int, writing: int
) -> None:
    assert shop.get("", model).status_code == 200
    assert shop.get("/files", model).status_code == reading
    reply = shop.http.post(shop.path("/files/new.csv", model), json={"chunkCount": 1})
    assert reply.status_code == writing


@pytest.mark.parametrize(
    ("collection", "name", "status"),
    [("imports", "Fixed", 425), ("imports", "Moving", 200), ("processes", "Both", 425)],
)
def test_a_deployed_model_keeps_its_structural_lists(
    shop: "TenantClient", collection: str, name: str, status: int
) -> None:
    action_id = shop.ids_by_name(collection, "Live")[name]
    reply = shop.http.post(
        shop.path(f"/{collection}/{action_id}/tasks", "Live"), json={"localeName": "en_US"}
    )
    assert reply.status_code == status


def status_of(shop: "TenantClient") -> dict[str, Any]:
    body: dict[str, Any] = shop.get("/status").json()
    assert body.keys() == {"requestStatus"}
    found: dict[str, Any] = body["requestStatus"]
    return found


def test_models_are_closed_and_opened(shop: "TenantClient", client_for: "ClientFor") -> None:
    assert status_of(shop)["currentStep"] == "Open"
    assert status_of(shop)["progress"] == -1.0
    assert client_for("bob").http.post(shop.path("/close")).status_code == 403
    assert shop.http.post(shop.path("/close")).status_code == 204
    assert status_of(shop)["currentStep"] == "Closed"
    headers = {"Content-Type": "application/text"}
    assert shop.http.post(shop.path("/open"), headers=headers).status_code == 202
    assert shop.http.post(shop.path("/open"), headers=headers).status_code == 200
    assert status_of(shop)["currentStep"] == "Open"
    assert shop.http.post(shop.path("/open", "Sales 2020")).status_code == 422
    assert shop.http.post(shop.path("/open", "Away")).status_code == 424


def test_an_action_opens_a_closed_model(shop: "TenantClient") -> None:
    shop.http.post(shop.path("/close"))
    shop.run("actions", "Drop orders")
    assert status_of(shop)["currentStep"] == "Open"


def test_closed_models_are_deleted(shop: "TenantClient", client_for: "ClientFor") -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}/bulkDeleteModels"
    sales, archived = shop.model_id(), shop.model_id("Sales 2020")
    body = {"modelIdsToDelete": [sales, archived, "0" * 32]}
    assert client_for("bob").http.post(path, json=body).status_code == 403
    reply = shop.http.post(path, json=body).json()
    assert reply["modelsDeleted"] == 1
    assert [failure["modelId"] for failure in reply["bulkDeleteModelsFailures"]] == [
        sales,
        "0" * 32,
    ]
    assert "open" in reply["bulkDeleteModelsFailures"][0]["message"]
    shop.http.post(shop.path("/close"))
    reply = shop.http.post(path, json={"modelIdsToDelete": [sales]}).json()
    assert reply["modelsDeleted"] == 1
    assert "bulkDeleteModelsFailures" not in reply
    assert shop.get("").status_code == 404
    assert names(shop.http.get("/2/0/models"), "models") == ["Locked", "Away", "Live"]


@pytest.mark.parametrize(
    "body", [{}, {"modelIdsToDelete": []}, {"modelIds": ["x"]}, {"modelIdsToDelete": "x"}, []]
)
def test_a_deletion_without_models_is_rejected(shop: "TenantClient", body: object) -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}/bulkDeleteModels"
    assert shop.http.post(path, json=body).status_code == 400
