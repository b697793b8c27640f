from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

PRODUCTS = b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"
BAD = PRODUCTS + b"P1,Apple,Nowhere,1,,,,\n,Nameless,,,,,,\nP3,Fig,EU,2,,,,\n"


def test_imports_are_listed_with_their_sources(shop: "Shop") -> None:
    body = shop.get("/imports").json()
    assert body["imports"][0] == {
        "id": "112000000000",
        "name": "Products",
        "importType": "HIERARCHY_DATA",
        "importDataSourceId": "113000000000",
        "importDataSource": {"type": "FILE", "importDataSourceId": "113000000000"},
    }
    assert body["imports"][2]["importType"] == "MODULE_DATA"
    assert shop.get("/imports/").json() == body


def test_metadata_names_the_columns_that_are_mapped_or_were_uploaded(shop: "Shop") -> None:
    def source() -> dict[str, object]:
        import_id = shop.listed("imports")["Product names"]
        body = shop.get(f"/imports/{import_id}").json()["importMetadata"]
        assert (body["name"], body["type"]) == ("Product names", "FILE")
        found: dict[str, object] = body["source"]
        return found

    assert source() == {
        "textEncoding": "UTF-8",
        "columnSeparator": ",",
        "textDelimiter": '"',
        "headerRow": 1,
        "firstDataRow": 2,
        "decimalSeparator": ".",
        "headerNames": ["Code", "Name"],
        "columnCount": 2,
    }
    shop.upload("names.csv", b"Name,More,Code\n")
    assert source()["headerNames"] == ["Name", "More", "Code"]
    shop.upload("names.csv", b"\xff\xfe")
    assert source()["headerNames"] == ["Code", "Name"]


def test_an_unknown_import_breaks_the_server_as_observed(shop: "Shop") -> None:
    assert shop.get("/imports/112999999999").status_code == 500
    shop.emulator.settings.quirks = "docs"
    assert shop.get("/imports/112999999999").status_code == 404


def test_a_clean_run(shop: "Shop") -> None:
    shop.upload("products.csv", PRODUCTS + b"P3,Fig,EU,2,,,,\n")
    task = shop.start("imports", "Products")
    body = shop.wait(task)
    assert body["taskState"] == "COMPLETE"
    assert body["progress"] == 1.0
    assert body["currentStep"] == "Complete."
    result = body["result"]
    assert result["successful"]
    assert not result["failureDumpAvailable"]
    assert result["objectId"] == "112000000000"
    assert result["objectName"] == "Products"
    (detail,) = result["details"]
    values = detail["values"]
    assert dict(zip(values[::2], values[1::2], strict=True)) == {
        "hierarchyName": "Products",
        "successRowCount": "1",
        "successCreateCount": "1",
        "successUpdateCount": "0",
        "warningsRowCount": "0",
        "warningsCreateCount": "0",
        "warningsUpdateCount": "0",
        "failedCount": "0",
        "ignoredCount": "0",
        "totalRowCount": "1",
        "totalCreateCount": "1",
        "totalUpdateCount": "0",
        "invalidCount": "0",
        "updatedCount": "0",
        "renamedCount": "0",
        "createdCount": "1",
    }
    assert shop.http.get(f"{task}/dump").status_code == 204
    assert shop.http.get(f"{task}/dump/chunks").status_code == 404


def test_the_dump_of_refused_rows(shop: "Shop") -> None:
    shop.upload("products.csv", BAD)
    task = shop.start("imports", "Products")
    result = shop.wait(task)["result"]
    assert result["successful"]
    assert result["failureDumpAvailable"]
    dump = shop.http.get(f"{task}/dump")
    assert dump.headers["Content-Type"].startswith("text/plain")
    assert dump.text == (
        '"_Status_","Code","Name","Region","Price","Launched","Fresh","Made In","Note",'
        '"_Line_","_Error_1_"\n'
        '"W","P1","Apple","Nowhere","1","","","","","2","Invalid parent"\n'
        '"E","","Nameless","","","","","","","3","Empty key"\n'
    )
    listed = shop.http.get(f"{task}/dump/chunks").json()["chunks"]
    assert listed == [{"id": "0", "name": "Chunk 0"}]
    assert shop.http.get(f"{task}/dump/chunks/0").text == dump.text
    assert shop.http.get(f"{task}/dump/chunks/1").status_code == 404
    # The longer form that processes use serves imports as well.
    import_id = shop.listed("imports")["Products"]
    assert shop.http.get(f"{task}/dumps/{import_id}/chunks/0").text == dump.text


def test_a_long_dump_is_cut(shop: "Shop") -> None:
    shop.emulator.settings.output_chunk_bytes = 120
    shop.upload("products.csv", BAD)
    task = shop.start("imports", "Products")
    shop.wait(task)
    numbers = [chunk["id"] for chunk in shop.http.get(f"{task}/dump/chunks").json()["chunks"]]
    assert numbers == ["0", "1"]
    chunks = [shop.http.get(f"{task}/dump/chunks/{number}").content for number in numbers]
    assert b"".join(chunks) == shop.http.get(f"{task}/dump").content


def test_the_next_run_replaces_the_dump(shop: "Shop") -> None:
    shop.upload("products.csv", BAD)
    first = shop.start("imports", "Products")
    shop.wait(first)
    second = shop.start("imports", "Products")
    shop.wait(second)
    assert shop.http.get(f"{first}/dump").status_code == 404
    assert shop.http.get(f"{second}/dump").status_code == 200
    shop.upload("products.csv", PRODUCTS + b"P3,Fig,EU,2,,,,\n")
    shop.run("imports", "Products")
    assert shop.http.get(f"{second}/dump").status_code == 404
    # What the task said stays as it was.
    assert shop.wait(second)["result"]["failureDumpAvailable"]


def test_a_dump_is_its_users_own(shop: "Shop", visit: Callable[[str], "Shop"]) -> None:
    shop.upload("products.csv", BAD)
    task = shop.start("imports", "Products")
    shop.wait(task)
    bob = visit("bob")
    assert bob.http.get(task).status_code == 200
    assert bob.http.get(f"{task}/dump").status_code == 404
    bob.upload("products.csv", PRODUCTS)
    bob.run("imports", "Products")
    assert shop.http.get(f"{task}/dump").status_code == 200


def test_a_dump_dies_48_hours_after_its_last_use(
    shop: "Shop", visit: Callable[[str], "Shop"]
) -> None:
    shop.upload("products.csv", BAD)
    task = shop.start("imports", "Products")
    shop.wait(task)
    shop.emulator.advance(hours=40)
    assert visit("ada").http.get(f"{task}/dump").status_code == 200
    shop.emulator.advance(hours=40)
    assert visit("ada").http.get(f"{task}/dump/chunks").status_code == 200
    shop.emulator.advance(hours=49)
    assert visit("ada").http.get(f"{task}/dump").status_code == 404


def test_without_an_upload_the_task_fails(shop: "Shop") -> None:
    result = shop.run("imports", "Products")
    assert not result["successful"]
    assert not result["failureDumpAvailable"]
    assert result["details"][0]["type"] == "uploadedFileNoLongerAvailable"


def test_uploads_of_others_are_not_imported(shop: "Shop", visit: Callable[[str], "Shop"]) -> None:
    shop.upload("products.csv", PRODUCTS)
    assert not visit("bob").run("imports", "Products")["successful"]


def test_mapping_parameters_answer_what_the_mapping_asks(shop: "Shop") -> None:
    shop.upload("verkauf.txt", "Ware;Stück;Bemerkung\nApple;3;gut\n".encode("latin-1"))
    forecast = {"entityType": "Version", "entityName": "Forecast"}
    assert shop.run("imports", "Verkauf", mappingParameters=[forecast])["successful"]
    other_import = forecast | {"importId": "112000000000"}
    result = shop.run("imports", "Verkauf", mappingParameters=[other_import])
    assert result["details"][1]["type"] == "missingFields"
    this_import = forecast | {"importId": shop.listed("imports")["Verkauf"]}
    assert shop.run("imports", "Verkauf", mappingParameters=[this_import])["successful"]


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"localeName": ""}', b'{"localeName": 1}', b"[]", b"no json", b""],
)
def test_a_run_needs_a_locale(shop: "Shop", body: bytes) -> None:
    answer = shop.http.post(
        shop.path("/imports/112000000000/tasks"),
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert "tasks" not in shop.get("/imports/112000000000/tasks").json()


@pytest.mark.parametrize(
    "path",
    ["/imports/112999999999/tasks", "/imports/116000000000/tasks", "/exports/112000000000/tasks"],
)
def test_what_is_no_such_action_cannot_be_run(shop: "Shop", path: str) -> None:
    assert shop.http.post(shop.path(path), json={"localeName": "en_US"}).status_code == 404
