"""What HTTP lets clients ask: HEAD, compressed replies, media types, schemes, encoded paths."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.emulator.conftest import SHOP

from anaplan_emulator.apis import negotiation

if TYPE_CHECKING:
    from tests.emulator.conftest import TenantClient

    from anaplan_emulator import Emulator, TenantDescription

    ClientFor = Callable[[str], TenantClient]


@pytest.fixture
def tenant() -> TenantDescription:
    return SHOP


@pytest.fixture
def ada(emulator: Emulator, connect: Callable[[Emulator, str], TenantClient]) -> TenantClient:
    return connect(emulator, "ada")


def test_head_is_get_without_a_body(ada: TenantClient) -> None:
    file_id = ada.upload("products.csv", b"Code,Name\nP1,Apple\n")
    for path in ("/lists", f"/files/{file_id}", f"/files/{file_id}/chunks/0"):
        head, get = ada.http.head(ada.path(path)), ada.get(path)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"]
        assert head.headers["content-type"] == get.headers["content-type"]
    assert ada.http.head(ada.path("/lists/101999999998")).status_code == 404
    assert ada.http.head(ada.path(f"/files/{file_id}/complete")).status_code == 405
    assert httpx2.head(f"{ada.emulator.base_url}/2/0/workspaces").status_code == 401
    allowed = ada.http.delete(ada.path("/lists")).headers["allow"]
    assert allowed == "GET, HEAD"


@pytest.mark.parametrize(
    ("codings", "coding"),
    [
        ("gzip", "gzip"),
        ("deflate, GZIP;q=0.5", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0", None),
        ("br", None),
        ("identity", None),
    ],
)
def test_large_texts_are_compressed_if_the_client_accepts_it(
    ada: TenantClient, codings: str, coding: str | None
) -> None:
    items = [{"name": f"Region {number}", "code": f"R{number}"} for number in range(1000)]
    ada.emulator.restructure(ada.model_id(), {"lists": [{"name": "Many", "items": items}]})
    path = ada.path(f"/lists/{ada.ids_by_name('lists')['Many']}/items")
    with ada.http.stream("GET", path, headers={"Accept-Encoding": codings}) as reply:
        body = b"".join(reply.iter_raw())
    assert reply.headers.get("content-encoding") == coding
    assert reply.headers["vary"] == "Accept-Encoding"
    assert len(body) == int(reply.headers["content-length"])
    text = gzip.decompress(body) if coding else body
    assert text.count(b'"Region ') == 1000


def test_small_replies_and_content_of_files_are_not_compressed(ada: TenantClient) -> None:
    content = b"Code,Name\n" + b"P1,Apple\n" * 10_000
    file_id = ada.upload("products.csv", content)
    for path in ("/lists", f"/files/{file_id}", f"/files/{file_id}/chunks/0"):
        reply = ada.http.get(ada.path(path), headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in reply.headers
    assert reply.content == content


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("", 200),
        ("application/*;q=0.1", 200),
        ("text/csv, application/json;q=0.9", 200),
        ("Application/JSON", 200),
        ("text/csv", 406),
        ("application/xml", 406),
        ("application/json;q=0, */*", 406),
    ],
)
def test_json_is_not_sent_to_clients_that_do_not_accept_it(
    ada: TenantClient, accept: str, status: int
) -> None:
    reply = ada.http.get("/2/0/users/me", headers={"Accept": accept})
    assert reply.status_code == status
    assert reply.json()["status"]["code"] == status


def test_content_of_files_is_sent_whatever_the_client_accepts(ada: TenantClient) -> None:
    file_id = ada.upload("products.csv", b"Code\nP1\n")
    reply = ada.http.get(ada.path(f"/files/{file_id}"), headers={"Accept": "application/json"})
    assert (reply.status_code, reply.content) == (200, b"Code\nP1\n")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ("APPLICATION/JSON", 200),
        (None, 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/octet-stream", 415),
    ],
)
def test_a_task_is_started_by_json(
    ada: TenantClient, content_type: str | None, status: int
) -> None:
    tasks = ada.path(f"/processes/{ada.ids_by_name('processes')['Nightly']}/tasks")
    headers = {"Content-Type": content_type} if content_type else {}
    reply = ada.http.post(tasks, content=b'{"localeName": "en_US"}', headers=headers)
    assert reply.status_code == status
    started = ada.http.get(tasks).json().get("tasks", [])
    assert len(started) == (1 if status == 200 else 0)


def test_a_task_is_not_started_for_a_client_that_accepts_no_reply(ada: TenantClient) -> None:
    tasks = ada.path(f"/processes/{ada.ids_by_name('processes')['Nightly']}/tasks")
    body = {"localeName": "en_US"}
    reply = ada.http.post(tasks, json=body, headers={"Accept": "application/xml"})
    assert reply.status_code == 406
    assert "tasks" not in ada.http.get(tasks).json()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"id": "113000000000"}', 200), (b"{}", 200), (b"", 200), (b"[]", 400), (b"not JSON", 400)],
)
def test_the_body_that_completes_an_upload_is_an_object(
    ada: TenantClient, body: bytes, status: int
) -> None:
    path = ada.path(f"/files/{ada.ids_by_name('files')['products.csv']}")
    assert ada.http.post(path, json={"chunkCount": -1}).status_code == 200
    assert ada.http.put(f"{path}/chunks/0", content=b"x").status_code == 204
    assert ada.http.post(f"{path}/complete", content=body).status_code == status


def test_names_of_authorization_schemes_ignore_case(emulator: Emulator, ada: TenantClient) -> None:
    scheme, token = ada.http.headers["Authorization"].split()
    for spelling in (scheme.lower(), scheme.upper(), "bearer"):
        headers = {"Authorization": f"{spelling} {token}"}
        assert httpx2.get(f"{emulator.base_url}/2/0/users/me", headers=headers).is_success
        assert token not in str(emulator.requests()[-1].headers)
    user = SHOP.users[0]
    credential = base64.b64encode(f"{user.email}:{user.password}".encode()).decode()
    headers = {"Authorization": f"bASIC {credential}"}
    url = f"{emulator.base_url}/token/authenticate"
    assert httpx2.post(url, headers=headers).status_code == 201


def test_an_encoded_slash_is_part_of_the_name_of_a_file(ada: TenantClient) -> None:
    made = ada.http.post(ada.path("/files/2026%2Fq1%20costs.csv"), json={"chunkCount": 1})
    assert made.status_code == 200, made.text
    assert made.json()["file"]["name"] == "2026/q1 costs.csv"
    assert "2026/q1 costs.csv" in ada.ids_by_name("files")
    missing = ada.http.get(ada.path("/lists/a%2Fb"))
    assert (missing.status_code, missing.json()["path"]) == (404, ada.path("/lists/a/b"))


def test_weights_that_are_not_numbers_are_ignored() -> None:
    headers = httpx2.Headers({"Accept": "text/csv;q=high"})
    assert negotiation.accepts(headers, "text/csv")  # type: ignore[arg-type]
