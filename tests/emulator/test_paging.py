from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, Connect, TenantClient

USERS = "/2/0/users"


def first_names(reply: httpx2.Response) -> list[str]:
    assert reply.status_code == 200, reply.text
    return [user["firstName"] for user in reply.json().get("users", [])]


def paging(reply: httpx2.Response) -> dict[str, Any]:
    found: dict[str, Any] = reply.json()["meta"]["paging"]
    return found


def test_pages_follow_one_another_to_the_end(shop: "TenantClient") -> None:
    url, seen, offsets = f"{USERS}?limit=2", [], []
    while url:
        reply = shop.http.get(url)
        seen += first_names(reply)
        offsets.append(paging(reply)["offset"])
        url = paging(reply).get("next", "")
    assert seen == ["Ada", "Bob", "Eve", "Root", "Zoe"]
    assert offsets == [0, 2, 4]
    assert paging(reply)["currentPageSize"] == 1
    assert paging(reply)["totalSize"] == 5
    assert first_names(shop.http.get(paging(reply)["previous"])) == ["Eve", "Root"]


def test_next_keeps_other_parameters(shop: "TenantClient") -> None:
    reply = shop.http.get(USERS, params={"sort": "-email", "limit": 1})
    assert "sort=-email" in paging(reply)["next"]
    assert paging(reply)["next"].startswith(shop.emulator.base_url)


def test_page_sizes_above_the_limit_are_reduced(shop: "TenantClient") -> None:
    shop.emulator.settings.page_limit = 2
    reply = shop.http.get(f"{USERS}?limit=100")
    assert paging(reply)["currentPageSize"] == 2
    assert "limit=2" in paging(reply)["next"]
    assert paging(shop.http.get(USERS))["currentPageSize"] == 2


def test_pages_beyond_the_end_are_empty(shop: "TenantClient") -> None:
    reply = shop.http.get(f"{USERS}?offset=10")
    assert reply.status_code == 200
    assert "users" not in reply.json()
    assert paging(reply) | {"previous": ""} == {
        "currentPageSize": 0,
        "totalSize": 5,
        "offset": 10,
        "previous": "",
    }
    shop.emulator.settings.dialect = "guide"
    assert shop.http.get(f"{USERS}?offset=10").json()["users"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "offset=-1", "offset=", "limit=²"]
)
def test_invalid_pages_are_rejected(shop: "TenantClient", query: str) -> None:
    assert shop.http.get(f"{USERS}?{query}").status_code == 400


def test_the_observed_extra_next_page(running_emulator: Emulator, connect: "Connect") -> None:
    described: dict[str, Any] = {
        "name": "Many workspaces",
        "users": [
            {
                "email": "ada@shop.example",
                "password": "ada",
                "first_name": "Ada",
                "last_name": "Admin",
                "roles": ["tenant_admin"],
            }
        ],
        "workspaces": [{"name": f"Workspace {number:02}"} for number in range(21)],
    }
    running_emulator.load_tenant(TenantDescription.model_validate(described))
    running_emulator.reset()
    ada = connect(running_emulator, "ada")
    reply = ada.http.get("/2/0/workspaces")
    assert paging(reply)["currentPageSize"] == paging(reply)["totalSize"] == 21
    assert paging(reply)["next"].endswith("limit=20&offset=20")
    assert "next" not in paging(ada.http.get("/2/0/workspaces?limit=21"))
    running_emulator.settings.dialect = "guide"
    assert "next" not in paging(ada.http.get("/2/0/workspaces"))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("+firstName", ["Ada", "Bob", "Eve", "Root", "Zoe"]),
        ("-firstName", ["Zoe", "Root", "Eve", "Bob", "Ada"]),
        ("+active,-firstName", ["Zoe", "Root", "Eve", "Bob", "Ada"]),
        ("-active,+lastName", ["Ada", "Root", "Bob", "Eve", "Zoe"]),
    ],
)
def test_strict_sorting(shop: "TenantClient", sort: str, expected: list[str]) -> None:
    assert first_names(shop.http.get(USERS, params={"sort": sort})) == expected


@pytest.mark.parametrize("path", ["/2/0/users", "/2/0/workspaces", "/2/0/models"])
@pytest.mark.parametrize(
    ("sort", "message"),
    [
        ("name", "Bad sort order format: 'name'"),
        ("", "Bad sort order format: ''"),
        ("+nonsense", "Failed to parse sort parameter"),
    ],
)
def test_errors_of_strict_sorting(shop: "TenantClient", path: str, sort: str, message: str) -> None:
    reply = shop.http.get(path, params={"sort": sort})
    assert reply.status_code == 400
    assert message in reply.json()["status"]["message"]


def test_an_unencoded_plus_is_a_space(shop: "TenantClient") -> None:
    assert shop.http.get(f"{USERS}?sort=+firstName").status_code == 400
    assert shop.http.get(f"{USERS}?sort=%2BfirstName").status_code == 200


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("name", "Headless"),
        ("+name", "Headless"),
        ("-name", "Wide"),
        ("-id", "Standing"),
        ("nonsense", "Products"),
        ("", "Products"),
    ],
)
def test_lenient_sorting(shop: "TenantClient", sort: str, first: str) -> None:
    reply = shop.http.get(shop.path("/imports"), params={"sort": sort})
    assert reply.json()["imports"][0]["name"] == first


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ADA", ["Ada"]), ("b_b", ["Bob"]), ("e%extern", ["Eve"]), ("a.a", []), ("o", 5)],
)
def test_search_for_users(shop: "TenantClient", text: str, expected: list[str] | int) -> None:
    found = first_names(shop.http.get(USERS, params={"s": text}))
    assert (len(found) if isinstance(expected, int) else found) == expected


def test_search_finds_ids(shop: "TenantClient") -> None:
    part = shop.workspace_id[5:20].upper()
    reply = shop.http.get("/2/0/workspaces", params={"s": part})
    assert [workspace["name"] for workspace in reply.json()["workspaces"]] == ["Shop"]


def test_search_for_models_is_for_tenant_administrators(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    found = client_for("root").http.get("/2/0/models?s=sales").json()["models"]
    assert [model["name"] for model in found] == ["Sales", "Sales 2020"]
    assert len(shop.http.get("/2/0/models?s=sales").json()["models"]) == 5


@pytest.mark.parametrize("number", ["--5", "-", "9" * 5000, "1.5", "\u00b2"])
def test_invalid_numbers_are_rejected(shop: "TenantClient", number: str) -> None:
    for path in (USERS, shop.path("/lists"), "/2/0/integrations"):
        reply = shop.http.get(path, params={"limit": number})
        assert reply.status_code in (400, 403), reply.text
    file_id = shop.upload(next(iter(shop.ids_by_name("files"))), b"Code,Name")
    assert shop.get(f"/files/{file_id}/chunks/0").status_code == 200
    assert shop.get(f"/files/{file_id}/chunks/{number}").status_code == 404
