import base64
import uuid
from collections.abc import Mapping

import httpx2
import pytest

from anaplan_emulator import Emulator

ADA = ("ada@example.com", "correct horse")


def sign_in(http: httpx2.Client, user: tuple[str, str] = ADA) -> str:
    reply = http.post("/token/authenticate", auth=user)
    assert reply.status_code == 201
    value = reply.json()["tokenInfo"]["tokenValue"]
    assert isinstance(value, str)
    return value


def with_token(token: str) -> Mapping[str, str]:
    return {"Authorization": f"AnaplanAuthToken {token}"}


def test_a_password_is_exchanged_for_a_token(emulator: Emulator, http: httpx2.Client) -> None:
    before = emulator.now().timestamp()

    reply = http.post("/token/authenticate", auth=ADA)

    assert reply.status_code == 201
    body = reply.json()
    assert body["status"] == "SUCCESS"
    assert body["statusMessage"] == "Login successful"
    assert body["meta"] == {"validationUrl": "https://auth.anaplan.com/token/validate"}
    info = body["tokenInfo"]
    assert set(info) == {"expiresAt", "tokenId", "tokenValue", "refreshTokenId"}
    assert uuid.UUID(info["tokenId"]) != uuid.UUID(info["refreshTokenId"])
    assert len(info["tokenValue"]) > 100
    assert info["expiresAt"] / 1000 == pytest.approx(before + 35 * 60, abs=30)


def test_email_addresses_are_case_insensitive(http: httpx2.Client) -> None:
    assert sign_in(http, ("Ada@Example.COM", "correct horse"))


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(("ada@example.com", "wrong"), id="wrong password"),
        pytest.param(("nobody@example.com", "correct horse"), id="unknown user"),
        pytest.param(("gone@example.com", "left"), id="inactive user"),
        pytest.param(("sso@example.com", "unused"), id="single sign-on"),
    ],
)
def test_users_who_cannot_sign_in_with_a_password(
    http: httpx2.Client, user: tuple[str, str]
) -> None:
    reply = http.post("/token/authenticate", auth=user)

    assert reply.status_code == 401
    assert reply.json()["status"] == "FAILURE_BAD_CREDENTIAL"
    assert reply.json()["statusMessage"]


def test_the_error_does_not_reveal_whether_a_user_exists(http: httpx2.Client) -> None:
    wrong = http.post("/token/authenticate", auth=("ada@example.com", "wrong"))
    unknown = http.post("/token/authenticate", auth=("nobody@example.com", "wrong"))

    assert wrong.json() == unknown.json()


def test_exception_users_can_sign_in_with_a_password(
    http: httpx2.Client,
) -> None:
    assert sign_in(http, ("exception@example.com", "taken"))


@pytest.mark.parametrize("credential", ["not base64!", base64.b64encode(b"no colon").decode()])
def test_a_malformed_password_credential_is_rejected(http: httpx2.Client, credential: str) -> None:
    headers = {"Authorization": f"Basic {credential}"}
    reply = http.post("/token/authenticate", headers=headers)

    assert reply.status_code == 401
    assert reply.json()["status"] == "FAILURE_BAD_CREDENTIAL"


MALFORMED = [
    pytest.param({}, id="no header"),
    pytest.param({"Authorization": "Foo xyz"}, id="unknown scheme"),
    pytest.param({"Authorization": "xyz"}, id="raw value"),
    pytest.param({"Authorization": "Bearer xyz"}, id="bearer"),
]


@pytest.mark.parametrize("headers", MALFORMED)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/token/authenticate", 401),
        ("POST", "/token/refresh", 400),
        ("GET", "/token/validate", 400),
        ("POST", "/token/logout", 401),
    ],
)
def test_the_status_of_malformed_headers_depends_on_the_operation(
    http: httpx2.Client, method: str, path: str, status: int, headers: Mapping[str, str]
) -> None:
    reply = http.request(method, path, headers=headers)

    assert reply.status_code == status
    assert reply.json()["status"] == "FAILURE_BAD_HEADER"


def test_bearer_tokens_are_rejected(http: httpx2.Client) -> None:
    headers = {"Authorization": f"Bearer {sign_in(http)}"}

    assert http.get("/token/validate", headers=headers).status_code == 400


def test_validate_returns_the_token_and_its_user(http: httpx2.Client) -> None:
    issued = http.post("/token/authenticate", auth=ADA).json()["tokenInfo"]

    reply = http.get("/token/validate", headers=with_token(issued["tokenValue"]))

    assert reply.status_code == 200
    body = reply.json()
    assert body["statusMessage"] == "Token validated"
    assert body["tokenInfo"] == {key: issued[key] for key in ("expiresAt", "tokenId")}
    assert body["userInfo"]["userId"] == "ada@example.com"
    for key in ("userGuid", "customerGuid"):
        guid = body["userInfo"][key]
        assert len(guid) == 32
        assert int(guid, 16)
        assert guid == guid.lower()


def test_refresh_keeps_the_token_and_extends_its_expiry(
    emulator: Emulator, http: httpx2.Client
) -> None:
    issued = http.post("/token/authenticate", auth=ADA).json()["tokenInfo"]
    emulator.advance(minutes=30)

    reply = http.post("/token/refresh", headers=with_token(issued["tokenValue"]))

    assert reply.status_code == 200
    assert reply.json()["statusMessage"] == "Token refreshed"
    refreshed = reply.json()["tokenInfo"]
    moved = refreshed.pop("expiresAt") - issued.pop("expiresAt")
    assert refreshed == issued
    assert moved / 60_000 == pytest.approx(30, abs=0.5)
    emulator.advance(minutes=30)
    validated = http.get("/token/validate", headers=with_token(issued["tokenValue"]))
    assert validated.status_code == 200


def test_tokens_expire_after_35_minutes_and_cannot_be_refreshed(
    emulator: Emulator, http: httpx2.Client
) -> None:
    headers = with_token(sign_in(http))
    emulator.advance(minutes=34)
    assert http.get("/token/validate", headers=headers).status_code == 200

    emulator.advance(minutes=1, seconds=1)

    for method, path in [("GET", "validate"), ("POST", "refresh"), ("POST", "logout")]:
        reply = http.request(method, f"/token/{path}", headers=headers)
        assert reply.status_code == 401
        assert reply.json()["status"] == "FAILURE_BAD_CREDENTIAL"


def test_the_lifetime_is_a_setting(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.settings.token_lifetime_seconds = 60
    headers = with_token(sign_in(http))

    emulator.advance(seconds=61)

    assert http.get("/token/validate", headers=headers).status_code == 401


def test_logout_revokes_the_token(http: httpx2.Client) -> None:
    mine, other = sign_in(http), sign_in(http)

    reply = http.post("/token/logout", headers=with_token(mine))

    assert (reply.status_code, reply.content) == (204, b"")
    for method, path in [("GET", "validate"), ("POST", "refresh"), ("POST", "logout")]:
        assert http.request(method, f"/token/{path}", headers=with_token(mine)).status_code == 401
    assert http.get("/token/validate", headers=with_token(other)).status_code == 200


def test_wrong_methods_are_rejected_without_a_token(http: httpx2.Client) -> None:
    assert http.get("/token/refresh").status_code == 405


def test_only_digests_of_tokens_are_stored(emulator: Emulator, http: httpx2.Client) -> None:
    token = sign_in(http)

    with emulator.tenant.store.snapshot() as db:
        rows = [tuple(row) for row in db.execute("SELECT * FROM tokens")]

    assert rows
    assert token not in repr(rows)
