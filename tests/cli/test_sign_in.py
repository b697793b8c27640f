"""`anaplan login`, `logout` and `whoami`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

if TYPE_CHECKING:
    from keyrings.alt.file import PlaintextKeyring
    from tests.cli.conftest import Command, OpenTerminal, Terminal

    from anaplan_emulator import Emulator

CODE = re.compile(r"the code (\w{4}-\w{4})")
PASSWORD = "Fl1ghts!"
NO_RING = "This machine has no keyring that Python can use."


@pytest.fixture
def config(home: Path) -> Path:
    return home / ".config/anaplan-sdk/config.toml"


@pytest.fixture
def _no_variables(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set but where Anaplan is."""
    assert home.is_dir()
    for name in ("USER_EMAIL", "PASSWORD", "WORKSPACE_ID", "MODEL_ID"):
        monkeypatch.delenv(f"ANAPLAN_{name}")


def profile(config: Path, name: str = "default") -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(config.read_text("utf-8"))["profiles"][name]
    return found


def secret(ring: PlaintextKeyring, user: str, service: str = "anaplan-sdk") -> str | None:
    found: str | None = ring.get_password(service, user)
    return found


def approve(screen: Terminal, emulator: Emulator) -> None:
    screen.wait_for("the code ")
    screen.wait_for("Waiting")
    found = CODE.search(screen.text)
    assert found
    emulator.approve_device(found[1])


@pytest.mark.usefixtures("_no_variables")
def test_a_password_goes_to_the_keyring(
    anaplan: Command, config: Path, ring: PlaintextKeyring, emulator: Emulator
) -> None:
    email = emulator.user_email
    given = ("--user-email", email, "--secret-stdin", "-w", "Network Planning")
    done = anaplan("login", "password", *given, stdin=PASSWORD + "\n")
    assert (done.code, done.out) == (0, "")
    assert f"Signed in as Ingrid Integration <{email}>." in done.err
    assert tomllib.loads(config.read_text("utf-8")) == {
        "default_profile": "default",
        "profiles": {
            "default": {
                "base_url": emulator.base_url,
                "user_email": email,
                "password": {"keyring": "anaplan-sdk", "user": "default.password"},
                "workspace_id": emulator.workspace_id,
            }
        },
    }
    assert secret(ring, "default.password") == PASSWORD
    who = anaplan("whoami", "-o", "json").json
    assert (who["email"], who["signed_in_with"]) == (email, "password")
    assert who["credentials_from"] == "profile 'default'"
    assert (who["workspace"], who["model"]) == ("Network Planning", None)


def test_a_login_that_fails_changes_nothing(
    anaplan: Command, config: Path, ring: PlaintextKeyring
) -> None:
    done = anaplan("login", "password", "--secret-stdin", stdin="wrong\n")
    assert (done.code, config.exists()) == (4, False)
    assert "Anaplan refused the credentials" in done.err
    assert secret(ring, "default.password") is None

    assert anaplan("login", "password").code == 0
    before = config.read_bytes()
    assert anaplan("login", "password", "--secret-stdin", stdin="wrong\n").code == 4
    assert anaplan("login", "password", "-m", "Nope").code == 5
    assert (config.read_bytes(), secret(ring, "default.password")) == (before, PASSWORD)


@pytest.mark.usefixtures("no_ring")
def test_without_a_keyring_a_variable_is_named(anaplan: Command, config: Path) -> None:
    done = anaplan("login", "password")
    assert (done.code, config.exists()) == (4, False)
    assert f"The password can't be stored: {NO_RING}" in done.err
    assert "--secret-env ANAPLAN_PASSWORD" in done.err
    assert anaplan("login", "password", "--secret-env", "ANAPLAN_PASSWORD").code == 0
    assert profile(config)["password"] == {"env": "ANAPLAN_PASSWORD"}


@pytest.mark.usefixtures("no_ring")
def test_without_a_keyring_a_token_file_is_named(
    anaplan: Command, config: Path, emulator: Emulator
) -> None:
    done = anaplan("login", "device", "--client-id", emulator.device_client_id)
    assert (done.code, config.exists()) == (4, False)
    assert f"There is no keyring for the refresh token: {NO_RING}" in done.err
    assert "--token-file" in done.err


@pytest.mark.usefixtures("no_ring")
def test_logout_without_a_keyring_changes_nothing(anaplan: Command, config: Path) -> None:
    config.parent.mkdir(parents=True)
    text = '[profiles.a]\npassword = { keyring = "anaplan-sdk", user = "a.password" }\n'
    config.write_text(text)
    done = anaplan("logout", "--profile", "a")
    assert (done.code, config.read_text()) == (4, text)
    assert f"can't be removed.\n{NO_RING} Run the command again" in done.err


def test_a_certificate_with_an_encrypted_key(
    anaplan: Command, config: Path, ring: PlaintextKeyring, emulator: Emulator, home: Path
) -> None:
    key = load_pem_private_key(emulator.private_key.read_bytes(), None)
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"k3y"))
    (home / "key.pem").write_bytes(key.private_bytes(*form))
    given = ("login", "certificate", "--certificate", str(emulator.certificate))
    assert anaplan(*given).code == 2
    done = anaplan(*given, "--private-key", "key.pem")
    assert (done.code, config.exists()) == (4, False)
    assert "needs a password" in done.err
    done = anaplan(*given, "--private-key", "key.pem", "--secret-stdin", stdin="k3y")
    assert done.code == 0, done.err
    assert profile(config)["private_key"] == str(home / "key.pem")
    assert secret(ring, "default.private_key_password") == "k3y"
    assert "Variables (ANAPLAN_...) precede it" in done.err
    who = anaplan("whoami", "--profile", "default", "-o", "json").json
    assert who["signed_in_with"] == "certificate"


def test_a_key_in_a_variable_stays_there(
    anaplan: Command, config: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANAPLAN_PRIVATE_KEY", emulator.private_key.read_text())
    done = anaplan("login", "certificate", "--certificate", str(emulator.certificate))
    assert done.code == 0, done.err
    assert profile(config)["private_key"] == {"env": "ANAPLAN_PRIVATE_KEY"}
    assert "PRIVATE KEY-" not in config.read_text()


def test_another_way_replaces_the_first(
    anaplan: Command, config: Path, ring: PlaintextKeyring, emulator: Emulator
) -> None:
    anaplan("login", "password", "-m", "Flight Operations")
    files = ("--certificate", str(emulator.certificate), "--private-key", str(emulator.private_key))
    done = anaplan("login", "certificate", *files)
    assert "Removed from it, as another way to sign in: user_email, password." in done.err
    assert profile(config) == {
        "base_url": emulator.base_url,
        "certificate": str(emulator.certificate),
        "private_key": str(emulator.private_key),
        "model_id": emulator.model_id,
    }
    assert secret(ring, "default.password") is None


@pytest.mark.usefixtures("_no_variables")
def test_a_password_of_another_user_is_not_sent(
    anaplan: Command, ring: PlaintextKeyring, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ring is not None
    given = ("login", "password", "--user-email")
    assert anaplan(*given, emulator.user_email, "--secret-stdin", stdin=PASSWORD).code == 0
    emulator.clear_requests()
    assert anaplan(*given, "someone.else@skyline.example").code == 2
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", emulator.user_email)
    monkeypatch.setenv("ANAPLAN_PASSWORD", emulator.password)
    assert anaplan(*given, "someone.else@skyline.example").code == 2
    assert not emulator.requests()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "This needs a way to sign in."),
        (("device",), "Give --client-id, or set ANAPLAN_DEVICE_CLIENT_ID."),
        (("device", "--client-id", "c", "--user-email", "e"), "--user-email is not used"),
        (("device", "--client-id", "c", "--secret-stdin"), "There is no secret"),
        (("browser",), "needs a terminal"),
        (("certificate",), "Give --certificate, or set ANAPLAN_CERTIFICATE."),
        (("password", "--token-file", "t"), "--token-file is not used"),
        (("password", "--secret-env", PASSWORD), "there is no such variable"),
        (("password", "--secret-stdin"), "Nothing could be read from stdin."),
        (("password", "--region", "eu99"), "'eu99' is not one of Anaplan's regions"),
    ],
)
def test_what_is_missing_or_wrong(
    anaplan: Command, config: Path, emulator: Emulator, arguments: tuple[str, ...], message: str
) -> None:
    emulator.clear_requests()
    done = anaplan("login", *arguments)
    assert (done.code, config.exists(), emulator.requests()) == (2, False, [])
    assert message in done.err
    assert PASSWORD not in done.err


@pytest.mark.usefixtures("_no_variables")
def test_a_device(
    anaplan: Command,
    config: Path,
    ring: PlaintextKeyring,
    emulator: Emulator,
    terminal: OpenTerminal,
) -> None:
    emulator.settings.device_poll_seconds = 0
    given = ("--client-id", emulator.device_client_id)
    screen = terminal("login", "device", *given)
    screen.wait_for("Waiting")
    screen.type("\x03")
    assert (screen.finish(), config.exists()) == (130, False)
    assert "Interrupted. Nothing was stored." in screen.text

    screen = terminal("login", "device", *given)
    approve(screen, emulator)
    assert screen.finish() == 0, screen.text
    assert profile(config) == {
        "base_url": emulator.base_url,
        "device_client_id": emulator.device_client_id,
    }
    assert anaplan("whoami", "-o", "json").json["signed_in_with"] == "device"
    key = f"{emulator.base_url.removeprefix('http://')}/{emulator.device_client_id}"
    assert secret(ring, key, "anaplan_sdk")
    assert secret(ring, f"{key}/probe", "anaplan_sdk") is None

    done = anaplan("logout")
    assert "the refresh token of the OAuth client" in done.err
    assert secret(ring, key, "anaplan_sdk") is None
    assert profile(config)["device_client_id"] == emulator.device_client_id
    assert anaplan("whoami").code == 4
    assert "Nothing is stored" in anaplan("logout").err


@pytest.mark.usefixtures("_no_variables")
def test_a_browser(
    anaplan: Command,
    config: Path,
    ring: PlaintextKeyring,
    emulator: Emulator,
    terminal: OpenTerminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    given = ("--client-id", emulator.oauth_client_id, "--redirect-uri", emulator.redirect_uri)
    screen = terminal("login", "browser", *given, "--token-file", "tokens.json", columns=400)
    screen.wait_for("Secret of the OAuth client")
    screen.type(f"{emulator.oauth_client_secret}\n")
    screen.wait_for("paste it here:")
    found = re.search(r"http\S+[?&]redirect_uri=\S+", screen.text)
    assert found
    screen.type(f"{emulator.authorize(found[0])}\n")
    assert screen.finish() == 0, screen.text
    assert emulator.oauth_client_secret not in screen.text
    assert profile(config)["token_file"] == str(config.parents[2] / "tokens.json")
    assert secret(ring, "default.client_secret") == emulator.oauth_client_secret
    assert anaplan("whoami", "-o", "json").json["signed_in_with"] == "browser"


@pytest.mark.usefixtures("_no_variables")
def test_what_is_missing_is_asked_for(
    ring: PlaintextKeyring, emulator: Emulator, terminal: OpenTerminal
) -> None:
    screen = terminal("login")
    for question, answer in (
        ("Sign in by", "pasword"),
        ("'pasword' is none of them.", "password"),
        ("E-mail address:", emulator.user_email),
        ("Password:", PASSWORD),
    ):
        screen.wait_for(question)
        screen.type(f"{answer}\n")
    assert screen.finish() == 0, screen.text
    assert PASSWORD not in screen.text
    assert secret(ring, "default.password") == PASSWORD


@pytest.mark.usefixtures("_no_variables")
def test_logout_ends_the_session_of_a_token(
    anaplan: Command, config: Path, emulator: Emulator
) -> None:
    auth = (emulator.user_email, emulator.password)
    reply = httpx2.post(f"{emulator.base_url}/token/authenticate", auth=auth)
    token = reply.json()["tokenInfo"]["tokenValue"]
    config.parent.mkdir(parents=True)
    config.write_text(f'[profiles.t]\nbase_url = "{emulator.base_url}"\ntoken = "{token}"\n')
    assert anaplan("whoami", "--profile", "t", "-o", "json").json["signed_in_with"] == "token"
    done = anaplan("logout", "--profile", "t")
    assert "whose session was ended at Anaplan" in done.err
    assert profile(config, "t") == {"base_url": emulator.base_url}
    refused = httpx2.get(
        f"{emulator.base_url}/token/validate",
        headers={"Authorization": f"AnaplanAuthToken {token}"},
    )
    assert refused.status_code == 401


def test_whoami_as_a_table(anaplan: Command, emulator: Emulator) -> None:
    lines = anaplan("whoami").out.splitlines()
    assert f"EMAIL             {emulator.user_email}" in lines
    assert "CREDENTIALS FROM  environment" in lines
    assert "MODEL             Flight Operations" in lines
    done = anaplan("whoami", "-m", "A" * 32)
    assert (done.code, "can't be read" in done.err) == (0, True)
