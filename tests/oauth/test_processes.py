"""One kept refresh token, and processes, threads and tasks that want it at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_sdk import PlaintextFileStore
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.auth.stores import store_key
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    NewToken = Callable[..., OAuthToken]
    Exchanges = Callable[..., list[int | None]]

PROCESSES = 4

# Every process says when it is ready, and goes on when all are: at the end of its input.
PROGRAM = """
import asyncio, json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
import anyio
import trio  # or two threads would begin to import it at once, which Python can't always do
import anaplan_sdk
from anaplan_sdk import AnaplanLocalOAuth, AnaplanRefreshTokenAuth, AsyncClient, Client

setting = json.loads(os.environ["SETTING"])
asked = []
registration = {
    "client_id": setting["client_id"],
    "client_secret": setting["client_secret"],
    "redirect_uri": setting["redirect_uri"],
    "base_url": setting["base_url"],
    "token": setting["token"],
}
if setting["store"] == "keyring":
    import keyring
    from keyrings.alt.file import PlaintextKeyring
    backend = PlaintextKeyring()
    backend.file_path = setting["path"]
    keyring.set_keyring(backend)
    registration["store"] = anaplan_sdk.KeyringStore()
else:
    registration["store"] = anaplan_sdk.PlaintextFileStore(setting["path"])

if setting["asks"]:
    def prompt(url):
        asked.append(url)
        with open(setting["asks"], "a") as file:
            print(url, file=file)
        answer = setting["asks"] + ".answer"
        while not os.path.exists(answer):
            time.sleep(0.01)
        with open(answer) as file:
            return file.read()
    auth = AnaplanLocalOAuth(**registration, prompt=prompt)
else:
    auth = AnaplanRefreshTokenAuth(**registration)

def in_threads():
    with Client(auth=auth, base_url=setting["base_url"]) as client:
        with ThreadPoolExecutor(setting["threads"]) as pool:
            list(pool.map(lambda _: client.get_workspaces(), range(setting["threads"])))

async def in_tasks():
    async with AsyncClient(auth=auth, base_url=setting["base_url"]) as client:
        async with anyio.create_task_group() as group:
            for _ in range(setting["tasks"]):
                group.start_soon(client.get_workspaces)

print("ready", flush=True)
sys.stdin.read()
with ThreadPoolExecutor(2) as pool:
    work = []
    if setting["threads"]:
        work.append(pool.submit(in_threads))
    if setting["tasks"]:
        work.append(pool.submit(anyio.run, in_tasks, backend=setting["backend"]))
    for future in work:
        future.result()
print(len(asked))
"""


class Crowd:
    """Processes that begin together."""

    def __init__(self, settings: Sequence[dict[str, object]]) -> None:
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-W", "error", "-c", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "SETTING": json.dumps(setting)},
            )
            for setting in settings
        ]

    def start(self) -> None:
        for process in self._processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n", process.communicate()
        for process in self._processes:
            assert process.stdin
            process.stdin.close()
            process.stdin = None

    def finish(self) -> list[int]:
        """How often each asked someone to sign in; all came through."""
        ends = [process.communicate(timeout=60) for process in self._processes]
        codes = [process.returncode for process in self._processes]
        assert codes == [0] * len(codes), [error for _, error in ends]
        return [int(output) for output, _ in ends]

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


Gather = Callable[..., Crowd]


@pytest.fixture
def crowd(
    anaplan: EmulatedAnaplan,
    registration: Callable[[EmulatedAnaplan], dict[str, Any]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Gather:
    def gather(
        token: OAuthToken | None, *, store: str = "file", asks: bool = False, **work: object
    ) -> Crowd:
        setting = {
            **registration(anaplan),
            "token": token,
            "store": store,
            "path": str(tmp_path / "tokens"),
            "asks": str(tmp_path / "asks") if asks else "",
            "threads": 0,
            "tasks": 0,
            **work,
        }
        backends = ["asyncio", "trio"] * PROCESSES
        settings = [{**setting, "backend": backends[number]} for number in range(PROCESSES)]
        crowd = Crowd(settings)
        request.addfinalizer(crowd.close)
        return crowd

    return gather


def url_asked_with(folder: Path) -> str:
    """Waits until one of the processes asks someone to sign in."""
    asks = folder / "asks"
    while not (asks.exists() and asks.read_text().endswith("\n")):
        time.sleep(0.01)
    return asks.read_text().strip()


def sign_in(anaplan: EmulatedAnaplan, folder: Path) -> None:
    answer = folder / "asks.new"
    answer.write_text(anaplan.emulator.authorize(url_asked_with(folder)))
    answer.rename(folder / "asks.answer")


@pytest.mark.parametrize(
    ("store", "work"),
    [
        ("file", {"threads": 8}),
        ("file", {"tasks": 50}),
        ("keyring", {"threads": 4, "tasks": 25}),
    ],
)
def test_no_refresh_token_is_spent_twice(
    anaplan: EmulatedAnaplan,
    crowd: Gather,
    new_token: NewToken,
    exchanges: Exchanges,
    store: str,
    work: dict[str, int],
) -> None:
    # Each process comes with the same token, which has ended, and Anaplan takes it but once.
    processes = crowd(new_token(anaplan, ended=True), store=store, **work)
    processes.start()
    processes.finish()
    assert exchanges(anaplan) == [200] * PROCESSES
    asked = anaplan.requests(path="/2/0/workspaces")
    assert [request.status for request in asked] == [200] * (PROCESSES * sum(work.values()))


def test_one_person_signs_in_for_all_processes(
    anaplan: EmulatedAnaplan, crowd: Gather, exchanges: Exchanges, tmp_path: Path
) -> None:
    processes = crowd(None, asks=True, threads=2, tasks=5)
    processes.start()
    sign_in(anaplan, tmp_path)
    assert sorted(processes.finish()) == [0] * (PROCESSES - 1) + [1]
    assert exchanges(anaplan, "authorization_code") == [200]
    assert exchanges(anaplan, "refresh_token") == [200] * (PROCESSES - 1)


def test_a_revoked_token_is_replaced_by_one_sign_in(
    anaplan: EmulatedAnaplan,
    crowd: Gather,
    new_token: NewToken,
    exchanges: Exchanges,
    tmp_path: Path,
) -> None:
    emulator = anaplan.emulator
    token = str(new_token(anaplan)["refresh_token"])
    emulator.revoke(token)
    store = PlaintextFileStore(tmp_path / "tokens")
    store.save(store_key(emulator.base_url, emulator.oauth_client_id), token)
    processes = crowd(None, asks=True, threads=2)
    processes.start()
    sign_in(anaplan, tmp_path)
    assert sum(processes.finish()) == 1
    assert exchanges(anaplan, "refresh_token") == [403] + [200] * (PROCESSES - 1)


def test_a_process_that_dies_leaves_no_lock(
    anaplan: EmulatedAnaplan,
    crowd: Gather,
    new_token: NewToken,
    exchanges: Exchanges,
    tmp_path: Path,
) -> None:
    token = new_token(anaplan)
    first = crowd(None, asks=True, threads=1)
    first.start()
    url_asked_with(tmp_path)
    first.close()  # one of them was waiting for the person, and held the lock
    second = crowd({"refresh_token": token["refresh_token"]}, threads=1)
    second.start()
    second.finish()
    assert exchanges(anaplan) == [200] * PROCESSES
