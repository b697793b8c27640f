"""`anaplan profile`, and the config file that it writes."""

from __future__ import annotations

import stat
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_sdk.cli.settings.config_file import editing

if TYPE_CHECKING:
    from keyrings.alt.file import PlaintextKeyring
    from tests.cli.conftest import Command, Compare, OpenTerminal

    from anaplan_emulator import Emulator

COMMENTED = """\
# Profiles of the planning team.

default_profile = "load"   # the job

# The nightly load.
[profiles.load]   # cron
region = "eu3"   # Frankfurt
certificate = "~/load.pem"

# People.
[profiles.me]
device_client_id = "0123"   # of IT
# Ask Ada.
"""


@pytest.fixture
def config(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a config file, in a folder that does not exist yet."""
    path = home / "folder/config.toml"
    monkeypatch.setenv("ANAPLAN_CONFIG_FILE", str(path))
    return path


def content(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def written(path: Path, text: str = COMMENTED, mode: int = 0o600) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_profile_creates_the_file(anaplan: Command, config: Path) -> None:
    assert anaplan("profile", "set", "--region", "eu3", "--token-file", "t.json").code == 0
    assert content(config) == {
        "default_profile": "default",
        "profiles": {"default": {"region": "eu3", "token_file": str(Path.cwd() / "t.json")}},
    }
    assert (mode(config), mode(config.parent)) == (0o600, 0o700)
    assert not list(config.parent.glob("*.lock"))


def test_comments_order_and_format_stay(anaplan: Command, config: Path) -> None:
    written(config)
    assert anaplan("profile", "set", "load", "--region", "us1", "--client-id", "c").code == 0
    assert anaplan("profile", "set", "new one", "--secret-env", "password=NEW_PASSWORD").code == 0
    assert anaplan("profile", "use", "me").code == 0
    assert (
        config.read_text("utf-8")
        == COMMENTED.replace('default_profile = "load" ', 'default_profile = "me" ')
        .replace('"eu3" ', '"us1" ')
        .replace('"~/load.pem"\n', '"~/load.pem"\nclient_id = "c"\n')
        + '\n[profiles."new one"]\npassword = { env = "NEW_PASSWORD" }\n'
    )


def test_a_removed_profile_leaves_the_comments_of_the_next(anaplan: Command, config: Path) -> None:
    written(config)
    done = anaplan("profile", "rm", "load", "--yes")
    assert "There is no default profile now" in done.err
    text = config.read_text("utf-8")
    assert '# People.\n[profiles.me]\ndevice_client_id = "0123"   # of IT\n# Ask Ada.\n' in text
    assert content(config) == {"profiles": {"me": {"device_client_id": "0123"}}}


def test_a_default_is_written_before_the_comment_of_a_table(anaplan: Command, config: Path) -> None:
    written(config, "# About a.\n[profiles.a]\nregion = 'eu3'\n")
    assert anaplan("profile", "use", "a").code == 0
    assert config.read_text("utf-8") == (
        "default_profile = \"a\"\n\n# About a.\n[profiles.a]\nregion = 'eu3'\n"
    )


def test_names_are_looked_up_once(anaplan: Command, config: Path, emulator: Emulator) -> None:
    named = ("-w", "Network Planning", "-m", "Flight Operations")
    done = anaplan("profile", "set", *named)
    assert "set workspace_id (Network Planning), model_id (Flight Operations)" in done.err
    text = config.read_text("utf-8")
    assert f'workspace_id = "{emulator.workspace_id}" # Network Planning\n' in text
    assert f'model_id = "{emulator.model_id}" # Flight Operations\n' in text

    emulator.clear_requests()
    assert anaplan("profile", "set", "-m", "A" * 32).code == 0
    assert not emulator.requests()
    assert f'model_id = "{"A" * 32}"\n' in config.read_text("utf-8")


def test_a_name_that_is_not_found_changes_nothing(anaplan: Command, config: Path) -> None:
    done = anaplan("profile", "set", "x", "-m", "Nope")
    assert (done.code, config.exists()) == (5, False)
    assert "There is no model 'Nope'" in done.err


def test_a_region_takes_the_place_of_a_base_url(anaplan: Command, config: Path) -> None:
    anaplan("profile", "set", "--base-url", "http://localhost:8765")
    done = anaplan("profile", "set", "--region", "eu3", "--unset", "user-email")
    assert "set region; removed base_url." in done.err
    assert content(config)["profiles"] == {"default": {"region": "eu3"}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "There is nothing to set"),
        (("--region", "eu99"), "'eu99' is not one of Anaplan's regions"),
        (("--base-url", "http://example.com"), "plain http"),
        (("--region", "eu3", "--base-url", "https://example.com"), "not both"),
        (("--unset", "nothing"), "There is no setting 'nothing'"),
        (("--user-email", ""), "user_email is empty"),
        (("--secret-env", "region=X"), "none with a secret"),
        (("--secret-env", "password=Fl1ghts!"), "can't be that of a variable"),
    ],
)
def test_what_is_not_valid_is_not_written(
    anaplan: Command, config: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = written(config).read_bytes()
    done = anaplan("profile", "set", *arguments)
    assert (done.code, config.read_bytes()) == (2, before)
    assert message in done.err
    assert "Fl1ghts!" not in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[profiles.a]\nregio = 'eu3'\n", "profiles.a.regio"),
        ("[profiles.a\n", "can't be read"),
        (
            "profiles.a.region = 'eu3'\nprofiles.b = {region = 'eu3'}\n",
            "has a form that this command can't change",
        ),
    ],
)
def test_a_file_that_cannot_be_changed_stays(
    anaplan: Command, config: Path, text: str, message: str
) -> None:
    written(config, text)
    done = anaplan("profile", "set", "c", "--region", "eu3")
    assert done.code in (1, 2)
    assert config.read_text("utf-8") == text
    assert message in done.err


@pytest.mark.parametrize(
    ("text", "before", "after", "words"),
    [
        ("[profiles.a]\nregion = 'eu3'\n", 0o644, 0o644, ""),
        ("[profiles.a]\nregion = 'eu3'\n", 0o664, 0o664, "other users can change"),
        ("[profiles.a]\npassword = 'secret'\n", 0o644, 0o600, "can't read it any more"),
        ("[profiles.a]\npassword = { env = 'P' }\n", 0o640, 0o640, ""),
    ],
)
def test_permissions(
    anaplan: Command, config: Path, text: str, before: int, after: int, words: str
) -> None:
    written(config, text, before)
    done = anaplan("profile", "use", "a")
    assert (done.code, mode(config)) == (0, after)
    assert words in done.err
    assert bool(words) == (str(config) in done.err)


def test_a_link_is_followed(anaplan: Command, config: Path, home: Path) -> None:
    target = written(home / "dotfiles.toml")
    config.parent.mkdir()
    config.symlink_to(target)
    assert anaplan("profile", "use", "me").code == 0
    assert config.is_symlink()
    assert content(target)["default_profile"] == "me"


def test_a_form_that_cannot_be_changed_is_refused(anaplan: Command, config: Path) -> None:
    text = 'profiles = { a = { region = "eu3" } }\n'
    written(config, text)
    done = anaplan("profile", "set", "b", "--region", "eu3")
    assert (done.code, config.read_text("utf-8")) == (1, text)
    assert "has a form that this command can't change" in done.err
    assert "[profiles.NAME]" in done.err


@pytest.mark.parametrize(
    "name", ["a.b", 'a"b', "a'b", "a b", "a\nb", "a]b", "a\\", "profiles", "#"]
)
def test_any_name_of_a_profile(anaplan: Command, config: Path, name: str) -> None:
    assert anaplan("profile", "set", name, "--region", "eu3").code == 0
    assert content(config) == {"default_profile": name, "profiles": {name: {"region": "eu3"}}}
    assert anaplan("profile", "set", name, "--unset", "region").code == 0
    assert anaplan("profile", "rm", name, "--yes").code == 0
    assert content(config) == {}


def test_writers_at_the_same_time_lose_nothing(config: Path) -> None:
    def add(number: int) -> None:
        with editing(print) as document:
            document.set(f"p{number}", "region", "eu3")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    assert len(content(config)["profiles"]) == 24


def test_profiles_are_listed(
    anaplan: Command,
    config: Path,
    emulator: Emulator,
    terminal: OpenTerminal,
    snapshot: Compare,
) -> None:
    assert "'anaplan login' creates one" in anaplan("profile", "ls").err
    written(config)
    anaplan("profile", "set", "load", "--user-email", emulator.user_email, "--unset", "region")
    anaplan("profile", "set", "load", "--secret-env", "password=ANAPLAN_PASSWORD")
    anaplan("profile", "set", "load", "--unset", "certificate")
    anaplan("profile", "set", "load", "--base-url", emulator.base_url)
    anaplan("profile", "set", "load", "-w", "Network Planning", "-m", "Flight Operations")
    anaplan("profile", "set", "load", "--region", "eu3")
    screen = terminal("profile", "ls", columns=80)
    assert screen.finish() == 0
    snapshot("profile_ls_80", screen.text)
    rows = anaplan("profile", "ls", "-o", "json").json
    assert [(row["name"], row["default"], row["sign_in"]) for row in rows] == [
        ("load", True, "password"),
        ("me", False, "device"),
    ]


def test_secrets_are_masked(anaplan: Command, config: Path) -> None:
    written(
        config,
        '[profiles.a]\nuser_email = "a@b.c"\npassword = "s3cret"\ntoken = { env = "T" }\n'
        'private_key = "-----BEGIN PRIVATE KEY-----\\ns3cret"\n'
        'api_key = { keyring = "k", user = "u" }\n',
    )
    for output in ("table", "json"):
        done = anaplan("profile", "show", "a", "-o", output)
        assert "s3cret" not in done.out + done.err
    assert anaplan("profile", "show", "a", "-o", "json").json == {
        "name": "a",
        "user_email": "a@b.c",
        "password": "********",
        "token": '{ env = "T" }',
        "private_key": "********",
        "api_key": '{ keyring = "k", user = "u" }',
    }


def test_a_profile_is_removed_after_confirmation(
    anaplan: Command, config: Path, ring: PlaintextKeyring
) -> None:
    assert anaplan("login", "password", "--profile", "x").code == 0
    assert ring.get_password("anaplan-sdk", "x.password") == "Fl1ghts!"
    assert anaplan("profile", "rm", "x").code == 2
    assert "x" in content(config)["profiles"]
    done = anaplan("profile", "rm", "x", "--yes")
    assert "Removed the profile 'x', password from the keyring." in done.err
    assert ring.get_password("anaplan-sdk", "x.password") is None


@pytest.mark.parametrize("command", ["show", "use", "rm"])
def test_an_unknown_profile(anaplan: Command, config: Path, command: str) -> None:
    written(config)
    done = anaplan("profile", command, "nobody")
    assert done.code == 2
    assert "has no profile 'nobody'; it has: load, me." in done.err


def test_the_path_is_printed(anaplan: Command, config: Path) -> None:
    assert anaplan("profile", "path").out == f"{config}\n"
    assert anaplan("profile", "path", "-o", "json").json == {"path": str(config)}
