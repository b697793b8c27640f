"""Programs of a user without a home folder, as in containers that run with any user id."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import anaplan_sdk
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.testing import EmulatedAnaplan

# The standard library asks the system for the home of the process's user.
BEGIN = """
import os
os.getuid = lambda: 54321
os.environ.pop("HOME", None)
from anaplan_sdk import *
from anaplan_sdk.exceptions import *

def refused(how, *named):
    try:
        how()
    except AnaplanException as error:
        assert all(name in str(error) for name in named), str(error)
    else:
        raise AssertionError("it was not refused")
"""

WITHOUT_HOME = """
assert Client(token="t")
assert Client.from_env(base_url=URL).get_workspaces()
refused(lambda: Client.from_env("load"), "HOME", "XDG_CONFIG_HOME")
refused(lambda: PlaintextFileStore(), "HOME", "XDG_STATE_HOME")
refused(lambda: PlaintextFileStore("~/tokens.json"), "HOME")
refused(lambda: KeyringStore().load("key"))
refused(lambda: Client(certificate="~/c.pem", private_key="~/k.pem"), "home")
# The store's own place is known, and its lock needs no home.
store = PlaintextFileStore("tokens.json")
for auth in (
    AnaplanRefreshTokenAuth(**APP, token={"refresh_token": REFRESH}, store=store),
    AnaplanLocalOAuth(**APP, store=store, prompt=lambda url: 1 / 0),
):
    with Client(auth=auth, base_url=URL) as client:
        assert client.get_workspaces()
assert not os.path.exists("~")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a user of Windows has a profile folder")
def test_only_what_needs_a_home_fails(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    new_token: Callable[[EmulatedAnaplan], OAuthToken],
    tmp_path: Path,
) -> None:
    emulator, app = anaplan.emulator, registration(anaplan)
    given = {
        "URL": emulator.base_url,
        "APP": {name: app[name] for name in ("client_id", "client_secret", "redirect_uri")},
        "REFRESH": new_token(anaplan)["refresh_token"],
    }
    program = "\n".join(
        [BEGIN, *(f"{name} = {value!r}" for name, value in given.items()), WITHOUT_HOME]
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(Path(anaplan_sdk.__file__).parents[1]),
            "TMPDIR": str(tmp_path),
            "ANAPLAN_USER_EMAIL": emulator.user_email,
            "ANAPLAN_PASSWORD": emulator.password,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
