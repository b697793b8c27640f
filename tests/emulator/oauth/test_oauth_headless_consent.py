"""Consenting without a browser, and the absence of secrets in logs."""

import json
import logging
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import ValidationError

from anaplan_emulator import Emulator, OAuthRefusedError, TenantDescription

if TYPE_CHECKING:
    from tests.emulator.oauth.conftest import Application, Browser


def test_authorize_returns_the_callback_url(emulator: Emulator, portal: "Application") -> None:
    callback = httpx2.URL(emulator.authorize(portal.url(), "bob@example.com"))

    assert str(callback).startswith(portal.callback)
    assert callback.params["state"] == "a state"
    tokens = portal.exchange(callback.params["code"]).json()
    assert portal.get_user(tokens["access_token"]).json()["user"]["email"] == "bob@example.com"


def test_authorize_can_deny(emulator: Emulator, portal: "Application") -> None:
    callback = httpx2.URL(emulator.authorize(portal.url(), allow=False))

    assert callback.params["error"] == "access_denied"


def test_single_sign_on_users_can_authorize_web_applications(
    emulator: Emulator, portal: "Application"
) -> None:
    callback = httpx2.URL(emulator.authorize(portal.url(), "sso@example.com"))

    assert portal.exchange(callback.params["code"]).status_code == 200


@pytest.mark.parametrize("email", ["gone@example.com", "nobody@example.com"])
def test_users_who_cannot_sign_in_cannot_consent(
    emulator: Emulator, portal: "Application", terminal: "Application", email: str
) -> None:
    with pytest.raises(OAuthRefusedError, match=email):
        emulator.authorize(portal.url(), email)
    with pytest.raises(OAuthRefusedError, match=email):
        emulator.approve_device(terminal.start_device()["user_code"], email)


def test_requests_that_the_pages_reject_are_rejected(
    emulator: Emulator, portal: "Application"
) -> None:
    with pytest.raises(OAuthRefusedError, match="not registered"):
        emulator.authorize(portal.url(redirect_uri="https://evil.example/"))
    with pytest.raises(OAuthRefusedError, match="BCDF-GHJK"):
        emulator.deny_device("BCDF-GHJK")
    with pytest.raises(OAuthRefusedError, match="unknown"):
        emulator.revoke("unknown")


def test_consent_through_the_control_api(
    portal: "Application", terminal: "Application", http: httpx2.Client
) -> None:
    def control(path: str, **body: Any) -> Any:
        return http.post(f"/_emulator/oauth/{path}", json=body)

    callback = control("authorizations", url=portal.url()).json()["callback_url"]
    tokens = portal.exchange(httpx2.URL(callback).params["code"]).json()
    assert portal.get_user(tokens["access_token"]).status_code == 200
    assert control("revocations", refresh_token=tokens["refresh_token"]).status_code == 200
    assert portal.get_user(tokens["access_token"]).status_code == 401

    approved, denied = terminal.start_device(), terminal.start_device()
    assert control("devices", user_code=approved["user_code"]).json() == {"allowed": True}
    control("devices", user_code=denied["user_code"], allow=False)
    assert terminal.poll(approved).status_code == 200
    assert terminal.poll(denied).json()["error"] == "access_denied"

    refused = control("devices", user_code="BCDF-GHJK")
    assert refused.status_code == 400
    assert "BCDF-GHJK" in refused.json()["error"]


def test_no_secret_is_recorded_or_logged(
    emulator: Emulator,
    portal: "Application",
    terminal: "Application",
    browser: "Browser",
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    browser.open(portal.url())
    form_token = browser.page.fields["form_token"]
    browser.http.cookies.set("another", "cookie-value")
    browser.sign_in()
    browser.submit(decision="allow")
    code = browser.redirect_query["code"]
    browser.http.get("/activate", headers={"Referer": browser.redirect_url})
    tokens = portal.exchange(code).json()
    renewed = portal.refresh(tokens["refresh_token"]).json()
    portal.http.post("/oauth/token", data={"code": code, **portal.credentials})
    device = terminal.start_device(scope="offline_access")
    browser.open(device["verification_uri_complete"])
    browser.sign_in()
    browser.submit()
    browser.submit(decision="allow")
    device_tokens = terminal.poll(device).json()
    emulator.revoke(device_tokens["refresh_token"])
    (cookie, *_) = [c.value for c in browser.http.cookies.jar]

    recorded = emulator.requests()
    # The HTTP client of the test logs everything.
    logged = [r.getMessage() for r in caplog.records if not r.name.startswith("http")]
    seen = json.dumps([logged, [(r.path, r.query, r.headers, r.body) for r in recorded]])
    assert logged
    secrets = {
        "password": "correct horse",
        "form": form_token,
        "cookie": cookie,
        "code": code,
        "client secret": portal.client_secret,
        "device code": device["device_code"],
        "user code": device["user_code"],
        **{f"first {name}": tokens[name] for name in ("access_token", "id_token")},
        "first refresh token": tokens["refresh_token"],
        **{f"second {name}": renewed[name] for name in ("access_token", "refresh_token")},
        **{f"device's {name}": device_tokens[name] for name in ("access_token", "refresh_token")},
    }
    assert [name for name, value in secrets.items() if value and value in seen] == []
    # Other values are recorded.
    exchange = next(r for r in recorded if r.path == "/oauth/token")
    assert json.loads(exchange.body or "")["code"] == "***"
    assert json.loads(exchange.body or "")["grant_type"] == "authorization_code"


def client(**changes: Any) -> dict[str, Any]:
    callbacks = ["https://app.example.com/callback"]
    described = {"name": "App", "kind": "authorization_code", "redirect_uris": callbacks}
    return {**described, **changes}


@pytest.mark.parametrize(
    "clients",
    [
        pytest.param([client(redirect_uris=[])], id="no callback"),
        pytest.param([client(redirect_uris=["http://app.example.com/"])], id="plain http"),
        pytest.param([client(redirect_uris=["http://127.0.0.1.evil.example/"])], id="alike"),
        pytest.param([client(redirect_uris=["/callback"])], id="no URL"),
        pytest.param([client(redirect_uris=["https://a.example/#x"])], id="fragment"),
        pytest.param([client(redirect_uris=["https://u:p@a.example/"])], id="password in it"),
        pytest.param([client(redirect_uris=["javascript://a.example/%0aalert(1)"])], id="script"),
        pytest.param(
            [client(redirect_uris=[f"https://a.example/{n}" for n in range(61)])], id="too many"
        ),
        pytest.param([client(client_id="UPPER")], id="odd id"),
        pytest.param([client(refresh_token_lifetime_seconds=40_000_000)], id="over a year"),
        pytest.param([client(kind="device", client_secret="s")], id="a device's secret"),
        pytest.param([client(kind="service")], id="unknown kind"),
        pytest.param([client(), client()], id="twice"),
    ],
)
def test_clients_that_anaplan_would_not_register_are_rejected(
    tenant: TenantDescription, clients: list[dict[str, Any]]
) -> None:
    described = {**tenant.model_dump(), "oauth_clients": clients}

    with pytest.raises(ValidationError):
        TenantDescription.model_validate(described)


@pytest.mark.parametrize(
    "callback",
    ["http://127.0.0.1:8000/oauth/callback", "http://localhost/", "http://[::1]:5173/cb"],
)
def test_local_callback_urls_can_be_registered(tenant: TenantDescription, callback: str) -> None:
    described = {**tenant.model_dump(), "oauth_clients": [client(redirect_uris=[callback])]}

    assert TenantDescription.model_validate(described).oauth_clients[0].redirect_uris == (callback,)


def test_the_default_tenant_has_a_client_of_each_kind() -> None:
    with Emulator() as emulator:
        assert emulator.redirect_uri == "https://app.example.com/oauth/callback"
        assert emulator.oauth_client_secret
        assert emulator.device_client_id != emulator.oauth_client_id


def test_properties_of_missing_clients_raise(tenant: TenantDescription) -> None:
    bare = TenantDescription.model_validate({**tenant.model_dump(), "oauth_clients": []})

    with Emulator(bare) as emulator:
        assert emulator.info()["oauth_client_id"] is None
        with pytest.raises(LookupError, match="device"):
            _ = emulator.device_client_id
