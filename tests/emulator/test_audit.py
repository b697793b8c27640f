import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.apis.audit.request_events import events_of
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.tenant_description import TenantError
from anaplan_emulator.tenant.tenant_file import read_tenant

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Shop

Visit = Callable[[str], "Shop"]
PATH = "/audit/api/1/events"
ROOT = lower_hex("user", "root@shop.example")
ADA = lower_hex("user", "ada@shop.example")
MEMBERS = {
    "id",
    "eventTypeId",
    "userId",
    "tenantId",
    "additionalAttributes",
    "message",
    "success",
    "errorNumber",
    "ipAddress",
    "userAgent",
    "hostName",
    "eventDate",
    "eventTimeZone",
    "createdDate",
    "createdTimeZone",
    "checksum",
}


@pytest.fixture
def auditor(visit: Visit) -> "Shop":
    return visit("root")


def events(auditor: "Shop", **query: str) -> list[dict[str, Any]]:
    answer = auditor.http.get(PATH, params={"limit": "1000", **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["response"]
    return found


def codes(auditor: "Shop", **query: str) -> list[str]:
    return [event["eventTypeId"] for event in events(auditor, **query)]


def test_a_sign_in(auditor: "Shop") -> None:
    [event] = events(auditor)
    assert event.keys() == MEMBERS | {"objectId", "objectTenantId"}
    assert event["eventTypeId"] == "USR-8"
    assert event["message"] == "User login success"
    assert event["userId"] == event["objectId"] == ROOT
    assert event["tenantId"] == lower_hex("customer", "Corner Shop")
    assert event["ipAddress"] == "127.0.0.1"
    assert event["userAgent"].startswith("python-httpx2")
    assert event["additionalAttributes"] is None
    assert event["errorNumber"] is None
    assert event["success"] is True
    assert event["eventDate"] == event["createdDate"]
    assert abs(event["eventDate"] - auditor.emulator.now().timestamp() * 1000) < 60_000
    assert event["id"] > 2**53
    assert event["checksum"].isdecimal()


def test_who_fails_to_sign_in_or_out(auditor: "Shop") -> None:
    auditor.http.post("/token/authenticate", auth=("ada@shop.example", "wrong"))
    auditor.http.post("/token/logout", headers={"Authorization": "AnaplanAuthToken none"})
    failed = events(auditor)[1:]
    assert [event["eventTypeId"] for event in failed] == ["USR-9", "USR-11"]
    assert [event["success"] for event in failed] == [False, False]
    assert [event["errorNumber"] for event in failed] == ["FAILURE_BAD_CREDENTIAL"] * 2
    assert all("userId" not in event for event in failed)


def test_signing_out(auditor: "Shop", visit: Visit) -> None:
    ada = auditor.http.post("/token/authenticate", auth=("ada@shop.example", "ada")).json()
    token = ada["tokenInfo"]["tokenValue"]
    auditor.http.post("/token/logout", headers={"Authorization": f"AnaplanAuthToken {token}"})
    event = events(auditor)[-1]
    assert (event["eventTypeId"], event["userId"], event["objectId"]) == ("USR-10", ADA, ADA)
    assert event["sessionId"] == ada["tokenInfo"]["tokenId"]


def test_actions_tell_their_names(
    auditor: "Shop", enter: Callable[[Emulator, str], "Shop"]
) -> None:
    ada = enter(auditor.emulator, "ada")
    export = ada.listed("exports")["Sales - multi.csv"]
    ada.run("exports", "Sales - multi.csv")
    told = {
        "modelId": ada.model_id(),
        "modelName": "Sales",
        "workspaceId": ada.workspace_id,
        "actionId": export,
        "actionName": "Sales - multi.csv",
    }
    started = [event for event in events(auditor) if event["eventTypeId"] in ("USR-20", "USR-36")]
    assert [event["eventTypeId"] for event in started] == ["USR-20", "USR-36"]
    assert [event["additionalAttributes"] for event in started] == [told, told]
    assert [event["userId"] for event in started] == [ADA, ADA]
    # Ids of 32 digits are in lower case here, those of models too.
    assert [event["objectId"] for event in started] == [ada.model_id().lower()] * 2


def test_models_opened_and_models_out_of_reach(
    auditor: "Shop", enter: Callable[[Emulator, str], "Shop"]
) -> None:
    ada = enter(auditor.emulator, "ada")
    ada.http.post(ada.path("/open"), headers={"Content-Type": "application/text"})
    assert ada.get("/files", "Sales 2020").status_code == 422
    assert enter(auditor.emulator, "eve").get("/files").status_code == 404
    of_models = [event for event in events(auditor) if event["eventTypeId"][:6] == "USR-13"] + [
        event for event in events(auditor) if event["eventTypeId"] == "USR-14"
    ]
    assert [
        (event["eventTypeId"], event["additionalAttributes"]["modelName"], event["errorNumber"])
        for event in of_models
    ] == [
        ("USR-13", "Sales", None),
        ("USR-14", "Sales 2020", "422"),
        ("USR-14", "Sales", "404"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/2/0/users/me", 200),
        ("GET", "/2/0/users/nobody", 404),
        ("PUT", "/2/0/users/me", 405),
        ("GET", "/2/0/nowhere", 501),
    ],
)
def test_every_other_call_leaves_an_event_too(
    auditor: "Shop", method: str, path: str, status: int
) -> None:
    auditor.http.request(method, path)
    event = events(auditor)[-1]
    assert event["eventTypeId"] == "API-1"
    assert event["success"] == (status < 400)
    assert event["errorNumber"] == (str(status) if status >= 400 else None)
    assert event["additionalAttributes"] == {"method": method, "path": path, "status": status}


@pytest.mark.parametrize(
    ("method", "path", "code", "object_id"),
    [
        ("POST", "/2/0/integrations", "INT-1", None),
        ("PUT", "/2/0/integrations/abc", "INT-2", "abc"),
        ("DELETE", "/cloudworks/2/0/integrationflows/abc", "INT-3", "abc"),
        ("POST", "/2/0/integrations/abc/run", "INT-4", "abc"),
        ("POST", "/2/0/integrations/abc/cancel", "INT-5", "abc"),
        ("POST", "/2/0/integrations/connections", "CONN-1", None),
        ("PATCH", "/2/0/integrations/connections/abc", "CONN-2", "abc"),
        ("DELETE", "/2/0/integrations/connections/abc", "CONN-3", "abc"),
        ("POST", "/scim/1/0/v2/Users", "USR-1", None),
        ("PATCH", "/scim/1/0/v2/Users/abc", "USR-5", "abc"),
        ("GET", "/2/0/integrations", "API-1", None),
        ("POST", "/2/0/integrations/notification", "API-1", None),
    ],
)
def test_what_a_path_tells(method: str, path: str, code: str, object_id: str | None) -> None:
    [event] = events_of(method, path, path, {}, 200)
    assert (event.code, event.object_id) == (code, object_id)
    [failed] = events_of(method, path, path, {}, 403)
    assert (failed.code, failed.success, failed.error_number) == ("API-1", False, "403")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/views/{viewId}/data", "USR-32"),
        ("GET", "/lists/{listId}/items", "USR-32"),
        ("GET", "/lists/{listId}/readRequests/{requestId}/pages/{pageNo}", "USR-32"),
        ("POST", "/lists/{listId}/items", "API-1"),
        ("GET", "/lists/{listId}", "API-1"),
    ],
)
def test_data_read_from_models(method: str, path: str, code: str) -> None:
    template = f"/2/0/models/{{modelId}}{path}"
    [event] = events_of(method, template, template, {"modelId": "M"}, 200)
    assert (event.code, event.object_id) == (code, "M")


def test_of_reading_the_trail_one_event_tells(auditor: "Shop") -> None:
    for _ in range(3):
        auditor.http.get("/2/0/users/me")
    for offset in range(0, 6, 2):
        answer = auditor.http.get(PATH, params={"limit": "2", "offset": str(offset)})
        assert answer.json()["meta"]["paging"]["totalSize"] == (5 if offset else 4)
    assert codes(auditor) == ["USR-8", *["API-1"] * 4]


def test_families(auditor: "Shop") -> None:
    auditor.http.get("/2/0/users/me")
    # The reading before is told of too, and is of no family.
    assert codes(auditor, type="user_activity") == ["USR-8"]
    assert codes(auditor, type="int") == []
    assert codes(auditor, type="all") == ["USR-8", "API-1", "API-1", "API-1"]
    assert codes(auditor, type="made_up") == ["USR-8", *["API-1"] * 4]


def test_pages(auditor: "Shop") -> None:
    for _ in range(24):
        auditor.http.get("/2/0/users/me")
    first = auditor.http.get(PATH).json()["meta"]["paging"]
    url = f"{auditor.emulator.base_url}{PATH}?type=all&limit=20"
    assert first == {
        "currentPageSize": 20,
        "totalSize": 25,
        "offSet": 0,
        "nextOffset": 20,
        "nextUrl": f"{url}&offset=20",
    }
    last = auditor.http.get(first["nextUrl"]).json()
    assert last["meta"]["paging"] == {
        "currentPageSize": 6,
        "totalSize": 26,
        "offSet": 20,
        "previousUrl": f"{url}&offset=0",
    }
    beyond = auditor.http.get(PATH, params={"offset": "100"}).json()
    assert beyond["response"] == []
    assert "nextUrl" not in beyond["meta"]["paging"]


def test_events_come_oldest_first_by_growing_ids(auditor: "Shop") -> None:
    auditor.http.get("/2/0/users/me")
    auditor.emulator.advance(minutes=30)
    auditor.http.get("/2/0/workspaces")
    found = events(auditor)
    assert [event["id"] for event in found] == sorted(event["id"] for event in found)
    dates = [event["eventDate"] for event in found]
    assert dates == sorted(dates)
    assert dates[-1] - dates[0] >= 1_800_000


def test_windows(auditor: "Shop") -> None:
    auditor.emulator.settings.token_lifetime_seconds = 10_000_000
    again = auditor.http.post("/token/authenticate", auth=("root@shop.example", "root")).json()
    auditor.http.headers["Authorization"] = f"AnaplanAuthToken {again['tokenInfo']['tokenValue']}"
    auditor.emulator.advance(hours=3)
    now = round(auditor.emulator.now().timestamp() * 1000)
    hour = 3_600_000
    both = ["USR-8", "USR-8"]

    def listed(**query: str) -> list[str]:
        return codes(auditor, type="user_activity", **query)

    assert listed(intervalInHours="2") == []
    assert listed(intervalInHours="4") == both
    assert listed(dateFrom=str(now - hour), dateTo=str(now)) == []
    assert listed(dateTo=str(now - hour)) == both
    assert listed(dateFrom=str(now - 4 * hour)) == both

    def search(body: object) -> list[str]:
        answer = auditor.http.post(f"{PATH}/search", params={"type": "user_activity"}, json=body)
        return [event["eventTypeId"] for event in answer.json()["response"]]

    assert search({"interval": 4}) == search({}) == both
    assert search({"interval": 2}) == []
    assert search({"from": now - 4 * hour, "to": now}) == both
    assert search({"from": now - hour}) == []


def test_events_are_kept_for_thirty_days(auditor: "Shop") -> None:
    auditor.emulator.settings.token_lifetime_seconds = 10_000_000
    auditor.emulator.advance(hours=30 * 24 - 1)

    def enter() -> None:
        answer = auditor.http.post("/token/authenticate", auth=("root@shop.example", "root"))
        token = answer.json()["tokenInfo"]["tokenValue"]
        auditor.http.headers["Authorization"] = f"AnaplanAuthToken {token}"

    enter()
    assert codes(auditor) == ["USR-8", "USR-8"]
    auditor.emulator.advance(hours=2)
    assert codes(auditor) == ["USR-8", "API-1"]


@pytest.mark.parametrize(
    "query",
    [
        "intervalInHours=721",
        "intervalInHours=0",
        "intervalInHours=much",
        "dateFrom=1700000000000&dateTo=1702678400000",
        "dateFrom=1700000000000",
        "dateFrom=1700000000001&dateTo=1700000000000",
        f"dateTo={'9' * 30}",
        "limit=0",
        "offset=-1",
        "limit=ten",
    ],
)
def test_queries_refused(auditor: "Shop", query: str) -> None:
    answer = auditor.http.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert answer.json()["status"] == "FAILURE_BAD_REQUEST"


@pytest.mark.parametrize(
    "body",
    ['{"interval": 721}', '{"from": "today"}', '{"from": true}', "[]", "{", '{"interval": 1.5}'],
)
def test_bodies_refused(auditor: "Shop", body: str) -> None:
    answer = auditor.http.post(f"{PATH}/search", content=body)
    assert answer.status_code == 400
    assert answer.json()["status"] == "FAILURE_BAD_REQUEST"


def test_exactly_thirty_days_are_not_too_many(auditor: "Shop") -> None:
    now = round(auditor.emulator.now().timestamp() * 1000)
    month = round(timedelta(days=30).total_seconds() * 1000)
    assert codes(auditor, dateFrom=str(now - month), dateTo=str(now)) == ["USR-8"]
    assert codes(auditor, intervalInHours="720")[0] == "USR-8"


def test_common_event_format(auditor: "Shop") -> None:
    odd = "odd=agent\\ one|two"
    auditor.http.get("/2/0/users/me", headers={"User-Agent": odd})
    answer = auditor.http.get(PATH, params={"limit": "1"}, headers={"Accept": "text/plain"})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    login, call = answer.text.splitlines()
    assert re.match(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  CEF:0\|Anaplan, Inc\.\|\|null\|USR-8"
        rf"\|User login success\|id=\d+ userId={ROOT} tenantId=[0-9a-f]{{32}} ",
        login,
    )
    assert "success=true" in login
    assert "errorNumber" not in login
    assert r"userAgent=odd\=agent\\ one|two sessionId=" in call
    assert call.partition("additionalAttributes=")[2] == json.dumps(
        {"method": "GET", "path": "/2/0/users/me", "status": 200}
    )


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, "FAILURE_BAD_HEADER", "no valid token header"),
        ({"Authorization": "Bearer token"}, "FAILURE_BAD_HEADER", "no valid token header"),
        ({"Authorization": "AnaplanAuthToken t"}, "FAILURE_BAD_CREDENTIAL", "verification"),
    ],
)
def test_who_is_not_signed_in(
    auditor: "Shop", headers: dict[str, str], status: str, words: str
) -> None:
    answer = httpx2.get(f"{auditor.emulator.base_url}{PATH}", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["status"] == status
    assert words in answer.json()["statusMessage"]


def test_bearer_is_not_taken_even_with_a_good_token(auditor: "Shop") -> None:
    token = auditor.http.headers["Authorization"].removeprefix("AnaplanAuthToken ")
    answer = auditor.http.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_only_auditors_read(shop: "Shop") -> None:
    for answer in (shop.http.get(PATH), shop.http.post(f"{PATH}/search", json={})):
        assert answer.status_code == 401
        assert answer.json()["status"] == "FAILURE_UNAUTHORIZED_USER_ACTION"


def test_calls_beyond_the_limit_leave_events_too(auditor: "Shop") -> None:
    auditor.emulator.settings.rate_limit_per_minute = 1
    auditor.emulator.settings.rate_limit_burst = 1
    auditor.http.get("/2/0/users/me")
    assert auditor.http.get("/2/0/users/me").status_code == 429
    auditor.emulator.settings.rate_limit_per_minute = None
    assert [event["success"] for event in events(auditor)] == [True, True, False]


def test_the_trail_survives_a_restart(tmp_path: "Path") -> None:
    tenant = read_tenant(None)
    state = tmp_path / "state.db"

    def read(emulator: Emulator) -> list[dict[str, Any]]:
        with httpx2.Client(base_url=emulator.base_url) as http:
            answer = http.post("/token/authenticate", auth=("auditor@skyline.example", "Aud1ting!"))
            token = answer.json()["tokenInfo"]["tokenValue"]
            headers = {"Authorization": f"AnaplanAuthToken {token}"}
            found: list[dict[str, Any]] = http.get(PATH, headers=headers).json()["response"]
        return found

    with Emulator(tenant, state=state) as emulator:
        before = read(emulator)
    with Emulator(state=state) as emulator:
        after = read(emulator)
    assert after[: len(before)] == before
    assert [event["eventTypeId"] for event in after[len(before) :]] == ["API-1", "USR-8"]
    assert len({event["id"] for event in after}) == len(after)
    # The first nine are the default tenant's past.
    ago = [before[-1]["eventDate"] - event["eventDate"] for event in before[:9]]
    assert ago == sorted(ago, reverse=True)
    assert round(ago[0] / 3_600_000) == 170
    assert before[7]["additionalAttributes"]["actionName"] == "Load flights"


def test_a_past_that_cannot_have_been() -> None:
    described = read_tenant(None).model_dump(mode="json", exclude_defaults=True)

    def with_event(**event: object) -> dict[str, object]:
        past = {"hours_ago": 1, "user": "planner@skyline.example", **event}
        return {**described, "audit_events": [past]}

    for event, words in (
        ({"event": "USR-999"}, "no event"),
        ({"event": "USR-8", "user": "nobody@skyline.example"}, "not one of the users"),
        ({"event": "USR-20"}, "needs a model"),
        ({"event": "USR-20", "model": "None"}, "no model"),
    ):
        with pytest.raises(ValueError, match=words):
            TenantDescription.model_validate(with_event(**event))
    lost = with_event(event="USR-20", model="Flight Operations", action="Nothing")
    with pytest.raises(TenantError, match="no action called 'Nothing'"):
        Emulator(TenantDescription.model_validate(lost))
