from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient


def path_of(shop: "TenantClient", name: str, model: str = "Sales") -> str:
    return shop.path(f"/lists/{shop.ids_by_name('lists', model)[name]}", model)


def metadata(shop: "TenantClient", name: str) -> dict[str, Any]:
    body: dict[str, Any] = shop.http.get(path_of(shop, name)).json()["metadata"]
    return body


def items(shop: "TenantClient", name: str) -> dict[str, dict[str, Any]]:
    reply = shop.http.get(f"{path_of(shop, name)}/items?includeAll=true").json()
    return {item["name"]: item for item in reply.get("listItems", [])}


def send(
    shop: "TenantClient", name: str, action: str, *asked: object, model: str = "Sales"
) -> httpx2.Response:
    path = f"{path_of(shop, name, model)}/items"
    if action == "update":
        return shop.http.put(path, json={"items": asked})
    return shop.http.post(path, params={"action": action}, json={"items": asked})


def change(shop: "TenantClient", name: str, action: str, *asked: object) -> dict[str, Any]:
    reply = send(shop, name, action, *asked)
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    assert body.pop("status") == {"code": 200, "message": "Success"}
    assert "schema" in body.pop("meta")
    return body


def failures(body: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [tuple(failure.values()) for failure in body["failures"]]


def test_lists_are_listed_without_time_and_versions(shop: "TenantClient") -> None:
    assert shop.ids_by_name("lists") == {
        "Regions": "101000000000",
        "Products": "101000000001",
        "Orders": "101000000002",
    }


def test_metadata_of_a_list(shop: "TenantClient") -> None:
    products = metadata(shop, "Products")
    assert products["properties"][0] == {
        "name": "Price",
        "format": "NUMBER",
        "formula": None,
        "notes": "",
        "referencedBy": [],
        "dataTags": [],
    }
    assert products["parent"] == {"id": "101000000000", "name": "Regions"}
    assert products["subsets"] == [
        {"id": "109000000000", "name": "Sweet"},
        {"id": "109000000001", "name": "Sour"},
    ]
    assert products["itemCount"] == 2
    assert products["permittedItems"] == 999_999_997
    assert products.keys().isdisjoint({"topLevelItem", "category", "nextitemIndex"})


def test_the_top_level_item_is_counted(shop: "TenantClient") -> None:
    regions = metadata(shop, "Regions")
    assert regions["itemCount"] == 3
    assert regions["topLevelItem"] == {"id": "201000000000", "name": "World"}
    assert regions["category"] == "Geography"
    assert regions.keys().isdisjoint({"parent", "subsets"})


def test_items(shop: "TenantClient") -> None:
    path = f"{path_of(shop, 'Products')}/items"
    plain = shop.http.get(path).json()["listItems"][0]
    assert plain == {
        "id": "202000000001",
        "name": "Apple",
        "code": "P1",
        "parent": "Europe",
        "parentId": "201000000001",
        "listId": "101000000001",
        "listName": "Products",
    }
    whole = items(shop, "Products")["Apple"]
    assert whole == plain | {
        "subsets": {"Sweet": True, "Sour": False},
        "properties": {
            "Price": "1.5",
            "Launched": "",
            "Fresh": "false",
            "Made In": "Asia",
            "Note": "",
        },
        "read": [],
        "write": [],
    }
    assert items(shop, "Regions")["Europe"]["parent"] == "World"


def test_items_as_csv(shop: "TenantClient") -> None:
    path = path_of(shop, "Orders")
    as_csv = {"Accept": "text/csv"}
    reply = shop.http.get(f"{path}/items", headers=as_csv)
    assert reply.headers["content-type"].startswith("text/csv")
    rows = [line.split(",") for line in reply.text.splitlines()]
    assert rows[0] == ["id", "name", "code", "parent", "parentId", "listId", "listName"]
    assert [row[1:] for row in rows[1:]] == [
        ["#1", "O1", "", "", "101000000002", "Orders"],
        ["#2", "O2", "", "", "101000000002", "Orders"],
    ]
    whole = shop.http.get(f"{path}/items?includeAll=true", headers=as_csv).text.splitlines()
    assert [line.rpartition(",")[2] for line in whole] == ["Title", "First order", ""]
    assert shop.http.get(f"{path}/preview").text == ",Parent,Code\n#1,,O1\n#2,,O2\n"
    products = f"{path_of(shop, 'Products')}/items?includeAll=true"
    header, first, _ = shop.http.get(products, headers=as_csv).text.splitlines()
    assert header.endswith(",listName,Sweet,Sour,Price,Launched,Fresh,Made In,Note")
    assert first.endswith(",Products,true,false,1.5,,false,Asia,")


def test_a_list_above_the_limit(shop: "TenantClient") -> None:
    shop.emulator.settings.list_items_limit = 1
    assert shop.http.get(f"{path_of(shop, 'Products')}/items").status_code == 400


def test_paged_items(shop: "TenantClient") -> None:
    reply = shop.http.get(f"{path_of(shop, 'Products')}/items?limit=1&offset=1").json()
    assert [item["name"] for item in reply["listItems"]] == ["Pear"]
    assert reply["meta"]["paging"]["totalSize"] == 2


def test_adding_items(shop: "TenantClient") -> None:
    plum = {
        "name": "Plum",
        "code": "P3",
        "parent": "Asia",
        "properties": {"Price": 2.25, "Fresh": True, "Made In": "EU"},
        "subsets": {"Sour": True},
    }
    assert change(shop, "Products", "add", plum) == {"added": 1, "ignored": 0, "total": 1}
    added = items(shop, "Products")["Plum"]
    assert (added["code"], added["parent"], added["subsets"]["Sour"]) == ("P3", "Asia", True)
    assert (added["properties"]["Price"], added["properties"]["Made In"]) == ("2.25", "Europe")


def test_existing_items_are_ignored(shop: "TenantClient") -> None:
    body = change(
        shop,
        "Products",
        "add",
        {"name": "apple"},
        {"name": "Plum", "code": "p1"},
        {"name": "Fig"},
        {"name": "FIG"},
        {"code": "P9"},
    )
    assert (body["added"], body["ignored"], body["total"]) == (1, 4, 5)
    assert [(index, kind) for index, kind, _ in failures(body)] == [
        (0, "DUPLICATE"),
        (1, "DUPLICATE"),
        (3, "DUPLICATE"),
        (4, "INCOMPLETE_DATA"),
    ]


def test_failures_name_the_column_with_the_wrong_format(shop: "TenantClient") -> None:
    body = change(
        shop,
        "Products",
        "add",
        {"name": "A", "parent": "Atlantis"},
        {"name": "B", "properties": {"Price": "cheap"}},
        {"name": "C", "properties": {"Color": "red"}},
        {"name": "D", "properties": {"Made In": "Atlantis"}},
        {"name": "E", "subsets": {"Bitter": True}},
    )
    assert body["added"] == 0
    assert failures(body) == [
        (0, "INCORRECT_FORMAT", "incorrect format -- column name:parent, value:Atlantis"),
        (1, "INCORRECT_FORMAT", "incorrect format -- column name:Price, value:cheap"),
        (2, "INCORRECT_FORMAT", "incorrect format -- column name:Color, value:red"),
        (3, "INCORRECT_FORMAT", "incorrect format -- column name:Made In, value:Atlantis"),
        (4, "INCORRECT_FORMAT", "incorrect format -- column name:Bitter, value:True"),
    ]
    assert list(items(shop, "Products")) == ["Apple", "Pear"]


def test_items_of_numbered_lists_have_no_names(shop: "TenantClient") -> None:
    body = change(
        shop, "Orders", "add", {"name": "Third"}, {"code": "O3"}, {"code": "O1"}, {"code": "O4"}
    )
    assert (body["added"], body["ignored"]) == (2, 2)
    assert [(index, kind) for index, kind, _ in failures(body)] == [
        (0, "INCORRECT_FORMAT"),
        (2, "DUPLICATE"),
    ]
    assert list(items(shop, "Orders")) == ["#1", "#2", "#3", "#4"]
    assert metadata(shop, "Orders")["nextitemIndex"] == 5


def test_updating_items(shop: "TenantClient") -> None:
    body = change(
        shop,
        "Products",
        "update",
        {"code": "P1", "name": "Gala", "subsets": {"Sweet": False}},
        {"id": "202000000002", "code": "P20", "parent": "", "properties": {"Note": "ripe"}},
    )
    assert body == {"updated": 2, "ignored": 0, "total": 2}
    after = items(shop, "Products")
    assert list(after) == ["Gala", "Pear"]
    assert after["Gala"]["subsets"]["Sweet"] is False
    assert (after["Gala"]["parent"], after["Gala"]["properties"]["Price"]) == ("Europe", "1.5")
    assert (after["Pear"]["code"], after["Pear"]["properties"]["Note"]) == ("P20", "ripe")
    assert "parent" not in after["Pear"]


def test_items_with_a_code_are_updated_by_code(shop: "TenantClient") -> None:
    body = change(
        shop,
        "Products",
        "update",
        {"name": "Apple", "properties": {"Note": "x"}},
        {"id": "202000000001", "code": ""},
        {"code": "P2", "name": "Apple"},
        {"code": "P7"},
        {"parent": "Asia"},
    )
    assert body["updated"] == 0
    assert [kind for _, kind, _ in failures(body)] == [
        "INCOMPLETE_DATA",
        "INCOMPLETE_DATA",
        "DUPLICATE",
        "Not found",
        "INCOMPLETE_DATA",
    ]


def test_cells_of_deleted_items_are_deleted(shop: "TenantClient") -> None:
    body = change(
        shop,
        "Products",
        "delete",
        {"code": "P1"},
        {"id": "202000000001", "code": "P1"},
        {"code": "P1"},
        {"code": "P99"},
        {"name": "Pear"},
    )
    assert (body["deleted"], body["ignored"], body["total"]) == (2, 3, 5)
    assert failures(body) == [
        (1, "Ambiguous criteria", "Ambiguous criteria (id:202000000001, code:P1)"),
        (2, "Not found", "Not found (code:P1)"),
        (3, "Not found", "Not found (code:P99)"),
    ]
    assert items(shop, "Products") == {}
    export = shop.ids_by_name("exports")["Sales - multi.csv"]
    shop.run("exports", "Sales - multi.csv")
    assert shop.get(f"/files/{export}/chunks/0").text.splitlines()[1:] == []


def test_the_documentation_shows_empty_failures(shop: "TenantClient") -> None:
    shop.emulator.settings.dialect = "guide"
    body = change(shop, "Products", "add", {"name": "Plum"})
    assert body == {"added": 1, "ignored": 0, "total": 1, "failures": []}


def test_too_many_items_and_other_bad_bodies(shop: "TenantClient") -> None:
    shop.emulator.settings.list_changes_limit = 1
    assert send(shop, "Products", "add", {"name": "A"}, {"name": "B"}).status_code == 400
    assert send(shop, "Products", "add", "Plum").status_code == 400
    assert send(shop, "Products", "move", {"name": "A"}).status_code == 400


def test_only_administrators_change_lists(client_for: "ClientFor") -> None:
    bob = client_for("bob")
    assert send(bob, "Products", "add", {"name": "Plum"}).status_code == 403
    assert bob.http.post(f"{path_of(bob, 'Orders')}/resetIndex").status_code == 403
    assert bob.http.get(f"{path_of(bob, 'Products')}/items").status_code == 200
    assert client_for("eve").http.get(f"{path_of(bob, 'Products')}/items").status_code == 404


def test_deployed_models_keep_their_structural_lists(shop: "TenantClient") -> None:
    assert send(shop, "Fixed", "add", {"name": "A"}, model="Live").status_code == 425
    assert send(shop, "Moving", "add", {"name": "A"}, model="Live").json()["added"] == 1


def test_resetting_the_index_of_an_empty_list(shop: "TenantClient") -> None:
    path = path_of(shop, "Orders")
    assert shop.http.post(f"{path}/resetIndex").status_code == 400
    change(shop, "Orders", "delete", {"code": "O1"}, {"code": "O2"})
    assert metadata(shop, "Orders")["nextitemIndex"] == 3
    reply = shop.http.post(f"{path}/resetIndex")
    assert (reply.status_code, reply.content) == (200, b"")
    change(shop, "Orders", "add", {"code": "O9"})
    assert list(items(shop, "Orders")) == ["#1"]
    fixed = path_of(shop, "Fixed", "Live")
    assert shop.http.post(f"{fixed}/resetIndex").status_code == 400


def test_unknown_lists_are_not_found(shop: "TenantClient") -> None:
    assert shop.get("/lists/101999999998").status_code == 404
    assert shop.get("/lists/20000000003").status_code == 404
    assert shop.get("/lists/101999999998/items").status_code == 404


def test_codes_may_be_numbers_and_values_are_trimmed(shop: "TenantClient") -> None:
    assert change(shop, "Regions", "add", {"name": " Far ", "code": 7})["added"] == 1
    assert items(shop, "Regions")["Far"]["code"] == "7"

    repeated = change(shop, "Regions", "add", {"name": "Farther", "code": 7}, {"name": "far"})

    assert repeated["added"] == 0
    assert [kind for _, kind, _ in failures(repeated)] == ["DUPLICATE", "DUPLICATE"]
    blank = change(shop, "Regions", "add", {"name": "  "})
    assert [kind for _, kind, _ in failures(blank)] == ["INCOMPLETE_DATA"]
    assert change(shop, "Regions", "update", {"code": 7, "name": "Afar"})["updated"] == 1
    assert change(shop, "Regions", "delete", {"code": 7})["deleted"] == 1


def test_changing_a_list_changes_the_model_details(shop: "TenantClient") -> None:
    def details() -> dict[str, Any]:
        model: dict[str, Any] = shop.get("?modelDetails=true").json()["model"]
        return model

    before = details()["lastSavedSerialNumber"]
    change(shop, "Regions", "add", {"name": "Far"})
    assert details()["lastSavedSerialNumber"] == before + 1
    assert (
        details()["lastModifiedByUserGuid"] == shop.http.get("/2/0/users/me").json()["user"]["id"]
    )

    change(shop, "Regions", "add", {"name": "Far"})
    assert details()["lastSavedSerialNumber"] == before + 1
