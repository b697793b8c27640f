"""Cells read through views, in all forms."""

import csv
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Settings

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

Visit = Callable[[str], "Shop"]

SALES, ORDER_FACTS, STOCK = "102000000000", "102000000001", "102000000002"
TIME, VERSIONS, LINE_ITEMS = "20000000003", "20000000020", "20000000012"
FORECAST = "107000000002"


def read(shop: "Shop", view: str, *, accept: str = "text/csv", **query: Any) -> httpx2.Response:
    return shop.http.get(shop.path(f"/views/{view}/data"), params=query, headers={"Accept": accept})


def as_json(shop: "Shop", view: str, **query: Any) -> dict[str, Any]:
    answer = read(shop, view, accept="application/json", format="v1", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_json(shop: "Shop") -> None:
    body = as_json(shop, SALES)
    assert body["pages"] == ["Actual"]
    assert body["columnCoordinates"] == [["Jan 26"], ["Feb 26"]]
    assert body["rows"][:2] == [
        {"rowCoordinates": ["Apple", "Units"], "cells": ["12.5", "0"]},
        {"rowCoordinates": ["Apple", "Promoted"], "cells": ["true", "false"]},
    ]
    assert len(body["rows"]) == 10


def test_a_grid_as_text(shop: "Shop") -> None:
    answer = read(shop, shop.listed("views")["Sales.Units by month"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == "Actual\n,Jan 26,Feb 26\n,Units,Units\nApple,12.5,0\nPear,0,0\n"


def test_text_is_the_default(shop: "Shop") -> None:
    plain = read(shop, STOCK).text
    assert plain == ",In,Out,Balance\nApple,10,2.5,7.5\nPear,0,0,0\n"
    assert read(shop, STOCK, accept="*/*").text == plain
    assert read(shop, STOCK, accept="text/html, */*;q=0.1").text == plain


def test_only_escaped_text_can_be_taken_apart(shop: "Shop") -> None:
    assert "Apple,Comment,crisp, sweet,\n" in read(shop, SALES).text
    escaped = read(shop, SALES, accept="text/csv;escaped=true").text
    assert ["Apple", "Comment", "crisp, sweet", ""] in list(csv.reader(escaped.splitlines()))


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json"])
def test_other_forms_are_not_acceptable(shop: "Shop", accept: str) -> None:
    assert read(shop, SALES, accept=accept).status_code == 406


def test_pages_are_selected(shop: "Shop") -> None:
    body = as_json(shop, SALES, pages=f"{VERSIONS}:{FORECAST}")
    assert body["pages"] == ["Forecast"]
    assert {"rowCoordinates": ["Pear", "Units"], "cells": ["0", "7"]} in body["rows"]


def test_several_pages_are_repeated_or_joined(shop: "Shop") -> None:
    view = shop.listed("views")["Sales.One by one"]
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
def test_invalid_page_selectors(shop: "Shop", selector: str) -> None:
    answer = read(shop, SALES, pages=selector)
    assert answer.status_code == 400
    assert answer.json()["status"]["message"] == f"Invalid page selector '{selector}'"


def test_hidden_line_items_and_filtered_rows_are_left_out(shop: "Shop") -> None:
    promoted = shop.listed("views")["Sales.'Promoted & new'"]
    assert {row["rowCoordinates"][0] for row in as_json(shop, promoted)["rows"]} == {"Apple"}
    assert as_json(shop, promoted, pages=f"{VERSIONS}:{FORECAST}")["rows"] == []
    units = shop.listed("views")["Sales.Units by month"]
    assert as_json(shop, units)["columnCoordinates"] == [["Jan 26", "Units"], ["Feb 26", "Units"]]


def test_a_line_item_is_a_view(shop: "Shop") -> None:
    items = shop.get(f"/modules/{SALES}/lineItems").json()["items"]
    body = as_json(shop, items[0]["id"])
    assert body["rows"][0] == {"rowCoordinates": ["Apple"], "cells": ["12.5", "0"]}
    known = shop.get(f"/modules/{ORDER_FACTS}/lineItems").json()["items"][2]
    body = as_json(shop, known["id"])
    assert body["columnCoordinates"] == [["Known"]]
    assert body["rows"][0] == {"rowCoordinates": ["First order"], "cells": ["true"]}


def test_tables(shop: "Shop") -> None:
    units = shop.listed("views")["Sales.Units by month"]
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


def test_all_pages(shop: "Shop") -> None:
    units = shop.listed("views")["Sales.Units by month"]
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
def test_bad_parameters(shop: "Shop", query: dict[str, str]) -> None:
    assert read(shop, SALES, **query).status_code == 400


def test_fewer_rows(shop: "Shop") -> None:
    assert len(as_json(shop, SALES, maxRows=3)["rows"]) == 3
    assert read(shop, STOCK, maxRows=1).text == ",In,Out,Balance\nApple,10,2.5,7.5\n"


def test_too_many_cells(shop: "Shop") -> None:
    assert Settings().view_cells_limit == 1_000_000
    shop.emulator.settings.view_cells_limit = 19
    answer = read(shop, SALES)
    assert answer.status_code == 400
    assert "read request" in answer.json()["status"]["message"]
    assert read(shop, SALES, maxRows=2).status_code == 200
    table = {"exportType": "TABULAR_MULTI_COLUMN", "moduleId": SALES}
    assert read(shop, SALES, **table).status_code == 400
    # A filter leaves fewer.
    assert read(shop, shop.listed("views")["Sales.'Promoted & new'"]).status_code == 200


def test_only_workspace_administrators_read_cells(visit: Visit) -> None:
    assert read(visit("bob"), SALES).status_code == 403
    assert read(visit("bob"), SALES, maxRows="x").status_code == 400
    assert read(visit("eve"), SALES).status_code == 404


def test_the_default_view_of_an_empty_module_breaks(shop: "Shop") -> None:
    shop.run("actions", "Drop all orders")
    assert read(shop, ORDER_FACTS).status_code == 500
    shop.emulator.settings.quirks = "docs"
    assert read(shop, ORDER_FACTS).text == ",Amount,Drop,Known\n"
    assert as_json(shop, ORDER_FACTS)["rows"] == []
