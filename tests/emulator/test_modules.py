"""Modules, line items, views and dimensions."""

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Settings

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient


SALES, ORDER_FACTS, STOCK = "102000000000", "102000000001", "102000000002"
REGIONS, PRODUCTS, ORDERS = "101000000000", "101000000001", "101000000002"
TIME, VERSIONS, LINE_ITEMS = "20000000003", "20000000020", "20000000012"
USERS = "101999999999"


def rows(reply: httpx2.Response, key: str, field: str = "name") -> list[Any]:
    assert reply.status_code == 200, reply.text
    return [row[field] for row in reply.json().get(key, [])]


def line_item(shop: "TenantClient", name: str) -> str:
    items = shop.get("/lineItems").json()["items"]
    return str(next(item["id"] for item in items if item["name"] == name))


def test_modules(shop: "TenantClient") -> None:
    reply = shop.get("/modules")
    assert reply.json()["modules"][0] == {"id": SALES, "name": "Sales"}
    assert rows(reply, "modules") == ["Sales", "Order Facts", "Stock"]
    assert rows(shop.get("/modules?sort=-name"), "modules") == ["Stock", "Sales", "Order Facts"]
    assert rows(shop.get("/modules?sort=colour"), "modules") == rows(reply, "modules")
    assert rows(shop.get("/modules?limit=1&offset=1"), "modules") == ["Order Facts"]


def test_line_items(shop: "TenantClient") -> None:
    of_model = shop.get("/lineItems").json()["items"]
    of_module = shop.get(f"/modules/{STOCK}/lineItems").json()["items"]
    assert of_model[-3:] == of_module
    assert of_module[0] == {
        "id": line_item(shop, "In"),
        "name": "In",
        "moduleId": STOCK,
        "moduleName": "Stock",
    }
    assert shop.get("/modules/102000000009/lineItems").status_code == 404


def test_line_items_with_all_members(shop: "TenantClient") -> None:
    bought, sold, balance = shop.get(f"/modules/{STOCK}/lineItems?includeAll=true").json()["items"]
    assert (bought["code"], bought["notes"], bought["formula"]) == ("IN", "Bought", "")
    assert bought["formatMetadata"]["decimalPlaces"] == 2
    assert bought["referencedBy"] == [{"id": balance["id"], "name": "Balance"}]
    assert (sold["code"], sold["cellCount"]) == (None, 2)
    assert sold["appliesTo"] == [{"id": PRODUCTS, "name": "Products"}]
    assert (sold["timeScale"], sold["summary"], sold["style"]) == (
        "Not Applicable",
        "Sum",
        "Normal",
    )
    assert (balance["formula"], balance["style"]) == ("In - Out", "Summary")


def test_each_format_has_its_own_metadata(shop: "TenantClient") -> None:
    items = shop.get(f"/modules/{SALES}/lineItems?includeAll=True").json()["items"]
    types = {item["name"]: item["formatMetadata"]["dataType"] for item in items}
    assert types == {
        "Units": "NUMBER",
        "Promoted": "BOOLEAN",
        "Since": "DATE",
        "Comment": "TEXT",
        "Sold In": "ENTITY",
    }
    sold_in = items[-1]["formatMetadata"]
    assert sold_in["hierarchyEntityLongId"] == int(REGIONS)
    assert items[0]["version"] == {"id": VERSIONS, "name": "All"}
    assert items[0]["timeScale"] == "Month"


def test_dimensions_of_a_line_item(shop: "TenantClient") -> None:
    path = f"/lineItems/{line_item(shop, 'Units')}/dimensions"
    assert rows(shop.get(path), "dimensions") == ["Products", "Time", "Versions"]
    assert rows(shop.get(f"{path}/{TIME}/items"), "items") == ["Jan 26", "Feb 26"]
    assert shop.get(f"{path}/{VERSIONS}/items").json()["items"][0] == {
        "id": "107000000001",
        "name": "Actual",
    }
    assert rows(shop.get(f"{path}/{PRODUCTS}/items"), "items", "code") == ["P1", "P2"]
    assert shop.get(f"{path}/{ORDERS}/items").status_code == 404


def test_an_unknown_line_item_has_no_dimensions(shop: "TenantClient") -> None:
    path = "/lineItems/299000000001/dimensions"
    assert "dimensions" not in shop.get(path).json()
    assert "items" not in shop.get(f"{path}/{TIME}/items").json()
    shop.emulator.settings.dialect = "guide"
    assert shop.get(path).status_code == 404
    assert shop.get(f"{path}/{TIME}/items").status_code == 404


def test_views_of_the_model_and_of_a_module(shop: "TenantClient") -> None:
    of_model = rows(shop.get("/views"), "views")
    assert of_model == [
        "Sales",
        "Sales.Units by month",
        "Sales.'Promoted & new'",
        "Sales.One by one",
        "Order Facts",
        "Stock",
    ]
    of_module = shop.get(f"/modules/{SALES}/views").json()["views"]
    assert of_module[0] == {"code": "", "id": SALES, "name": "default", "moduleId": SALES}
    assert [view["name"] for view in of_module[1:]] == [
        "Units by month",
        "Promoted & new",
        "One by one",
    ]
    assert shop.get("/modules/102000000009/views").status_code == 404


def test_subsidiary_views(shop: "TenantClient") -> None:
    views = shop.get("/views?includesubsidiaryviews=true").json()["views"]
    balance = next(view for view in views if view["name"] == "Balance")
    assert (balance["id"], balance["moduleId"]) == (line_item(shop, "Balance"), STOCK)
    found = rows(shop.get(f"/modules/{STOCK}/views?includesubsidiaryviews=true"), "views")
    assert found == ["default", "In", "Out", "Balance"]
    by_module = rows(shop.get("/views?sort=-moduleId"), "views")
    assert by_module[:2] == ["Stock", "Order Facts"]


def test_axes_of_views(shop: "TenantClient") -> None:
    view = shop.get(f"/views/{SALES}").json()
    assert (view["viewId"], view["viewName"]) == (SALES, "Sales")
    assert view["rows"] == [
        {"id": PRODUCTS, "name": "Products"},
        {"id": LINE_ITEMS, "name": "Line Items"},
    ]
    assert view["columns"] == [{"id": TIME, "name": "Time"}]
    assert view["pages"] == [{"id": VERSIONS, "name": "Versions"}]
    timeless = shop.get(f"/views/{ORDER_FACTS}").json()
    assert [rows_["name"] for rows_ in timeless["rows"]] == ["Orders"]
    assert [columns["name"] for columns in timeless["columns"]] == ["Line Items"]
    assert "pages" not in timeless
    of_line_item = shop.get(f"/views/{line_item(shop, 'Units')}").json()
    assert [rows_["name"] for rows_ in of_line_item["rows"]] == ["Products"]
    assert shop.get("/views/1").status_code == 404


def test_items_of_a_view(shop: "TenantClient") -> None:
    promoted = shop.ids_by_name("views")["Sales.'Promoted & new'"]
    assert rows(shop.get(f"/views/{promoted}/dimensions/{PRODUCTS}/items"), "items") == ["Apple"]
    assert rows(shop.get(f"/views/{promoted}/dimensions/{TIME}/items"), "items") == [
        "Jan 26",
        "Feb 26",
    ]
    by_month = shop.ids_by_name("views")["Sales.Units by month"]
    shown = shop.get(f"/views/{by_month}/dimensions/{LINE_ITEMS}/items")
    assert shown.json()["items"] == [{"id": line_item(shop, "Units"), "name": "Units"}]
    assert shop.get(f"/views/{promoted}/dimensions/{ORDERS}/items").status_code == 404


def test_items_of_lists_subsets_and_users(shop: "TenantClient") -> None:
    products = shop.get(f"/dimensions/{PRODUCTS}/items").json()
    assert "paging" not in products["meta"]
    assert products["items"][0]["code"] == "P1"
    subsets = {name: f"10900000000{number}" for number, name in enumerate(["Sweet", "Sour"])}
    assert rows(shop.get(f"/dimensions/{subsets['Sweet']}/items"), "items") == ["Apple"]
    assert "items" not in shop.get(f"/dimensions/{subsets['Sour']}/items").json()
    users = rows(shop.get(f"/dimensions/{USERS}/items"), "items", "code")
    assert sorted(users) == ["ada@shop.example", "bob@shop.example", "eve@shop.example"]


def test_the_top_level_item_is_last(shop: "TenantClient") -> None:
    items = shop.get(f"/dimensions/{REGIONS}/items").json()["items"]
    assert [item["name"] for item in items] == ["Europe", "Asia", "World"]
    assert "code" not in items[-1]
    found = shop.http.post(shop.path(f"/dimensions/{REGIONS}/items"), json={"names": ["world"]})
    assert found.json()["items"] == items[-1:]


@pytest.mark.parametrize("dimension", [TIME, VERSIONS])
def test_time_and_versions_are_not_listed_for_the_model(
    shop: "TenantClient", dimension: str
) -> None:
    assert shop.get(f"/dimensions/{dimension}/items").status_code == 400


def test_too_many_items_are_not_listed(shop: "TenantClient") -> None:
    shop.emulator.settings.dimension_items_limit = 1
    assert shop.get(f"/dimensions/{PRODUCTS}/items").status_code == 400
    assert shop.get(f"/views/{SALES}/dimensions/{TIME}/items").status_code == 400
    assert Settings().dimension_items_limit == 1_000_000


@pytest.mark.parametrize(
    ("dimension", "body", "found"),
    [
        (PRODUCTS, {"names": ["APPLE", "Fig"], "codes": ["p2"]}, ["Apple", "Pear"]),
        (PRODUCTS, {"names": ["Apple", "apple"], "codes": ["P1"]}, ["Apple"]),
        (PRODUCTS, {"names": ["Fig"]}, []),
        (TIME, {"names": ["feb 26"]}, ["Feb 26"]),
        (VERSIONS, {"names": ["Forecast"], "codes": []}, ["Forecast"]),
        (USERS, {"names": ["BOB@shop.example"]}, ["bob@shop.example"]),
        (USERS, {"codes": ["bob@shop.example"]}, ["bob@shop.example"]),
        ("109000000000", {"names": ["Apple", "Pear"]}, ["Apple"]),
    ],
)
def test_items_are_found_by_name_and_code(
    shop: "TenantClient", dimension: str, body: dict[str, list[str]], found: list[str]
) -> None:
    reply = shop.http.post(shop.path(f"/dimensions/{dimension}/items"), json=body)
    assert rows(reply, "items") == found
    assert ("items" in reply.json()) == bool(found)


@pytest.mark.parametrize(
    ("dimension", "body", "status"),
    [
        (PRODUCTS, {"names": [], "codes": []}, 400),
        (PRODUCTS, {}, 400),
        (PRODUCTS, {"names": "Apple"}, 400),
        (PRODUCTS, {"names": [1]}, 400),
        (PRODUCTS, [], 400),
        (TIME, {"codes": ["Jan 26"]}, 400),
        (VERSIONS, {"codes": ["x"]}, 400),
        ("101000000009", {"names": ["x"]}, 404),
    ],
)
def test_invalid_lookups(shop: "TenantClient", dimension: str, body: object, status: int) -> None:
    reply = shop.http.post(shop.path(f"/dimensions/{dimension}/items"), json=body)
    assert reply.status_code == status


def test_empty_collections_have_their_key_in_the_documentation(shop: "TenantClient") -> None:
    shop.emulator.settings.dialect = "guide"
    path = shop.path(f"/dimensions/{PRODUCTS}/items")
    assert shop.http.post(path, json={"names": ["Fig"]}).json()["items"] == []


def test_dashboards(shop: "TenantClient") -> None:
    assert shop.get("/dashboards").json()["dashboards"] == [
        {"id": "115000000000", "name": "Shop floor"}
    ]


def test_both_forms_of_a_path_return_the_same(shop: "TenantClient") -> None:
    for path in ("/modules", f"/views/{SALES}", f"/views/{SALES}/data"):
        longer = f"/2/0/workspaces/{shop.workspace_id}/models/{shop.model_id()}{path}"
        assert shop.http.get(longer).text == shop.get(path).text


def test_models_are_visible_to_users_with_a_role(client_for: "ClientFor") -> None:
    assert client_for("bob").get("/modules").status_code == 200
    assert client_for("eve").get("/modules").status_code == 404
    assert client_for("ada").get("/modules", "Sales 2020").status_code == 422
    assert client_for("ada").get("/modules", "Live").status_code == 200
