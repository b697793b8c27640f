"""The search for a client's options in the environment, a profile and stored tokens."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from anaplan_sdk import (
    AnaplanDeviceAuth,
    AsyncClient,
    Client,
    ConsolidationAccess,
    Hosts,
    MemoryStore,
    Oauth,
    PlaintextFileStore,
)
from anaplan_sdk.auth.environment import find_options
from anaplan_sdk.auth.oauth_tokens import OAuthBearer
from anaplan_sdk.auth.profiles import config_file
from anaplan_sdk.auth.stores import store_key
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    CredentialsNotFoundException,
    InvalidArgumentException,
    SignInRequiredException,
)
from anaplan_sdk.testing import EmulatedAnaplan

CONFIG = """\
default_profile = "load"

[profiles.load]
region = "eu3"
workspace_id = "w1"
model_id = "m1"
user_email = "load@example.com"
password = { env = "LOAD_PASSWORD" }

[profiles.report]
base_url = "https://proxy.example.com"
token = { keyring = "reports", user = "me" }

[profiles.device]
device_client_id = "d1"
"""


class Ring(KeyringBackend):
    """A keyring that is a dictionary."""

    priority = 1

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.values[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"ANAPLAN_CONFIG_FILE": str(tmp_path / "config.toml")}


@pytest.fixture
def config(environ: dict[str, str]) -> Path:
    path = config_file(environ)
    path.write_text(CONFIG)
    return path


ACCESS = {"CONSOLIDATION_TOKEN": "s3cret", "CONSOLIDATION_TENANT": "T"}


def find(environ: dict[str, str], profile: str | None = None) -> dict[str, Any]:
    return find_options(profile, None, environ, MemoryStore())


def test_each_way_in_the_environment(environ: dict[str, str]) -> None:
    for given in (
        {"token": "t"},
        {"user_email": "a@example.com", "password": "p"},
        {"certificate": "c.pem", "private_key": "k.pem", "private_key_password": "p"},
        {"api_key": "auk_us1_x"},
    ):
        variables = {f"ANAPLAN_{name.upper()}": value for name, value in given.items()}
        assert find({**environ, **variables}) == given


def test_a_refresh_token_in_the_environment(environ: dict[str, str]) -> None:
    variables = {
        "ANAPLAN_CLIENT_ID": "c",
        "ANAPLAN_CLIENT_SECRET": "s3cret",
        "ANAPLAN_REDIRECT_URI": "https://app.example.com/callback",
        "ANAPLAN_REFRESH_TOKEN": "r3fresh",
        "ANAPLAN_REGION": "eu3",
    }
    found = find({**environ, **variables})
    auth = found["auth"]
    assert isinstance(auth, OAuthBearer)
    assert auth.token == {"refresh_token": "r3fresh"}
    assert "eu3.app.anaplan.com" in repr(auth)
    assert "s3cret" not in repr(auth)
    assert "r3fresh" not in repr(auth)


def test_the_environment_comes_before_the_profile(environ: dict[str, str], config: Path) -> None:
    environ |= {"ANAPLAN_TOKEN": "t", "ANAPLAN_MODEL_ID": "m2"}
    assert find(environ) == {
        "region": "eu3",
        "workspace_id": "w1",
        "model_id": "m2",
        "token": "t",
    }


def test_a_profile_that_is_passed_comes_before_the_environment(
    environ: dict[str, str], config: Path
) -> None:
    environ |= {"ANAPLAN_TOKEN": "t", "ANAPLAN_MODEL_ID": "m2", "LOAD_PASSWORD": "p"}
    found = find(environ, "load")
    assert (found["model_id"], found["password"]) == ("m1", "p")
    assert "token" not in found


def test_a_region_and_a_base_url_contradict(environ: dict[str, str]) -> None:
    where = {"ANAPLAN_REGION": "eu3", "ANAPLAN_BASE_URL": "https://proxy.example.com"}
    with pytest.raises(ValueError, match="contradict"):
        find({**environ, **where, "ANAPLAN_TOKEN": "t"})


def test_a_file_that_holds_the_key_too(environ: dict[str, str]) -> None:
    assert find({**environ, "ANAPLAN_CERTIFICATE": "both.p12"}) == {"certificate": "both.p12"}


def test_a_profile_and_a_secret_from_the_environment(environ: dict[str, str], config: Path) -> None:
    found = find({**environ, "LOAD_PASSWORD": "p"})
    assert found["user_email"] == "load@example.com"
    assert found["password"] == "p"
    assert found["region"] == "eu3"


def test_a_secret_from_the_keyring(environ: dict[str, str], config: Path, ring: Ring) -> None:
    ring.set_password("reports", "me", "t")
    assert find(environ, "report") == {"base_url": "https://proxy.example.com", "token": "t"}
    environ["ANAPLAN_PROFILE"] = "report"
    assert find(environ)["token"] == "t"


def test_a_kept_token(environ: dict[str, str], config: Path) -> None:
    store = MemoryStore()
    store.save("us1a.app.anaplan.com/d1", "r")
    found = find_options("device", None, environ, store)
    assert isinstance(found["auth"], OAuthBearer)


def test_without_credentials_every_place_is_named(
    environ: dict[str, str], config: Path, ring: Ring
) -> None:
    environ["ANAPLAN_USER_EMAIL"] = "a@example.com"
    with pytest.raises(CredentialsNotFoundException) as nothing:
        find(environ)
    said = str(nothing.value)
    for reason in (
        "environment, token: ANAPLAN_TOKEN is not set",
        "environment, user_email and password: ANAPLAN_PASSWORD is not set",
        "profile 'load', user_email and password: LOAD_PASSWORD is not set",
        "stored tokens: neither client_id nor device_client_id is set",
    ):
        assert reason in said
    with pytest.raises(CredentialsNotFoundException, match="no terminal to sign in at"):
        find(environ, "device")
    with pytest.raises(CredentialsNotFoundException, match="the keyring has no 'reports'"):
        find(environ, "report")
    config.unlink()
    with pytest.raises(CredentialsNotFoundException, match=r"config\.toml' doesn't exist"):
        find(environ)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[profiles.load", "can't be read"),
        ("[profiles.load]\npasword = 'p4ss'", "pasword"),
        ("[profiles.load]\npassword = { vault = 'p4ss' }", "password"),
        ("[profiles.other]", "has no profile 'load'; it has: other"),
    ],
)
def test_a_config_file_that_is_not_valid(
    environ: dict[str, str], config: Path, content: str, said: str
) -> None:
    config.write_text(content)
    with pytest.raises(ValueError, match=said) as wrong:
        find(environ, "load")
    assert "p4ss" not in str(wrong.value)


@pytest.mark.parametrize(
    ("variables", "given", "logged"),
    [
        ({"TOKEN": "s3cret"}, {}, ["Using token from environment"]),
        ({}, {}, ["Using user_email and password from profile 'load'"]),
        (
            {**ACCESS, "CERTIFICATE": "c", "PRIVATE_KEY": "s3cret"},
            {},
            [
                "Using access to Financial Consolidation from environment",
                "Using certificate from environment",
            ],
        ),
        ({**ACCESS, "DEVICE_CLIENT_ID": "d1"}, {}, None),
        (
            {"PASSWORD": "s3cret"},
            {"user_email": "a", "model_id": "m2"},
            ["Using user_email from the arguments", "Using password from environment"],
        ),
    ],
)
def test_the_log_names_where_credentials_come_from(
    environ: dict[str, str],
    config: Path,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    given: dict[str, object],
    logged: list[str] | None,
) -> None:
    if logged is None:
        config.write_text("")
        logged = [
            "Using access to Financial Consolidation from environment",
            "Using OAuth with device_client_id from environment",
        ]
    store = MemoryStore()
    store.save("us1a.app.anaplan.com/d1", "s3cret")
    environ |= {f"ANAPLAN_{name}": value for name, value in variables.items()}
    with caplog.at_level("DEBUG", "anaplan_sdk"):
        find_options(None, given, {**environ, "LOAD_PASSWORD": "s3cret"}, store)
    assert [record.getMessage() for record in caplog.records] == logged
    assert {record.name for record in caplog.records} == {"anaplan_sdk.auth"}


def test_a_profile_of_no_file(environ: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no profile 'load'"):
        find(environ, "load")


REFRESHING = {
    "ANAPLAN_CLIENT_ID": "c",
    "ANAPLAN_CLIENT_SECRET": "s3cret",
    "ANAPLAN_REDIRECT_URI": "https://app.example.com/callback",
    "ANAPLAN_REFRESH_TOKEN": "r3fresh",
}


@pytest.mark.parametrize("found", [{"ANAPLAN_REGION": "gb1"}, {"ANAPLAN_BASE_URL": "https://p"}])
@pytest.mark.parametrize(
    "given",
    [
        {"region": "eu3"},
        {"base_url": "https://eu3.app.anaplan.com"},
        {"hosts": Hosts.of_region("eu3")},
    ],
)
def test_a_place_that_is_passed_replaces_the_one_that_is_found(
    environ: dict[str, str], found: dict[str, str], given: dict[str, object]
) -> None:
    arguments = find_options(None, given, {**environ, **REFRESHING, **found})
    assert arguments.pop("auth").__repr__().count("https://eu3.app.anaplan.com/oauth/token") == 1
    assert arguments == given
    kept = {**environ, "ANAPLAN_DEVICE_CLIENT_ID": "d1", **found}
    store = MemoryStore()
    store.save("eu3.app.anaplan.com/d1", "r")
    auth = find_options(None, given, kept, store)["auth"]
    assert "https://eu3.app.anaplan.com/oauth/token" in repr(auth)


@pytest.mark.parametrize(
    "given",
    [
        {"user_email": "b@example.com", "password": "q"},
        {"certificate": b"c", "private_key": b"k"},
        {"api_key": "auk_us1_x"},
        {"auth": httpx2.BasicAuth("b", "q")},
        {"token": "u"},
    ],
)
def test_credentials_that_are_passed_replace_those_that_are_found(
    environ: dict[str, str], given: dict[str, object]
) -> None:
    environ |= {"ANAPLAN_TOKEN": "t", "ANAPLAN_MODEL_ID": "m2", **REFRESHING}
    arguments = find_options(None, given, environ, MemoryStore())
    assert arguments == {"model_id": "m2", **given}
    found = find_options(None, {"user_email": None, "model_id": None}, environ)
    assert found == {"token": "t", "model_id": "m2"}


ANN = {"user_email": "a", "password": "p"}


@pytest.mark.parametrize(
    ("found", "given", "completed"),
    [
        (ANN, {"password": "q"}, {"user_email": "a"}),
        (ANN, {"user_email": "a"}, {"password": "p"}),
        (ANN, {"user_email": "b"}, {}),
        ({"password": "p"}, {"user_email": "b"}, {"password": "p"}),
        (
            {"user_email": "a", "password": "p"},
            {"token": "u"},
            {"user_email": "a", "password": "p"},
        ),
        ({"certificate": "c", "private_key": "k"}, {"certificate": "d"}, {}),
        ({"private_key": "k"}, {"certificate": "d"}, {"private_key": "k"}),
        ({"certificate": "c", "private_key": "k"}, {"private_key": "l"}, {"certificate": "c"}),
        (
            {"certificate": "c", "private_key": "k"},
            {"private_key_password": "p"},
            {"certificate": "c", "private_key": "k"},
        ),
    ],
)
def test_credentials_that_are_passed_are_completed(
    environ: dict[str, str],
    found: dict[str, str],
    given: dict[str, object],
    completed: dict[str, str],
) -> None:
    variables = {f"ANAPLAN_{name.upper()}": value for name, value in found.items()}
    arguments = find_options(None, given, {**environ, **variables}, MemoryStore())
    assert arguments == {**given, **completed}


def test_a_client_for_another_region_than_the_environments(
    anaplan: EmulatedAnaplan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANAPLAN_CONFIG_FILE", str(tmp_path / "none.toml"))
    monkeypatch.setenv("ANAPLAN_REGION", "eu3")
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", "someone.else@example.com")
    monkeypatch.setenv("ANAPLAN_PASSWORD", "theirs")
    with Client.from_env(
        base_url=anaplan.emulator.base_url,
        user_email=anaplan.emulator.user_email,
        password=anaplan.emulator.password,
    ) as client:
        assert client.get_workspaces()


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_from_the_environment(
    anaplan: EmulatedAnaplan,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: type[Client | AsyncClient],
) -> None:
    monkeypatch.setenv("ANAPLAN_CONFIG_FILE", str(tmp_path / "none.toml"))
    monkeypatch.setenv("ANAPLAN_BASE_URL", anaplan.emulator.base_url)
    monkeypatch.setenv("ANAPLAN_CERTIFICATE", anaplan.emulator.certificate.read_text())
    monkeypatch.setenv("ANAPLAN_PRIVATE_KEY", str(anaplan.emulator.private_key))
    monkeypatch.setenv("ANAPLAN_WORKSPACE_ID", "from the environment")
    client = kind.from_env(workspace_id="given", timeout=5)
    assert "workspace_id='given'" in repr(client)
    if isinstance(client, Client):
        with client:
            assert client.get_workspaces()


def test_access_to_financial_consolidation(environ: dict[str, str], config: Path) -> None:
    config.write_text(
        CONFIG.replace("[profiles.report]", 'consolidation_tenant = "P"\n[profiles.report]')
    )
    alone = {**environ, "ANAPLAN_CONSOLIDATION_TOKEN": "c", "ANAPLAN_CONSOLIDATION_TENANT": "T"}
    access = ConsolidationAccess("c", "T")
    assert find(alone) == {
        "region": "eu3",
        "workspace_id": "w1",
        "model_id": "m1",
        "consolidation": access,
    }
    beside = find({**alone, "ANAPLAN_TOKEN": "t"})
    assert (beside["token"], beside["consolidation"]) == ("t", access)
    del alone["ANAPLAN_CONSOLIDATION_TENANT"]
    assert "consolidation" not in find({**alone, "ANAPLAN_TOKEN": "t"})
    with pytest.raises(CredentialsNotFoundException, match="belong together"):
        find(alone)


def test_line_ends_and_blanks_around_values(environ: dict[str, str], ring: Ring) -> None:
    found = find(
        {
            **environ,
            "ANAPLAN_WORKSPACE_ID": "w1\n",
            "ANAPLAN_MODEL_ID": " m1 ",
            "ANAPLAN_REGION": "eu3\r\n",
            "ANAPLAN_USER_EMAIL": " ada@example.com\n",
            "ANAPLAN_PASSWORD": " secret \r\n",
        }
    )
    assert found == {
        "workspace_id": "w1",
        "model_id": "m1",
        "region": "eu3",
        "user_email": "ada@example.com",
        "password": " secret ",
    }
    with Client(**found) as client:
        assert client._config.workspace_id == "w1"
    for name in ("TOKEN", "API_KEY", "CERTIFICATE"):
        assert find({**environ, f"ANAPLAN_{name}": "auk_value \r\n"}) == {name.lower(): "auk_value"}
    access = find({**environ, **{f"ANAPLAN_{name}": f"{ACCESS[name]}\n" for name in ACCESS}})
    assert access == {"consolidation": ConsolidationAccess("s3cret", "T")}
    with pytest.raises(CredentialsNotFoundException):
        find({**environ, "ANAPLAN_TOKEN": " \n"})


def test_line_ends_in_what_a_profile_names(
    environ: dict[str, str], config: Path, ring: Ring
) -> None:
    ring.set_password("reports", "me", "t0ken\n")
    assert find(environ, "report")["token"] == "t0ken"
    found = find({**environ, "LOAD_PASSWORD": "secret\n", "ANAPLAN_PROFILE": "load\n"})
    assert found["password"] == "secret"


def test_what_is_inside_of_a_variable_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="token can't be sent in a header") as caught:
        Client(**find({**environ, "ANAPLAN_TOKEN": "s3cret\ns3cret"}))
    assert "s3cret" not in str(caught.value)


HALVES = [
    ({"USER_EMAIL": "a@example.com"}, "ANAPLAN_USER_EMAIL", "ANAPLAN_PASSWORD"),
    ({"PASSWORD": "s3cret"}, "ANAPLAN_PASSWORD", "ANAPLAN_USER_EMAIL"),
    ({"PRIVATE_KEY": "s3cret"}, "ANAPLAN_PRIVATE_KEY", "ANAPLAN_CERTIFICATE"),
    ({"PRIVATE_KEY_PASSWORD": "s3cret"}, "ANAPLAN_PRIVATE_KEY_PASSWORD", "ANAPLAN_CERTIFICATE"),
    ({"CLIENT_SECRET": "s3cret"}, "ANAPLAN_CLIENT_SECRET", "ANAPLAN_CLIENT_ID"),
    ({"REFRESH_TOKEN": "s3cret"}, "ANAPLAN_REFRESH_TOKEN", "ANAPLAN_CLIENT_ID"),
    ({"CONSOLIDATION_TOKEN": "s3cret"}, "ANAPLAN_CONSOLIDATION_TOKEN", "CONSOLIDATION_TENANT"),
    ({"CONSOLIDATION_TENANT": "t"}, "ANAPLAN_CONSOLIDATION_TENANT", "CONSOLIDATION_TOKEN"),
]


@pytest.mark.parametrize(("variables", "is_set", "missing"), HALVES)
def test_what_is_set_by_half(
    environ: dict[str, str],
    config: Path,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    is_set: str,
    missing: str,
) -> None:
    """Another way is used, and that is said: it may sign in another user."""
    half = {f"ANAPLAN_{name}": value for name, value in variables.items()}
    assert find({**environ, "LOAD_PASSWORD": "p", **half})["password"] == "p"
    warned = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert len(warned) == 1
    assert f"{is_set} is set" in warned[0]
    assert missing in warned[0]
    assert "s3cret" not in warned[0]


def test_nothing_is_said_of_what_is_complete(
    environ: dict[str, str], config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    find({**environ, "LOAD_PASSWORD": "p", "ANAPLAN_WORKSPACE_ID": "w"})
    with pytest.raises(CredentialsNotFoundException):
        find(environ, "device")
    assert not [each for each in caplog.records if each.levelname == "WARNING"]


def test_a_file_for_tokens(environ: dict[str, str], config: Path, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    PlaintextFileStore(path).save("us1a.app.anaplan.com/d1", "r3fresh")
    for variables in (
        {"ANAPLAN_DEVICE_CLIENT_ID": "d1", "ANAPLAN_TOKEN_FILE": f"{path}\n"},
        {"ANAPLAN_PROFILE": "filed"},
    ):
        config.write_text(f"[profiles.filed]\ndevice_client_id = 'd1'\ntoken_file = '{path}'\n")
        auth = find_options(None, None, {**environ, **variables})["auth"]
        assert isinstance(auth, AnaplanDeviceAuth)


def test_where_tokens_may_be_kept_without_a_keyring(environ: dict[str, str]) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    try:
        with pytest.raises(CredentialsNotFoundException, match="ANAPLAN_TOKEN_FILE"):
            find_options(None, None, {**environ, "ANAPLAN_DEVICE_CLIENT_ID": "d1"})
    finally:
        keyring.set_keyring(before)


def test_what_is_no_store_is_refused(environ: dict[str, str]) -> None:
    given: Any = "tokens.json"
    with pytest.raises(ArgumentTypeException, match="str is not a token store"):
        find_options(None, None, {**environ, "ANAPLAN_DEVICE_CLIENT_ID": "d1"}, store=given)


def test_a_damaged_file_for_tokens_is_not_to_be_named_again(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "tokens.json"
    path.write_text("{")
    named = {"ANAPLAN_DEVICE_CLIENT_ID": "d1", "ANAPLAN_TOKEN_FILE": str(path)}
    with pytest.raises(CredentialsNotFoundException, match="is damaged") as caught:
        find_options(None, None, {**environ, **named})
    assert "ANAPLAN_TOKEN_FILE" not in str(caught.value)


def test_a_store_of_the_programs_own(
    anaplan: EmulatedAnaplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = anaplan.emulator
    oauth = Oauth(
        emulator.oauth_client_id,
        emulator.oauth_client_secret,
        emulator.redirect_uri,
        base_url=emulator.base_url,
    )
    url, state = oauth.authorization_url()
    token = oauth.fetch_token(emulator.authorize(url), state)
    store = MemoryStore()
    key = store_key(emulator.base_url, emulator.oauth_client_id)
    store.save(key, str(token["refresh_token"]))
    monkeypatch.setenv("ANAPLAN_CLIENT_ID", emulator.oauth_client_id)
    monkeypatch.setenv("ANAPLAN_CLIENT_SECRET", emulator.oauth_client_secret)
    monkeypatch.setenv("ANAPLAN_REDIRECT_URI", emulator.redirect_uri)
    with Client.from_env(store=store, base_url=emulator.base_url) as client:
        assert client.get_workspaces()
    assert store.load(key) not in (None, token["refresh_token"])
    # What is rotated is stored as well if the first token came from a variable.
    monkeypatch.setenv("ANAPLAN_REFRESH_TOKEN", str(store.load(key)))
    empty = MemoryStore()
    with Client.from_env(store=empty, base_url=emulator.base_url) as client:
        assert client.get_workspaces()
    assert empty.load(key)
    # The kept token has ended, and nobody is there to sign in.
    monkeypatch.delenv("ANAPLAN_REFRESH_TOKEN")
    with (
        Client.from_env(store=store, base_url=emulator.base_url) as client,
        pytest.raises(SignInRequiredException, match="refused the refresh token that was kept"),
    ):
        client.get_workspaces()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(
    ("fields", "is_warned_of"),
    [
        ("user_email = 'a@example.com'\npassword = 's3cret'", True),
        ("token = 's3cret'", True),
        ("certificate = 'c.pem'\nprivate_key = 'key.pem'", False),
        ("certificate = 'c.pem'\nprivate_key = '-----BEGIN s3cret'", True),
        ("user_email = 'a@example.com'\npassword = { env = 'NAME' }", False),
    ],
)
def test_a_config_file_that_others_can_read(
    environ: dict[str, str],
    config: Path,
    caplog: pytest.LogCaptureFixture,
    fields: str,
    is_warned_of: bool,
) -> None:
    config.write_text(f"[profiles.p]\n{fields}\n")
    for mode in (0o600, 0o644, 0o644):  # Once for a file.
        config.chmod(mode)
        assert find({**environ, "ANAPLAN_TOKEN": "t"})
    warned = [each.getMessage() for each in caplog.records if "chmod" in each.getMessage()]
    assert len(warned) == is_warned_of
    assert all("0644" in text and "s3cret" not in text for text in warned)


@pytest.mark.parametrize("opening", ["[", "{a="])
def test_a_config_file_that_is_nested_too_deeply(
    environ: dict[str, str], config: Path, opening: str
) -> None:
    config.write_text(f"default_profile = {opening * 100_000}")
    with pytest.raises(InvalidArgumentException, match="can't be read"):
        find({**environ, "ANAPLAN_TOKEN": "t"})
