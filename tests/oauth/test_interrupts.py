"""Programs that block, interrupted while a new token is on its way: nothing of it is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
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
import json, signal, sys
from anaplan_sdk import AnaplanRefreshTokenAuth, Client, PlaintextFileStore
signal.signal(signal.SIGINT, signal.default_int_handler)
registration, token, path, options = map(json.loads, sys.argv[1:])
auth = AnaplanRefreshTokenAuth(token=token, store=PlaintextFileStore(path), **registration)
Client(auth=auth, base_url=registration["base_url"], **options).get_workspaces()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There are no such signals.")


@pytest.mark.parametrize("options", [{}, {"request_deadline": 30}], ids=["", "deadline"])
def test_an_interrupt_waits_until_the_new_refresh_token_is_kept(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    new_token: NewToken,
    tmp_path: Path,
    options: dict[str, int],
) -> None:
    anaplan.fault(path=TOKEN, delay_seconds=0.5)
    registered = registration(anaplan)
    token = new_token(anaplan, ended=True)
    path = tmp_path / "tokens"
    given = [registered, token, str(path), options]
    command = [sys.executable, "-c", PROGRAM, *map(json.dumps, given)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not anaplan.requests(path=TOKEN):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert process.returncode != 0
    assert not anaplan.requests(path="/2/0/workspaces")
    kept = PlaintextFileStore(path).load(store_key(registered["base_url"], registered["client_id"]))
    assert kept not in (None, token["refresh_token"])
