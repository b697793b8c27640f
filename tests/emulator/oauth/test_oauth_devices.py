"""The device grant."""

import re
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator import Emulator, OAuthRefusedError

if TYPE_CHECKING:
    from tests.emulator.oauth.conftest import Application


def test_a_device_receives_codes_and_the_verification_url(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.start_device(scope="openid", audience="https://api.anaplan.com")

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


def test_device_codes_are_issued_for_forms_and_json(terminal: "Application") -> None:
    reply = terminal.http.post("/oauth/device/code", data={"client_id": terminal.client_id})

    assert reply.status_code == 200


def test_an_approved_device_receives_tokens(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.start_device(scope=terminal.scope)
    waiting = terminal.poll(device)
    assert (waiting.status_code, waiting.json()["error"]) == (403, "authorization_pending")
    assert waiting.json()["error_description"]

    emulator.approve_device(device["user_code"], "bob@example.com")

    tokens = terminal.poll(device).json()
    assert tokens["expires_in"] == 2100
    assert tokens["scope"] == "openid email offline_access"
    assert "id_token" in tokens
    assert terminal.get_user(tokens["access_token"]).json()["user"]["email"] == "bob@example.com"
    renewed = terminal.refresh(tokens["refresh_token"]).json()
    assert terminal.get_user(renewed["access_token"]).status_code == 200
    assert terminal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    # A device code can be used once.
    assert terminal.poll(device).json()["error"] == "invalid_grant"


def test_the_default_scope_of_devices(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.start_device()
    emulator.approve_device(device["user_code"])

    assert terminal.poll(device).json()["scope"] == "openid email"


def test_a_denied_device_receives_an_error(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.start_device()

    emulator.deny_device(device["user_code"])

    reply = terminal.poll(device)
    assert (reply.status_code, reply.json()["error"]) == (403, "access_denied")
    with pytest.raises(OAuthRefusedError, match=device["user_code"]):
        emulator.approve_device(device["user_code"])


def test_an_expired_device_code_results_in_an_error(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.start_device()
    emulator.approve_device(terminal.start_device()["user_code"])

    emulator.advance(seconds=901)

    reply = terminal.poll(device)
    assert (reply.status_code, reply.json()["error"]) == (403, "expired_token")
    with pytest.raises(OAuthRefusedError):
        emulator.approve_device(device["user_code"])


def test_polling_too_fast_results_in_slow_down(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.start_device()

    def poll_after(seconds: float) -> str:
        emulator.advance(seconds=seconds)
        return str(terminal.poll(device).json()["error"])

    assert poll_after(0) == "authorization_pending"
    assert poll_after(5) == "authorization_pending"
    assert poll_after(1) == "slow_down"
    # The interval is now five seconds longer (RFC 8628, section 3.5).
    assert poll_after(5) == "slow_down"
    assert poll_after(15) == "authorization_pending"

    emulator.approve_device(device["user_code"])
    assert terminal.poll(device).status_code == 200


def test_the_polling_interval_is_a_setting(emulator: Emulator, terminal: "Application") -> None:
    emulator.settings.device_poll_seconds = 0
    emulator.settings.device_code_lifetime_seconds = 60
    device = terminal.start_device()

    assert (device["expires_in"], device["interval"]) == (60, 0)
    errors = {terminal.poll(device).json()["error"] for _ in range(5)}
    assert errors == {"authorization_pending"}


def test_user_codes_are_accepted_in_any_notation(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.start_device()

    emulator.approve_device(device["user_code"].lower().replace("-", " "))

    assert terminal.poll(device).status_code == 200


def test_single_sign_on_users_cannot_approve_devices(
    emulator: Emulator, terminal: "Application"
) -> None:
    device = terminal.start_device()

    with pytest.raises(OAuthRefusedError, match="single sign-on"):
        emulator.approve_device(device["user_code"], "sso@example.com")

    assert terminal.poll(device).json()["error"] == "authorization_pending"


def test_a_device_code_is_valid_only_for_its_client(
    emulator: Emulator, terminal: "Application", other_terminal: "Application"
) -> None:
    device = terminal.start_device()
    emulator.approve_device(device["user_code"])

    reply = other_terminal.poll(device)

    assert (reply.status_code, reply.json()["error"]) == (403, "unauthorized_client")
    assert terminal.poll(device).status_code == 200


def test_clients_can_use_only_the_grants_of_their_kind(
    emulator: Emulator, portal: "Application", terminal: "Application"
) -> None:
    begun = portal.http.post("/oauth/device/code", json={"client_id": portal.client_id})
    assert (begun.status_code, begun.json()["error"]) == (403, "unauthorized_client")

    device = terminal.start_device()
    emulator.approve_device(device["user_code"])
    assert portal.poll(device).status_code == 401

    refused = terminal.exchange(portal.new_code())
    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")


def test_device_clients_need_no_secret(emulator: Emulator, terminal: "Application") -> None:
    device = terminal.start_device()
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
def test_device_requests_need_a_client_id(
    terminal: "Application", body: dict[str, str], status: int, error: str
) -> None:
    reply = terminal.http.post("/oauth/device/code", json=body)

    assert (reply.status_code, reply.json()["error"]) == (status, error)


def test_an_unknown_device_code_is_rejected(terminal: "Application") -> None:
    reply = terminal.poll({"device_code": "unknown"})
    assert (reply.status_code, reply.json()["error"]) == (403, "invalid_grant")

    missing = terminal.poll({"device_code": ""})
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")
