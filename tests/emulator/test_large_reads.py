"""Large-volume read requests of views and lists."""

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Settings

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient


SALES, ORDER_FACTS, STOCK = "102000000000", "102000000001", "102000000002"
PRODUCTS = "101000000001"
TABLE = {"exportType": "TABULAR_MULTI_COLUMN"}
STOCKED = ["Products,In,Out,Balance\n", "Apple,10,2.5,7.5\n", "Pear,0,0,0\n"]


class ReadRequestClient:
    """A client of a read request."""

    def __init__(self, shop: "TenantClient", path: str, **options: Any) -> None:
        self.http = shop.http
        reply = shop.http.post(shop.path(f"{path}/readRequests"), **options)
        assert reply.status_code == 200, reply.text
        self.key = "viewReadRequest" if path.startswith("/views") else "listReadRequest"
        self.created: dict[str, Any] = reply.json()[self.key]
        self.path = shop.path(f"{path}/readRequests/{self.created['requestId']}")

    def poll(self) -> tuple[str, int]:
        body = self.http.get(self.path).json()[self.key]
        assert body["successful"] == (body["requestState"] == "COMPLETE")
        return body["requestState"], body["availablePages"]

    def page(self, number: object) -> httpx2.Response:
        return self.http.get(f"{self.path}/pages/{number}", headers={"Accept": "text/csv"})

    def text(self) -> str:
        state, count = self.poll()
        assert state == "COMPLETE"
        return "".join(self.page(number).text for number in range(count))

    def delete(self) -> httpx2.Response:
        return self.http.delete(self.path)


def read_view(
    shop: "TenantClient", view: str = STOCK, layout: str = "TABULAR_MULTI_COLUMN"
) -> ReadRequestClient:
    return ReadRequestClient(shop, f"/views/{view}", json={"exportType": layout})


def test_reading_a_view(shop: "TenantClient") -> None:
    reading = read_view(shop)
    assert reading.created == {
        "requestId": reading.created["requestId"],
        "viewId": int(STOCK),
        "requestState": "IN_PROGRESS",
        "url": f"{shop.emulator.base_url}/2/0/workspaces/{shop.workspace_id}"
        f"/models/{shop.model_id()}/views/{STOCK}/readRequests/{reading.created['requestId']}",
    }
    assert reading.poll() == ("COMPLETE", 1)
    page = reading.page(0)
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    assert page.text == "".join(STOCKED)
    assert reading.page(1).status_code == 404
    deleted = reading.delete().json()["viewReadRequest"]
    assert (deleted["requestState"], deleted["viewId"]) == ("COMPLETE", int(STOCK))
    assert shop.http.get(reading.path).status_code == 404
    assert reading.page(0).status_code == 404


def test_reading_a_list(shop: "TenantClient") -> None:
    reading = ReadRequestClient(shop, f"/lists/{PRODUCTS}")
    assert reading.created["listId"] == int(PRODUCTS)
    lines = reading.text().splitlines()
    assert lines[0].startswith(",Parent,Write,Read,Code,Sweet,Sour,Price")
    assert [line.split(",")[:6] for line in lines[1:]] == [
        ["Apple", "Europe", "", "", "P1", "true"],
        ["Pear", "Europe", "", "", "P2", "false"],
    ]
    # It is not available as a read request of a view.
    as_view = shop.path(f"/views/{STOCK}/readRequests/{reading.created['requestId']}")
    assert shop.http.get(as_view).status_code == 404
    assert reading.delete().json()["listReadRequest"]["listId"] == int(PRODUCTS)


def test_both_forms_of_the_path_and_a_trailing_slash(shop: "TenantClient") -> None:
    longer = f"/2/0/workspaces/{shop.workspace_id}/models/{shop.model_id()}/views/{STOCK}"
    created = shop.http.post(f"{longer}/readRequests/", json=TABLE).json()["viewReadRequest"]
    one = f"readRequests/{created['requestId']}"
    assert shop.http.get(f"{longer}/{one}").status_code == 200
    page = shop.http.get(shop.path(f"/views/{STOCK}/{one}/pages/0"))
    assert page.text == "".join(STOCKED)


def test_only_the_first_page_has_the_header(shop: "TenantClient") -> None:
    shop.emulator.settings.read_request_page_rows = 1
    reading = read_view(shop)
    assert reading.poll() == ("COMPLETE", 2)
    assert [reading.page(0).text, reading.page(1).text] == [STOCKED[0] + STOCKED[1], STOCKED[2]]
    assert Settings().read_request_page_rows == 10_000


@pytest.mark.parametrize(
    ("layout", "begins"),
    [
        ("TABULAR_SINGLE_COLUMN", "Products,Time,Versions,Line Items,Value\nApple,Jan 26,Actual"),
        ("GRID_CURRENT_PAGE", "Actual\n,,Jan 26,Feb 26\nApple,Units,12.5,0\n"),
        ("GRID_ALL_PAGES", "Actual\n,,Jan 26,Feb 26\nApple,Units,12.5,0\n"),
    ],
)
def test_other_layouts(shop: "TenantClient", layout: str, begins: str) -> None:
    text = read_view(shop, SALES, layout).text()
    assert text.startswith(begins)
    assert ("Forecast" in text) == (layout != "GRID_CURRENT_PAGE")


def test_filters_and_hidden_line_items_apply(shop: "TenantClient") -> None:
    views = shop.ids_by_name("views")
    assert "Pear" not in read_view(shop, views["Sales.'Promoted & new'"]).text()
    units = read_view(shop, views["Sales.Units by month"]).text()
    assert units.startswith("Products,Time,Versions,Units\n")


def test_pages_do_not_change_with_the_model(shop: "TenantClient") -> None:
    reading = read_view(shop)
    place = {"dimensionId": PRODUCTS, "itemCode": "P1"}
    cell = {"lineItemName": "In", "dimensions": [place], "value": 77}
    assert shop.http.post(shop.path(f"/modules/{STOCK}/data"), json=[cell]).is_success
    assert reading.text() == "".join(STOCKED)
    assert "Apple,77," in read_view(shop).text()


def test_polls_return_every_state_and_the_available_pages(shop: "TenantClient") -> None:
    settings = shop.emulator.settings
    settings.task_polls, settings.read_request_page_rows = 2, 1
    reading = read_view(shop, SALES)
    assert reading.created["requestState"] == "NOT_STARTED"
    assert reading.page(0).status_code == 404
    polls = [reading.poll() for _ in range(5)]
    assert polls == [
        ("NOT_STARTED", 0),
        ("NOT_STARTED", 0),
        ("IN_PROGRESS", 2),
        ("IN_PROGRESS", 5),
        ("COMPLETE", 8),
    ]


def test_pages_can_be_read_before_the_request_is_complete(shop: "TenantClient") -> None:
    settings = shop.emulator.settings
    settings.hold_tasks, settings.read_request_page_rows = "NOT_STARTED", 1
    reading = read_view(shop)
    assert reading.created["requestState"] == "NOT_STARTED"
    assert reading.poll() == ("NOT_STARTED", 0)
    settings.hold_tasks = "IN_PROGRESS"
    assert reading.poll() == ("IN_PROGRESS", 1)
    assert reading.page(0).text == STOCKED[0] + STOCKED[1]
    assert reading.page(1).status_code == 404
    assert reading.delete().json()["viewReadRequest"]["requestState"] == "CANCELLED"


def sign_in(shop: "TenantClient", name: str = "ada") -> None:
    """Sign in as another user, or again as the same user."""
    reply = shop.http.post("/token/authenticate", auth=(f"{name}@shop.example", name))
    token = reply.json()["tokenInfo"]["tokenValue"]
    shop.http.headers["Authorization"] = f"AnaplanAuthToken {token}"


def advance(shop: "TenantClient", minutes: float) -> None:
    shop.emulator.advance(minutes=minutes)
    sign_in(shop)


def test_a_request_expires_half_an_hour_after_its_last_use(shop: "TenantClient") -> None:
    shop.emulator.settings.read_request_page_rows = 1
    reading = read_view(shop)
    assert reading.poll()[0] == "COMPLETE"
    advance(shop, 20)
    # Of the available pages, only reading the first one counts as use.
    assert reading.page(0).status_code == 200
    advance(shop, 20)
    assert reading.page(1).status_code == 200
    assert reading.poll() == ("COMPLETE", 2)
    advance(shop, 11)
    assert shop.http.get(reading.path).status_code == 404
    assert reading.page(0).status_code == 404
    assert reading.delete().status_code == 404


def test_reading_every_hundredth_page_extends_a_request(shop: "TenantClient") -> None:
    shop.emulator.settings.read_request_page_rows = 1
    lines = ["Code,Name,Region,Price,Launched,Fresh,Made In,Note"]
    lines += [f"P{number},Fruit {number},EU,,,,," for number in range(100, 210)]
    shop.upload("products.csv", "\n".join(lines).encode())
    assert shop.run("imports", "Products")["successful"]
    reading = ReadRequestClient(shop, f"/lists/{PRODUCTS}")
    assert reading.poll() == ("COMPLETE", 112)
    for minutes, number in ((20, 100), (20, 99), (9, 101)):
        advance(shop, minutes)
        assert reading.page(number).status_code == 200
    advance(shop, 1)
    assert reading.page(0).status_code == 404


def test_polling_extends_an_unfinished_request(shop: "TenantClient") -> None:
    shop.emulator.settings.hold_tasks = "IN_PROGRESS"
    reading = read_view(shop)
    for _ in range(3):
        advance(shop, 20)
        assert reading.poll()[0] == "IN_PROGRESS"
    advance(shop, 30)
    assert shop.http.get(reading.path).status_code == 404


def test_requests_are_private(shop: "TenantClient") -> None:
    reading = read_view(shop)
    with shop.emulator.tenant.store.transaction() as db:
        db.execute("UPDATE workspace_members SET role = 'admin'")
    sign_in(shop, "bob")
    assert shop.http.get(reading.path).status_code == 404
    assert reading.page(0).status_code == 404
    assert reading.delete().status_code == 404


def test_the_number_of_concurrent_requests_is_limited(shop: "TenantClient") -> None:
    assert Settings().read_request_limit is None
    shop.emulator.settings.read_request_limit = 1
    reading = read_view(shop)
    path = shop.path(f"/lists/{PRODUCTS}/readRequests")
    assert shop.http.post(path).status_code == 429
    reading.delete()
    assert shop.http.post(path).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"exportType": "TABULAR_SINGLE_ITEMS"}, {"exportType": None}, [], {"exportType": 1}],
)
def test_the_export_type_is_checked(shop: "TenantClient", body: object) -> None:
    assert shop.http.post(shop.path(f"/views/{STOCK}/readRequests"), json=body).status_code == 400


def test_unknown_objects(shop: "TenantClient") -> None:
    assert shop.http.post(shop.path("/views/1/readRequests"), json=TABLE).status_code == 404
    assert shop.http.post(shop.path("/lists/1/readRequests")).status_code == 404
    assert shop.http.post(shop.path("/lists/20000000003/readRequests")).status_code == 404
    assert shop.http.post(shop.path(f"/views/{STOCK}/readRequests")).status_code == 400
    reading = read_view(shop)
    assert reading.page("x").status_code == 400
    assert reading.page("9" * 5000).status_code == 404


def test_permissions_for_reading(client_for: "ClientFor") -> None:
    for name, status in (("bob", 403), ("eve", 404)):
        shop = client_for(name)
        for path, body in ((f"/views/{STOCK}", TABLE), (f"/lists/{PRODUCTS}", None)):
            asked = shop.path(f"{path}/readRequests")
            assert shop.http.post(asked, json=body).status_code == status
            assert shop.http.get(f"{asked}/1").status_code == status
            assert shop.http.get(f"{asked}/1/pages/0").status_code == status
            assert shop.http.delete(f"{asked}/1").status_code == status


def test_a_view_of_an_empty_module(shop: "TenantClient") -> None:
    shop.run("actions", "Drop all orders")
    assert read_view(shop, ORDER_FACTS).text() == "Orders,Amount,Drop,Known\n"
