"""What all APIs share, tested with endpoints of the tests' own."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx2
import pytest
from starlette.responses import JSONResponse, Response

from anaplan_emulator import TenantDescription
from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.app import create_app
from anaplan_emulator.store.tokens import issue_token
from anaplan_emulator.store.users import user_by_email
from anaplan_emulator.tenant_state import TenantState

PATH = "/2/0/models/M1/things/T1"


def show(call: Call) -> Response:
    return envelope(
        "thing", model_id=call.path["modelId"], email=call.user.email, path=dict(call.path)
    )


def write(call: Call) -> Response:
    call.audit.record("USR-21", object_id="U1")
    call.audit.record("USR-16", object_id="U2")
    call.db.execute("INSERT INTO emulator (key, value) VALUES ('written', '')")
    if call.query.get("fail") == "expectedly":
        raise ApiError(409, "A conflict")
    if call.query.get("fail"):
        raise ZeroDivisionError
    return JSONResponse(call.json())


ENDPOINTS = [
    Endpoint("GET", "/2/0/models/{modelId}", show, INTEGRATION),
    Endpoint("GET", "/2/0/models/{modelId}/things/{thingId}", show, INTEGRATION),
    Endpoint("PUT", "/2/0/models/{modelId}/things/{thingId}", write, INTEGRATION),
]


@pytest.fixture
def state(tenant: TenantDescription) -> Iterator[TenantState]:
    state = TenantState(tenant=tenant)
    yield state
    state.close()


@pytest.fixture
def token(state: TenantState) -> str:
    with state.store.transaction() as db:
        user = user_by_email(db, "ada@example.com")
        assert user is not None
        return issue_token(db, user, state.clock, 2100).value


@pytest.fixture
async def http(state: TenantState, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(create_app(state, ENDPOINTS)),
        base_url="http://emulator",
        headers={"Authorization": f"AnaplanAuthToken {token}"},
    ) as client:
        yield client


def written(state: TenantState) -> bool:
    with state.store.snapshot() as db:
        query = "SELECT count(*) FROM emulator WHERE key = 'written'"
        return bool(db.execute(query).fetchone()[0])


async def test_paths_with_and_without_the_workspace(
    http: httpx2.AsyncClient,
) -> None:
    short = (await http.get(PATH)).json()
    longer = (await http.get(PATH.replace("/models", "/workspaces/w1/models"))).json()

    assert short["email"] == "ada@example.com"
    assert short["path"] == {"modelId": "M1", "thingId": "T1"}
    assert longer["path"].pop("workspaceId") == "w1"
    assert longer == short
    assert short["status"] == {"code": 200, "message": "Success"}
    assert short["meta"]["schema"].endswith("/models/M1/objects/thing")


@pytest.mark.parametrize("scheme", ["AnaplanAuthToken", "Bearer"])
async def test_both_authentication_schemes_are_accepted(
    http: httpx2.AsyncClient, token: str, scheme: str
) -> None:
    reply = await http.get(PATH, headers={"Authorization": f"{scheme} {token}"})

    assert reply.status_code == 200


@pytest.mark.parametrize("header", ["", "AnaplanAuthToken unknown", "Basic {token}", "{token}"])
async def test_an_unknown_token_is_a_401_in_the_shape_of_the_api(
    http: httpx2.AsyncClient, token: str, header: str
) -> None:
    headers = {"Authorization": header.format(token=token)}

    reply = await http.get(PATH, headers=headers)

    assert reply.status_code == 401
    assert reply.json()["status"] == {"code": 401, "message": "Unauthorized"}
    assert reply.json()["path"] == PATH
    seconds = reply.json()["timestamp"].partition(".")[2]
    assert len(seconds) == len("198115662Z")
    assert seconds.endswith("Z")


async def test_an_expired_token_is_a_401(state: TenantState, http: httpx2.AsyncClient) -> None:
    state.clock.advance(timedelta(minutes=36))

    assert (await http.get(PATH)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", PATH), ("GET", "/2/0/workspaces/w1/models/M1")]
)
async def test_wrong_methods_are_a_405_after_the_token_is_checked(
    http: httpx2.AsyncClient, method: str, path: str
) -> None:
    reply = await http.request(method, path)
    assert (reply.status_code, reply.json()["status"]["code"]) == (405, 405)

    unauthenticated = await http.request(method, path, headers={"Authorization": ""})
    assert unauthenticated.status_code == 401


async def test_changes_of_successful_requests_are_committed(
    state: TenantState, http: httpx2.AsyncClient
) -> None:
    assert (await http.put(PATH, json={"a": 1})).json() == {"a": 1}
    assert written(state)


@pytest.mark.parametrize(("fail", "status"), [("expectedly", 409), ("badly", 500)])
async def test_changes_of_failed_requests_are_rolled_back(
    state: TenantState, http: httpx2.AsyncClient, fail: str, status: int
) -> None:
    reply = await http.put(PATH, params={"fail": fail}, json={})

    assert reply.status_code == reply.json()["status"]["code"] == status
    assert not written(state)


async def test_a_body_that_is_not_json_is_a_400(http: httpx2.AsyncClient) -> None:
    reply = await http.put(PATH, content=b"{")

    assert reply.status_code == 400
    assert "JSON" in reply.json()["status"]["message"]


async def test_requests_above_the_rate_limit_are_rejected(
    state: TenantState, http: httpx2.AsyncClient
) -> None:
    state.change_settings({"rate_limit_per_minute": 6, "rate_limit_burst": 3})

    replies = [await http.get(PATH) for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert replies[3].json()["status"]["message"] == "Too Many Requests"
    wait = int(replies[3].headers["Retry-After"])
    assert 8 <= wait <= 10
    state.clock.advance(timedelta(seconds=wait))
    assert (await http.get(PATH)).status_code == 200


async def test_there_is_no_rate_limit_by_default(http: httpx2.AsyncClient) -> None:
    assert {(await http.get(PATH)).status_code for _ in range(50)} == {200}


@pytest.mark.parametrize(
    ("query", "codes"),
    [("", ["USR-21", "USR-16"]), ("?fail=expectedly", ["USR-16"]), ("?fail=badly", ["USR-16"])],
)
async def test_failed_requests_record_only_failed_events(
    state: TenantState, http: httpx2.AsyncClient, query: str, codes: list[str]
) -> None:
    await http.put(PATH + query, json={})
    state.audit_log.flush()
    with state.store.snapshot() as db:
        events = db.execute("SELECT code, success FROM audit_events ORDER BY id").fetchall()
    assert [row["code"] for row in events] == codes
    assert [bool(row["success"]) for row in events] == [code == "USR-21" for code in codes]


async def test_events_that_cannot_be_written_are_kept(
    state: TenantState, http: httpx2.AsyncClient
) -> None:
    await http.get(PATH)
    with state.store.transaction() as db:
        db.execute("ALTER TABLE audit_events RENAME TO elsewhere")
    with pytest.raises(sqlite3.OperationalError):
        state.audit_log.flush()
    with state.store.transaction() as db:
        db.execute("ALTER TABLE elsewhere RENAME TO audit_events")
    state.audit_log.flush()
    with state.store.snapshot() as db:
        assert [row["code"] for row in db.execute("SELECT code FROM audit_events")] == ["API-1"]
