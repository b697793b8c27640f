import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.apis.audit.request_events import events_of
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.tenant_file import read_tenant

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import ClientFor, Connect, TenantClient

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
def auditor(client_for: "ClientFor") -> "TenantClient":
    return client_for("root")


def events(auditor: "TenantClient", **query: str) -> list[dict[str, Any]]:
    reply = auditor.http.get(PATH, params={"limit": "1000", **query})
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["response"]
    return found


def codes(auditor: "TenantClient", **query: str) -> list[str]:
    return [event["eventTypeId"] for event in events(auditor, **query)]


def test_a_sign_in(auditor: "TenantClient") -> None:
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


def test_failed_sign_ins_and_sign_outs(auditor: "TenantClient") -> None:
    auditor.http.post("/token/authenticate", auth=("ada@shop.example", "wrong"))
    auditor.http.post("/token/logout", headers={"Authorization": "AnaplanAuthToken none"})
    failed = events(auditor)[1:]
    assert [event["eventTypeId"] for event in failed] == ["USR-9", "USR-11"]
    assert [event["success"] for event in failed] == [False, False]
    assert [event["errorNumber"] for event in failed] == ["FAILURE_BAD_CREDENTIAL"] * 2
    assert all("userId" not in event for event in failed)


def test_signing_out(auditor: "TenantClient", client_for: "ClientFor") -> None:
    ada = auditor.http.post("/token/authenticate", auth=("ada@shop.example", "ada")).json()
    token = ada["tokenInfo"]["tokenValue"]
    auditor.http.post("/token/logout", headers={"Authorization": f"AnaplanAuthToken {token}"})
    event = events(auditor)[-1]
    assert (event["eventTypeId"], event["userId"], event["objectId"]) == ("USR-10", ADA, ADA)
    assert event["sessionId"] == ada["tokenInfo"]["tokenId"]


def test_events_of_actions_contain_their_names(auditor: "TenantClient", connect: "Connect") -> None:
    ada = connect(auditor.emulator, "ada")
    export = ada.ids_by_name("exports")["Sales - multi.csv"]
    ada.run("exports", "Sales - multi.csv")
    attributes = {
        "modelId": ada.model_id(),
        "modelName": "Sales",
        "workspaceId": ada.workspace_id,
        "actionId": export,
        "actionName": "Sales - multi.csv",
    }
    started = [event for event in events(auditor) if event["eventTypeId"] in ("USR-20", "USR-36")]
    assert [event["eventTypeId"] for event in started] == ["USR-20", "USR-36"]
    assert [event["additionalAttributes"] for event in started] == [attributes, attributes]
    assert [event["userId"] for event in started] == [ADA, ADA]
    # In events, the ids of models are in lower case.
    assert [event["objectId"] for event in started] == [ada.model_id().lower()] * 2


def test_events_of_opened_and_inaccessible_models(
    auditor: "TenantClient", connect: "Connect"
) -> None:
    ada = connect(auditor.emulator, "ada")
    ada.http.post(ada.path("/open"), headers={"Content-Type": "application/text"})
    assert ada.get("/files", "Sales 2020").status_code == 422
    assert connect(auditor.emulator, "eve").get("/files").status_code == 404
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
        ("GET", "/2/0/users/unknown", 404),
        ("PUT", "/2/0/users/me", 405),
        ("GET", "/2/0/nowhere", 501),
    ],
)
def test_other_requests_record_an_api_event(
    auditor: "TenantClient", method: str, path: str, status: int
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
def test_events_of_paths(method: str, path: str, code: str, object_id: str | None) -> None:
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


def test_reading_several_pages_records_one_event(auditor: "TenantClient") -> None:
    for _ in range(3):
        auditor.http.get("/2/0/users/me")
    for offset in range(0, 6, 2):
        reply = auditor.http.get(PATH, params={"limit": "2", "offset": str(offset)})
        assert reply.json()["meta"]["paging"]["totalSize"] == (5 if offset else 4)
    assert codes(auditor) == ["USR-8", *["API-1"] * 4]


def test_filtering_by_type(auditor: "TenantClient") -> None:
    auditor.http.get("/2/0/users/me")
    # The previous reading has an event as well, which belongs to no type.
    assert codes(auditor, type="user_activity") == ["USR-8"]
    assert codes(auditor, type="int") == []
    assert codes(auditor, type="all") == ["USR-8", "API-1", "API-1", "API-1"]
    assert codes(auditor, type="made_up") == ["USR-8", *["API-1"] * 4]


def test_pages(auditor: "TenantClient") -> None:
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


def test_events_are_ordered_by_time_and_id(auditor: "TenantClient") -> None:
    auditor.http.get("/2/0/users/me")
    auditor.emulator.advance(minutes=30)
    auditor.http.get("/2/0/workspaces")
    found = events(auditor)
    assert [event["id"] for event in found] == sorted(event["id"] for event in found)
    dates = [event["eventDate"] for event in found]
    assert dates == sorted(dates)
    assert dates[-1] - dates[0] >= 1_800_000


def test_windows(auditor: "TenantClient") -> None:
    auditor.emulator.settings.token_lifetime_seconds = 10_000_000
    signed_in = auditor.http.post("/token/authenticate", auth=("root@shop.example", "root")).json()
    auditor.http.headers["Authorization"] = (
        f"AnaplanAuthToken {signed_in['tokenInfo']['tokenValue']}"
    )
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
        reply = auditor.http.post(f"{PATH}/search", params={"type": "user_activity"}, json=body)
        return [event["eventTypeId"] for event in reply.json()["response"]]

    assert search({"interval": 4}) == search({}) == both
    assert search({"interval": 2}) == []
    assert search({"from": now - 4 * hour, "to": now}) == both
    assert search({"from": now - hour}) == []


def test_events_are_kept_for_thirty_days(auditor: "TenantClient") -> None:
    auditor.emulator.settings.token_lifetime_seconds = 10_000_000
    auditor.emulator.advance(hours=30 * 24 - 1)

    def sign_in() -> None:
        reply = auditor.http.post("/token/authenticate", auth=("root@shop.example", "root"))
        token = reply.json()["tokenInfo"]["tokenValue"]
        auditor.http.headers["Authorization"] = f"AnaplanAuthToken {token}"

    sign_in()
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
def test_invalid_queries(auditor: "TenantClient", query: str) -> None:
    reply = auditor.http.get(f"{PATH}?{query}")
    assert reply.status_code == 400
    assert reply.json()["status"] == "FAILURE_BAD_REQUEST"


@pytest.mark.parametrize(
    "body",
    ['{"interval": 721}', '{"from": "today"}', '{"from": true}', "[]", "{", '{"interval": 1.5}'],
)
def test_invalid_bodies(auditor: "TenantClient", body: str) -> None:
    reply = auditor.http.post(f"{PATH}/search", content=body)
    assert reply.status_code == 400
    assert reply.json()["status"] == "FAILURE_BAD_REQUEST"


def test_a_window_of_exactly_thirty_days(auditor: "TenantClient") -> None:
    now = round(auditor.emulator.now().timestamp() * 1000)
    month = round(timedelta(days=30).total_seconds() * 1000)
    assert codes(auditor, dateFrom=str(now - month), dateTo=str(now)) == ["USR-8"]
    assert codes(auditor, intervalInHours="720")[0] == "USR-8"


def test_common_event_format(auditor: "TenantClient") -> None:
    odd = "odd=agent\\ one|two"
    auditor.http.get("/2/0/users/me", headers={"User-Agent": odd})
    reply = auditor.http.get(PATH, params={"limit": "1"}, headers={"Accept": "text/plain"})
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    login, call = reply.text.splitlines()
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
def test_requests_without_authentication(
    auditor: "TenantClient", headers: dict[str, str], status: str, words: str
) -> None:
    reply = httpx2.get(f"{auditor.emulator.base_url}{PATH}", headers=headers)
    assert reply.status_code == 401
    assert reply.json()["status"] == status
    assert words in reply.json()["statusMessage"]


def test_bearer_tokens_are_rejected(auditor: "TenantClient") -> None:
    token = auditor.http.headers["Authorization"].removeprefix("AnaplanAuthToken ")
    reply = auditor.http.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401


def test_only_auditors_can_read_events(shop: "TenantClient") -> None:
    for reply in (shop.http.get(PATH), shop.http.post(f"{PATH}/search", json={})):
        assert reply.status_code == 401
        assert reply.json()["status"] == "FAILURE_UNAUTHORIZED_USER_ACTION"


def test_requests_above_the_rate_limit_record_events(auditor: "TenantClient") -> None:
    auditor.emulator.settings.rate_limit_per_minute = 1
    auditor.emulator.settings.rate_limit_burst = 1
    auditor.http.get("/2/0/users/me")
    assert auditor.http.get("/2/0/users/me").status_code == 429
    auditor.emulator.settings.rate_limit_per_minute = None
    assert [event["success"] for event in events(auditor)] == [True, True, False]


def test_events_are_kept_after_a_restart(tmp_path: "Path") -> None:
    tenant = read_tenant(None)
    state = tmp_path / "state.db"

    def read(emulator: Emulator) -> list[dict[str, Any]]:
        with httpx2.Client(base_url=emulator.base_url) as http:
            reply = http.post("/token/authenticate", auth=("auditor@skyline.example", "Aud1ting!"))
            token = reply.json()["tokenInfo"]["tokenValue"]
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
    # The first nine events are those of the tenant's description.
    ago = [before[-1]["eventDate"] - event["eventDate"] for event in before[:9]]
    assert ago == sorted(ago, reverse=True)
    assert round(ago[0] / 3_600_000) == 170
    assert before[7]["additionalAttributes"]["actionName"] == "Load flights"


def test_invalid_described_events() -> None:
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
    with pytest.raises(ValueError, match="no action is called 'Nothing'"):
        TenantDescription.model_validate(lost)
