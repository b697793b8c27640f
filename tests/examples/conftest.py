"""Visitors of the example's web application who need no browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.conftest import Portal


class Visitor:
    """Keeps the portal's cookies, and decides at Anaplan without its pages."""

    def __init__(self, portal: Portal) -> None:
        self.http = httpx2.Client(
            base_url=portal.url, headers={"Accept": "text/html"}, timeout=30, cookies={}
        )
        self._portal = portal

    def begin(self) -> str:
        """Goes to sign in, and returns Anaplan's address."""
        reply = self.http.get("/login")
        assert reply.status_code == 302
        return str(reply.headers["location"])

    def callback(self, email: str = "pat@example.com", *, allow: bool = True) -> str:
        """Goes to sign in, decides, and returns where Anaplan sends the browser to."""
        return self._portal.emulator.authorize(self.begin(), email, allow=allow)

    def sign_in(self, email: str = "pat@example.com") -> httpx2.Response:
        """Goes all the way to the callback's answer."""
        reply = self.http.get(self.callback(email))
        assert reply.status_code == 303, reply.text
        assert reply.headers["location"] == "/profile"
        return reply

    @property
    def session_id(self) -> str | None:
        """The id in the cookie."""
        return self.http.cookies.get("session")

    @property
    def is_signed_in(self) -> bool:
        """Whether the portal knows whose session this is."""
        return self.http.get("/profile").status_code == 200


@pytest.fixture
def enter(portal: Portal) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors, each with cookies of their own."""
    with ExitStack() as stack:

        def enter() -> Visitor:
            visitor = Visitor(portal)
            stack.callback(visitor.http.close)
            return visitor

        yield enter


@pytest.fixture
def visitor(enter: Callable[[], Visitor]) -> Visitor:
    return enter()
