"""The device grant: how a device begins, waits, and is told."""

import re
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator import Emulator, OAuthRefusedError

if TYPE_CHECKING:
    from tests.emulator.oauth.conftest import Application


def test_a_device_is_given_codes_and_told_where_its_user_goes(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.begin(scope="openid", audience="https://api.anaplan.com")

    assert set(device) == {
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    }
    assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", device["user_code"])
    assert device["verification_uri"] == f"{emulator.base_url}/activate"
    complete = f"{device['verification_uri']}?user_code={device['user_code']}"
    assert device["verification_uri_complete"] == complete
    assert (device["expires_in"], device["interval"]) == (900, 5)


def test_a_form_begins_as_well_as_json(terminal: "Application") -> None:
    reply = terminal.http.post("/oauth/device/code", data={"client_id": terminal.client_id})

    assert reply.status_code == 200


def test_a_device_has_its_tokens_once_it_is_approved(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.begin(scope=terminal.scope)
    waiting = terminal.poll(device)
    assert (waiting.status_code, waiting.json()["error"]) == (403, "authorization_pending")
    assert waiting.json()["error_description"]

    emulator.approve_device(device["user_code"], "bob@example.com")

    tokens = terminal.poll(device).json()
    assert tokens["expires_in"] == 2100
    assert tokens["scope"] == "openid email offline_access"
    assert "id_token" in tokens
    assert terminal.whoami(tokens["access_token"]).json()["user"]["email"] == "bob@example.com"
    renewed = terminal.refresh(tokens["refresh_token"]).json()
    assert terminal.whoami(renewed["access_token"]).status_code == 200
    assert terminal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    # Its code was good once.
    assert terminal.poll(device).json()["error"] == "invalid_grant"


def test_a_device_that_names_no_scope_gets_the_usual_one(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.begin()
    emulator.approve_device(device["user_code"])

    assert terminal.poll(device).json()["scope"] == "openid email"


def test_a_device_hears_of_denial(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.begin()

    emulator.deny_device(device["user_code"])

    reply = terminal.poll(device)
    assert (reply.status_code, reply.json()["error"]) == (403, "access_denied")
    with pytest.raises(OAuthRefusedError, match=device["user_code"]):
        emulator.approve_device(device["user_code"])


def test_a_device_hears_that_it_has_waited_too_long(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.begin()
    emulator.approve_device(terminal.begin()["user_code"])

    emulator.advance(seconds=901)

    reply = terminal.poll(device)
    assert (reply.status_code, reply.json()["error"]) == (403, "expired_token")
    with pytest.raises(OAuthRefusedError):
        emulator.approve_device(device["user_code"])


def test_a_device_that_polls_too_fast_must_slow_down(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.begin()

    def poll_after(seconds: float) -> str:
        emulator.advance(seconds=seconds)
        return str(terminal.poll(device).json()["error"])

    assert poll_after(0) == "authorization_pending"
    assert poll_after(5) == "authorization_pending"
    assert poll_after(1) == "slow_down"
    # Five seconds more from now on (RFC 8628, section 3.5).
    assert poll_after(5) == "slow_down"
    assert poll_after(15) == "authorization_pending"

    emulator.approve_device(device["user_code"])
    assert terminal.poll(device).status_code == 200


def test_the_pace_can_be_changed(emulator: Emulator, terminal: "Application") -> None:
    emulator.settings.device_poll_seconds = 0
    emulator.settings.device_code_lifetime_seconds = 60
    device = terminal.begin()

    assert (device["expires_in"], device["interval"]) == (60, 0)
    errors = {terminal.poll(device).json()["error"] for _ in range(5)}
    assert errors == {"authorization_pending"}


def test_the_code_may_be_typed_in_any_way(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.begin()

    emulator.approve_device(device["user_code"].lower().replace("-", " "))

    assert terminal.poll(device).status_code == 200


def test_who_must_use_single_sign_on_cannot_let_a_device_in(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.begin()

    with pytest.raises(OAuthRefusedError, match="single sign-on"):
        emulator.approve_device(device["user_code"], "sso@example.com")

    assert terminal.poll(device).json()["error"] == "authorization_pending"


def test_a_device_code_is_good_for_its_client_only(
    emulator: Emulator, terminal: "Application", other_terminal: "Application"
) -> None:
    device = terminal.begin()
    emulator.approve_device(device["user_code"])

    reply = other_terminal.poll(device)

    assert (reply.status_code, reply.json()["error"]) == (403, "unauthorized_client")
    assert terminal.poll(device).status_code == 200


def test_the_two_kinds_of_clients_are_kept_apart(
    emulator: Emulator, portal: "Application", terminal: "Application"
) -> None:
    begun = portal.http.post("/oauth/device/code", json={"client_id": portal.client_id})
    assert (begun.status_code, begun.json()["error"]) == (403, "unauthorized_client")

    device = terminal.begin()
    emulator.approve_device(device["user_code"])
    assert portal.poll(device).status_code == 401

    refused = terminal.exchange(portal.new_code())
    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")


def test_a_device_proves_nothing(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.begin()
    emulator.approve_device(device["user_code"])
    terminal.client_secret = "invented"

    assert terminal.poll(device).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"client_id": "0" * 32}, 403, "unauthorized_client"),
    ],
)
def test_a_device_must_say_which_client_it_is(
    terminal: "Application", body: dict[str, str], status: int, error: str
) -> None:
    reply = terminal.http.post("/oauth/device/code", json=body)

    assert (reply.status_code, reply.json()["error"]) == (status, error)


def test_an_unknown_device_code_is_refused(terminal: "Application") -> None:
    reply = terminal.poll({"device_code": "unheard"})
    assert (reply.status_code, reply.json()["error"]) == (403, "invalid_grant")

    missing = terminal.poll({"device_code": ""})
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")
