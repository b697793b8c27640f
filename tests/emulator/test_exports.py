from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient


def test_exports_are_listed_and_described(shop: "TenantClient") -> None:
    assert shop.get("/exports").json()["exports"][1] == {
        "id": "116000000001",
        "name": "Sales - single.txt",
        "exportType": "TABULAR_SINGLE_COLUMN",
        "exportFormat": "text/plain",
        "encoding": "UTF-8",
        "layout": "TABULAR_SINGLE_COLUMN",
    }
    assert shop.get("/exports/116000000004").json()["exportMetadata"] == {
        "columnCount": 4,
        "rowCount": 2,
        "headerNames": ["Orders", "Amount", "Drop", "Known"],
        "dataTypes": ["ENTITY", "NUMBER", "BOOLEAN", "BOOLEAN"],
        "listNames": ["Orders", "", "", ""],
        "delimiter": '"',
        "separator": ",",
        "encoding": "UTF-16LE",
        "exportFormat": "text/csv",
        "layout": "TABULAR_MULTI_COLUMN",
    }
    assert shop.get("/exports/116999999999").status_code == 404


def test_the_output_is_in_the_file_with_the_id_of_the_export(shop: "TenantClient") -> None:
    export_id = shop.ids_by_name("exports")["Sales - multi.csv"]
    assert shop.get(f"/files/{export_id}").status_code == 404
    shop.emulator.settings.output_chunk_bytes = 100
    assert shop.run("exports", "Sales - multi.csv") == {
        "successful": True,
        "objectId": export_id,
        "objectName": "Sales - multi.csv",
        "failureDumpAvailable": False,
    }
    numbers = [chunk["id"] for chunk in shop.get(f"/files/{export_id}/chunks").json()["chunks"]]
    assert numbers == ["0", "1", "2", "3"]
    chunks = [shop.get(f"/files/{export_id}/chunks/{number}").content for number in numbers]
    whole = shop.get(f"/files/{export_id}").content
    assert b"".join(chunks) == whole
    assert whole.startswith(b"Products,Time,Versions,Units,")
    listed = {file["id"]: file for file in shop.get("/files").json()["files"]}
    assert listed[export_id] == {
        "id": export_id,
        "name": "Sales - multi.csv",
        "chunkCount": 4,
        "firstDataRow": 0,
        "headerRow": 0,
    }


def test_the_output_is_private(shop: "TenantClient", client_for: "ClientFor") -> None:
    shop.run("exports", "Orders.csv")
    assert client_for("bob").get("/files/116000000004").status_code == 404


def test_imported_data_is_exported(shop: "TenantClient") -> None:
    shop.upload(
        "sales.csv",
        b"Product,Month,Units,Promoted,Since,Comment,Sold In\nPear,Feb 26,4,,,fresh,AS\n",
    )
    shop.run("imports", "Sales")
    shop.run("exports", "Sales - multi.csv")
    lines = shop.get("/files/116000000000").text.splitlines()
    assert "Pear,Feb 26,Actual,4,false,,fresh,Asia" in lines
    # Imports do not change the output of earlier exports.
    shop.upload("products.csv", b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\n")
    shop.run("imports", "Products")
    assert shop.get("/files/116000000000").text.splitlines() == lines
