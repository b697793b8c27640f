from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop


def test_exports_are_listed_and_described(shop: "Shop") -> None:
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


def test_the_output_is_in_the_file_of_the_same_id(shop: "Shop") -> None:
    export_id = shop.listed("exports")["Sales - multi.csv"]
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


def test_the_output_is_its_users_own(shop: "Shop", visit: Callable[[str], "Shop"]) -> None:
    shop.run("exports", "Orders.csv")
    assert visit("bob").get("/files/116000000004").status_code == 404


def test_what_was_imported_is_exported(shop: "Shop") -> None:
    shop.upload(
        "sales.csv",
        b"Product,Month,Units,Promoted,Since,Comment,Sold In\nPear,Feb 26,4,,,fresh,AS\n",
    )
    shop.run("imports", "Sales")
    shop.run("exports", "Sales - multi.csv")
    lines = shop.get("/files/116000000000").text.splitlines()
    assert "Pear,Feb 26,Actual,4,false,,fresh,Asia" in lines
    # Imports leave what an earlier export has written.
    shop.upload("products.csv", b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\n")
    shop.run("imports", "Products")
    assert shop.get("/files/116000000000").text.splitlines() == lines
