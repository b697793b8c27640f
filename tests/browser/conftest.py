"""Chromium, without a screen, and the pages a person walks through in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    expect,
    sync_playwright,
)

if TYPE_CHECKING:
    from tests.conftest import Portal

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "No Chromium: install one (Debian: apt install chromium), or set CHROMIUM to its path"
OPTIONS = [
    "--no-sandbox",  # which root can't have
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
]
# Longer than a loaded machine takes; what is there sooner is seen sooner.
expect.set_options(timeout=20_000)

# Said by the page itself, since it may be gone before it could be asked.
MEASURE = """
addEventListener("load", () => {
  if (document.documentElement.scrollWidth > innerWidth) {
    console.error(`wider than the window: ${location}`);
  }
});
"""


class Walk:
    """A person's way through the pages of Anaplan and of the portal.

    Attributes:
        page: The browser's tab.
    """

    def __init__(self, page: Page, portal: Portal) -> None:
        self.page = page
        self._portal = portal

    def begin(self) -> None:
        """Opens the portal, and goes to Anaplan's sign-in page."""
        self.page.goto(self._portal.url)
        self.page.get_by_role("link", name="Sign in with Anaplan").click()

    def sign_in(self, email: str = "pat@example.com", password: str = "Pl4nning!") -> None:
        """Fills in Anaplan's sign-in page."""
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.press("Sign in")

    def press(self, name: str) -> None:
        """Presses a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def heading(self, text: str) -> Locator:
        """The page's heading."""
        return self.page.get_by_role("heading", level=1, name=text, exact=True)

    @property
    def problem(self) -> Locator:
        """What the page says went wrong."""
        return self.page.get_by_role("alert")

    @property
    def has_session(self) -> bool:
        """Whether the browser holds a session of the portal's."""
        cookies = self.page.context.cookies(self._portal.url)
        return any(cookie.get("name") == "session" for cookie in cookies)


def find_chromium() -> str | None:
    """The path of the browser, if there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


# By marks, which pytest sums up where a fixture's skips fill a page.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what needs a browser where there is none, but never in CI."""
    if find_chromium() or os.environ.get("CI"):
        return
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.skip(MISSING))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    return find_chromium() or pytest.fail(MISSING)


# A thread in which Playwright runs has an event loop, so tests of other modules must not meet it.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=OPTIONS) as browser,
    ):
        yield browser


@pytest.fixture
def width() -> int:
    """How wide the window is; tests that walk through many pages do so at several widths."""
    return 1280


@pytest.fixture
def page(browser: Browser, width: int) -> Iterator[Page]:
    """A tab of a fresh profile; fails the test when a page breaks, or is wider than the window."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Refusals are pages with their status; the browser notes those, too.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            complaints.append(message.text)

    def dismiss(dialog: Dialog) -> None:
        complaints.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    with browser.new_context(viewport={"width": width, "height": 800}, locale="en") as context:
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", dismiss)
        page.add_init_script(MEASURE)
        yield page
    assert complaints == []


@pytest.fixture
def walk(page: Page, portal: Portal) -> Walk:
    return Walk(page, portal)
