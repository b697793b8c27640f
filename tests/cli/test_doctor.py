"""`anaplan doctor`: settings and checks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_emulator import Emulator
from anaplan_sdk.cli.settings import network_checks

if TYPE_CHECKING:
    from keyrings.alt.file import PlaintextKeyring
    from tests.cli.conftest import Command, OpenTerminal, Result


@pytest.fixture(scope="module")
def tls_emulator() -> Iterator[Emulator]:
    with Emulator(tls=True) as emulator:
        yield emulator


@pytest.fixture
def _no_credentials(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.is_dir()
    for name in ("USER_EMAIL", "PASSWORD", "WORKSPACE_ID", "MODEL_ID"):
        monkeypatch.delenv(f"ANAPLAN_{name}")


@pytest.fixture
def config(home: Path) -> Path:
    path = home / ".config/anaplan-sdk/config.toml"
    path.parent.mkdir(parents=True)
    return path


def check(done: Result, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = done.json["checks"]
    exact = [each for each in found if each["name"] == name]
    return (exact or [each for each in found if each["name"].startswith(name)])[0]


def results(done: Result) -> dict[str, str]:
    return {each["name"]: each["result"] for each in done.json["checks"]}


def test_all_is_well(anaplan: Command, emulator: Emulator, ring: PlaintextKeyring) -> None:
    assert ring is not None
    done = anaplan("doctor", "-o", "json")
    assert (done.code, done.err) == (0, "")
    host = emulator.base_url.removeprefix("http://")
    assert results(done) == {
        "versions": "ok",
        "config file": "not used",
        "credentials": "ok",
        "token store": "warning",
        "proxy": "ok",
        "DNS 127.0.0.1": "not used",
        f"connection {host}": "not used",
        "clock": "ok",
        "sign-in": "ok",
        "token": "ok",
        "roles": "ok",
        "visible": "ok",
        "workspace": "ok",
        "model": "ok",
    }
    assert "This keyring does not encrypt" in check(done, "token store")["message"]
    assert check(done, "token")["message"].startswith("valid for 3")
    assert "may not read: audit events" in check(done, "roles")["message"]
    assert check(done, "model")["message"].startswith("Flight Operations (")


def test_settings_and_where_they_are_from(
    anaplan: Command, emulator: Emulator, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(
        'default_profile = "a"\n[profiles.a]\nregion = "eu3"\nmodel_id = "M"\n'
        'user_email = "a@b.c"\npassword = { env = "GONE" }\ntoken_file = "t.json"\n'
        '[profiles.b]\nbase_url = "http://127.0.0.1:9"\n'
    )
    monkeypatch.delenv("ANAPLAN_MODEL_ID")
    done = anaplan("doctor", "-m", "Flight Operations", "-o", "json")
    assert done.code == 0, done.out
    assert emulator.password not in done.out
    rows = [tuple(row.values()) for row in done.json["settings"]]
    place = "ANAPLAN_"
    assert rows == [
        ("config_file", str(config), "default", "used"),
        ("profile", "a", "default_profile", "used"),
        ("region", "eu3", "profile 'a'", "not used"),
        ("base_url", emulator.base_url, f"{place}BASE_URL", "used"),
        ("workspace_id", emulator.workspace_id, f"{place}WORKSPACE_ID", "used"),
        ("model_id", "Flight Operations", "--model", "used"),
        ("model_id", "M", "profile 'a'", "overridden"),
        ("user_email", emulator.user_email, f"{place}USER_EMAIL", "used"),
        ("user_email", "a@b.c", "profile 'a'", "overridden"),
        ("password", "********", f"{place}PASSWORD", "used"),
        ("password", '{ env = "GONE" } (not set)', "profile 'a'", "overridden"),
        ("token_file", "t.json", "profile 'a'", "not used"),
    ]
    monkeypatch.setenv("ANAPLAN_PROFILE", "a")
    rows = anaplan("doctor", "--profile", "b", "-o", "json").json["settings"]
    assert [(row["value"], row["use"]) for row in rows if row["setting"] == "profile"] == [
        ("b", "used"),
        ("a", "overridden"),
        ("a", "overridden"),
    ]
    assert rows[4]["value"] == "http://127.0.0.1:9"


@pytest.mark.usefixtures("_no_credentials")
def test_without_credentials_it_says_what_to_do(anaplan: Command, config: Path) -> None:
    done = anaplan("doctor", "-o", "json")
    assert done.code == 4
    assert results(done)["clock"] == "ok"
    found = check(done, "credentials")
    assert found["message"] == "There is no way to sign in."
    assert "anaplan login" in found["advice"]
    assert "anaplan emulator" in found["advice"]

    config.write_text(
        'default_profile = "a"\n[profiles.a]\nuser_email = "e"\npassword = { env = "GONE" }\n'
    )
    done = anaplan("doctor", "-o", "json")
    message = check(done, "credentials")["message"]
    assert "GONE, which the profile 'a' names for password, is not set." in message


@pytest.mark.usefixtures("_no_credentials", "ring")
def test_nobody_is_asked_to_sign_in(
    config: Path, emulator: Emulator, terminal: OpenTerminal
) -> None:
    config.write_text(
        f'default_profile = "a"\n[profiles.a]\ndevice_client_id = "{emulator.device_client_id}"\n'
    )
    screen = terminal("doctor", columns=80)
    assert screen.finish() == 4
    text = " ".join(screen.text.split())
    assert "No token is stored for the OAuth client" in text
    assert "CHECK RESULT MESSAGE" in text
    assert all(len(line) <= 80 for line in screen.text.splitlines())


def test_a_wrong_password(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_PASSWORD", "wr0ng")
    done = anaplan("doctor", "-o", "json")
    assert (done.code, check(done, "sign-in")["code"]) == (4, 4)
    assert "wr0ng" not in done.out


def test_a_host_that_cannot_be_reached(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ANAPLAN_BASE_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        done = anaplan("doctor", "-o", "json")
    assert done.code == 9
    assert check(done, "connection")["result"] == "problem"
    assert check(done, "sign-in")["result"] == "not used"


def test_a_name_that_is_unknown(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_BASE_URL", "https://anaplan.invalid")
    done = anaplan("doctor", "-o", "json")
    assert done.code == 9
    assert "can't be looked up" in check(done, "DNS anaplan.invalid")["message"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ANAPLAN_BASE_URL", "http://example.com", "plain http"),
        ("ANAPLAN_REGION", "eu3", "they contradict"),
        ("ANAPLAN_PROFILE", "nobody", "There is no profile 'nobody'"),
        ("ANAPLAN_CERTIFICATE_PAYLOAD", "v3", "ANAPLAN_CERTIFICATE_PAYLOAD"),
    ],
)
def test_a_setting_that_is_not_valid(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    done = anaplan("doctor", "-o", "json")
    assert done.code == 2
    assert message in check(done, "settings")["message"]


def test_a_config_file_that_is_not_valid(anaplan: Command, config: Path) -> None:
    config.write_text("[profiles.a\n")
    done = anaplan("doctor", "-o", "json")
    assert done.code == 2
    assert done.json["settings"][0]["use"] == "not valid"
    assert str(config) in check(done, "settings")["message"]


@pytest.mark.parametrize(
    ("text", "mode", "code", "result"),
    [
        ("[profiles.a]\npassword = 's3cret'\n", 0o644, 1, "problem"),
        ("[profiles.a]\nregion = 'eu3'\n", 0o622, 0, "warning"),
        ("[profiles.a]\nregion = 'eu3'\n", 0o644, 0, "ok"),
    ],
)
def test_permissions_of_the_config_file(
    anaplan: Command, config: Path, text: str, mode: int, code: int, result: str
) -> None:
    config.write_text(text)
    config.chmod(mode)
    done = anaplan("doctor", "-q", "-o", "json")
    assert (done.code, check(done, "config file")["result"]) == (code, result)
    assert "s3cret" not in done.out


def test_a_clock_that_is_slow(anaplan: Command, emulator: Emulator) -> None:
    emulator.advance(minutes=10)
    done = anaplan("doctor", "-o", "json")
    assert done.code == 1
    assert check(done, "clock")["message"].startswith("This machine's clock is slow by ")


def test_certificates(
    anaplan: Command, emulator: Emulator, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANAPLAN_PASSWORD")
    end = datetime.now(UTC) + timedelta(days=12, hours=1)
    pair = emulator.issue_certificate(emulator.user_email, not_after=end)
    (home / "c.pem").write_text(pair.certificate)
    (home / "k.pem").write_text(pair.private_key)
    monkeypatch.setenv("ANAPLAN_CERTIFICATE", "c.pem")
    monkeypatch.setenv("ANAPLAN_PRIVATE_KEY", "k.pem")
    done = anaplan("doctor", "-q", "-o", "json")
    found = check(done, "certificate")
    assert (done.code, found["result"]) == (0, "warning")
    assert f"until {end:%Y-%m-%d}, 12 days left" in found["message"]
    monkeypatch.setenv("ANAPLAN_PRIVATE_KEY", str(emulator.private_key))
    done = anaplan("doctor", "-q", "-o", "json")
    assert done.code == 4
    assert "don't belong together" in check(done, "certificate")["message"]


def test_a_certificate_of_a_companys_own_authority(
    anaplan: Command, tls_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANAPLAN_BASE_URL", tls_emulator.base_url)
    done = anaplan("doctor", "-o", "json")
    assert done.code == 9
    found = check(done, "TLS")
    assert "is not trusted" in found["message"]
    assert "issued by CN=" in found["message"]
    assert "SSL_CERT_FILE" in found["advice"]

    monkeypatch.setenv("SSL_CERT_FILE", str(tls_emulator.ca_certificate))
    done = anaplan("doctor", "-o", "json")
    assert done.code == 0, done.out
    assert "certificate issued by" in check(done, "TLS")["message"]
    assert "Trusted by" in check(done, "TLS")["advice"]


@pytest.mark.parametrize(
    ("url", "code", "result", "message"),
    [
        ("http://me:s3cret@127.0.0.1:9", 9, "ok", "HTTPS_PROXY=http://127.0.0.1:9"),
        ("me:s3cret@127.0.0.1:9", 9, "ok", "HTTPS_PROXY=http://127.0.0.1:9"),
        ("http://me:s3cret", 2, "problem", "HTTPS_PROXY is not the URL of a proxy"),
        ("http://me:s3cret/x@127.0.0.1:9", 2, "problem", "HTTPS_PROXY is not the URL of a proxy"),
    ],
)
def test_the_password_of_a_proxy_is_not_shown(
    anaplan: Command,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    code: int,
    result: str,
    message: str,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    monkeypatch.setenv("ANAPLAN_BASE_URL", "https://anaplan.invalid")
    done = anaplan("doctor", "--verbose", "-o", "json")
    assert (done.code, check(done, "proxy")["result"]) == (code, result)
    assert message in check(done, "proxy")["message"]
    assert "s3cret" not in done.out + done.err


def test_a_proxy_that_is_not_used(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret")
    done = anaplan("doctor", "-o", "json")
    assert (done.code, check(done, "proxy")["result"]) == (0, "not used")
    assert "s3cret" not in done.out + done.err


def test_a_host_that_does_not_answer(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_checks, "_LONGEST", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("ANAPLAN_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        done = anaplan("doctor", "-o", "json")
    assert done.code == 9
    assert check(done, "connection")["message"].startswith("No answer within ")
    assert check(done, "sign-in")["result"] == "not used"


def test_a_proxy_looks_up_names(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setenv("ANAPLAN_BASE_URL", "https://anaplan.invalid")
        done = anaplan("doctor", "-o", "json")
    assert done.code == 9
    assert check(done, "DNS")["result"] == "not used"
    assert check(done, "TLS")["result"] == "problem"
