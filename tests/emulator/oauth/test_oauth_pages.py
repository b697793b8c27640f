"""The pages of the authorization server: forms, cookies and headers, tested without a browser."""

import re
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription

if TYPE_CHECKING:
    from tests.emulator.oauth.conftest import Application, Browser

MARKUP = """"'><script>alert(1)</script>&amp;{{ 7 * 7 }}\r\nX-Injected: 1\x00é"""


def test_signing_in_and_consenting(portal: "Application", browser: "Browser") -> None:
    sign_in = browser.open(f"/auth/authorize?{portal.query()}")
    assert "Sign in" in sign_in.text

    consent = browser.sign_in()
    assert portal.name in consent.text
    assert "Ada <Lovelace> (ada@example.com)" in consent.text
    assert "portal.example.com" in consent.text
    assert "Keep its access" in consent.text

    browser.submit(decision="allow")
    assert browser.redirect_url.startswith(f"{portal.callback}&code=")
    assert browser.redirect_query["state"] == "a state"
    tokens = portal.exchange(browser.redirect_query["code"]).json()
    assert portal.get_user(tokens["access_token"]).json()["user"]["email"] == "ada@example.com"


def test_signing_in_counts_as_a_login(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    browser.sign_in()
    browser.submit(decision="allow")

    tokens = portal.exchange(browser.redirect_query["code"]).json()
    assert portal.get_user(tokens["access_token"]).json()["user"]["lastLoginDate"]


def test_denying_consent(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    browser.sign_in()

    browser.submit(decision="deny")

    assert browser.redirect_url.startswith(portal.callback)
    assert browser.redirect_query["error"] == "access_denied"
    assert browser.redirect_query["state"] == "a state"
    assert "code" not in browser.redirect_query


def test_no_state_is_returned_if_none_was_sent(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url(state=None))
    browser.sign_in()
    browser.submit(decision="allow")

    assert set(browser.redirect_query) == {"tenant", "code"}


@pytest.mark.parametrize(
    ("email", "password", "message"),
    [
        ("ada@example.com", "wrong", "incorrect"),
        ("nobody@example.com", "correct horse", "incorrect"),
        ("gone@example.com", "left", "not active"),
        ("sso@example.com", "unused", "single sign-on"),
    ],
)
@pytest.mark.parametrize("device", [False, True])
def test_a_failed_sign_in_shows_the_reason_and_the_form_again(
    portal: "Application",
    browser: "Browser",
    email: str,
    password: str,
    message: str,
    device: bool,
) -> None:
    browser.open("/activate" if device else portal.url())

    again = browser.sign_in(email, password)

    assert browser.reply.status_code == 401
    assert message in again.text
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


def test_every_authorization_needs_a_sign_in(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    browser.sign_in()
    browser.submit(decision="allow")

    assert "password" in browser.open(f"/auth/consent?{portal.query()}").fields


def test_unused_sign_ins_expire_by_the_emulator_clock(
    emulator: Emulator, portal: "Application", browser: "Browser"
) -> None:
    browser.open(portal.url())
    browser.sign_in()

    emulator.advance(minutes=11)

    assert "password" in browser.submit(decision="allow").fields


def test_switching_to_another_account(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    consent = browser.sign_in()
    browser.open(consent.links[0])

    consent = browser.sign_in("bob@example.com", "battery staple")

    assert "bob@example.com" in consent.text


def test_forms_of_other_sites_are_rejected(
    portal: "Application", browser: "Browser", other_browser: "Browser"
) -> None:
    foreign = other_browser.open(portal.url()).fields["form_token"]
    for token in ("", "guessed", foreign):
        browser.open(portal.url())
        refused = browser.submit(
            email="ada@example.com", password="correct horse", form_token=token
        )
        assert browser.reply.status_code == 403
        assert "has expired" in refused.text

    browser.open(portal.url())
    browser.sign_in()
    browser.submit(decision="allow", form_token=foreign)
    assert browser.reply.status_code == 403


def test_a_form_of_an_earlier_tab_is_shown_again(portal: "Application", browser: "Browser") -> None:
    stale = browser.open(portal.url()).fields["form_token"]
    browser.sign_in()  # In another tab.
    browser.open(portal.url())
    browser.submit(email="ada@example.com", password="correct horse", form_token=stale)
    assert "has expired" in browser.page.text
    assert "has expired" not in browser.sign_in().text
    assert browser.reply.status_code == 200


def test_forms_without_their_cookie_are_rejected(portal: "Application", browser: "Browser") -> None:
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


def test_the_cookie_is_http_only_and_same_site(portal: "Application", browser: "Browser") -> None:
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


def rejected_form(browser: "Browser", portal: "Application", _: "Application") -> None:
    browser.open(portal.url())
    browser.submit(form_token="")


def device_sign_in(browser: "Browser", _: "Application", terminal: "Application") -> None:
    browser.open(terminal.start_device()["verification_uri_complete"])


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
    rejected_form,
    device_sign_in,
    device_code,
    device_confirmation,
    device_done,
]


@pytest.mark.parametrize("open_page", PAGES)
def test_every_page_has_security_headers_and_is_accessible(
    browser: "Browser",
    portal: "Application",
    terminal: "Application",
    open_page: Callable[["Browser", "Application", "Application"], None],
) -> None:
    open_page(browser, portal, terminal)

    headers = browser.reply.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    # A policy for forms would make browsers block the redirect to the client.
    assert ("form-action 'self'" in policy) == (open_page is not consent_page)
    page = browser.page
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("title") == 1
    assert "script" not in page.tags
    visible = {name for name, kind in page.inputs.items() if kind != "hidden"}
    assert visible == page.labelled
    assert '<html lang="en">' in browser.reply.text


def test_the_style_sheet_is_served(browser: "Browser") -> None:
    browser.open("/activate")
    (path,) = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.reply.text)

    style = browser.http.get(path)

    assert style.status_code == 200
    assert style.headers["content-type"].startswith("text/css")


def test_a_malicious_state_is_escaped_and_returned_unchanged(
    portal: "Application", browser: "Browser"
) -> None:
    browser.open(portal.url(state=MARKUP))
    assert "script" not in browser.page.tags
    assert "{{ 7 * 7 }}" not in browser.reply.text
    browser.sign_in()
    assert "script" not in browser.page.tags
    browser.submit(decision="allow")

    assert "x-injected" not in browser.reply.headers
    assert browser.redirect_query["state"] == MARKUP
    assert set(browser.redirect_query) == {"tenant", "code", "state"}


def test_names_with_markup_are_escaped(portal: "Application", browser: "Browser") -> None:
    browser.open(portal.url())
    consent = browser.sign_in()

    # The tenant's client and user have such names.
    assert "script" not in consent.tags
    assert "Portal <script>alert(1)</script> requests access" in consent.text
    assert "<Lovelace>" in consent.text


def test_input_with_markup_is_escaped(terminal: "Application", browser: "Browser") -> None:
    browser.open("/activate")
    again = browser.sign_in(MARKUP, "x")
    assert browser.reply.status_code == 401
    assert "script" not in again.tags

    browser.sign_in()
    again = browser.submit(user_code=MARKUP)
    assert browser.reply.status_code == 400
    assert "script" not in again.tags
    assert "alert(1)" in again.fields["user_code"]


def test_approving_a_device(terminal: "Application", browser: "Browser") -> None:
    device = terminal.start_device(scope=terminal.scope)

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
    assert terminal.get_user(tokens["access_token"]).json()["user"]["email"] == "ada@example.com"


def test_typing_the_user_code(terminal: "Application", browser: "Browser") -> None:
    device = terminal.start_device()

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


def test_an_expired_user_code_is_rejected(
    emulator: Emulator, terminal: "Application", browser: "Browser"
) -> None:
    emulator.settings.device_code_lifetime_seconds = 60
    device = terminal.start_device()
    browser.open(device["verification_uri_complete"])
    browser.sign_in()
    browser.submit()

    emulator.advance(seconds=61)
    browser.submit(decision="allow")

    assert browser.reply.status_code == 400
    assert terminal.poll(device).json()["error"] == "expired_token"


def test_device_forms_of_other_sites_are_rejected(
    terminal: "Application", browser: "Browser"
) -> None:
    device = terminal.start_device()
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
    device = terminal.start_device()

    page = browser.open(f"{path}?user_code={device['user_code']}")
    assert "password" in page.fields

    reply = browser.http.post(f"{path}?user_code={device['user_code']}", data={"decision": "allow"})
    assert reply.headers["location"].startswith("/activate")
    assert terminal.poll(device).json()["error"] == "authorization_pending"
