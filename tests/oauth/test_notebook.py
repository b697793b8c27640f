"""Signing in in a notebook: its kernel has no terminal, and asks through `input`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import anaplan_sdk
from anaplan_sdk.testing import EmulatedAnaplan

# What IPython and its kernel provide, without the libraries: a shell with a kernel, and an `input`
# that asks in the browser.
PROGRAM = """
import builtins, sys, types
import asyncio, os
from anaplan_sdk import AnaplanDeviceAuth, AnaplanLocalOAuth, AsyncClient, Client
from anaplan_sdk.exceptions import SignInRequiredException

allowed = sys.argv[1] == "allowed"
kernel = types.SimpleNamespace(_allow_stdin=allowed)
shell = types.SimpleNamespace(kernel=kernel) if sys.argv[1] != "no kernel" else object()
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell)

class StdinNotImplementedError(NotImplementedError):
    pass

def asks(prompt=""):
    if sys.argv[2] == "nobody":
        raise StdinNotImplementedError("raw_input was called, but this frontend takes no input")
    print("asked")
    return CALLBACK

builtins.input = asks
auth = AnaplanLocalOAuth(**APP, state_generator=lambda: "state")

async def main():
    async with AsyncClient(auth=auth, base_url=APP["base_url"]) as client:
        return await client.get_workspaces()

try:
    if sys.argv[3] == "async":
        print(len(asyncio.run(main())) > 0)
    else:
        print(len(Client(auth=auth, base_url=APP["base_url"]).get_workspaces()) > 0)
except SignInRequiredException as error:
    print("required:", error)
"""


@pytest.fixture
def run(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    tmp_path: Path,
) -> Callable[..., str]:
    from anaplan_sdk import Oauth

    app = registration(anaplan)
    url, _ = Oauth(**app).authorization_url(state="state")
    callback = anaplan.emulator.authorize(url)

    def run(*arguments: str) -> str:
        given = f"APP = {app!r}\nCALLBACK = {callback!r}\n"
        done = subprocess.run(
            [sys.executable, "-c", given + PROGRAM, *arguments],
            env={
                **os.environ,
                "PYTHONPATH": str(Path(anaplan_sdk.__file__).parents[1]),
                "XDG_STATE_HOME": str(tmp_path),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_notebook_asks_through_input(run: Callable[..., str], kind: str) -> None:
    assert run("allowed", "somebody", kind).split() == ["asked", "True"]


@pytest.mark.parametrize(
    "who", [("not allowed", "somebody"), ("no kernel", "somebody"), ("allowed", "nobody")]
)
def test_nobody_is_there(run: Callable[..., str], who: tuple[str, str]) -> None:
    said = run(*who, "sync")
    assert said.startswith("required:")
    assert "asked" not in said
