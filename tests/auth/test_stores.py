"""Where tokens are kept: files and memory; what the keyring is asked is in test_keyrings.py."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from anaplan_sdk import MemoryStore, PlaintextFileStore, TokenStore
from anaplan_sdk.auth.stores import lock_for, store_key
from anaplan_sdk.exceptions import TokenStoreException

LONG = "läng" * 5_000

WRITER = """
import sys
from anaplan_sdk import PlaintextFileStore
path, name = sys.argv[1:]
store = PlaintextFileStore(path)
print("ready", flush=True)
sys.stdin.read()
for number in range(25):
    store.save(f"{name}/{number}", "x" * 5000)
    assert store.load(f"{name}/{number}")
"""

FULL_DISK = """
import resource, sys
from anaplan_sdk import PlaintextFileStore
from anaplan_sdk.exceptions import TokenStoreException
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    PlaintextFileStore(sys.argv[1]).save("key", "x" * 5000)
except TokenStoreException:
    sys.exit(0)
sys.exit("It was written.")
"""

FORK = """
import os, sys
from anaplan_sdk import PlaintextFileStore
from anaplan_sdk.auth.stores import lock_for
store = PlaintextFileStore(sys.argv[1])
lock = lock_for(store, "key")
store.save("parent", "value")
assert lock.take()
lock.release()
if child := os.fork():
    sys.exit(os.waitpid(child, 0)[1])
store.save("child", "value")
assert lock.take()
lock.release()
"""


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    if request.param == "memory":
        return MemoryStore()
    return PlaintextFileStore(tmp_path / "below" / "tokens.json")


def test_a_value_is_kept_replaced_and_forgotten(store: TokenStore) -> None:
    assert store.load("key") is None
    store.save("key", None)
    store.save("key", "one")
    store.save("other", LONG)
    store.save("key", "two")
    assert store.load("key") == "two"
    assert store.load("other") == LONG
    store.save("key", None)
    assert store.load("key") is None
    assert store.load("other") == LONG
    assert "two" not in repr(store)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_user_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "below" / "tokens.json"
    before = os.umask(0)
    try:
        PlaintextFileStore(path).save("key", "value")
        path.chmod(0o644)
        PlaintextFileStore(path).save("key", "another")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_home_folder_is_meant_by_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    PlaintextFileStore("~/tokens.json").save("key", "value")
    assert json.loads((tmp_path / "tokens.json").read_text()) == {"key": "value"}


@pytest.mark.skipif(sys.platform != "linux", reason="it is elsewhere on other systems")
def test_the_file_is_among_the_users_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    PlaintextFileStore().save("key", "value")
    assert (tmp_path / "anaplan-sdk" / "tokens.json").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"key": 1}', b"\xff\xfe"])
def test_a_damaged_file_is_no_empty_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    store = PlaintextFileStore(path)
    with pytest.raises(TokenStoreException, match="damaged"):
        store.load("key")
    with pytest.raises(TokenStoreException, match="damaged"):
        store.save("key", "value")
    assert path.read_bytes() == content


def test_a_file_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TokenStoreException, match="written"):
        PlaintextFileStore(tmp_path / "file" / "tokens.json").save("key", "value")
    with pytest.raises(TokenStoreException, match="read"):
        PlaintextFileStore(tmp_path).load("key")


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    store = PlaintextFileStore(path)
    store.save("key", "value")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], check=False)
    assert done.returncode == 0
    assert store.load("key") == "value"
    assert {entry.name for entry in tmp_path.iterdir()} <= {"tokens.json", "tokens.json.lock"}


def test_threads_write_one_file(tmp_path: Path) -> None:
    store = PlaintextFileStore(tmp_path / "tokens.json")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.save(str(number), "value"), range(40)))
    assert [store.load(str(number)) for number in range(40)] == ["value"] * 40


def test_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        writer.communicate(b"")
    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(json.loads(path.read_text())) == 4 * 25


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_a_store_goes_on_after_a_fork(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", FORK, path], env=environment, check=False)
    assert done.returncode == 0
    assert set(json.loads(path.read_text())) == {"parent", "child"}


def test_keys_are_of_host_client_and_user() -> None:
    token_url = "https://US1a.app.anaplan.com/oauth/token"
    keys = [
        store_key(token_url, "client"),
        store_key(token_url, "client", "ann"),
        store_key(token_url, "other"),
        store_key("https://eu3.app.anaplan.com/oauth/token", "client"),
        store_key("http://127.0.0.1:8000/oauth/token", "client"),
        store_key("http://127.0.0.1:8001/oauth/token", "client"),
    ]
    assert keys[:2] == ["us1a.app.anaplan.com/client", "us1a.app.anaplan.com/client/ann"]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_lock_is_held_by_one(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    store: TokenStore = MemoryStore() if kind == "memory" else PlaintextFileStore(tmp_path / "t")
    first, second, other = (lock_for(store, key) for key in ("key", "key", "other"))
    assert first.take()
    assert not second.take()
    assert other.take()
    with ThreadPoolExecutor(1) as pool:  # as event loops do
        pool.submit(first.release).result()
    assert second.take()
    second.release()
    other.release()


def test_locks_of_two_memory_stores_are_apart() -> None:
    assert lock_for(MemoryStore(), "key").take()
    assert lock_for(MemoryStore(), "key").take()


@pytest.mark.skipif(sys.platform != "linux", reason="modes are POSIX's, and the folder Linux's")
def test_only_the_user_can_enter_the_folder_of_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before = os.umask(0)
    try:
        lock = lock_for(PlaintextFileStore(tmp_path / "tokens.json"), "key")
        assert lock.take()
        lock.release()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "anaplan-sdk" / "locks").stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_that_others_can_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "tokens.json"
    store = PlaintextFileStore(path)
    store.save("key", "s3cret")
    store.load("key")
    assert not caplog.records
    path.chmod(0o640)
    for _ in range(2):
        assert store.load("key") == "s3cret"
    (record,) = caplog.records
    assert record.name == "anaplan_sdk.auth"
    assert record.levelname == "WARNING"
    assert "mode 0640" in record.getMessage()
    assert "s3cret" not in record.getMessage()
    store.save("key", "n3w")
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_killed_writers_left(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    old = time.time() - 3600
    kept = [".tokens.json.backup-of-mine", ".anaplan-0123.part", "anaplan-0123.tokens"]
    for name in (".anaplan-0123.tokens", *kept):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (old, old))
    young = ".anaplan-4567.tokens"  # Its writer may be at work, on another machine.
    (tmp_path / young).write_text("{}")
    PlaintextFileStore(path).save("key", "value")
    names = {each.name for each in tmp_path.iterdir()}
    assert names >= {"tokens.json", young, *kept}
    assert ".anaplan-0123.tokens" not in names


def test_a_file_that_is_nested_too_deeply(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text("[" * 100_000)
    with pytest.raises(TokenStoreException, match="damaged"):
        PlaintextFileStore(path).load("key")
