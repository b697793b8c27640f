import gzip
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

OCTETS = {"Content-Type": "application/octet-stream"}
GZIP = {"Content-Type": "application/x-gzip"}


def file_named(shop: "TenantClient", name: str) -> dict[str, Any]:
    files = shop.get("/files").json()["files"]
    found: dict[str, Any] = next(file for file in files if file["name"] == name)
    return found


def begin(shop: "TenantClient", name: str, count: int) -> str:
    """Set the chunk count, and return the file's path."""
    reply = shop.http.post(shop.path(f"/files/{name}"), json={"chunkCount": count})
    assert reply.status_code == 200
    return shop.path(f"/files/{reply.json()['file']['id']}")


def test_files_are_listed_with_their_settings(shop: "TenantClient") -> None:
    assert file_named(shop, "verkauf.txt") == {
        "id": "113000000003",
        "name": "verkauf.txt",
        "chunkCount": 0,
        "delimiter": '"',
        "encoding": "ISO-8859-1",
        "firstDataRow": 2,
        "format": "txt",
        "headerRow": 1,
        "separator": ";",
    }
    assert file_named(shop, "Sales - multi.csv")["id"] == "116000000000"


def test_chunks_can_be_sent_in_any_order_and_repeatedly(shop: "TenantClient") -> None:
    file = begin(shop, "113000000000", 3)
    for number, body in ((2, b"three"), (0, b"ONE"), (1, b"two"), (0, b"one")):
        reply = shop.http.put(f"{file}/chunks/{number}", content=body, headers=OCTETS)
        assert reply.status_code == 204
    assert shop.http.get(f"{file}/chunks").json()["chunks"] == [
        {"id": "0", "name": "Chunk 0"},
        {"id": "1", "name": "Chunk 1"},
        {"id": "2", "name": "Chunk 2"},
    ]
    assert shop.http.get(f"{file}/chunks/0", headers={"Accept": "application/json"}).text == "one"
    whole = shop.http.get(file)
    assert whole.content == b"onetwothree"
    assert whole.headers["Content-Type"] == "application/octet-stream"
    assert file_named(shop, "products.csv")["chunkCount"] == 3


def test_compressed_chunks_are_decompressed(shop: "TenantClient") -> None:
    file = begin(shop, "products.csv", 2)
    assert (
        shop.http.put(
            f"{file}/chunks/0", content=gzip.compress(b"first "), headers=GZIP
        ).status_code
        == 204
    )
    members = gzip.compress(b"second ") + gzip.compress(b"third")
    assert shop.http.put(f"{file}/chunks/1", content=members, headers=GZIP).status_code == 204
    assert shop.http.get(file).content == b"first second third"


@pytest.mark.parametrize("body", [b"plain text", gzip.compress(b"cut short", mtime=0)[:-6]])
def test_invalid_gzip_data_is_rejected(shop: "TenantClient", body: bytes) -> None:
    file = begin(shop, "products.csv", 1)
    reply = shop.http.put(f"{file}/chunks/0", content=body, headers=GZIP)
    assert reply.status_code == 400
    assert "not gzip" in reply.json()["status"]["message"]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_chunk_that_is_too_large_is_rejected(shop: "TenantClient", compressed: bool) -> None:
    shop.emulator.settings.upload_chunk_bytes = 1000
    file = begin(shop, "products.csv", 1)
    body = gzip.compress(b"x" * 1001) if compressed else b"x" * 1001
    headers = GZIP if compressed else OCTETS
    assert shop.http.put(f"{file}/chunks/0", content=body, headers=headers).status_code == 400
    body = gzip.compress(b"x" * 1000) if compressed else b"x" * 1000
    assert shop.http.put(f"{file}/chunks/0", content=body, headers=headers).status_code == 204


def test_a_chunk_with_another_content_type_is_rejected(shop: "TenantClient") -> None:
    file = begin(shop, "products.csv", 1)
    headers = {"Content-Type": "text/csv"}
    assert shop.http.put(f"{file}/chunks/0", content=b"x", headers=headers).status_code == 415


@pytest.mark.parametrize("number", ["2", "-1", "x", "1000"])
def test_chunks_beyond_the_count_are_rejected(shop: "TenantClient", number: str) -> None:
    file = begin(shop, "products.csv", 2)
    reply = shop.http.put(f"{file}/chunks/{number}", content=b"x", headers=OCTETS)
    assert reply.status_code == 400


def test_the_count_must_precede_the_chunks(shop: "TenantClient") -> None:
    reply = shop.http.put(shop.path("/files/113000000000/chunks/0"), content=b"x", headers=OCTETS)
    assert reply.status_code == 400


@pytest.mark.parametrize("body", [{}, {"chunkCount": 0}, {"chunkCount": 1001}, {"chunkCount": -2}])
def test_an_invalid_count_is_rejected(shop: "TenantClient", body: dict[str, int]) -> None:
    assert shop.http.post(shop.path("/files/113000000000"), json=body).status_code == 400


@pytest.mark.parametrize("body", [{"chunkCount": True}, {"chunkCount": "1"}, [1]])
def test_a_count_of_another_type_is_rejected(shop: "TenantClient", body: object) -> None:
    assert shop.http.post(shop.path("/files/113000000000"), json=body).status_code == 400


def test_an_upload_of_unknown_length_is_completed(shop: "TenantClient") -> None:
    file = begin(shop, "products.csv", -1)
    assert file_named(shop, "products.csv")["chunkCount"] == -1
    for number in range(2):
        shop.http.put(f"{file}/chunks/{number}", content=b"x", headers=OCTETS)
    reply = shop.http.post(f"{file}/complete", json={})
    assert reply.status_code == 200
    assert reply.json()["file"]["chunkCount"] == 2
    assert shop.http.put(f"{file}/chunks/2", content=b"x", headers=OCTETS).status_code == 400


def test_an_upload_with_gaps_cannot_be_completed(shop: "TenantClient") -> None:
    file = begin(shop, "products.csv", -1)
    assert shop.http.post(f"{file}/complete").status_code == 400
    shop.http.put(f"{file}/chunks/1", content=b"x", headers=OCTETS)
    assert shop.http.post(f"{file}/complete").status_code == 400


def test_completion_fails_by_setting(shop: "TenantClient") -> None:
    shop.emulator.settings.complete_fails = True
    file = begin(shop, "products.csv", -1)
    assert shop.http.post(f"{file}/complete", json={}).status_code == 500


def test_an_unknown_name_creates_a_file(shop: "TenantClient") -> None:
    reply = shop.http.post(shop.path("/files/brand new.csv"), json={"chunkCount": 1})
    assert reply.json()["file"] == {
        "id": "113000000008",
        "name": "brand new.csv",
        "chunkCount": 1,
        "headerRow": -1,
        "firstDataRow": -1,
    }
    repeated = shop.http.post(shop.path("/files/brand new.csv"), json={"chunkCount": 2})
    assert repeated.json()["file"]["id"] == "113000000008"
    unknown_id = shop.http.post(shop.path("/files/113999999999"), json={"chunkCount": 1})
    assert unknown_id.json()["file"]["name"] == "113999999999"


def test_uploading_a_file_in_one_request(shop: "TenantClient") -> None:
    file_id = shop.upload("products.csv", b"whole")
    assert file_named(shop, "products.csv")["chunkCount"] == 1
    assert shop.get(f"/files/{file_id}/chunks/0").content == b"whole"


def test_a_new_count_removes_the_previous_content(shop: "TenantClient") -> None:
    shop.emulator.settings.chunk_listing = "arrived"
    file_id = shop.upload("products.csv", b"old")
    begin(shop, file_id, 1)
    assert shop.get(f"/files/{file_id}").status_code == 404
    assert "chunks" not in shop.get(f"/files/{file_id}/chunks").json()


def test_content_is_private(shop: "TenantClient", client_for: "ClientFor") -> None:
    file_id = shop.upload("products.csv", b"ada's")
    bob = client_for("bob")
    assert bob.get(f"/files/{file_id}").status_code == 404
    assert file_named(bob, "products.csv")["chunkCount"] == 0
    bob.upload("products.csv", b"bob's")
    assert shop.get(f"/files/{file_id}").content == b"ada's"


def test_deletion_leaves_a_stale_count(shop: "TenantClient") -> None:
    file_id = shop.upload("products.csv", b"x")
    assert shop.http.delete(shop.path(f"/files/{file_id}")).status_code == 204
    assert shop.get(f"/files/{file_id}").status_code == 404
    assert shop.get(f"/files/{file_id}/chunks/0").status_code == 404
    assert file_named(shop, "products.csv")["chunkCount"] == 1
    shop.emulator.settings.dialect = "guide"
    assert file_named(shop, "products.csv")["chunkCount"] == 0
    assert shop.get(f"/files/{file_id}/chunks").json()["chunks"] == []


def test_default_content_is_restored_by_deletion(shop: "TenantClient") -> None:
    file_id = shop.upload("standing.csv", b"mine")
    shop.http.delete(shop.path(f"/files/{file_id}"))
    assert shop.get(f"/files/{file_id}").content == b"code,name\nP9,Fig\n"
    shop.http.delete(shop.path(f"/files/{file_id}"))
    assert shop.get(f"/files/{file_id}").status_code == 200


def test_content_expires_48_hours_after_its_last_use(
    shop: "TenantClient", client_for: "ClientFor"
) -> None:
    file_id = shop.upload("products.csv", b"x")
    shop.emulator.advance(hours=47)
    shop = sign_in_again(client_for)
    assert shop.get(f"/files/{file_id}").status_code == 200
    shop.emulator.advance(hours=47)
    assert sign_in_again(client_for).get(f"/files/{file_id}").status_code == 200
    shop.emulator.advance(hours=49)
    assert sign_in_again(client_for).get(f"/files/{file_id}").status_code == 404


def sign_in_again(client_for: "ClientFor") -> "TenantClient":
    """Sign in again: the token has expired."""
    return client_for("ada")


def test_the_output_of_exports_cannot_be_uploaded(shop: "TenantClient") -> None:
    path = shop.path("/files/116000000000")
    assert shop.http.post(path, json={"chunkCount": 1}).status_code == 400
    assert shop.http.put(path, content=b"x").status_code == 400
    assert shop.http.put(f"{path}/chunks/0", content=b"x").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/files/113000000999"),
        ("PUT", "/files/113000000999"),
        ("DELETE", "/files/113000000999"),
        ("GET", "/files/113000000999/chunks"),
        ("GET", "/files/113000000000/chunks/0"),
        ("POST", "/files/113000000999/complete"),
    ],
)
def test_unknown_files_are_not_found(shop: "TenantClient", method: str, path: str) -> None:
    reply = shop.http.request(method, shop.path(path))
    assert reply.status_code == 404
    assert reply.json()["status"] == {"code": 404, "message": "Not Found"}


def test_paths_with_the_workspace(shop: "TenantClient") -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}/models/{shop.model_id()}/files/113000000000"
    assert shop.http.post(path, json={"chunkCount": 1}).status_code == 200
    assert shop.http.put(f"{path}/chunks/0", content=b"x", headers=OCTETS).status_code == 204
    assert shop.http.get(path).content == b"x"
    elsewhere = path.replace(shop.workspace_id, "0" * 32)
    assert shop.http.get(elsewhere).status_code == 404


@pytest.mark.parametrize(("setting", "listed"), [("declared", 3), ("arrived", 1)])
def test_announced_chunks_may_be_listed_before_they_arrive(
    shop: "TenantClient", setting: Literal["declared", "arrived"], listed: int
) -> None:
    shop.emulator.settings.chunk_listing = setting
    file = shop.path("/files/113000000000")
    for count, expected in ((3, listed), (-1, 1)):
        shop.http.post(file, json={"chunkCount": count})
        shop.http.put(f"{file}/chunks/0", content=b"x", headers=OCTETS)
        assert len(shop.http.get(f"{file}/chunks").json()["chunks"]) == expected
        assert shop.http.get(f"{file}/chunks/1").status_code == 404
