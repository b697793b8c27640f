"""Signing in at a real terminal: what is shown, what is pasted, and Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anaplan_sdk.testing import EmulatedAnaplan

# What is pasted is asked for with this.
PASTE = "paste it here:"

# In a terminal Ctrl-C interrupts, even if whoever started the tests ignores it.
PROGRAM = """
import asyncio, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from anaplan_sdk import AnaplanDeviceAuth, AnaplanLocalOAuth, AsyncClient, Client
from anaplan_sdk.exceptions import OAuthException

base_url = os.environ["BASE_URL"]
if "device" in sys.argv:
    auth = AnaplanDeviceAuth(os.environ["DEVICE_CLIENT_ID"], base_url=base_url)
else:
    auth = AnaplanLocalOAuth(
        client_id=os.environ["OAUTH_CLIENT_ID"],
        client_secret=os.environ["OAUTH_CLIENT_SECRET"],
        redirect_uri=os.environ["REDIRECT_URI"],
        base_url=base_url,
    )

async def main():
    async with AsyncClient(auth=auth, base_url=base_url) as client:
        return await client.get_workspaces()

try:
    if "async" in sys.argv:
        workspaces = asyncio.run(main())
    else:
        workspaces = Client(auth=auth, base_url=base_url).get_workspaces()
    print("Workspaces:", len(workspaces))
except OAuthException as error:
    print("Refused:", error.code)
"""


class Terminal:
    """A program in a terminal, with someone before it."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.shown = ""
        self._screen, inside = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env=environment,
            start_new_session=True,
        )
        os.close(inside)

    def read_until(self, text: str, seconds: float = 30) -> str:
        """Reads on until this was shown anew, and returns what came before it."""
        begin = len(self.shown)
        end = time.monotonic() + seconds
        while text not in self.shown[begin:]:
            ready, _, _ = select.select([self._screen], [], [], max(0, end - time.monotonic()))
            assert ready, f"not shown in time: {text!r}; but {self.shown!r}"
            self.shown += os.read(self._screen, 65536).decode()
        return self.shown[begin:]

    def type(self, line: str) -> None:
        os.write(self._screen, line.encode() + b"\n")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)


Open = Callable[..., Terminal]


@pytest.fixture
def terminal(anaplan: EmulatedAnaplan) -> Iterator[Open]:
    opened: list[Terminal] = []
    emulator = anaplan.emulator

    def open_terminal(*arguments: str, **environment: Any) -> Terminal:
        opened.append(
            Terminal(
                list(arguments),
                {
                    **os.environ,
                    "BASE_URL": emulator.base_url,
                    "OAUTH_CLIENT_ID": emulator.oauth_client_id,
                    "OAUTH_CLIENT_SECRET": emulator.oauth_client_secret,
                    "REDIRECT_URI": emulator.redirect_uri,
                    "DEVICE_CLIENT_ID": emulator.device_client_id,
                    **environment,
                },
            )
        )
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        terminal.close()


def url_in(shown: str) -> str:
    (url,) = re.findall(r"(http\S+/auth/\S+|http\S+/activate\S*)", shown)
    return str(url)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_address_is_shown_and_the_pasted_one_taken(
    anaplan: EmulatedAnaplan, terminal: Open, kind: str
) -> None:
    session = terminal(kind)
    shown = session.read_until(PASTE)
    assert "To sign in, open" in shown
    assert anaplan.emulator.redirect_uri in shown
    assert anaplan.emulator.oauth_client_secret not in shown
    session.type(f"  {anaplan.emulator.authorize(url_in(shown))} ")
    session.read_until("Workspaces: 1")
    assert session.process.wait(30) == 0


@pytest.mark.parametrize("mistyped", ["", "hello", "https://app.example.com/oauth/callback?st=1"])
def test_a_mistyped_address_is_asked_for_again(
    anaplan: EmulatedAnaplan, terminal: Open, mistyped: str
) -> None:
    session = terminal("sync")
    url = url_in(session.read_until(PASTE))
    session.type(mistyped)
    assert "no code" in session.read_until(PASTE)
    session.type(anaplan.emulator.authorize(url).removeprefix("https://"))
    session.read_until("Workspaces: 1")


def test_it_is_not_asked_for_without_end(terminal: Open) -> None:
    session = terminal("sync")
    for _ in range(3):
        session.read_until(PASTE)
        session.type("what?")
    session.read_until("Refused: missing_code")


def test_who_denies_is_not_asked_again(anaplan: EmulatedAnaplan, terminal: Open) -> None:
    session = terminal("async")
    url = url_in(session.read_until(PASTE))
    session.type(anaplan.emulator.authorize(url, allow=False))
    session.read_until("Refused: access_denied")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_end_of_input_gives_up(terminal: Open, kind: str) -> None:
    session = terminal(kind)
    session.read_until(PASTE)
    session.type("\x04")
    session.read_until("Refused: cancelled")


@pytest.mark.parametrize(
    "arguments", [["sync"], ["async"], ["sync", "device"], ["async", "device"]]
)
def test_an_interrupt_ends_the_program(terminal: Open, arguments: list[str]) -> None:
    session = terminal(*arguments)
    session.read_until("Waiting" if "device" in arguments else PASTE)
    time.sleep(0.3)  # so that it waits by now: what is shown is shown a little earlier
    session.process.send_signal(signal.SIGINT)
    session.read_until("KeyboardInterrupt")
    assert session.process.wait(10) != 0


def test_the_browser_is_opened_where_there_is_one(
    anaplan: EmulatedAnaplan, terminal: Open, tmp_path: Path
) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    browser.chmod(0o700)
    session = terminal("sync", BROWSER=f"{browser} %s")
    shown = session.read_until(PASTE)
    assert "page that was opened" in shown
    assert opened.read_text() == url_in(shown)
    session.type(anaplan.emulator.authorize(opened.read_text()))
    session.read_until("Workspaces: 1")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_device_code_is_shown(anaplan: EmulatedAnaplan, terminal: Open, kind: str) -> None:
    anaplan.emulator.settings.device_poll_seconds = 0
    session = terminal(kind, "device")
    shown = session.read_until("Waiting")
    (code,) = re.findall(r"code (\S{4}-\S{4})", shown)
    assert url_in(shown).startswith(f"{anaplan.emulator.base_url}/activate?user_code=")
    anaplan.emulator.approve_device(code)
    session.read_until("Workspaces: 1")
