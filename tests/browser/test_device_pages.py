"""A person lets a device in, or turns it away, in a real browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Walk
    from tests.conftest import Portal

at_any_width = pytest.mark.parametrize("width", [1280, 320])


@dataclass(frozen=True)
class Device:
    """A device that waits to be let in.

    Attributes:
        user_code: What it shows.
        address: Where it sends its user.
        address_with_code: The same with the code filled in.
    """

    portal: Portal
    user_code: str
    address: str
    address_with_code: str
    device_code: str

    def ask(self) -> dict[str, Any]:
        """Polls for the token."""
        fields = {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "client_id": self.portal.emulator.device_client_id,
            "device_code": self.device_code,
        }
        reply = httpx2.post(f"{self.portal.emulator.base_url}/oauth/token", data=fields)
        return dict(reply.json())


@pytest.fixture
def device(portal: Portal) -> Device:
    portal.emulator.settings.device_poll_seconds = 0
    fields = {"client_id": portal.emulator.device_client_id, "scope": "openid offline_access"}
    shown = httpx2.post(f"{portal.emulator.base_url}/oauth/device/code", data=fields).json()
    return Device(
        portal,
        shown["user_code"],
        shown["verification_uri"],
        shown["verification_uri_complete"],
        shown["device_code"],
    )


@at_any_width
def test_a_device_is_let_in(walk: Walk, page: Page, device: Device) -> None:
    page.goto(device.address)
    walk.sign_in()
    page.get_by_label("Code").fill(device.user_code)
    walk.press("Continue")
    expect(walk.heading("Allow access to this device?")).to_be_visible()
    expect(page.get_by_text(device.user_code, exact=True)).to_be_visible()
    expect(page.get_by_text("Terminal requests access to Anaplan")).to_be_visible()
    assert device.ask()["error"] == "authorization_pending"

    walk.press("Allow")

    expect(walk.heading("Your device is connected")).to_be_visible()
    assert {"access_token", "refresh_token"} <= device.ask().keys()


def test_a_device_is_turned_away(walk: Walk, page: Page, device: Device) -> None:
    page.goto(device.address_with_code)
    walk.sign_in()
    expect(page.get_by_label("Code")).to_have_value(device.user_code)
    walk.press("Continue")

    walk.press("Deny")

    expect(walk.heading("Access denied")).to_be_visible()
    assert device.ask()["error"] == "access_denied"


def test_a_wrong_code_may_be_corrected(walk: Walk, page: Page, device: Device) -> None:
    page.goto(device.address)
    walk.sign_in()
    page.get_by_label("Code").fill("AAAA-AAAA")
    walk.press("Continue")
    expect(walk.problem).to_contain_text("No device is waiting with this code")

    page.get_by_label("Code").fill(device.user_code.lower())
    walk.press("Continue")

    expect(walk.heading("Allow access to this device?")).to_be_visible()


def test_a_wrong_password_lets_nothing_in(walk: Walk, page: Page, device: Device) -> None:
    page.goto(device.address_with_code)
    walk.sign_in(password="wrong")
    expect(walk.problem).to_be_visible()
    assert device.ask()["error"] == "authorization_pending"

    walk.sign_in()

    expect(page.get_by_label("Code")).to_have_value(device.user_code)


def test_a_code_waits_for_so_long_only(
    portal: Portal, walk: Walk, page: Page, device: Device
) -> None:
    portal.emulator.advance(minutes=16)
    page.goto(device.address_with_code)
    walk.sign_in()
    walk.press("Continue")

    expect(walk.problem).to_contain_text("It may have expired")
    assert device.ask()["error"] == "expired_token"
