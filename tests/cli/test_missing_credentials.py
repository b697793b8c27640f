"""What commands say when there is no way to sign in, or a setting is not valid."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from keyrings.alt.file import PlaintextKeyring
    from tests.cli.conftest import Command, OpenTerminal

    from anaplan_emulator import Emulator

PASSWORD = "Fl1ghts!"
DOCTOR = "'anaplan doctor' shows all settings, and where each one is from."


@pytest.fixture
def config(home: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config file whose profiles lack something; no variable names a way to sign in."""
    for name in ("USER_EMAIL", "PASSWORD", "MODEL_ID", "BASE_URL"):
        monkeypatch.delenv(f"ANAPLAN_{name}")
    path = home / ".config/anaplan-sdk/config.toml"
    path.parent.mkdir(parents=True)
    tenant = f'base_url = "{emulator.base_url}"\n'
    user = f'{tenant}user_email = "{emulator.user_email}"\n'
    path.write_text(
        f'default_profile = "default"\n[profiles.default]\n{user}password = {{ env = "PW" }}\n'
        f"[profiles.half]\n{user}"
        f'[profiles.ring]\n{user}password = {{ keyring = "k", user = "u" }}\n'
        f'[profiles.device]\n{tenant}device_client_id = "c"\n'
        f'[profiles.url]\nbase_url = "anaplan"\n[profiles.empty]\n{tenant}'
    )
    path.chmod(0o600)
    return path


@pytest.mark.usefixtures("config")
def test_a_variable_that_is_not_set(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    done = anaplan("whoami")
    assert (done.code, done.err) == (
        4,
        (
            "Error: The variable PW, which the profile 'default' names for password, is not set.\n"
            "Set PW, or run 'anaplan login'.\n"
        ),
    )
    assert anaplan("profile", "set", "-w", "Network Planning").err == done.err
    # A variable that is set by half is no reason to hide it.
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", "a@b.c")
    assert "The variable PW, which" in anaplan("whoami").err
    monkeypatch.setenv("PW", PASSWORD)
    done = anaplan("whoami")
    assert done.code == 0
    assert "Note: In the environment, ANAPLAN_USER_EMAIL is set and ANAPLAN_PASSWORD is" in done.err


@pytest.mark.usefixtures("config")
def test_the_log_names_the_variable(anaplan: Command) -> None:
    done = anaplan("whoami", "--verbose")
    assert "user_email is set and the variable PW, which it names for password, is not" in done.err


@pytest.mark.usefixtures("config", "ring")
@pytest.mark.parametrize(
    ("profile", "lines"),
    [
        (
            "half",
            (
                "In the profile 'half', user_email is set, and password is not.\n"
                "Run 'anaplan login --profile half'; 'anaplan doctor' shows what is set."
            ),
        ),
        (
            "ring",
            (
                "The profile 'ring' has no password: the keyring has no 'k' for 'u'.\n"
                "Run 'anaplan login --profile ring'."
            ),
        ),
        (
            "device",
            (
                "No token is stored for the OAuth client c of the profile 'device', and there is "
                "no terminal to sign in at.\nRun 'anaplan login --profile device'."
            ),
        ),
        (
            "empty",
            (
                "There is no way to sign in: neither variables nor the profile name one.\n"
                "Run 'anaplan login --profile empty', or set variables; 'anaplan doctor' shows "
                "what is set."
            ),
        ),
    ],
)
def test_what_a_profile_lacks(anaplan: Command, profile: str, lines: str) -> None:
    done = anaplan("whoami", "--profile", profile)
    assert (done.code, done.err) == (4, f"Error: {lines}\n")


@pytest.mark.usefixtures("config", "no_ring")
@pytest.mark.parametrize(
    ("profile", "option"), [("ring", "--secret-env NAME"), ("device", "--token-file FILE")]
)
def test_without_a_keyring_the_advice_is_the_commands(
    anaplan: Command, profile: str, option: str
) -> None:
    done = anaplan("whoami", "--profile", profile)
    assert (done.code, len(done.err.splitlines())) == (4, 2)
    assert "This machine has no keyring that Python can use." in done.err
    assert f"'anaplan login {option} --profile {profile}'" in done.err
    assert "PlaintextFileStore" not in done.err


@pytest.mark.usefixtures("config")
def test_the_place_of_a_setting_that_is_not_valid(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = anaplan("whoami", "--profile", "url")
    assert done.code == 2
    assert done.err.startswith("Error: profile 'url': base_url must be an absolute URL")
    assert done.err.endswith(f"\n{DOCTOR}\n")
    monkeypatch.setenv("ANAPLAN_BASE_URL", "anaplan")
    for command in (("whoami",), ("login", "password", "--profile", "new")):
        done = anaplan(*command)
        assert done.code == 2
        assert done.err.startswith("Error: ANAPLAN_BASE_URL: base_url must be an absolute URL")


@pytest.mark.usefixtures("config", "no_ring")
def test_nothing_is_asked_that_cannot_be_stored(
    terminal: OpenTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    screen = terminal("login", "password", "--profile", "new")
    assert screen.finish() == 4
    assert screen.text.startswith("Error: The password can't be stored: This machine has no")
    assert "later commands need" in " ".join(screen.text.split())


@pytest.mark.usefixtures("config")
def test_a_login_says_where_the_password_is(
    anaplan: Command, ring: PlaintextKeyring, emulator: Emulator
) -> None:
    given = ("--profile", "half", "--secret-stdin")
    done = anaplan("login", "password", *given, stdin=PASSWORD)
    assert done.code == 0, done.err
    assert "Stored the password in the keyring (file PlaintextKeyring)." in done.err
    assert f"does not encrypt: secrets can be read in {ring.file_path}." in done.err
    assert "'anaplan profile set -w NAME -m NAME --profile half'" in done.err
    assert Path(ring.file_path).exists()
    # There is a model now, and nothing is stored in the keyring.
    assert anaplan("profile", "set", "half", "-m", str(emulator.model_id)).code == 0
    done = anaplan("login", "password", "--profile", "half")
    assert "Choose a model" not in done.err
    assert "Note:" not in done.err  # That the default profile lacks something.
    assert "keyring" not in done.err


@pytest.mark.usefixtures("config")
def test_questions_about_settings_change_nothing(
    anaplan: Command, terminal: OpenTerminal, config: Path
) -> None:
    before = config.read_text()
    done = anaplan("profile", "rm", "half", stdin="n\n", on_terminal=True)
    assert (done.code, config.read_text()) == (1, before)
    assert done.err.endswith("Nothing was changed.\n")
    screen = terminal("login", "--profile", "new")
    screen.wait_for("Sign in by")
    screen.type("\x03")
    assert screen.finish() == 130
    assert "Interrupted. Nothing was stored." in screen.text
    assert "Anaplan." not in screen.text


@pytest.mark.usefixtures("config")
def test_a_profile_says_whether_a_variable_is_set(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert '{ env = "PW" } (not set)' in anaplan("profile", "show").out
    monkeypatch.setenv("PW", PASSWORD)
    done = anaplan("profile", "show")
    assert '{ env = "PW" } (set)' in done.out
    assert PASSWORD not in done.out
    assert anaplan("profile", "show", "-o", "json").json["password"] == '{ env = "PW" }'


def test_only_a_missing_extra_is_called_one(
    shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{home}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    broken = home / "typer.py"
    broken.write_text("import zlib_that_is_missing\n")
    done = shell("anaplan --version")
    assert (done.code, "extra" in done.err) == (1, False)
    assert "No module named 'zlib_that_is_missing'" in done.err
    broken.write_text("raise ModuleNotFoundError(\"No module named 'typer'\", name='typer')\n")
    done = shell("anaplan --version")
    assert done.code == 1
    assert "needs the extra 'cli': pip install" in done.err
