from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

PRODUCTS = b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"
BAD = PRODUCTS + b"P1,Apple,Nowhere,1,,,,\n,Nameless,,,,,,\nP3,Fig,EU,2,,,,\n"


def test_imports_are_listed_with_their_sources(shop: "TenantClient") -> None:
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


def test_metadata_contains_the_mapped_or_uploaded_columns(shop: "TenantClient") -> None:
    def source() -> dict[str, object]:
        import_id = shop.ids_by_name("imports")["Product names"]
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


def test_metadata_contains_the_columns_that_the_file_is_described_with(
    shop: "TenantClient",
) -> None:
    ids = shop.ids_by_name("imports")
    imports = shop.get("/imports").json()["imports"]
    orders = shop.ids_by_name("files")["orders.csv"]
    names = [each["name"] for each in imports if each.get("importDataSourceId") == orders]
    for name in names:
        body = shop.get(f"/imports/{ids[name]}").json()
        assert body["importMetadata"]["source"]["headerNames"] == ["order", "product", "note"]
    assert names


def test_an_unknown_import_results_in_the_observed_server_error(shop: "TenantClient") -> None:
    assert shop.get("/imports/112999999999").status_code == 500
    shop.emulator.settings.dialect = "guide"
    assert shop.get("/imports/112999999999").status_code == 404


def test_a_run_without_errors(shop: "TenantClient") -> None:
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


def test_the_dump_of_rejected_rows(shop: "TenantClient") -> None:
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
    # Imports also have the longer path of processes.
    import_id = shop.ids_by_name("imports")["Products"]
    assert shop.http.get(f"{task}/dumps/{import_id}/chunks/0").text == dump.text


def test_a_long_dump_is_truncated(shop: "TenantClient") -> None:
    shop.emulator.settings.output_chunk_bytes = 120
    shop.upload("products.csv", BAD)
    task = shop.start("imports", "Products")
    shop.wait(task)
    numbers = [chunk["id"] for chunk in shop.http.get(f"{task}/dump/chunks").json()["chunks"]]
    assert numbers == ["0", "1"]
    chunks = [shop.http.get(f"{task}/dump/chunks/{number}").content for number in numbers]
    assert b"".join(chunks) == shop.http.get(f"{task}/dump").content


def test_the_next_run_replaces_the_dump(shop: "TenantClient") -> None:
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
    # The result of the task is unchanged.
    assert shop.wait(second)["result"]["failureDumpAvailable"]


def test_dumps_are_private(shop: "TenantClient", client_for: "ClientFor") -> None:
    shop.upload("products.csv", BAD)
    task = shop.start("imports", "Products")
    shop.wait(task)
    bob = client_for("bob")
    assert bob.http.get(task).status_code == 200
    assert bob.http.get(f"{task}/dump").status_code == 404
    bob.upload("products.csv", PRODUCTS)
    bob.run("imports", "Products")
    assert shop.http.get(f"{task}/dump").status_code == 200


def test_dumps_expire_48_hours_after_their_last_use(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    shop.upload("products.csv", BAD)
    task = shop.start("imports", "Products")
    shop.wait(task)
    shop.emulator.advance(hours=40)
    assert client_for("ada").http.get(f"{task}/dump").status_code == 200
    shop.emulator.advance(hours=40)
    assert client_for("ada").http.get(f"{task}/dump/chunks").status_code == 200
    shop.emulator.advance(hours=49)
    assert client_for("ada").http.get(f"{task}/dump").status_code == 404


def test_without_an_upload_the_task_fails(shop: "TenantClient") -> None:
    result = shop.run("imports", "Products")
    assert not result["successful"]
    assert not result["failureDumpAvailable"]
    assert result["details"][0]["type"] == "uploadedFileNoLongerAvailable"


def test_uploads_of_other_users_are_not_imported(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    shop.upload("products.csv", PRODUCTS)
    assert not client_for("bob").run("imports", "Products")["successful"]


def test_mapping_parameters(shop: "TenantClient") -> None:
    shop.upload("verkauf.txt", "Ware;Stück;Bemerkung\nApple;3;gut\n".encode("latin-1"))
    forecast = {"entityType": "Version", "entityName": "Forecast"}
    assert shop.run("imports", "Verkauf", mappingParameters=[forecast])["successful"]
    other_import = forecast | {"importId": "112000000000"}
    result = shop.run("imports", "Verkauf", mappingParameters=[other_import])
    assert result["details"][1]["type"] == "missingFields"
    this_import = forecast | {"importId": shop.ids_by_name("imports")["Verkauf"]}
    assert shop.run("imports", "Verkauf", mappingParameters=[this_import])["successful"]


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"localeName": ""}', b'{"localeName": 1}', b"[]", b"no json", b""],
)
def test_a_run_needs_a_locale(shop: "TenantClient", body: bytes) -> None:
    reply = shop.http.post(
        shop.path("/imports/112000000000/tasks"),
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert reply.status_code == 400
    assert "tasks" not in shop.get("/imports/112000000000/tasks").json()


@pytest.mark.parametrize(
    "path",
    ["/imports/112999999999/tasks", "/imports/116000000000/tasks", "/exports/112000000000/tasks"],
)
def test_unknown_actions_cannot_be_run(shop: "TenantClient", path: str) -> None:
    assert shop.http.post(shop.path(path), json={"localeName": "en_US"}).status_code == 404
