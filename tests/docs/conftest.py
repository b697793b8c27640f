"""What the documents take for granted: a tenant, a person at a terminal, a home folder."""

from __future__ import annotations

import io
import os
import re
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx2
import keyring
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from keyring.backend import KeyringBackend

from anaplan_emulator import Emulator
from anaplan_emulator.tenant.oauth_client_description import OAuthClientDescription
from anaplan_emulator.tenant.tenant_file import read_tenant
from anaplan_emulator.tenant.user_description import UserDescription

# The credentials that the guides show, so that their examples run with them as they stand.
EMAIL = "admin@company.com"
SECRET = "my_super_secret_password"
# The callback URLs of the guide's users, and of our own documents.
REDIRECT_URIS = (
    "https://vinzenzklass.github.io/anaplan-sdk",
    "https://vinzenzklass.github.io/anaplan-sdk/oauth/callback",
    "https://planning.company.com/oauth/callback",
)

Fill = Callable[[str], str]
Seat: TypeAlias = "Callable[[], AbstractContextManager[Terminal]]"


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


class Terminal(io.TextIOBase):
    """A terminal with someone at it, who signs in wherever the program says.

    Attributes:
        questions: How often the program asked for an answer.
    """

    def __init__(self, emulator: Emulator, keyboard: int) -> None:
        self._emulator = emulator
        self._keyboard = keyboard
        self.questions = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if address := re.search(r"http\S+[?&]redirect_uri=\S+", text):
            self.questions += 1
            os.write(self._keyboard, f"{self._emulator.authorize(address[0])}\n".encode())
        elif code := re.search(r"the code (\w{4}-\w{4})", text):
            self._emulator.approve_device(code[1])
        return len(text)


@contextmanager
def terminal_of(emulator: Emulator) -> Iterator[Terminal]:
    """Runs the program in a terminal: it reads from a real one, and complains to the person."""
    ours, theirs = os.openpty()
    with (
        pytest.MonkeyPatch.context() as patch,
        os.fdopen(ours, "wb", buffering=0),
        os.fdopen(theirs, encoding="utf-8") as keys,
    ):
        terminal = Terminal(emulator, ours)
        patch.setattr(sys, "stdin", keys)
        patch.setattr(sys, "stderr", terminal)
        # Whoever runs these tests has a browser, but nobody to sign in to the emulator with it.
        patch.setattr(webbrowser, "open", lambda url: False)
        yield terminal


@pytest.fixture(scope="session")
def company_emulator() -> Iterator[Emulator]:
    """The emulator's own tenant, with the user and the OAuth clients of the guides."""
    tenant = read_tenant(None)
    user = UserDescription(
        email=EMAIL,
        password=SECRET,
        first_name="Ada",
        last_name="Company",
        workspaces={"Network Planning": "admin"},
    )
    clients = (
        OAuthClientDescription(
            name="Planning", kind="authorization_code", redirect_uris=REDIRECT_URIS
        ),
        OAuthClientDescription(name="Nightly load", kind="device"),
    )
    changes = {"users": [*tenant.users, user], "default_user": EMAIL, "oauth_clients": clients}
    with Emulator(tenant.model_copy(update=changes)) as emulator:
        yield emulator


@pytest.fixture
def company(company_emulator: Emulator) -> Emulator:
    company_emulator.reset()
    company_emulator.settings.device_poll_seconds = 0
    return company_emulator


@pytest.fixture
def in_terminal(company: Emulator) -> Seat:
    """What makes a terminal; in the test itself, since pytest takes the streams before each."""
    return lambda: terminal_of(company)


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def home(company: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with the files that the documents name, and the variables they read."""
    pair = company.issue_certificate(EMAIL)
    key = load_pem_private_key(pair.private_key.encode(), None)
    encryption = BestAvailableEncryption(SECRET.encode())
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "anaplan.pem").write_text(pair.certificate)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "anaplan.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    )
    for name in list(os.environ):
        if name.startswith(("ANAPLAN_", "XDG_")):
            monkeypatch.delenv(name)
    signed_in = httpx2.post(f"{company.base_url}/token/authenticate", auth=(EMAIL, SECRET))
    monkeypatch.setenv("SESSION_TOKEN", signed_in.json()["tokenInfo"]["tokenValue"])
    monkeypatch.setenv("OAUTH_CLIENT_ID", company.oauth_client_id)
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", company.oauth_client_secret)
    monkeypatch.setenv("OAUTH_DEVICE_CLIENT_ID", company.device_client_id)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fill(company: Emulator) -> Fill:
    """Points examples at the emulator: what they say of a tenant of the reader's is its own."""
    here = company.base_url
    table = {
        "http://127.0.0.1:8765": here,
        'region="eu3"': f'base_url="{here}"',
        'region = "eu3"': f'base_url = "{here}"',
        "ANAPLAN_REGION=eu3": f"ANAPLAN_BASE_URL={here}",
        'Client(\n    workspace_id="A': f'Client(\n    base_url="{here}",\n    workspace_id="A',
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA": str(company.workspace_id),
        "11111111111111111111111111111111": str(company.model_id),
        "0123456789abcdef0123456789abcdef": company.device_client_id,
    }

    def filled(text: str) -> str:
        for placeholder, value in table.items():
            text = text.replace(placeholder, value)
        return text

    return filled
