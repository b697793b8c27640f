"""Reading cells of views in all formats."""

import csv
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Settings

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient


SALES, ORDER_FACTS, STOCK = "102000000000", "102000000001", "102000000002"
TIME, VERSIONS, LINE_ITEMS = "20000000003", "20000000020", "20000000012"
FORECAST = "107000000002"


def read(
    shop: "TenantClient", view: str, *, accept: str = "text/csv", **query: Any
) -> httpx2.Response:
    return shop.http.get(shop.path(f"/views/{view}/data"), params=query, headers={"Accept": accept})


def as_json(shop: "TenantClient", view: str, **query: Any) -> dict[str, Any]:
    reply = read(shop, view, accept="application/json", format="v1", **query)
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def test_json(shop: "TenantClient") -> None:
    body = as_json(shop, SALES)
    assert body["pages"] == ["Actual"]
    assert body["columnCoordinates"] == [["Jan 26"], ["Feb 26"]]
    assert body["rows"][:2] == [
        {"rowCoordinates": ["Apple", "Units"], "cells": ["12.5", "0"]},
        {"rowCoordinates": ["Apple", "Promoted"], "cells": ["true", "false"]},
    ]
    assert len(body["rows"]) == 10


def test_grids_as_text(shop: "TenantClient") -> None:
    reply = read(shop, shop.ids_by_name("views")["Sales.Units by month"])
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.text == "Actual\n,Jan 26,Feb 26\n,Units,Units\nApple,12.5,0\nPear,0,0\n"


def test_text_is_the_default(shop: "TenantClient") -> None:
    plain = read(shop, STOCK).text
    assert plain == ",In,Out,Balance\nApple,10,2.5,7.5\nPear,0,0,0\n"
    assert read(shop, STOCK, accept="*/*").text == plain
    assert read(shop, STOCK, accept="text/html, */*;q=0.1").text == plain


def test_only_escaped_text_is_unambiguous(shop: "TenantClient") -> None:
    assert "Apple,Comment,crisp, sweet,\n" in read(shop, SALES).text
    escaped = read(shop, SALES, accept="text/csv;escaped=true").text
    assert ["Apple", "Comment", "crisp, sweet", ""] in list(csv.reader(escaped.splitlines()))


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json"])
def test_other_media_types_are_not_acceptable(shop: "TenantClient", accept: str) -> None:
    assert read(shop, SALES, accept=accept).status_code == 406


def test_pages_are_selected(shop: "TenantClient") -> None:
    body = as_json(shop, SALES, pages=f"{VERSIONS}:{FORECAST}")
    assert body["pages"] == ["Forecast"]
    assert {"rowCoordinates": ["Pear", "Units"], "cells": ["0", "7"]} in body["rows"]


def test_several_pages_are_repeated_or_joined(shop: "TenantClient") -> None:
    view = shop.ids_by_name("views")["Sales.One by one"]
    items = shop.get(f"/modules/{SALES}/lineItems").json()["items"]
    promoted = next(item["id"] for item in items if item["name"] == "Promoted")
    selectors = [f"{VERSIONS}:{FORECAST}", f"{LINE_ITEMS}:{promoted}"]
    repeated = as_json(shop, view, pages=selectors)
    assert repeated["pages"] == ["Forecast", "Promoted"]
    assert repeated["rows"][0]["cells"] == ["false", "false"]
    assert as_json(shop, view, pages=",".join(selectors)) == repeated


@pytest.mark.parametrize(
    "selector",
    [f"{TIME}:543000000001", f"{VERSIONS}:107000000009", VERSIONS, "1:2", "", f"{VERSIONS}:x"],
)
def test_invalid_page_selectors(shop: "TenantClient", selector: str) -> None:
    reply = read(shop, SALES, pages=selector)
    assert reply.status_code == 400
    assert reply.json()["status"]["message"] == f"Invalid page selector '{selector}'"


def test_hidden_line_items_and_filtered_rows_are_omitted(shop: "TenantClient") -> None:
    promoted = shop.ids_by_name("views")["Sales.'Promoted & new'"]
    assert {row["rowCoordinates"][0] for row in as_json(shop, promoted)["rows"]} == {"Apple"}
    assert as_json(shop, promoted, pages=f"{VERSIONS}:{FORECAST}")["rows"] == []
    units = shop.ids_by_name("views")["Sales.Units by month"]
    assert as_json(shop, units)["columnCoordinates"] == [["Jan 26", "Units"], ["Feb 26", "Units"]]


def test_a_line_item_is_a_view(shop: "TenantClient") -> None:
    items = shop.get(f"/modules/{SALES}/lineItems").json()["items"]
    body = as_json(shop, items[0]["id"])
    assert body["rows"][0] == {"rowCoordinates": ["Apple"], "cells": ["12.5", "0"]}
    known = shop.get(f"/modules/{ORDER_FACTS}/lineItems").json()["items"][2]
    body = as_json(shop, known["id"])
    assert body["columnCoordinates"] == [["Known"]]
    assert body["rows"][0] == {"rowCoordinates": ["First order"], "cells": ["true"]}


def test_tables(shop: "TenantClient") -> None:
    units = shop.ids_by_name("views")["Sales.Units by month"]
    table = read(shop, units, exportType="TABULAR_MULTI_COLUMN", moduleId=SALES)
    assert table.text.splitlines()[:2] == [
        "Products,Time,Versions,Units",
        "Apple,Jan 26,Actual,12.5",
    ]
    single = read(shop, STOCK, exportType="TABULAR_SINGLE_COLUMN", moduleId=STOCK, maxRows=2)
    assert single.text == "Products,Line Items,Value\nApple,In,10\nApple,Out,2.5\n"
    chosen = read(
        shop,
        units,
        exportType="TABULAR_MULTI_COLUMN",
        moduleId=SALES,
        pages=f"{VERSIONS}:{FORECAST}",
    )
    assert len(chosen.text.splitlines()) == 5


def test_all_pages(shop: "TenantClient") -> None:
    units = shop.ids_by_name("views")["Sales.Units by month"]
    text = read(shop, units, exportType="GRID_ALL_PAGES", moduleId=SALES).text
    one = read(shop, units, exportType="GRID_CURRENT_PAGE", moduleId=SALES).text
    assert text == one + "Forecast\n,Jan 26,Feb 26\n,Units,Units\nApple,0,0\nPear,0,7\n"


@pytest.mark.parametrize(
    "query",
    [
        {"exportType": "TABULAR_MULTI_COLUMN"},
        {"moduleId": SALES},
        {"exportType": "TABULAR_MULTI_COLUMN", "moduleId": STOCK},
        {"exportType": "TABULAR_SINGLE_ITEMS", "moduleId": SALES},
        {"maxRows": "0.5"},
        {"maxRows": "-1"},
    ],
)
def test_bad_parameters(shop: "TenantClient", query: dict[str, str]) -> None:
    assert read(shop, SALES, **query).status_code == 400


def test_fewer_rows(shop: "TenantClient") -> None:
    assert len(as_json(shop, SALES, maxRows=3)["rows"]) == 3
    assert read(shop, STOCK, maxRows=1).text == ",In,Out,Balance\nApple,10,2.5,7.5\n"


def test_too_many_cells(shop: "TenantClient") -> None:
    assert Settings().view_cells_limit == 1_000_000
    shop.emulator.settings.view_cells_limit = 19
    reply = read(shop, SALES)
    assert reply.status_code == 400
    assert "read request" in reply.json()["status"]["message"]
    assert read(shop, SALES, maxRows=2).status_code == 200
    table = {"exportType": "TABULAR_MULTI_COLUMN", "moduleId": SALES}
    assert read(shop, SALES, **table).status_code == 400
    # A filter reduces the number.
    assert read(shop, shop.ids_by_name("views")["Sales.'Promoted & new'"]).status_code == 200


def test_only_workspace_administrators_can_read_cells(client_for: "ClientFor") -> None:
    assert read(client_for("bob"), SALES).status_code == 403
    assert read(client_for("bob"), SALES, maxRows="x").status_code == 400
    assert read(client_for("eve"), SALES).status_code == 404


def test_the_default_view_of_an_empty_module_results_in_a_server_error(
    shop: "TenantClient",
) -> None:
    shop.run("actions", "Drop all orders")
    assert read(shop, ORDER_FACTS).status_code == 500
    shop.emulator.settings.dialect = "guide"
    assert read(shop, ORDER_FACTS).text == ",Amount,Drop,Known\n"
    assert as_json(shop, ORDER_FACTS)["rows"] == []
