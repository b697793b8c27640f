"""The authorization endpoints: which requests are accepted and rejected."""

from typing import TYPE_CHECKING

import httpx2
import pytest

from anaplan_emulator import Emulator

if TYPE_CHECKING:
    from tests.emulator.oauth.conftest import Application, Browser

ENDPOINTS = ["/auth/authorize", "/auth/prelogin"]


def test_authorize_redirects_to_the_sign_in_page_with_all_parameters(
    portal: "Application", http: httpx2.Client
) -> None:
    query = portal.query(state="a&b=c d/ü", nonce="n")

    reply = http.get(f"/auth/authorize?{query}")

    assert reply.status_code == 302
    path, _, query_of_page = reply.headers["location"].partition("?")
    assert (path, query_of_page) == ("/auth/prelogin", query)
    page = http.get(reply.headers["location"])
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", ["response_type", "client_id", "redirect_uri", "scope"])
@pytest.mark.parametrize("value", [None, ""])
def test_the_error_names_the_missing_parameter(
    portal: "Application", http: httpx2.Client, name: str, value: str | None
) -> None:
    query = portal.query(**{name: value})

    reply = http.get(f"/auth/authorize?{query}")
    assert reply.status_code == 400
    assert reply.json() == {
        "error": "invalid_request",
        "error_description": f"Missing required parameter: {name}",
    }

    page = http.get(f"/auth/prelogin?{query}")
    assert page.status_code == 400
    assert name in page.text


def test_an_unknown_client_is_rejected(portal: "Application", http: httpx2.Client) -> None:
    query = portal.query(client_id="0" * 32)

    reply = http.get(f"/auth/authorize?{query}")

    assert (reply.status_code, reply.json()["error"]) == (401, "access_denied")
    assert http.get(f"/auth/prelogin?{query}").status_code == 400


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "redirect_uri",
    [
        pytest.param("https://evil.example/", id="another site"),
        pytest.param("https://portal.example.com/oauth/callback", id="without its query"),
        pytest.param("https://portal.example.com/oauth/callback?tenant=1&x=2", id="longer"),
        pytest.param("https://portal.example.com/oauth/callback?tenant=1#f", id="fragment"),
        pytest.param("HTTPS://portal.example.com/oauth/callback?tenant=1", id="another case"),
        pytest.param("http://127.0.0.1:8001/oauth/callback", id="another port"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param('https://evil.example/"\\\x00é', id="odd characters"),
    ],
)
def test_unregistered_callback_urls_are_never_redirected_to(
    portal: "Application", http: httpx2.Client, endpoint: str, redirect_uri: str
) -> None:
    # Neither for a valid request nor with another error.
    for response_type in ("code", "token"):
        query = portal.query(redirect_uri=redirect_uri, response_type=response_type)

        reply = http.get(f"{endpoint}?{query}")

        assert reply.status_code == 400
        assert "location" not in reply.headers


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_client_receives_the_error_of_an_unsupported_response_type(
    portal: "Application", browser: "Browser", endpoint: str
) -> None:
    browser.open(f"{endpoint}?{portal.query(response_type='token')}")

    assert browser.redirect_url.startswith(portal.callback)
    assert browser.redirect_query["error"] == "unsupported_response_type"
    assert browser.redirect_query["state"] == "a state"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_invalid_characters_are_rejected(
    portal: "Application", http: httpx2.Client, endpoint: str
) -> None:
    query = portal.query(response_type='"\\é')

    reply = http.get(f"{endpoint}?{query}")

    assert reply.status_code == 400


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state"])
def test_a_repeated_parameter_is_rejected(
    portal: "Application", http: httpx2.Client, endpoint: str, name: str
) -> None:
    reply = http.get(f"{endpoint}?{portal.query()}&{name}=x&{name}=y")

    assert reply.status_code in (400, 401)
    assert "location" not in reply.headers


def test_a_device_client_is_rejected(terminal: "Application", http: httpx2.Client) -> None:
    reply = http.get(f"/auth/authorize?{terminal.query()}")

    assert reply.status_code == 400
    assert "location" not in reply.headers


def test_proof_keys_are_ignored(portal: "Application") -> None:
    code = portal.new_code(code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")

    assert portal.exchange(code).status_code == 200


@pytest.mark.parametrize("path", ["/auth/authorize", "/oauth/token", "/auth/prelogin"])
def test_other_methods_result_in_oauth_errors(http: httpx2.Client, path: str) -> None:
    reply = http.put(path)

    assert reply.status_code == 405
    assert set(reply.json()) == {"error", "error_description"}


def test_the_emulator_has_properties_for_a_client_of_each_kind(
    emulator: Emulator, portal: "Application", terminal: "Application"
) -> None:
    info = emulator.info()

    assert info["oauth_client_id"] == emulator.oauth_client_id == portal.client_id
    assert info["oauth_client_secret"] == emulator.oauth_client_secret == portal.client_secret
    assert info["redirect_uri"] == emulator.redirect_uri == portal.callback
    assert info["device_client_id"] == emulator.device_client_id == terminal.client_id
