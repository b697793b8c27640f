"""The shapes of replies in each dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anaplan_emulator.apis.dialects import OPTIONAL, make_odd

if TYPE_CHECKING:
    from tests.emulator.conftest import TenantClient


def started(shop: TenantClient, collection: str) -> Any:
    action = next(iter(shop.ids_by_name(collection).values()))
    path = shop.path(f"/{collection}/{action}/tasks")
    reply = shop.http.post(path, json={"localeName": "en_US"})
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("collection", ["imports", "exports", "processes", "actions"])
def test_the_guide_answers_starts_with_the_task_id_only(
    shop: TenantClient, collection: str
) -> None:
    assert started(shop, collection)["task"].keys() == {"taskId", "taskState", "creationTime"}
    shop.emulator.settings.dialect = "guide"
    body = started(shop, collection)
    if collection == "imports":
        assert body.keys() == {"taskId"}
    else:
        assert body["task"].keys() == {"taskId"}
    task_id = body.get("task", body)["taskId"]
    action = next(iter(shop.ids_by_name(collection).values()))
    task = shop.get(f"/{collection}/{action}/tasks/{task_id}").json()["task"]
    assert task["taskId"] == task_id
    assert "creationTime" not in task


def test_the_dialect_can_be_changed_through_the_control_api(shop: TenantClient) -> None:
    for dialect, status in (("odd", 200), ("guide", 200), ("docs", 400)):
        reply = shop.http.patch("/_emulator/settings", json={"dialect": dialect})
        assert reply.status_code == status
    assert shop.http.get("/_emulator/settings").json()["dialect"] == "guide"
    assert shop.http.patch("/_emulator/settings", json={"quirks": "docs"}).status_code == 400


def test_odd_replies_keep_what_identifies_an_object(shop: TenantClient) -> None:
    paths = ("/2/0/users", "/2/0/models?modelDetails=true", shop.path("/files"))
    plain = {path: shop.http.get(path).json() for path in paths}
    shop.emulator.settings.dialect = "odd"
    for path, body in plain.items():
        reply = shop.http.get(path)
        assert reply.headers["content-length"] == str(len(reply.content))
        odd = reply.json()
        assert odd["meta"]["paging"] == body["meta"]["paging"]
        key = path.partition("?")[0].rpartition("/")[2]
        assert [row["id"] for row in odd[key]] == [row["id"] for row in body[key]]
        assert odd == make_odd(body)


def test_odd_rows_differ_by_their_position() -> None:
    row = {"id": "1", "name": "A", "active": True, "lastLoginDate": "2026", "itemCount": 3}
    first, second, third, fourth = make_odd({"rows": [row] * 4})["rows"]
    assert {name: first[name] for name in row} == row
    assert first.keys() > row.keys()
    assert second.keys() & row.keys() == {"id", "name"}
    assert third["active"] == "true"
    assert (third["lastLoginDate"], third["itemCount"]) == (None, "3")
    assert fourth == first
    single = make_odd({"row": row})["row"]
    assert "active" not in single
    assert (single["lastLoginDate"], "itemCount" in single) == (None, False)


def test_odd_leaves_a_models_own_names_alone() -> None:
    assert not any(name.endswith("Id") for name in OPTIONAL)
    body = {"id": "1", "properties": {"format": "text", "active": True}}
    assert make_odd({"rows": [body, body]})["rows"][1]["properties"] == body["properties"]
