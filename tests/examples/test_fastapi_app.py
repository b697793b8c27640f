"""The example's web application, over real sockets: what no page may get wrong."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx2
import pytest

from anaplan_emulator import Fault

if TYPE_CHECKING:
    from tests.conftest import Portal
    from tests.examples.conftest import Visitor

Enter = Callable[[], "Visitor"]


def test_a_planner_signs_in_and_sees_their_models(visitor: Visitor) -> None:
    visitor.sign_in()

    page = visitor.http.get("/profile")
    assert page.status_code == 200
    for text in ("Pat Planner", "pat@example.com", "Flights", "Routes", "Network", "Unlocked"):
        assert text in page.text


def test_programs_get_the_model_as_it_is(visitor: Visitor) -> None:
    visitor.sign_in()

    user = visitor.http.get("/api/profile").json()

    assert (user["email"], user["active"]) == ("pat@example.com", True)


def test_the_home_page_knows_who_is_signed_in(visitor: Visitor) -> None:
    assert 'href="/login"' in visitor.http.get("/").text
    visitor.sign_in()
    assert 'href="/profile"' in visitor.http.get("/").text


def test_people_are_sent_to_sign_in_and_programs_are_told(visitor: Visitor) -> None:
    page = visitor.http.get("/profile")
    assert (page.status_code, page.headers["location"]) == (303, "/login")

    reply = visitor.http.get("/api/profile", headers={"Accept": "application/json"})
    assert (reply.status_code, reply.json()) == (401, {"detail": "Nobody is signed in."})


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(visitor: Visitor) -> None:
    cookies = [*visitor.http.get("/login").headers.get_list("set-cookie")]
    cookies += visitor.sign_in().headers.get_list("set-cookie")

    assert len(cookies) == 2
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_pages_are_not_kept_and_run_no_scripts(visitor: Visitor) -> None:
    visitor.sign_in()
    for path in ("/", "/profile", "/oauth/callback?state=forged"):
        headers = visitor.http.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"


def test_a_callback_that_is_loaded_again_uses_its_code_once(
    portal: Portal, visitor: Visitor
) -> None:
    callback = visitor.callback()
    first = visitor.http.get(callback)

    again = visitor.http.get(callback)

    assert first.status_code == again.status_code == 303
    assert again.headers["location"] == "/profile"
    assert portal.exchanges("authorization_code") == [200]
    assert visitor.is_signed_in


def test_a_refused_callback_that_is_loaded_again_is_refused_again(visitor: Visitor) -> None:
    callback = visitor.callback(allow=False)

    assert [visitor.http.get(callback).status_code for _ in range(2)] == [403, 403]


def test_a_callback_does_not_sign_in_again_after_signing_out(visitor: Visitor) -> None:
    callback = visitor.callback()
    visitor.http.get(callback)
    visitor.http.post("/logout")

    assert visitor.http.get(callback).status_code == 303
    assert not visitor.is_signed_in


def test_callbacks_at_once_count_once(portal: Portal, visitor: Visitor) -> None:
    callback = visitor.callback()
    cookies = dict(visitor.http.cookies)

    def come(_: int) -> int:
        return httpx2.get(callback, cookies=cookies, timeout=30).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(come, range(8))) == [303] * 8
    assert portal.exchanges("authorization_code") == [200]


@pytest.mark.parametrize("state", ["", "state=", "state=forged", "state=%E2%98%83"])
def test_a_forged_state_signs_nobody_in(portal: Portal, visitor: Visitor, state: str) -> None:
    callback = visitor.callback()

    forged = visitor.http.get(f"/oauth/callback?code=stolen&{state}")

    assert forged.status_code == 400
    assert visitor.session_id is None
    assert portal.exchanges("authorization_code") == []
    # The true sign-in isn't disturbed.
    assert visitor.http.get(callback).status_code == 303


def test_nobody_is_signed_in_by_the_callback_of_another_browser(
    portal: Portal, enter: Enter
) -> None:
    victim, attacker = enter(), enter()
    victim.begin()
    callback = attacker.callback()

    assert victim.http.get(callback).status_code == 400
    assert httpx2.get(callback).status_code == 400
    assert victim.session_id is None
    assert portal.exchanges("authorization_code") == []


def test_two_tabs_begin_at_once_on_the_first_visit(portal: Portal, visitor: Visitor) -> None:
    # Neither request has a cookie; the browser keeps those of both replies.
    begun = [httpx2.get(f"{portal.url}/login") for _ in range(2)]
    for reply in begun:
        for name, value in reply.cookies.items():
            visitor.http.cookies.set(name, value, domain="127.0.0.1", path="/")
    callbacks = [portal.emulator.authorize(reply.headers["location"]) for reply in begun]

    assert [visitor.http.get(each).status_code for each in callbacks] == [303, 303]
    assert visitor.is_signed_in


def test_an_unknown_path_is_a_page_for_people_and_json_for_programs(visitor: Visitor) -> None:
    page = visitor.http.get("/nowhere")
    assert page.status_code == 404
    assert "There is no such page" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]

    reply = visitor.http.get("/nowhere", headers={"Accept": "application/json"})
    assert (reply.status_code, reply.json()) == (404, {"detail": "Not Found"})


def test_the_home_page_signs_out(visitor: Visitor) -> None:
    assert "Sign out" not in visitor.http.get("/").text
    visitor.sign_in()
    assert "Sign out" in visitor.http.get("/").text


def test_two_tabs_sign_in_side_by_side(visitor: Visitor) -> None:
    first, second = visitor.callback(), visitor.callback()

    assert visitor.http.get(second).status_code == 303
    assert visitor.http.get(first).status_code == 303
    assert visitor.is_signed_in


def test_a_planted_session_id_is_never_signed_in(portal: Portal, visitor: Visitor) -> None:
    visitor.http.cookies.set("session", "planted", domain="127.0.0.1", path="/")
    reply = visitor.sign_in()

    assert "session=planted" not in reply.headers["set-cookie"]
    planted = httpx2.get(f"{portal.url}/profile", cookies={"session": "planted"})
    assert planted.status_code == 401


def test_signing_in_again_ends_the_session_before(portal: Portal, visitor: Visitor) -> None:
    visitor.sign_in()
    before = visitor.session_id
    visitor.sign_in("hostile@example.com")

    assert before != visitor.session_id
    old = httpx2.get(f"{portal.url}/profile", cookies={"session": str(before)})
    assert old.status_code == 401


def test_sessions_are_told_apart(enter: Enter) -> None:
    visitors = {"pat@example.com": enter(), "hostile@example.com": enter()}
    for email, visitor in visitors.items():
        visitor.sign_in(email)

    for email, visitor in visitors.items():
        assert visitor.http.get("/api/profile").json()["email"] == email


def test_denied_consent_is_no_sign_in(visitor: Visitor) -> None:
    page = visitor.http.get(visitor.callback(allow=False))

    assert page.status_code == 403
    assert "You did not allow" in page.text
    assert visitor.session_id is None


def test_what_a_callback_says_is_escaped(visitor: Visitor) -> None:
    state = httpx2.URL(visitor.begin()).params["state"]
    params = {"state": state, "error": "server_error", "error_description": "<script>alert(1)"}

    page = visitor.http.get("/oauth/callback", params=params)

    assert page.status_code == 400
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script" not in page.text


def test_names_are_escaped(visitor: Visitor) -> None:
    visitor.sign_in("hostile@example.com")

    page = visitor.http.get("/profile").text

    assert "&lt;img src=x onerror=alert(1)&gt; &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page


def test_requests_that_come_together_refresh_once(portal: Portal, visitor: Visitor) -> None:
    visitor.sign_in()
    portal.emulator.advance(minutes=40)
    cookies = dict(visitor.http.cookies)

    def come(_: int) -> int:
        return httpx2.get(f"{portal.url}/profile", cookies=cookies, timeout=30).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(come, range(8))) == [200] * 8
    assert portal.exchanges("refresh_token") == [200]


def test_every_new_refresh_token_is_kept(portal: Portal, visitor: Visitor) -> None:
    visitor.sign_in()
    for _ in range(3):
        portal.emulator.advance(minutes=40)
        assert visitor.is_signed_in
    assert portal.exchanges("refresh_token") == [200] * 3


def test_a_refresh_that_fails_may_be_tried_again(portal: Portal, visitor: Visitor) -> None:
    visitor.sign_in()
    portal.emulator.advance(minutes=40)
    portal.emulator.add_fault(Fault(path="/oauth/token", status=503))

    assert visitor.http.get("/profile").status_code == 502
    assert visitor.is_signed_in


def test_when_the_sign_in_has_ended_people_sign_in_anew(portal: Portal, visitor: Visitor) -> None:
    visitor.sign_in()
    portal.emulator.advance(hours=13)

    page = visitor.http.get("/profile")

    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert portal.exchanges("refresh_token") == [403]
    # The session is over, and its refresh token isn't tried again.
    assert not visitor.is_signed_in
    assert portal.exchanges("refresh_token") == [403]


def test_signing_out_ends_the_session_and_the_token(portal: Portal, visitor: Visitor) -> None:
    visitor.sign_in()
    cookies = {"session": str(visitor.session_id)}

    reply = visitor.http.post("/logout")

    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    assert visitor.session_id is None
    assert httpx2.get(f"{portal.url}/profile", cookies=cookies).status_code == 401
    ended = [request for request in portal.emulator.requests() if request.path == "/token/logout"]
    assert [request.status for request in ended] == [204]


def test_signing_out_needs_a_post(visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.http.get("/logout").status_code == 405
    assert visitor.is_signed_in


@pytest.mark.parametrize("status", [401, 503])
def test_signing_out_does_not_depend_on_anaplan(
    portal: Portal, visitor: Visitor, status: int
) -> None:
    visitor.sign_in()
    portal.emulator.add_fault(Fault(path="/token/logout", status=status, times=None))

    assert visitor.http.post("/logout").status_code == 303
    assert not visitor.is_signed_in


def test_signing_out_twice_is_no_error(visitor: Visitor) -> None:
    visitor.sign_in()
    for _ in range(2):
        assert visitor.http.post("/logout").status_code == 303


@pytest.mark.parametrize(
    ("status", "words"), [(400, "Anaplan refused"), (503, "Try again in a minute")]
)
def test_a_failure_of_anaplans_is_no_riddle(
    portal: Portal, visitor: Visitor, status: int, words: str
) -> None:
    visitor.sign_in()
    no_wait = {"Retry-After": "0"}
    portal.emulator.add_fault(Fault(path="/2/0/users/*", status=status, headers=no_wait, times=3))

    page = visitor.http.get("/profile")

    assert page.status_code == 502
    assert words in page.text
    portal.emulator.clear_faults()
    assert visitor.is_signed_in


def test_the_log_holds_no_secrets(portal: Portal, visitor: Visitor) -> None:
    callback = visitor.callback()
    visitor.http.get(callback)
    portal.emulator.add_fault(Fault(path="/2/0/users/*", status=400))
    visitor.http.get("/profile")
    session_id = str(visitor.session_id)
    portal.emulator.add_fault(Fault(path="/token/logout", status=400))
    visitor.http.post("/logout")

    log = portal.log.read_text()

    assert "/2/0/users/me" in log
    assert "Anaplan did not end the token" in log
    brought = httpx2.URL(callback).params
    client_secret = portal.emulator.oauth_client_secret
    for secret in (brought["code"], brought["state"], session_id, client_secret):
        assert secret not in log
    assert "Traceback" not in log


def test_behind_a_proxy_that_speaks_https(portal_behind_proxy: Portal) -> None:
    """The application sees http, and knows better."""
    portal = portal_behind_proxy
    proxied = {"Host": "portal.example.com", "Accept": "text/html"}
    login = httpx2.get(f"{portal.url}/login", headers=proxied)
    begun = login.headers["set-cookie"]
    callback = httpx2.URL(portal.emulator.authorize(login.headers["location"]))
    assert (callback.scheme, callback.host) == ("https", "portal.example.com")

    answer = httpx2.get(
        f"{portal.url}{callback.raw_path.decode()}",
        headers={**proxied, "Cookie": begun.partition(";")[0]},
    )

    assert answer.status_code == 303
    for cookie in (begun, answer.headers["set-cookie"]):
        assert "Secure" in cookie.split("; ")
