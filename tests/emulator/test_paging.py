from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

Visit = Callable[[str], "Shop"]
USERS = "/2/0/users"


def first_names(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [user["firstName"] for user in answer.json().get("users", [])]


def paging(answer: httpx2.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["meta"]["paging"]
    return found


def test_pages_follow_one_another_to_the_end(shop: "Shop") -> None:
    url, seen, offsets = f"{USERS}?limit=2", [], []
    while url:
        answer = shop.http.get(url)
        seen += first_names(answer)
        offsets.append(paging(answer)["offset"])
        url = paging(answer).get("next", "")
    assert seen == ["Ada", "Bob", "Eve", "Root", "Zoe"]
    assert offsets == [0, 2, 4]
    assert paging(answer)["currentPageSize"] == 1
    assert paging(answer)["totalSize"] == 5
    assert first_names(shop.http.get(paging(answer)["previous"])) == ["Eve", "Root"]


def test_next_keeps_what_else_was_asked(shop: "Shop") -> None:
    answer = shop.http.get(USERS, params={"sort": "-email", "limit": 1})
    assert "sort=-email" in paging(answer)["next"]
    assert paging(answer)["next"].startswith(shop.emulator.base_url)


def test_larger_pages_than_the_servers_are_cut_silently(shop: "Shop") -> None:
    shop.emulator.settings.page_limit = 2
    answer = shop.http.get(f"{USERS}?limit=100")
    assert paging(answer)["currentPageSize"] == 2
    assert "limit=2" in paging(answer)["next"]
    assert paging(shop.http.get(USERS))["currentPageSize"] == 2


def test_beyond_the_end_there_is_nothing(shop: "Shop") -> None:
    answer = shop.http.get(f"{USERS}?offset=10")
    assert answer.status_code == 200
    assert "users" not in answer.json()
    assert paging(answer) | {"previous": ""} == {
        "currentPageSize": 0,
        "totalSize": 5,
        "offset": 10,
        "previous": "",
    }
    shop.emulator.settings.quirks = "docs"
    assert shop.http.get(f"{USERS}?offset=10").json()["users"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "offset=-1", "offset=", "limit=²"]
)
def test_pages_that_make_no_sense_are_refused(shop: "Shop", query: str) -> None:
    assert shop.http.get(f"{USERS}?{query}").status_code == 400


def test_a_stray_next_although_all_rows_are_there(
    running_emulator: Emulator, enter: Callable[[Emulator, str], "Shop"]
) -> None:
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
    ada = enter(running_emulator, "ada")
    answer = ada.http.get("/2/0/workspaces")
    assert paging(answer)["currentPageSize"] == paging(answer)["totalSize"] == 21
    assert paging(answer)["next"].endswith("limit=20&offset=20")
    assert "next" not in paging(ada.http.get("/2/0/workspaces?limit=21"))
    running_emulator.settings.quirks = "docs"
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
def test_strict_sorting(shop: "Shop", sort: str, expected: list[str]) -> None:
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
def test_strict_sorting_refuses(shop: "Shop", path: str, sort: str, message: str) -> None:
    answer = shop.http.get(path, params={"sort": sort})
    assert answer.status_code == 400
    assert message in answer.json()["status"]["message"]


def test_a_bare_plus_arrives_as_a_space(shop: "Shop") -> None:
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
def test_lenient_sorting(shop: "Shop", sort: str, first: str) -> None:
    answer = shop.http.get(shop.path("/imports"), params={"sort": sort})
    assert answer.json()["imports"][0]["name"] == first


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("ADA", ["Ada"]), ("b_b", ["Bob"]), ("e%extern", ["Eve"]), ("a.a", []), ("o", 5)],
)
def test_search_for_users(shop: "Shop", wanted: str, expected: list[str] | int) -> None:
    found = first_names(shop.http.get(USERS, params={"s": wanted}))
    assert (len(found) if isinstance(expected, int) else found) == expected


def test_search_finds_ids(shop: "Shop") -> None:
    part = shop.workspace_id[5:20].upper()
    answer = shop.http.get("/2/0/workspaces", params={"s": part})
    assert [workspace["name"] for workspace in answer.json()["workspaces"]] == ["Shop"]


def test_search_for_models_is_for_tenant_administrators(shop: "Shop", visit: Visit) -> None:
    found = visit("root").http.get("/2/0/models?s=sales").json()["models"]
    assert [model["name"] for model in found] == ["Sales", "Sales 2020"]
    assert len(shop.http.get("/2/0/models?s=sales").json()["models"]) == 5


@pytest.mark.parametrize("number", ["--5", "-", "9" * 5000, "1.5", "\u00b2"])
def test_what_is_no_number_is_refused(shop: "Shop", number: str) -> None:
    for path in (USERS, shop.path("/lists"), "/2/0/integrations"):
        answer = shop.http.get(path, params={"limit": number})
        assert answer.status_code in (400, 403), answer.text
    file_id = shop.upload(next(iter(shop.listed("files"))), b"Code,Name")
    assert shop.get(f"/files/{file_id}/chunks/0").status_code == 200
    assert shop.get(f"/files/{file_id}/chunks/{number}").status_code == 404
