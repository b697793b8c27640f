"""What the documents take for granted: a tenant to sign in to, and files in the home folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from anaplan_emulator import Emulator
from anaplan_emulator.store.tenant import UserDescription, read_tenant

# The credentials that the guides show, so that their examples run with them as they stand.
EMAIL = "admin@company.com"
SECRET = "my_super_secret_password"

Fill = Callable[[str], str]


@pytest.fixture(scope="session")
def company_emulator() -> Iterator[Emulator]:
    """The emulator's own tenant, with the user of the guides."""
    tenant = read_tenant(None)
    user = UserDescription(
        email=EMAIL,
        password=SECRET,
        first_name="Ada",
        last_name="Company",
        workspaces={"Network Planning": "admin"},
    )
    with Emulator(tenant.model_copy(update={"users": [*tenant.users, user]})) as emulator:
        yield emulator


@pytest.fixture
def company(company_emulator: Emulator) -> Emulator:
    company_emulator.reset()
    return company_emulator


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
    signed_in = httpx2.post(f"{company.base_url}/token/authenticate", auth=(EMAIL, SECRET))
    monkeypatch.setenv("ANAPLAN_TOKEN", signed_in.json()["tokenInfo"]["tokenValue"])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fill(company: Emulator) -> Fill:
    """Points examples at the emulator: what they say of a tenant of the reader's is its own."""
    table = {
        "http://127.0.0.1:8765": company.base_url,
        '    region="eu3",\n': "",
        'workspace_id="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"': (
            f'workspace_id="{company.workspace_id}", base_url="{company.base_url}"'
        ),
        'model_id="11111111111111111111111111111111"': f'model_id="{company.model_id}"',
    }

    def filled(text: str) -> str:
        for placeholder, value in table.items():
            text = text.replace(placeholder, value)
        return text

    return filled
