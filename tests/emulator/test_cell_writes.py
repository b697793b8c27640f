"""Writing cells, and reading them in views and exports."""

from typing import TYPE_CHECKING, Any

import pytest

from anaplan_emulator import Settings

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient


SALES, STOCK = "102000000000", "102000000002"
PRODUCTS, TIME, VERSIONS = "101000000001", "20000000003", "20000000020"


def write(
    shop: "TenantClient", module: str, *cells: dict[str, Any], status: int = 200
) -> dict[str, Any]:
    reply = shop.http.post(shop.path(f"/modules/{module}/data"), json=list(cells))
    assert reply.status_code == status, reply.text
    body: dict[str, Any] = reply.json()
    return body


def sale(value: object, line_item: str = "Units", **items: str) -> dict[str, Any]:
    """Return the request body of a cell of the module Sales."""
    coordinates = {"Products": "Pear", "Time": "Jan 26", "Versions": "Actual", **items}
    return {
        "lineItemName": line_item,
        "dimensions": [
            {"dimensionName": name, "itemName": item} for name, item in coordinates.items()
        ],
        "value": value,
    }


def stock(value: object, line_item: str = "In", code: str = "P1") -> dict[str, Any]:
    coordinate = {"dimensionId": PRODUCTS, "itemCode": code}
    return {"lineItemName": line_item, "dimensions": [coordinate], "value": value}


def stock_cells(shop: "TenantClient") -> str:
    return shop.get(f"/views/{STOCK}/data").text


def test_a_cell_by_ids_names_and_codes(shop: "TenantClient") -> None:
    items = shop.get(f"/modules/{SALES}/lineItems").json()["items"]
    pear = shop.get(f"/dimensions/{PRODUCTS}/items").json()["items"][1]["id"]
    by_ids = {
        "lineItemId": items[0]["id"],
        "dimensions": [
            {"dimensionId": VERSIONS, "itemId": "107000000001"},
            {"dimensionId": PRODUCTS, "itemId": pear},
            {"dimensionId": TIME, "itemId": "543000000001"},
        ],
        "value": 1,
    }
    mixed = {
        "lineItemName": "comment",
        "dimensions": [
            {"dimensionName": "products", "itemCode": "p2"},
            {"dimensionName": "TIME", "itemName": "jan 26"},
            {"dimensionId": VERSIONS, "itemName": "Actual"},
        ],
        "value": "ripe",
    }
    body = write(shop, SALES, by_ids, mixed)
    assert body["numberOfCellsChanged"] == 2
    assert "failures" not in body
    text = shop.get(f"/views/{SALES}/data").text
    assert "Pear,Units,1,0\n" in text
    assert "Pear,Comment,ripe,\n" in text


@pytest.mark.parametrize(
    ("line_item", "value", "shown"),
    [
        ("Units", 12.25, "12.25"),
        ("Units", -3, "-3"),
        ("Units", "1e3", "1000"),
        ("Promoted", True, "true"),
        ("Promoted", "TRUE", "true"),
        ("Since", "2026-02-28", "2026-02-28"),
        ("Comment", 'two\nlines, "quoted"', 'two\nlines, "quoted"'),
        ("Sold In", "asia", "Asia"),
        ("Sold In", "EU", "Europe"),
        ("Sold In", "201000000002", "Asia"),
    ],
)
def test_values_of_all_formats(
    shop: "TenantClient", line_item: str, value: object, shown: str
) -> None:
    assert write(shop, SALES, sale(value, line_item))["numberOfCellsChanged"] == 1
    reply = shop.http.get(
        shop.path(f"/views/{SALES}/data?format=v1"), headers={"Accept": "application/json"}
    )
    row = next(row for row in reply.json()["rows"] if row["rowCoordinates"] == ["Pear", line_item])
    assert row["cells"][0] == shown


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (sale("much"), "valueDataTypeMismatch"),
        (sale("1e999"), "valueDataTypeMismatch"),
        (sale("maybe", "Promoted"), "valueDataTypeMismatch"),
        (sale("2026-02-30", "Since"), "invalidDateValue"),
        (sale("Mars", "Sold In"), "invalidListItemValue"),
        (sale(1, "Colour"), "invalidLineItem"),
        (sale(1, Products="Fig"), "invalidItem"),
        (sale(1, Orders="O1"), "invalidDimension"),
        ({"lineItemName": "Units", "value": 1}, "invalidDimension"),
    ],
)
def test_invalid_cells_fail_individually(
    shop: "TenantClient", cell: dict[str, Any], kind: str
) -> None:
    body = write(shop, SALES, sale(1), cell, sale(2, Time="Feb 26"))
    assert body["numberOfCellsChanged"] == 2
    (failure,) = body["failures"]
    assert (failure["requestIndex"], failure["failureType"]) == (1, kind)
    assert failure["failureMessageDetails"]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (sale(True), "unsupportedValueType"),
        (sale(1, "Promoted"), "unsupportedValueType"),
        (sale(20260228, "Since"), "unsupportedValueType"),
        (sale(1, "Comment"), "unsupportedValueType"),
        (sale(1, "Sold In"), "unsupportedValueType"),
        ({"value": 1}, "missingRequiredField"),
        ({"lineItemName": "Units", "dimensions": []}, "missingRequiredField"),
        ({"lineItemName": "Units", "value": None}, "missingRequiredField"),
        (
            {"lineItemName": "Units", "value": 1, "dimensions": [{"itemName": "Pear"}]},
            "missingRequiredField",
        ),
        (
            {"lineItemName": "Units", "value": 1, "dimensions": [{"dimensionName": "Time"}]},
            "missingRequiredField",
        ),
    ],
)
def test_missing_members_and_wrong_types_refuse_the_whole_request(
    shop: "TenantClient", cell: dict[str, Any], kind: str
) -> None:
    before = shop.get(f"/views/{SALES}/data").text
    body = write(shop, SALES, sale(77), cell, cell, status=400)
    assert [each["requestIndex"] for each in body["failures"]] == [1, 2]
    assert {each["failureType"] for each in body["failures"]} == {kind}
    assert body["status"]["code"] == 400
    assert shop.get(f"/views/{SALES}/data").text == before


def test_a_dimension_given_twice(shop: "TenantClient") -> None:
    cell = stock(1)
    cell["dimensions"] *= 2
    assert write(shop, STOCK, cell)["failures"][0]["failureType"] == "invalidDimension"


def test_calculated_cells_are_rejected_and_recalculated(shop: "TenantClient") -> None:
    body = write(shop, STOCK, stock(1, "Balance"), stock(20))
    assert body["numberOfCellsChanged"] == 1
    assert body["failures"][0]["failureType"] == "cellIsCalculated"
    assert stock_cells(shop) == ",In,Out,Balance\nApple,20,2.5,17.5\nPear,0,0,0\n"


def test_unchanged_cells_are_not_counted(shop: "TenantClient") -> None:
    assert write(shop, STOCK, stock(10))["numberOfCellsChanged"] == 0
    assert write(shop, STOCK, stock(0, code="P2"))["numberOfCellsChanged"] == 0
    assert write(shop, STOCK, stock(11), stock(10))["numberOfCellsChanged"] == 2
    assert write(shop, STOCK, stock(""))["numberOfCellsChanged"] == 1
    assert write(shop, STOCK, stock(0))["numberOfCellsChanged"] == 0
    assert write(shop, SALES, sale("", "Comment"))["numberOfCellsChanged"] == 0
    assert write(shop, SALES, sale(False, "Promoted"))["numberOfCellsChanged"] == 0
    assert write(shop, STOCK)["numberOfCellsChanged"] == 0


def test_written_cells_are_exported(shop: "TenantClient") -> None:
    write(shop, SALES, sale(99), sale("Asia", "Sold In"))
    assert shop.run("exports", "Sales - multi.csv")["successful"]
    file_id = shop.ids_by_name("exports")["Sales - multi.csv"]
    text = shop.get(f"/files/{file_id}/chunks/0").text
    assert "Pear,Jan 26,Actual,99,false,,,Asia\n" in text


def test_a_write_changes_the_serial_number_of_the_model(shop: "TenantClient") -> None:
    def serial_number() -> int:
        model = shop.http.get(f"/2/0/models/{shop.model_id()}?modelDetails=true").json()["model"]
        return int(model["lastSavedSerialNumber"])

    before = serial_number()
    write(shop, STOCK, stock(10))
    assert serial_number() == before
    write(shop, STOCK, stock(12))
    assert serial_number() > before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"{}",
        b"[1]",
        b'[{"lineItemName": "In"}]',
        b'[{"lineItemName": "In", "value": null}]',
        b'[{"lineItemName": "In", "value": [1]}]',
        b'[{"lineItemName": "In", "value": 1, "dimensions": {}}]',
        b'[{"lineItemName": "\\ud800", "value": 1}]',
    ],
)
def test_invalid_bodies(shop: "TenantClient", body: bytes) -> None:
    path = shop.path(f"/modules/{STOCK}/data")
    assert shop.http.post(path, content=body).status_code == 400


def test_limits(shop: "TenantClient") -> None:
    settings = Settings()
    assert (settings.cell_write_limit, settings.cell_write_bytes) == (100_000, 15_000_000)
    shop.emulator.settings.cell_write_limit = 2
    write(shop, STOCK, stock(1), stock(2))
    write(shop, STOCK, stock(1), stock(2), stock(3), status=400)
    assert stock_cells(shop).splitlines()[1] == "Apple,2,2.5,-0.5"
    shop.emulator.settings.cell_write_bytes = 20
    write(shop, STOCK, stock(1), status=413)


def test_permissions_for_writing(client_for: "ClientFor") -> None:
    write(client_for("bob"), STOCK, stock(1), status=403)
    write(client_for("eve"), STOCK, stock(1), status=404)
    # The body is checked before the role.
    path = client_for("bob").path(f"/modules/{STOCK}/data")
    assert client_for("bob").http.post(path, json={}).status_code == 400
    write(client_for("ada"), "102000000009", stock(1), status=404)


def test_get_is_not_allowed(shop: "TenantClient") -> None:
    assert shop.get(f"/modules/{STOCK}/data").status_code == 405


@pytest.mark.parametrize(
    ("state", "status"),
    [("PRODUCTION", 200), ("LOCKED", 423), ("ARCHIVED", 422), ("MAINTENANCE", 424)],
)
def test_states_of_the_model(shop: "TenantClient", state: str, status: int) -> None:
    with shop.emulator.tenant.store.transaction() as db:
        db.execute("UPDATE models SET active_state = ? WHERE id = ?", (state, shop.model_id()))
    write(shop, STOCK, stock(1), status=status)


def test_versions_are_edited_between_their_limits(shop: "TenantClient") -> None:
    with shop.emulator.tenant.store.transaction() as db:
        db.execute("UPDATE versions SET edit_from = '2026-01-15', edit_to = '2026-01-20'")
    body = write(shop, SALES, sale(1), sale(2, Time="Feb 26"))
    assert body["numberOfCellsChanged"] == 1
    (failure,) = body["failures"]
    assert (failure["requestIndex"], failure["failureType"]) == (1, "cellIsNotWriteable")
    with shop.emulator.tenant.store.transaction() as db:
        db.execute("UPDATE versions SET edit_from = '2026-02-01', edit_to = NULL")
    assert write(shop, SALES, sale(3), sale(2, Time="Feb 26"))["numberOfCellsChanged"] == 1
    # Modules without versions have no limits.
    assert write(shop, STOCK, stock(3))["numberOfCellsChanged"] == 1


def test_cells_before_the_switchover_are_actual_data(shop: "TenantClient") -> None:
    versions = shop.get("/versions").json()["versionMetadata"]
    forecast = next(version["id"] for version in versions if version["name"] == "Forecast")
    path = shop.path(f"/versions/{forecast}/switchover")
    assert shop.http.put(path, json={"date": "2026-02-01"}).is_success
    body = write(
        shop,
        SALES,
        sale(1, Versions="Forecast"),
        sale(1, Versions="Forecast", Time="Feb 26"),
        sale(1),
    )
    assert body["numberOfCellsChanged"] == 2
    assert body["failures"][0]["failureType"] == "cellIsNotWriteable"
