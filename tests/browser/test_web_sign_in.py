"""A planner signs in to the example's web application, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Walk
    from tests.conftest import Portal

at_any_width = pytest.mark.parametrize("width", [1280, 320])


@pytest.fixture
def signed_in(walk: Walk) -> Walk:
    """A planner on the profile page."""
    walk.begin()
    walk.sign_in()
    walk.press("Allow")
    expect(walk.heading("Pat Planner")).to_be_visible()
    return walk


@at_any_width
def test_from_sign_in_to_sign_out(portal: Portal, walk: Walk, page: Page) -> None:
    walk.begin()
    expect(walk.heading("Sign in")).to_be_visible()
    walk.sign_in()
    expect(walk.heading("Allow access?")).to_be_visible()
    expect(page.get_by_text("Portal requests access to Anaplan")).to_be_visible()
    walk.press("Allow")

    expect(page).to_have_url(f"{portal.url}/profile")
    expect(walk.heading("Pat Planner")).to_be_visible()
    expect(page.get_by_text("pat@example.com")).to_be_visible()
    expect(page.get_by_role("listitem")).to_contain_text(["Flights", "Routes"])

    portal.emulator.advance(minutes=40)
    page.reload()
    expect(walk.heading("Pat Planner")).to_be_visible()
    assert portal.exchanges("refresh_token") == [200]

    walk.press("Sign out")
    expect(page.get_by_role("link", name="Sign in with Anaplan")).to_be_visible()
    assert not walk.has_session
    page.go_back()
    expect(walk.heading("Sign in")).to_be_visible()


def test_by_keyboard_alone(walk: Walk, page: Page) -> None:
    walk.begin()
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("pat@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("Pl4nning!")
    page.keyboard.press("Enter")
    expect(walk.heading("Allow access?")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Allow")).to_be_focused()
    page.keyboard.press("Enter")
    expect(walk.heading("Pat Planner")).to_be_visible()


def test_a_wrong_password_may_be_corrected(walk: Walk, page: Page) -> None:
    walk.begin()
    walk.sign_in(password="wrong")
    expect(walk.problem).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value("pat@example.com")
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_be_focused()

    walk.sign_in()
    walk.press("Allow")

    expect(walk.heading("Pat Planner")).to_be_visible()


def test_another_account_may_be_chosen(walk: Walk, page: Page) -> None:
    walk.begin()
    walk.sign_in("hostile@example.com")
    page.get_by_role("link", name="Use another account").click()
    walk.sign_in()
    expect(page.get_by_text("Signed in as Pat Planner")).to_be_visible()
    walk.press("Allow")

    expect(walk.heading("Pat Planner")).to_be_visible()


@at_any_width
def test_denied_consent_may_be_thought_over(walk: Walk, page: Page) -> None:
    walk.begin()
    walk.sign_in()
    walk.press("Deny")
    expect(walk.heading("You are not signed in")).to_be_visible()
    expect(walk.problem).to_contain_text("You did not allow")
    assert not walk.has_session

    page.get_by_role("link", name="Sign in again").click()

    expect(walk.heading("Sign in")).to_be_visible()


def test_a_forged_state_signs_nobody_in(portal: Portal, walk: Walk, page: Page) -> None:
    walk.begin()
    page.goto(f"{portal.url}/oauth/callback?code=stolen&state=forged")

    expect(walk.problem).to_contain_text("started in another browser")
    assert not walk.has_session
    assert portal.exchanges("authorization_code") == []


def test_an_attackers_callback_signs_nobody_in(portal: Portal, walk: Walk, page: Page) -> None:
    begun = httpx2.get(f"{portal.url}/login").headers["location"]
    walk.begin()
    page.goto(portal.emulator.authorize(begun, "hostile@example.com"))

    expect(walk.problem).to_contain_text("started in another browser")
    assert not walk.has_session


def test_a_callback_that_is_loaded_again_uses_its_code_once(
    portal: Portal, walk: Walk, page: Page
) -> None:
    with page.expect_request("**/oauth/callback?**") as callback:
        walk.begin()
        walk.sign_in()
        walk.press("Allow")
    expect(walk.heading("Pat Planner")).to_be_visible()

    page.goto(callback.value.url)

    expect(walk.heading("Pat Planner")).to_be_visible()
    assert portal.exchanges("authorization_code") == [200]
    page.goto(portal.url)
    walk.press("Sign out")
    expect(page.get_by_role("link", name="Sign in with Anaplan")).to_be_visible()


def test_a_code_counts_once(portal: Portal, walk: Walk, page: Page) -> None:
    """Replayed with a state of its own, it ends what it was exchanged for."""
    with page.expect_request("**/oauth/callback?**") as callback:
        walk.begin()
        walk.sign_in()
        walk.press("Allow")
    expect(walk.heading("Pat Planner")).to_be_visible()
    code = httpx2.URL(callback.value.url).params["code"]

    page.goto(f"{portal.url}/login")
    state = httpx2.URL(page.url).params["state"]
    page.goto(f"{portal.url}/oauth/callback?code={code}&state={state}")

    expect(walk.heading("You are not signed in")).to_be_visible()
    expect(walk.problem).to_be_visible()
    assert portal.exchanges("authorization_code") == [200, 403]
    page.goto(f"{portal.url}/profile")
    expect(walk.heading("Sign in")).to_be_visible()


def test_who_was_away_too_long_signs_in_anew(portal: Portal, signed_in: Walk, page: Page) -> None:
    portal.emulator.advance(hours=13)
    page.reload()

    expect(signed_in.heading("Sign in")).to_be_visible()
    signed_in.sign_in()
    signed_in.press("Allow")
    expect(signed_in.heading("Pat Planner")).to_be_visible()


@at_any_width
def test_scripts_in_names_are_text(walk: Walk, page: Page) -> None:
    walk.begin()
    walk.sign_in("hostile@example.com")
    walk.press("Allow")

    expect(walk.heading("<img src=x onerror=alert(1)> <script>alert(1)</script>")).to_be_visible()
    expect(page.get_by_text("<script>alert(2)</script>")).to_be_visible()
