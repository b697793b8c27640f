"""Issuing, refreshing, using and revoking tokens."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from anaplan_emulator import Emulator, TenantDescription

if TYPE_CHECKING:
    from tests.emulator.oauth.conftest import Application


def test_a_code_is_exchanged_for_tokens(portal: "Application") -> None:
    reply = portal.exchange(portal.new_code())

    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    body = reply.json()
    assert set(body) == {
        "access_token",
        "id_token",
        "refresh_token",
        "scope",
        "expires_in",
        "token_type",
    }
    assert body["expires_in"] == 2100
    assert body["token_type"] == "Bearer"
    assert body["scope"] == "openid email offline_access"


def test_codes_are_exchanged_by_form_and_json(portal: "Application") -> None:
    form = {
        "grant_type": "authorization_code",
        "code": portal.new_code(),
        "redirect_uri": portal.callback,
        **portal.credentials,
    }

    assert portal.http.post("/oauth/token", data=form).status_code == 200


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        ("openid", "openid"),
        ("offline_access email", "offline_access email"),
        ("openid profile", "openid"),
        ("email email unknown", "email"),
        ("profile", None),
    ],
)
def test_the_scope_decides_what_is_in_the_reply(
    portal: "Application", requested: str, granted: str | None
) -> None:
    body = portal.sign_in(scope=requested)

    words = (granted or "").split()
    assert body.get("scope") == granted
    assert ("id_token" in body) == ("openid" in words)
    assert ("refresh_token" in body) == ("offline_access" in words)


@pytest.mark.parametrize("scope", ["openid email", "openid"])
def test_the_claims_of_an_id_token(
    emulator: Emulator, portal: "Application", http: httpx2.Client, scope: str
) -> None:
    emulator.set_clock(emulator.now() - timedelta(hours=5))
    body = portal.sign_in(scope=scope, nonce="once")

    keys = KeySet.import_key_set(http.get("/_emulator/oauth/keys").json())
    token = jwt.decode(body["id_token"], keys, algorithms=["RS256"])

    now = emulator.now().timestamp()
    claims = token.claims
    assert claims["iss"] == emulator.base_url
    assert claims["aud"] == portal.client_id
    assert claims["nonce"] == "once"
    assert claims["iat"] == pytest.approx(now, abs=30)
    assert claims["auth_time"] == pytest.approx(now, abs=30)
    assert claims["exp"] == claims["iat"] + 2100
    assert claims.get("email") == ("ada@example.com" if "email" in scope else None)
    headers = {"Authorization": f"AnaplanAuthToken {body['access_token']}"}
    user = http.get("/token/validate", headers=headers).json()["userInfo"]
    assert claims["sub"] == user["userGuid"]


@pytest.mark.parametrize("scheme", ["AnaplanAuthToken", "Bearer"])
def test_access_tokens_are_accepted_by_the_integration_api(
    portal: "Application", scheme: str
) -> None:
    token = portal.sign_in()["access_token"]

    assert portal.get_user(token, scheme).json()["user"]["email"] == "ada@example.com"


def test_access_tokens_expire_by_the_emulator_clock(
    emulator: Emulator, portal: "Application"
) -> None:
    token = portal.sign_in()["access_token"]

    emulator.advance(seconds=2090)
    assert portal.get_user(token).status_code == 200
    emulator.advance(seconds=20)
    assert portal.get_user(token).status_code == 401


def test_the_authentication_service_accepts_access_tokens_only_with_its_own_scheme(
    emulator: Emulator, portal: "Application", http: httpx2.Client
) -> None:
    token = portal.sign_in()["access_token"]
    own = {"Authorization": f"AnaplanAuthToken {token}"}
    bearer = {"Authorization": f"Bearer {token}"}

    validated = http.get("/token/validate", headers=own)
    assert validated.status_code == 200
    assert validated.json()["userInfo"]["userId"] == "ada@example.com"
    expires_at = validated.json()["tokenInfo"]["expiresAt"] / 1000
    assert expires_at == pytest.approx(emulator.now().timestamp() + 2100, abs=30)
    assert http.get("/token/validate", headers=bearer).status_code == 400
    # The authentication service cannot refresh OAuth tokens.
    assert http.post("/token/refresh", headers=own).status_code == 401
    assert http.post("/token/logout", headers=bearer).status_code == 401
    assert http.post("/token/logout", headers=own).status_code == 204
    assert portal.get_user(token).status_code == 401


def test_reusing_a_code_revokes_the_tokens_of_its_first_use(
    portal: "Application",
) -> None:
    code = portal.new_code()
    tokens = portal.exchange(code).json()

    repeated = portal.exchange(code)

    assert (repeated.status_code, repeated.json()["error"]) == (403, "invalid_grant")
    assert portal.get_user(tokens["access_token"]).status_code == 401
    assert portal.refresh(tokens["refresh_token"]).status_code == 403


def test_codes_expire_by_the_emulator_clock(emulator: Emulator, portal: "Application") -> None:
    code = portal.new_code()

    emulator.advance(seconds=61)

    assert portal.exchange(code).json()["error"] == "invalid_grant"


def test_a_code_is_valid_only_for_its_client_and_callback_url(
    portal: "Application", non_rotating_portal: "Application"
) -> None:
    code = portal.new_code()

    elsewhere = portal.exchange(code, "http://127.0.0.1:8000/oauth/callback")
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (403, "invalid_grant")
    nowhere = portal.post(grant_type="authorization_code", code=code)
    assert nowhere.json()["error"] == "invalid_grant"
    other_client = non_rotating_portal.exchange(code)
    assert (other_client.status_code, other_client.json()["error"]) == (403, "invalid_grant")

    assert portal.exchange(code).status_code == 200


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({}, id="none"),
        pytest.param({"client_id": ""}, id="empty"),
        pytest.param({"client_id": "0" * 32, "client_secret": "x"}, id="unknown"),
        pytest.param({"client_secret": "wrong"}, id="wrong secret"),
        pytest.param({"client_secret": ""}, id="no secret"),
    ],
)
@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_clients_must_authenticate(
    portal: "Application", credentials: dict[str, str], grant_type: str
) -> None:
    known = {"client_id": portal.client_id} if "client_secret" in credentials else {}
    body = {"grant_type": grant_type, "code": "x", "refresh_token": "x", **known, **credentials}

    reply = portal.http.post("/oauth/token", json=body)

    assert reply.status_code == 401
    assert reply.json()["error"] == "access_denied"
    assert "www-authenticate" not in reply.headers


def test_client_authentication_in_a_header_is_rejected(portal: "Application") -> None:
    reply = portal.http.post(
        "/oauth/token",
        json={
            "grant_type": "authorization_code",
            "code": portal.new_code(),
            "redirect_uri": portal.callback,
        },
        auth=(portal.client_id, portal.client_secret),
    )

    assert reply.status_code == 401


def test_refresh_tokens_rotate(emulator: Emulator, portal: "Application") -> None:
    first = portal.sign_in()
    emulator.advance(hours=1)

    second = portal.refresh(first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    assert "id_token" in second
    assert portal.get_user(first["access_token"]).status_code == 401
    assert portal.get_user(second["access_token"]).status_code == 200
    repeated = portal.refresh(first["refresh_token"])
    assert (repeated.status_code, repeated.json()["error"]) == (403, "invalid_grant")
    # The newer tokens remain valid.
    assert portal.get_user(second["access_token"]).status_code == 200
    assert portal.refresh(second["refresh_token"]).status_code == 200


def test_a_rotating_token_is_used_once_by_concurrent_requests(portal: "Application") -> None:
    token = portal.sign_in()["refresh_token"]

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(portal.refresh, [token] * 16))

    assert sorted(reply.status_code for reply in replies) == [200] + [403] * 15


def test_non_rotating_refresh_tokens_remain_valid(
    emulator: Emulator, non_rotating_portal: "Application"
) -> None:
    first = non_rotating_portal.sign_in()
    for _ in range(3):
        emulator.advance(hours=24)

        renewed = non_rotating_portal.refresh(first["refresh_token"]).json()

        assert "refresh_token" not in renewed
        assert non_rotating_portal.get_user(renewed["access_token"]).status_code == 200


def test_rotating_refresh_tokens_expire_after_twelve_hours(
    emulator: Emulator, portal: "Application"
) -> None:
    first = portal.sign_in()
    emulator.advance(seconds=42_990)
    second = portal.refresh(first["refresh_token"]).json()
    emulator.advance(seconds=43_010)

    reply = portal.refresh(second["refresh_token"])

    assert (reply.status_code, reply.json()["error"]) == (403, "invalid_grant")


def test_a_refresh_token_is_valid_only_for_its_client(
    portal: "Application", non_rotating_portal: "Application"
) -> None:
    token = portal.sign_in()["refresh_token"]

    assert non_rotating_portal.refresh(token).json()["error"] == "invalid_grant"
    assert portal.refresh(token).status_code == 200


def test_a_refresh_can_narrow_the_scope_but_not_extend_it(portal: "Application") -> None:
    token = portal.sign_in(scope="email offline_access")["refresh_token"]

    more = portal.refresh(token, scope="openid email offline_access")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_request")
    less = portal.refresh(token, scope="email").json()
    assert less["scope"] == "email"
    assert "refresh_token" not in less


def test_revoking_a_refresh_token_revokes_its_access_tokens(
    emulator: Emulator, portal: "Application"
) -> None:
    tokens, others = portal.sign_in(), portal.sign_in()

    emulator.revoke(tokens["refresh_token"])

    assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert portal.get_user(tokens["access_token"]).status_code == 401
    assert portal.get_user(others["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({}, "access_denied", id="no grant type"),
        pytest.param({"grant_type": None}, "access_denied", id="null"),
        pytest.param({"grant_type": "client_credentials"}, "access_denied", id="machine"),
        pytest.param({"grant_type": "password"}, "access_denied", id="password"),
    ],
)
def test_unsupported_grants_are_rejected(
    portal: "Application", body: dict[str, str], error: str
) -> None:
    reply = portal.http.post("/oauth/token", json={**portal.credentials, **body})

    assert (reply.status_code, reply.json()["error"]) == (401, error)
    assert reply.json()["error_description"]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        pytest.param("{", "application/json", id="broken JSON"),
        pytest.param("[]", "application/json", id="a list"),
        pytest.param('{"grant_type": 1}', "application/json", id="a number"),
        pytest.param(b"\xff", "application/json", id="no text"),
        pytest.param(
            "grant_type=refresh_token&grant_type=refresh_token",
            "application/x-www-form-urlencoded",
            id="twice",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/device/code"])
def test_a_malformed_body_is_rejected(
    http: httpx2.Client, path: str, content: str | bytes, media_type: str
) -> None:
    reply = http.post(path, content=content, headers={"Content-Type": media_type})

    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


def test_deactivated_users_receive_no_tokens(
    emulator: Emulator, portal: "Application", tenant: TenantDescription
) -> None:
    code, tokens = portal.new_code(), portal.sign_in()
    with emulator.tenant.store.transaction() as db:
        db.execute("UPDATE users SET active = 0 WHERE email = 'ada@example.com'")

    assert portal.exchange(code).json()["error"] == "invalid_grant"
    assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert portal.get_user(tokens["access_token"]).status_code == 401


def test_tokens_are_kept_after_a_restart_but_not_after_a_reset(
    tmp_path: Path, tenant: TenantDescription
) -> None:
    state = tmp_path / "state.sqlite"
    with Emulator(tenant, state=state) as emulator:
        url = (
            f"{emulator.base_url}/auth/authorize?response_type=code&scope=offline_access"
            f"&client_id={emulator.oauth_client_id}&redirect_uri={emulator.redirect_uri}"
        )
        code = parse_qs(urlsplit(emulator.authorize(url)).query)["code"][0]
        credentials = {
            "client_id": emulator.oauth_client_id,
            "client_secret": emulator.oauth_client_secret,
        }
        exchange = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": emulator.redirect_uri,
            **credentials,
        }
        tokens = httpx2.post(f"{emulator.base_url}/oauth/token", json=exchange).json()

    with Emulator(state=state) as emulator:
        refresh = {"grant_type": "refresh_token", **credentials}
        path = f"{emulator.base_url}/oauth/token"
        renewed = httpx2.post(path, json={**refresh, "refresh_token": tokens["refresh_token"]})
        assert renewed.status_code == 200

        emulator.reset()

        spent = {**refresh, "refresh_token": renewed.json()["refresh_token"]}
        assert httpx2.post(path, json=spent).json()["error"] == "invalid_grant"
    assert tokens["refresh_token"].encode() not in state.read_bytes()
