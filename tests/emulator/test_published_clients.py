"""What published clients send and read that the descriptions of the APIs do not have."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from anaplan_emulator.settings import Settings

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

GZIP = {"Content-Type": "application/x-gzip"}


def test_paths_may_end_with_a_slash(shop: TenantClient) -> None:
    for path in ("/2/0/users", "/2/0/workspaces", shop.path("/files"), shop.path("/imports")):
        assert shop.http.get(f"{path}/").json() == shop.http.get(path).json() | {
            "meta": shop.http.get(f"{path}/").json()["meta"]
        }
    file = shop.path(f"/files/{shop.ids_by_name('files')['products.csv']}")
    assert shop.http.post(f"{file}/", json={"chunkCount": 1}).status_code == 200
    assert shop.http.put(f"{file}/chunks/0/", content=b"a").status_code == 204
    assert shop.http.post(f"{file}/complete/", json={}).status_code == 200
    assert shop.http.get("/cloudworks/2/0/integrations/").status_code == 200
    assert shop.http.get("/_emulator/").status_code == 200


def test_paths_without_an_id_are_not_found(shop: TenantClient) -> None:
    assert shop.http.get("/2/0/workspaces//models//files").status_code == 404
    assert shop.http.get("/2/0/unknown").status_code == 501


def test_a_file_in_a_single_request_may_not_be_compressed(shop: TenantClient) -> None:
    file = shop.path(f"/files/{shop.ids_by_name('files')['products.csv']}")
    body = gzip.compress(b"Code,Name\n")
    assert shop.http.put(file, content=body, headers=GZIP).status_code == 415
    shop.http.post(file, json={"chunkCount": 1})
    assert shop.http.put(f"{file}/chunks/0", content=body, headers=GZIP).status_code == 204


def test_chunks_may_have_50_mebibytes() -> None:
    assert Settings().upload_chunk_bytes == 50 * 1024 * 1024
    assert Settings().rate_limit_burst == 600


def test_models_that_never_changed_have_a_last_user(shop: TenantClient) -> None:
    ids = {user["id"] for user in shop.http.get("/2/0/users").json()["users"]}
    models = shop.http.get("/2/0/models?modelDetails=true").json()["models"]
    assert {model["lastModifiedByUserGuid"] for model in models} <= ids


def test_users_are_sorted_by_either_name_of_the_address(shop: TenantClient) -> None:
    replies = [
        shop.http.get("/2/0/users", params={"sort": f"-{name}"}).json()["users"]
        for name in ("email", "emailAddress")
    ]
    assert replies[0] == replies[1]


def test_the_status_of_a_model_can_be_posted(shop: TenantClient) -> None:
    read = shop.get("/status").json()
    posted = shop.http.post(shop.path("/status")).json()
    assert read.keys() == {"requestStatus"}
    assert posted.keys() == {"meta", "status", "requestStatus"}
    assert posted["requestStatus"].keys() == read["requestStatus"].keys()


def test_members_of_workspaces_and_models(shop: TenantClient, client_for: ClientFor) -> None:
    bob = client_for("bob")
    user_id = bob.http.get("/2/0/users/me").json()["user"]["id"]
    for kind in ("models", "workspaces"):
        own = bob.http.get(f"/2/0/{kind}").json()[kind]
        assert bob.http.get(f"/2/0/users/{user_id}/{kind}").json()[kind] == own
        assert bob.http.get(f"/2/0/users/me/{kind}").json()[kind] == own
        assert shop.http.get(f"/2/0/users/{user_id}/{kind}").json()[kind] == own
        assert shop.http.get(f"/2/0/users/{'0' * 32}/{kind}").status_code == 404
    emails = {"ada@shop.example", "bob@shop.example", "eve@shop.example"}
    listed = shop.http.get(f"/2/0/workspaces/{shop.workspace_id}/users").json()["users"]
    assert {user["email"] for user in listed} == emails
    listed = shop.get("/users").json()["users"]
    assert {user["email"] for user in listed} == emails - {"eve@shop.example"}
    own_id = shop.http.get("/2/0/users/me").json()["user"]["id"]
    for path in (bob.path("/users"), f"/2/0/users/{own_id}/models"):
        assert bob.http.get(path).status_code == 403


def test_line_items_are_numbered_from_zero(shop: TenantClient) -> None:
    listed = shop.get("/lineItems").json()["items"]
    assert {item["id"][-9:] for item in listed} >= {"000000000"}


def test_ended_tasks_are_forgotten_when_the_model_is_unloaded(shop: TenantClient) -> None:
    kept, removed = (shop.start("actions", "Drop orders") for _ in range(2))
    shop.wait(kept)
    shop.wait(removed)
    close = shop.path("/close")
    assert shop.http.post(close).status_code == 204
    assert shop.http.get(kept).status_code == 200
    shop.emulator.settings.unloading_removes_tasks = True
    assert shop.http.post(close).status_code == 204
    assert shop.http.get(removed).status_code == 404


def test_the_reply_to_a_cancellation_is_current(shop: TenantClient) -> None:
    shop.emulator.settings.hold_tasks = "IN_PROGRESS"
    task = shop.start("actions", "Drop orders")
    while shop.http.get(task).json()["task"]["taskState"] != "IN_PROGRESS":
        pass
    body = shop.http.delete(task).json()["task"]
    assert body["taskState"] in ("CANCELLING", "CANCELLED")
    assert body["currentStep"] != "Waiting for other tasks of the model."
