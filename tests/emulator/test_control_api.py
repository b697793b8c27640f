import json
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.app import create_app

ADA = ("ada@example.com", "correct horse")


def test_the_index_lists_every_operation_with_its_purpose(http: httpx2.Client) -> None:
    reply = http.get("/_emulator/")

    operations = {(row["method"], row["path"]) for row in reply.json()["operations"]}
    assert ("POST", "/_emulator/reset") in operations
    assert len(operations) == 21
    assert all(row["purpose"] for row in reply.json()["operations"])
    described = reply.json()["bodies"]["Fault"]["properties"]
    assert "and processing it" in described["hold_seconds"]["description"]


def test_info_contains_credentials(emulator: Emulator, http: httpx2.Client) -> None:
    info = http.get("/_emulator/info").json()

    assert info == emulator.info()
    assert info["base_url"] == emulator.base_url
    credentials = (info["user_email"], info["password"])
    assert http.post("/token/authenticate", auth=credentials).status_code == 201


def test_the_clock_can_be_read_and_changed(emulator: Emulator, http: httpx2.Client) -> None:
    http.post("/_emulator/clock", json={"advance_seconds": 3600})
    clock = http.get("/_emulator/clock").json()
    assert clock["offset_seconds"] == 3600

    moment = datetime(2030, 2, 1, 8, tzinfo=UTC)
    clock = http.post("/_emulator/clock", json={"set": moment.isoformat()}).json()

    assert abs(datetime.fromisoformat(clock["now"]) - moment) < timedelta(seconds=10)
    assert abs(emulator.now() - moment) < timedelta(seconds=10)


def test_the_clock_can_only_be_advanced_forward(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="only be advanced forward"):
        emulator.advance(minutes=-5)

    assert emulator.tenant.clock.offset == timedelta()
    emulator.set_clock(emulator.now() - timedelta(days=1))
    assert emulator.now() < datetime.now(UTC) - timedelta(hours=23)


def test_faults_are_added_and_removed(http: httpx2.Client) -> None:
    assert http.post("/_emulator/faults", json={"status": 503, "times": None}).json()["id"]
    assert http.post("/token/authenticate", auth=ADA).status_code == 503

    http.delete("/_emulator/faults")

    assert http.get("/_emulator/faults").json() == []
    assert http.post("/token/authenticate", auth=ADA).status_code == 201


def test_settings_are_read_and_changed(http: httpx2.Client) -> None:
    reply = http.patch("/_emulator/settings", json={"token_lifetime_seconds": 60})

    assert reply.json()["token_lifetime_seconds"] == 60
    assert http.get("/_emulator/settings").json() == reply.json()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "settings", {"token_lifetime_seconds": -1}),
        ("PATCH", "settings", {"unknown": 1}),
        ("POST", "faults", {"status": 1}),
        ("POST", "clock", {"advance": 1}),
        ("POST", "clock", {"advance_seconds": -1}),
        ("POST", "tenant", {"name": "Empty", "users": []}),
    ],
)
def test_invalid_bodies_change_nothing(
    http: httpx2.Client, method: str, path: str, body: dict[str, object]
) -> None:
    before = http.get("/_emulator/settings").json()

    reply = http.request(method, f"/_emulator/{path}", json=body)

    assert reply.status_code == 400
    assert reply.json()["error"][0]["msg"]
    assert http.get("/_emulator/settings").json() == before
    assert http.post("/token/authenticate", auth=ADA).status_code == 201


def test_certificates_are_issued(http: httpx2.Client) -> None:
    body = {"email": ADA[0], "not_after": "2031-01-01T00:00:00Z"}
    pair = http.post("/_emulator/certificates", json=body).json()

    assert pair["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert pair["private_key"].startswith("-----BEGIN PRIVATE KEY-----")

    backwards = {**body, "not_before": "2032-01-01T00:00:00Z"}
    assert http.post("/_emulator/certificates", json=backwards).status_code == 400

    unknown = http.post("/_emulator/certificates", json={"email": "who@example.com"})
    assert unknown.status_code == 404
    assert "who@example.com" in unknown.json()["error"]


def test_a_reset_restores_the_initial_state(emulator: Emulator, http: httpx2.Client) -> None:
    token = http.post("/token/authenticate", auth=ADA).json()["tokenInfo"]["tokenValue"]
    emulator.advance(minutes=5)
    emulator.settings.page_limit = 3
    http.post("/_emulator/faults", json={"status": 503})

    assert http.post("/_emulator/reset").json()["user_email"] == ADA[0]

    assert emulator.requests() == []
    assert http.get("/_emulator/faults").json() == []
    assert http.get("/_emulator/clock").json()["offset_seconds"] == 0
    assert emulator.settings.page_limit == 5000
    headers = {"Authorization": f"AnaplanAuthToken {token}"}
    assert http.get("/token/validate", headers=headers).status_code == 401


def test_loading_another_tenant(emulator: Emulator, http: httpx2.Client) -> None:
    user = {"email": "eve@example.org", "password": "p", "first_name": "E", "last_name": "V"}
    certificate = emulator.certificate.read_text()

    info = http.post("/_emulator/tenant", json={"name": "Other", "users": [user]}).json()

    assert info["user_email"] == "eve@example.org"
    assert http.post("/token/authenticate", auth=ADA).status_code == 401
    assert http.post("/token/authenticate", auth=("eve@example.org", "p")).status_code == 201
    assert emulator.certificate.read_text() != certificate


def test_requests_are_recorded_without_secrets(emulator: Emulator, http: httpx2.Client) -> None:
    token = http.post("/token/authenticate", auth=ADA).json()["tokenInfo"]["tokenValue"]
    http.get(
        "/token/validate?code=hidden&plain=seen",
        headers={"Authorization": f"AnaplanAuthToken {token}", "Cookie": "session=hidden"},
    )
    body = {"password": "hidden", "deep": [{"tokenValue": "hidden", "code": "seen"}]}
    http.post("/token/logout", json=body)
    http.post("/token/logout", data={"client_secret": "hidden", "plain": "seen"})
    http.post("/token/logout", content=b'{"password": "hidden"')

    recorded = http.get("/_emulator/requests").json()

    assert [row["path"].rpartition("/")[2] for row in recorded] == [
        "authenticate",
        "validate",
        "logout",
        "logout",
        "logout",
    ]
    assert [row["status"] for row in recorded] == [201, 200, 401, 401, 401]
    assert [row["number"] for row in recorded] == sorted(row["number"] for row in recorded)
    text = json.dumps(recorded)
    assert "hidden" not in text
    assert token not in text
    assert recorded[0]["headers"]["authorization"] == "Basic ***"
    assert recorded[1]["query"] == "code=***&plain=seen"
    assert recorded[2]["content_type"] == "application/json"
    assert json.loads(recorded[2]["body"])["deep"][0]["code"] == "seen"
    assert recorded[3]["body"] == "client_secret=***&plain=seen"
    assert (recorded[4]["body"], recorded[4]["body_bytes"]) == (None, 21)

    http.delete("/_emulator/requests")
    assert http.get("/_emulator/requests").json() == []


def test_different_tokens_are_masked_differently(emulator: Emulator, http: httpx2.Client) -> None:
    for token in ("one", "one", "two"):
        http.get("/token/validate", headers={"Authorization": f"AnaplanAuthToken {token}"})

    first, again, other = (request.headers["authorization"] for request in emulator.requests())
    assert first == again != other


def test_requests_on_one_connection_have_the_same_client(
    emulator: Emulator, http: httpx2.Client
) -> None:
    http.get("/token/validate")
    http.get("/token/validate")
    httpx2.get(f"{emulator.base_url}/token/validate")

    first, second, third = (request.client for request in emulator.requests())
    assert first == second != third


def test_requests_of_web_pages_are_rejected(http: httpx2.Client) -> None:
    reply = http.post("/_emulator/reset", headers={"Origin": "https://evil.example"})

    assert reply.status_code == 403


@pytest.mark.parametrize(("opened", "status"), [(False, 403), (True, 200)])
async def test_other_machines_need_permission(
    emulator: Emulator, tenant: TenantDescription, opened: bool, status: int
) -> None:
    with Emulator(tenant, control_from_anywhere=opened) as other:
        transport = httpx2.ASGITransport(create_app(other.tenant), client=("192.0.2.1", 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url=other.base_url) as client:
            assert (await client.get("/_emulator/health")).status_code == status


def test_the_error_names_an_unknown_route(http: httpx2.Client) -> None:
    reply = http.get("/2/0/imaginary/things")

    assert reply.status_code == 501
    assert "GET /2/0/imaginary/things" in reply.json()["status"]["message"]
    assert reply.json()["path"] == "/2/0/imaginary/things"
    assert http.get("/_emulator/imaginary").status_code == 501
