from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.store.identifiers import lower_hex

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

Enter = Callable[[Emulator, str], "Shop"]
Visit = Callable[[str], "Shop"]


def names(answer: httpx2.Response, key: str, field: str = "name") -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row[field] for row in answer.json().get(key, [])]


def test_the_caller_as_a_user(shop: "Shop") -> None:
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


def test_other_users(shop: "Shop") -> None:
    zoe = shop.http.get(f"/2/0/users/{lower_hex('user', 'zoe@shop.example')}").json()["user"]
    assert (zoe["firstName"], zoe["active"]) == ("Zoe", False)
    assert "lastLoginDate" not in zoe
    assert shop.http.get(f"/2/0/users/{'0' * 32}").status_code == 404


def test_only_administrators_list_users(shop: "Shop", visit: Visit) -> None:
    everybody = ["Ada", "Bob", "Eve", "Root", "Zoe"]
    assert names(shop.http.get("/2/0/users"), "users", "firstName") == everybody
    assert names(visit("root").http.get("/2/0/users"), "users", "firstName") == everybody
    assert visit("bob").http.get("/2/0/users").status_code == 403


def test_workspaces_are_seen_by_their_members(shop: "Shop", visit: Visit) -> None:
    assert names(shop.http.get("/2/0/workspaces"), "workspaces") == ["Shop"]
    assert names(visit("bob").http.get("/2/0/workspaces"), "workspaces") == ["Shop"]
    every = ["Planning", "Shop", "Storage"]
    assert names(visit("root").http.get("/2/0/workspaces"), "workspaces") == every


def test_sizes_of_workspaces_are_tenant_details(shop: "Shop") -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}"
    plain = {"id": shop.workspace_id, "name": "Shop", "active": True}
    assert shop.http.get(path).json()["workspace"] == plain
    detailed = shop.http.get(f"{path}?tenantDetails=True").json()["workspace"]
    assert detailed["sizeAllowance"] == 5_000_000_000
    # The archived one of the five models takes no room.
    assert detailed["currentSize"] == 4 * 24_576_000
    listed = shop.http.get("/2/0/workspaces?tenantDetails=true").json()["workspaces"]
    assert listed == [detailed]


def test_a_single_workspace_is_for_its_administrators(visit: Visit) -> None:
    ada, bob, root = visit("ada"), visit("bob"), visit("root")
    path = f"/2/0/workspaces/{ada.workspace_id}"
    assert ada.http.get(path).status_code == 200
    assert root.http.get(path).status_code == 200
    assert bob.http.get(path).status_code == 404
    assert ada.http.get(path.upper().replace("WORKSPACES", "workspaces")).status_code == 404


def test_who_is_in_a_workspace(visit: Visit) -> None:
    root = visit("root")
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


def test_visitors_of_a_workspace(shop: "Shop", enter: Enter) -> None:
    described = shop.emulator.tenant.description.model_dump(exclude_unset=True)
    described["users"][1]["workspaces"] = {"Shop": "visitor", "Storage": "member"}
    shop.emulator.load_tenant(TenantDescription.model_validate(described))
    root = enter(shop.emulator, "root")
    (bob,) = root.http.get(f"/2/0/workspaces/{root.workspace_id}/visitors").json()["visitors"]
    assert (bob["email"], bob["otherWorkspaces"]) == ("bob@shop.example", ["Storage"])


def test_a_workspace_s_people_are_for_administrators_of_users(visit: Visit) -> None:
    ada = visit("ada")
    for people in ("admins", "visitors"):
        path = f"/2/0/workspaces/{ada.workspace_id}/{people}"
        assert ada.http.get(path).status_code == 500


def test_models_are_listed_to_those_who_can_open_them(shop: "Shop", visit: Visit) -> None:
    every = ["Sales", "Sales 2020", "Locked", "Away", "Live"]
    assert names(shop.http.get("/2/0/models"), "models") == every
    assert names(visit("root").http.get("/2/0/models"), "models") == [
        *every,
        "Stock",
        "Empty",
        "Plan",
        "Plan Live",
    ]
    assert names(visit("bob").http.get("/2/0/models"), "models") == ["Sales"]
    assert names(visit("eve").http.get("/2/0/models"), "models") == []
    of_workspace = f"/2/0/workspaces/{shop.workspace_id}/models"
    assert names(shop.http.get(of_workspace), "models") == every
    assert names(shop.http.get(f"{of_workspace}?archived=false"), "models") == [
        "Sales",
        "Locked",
        "Away",
        "Live",
    ]
    assert shop.http.get(f"/2/0/workspaces/{'0' * 32}/models").status_code == 404


def test_a_model_and_its_details(shop: "Shop") -> None:
    model = shop.get("").json()["model"]
    assert model["name"] == "Sales"
    assert model["activeState"] == "UNLOCKED"
    assert model["currentWorkspaceId"] == shop.workspace_id
    assert model["currentWorkspaceName"] == "Shop"
    assert shop.model_id() in model["modelUrl"]
    (category,) = model["categoryValues"]
    assert (category["attribute"], category["categoryName"]) == ("Environment", "Test")
    assert "memoryUsage" not in model
    detailed = shop.get("?modelDetails=True").json()["model"]
    assert detailed["memoryUsage"] == 24_576_000
    assert detailed["modelTransactionRunning"] is False
    assert "memoryUsage" not in shop.get("?modelDetails=true", "Sales 2020").json()["model"]


def test_work_leaves_its_trace_on_the_model(shop: "Shop") -> None:
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
def test_no_access_looks_like_no_such_model(visit: Visit, path: str) -> None:
    eve = visit("eve")
    assert eve.get("").status_code == 200
    assert eve.get(path).status_code == 404
    assert eve.http.get(f"/2/0/models/{'0' * 32}{path}").status_code == 404


def test_an_unknown_model_is_not_found(shop: "Shop") -> None:
    assert shop.http.get(f"/2/0/models/{'0' * 32}").status_code == 404
    assert shop.http.get(f"/2/0/models/{shop.model_id().lower()}").status_code == 404


@pytest.mark.parametrize(
    ("model", "reading", "writing"),
    [("Sales", 200, 200), ("Sales 2020", 422, 422), ("Locked", 200, 423), ("Away", 424, 424)],
)
def test_the_state_of_a_model_decides_what_can_be_done(
    shop: "Shop", model: str, reading: int, writing: int
) -> None:
    assert shop.get("", model).status_code == 200
    assert shop.get("/files", model).status_code == reading
    answer = shop.http.post(shop.path("/files/new.csv", model), json={"chunkCount": 1})
    assert answer.status_code == writing


@pytest.mark.parametrize(
    ("collection", "name", "status"),
    [("imports", "Fixed", 425), ("imports", "Moving", 200), ("processes", "Both", 425)],
)
def test_a_deployed_model_keeps_its_structural_lists(
    shop: "Shop", collection: str, name: str, status: int
) -> None:
    action_id = shop.listed(collection, "Live")[name]
    answer = shop.http.post(
        shop.path(f"/{collection}/{action_id}/tasks", "Live"), json={"localeName": "en_US"}
    )
    assert answer.status_code == status


def status_of(shop: "Shop") -> dict[str, Any]:
    body: dict[str, Any] = shop.get("/status").json()
    assert body.keys() == {"requestStatus"}
    found: dict[str, Any] = body["requestStatus"]
    return found


def test_models_are_closed_and_opened(shop: "Shop", visit: Visit) -> None:
    assert status_of(shop)["currentStep"] == "Open"
    assert status_of(shop)["progress"] == -1.0
    assert visit("bob").http.post(shop.path("/close")).status_code == 403
    assert shop.http.post(shop.path("/close")).status_code == 204
    assert status_of(shop)["currentStep"] == "Closed"
    headers = {"Content-Type": "application/text"}
    assert shop.http.post(shop.path("/open"), headers=headers).status_code == 202
    assert shop.http.post(shop.path("/open"), headers=headers).status_code == 200
    assert status_of(shop)["currentStep"] == "Open"
    assert shop.http.post(shop.path("/open", "Sales 2020")).status_code == 422
    assert shop.http.post(shop.path("/open", "Away")).status_code == 424


def test_work_opens_a_closed_model(shop: "Shop") -> None:
    shop.http.post(shop.path("/close"))
    shop.run("actions", "Drop orders")
    assert status_of(shop)["currentStep"] == "Open"


def test_closed_models_are_deleted(shop: "Shop", visit: Visit) -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}/bulkDeleteModels"
    sales, archived = shop.model_id(), shop.model_id("Sales 2020")
    body = {"modelIdsToDelete": [sales, archived, "0" * 32]}
    assert visit("bob").http.post(path, json=body).status_code == 403
    answer = shop.http.post(path, json=body).json()
    assert answer["modelsDeleted"] == 1
    assert [failure["modelId"] for failure in answer["bulkDeleteModelsFailures"]] == [
        sales,
        "0" * 32,
    ]
    assert "open" in answer["bulkDeleteModelsFailures"][0]["message"]
    shop.http.post(shop.path("/close"))
    answer = shop.http.post(path, json={"modelIdsToDelete": [sales]}).json()
    assert answer["modelsDeleted"] == 1
    assert "bulkDeleteModelsFailures" not in answer
    assert shop.get("").status_code == 404
    assert names(shop.http.get("/2/0/models"), "models") == ["Locked", "Away", "Live"]


@pytest.mark.parametrize(
    "body", [{}, {"modelIdsToDelete": []}, {"modelIds": ["x"]}, {"modelIdsToDelete": "x"}, []]
)
def test_a_deletion_that_names_no_models_is_refused(shop: "Shop", body: object) -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}/bulkDeleteModels"
    assert shop.http.post(path, json=body).status_code == 400
