"""Tokens in real keyrings: a file of keyrings.alt's, and a Secret Service where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyrings.alt.file import PlaintextKeyring

from anaplan_sdk import KeyringStore
from anaplan_sdk.exceptions import TokenStoreException

SHORT = "short"
LONG = "".join(chr(33 + number % 90) for number in range(12_345))

# What a Secret Service keeps is read back by another program than wrote it.
SECRET_SERVICE = """
import sys
import keyring
from keyring.backends import SecretService
from anaplan_sdk import KeyringStore

keyring.set_keyring(SecretService.Keyring())
store = KeyringStore("anaplan-sdk-test")
value = "x" * 30_000
if sys.argv[1] == "write":
    assert store.load("key") is None
    store.save("short", "value")
    store.save("key", value)
else:
    assert store.load("short") == "value"
    assert store.load("key") == value
    store.save("key", "short now")
    assert store.load("key") == "short now"
    store.save("key", None)
    assert store.load("key") is None
    assert len(list(keyring.get_keyring().get_preferred_collection().get_all_items())) == 1
"""


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[PlaintextKeyring]:
    backend = PlaintextKeyring()
    backend.file_path = str(tmp_path / "keyring.cfg")
    yield from in_use(backend)


def in_use(backend: PlaintextKeyring) -> Iterator[PlaintextKeyring]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def _broken(request: pytest.FixtureRequest) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(request.param)
    yield
    keyring.set_keyring(before)


class Narrow(PlaintextKeyring):
    """Takes no more than Windows' Credential Manager does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:
            raise RuntimeError("The stub received bad data")
        super().set_password(service, username, password)  # type: ignore[no-untyped-call]


class Talkative(KeyringBackend):
    """Fails with an error that is none of the library's."""

    priority = 0

    def get_password(self, service: str, username: str) -> str:
        raise ConnectionError("org.freedesktop.DBus.Error")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise ConnectionError("org.freedesktop.DBus.Error")


def names(backend: PlaintextKeyring) -> list[str]:
    text = Path(backend.file_path).read_text()
    return [line.partition(" = ")[0] for line in text.splitlines() if " = " in line]


@pytest.mark.parametrize("value", [SHORT, LONG])
def test_a_value_is_kept_replaced_and_forgotten(backend: PlaintextKeyring, value: str) -> None:
    store = KeyringStore("my-tool")
    assert store.load("key") is None
    store.save("key", None)
    for kept in (value, LONG[::-1], value, "another", value):
        store.save("key", kept)
        assert store.load("key") == kept
        assert KeyringStore("my-tool").load("key") == kept
        assert KeyringStore().load("key") is None
    store.save("key", None)
    assert store.load("key") is None
    assert names(backend) == []
    assert value not in repr(store)


def test_a_short_value_is_readable_by_other_tools(backend: PlaintextKeyring) -> None:
    KeyringStore().save("host/client", SHORT)
    assert keyring.get_password("anaplan_sdk", "host/client") == SHORT


def test_a_narrow_keyring(tmp_path: Path) -> None:
    backend = Narrow()  # type: ignore[no-untyped-call]
    backend.file_path = str(tmp_path / "keyring.cfg")
    for _ in in_use(backend):
        KeyringStore().save("key", LONG)
        assert KeyringStore().load("key") == LONG


def test_a_lost_part_is_noticed_and_replaced(backend: PlaintextKeyring) -> None:
    store = KeyringStore()
    store.save("key", LONG)
    before = len(names(backend))
    (header,) = (entry for entry in [keyring.get_password("anaplan_sdk", "key")] if entry)
    digest = header.rpartition(":")[2]
    keyring.delete_password("anaplan_sdk", f"key/{digest[:16]}/3")
    with pytest.raises(TokenStoreException, match="keyring del"):
        store.load("key")
    store.save("key", LONG)
    assert store.load("key") == LONG
    assert len(names(backend)) == before


@pytest.mark.parametrize("header", ["anaplan-sdk:parts:", "anaplan-sdk:parts:x:y"])
def test_a_damaged_entry(backend: PlaintextKeyring, header: str) -> None:
    keyring.set_password("anaplan_sdk", "key", header)
    with pytest.raises(TokenStoreException):
        KeyringStore().load("key")
    KeyringStore().save("key", LONG)
    assert KeyringStore().load("key") == LONG


def test_parts_that_are_lost_are_forgotten_with_the_rest(backend: PlaintextKeyring) -> None:
    store = KeyringStore()
    store.save("key", LONG)
    header = str(keyring.get_password("anaplan_sdk", "key"))
    keyring.delete_password("anaplan_sdk", f"key/{header.rpartition(':')[2][:16]}/0")
    store.save("key", SHORT)
    assert store.load("key") == SHORT
    assert len(names(backend)) == 1


def use(how: str) -> None:
    if how == "load":
        KeyringStore().load("key")
    else:
        KeyringStore().save("key", "value")


@pytest.mark.usefixtures("_broken")
@pytest.mark.parametrize("_broken", [NoKeyring()], indirect=True)
@pytest.mark.parametrize("how", ["load", "save"])
def test_no_keyring_and_the_ways_out(how: str) -> None:
    with pytest.raises(TokenStoreException) as failed:
        use(how)
    for way in ("gnome-keyring", "keyring.set_keyring", "PlaintextFileStore"):
        assert way in str(failed.value)


@pytest.mark.usefixtures("_broken")
@pytest.mark.parametrize("_broken", [Talkative()], indirect=True)  # type: ignore[no-untyped-call]
@pytest.mark.parametrize("how", ["load", "save"])
def test_errors_of_a_backend_are_ours(how: str) -> None:
    with pytest.raises(TokenStoreException, match="ConnectionError"):
        use(how)


class Forgetful(KeyringBackend):
    """Keeps values for a while only."""

    priority = 0

    def get_password(self, service: str, username: str) -> None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Cutting(PlaintextKeyring):
    """Keeps the beginning of a value."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password[:100])  # type: ignore[no-untyped-call]


@pytest.mark.usefixtures("_broken")
@pytest.mark.parametrize("_broken", [NullKeyring(), Forgetful()], indirect=True)  # type: ignore[no-untyped-call]
@pytest.mark.parametrize("value", [SHORT, LONG])
def test_a_keyring_that_keeps_nothing(value: str) -> None:
    store = KeyringStore()
    assert store.load("key") is None
    with pytest.raises(TokenStoreException, match="does not contain it") as failed:
        store.save("key", value)
    assert "PlaintextFileStore" in str(failed.value)
    assert value not in str(failed.value)
    store.save("key", None)


def test_a_keyring_that_cuts_off(tmp_path: Path) -> None:
    backend = Cutting()  # type: ignore[no-untyped-call]
    backend.file_path = str(tmp_path / "keyring.cfg")
    for _ in in_use(backend):
        KeyringStore().save("key", SHORT)
        with pytest.raises(TokenStoreException):
            KeyringStore().save("key", LONG)


def test_the_token_of_release_0_5(backend: PlaintextKeyring) -> None:
    """It stored one token, under the service's name as the user's."""
    key = "us1a.app.anaplan.com/client"
    for service in ("anaplan_sdk", "my-tool"):
        store = KeyringStore(service)
        keyring.set_password(service, service, "r3fresh")
        assert store.load(key) == "r3fresh"
        assert store.entry(key) is None
        # It goes to nobody but Anaplan, and is not another user's.
        for other in (f"{key}/ada", "127.0.0.1:8765/client", "anaplan.com.example/client", "key"):
            assert store.load(other) is None
        store.save(key, "n3w")
        assert store.load(key) == "n3w"
        store.save(key, None)
        assert store.load(key) is None
    assert names(backend) == []


@pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
    reason="there is no Secret Service (Debian: apt install dbus-daemon gnome-keyring)",
)
def test_a_secret_service(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    program = tmp_path / "program.py"
    program.write_text(SECRET_SERVICE)
    # It goes into the background once it serves, and ends with the session's bus.
    script = (
        "printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 && "
        '"$0" "$1" write && "$0" "$1" read'
    )
    session = ["bash", "-c", script, sys.executable, str(program)]
    done = subprocess.run(
        ["dbus-run-session", "--", *session],
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(tmp_path / "data"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
