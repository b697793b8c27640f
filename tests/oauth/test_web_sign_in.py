"""`Oauth` and `AsyncOauth`: sign-in to a web application, its callbacks and its tokens."""

from __future__ import annotations

import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anaplan_emulator import Emulator
from anaplan_sdk import AsyncOauth, Hosts, Oauth
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanResponseException,
    AnaplanTimeoutException,
    OAuthException,
    OAuthStateException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from tests.oauth.conftest import World

REGISTERED: dict[str, Any] = {
    "client_id": "5c1a9e7d3b2f48068d4e6f1029ab37c4",
    "client_secret": "s3cret",
    "redirect_uri": "https://app.example.com/oauth/callback",
}


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_sign_in(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan)
    url, state = oauth.authorization_url()
    before = time.time()
    token = oauth.fetch_token(anaplan.emulator.authorize(url), state)
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 2100
    assert token["scope"] == "openid email offline_access"
    assert before + 2099 <= float(token["expires_at"]) <= time.time() + 2100
    assert token["id_token"]
    (exchange,) = anaplan.requests(path="/oauth/token")
    assert "authorization" not in exchange.headers

    assert oauth.validate_token(token["access_token"])["tokenInfo"]

    another = oauth.refresh_token(token["refresh_token"])
    assert another["refresh_token"] != token["refresh_token"]
    assert another["access_token"] != token["access_token"]
    with pytest.raises(OAuthException) as refused:
        oauth.refresh_token(token["refresh_token"])
    assert refused.value.code == "invalid_grant"


def test_the_url_and_the_state() -> None:
    oauth = Oauth(**REGISTERED)
    url, state = oauth.authorization_url()
    assert url.startswith("https://us1a.app.anaplan.com/auth/prelogin?")
    assert query(url) == {
        "response_type": "code",
        "client_id": REGISTERED["client_id"],
        "redirect_uri": REGISTERED["redirect_uri"],
        "scope": "openid profile email offline_access",
        "state": state,
    }
    assert len(state) >= 32
    assert oauth.authorization_url()[1] != state


def test_a_state_of_ones_own() -> None:
    states = iter(["first", "second"])
    oauth = AsyncOauth(**REGISTERED, state_generator=lambda: next(states))
    assert oauth.authorization_url()[1] == "first"
    url, state = oauth.authorization_url(state="a&b=ü")
    assert state == "a&b=ü"
    assert query(url)["state"] == state
    assert oauth.authorization_url()[1] == "second"


def test_another_page_for_one_sign_in() -> None:
    oauth = Oauth(**REGISTERED)
    url, state = oauth.authorization_url("https://eu3.app.anaplan.com/auth/authorize?ui=plain")
    assert url.startswith("https://eu3.app.anaplan.com/auth/authorize?")
    assert query(url)["ui"] == "plain"
    assert query(url)["state"] == state
    assert urlsplit(oauth.authorization_url()[0]).path == "/auth/prelogin"


@pytest.mark.parametrize("page", ["ftp://x/", "x", "http://sign-in.example.com/", "https://a@b/"])
def test_what_is_no_page(page: str) -> None:
    with pytest.raises(ValueError, match="authorization_url"):
        Oauth(**REGISTERED).authorization_url(page)


@pytest.mark.parametrize(
    ("arguments", "page", "token_host", "validation_host"),
    [
        ({}, "us1a.app.anaplan.com", "us1a.app.anaplan.com", "auth.anaplan.com"),
        ({"region": "eu3"}, "eu3.app.anaplan.com", "eu3.app.anaplan.com", "eu3.auth.anaplan.com"),
        ({"base_url": "http://127.0.0.1:8765/"}, *["127.0.0.1:8765"] * 3),
        ({"hosts": Hosts.at("https://proxy.example.com")}, *["proxy.example.com"] * 3),
        (
            {
                "region": "eu3",
                "authorization_url": "https://a.example.com/sign-in",
                "token_url": "https://b.example.com/token",
                "validation_url": "https://c.example.com/validate",
            },
            "a.example.com",
            "b.example.com",
            "c.example.com",
        ),
    ],
)
def test_hosts(arguments: dict[str, Any], page: str, token_host: str, validation_host: str) -> None:
    oauth = Oauth(**REGISTERED, **arguments)
    assert urlsplit(oauth.authorization_url()[0]).netloc == page
    assert f"//{token_host}/" in repr(oauth)
    assert f"//{validation_host}/" in oauth._app.validation_url


@pytest.mark.parametrize(
    "arguments",
    [
        {"client_id": ""},
        {"client_secret": ""},
        {"redirect_uri": ""},
        {"token_url": "http://us1a.app.anaplan.com/oauth/token"},
        {"token_url": "us1a.app.anaplan.com"},
        {"base_url": "https://x.example.com", "region": "eu3"},
        {"region": "mars"},
    ],
)
def test_arguments_that_cannot_work(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Oauth(**{**REGISTERED, **arguments})


def test_a_forged_or_foreign_state(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan)
    url, state = oauth.authorization_url()
    callback = anaplan.emulator.authorize(url)
    for expected in (f"{state}x", "", "ü", oauth.authorization_url()[1]):
        with pytest.raises(OAuthStateException) as refused:
            oauth.fetch_token(callback, expected)
        assert state not in str(refused.value)
    with pytest.raises(OAuthStateException):
        oauth.fetch_token(callback.replace("state=", "other="), state)
    assert not anaplan.requests(path="/oauth/token")
    assert oauth.fetch_token(callback, state)["access_token"]


def test_two_sign_ins_at_once_on_one_object(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan)
    begun = [oauth.authorization_url() for _ in range(2)]
    emails = ["planner@skyline.example", "auditor@skyline.example"]
    callbacks = [
        anaplan.emulator.authorize(url, email)
        for (url, _), email in zip(begun, emails, strict=True)
    ]
    with pytest.raises(OAuthStateException):
        oauth.fetch_token(callbacks[0], begun[1][1])
    with ThreadPoolExecutor(2) as pool:
        tokens = list(pool.map(oauth.fetch_token, reversed(callbacks), [begun[1][1], begun[0][1]]))
    users = [
        anaplan.client(token=token["access_token"]).audit.get_user("me").email for token in tokens
    ]
    assert users == emails[::-1]


def test_a_restart_between_redirect_and_callback(anaplan: EmulatedAnaplan, world: World) -> None:
    url, state = world.oauth(anaplan).authorization_url()
    callback = anaplan.emulator.authorize(url)
    assert world.oauth(anaplan).fetch_token(callback, state)["access_token"]


def test_a_sign_in_that_was_denied(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan)
    url, state = oauth.authorization_url()
    denied = anaplan.emulator.authorize(url, allow=False)
    with pytest.raises(OAuthException) as refused:
        oauth.fetch_token(denied, state)
    assert refused.value.code == "access_denied"
    assert refused.value.reason == query(denied)["error_description"]
    assert refused.value.reason in str(refused.value)
    assert not refused.value.retryable
    assert not anaplan.requests(path="/oauth/token")


@pytest.mark.parametrize(
    ("answer", "code"),
    [("error=server_error", "server_error"), ("error=made_up&error_description=A%0AB", "made_up")],
)
def test_other_errors_at_the_callback(answer: str, code: str) -> None:
    oauth = Oauth(**REGISTERED)
    with pytest.raises(OAuthException) as refused:
        oauth.fetch_token(f"https://app.example.com/oauth/callback?{answer}&state=s", "s")
    assert refused.value.code == code
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "callback", ["", "hello", "https://app.example.com/callback", "https://[/?x=1", "https://x:y/"]
)
def test_what_is_no_callback(callback: str) -> None:
    with pytest.raises(OAuthException) as refused:
        Oauth(**REGISTERED).fetch_token(callback, "state")
    assert refused.value.code == "missing_code"


def test_a_proxy_that_ends_tls(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan)
    url, state = oauth.authorization_url()
    callback = anaplan.emulator.authorize(url)
    assert callback.startswith("https://")
    seen = callback.replace("https://app.example.com", "http://10.0.0.7:8000")
    assert oauth.fetch_token(seen, state)["access_token"]


def test_a_code_is_good_once(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan)
    url, state = oauth.authorization_url()
    callback = anaplan.emulator.authorize(url)
    oauth.fetch_token(callback, state)
    with pytest.raises(OAuthException) as refused:
        oauth.fetch_token(callback, state)
    assert refused.value.code == "invalid_grant"
    assert refused.value.status_code == 403
    assert query(callback)["code"] not in str(refused.value)


def test_a_wrong_secret(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan, client_secret="not it")
    url, state = oauth.authorization_url()
    with pytest.raises(OAuthException) as refused:
        oauth.fetch_token(anaplan.emulator.authorize(url), state)
    assert refused.value.code == "access_denied"
    assert "not it" not in str(refused.value)
    assert refused.value.url == f"{anaplan.emulator.base_url}/oauth/token"


def test_a_client_that_does_not_rotate(
    anaplan_without_rotation: EmulatedAnaplan, world: World
) -> None:
    oauth = world.oauth(anaplan_without_rotation)
    url, state = oauth.authorization_url()
    token = oauth.fetch_token(anaplan_without_rotation.emulator.authorize(url), state)
    for _ in range(2):
        refreshed = oauth.refresh_token(token["refresh_token"])
        assert refreshed["refresh_token"] == token["refresh_token"]
        assert refreshed["access_token"] != token["access_token"]


def test_tokens_that_are_good_for_nothing(anaplan: EmulatedAnaplan, world: World) -> None:
    oauth = world.oauth(anaplan)
    with pytest.raises(OAuthException):
        oauth.validate_token("nobodys-token")
    for token in ("two\nlines", "", "sp ace", "ümlaut"):
        with pytest.raises(ValueError, match="token") as refused:
            oauth.validate_token(token)
        assert not token or token not in str(refused.value)


def test_a_server_that_cannot_answer(anaplan: EmulatedAnaplan, world: World) -> None:
    anaplan.fault(path="/oauth/token", status=503)
    with pytest.raises(ServerException) as failed:
        world.oauth(anaplan).refresh_token("refresh")
    assert failed.value.retryable
    assert not isinstance(failed.value, OAuthException)


def test_a_server_that_is_slow(anaplan: EmulatedAnaplan, world: World) -> None:
    anaplan.fault(path="/oauth/token", delay_seconds=5)
    started = time.monotonic()
    with pytest.raises(AnaplanTimeoutException):
        world.oauth(anaplan, timeout=0.2).refresh_token("refresh")
    assert time.monotonic() - started < 4


def test_a_server_that_is_away(world: World, anaplan: EmulatedAnaplan) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(AnaplanConnectionException) as failed:
        world.oauth(anaplan, base_url=f"http://127.0.0.1:{port}").refresh_token("a-secret")
    assert failed.value.retryable
    assert "a-secret" not in str(failed.value)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "not json",
        {"token_type": "Bearer"},
        {"access_token": 7},
        {"access_token": "two\nlines"},
        {"access_token": ""},
    ],
)
def test_replies_that_hold_no_token(anaplan: EmulatedAnaplan, world: World, body: object) -> None:
    anaplan.fault(path="/oauth/token", body=body, headers={"Content-Type": "application/json"})
    with pytest.raises((AnaplanResponseException, OAuthException)) as failed:
        world.oauth(anaplan).refresh_token("refresh")
    assert "lines" not in str(failed.value)


@pytest.mark.parametrize(
    ("lifetime", "assumed"),
    [("600", 600), (600.0, 600), (None, 2100), ("soon", 2100), ({}, 2100)],
)
def test_lifetimes_in_other_words(anaplan: EmulatedAnaplan, lifetime: object, assumed: int) -> None:
    reply = {"access_token": "token", "expires_in": lifetime}
    anaplan.fault(path="/oauth/token", body=reply)
    oauth = Oauth(**REGISTERED, base_url=anaplan.emulator.base_url)
    token = oauth.refresh_token("refresh")
    assert token["expires_in"] == assumed
    assert token["refresh_token"] == "refresh"


@pytest.mark.parametrize("status", [400, 500])
def test_a_server_that_repeats_what_it_was_sent(
    anaplan: EmulatedAnaplan, world: World, status: int
) -> None:
    secret = anaplan.emulator.oauth_client_secret
    body = {"error": "invalid_grant", "error_description": f"refresh/r-token of {secret} is bad"}
    anaplan.fault(path="/oauth/token", status=status, body=body)
    with pytest.raises(AnaplanException) as refused:
        world.oauth(anaplan).refresh_token("refresh/r-token")
    assert refused.value.reason == "*** of *** is bad"
    assert "r-token" not in str(refused.value) + repr(vars(refused.value))


def test_words_count_whatever_the_status(anaplan: EmulatedAnaplan, world: World) -> None:
    anaplan.fault(path="/oauth/token", status=404, body={"error": "invalid_grant"})
    with pytest.raises(OAuthException) as refused:
        world.oauth(anaplan).refresh_token("refresh")
    assert refused.value.code == "invalid_grant"
    anaplan.fault(path="/oauth/token", status=404, body="not found")
    with pytest.raises(AnaplanException) as failed:
        world.oauth(anaplan).refresh_token("refresh")
    assert not isinstance(failed.value, OAuthException)


def test_a_page_in_place_of_the_server(anaplan: EmulatedAnaplan, world: World) -> None:
    anaplan.fault(
        path="/oauth/token", body="<html>Guest Wi-Fi</html>", headers={"Content-Type": "text/html"}
    )
    with pytest.raises(AnaplanResponseException, match="HTML"):
        world.oauth(anaplan).refresh_token("refresh")


def test_tls(world: World) -> None:
    with Emulator(tls=True) as emulator:
        anaplan = EmulatedAnaplan(emulator)
        trust = ssl.create_default_context(cafile=emulator.ca_certificate)
        oauth = world.oauth(anaplan, verify=trust)
        url, state = oauth.authorization_url()
        assert oauth.fetch_token(emulator.authorize(url), state)["access_token"]
        with pytest.raises(AnaplanConnectionException, match="CERTIFICATE_VERIFY_FAILED"):
            world.oauth(anaplan).refresh_token("refresh")
