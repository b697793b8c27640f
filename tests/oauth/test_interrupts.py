"""Programs that are interrupted while a new token is on its way: it is not lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_sdk import PlaintextFileStore
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.auth.stores import store_key
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    NewToken = Callable[..., OAuthToken]

TOKEN = "/oauth/token"

# A shell's background jobs ignore interrupts, and so would their children.
PROGRAM = """
import asyncio, json, signal, sys
from anaplan_sdk import AnaplanRefreshTokenAuth, AsyncClient, Client, PlaintextFileStore
signal.signal(signal.SIGINT, signal.default_int_handler)
registration, token, path, kind, options = map(json.loads, sys.argv[1:])
auth = AnaplanRefreshTokenAuth(token=token, store=PlaintextFileStore(path), **registration)
options |= {"auth": auth, "base_url": registration["base_url"]}

async def main():
    async with AsyncClient(**options) as client:
        await client.get_workspaces()

if kind == "async":
    asyncio.run(main())
else:
    Client(**options).get_workspaces()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There are no such signals.")


class Program:
    """A program of its own, whose access token has expired.

    Attributes:
        process: The process, which has asked for a new token.
        spent: The refresh token that it spends on that.
    """

    def __init__(
        self,
        anaplan: EmulatedAnaplan,
        registration: dict[str, Any],
        token: OAuthToken,
        path: Path,
        kind: str = "sync",
        **options: float,
    ) -> None:
        self.spent = token["refresh_token"]
        self._store = PlaintextFileStore(path)
        self._key = store_key(registration["base_url"], registration["client_id"])
        given = [registration, token, str(path), kind, options]
        command = [sys.executable, "-c", PROGRAM, *map(json.dumps, given)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while not anaplan.requests(path=TOKEN):
            assert self.process.poll() is None
            time.sleep(0.01)

    @property
    def kept(self) -> str | None:
        return self._store.load(self._key)


@pytest.fixture
def program(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    new_token: NewToken,
    tmp_path: Path,
) -> Iterator[Callable[..., Program]]:
    begun: list[Program] = []

    def begin(kind: str = "sync", *, delay: float, **options: float) -> Program:
        token = new_token(anaplan, ended=True)
        anaplan.fault(path=TOKEN, delay_seconds=delay)
        registered = registration(anaplan)
        begun.append(Program(anaplan, registered, token, tmp_path / "tokens", kind, **options))
        return begun[-1]

    yield begin
    for each in begun:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize(
    ("kind", "options"),
    [("sync", {}), ("sync", {"request_deadline": 30}), ("async", {})],
    ids=["sync", "sync with a deadline", "async"],
)
def test_a_program_that_is_interrupted_keeps_the_new_refresh_token(
    anaplan: EmulatedAnaplan,
    program: Callable[..., Program],
    kind: str,
    options: dict[str, float],
) -> None:
    begun = program(kind, delay=2, **options)
    begun.process.send_signal(signal.SIGINT)
    _, errors = begun.process.communicate(timeout=60)

    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert begun.process.returncode != 0
    assert not anaplan.requests(path="/2/0/workspaces")
    assert begun.kept not in (None, begun.spent)


def test_a_second_interrupt_ends_a_program_at_once(program: Callable[..., Program]) -> None:
    begun = program(delay=60, timeout=120)
    while begun.process.poll() is None:
        begun.process.send_signal(signal.SIGINT)
        time.sleep(0.3)  # Two at once are one.
    assert begun.process.returncode != 0
    assert begun.kept is None
