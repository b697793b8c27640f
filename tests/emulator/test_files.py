import gzip
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

OCTETS = {"Content-Type": "application/octet-stream"}
GZIP = {"Content-Type": "application/x-gzip"}


def file_named(shop: "Shop", name: str) -> dict[str, Any]:
    files = shop.get("/files").json()["files"]
    found: dict[str, Any] = next(file for file in files if file["name"] == name)
    return found


def begin(shop: "Shop", name: str, count: int) -> str:
    """Set the chunk count, and return the file's path."""
    answer = shop.http.post(shop.path(f"/files/{name}"), json={"chunkCount": count})
    assert answer.status_code == 200
    return shop.path(f"/files/{answer.json()['file']['id']}")


def test_files_are_listed_with_their_settings(shop: "Shop") -> None:
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


def test_chunks_may_arrive_in_any_order_and_twice(shop: "Shop") -> None:
    file = begin(shop, "113000000000", 3)
    for number, body in ((2, b"three"), (0, b"ONE"), (1, b"two"), (0, b"one")):
        answer = shop.http.put(f"{file}/chunks/{number}", content=body, headers=OCTETS)
        assert answer.status_code == 204
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


def test_compressed_chunks_are_unpacked(shop: "Shop") -> None:
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
def test_what_is_not_gzip_is_refused(shop: "Shop", body: bytes) -> None:
    file = begin(shop, "products.csv", 1)
    answer = shop.http.put(f"{file}/chunks/0", content=body, headers=GZIP)
    assert answer.status_code == 400
    assert "not gzip" in answer.json()["status"]["message"]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_chunk_that_is_too_large_is_refused(shop: "Shop", compressed: bool) -> None:
    shop.emulator.settings.upload_chunk_bytes = 1000
    file = begin(shop, "products.csv", 1)
    body = gzip.compress(b"x" * 1001) if compressed else b"x" * 1001
    headers = GZIP if compressed else OCTETS
    assert shop.http.put(f"{file}/chunks/0", content=body, headers=headers).status_code == 400
    body = gzip.compress(b"x" * 1000) if compressed else b"x" * 1000
    assert shop.http.put(f"{file}/chunks/0", content=body, headers=headers).status_code == 204


def test_a_chunk_of_another_type_is_refused(shop: "Shop") -> None:
    file = begin(shop, "products.csv", 1)
    headers = {"Content-Type": "text/csv"}
    assert shop.http.put(f"{file}/chunks/0", content=b"x", headers=headers).status_code == 415


@pytest.mark.parametrize("number", ["2", "-1", "x", "1000"])
def test_chunks_outside_of_the_count_are_refused(shop: "Shop", number: str) -> None:
    file = begin(shop, "products.csv", 2)
    answer = shop.http.put(f"{file}/chunks/{number}", content=b"x", headers=OCTETS)
    assert answer.status_code == 400


def test_the_count_comes_before_the_chunks(shop: "Shop") -> None:
    answer = shop.http.put(shop.path("/files/113000000000/chunks/0"), content=b"x", headers=OCTETS)
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [{}, {"chunkCount": 0}, {"chunkCount": 1001}, {"chunkCount": -2}])
def test_a_count_that_makes_no_sense_is_refused(shop: "Shop", body: dict[str, int]) -> None:
    assert shop.http.post(shop.path("/files/113000000000"), json=body).status_code == 400


@pytest.mark.parametrize("body", [{"chunkCount": True}, {"chunkCount": "1"}, [1]])
def test_a_count_of_another_type_is_refused(shop: "Shop", body: object) -> None:
    assert shop.http.post(shop.path("/files/113000000000"), json=body).status_code == 400


def test_an_upload_of_unknown_length_is_completed(shop: "Shop") -> None:
    file = begin(shop, "products.csv", -1)
    assert file_named(shop, "products.csv")["chunkCount"] == -1
    for number in range(2):
        shop.http.put(f"{file}/chunks/{number}", content=b"x", headers=OCTETS)
    answer = shop.http.post(f"{file}/complete", json={})
    assert answer.status_code == 200
    assert answer.json()["file"]["chunkCount"] == 2
    assert shop.http.put(f"{file}/chunks/2", content=b"x", headers=OCTETS).status_code == 400


def test_an_upload_with_gaps_cannot_be_completed(shop: "Shop") -> None:
    file = begin(shop, "products.csv", -1)
    assert shop.http.post(f"{file}/complete").status_code == 400
    shop.http.put(f"{file}/chunks/1", content=b"x", headers=OCTETS)
    assert shop.http.post(f"{file}/complete").status_code == 400


def test_completion_fails_when_told_to(shop: "Shop") -> None:
    shop.emulator.settings.complete_fails = True
    file = begin(shop, "products.csv", -1)
    assert shop.http.post(f"{file}/complete", json={}).status_code == 500


def test_an_unknown_name_makes_a_file(shop: "Shop") -> None:
    answer = shop.http.post(shop.path("/files/brand new.csv"), json={"chunkCount": 1})
    assert answer.json()["file"] == {
        "id": "113000000008",
        "name": "brand new.csv",
        "chunkCount": 1,
        "headerRow": -1,
        "firstDataRow": -1,
    }
    again = shop.http.post(shop.path("/files/brand new.csv"), json={"chunkCount": 2})
    assert again.json()["file"]["id"] == "113000000008"
    unknown_id = shop.http.post(shop.path("/files/113999999999"), json={"chunkCount": 1})
    assert unknown_id.json()["file"]["name"] == "113999999999"


def test_a_file_in_one_piece(shop: "Shop") -> None:
    file_id = shop.upload("products.csv", b"whole")
    assert file_named(shop, "products.csv")["chunkCount"] == 1
    assert shop.get(f"/files/{file_id}/chunks/0").content == b"whole"


def test_a_new_count_forgets_the_former_content(shop: "Shop") -> None:
    file_id = shop.upload("products.csv", b"old")
    begin(shop, file_id, 1)
    assert shop.get(f"/files/{file_id}").status_code == 404
    assert "chunks" not in shop.get(f"/files/{file_id}/chunks").json()


def test_content_is_private(shop: "Shop", visit: Callable[[str], "Shop"]) -> None:
    file_id = shop.upload("products.csv", b"ada's")
    bob = visit("bob")
    assert bob.get(f"/files/{file_id}").status_code == 404
    assert file_named(bob, "products.csv")["chunkCount"] == 0
    bob.upload("products.csv", b"bob's")
    assert shop.get(f"/files/{file_id}").content == b"ada's"


def test_deletion_leaves_a_stale_count(shop: "Shop") -> None:
    file_id = shop.upload("products.csv", b"x")
    assert shop.http.delete(shop.path(f"/files/{file_id}")).status_code == 204
    assert shop.get(f"/files/{file_id}").status_code == 404
    assert shop.get(f"/files/{file_id}/chunks/0").status_code == 404
    assert file_named(shop, "products.csv")["chunkCount"] == 1
    shop.emulator.settings.quirks = "docs"
    assert file_named(shop, "products.csv")["chunkCount"] == 0
    assert shop.get(f"/files/{file_id}/chunks").json()["chunks"] == []


def test_default_content_comes_back_after_deletion(shop: "Shop") -> None:
    file_id = shop.upload("standing.csv", b"mine")
    shop.http.delete(shop.path(f"/files/{file_id}"))
    assert shop.get(f"/files/{file_id}").content == b"code,name\nP9,Fig\n"
    shop.http.delete(shop.path(f"/files/{file_id}"))
    assert shop.get(f"/files/{file_id}").status_code == 200


def test_content_dies_48_hours_after_its_last_use(
    shop: "Shop", visit: Callable[[str], "Shop"]
) -> None:
    file_id = shop.upload("products.csv", b"x")
    shop.emulator.advance(hours=47)
    shop = visit_again(visit)
    assert shop.get(f"/files/{file_id}").status_code == 200
    shop.emulator.advance(hours=47)
    assert visit_again(visit).get(f"/files/{file_id}").status_code == 200
    shop.emulator.advance(hours=49)
    assert visit_again(visit).get(f"/files/{file_id}").status_code == 404


def visit_again(visit: Callable[[str], "Shop"]) -> "Shop":
    """Sign in anew: tokens don't live that long."""
    return visit("ada")


def test_output_of_exports_is_not_uploaded(shop: "Shop") -> None:
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
def test_unknown_files_are_not_found(shop: "Shop", method: str, path: str) -> None:
    answer = shop.http.request(method, shop.path(path))
    assert answer.status_code == 404
    assert answer.json()["status"] == {"code": 404, "message": "Not Found"}


def test_the_longer_paths_serve_as_well(shop: "Shop") -> None:
    path = f"/2/0/workspaces/{shop.workspace_id}/models/{shop.model_id()}/files/113000000000"
    assert shop.http.post(path, json={"chunkCount": 1}).status_code == 200
    assert shop.http.put(f"{path}/chunks/0", content=b"x", headers=OCTETS).status_code == 204
    assert shop.http.get(path).content == b"x"
    elsewhere = path.replace(shop.workspace_id, "0" * 32)
    assert shop.http.get(elsewhere).status_code == 404
