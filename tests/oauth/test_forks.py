"""Refresh tokens, locks and sign-ins in processes that are forked from the one that has them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anaplan_sdk.testing import EmulatedAnaplan

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There are no forks.")

PROGRAM = """
import json, os, sys, threading, time
from anaplan_sdk import AnaplanRefreshTokenAuth, Client, MemoryStore, PlaintextFileStore
from anaplan_sdk.exceptions import AnaplanException

setting = json.loads(sys.argv[1])
stores = {"file": lambda: PlaintextFileStore(setting["path"]), "memory": MemoryStore, "": bool}
store = stores[setting["store"]]() or None
auth = AnaplanRefreshTokenAuth(**setting["registration"], store=store)
client = Client(auth=auth, base_url=setting["registration"]["base_url"], retry_count=0)

def ask():
    try:
        return len(client.get_models()) > 0
    except AnaplanException as error:
        return str(error)

if setting["when"] == "used":
    ask()
if setting["when"] == "under way":
    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.5)
readers = []
for _ in range(2):
    reader, writer = os.pipe()
    if not os.fork():
        os.write(writer, json.dumps(ask()).encode())
        os._exit(0)
    os.close(writer)
    answer = b""
    while setting["when"] != "under way" and (piece := os.read(reader, 9999)):
        answer += piece
    readers.append((reader, answer))
print(json.dumps([json.loads(answer or os.read(reader, 9999)) for reader, answer in readers]))
if setting["when"] == "under way":
    thread.join()
for _ in readers:
    os.wait()
client.close()
"""


@pytest.fixture
def run(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    new_token: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> Callable[..., list[bool | str]]:
    """Returns what two children got, one after the other, whose parent has a rotating token."""

    def run_program(store: str, when: str) -> list[bool | str]:
        token = new_token(anaplan, ended=True)
        setting = {
            "registration": {**registration(anaplan), "token": token},
            "store": store,
            "when": when,
            "path": str(tmp_path / "tokens"),
        }
        warnings = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
        command = [sys.executable, *warnings, "-c", PROGRAM, json.dumps(setting)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        answers: list[bool | str] = json.loads(done.stdout)
        return answers

    return run_program


@pytest.mark.parametrize("store", ["file", "memory", ""])
def test_a_token_of_the_parent_serves_its_children(
    anaplan: EmulatedAnaplan,
    run: Callable[..., list[bool | str]],
    exchanges: Callable[..., list[int | None]],
    store: str,
) -> None:
    assert run(store, "used") == [True, True]
    assert exchanges(anaplan) == [200]


def test_processes_that_share_a_store_spend_no_token_twice(
    anaplan: EmulatedAnaplan,
    run: Callable[..., list[bool | str]],
    exchanges: Callable[..., list[int | None]],
) -> None:
    assert run("file", "unused") == [True, True]
    assert exchanges(anaplan) == [200, 200]


@pytest.mark.parametrize("store", ["memory", ""])
def test_a_token_that_another_process_has_spent_is_explained(
    anaplan: EmulatedAnaplan,
    run: Callable[..., list[bool | str]],
    exchanges: Callable[..., list[int | None]],
    store: str,
) -> None:
    first, second = run(store, "unused")
    assert first is True
    assert "forked from" in str(second)
    assert "PlaintextFileStore" in str(second)
    assert exchanges(anaplan)[0] == 200


def test_an_exchange_under_way_is_not_repeated_by_a_child(
    anaplan: EmulatedAnaplan,
    run: Callable[..., list[bool | str]],
    exchanges: Callable[..., list[int | None]],
) -> None:
    # The first request is for the token that the program gets.
    anaplan.fault(path="/oauth/token", skip=1, delay_seconds=2)
    assert run("file", "under way") == [True, True]
    assert exchanges(anaplan) == [200] * 3


def test_a_lock_in_memory_that_the_parent_holds_does_not_stop_a_child(
    anaplan: EmulatedAnaplan, run: Callable[..., list[bool | str]]
) -> None:
    anaplan.fault(path="/oauth/token", skip=1, hold_seconds=3)
    # One of the three processes is first with the token.
    for answer in run("memory", "under way"):
        assert answer is True or "forked from" in str(answer)
