"""What a person sees and does in a browser, without one: pages read, forms filled in, cookies."""

import re
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription

if TYPE_CHECKING:
    from tests.emulator.oauth.conftest import Application, Browser

HOSTILE = """"'><script>alert(1)</script>&amp;{{ 7 * 7 }}\r\nX-Injected: 1\x00é"""


def test_a_person_signs_in_and_consents(portal: "Application", browser: "Browser") -> None:
    sign_in = browser.open(f"/auth/authorize?{portal.query()}")
    assert "Sign in" in sign_in.text

    consent = browser.sign_in()
    assert portal.name in consent.text
    assert "Ada <Lovelace> (ada@example.com)" in consent.text
    assert "portal.example.com" in consent.text
    assert "Keep its access" in consent.text

    browser.submit(decision="allow")
    assert browser.left_for.startswith(f"{portal.callback}&code=")
    assert browser.brought["state"] == "a state"
    tokens = portal.exchange(browser.brought["code"]).json()
    assert portal.whoami(tokens["access_token"]).json()["user"]["email"] == "ada@example.com"


def test_signing_in_counts_as_a_login(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    browser.sign_in()
    browser.submit(decision="allow")

    tokens = portal.exchange(browser.brought["code"]).json()
    assert portal.whoami(tokens["access_token"]).json()["user"]["lastLoginDate"]


def test_a_person_denies(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    browser.sign_in()

    browser.submit(decision="deny")

    assert browser.left_for.startswith(portal.callback)
    assert browser.brought["error"] == "access_denied"
    assert browser.brought["state"] == "a state"
    assert "code" not in browser.brought


def test_without_a_state_none_comes_back(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url(state=None))
    browser.sign_in()
    browser.submit(decision="allow")

    assert set(browser.brought) == {"tenant", "code"}


@pytest.mark.parametrize(
    ("email", "password", "told"),
    [
        ("ada@example.com", "wrong", "incorrect"),
        ("nobody@example.com", "correct horse", "incorrect"),
        ("gone@example.com", "left", "not active"),
        ("sso@example.com", "unused", "single sign-on"),
    ],
)
@pytest.mark.parametrize("device", [False, True])
def test_who_cannot_sign_in_is_told_why_and_may_try_again(
    portal: "Application",
    browser: "Browser",
    email: str,
    password: str,
    told: str,
    device: bool,
) -> None:
    browser.open("/activate" if device else portal.url())

    again = browser.sign_in(email, password)

    assert browser.reply.status_code == 401
    assert told in again.text
    assert again.fields["email"] == email
    assert again.fields["password"] == ""
    onward = browser.sign_in()
    assert browser.reply.status_code == 200
    assert "password" not in onward.fields


def test_consent_needs_a_sign_in(portal: "Application", browser: "Browser") -> None:
    asked = browser.open(f"/auth/consent?{portal.query()}")

    assert "password" in asked.fields

    browser.reply = browser.http.post(f"/auth/consent?{portal.query()}", data={"decision": "allow"})
    assert browser.reply.headers["location"].startswith("/auth/prelogin?")


def test_nobody_stays_signed_in(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    browser.sign_in()
    browser.submit(decision="allow")

    assert "password" in browser.open(f"/auth/consent?{portal.query()}").fields


def test_a_sign_in_that_leads_to_nothing_ends_by_the_clock(
    emulator: Emulator, portal: "Application", browser: "Browser"
) -> None:
    browser.open(portal.url())
    browser.sign_in()

    emulator.advance(minutes=11)

    assert "password" in browser.submit(decision="allow").fields


def test_another_account_may_be_used_instead(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    consent = browser.sign_in()
    browser.open(consent.links[0])

    consent = browser.sign_in("bob@example.com", "battery staple")

    assert "bob@example.com" in consent.text


def test_a_form_of_another_site_is_refused(
    portal: "Application", browser: "Browser", other_browser: "Browser"
) -> None:
    foreign = other_browser.open(portal.url()).fields["form_token"]
    for token in ("", "guessed", foreign):
        browser.open(portal.url())
        refused = browser.submit(
            email="ada@example.com", password="correct horse", form_token=token
        )
        assert browser.reply.status_code == 403
        assert "another site" in refused.text

    browser.open(portal.url())
    browser.sign_in()
    browser.submit(decision="allow", form_token=foreign)
    assert browser.reply.status_code == 403


def test_a_form_without_its_cookie_is_refused(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    browser.http.cookies.clear()

    browser.sign_in()

    assert browser.reply.status_code == 403


def test_signing_in_changes_the_cookie(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    (before,) = browser.http.cookies.jar
    browser.sign_in()
    (after,) = browser.http.cookies.jar

    assert before.name == after.name
    assert before.value != after.value


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    portal: "Application", browser: "Browser"
) -> None:
    browser.open(portal.url())

    attributes = browser.reply.headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=lax", "path=/"} <= set(attributes)
    assert "secure" not in attributes


def test_over_tls_the_cookie_is_secure(tenant: TenantDescription) -> None:
    with Emulator(tenant, tls=True) as served:
        context = ssl.create_default_context(cafile=served.ca_certificate)
        with httpx2.Client(verify=context, base_url=served.base_url) as http:
            reply = http.get("/activate")

    assert "secure" in reply.headers["set-cookie"].lower().split("; ")


def sign_in_page(browser: "Browser", portal: "Application", _: "Application") -> None:
    browser.open(portal.url())


def error_page(browser: "Browser", portal: "Application", _: "Application") -> None:
    browser.open(portal.url(client_id="x"))


def consent_page(browser: "Browser", portal: "Application", _: "Application") -> None:
    browser.open(portal.url())
    browser.sign_in()


def refused_form(browser: "Browser", portal: "Application", _: "Application") -> None:
    browser.open(portal.url())
    browser.submit(form_token="")


def device_sign_in(browser: "Browser", _: "Application", terminal: "Application") -> None:
    browser.open(terminal.begin()["verification_uri_complete"])


def device_code(browser: "Browser", portal: "Application", terminal: "Application") -> None:
    device_sign_in(browser, portal, terminal)
    browser.sign_in()


def device_confirmation(browser: "Browser", portal: "Application", terminal: "Application") -> None:
    device_code(browser, portal, terminal)
    browser.submit()


def device_done(browser: "Browser", portal: "Application", terminal: "Application") -> None:
    device_confirmation(browser, portal, terminal)
    browser.submit(decision="allow")


PAGES: list[Callable[["Browser", "Application", "Application"], None]] = [
    sign_in_page,
    error_page,
    consent_page,
    refused_form,
    device_sign_in,
    device_code,
    device_confirmation,
    device_done,
]


@pytest.mark.parametrize("visit", PAGES)
def test_every_page_is_guarded_and_accessible(
    browser: "Browser",
    portal: "Application",
    terminal: "Application",
    visit: Callable[["Browser", "Application", "Application"], None],
) -> None:
    visit(browser, portal, terminal)

    headers = browser.reply.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    # Browsers would stop the way back to the client otherwise.
    assert ("form-action 'self'" in policy) == (visit is not consent_page)
    page = browser.page
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("title") == 1
    assert "script" not in page.tags
    visible = {name for name, kind in page.inputs.items() if kind != "hidden"}
    assert visible == page.labelled
    assert '<html lang="en">' in browser.reply.text


def test_the_style_is_served(browser: "Browser") -> None:
    browser.open("/activate")
    (path,) = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.reply.text)

    style = browser.http.get(path)

    assert style.status_code == 200
    assert style.headers["content-type"].startswith("text/css")


def test_a_hostile_state_comes_back_as_it_was_and_does_no_harm(
    portal: "Application", browser: "Browser"
) -> None:
    browser.open(portal.url(state=HOSTILE))
    assert "script" not in browser.page.tags
    assert "{{ 7 * 7 }}" not in browser.reply.text
    browser.sign_in()
    assert "script" not in browser.page.tags
    browser.submit(decision="allow")

    assert "x-injected" not in browser.reply.headers
    assert browser.brought["state"] == HOSTILE
    assert set(browser.brought) == {"tenant", "code", "state"}


def test_hostile_names_are_shown_as_they_are(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    consent = browser.sign_in()

    # The tenant's own client and user have such names.
    assert "script" not in consent.tags
    assert "Portal <script>alert(1)</script> requests access" in consent.text
    assert "<Lovelace>" in consent.text


def test_hostile_input_is_shown_as_it_is(terminal: "Application", browser: "Browser") -> None:
    browser.open("/activate")
    again = browser.sign_in(HOSTILE, "x")
    assert browser.reply.status_code == 401
    assert "script" not in again.tags

    browser.sign_in()
    again = browser.submit(user_code=HOSTILE)
    assert browser.reply.status_code == 400
    assert "script" not in again.tags
    assert "alert(1)" in again.fields["user_code"]


def test_a_person_lets_a_device_in(terminal: "Application", browser: "Browser") -> None:
    device = terminal.begin(scope=terminal.scope)

    browser.open(device["verification_uri_complete"])
    entry = browser.sign_in()
    assert entry.fields["user_code"] == device["user_code"]
    confirmation = browser.submit()
    assert device["user_code"] in confirmation.text
    assert "Terminal requests access" in confirmation.text
    assert terminal.poll(device).json()["error"] == "authorization_pending"
    done = browser.submit(decision="allow")

    assert "Your device is connected" in done.text
    tokens = terminal.poll(device).json()
    assert terminal.whoami(tokens["access_token"]).json()["user"]["email"] == "ada@example.com"


def test_a_person_types_the_code(terminal: "Application", browser: "Browser") -> None:
    device = terminal.begin()

    browser.open(device["verification_uri"])
    entry = browser.sign_in()
    assert entry.fields["user_code"] == ""
    again = browser.submit(user_code="BCDF-GHJK")
    assert browser.reply.status_code == 400
    assert "No device is waiting with this code" in again.text
    browser.submit(user_code=f" {device['user_code'].lower()} ")
    browser.submit(decision="deny")

    assert "Access denied" in browser.page.text
    assert terminal.poll(device).json()["error"] == "access_denied"


def test_a_code_that_has_expired_lets_nothing_in(
    emulator: Emulator, terminal: "Application", browser: "Browser"
) -> None:
    emulator.settings.device_code_lifetime_seconds = 60
    device = terminal.begin()
    browser.open(device["verification_uri_complete"])
    browser.sign_in()
    browser.submit()

    emulator.advance(seconds=61)
    browser.submit(decision="allow")

    assert browser.reply.status_code == 400
    assert terminal.poll(device).json()["error"] == "expired_token"


def test_a_device_form_of_another_site_is_refused(
    terminal: "Application", browser: "Browser"
) -> None:
    device = terminal.begin()
    browser.open(device["verification_uri_complete"])
    browser.sign_in()
    browser.submit(form_token="guessed")
    assert browser.reply.status_code == 403

    browser.open(f"/activate/confirm?user_code={device['user_code']}")
    browser.submit(decision="allow", form_token="guessed")
    assert browser.reply.status_code == 403
    assert terminal.poll(device).json()["error"] == "authorization_pending"


@pytest.mark.parametrize("path", ["/activate/code", "/activate/confirm"])
def test_the_device_pages_need_a_sign_in(
    terminal: "Application", browser: "Browser", path: str
) -> None:
    device = terminal.begin()

    page = browser.open(f"{path}?user_code={device['user_code']}")
    assert "password" in page.fields

    reply = browser.http.post(f"{path}?user_code={device['user_code']}", data={"decision": "allow"})
    assert reply.headers["location"].startswith("/activate")
    assert terminal.poll(device).json()["error"] == "authorization_pending"
