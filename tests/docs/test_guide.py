"""The guide of the SDK's users: every example and every promise, section by section.

Its examples run unchanged but for the address, against a tenant that has their credentials.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import keyring
import pytest

import anaplan_sdk
from anaplan_emulator import Emulator
from anaplan_sdk import AsyncClient, Client, Oauth

if TYPE_CHECKING:
    from tests.docs.conftest import Ring, Seat

GUIDE = Path(__file__).parents[3] / "shared" / "seed-authentication-guide.txt"
OURS = Path(__file__).parents[2] / "docs" / "guides" / "authentication.md"
EMAIL, PASSWORD = "admin@company.com", "my_super_secret_password"

SECTIONS = (
    "Basic Authentication",
    "Certificate Authentication",
    "OAuth for Web Applications",
    "OAuth for Local Applications",
    "Persisting OAuth Tokens",
    "OAuth Token Ownership",
    "Custom Authentication Schemes",
)
# The guide is plain text: an example is known by its first and its last line.
EXAMPLE = re.compile(
    r"""
    ^import\ anaplan_sdk\n .*? ^\)$
    | ^anaplan\ =\ (?:Async)?Client\(\n .*? ^\)$
    | ^import\ os\n .*? ^\ {4}\)$ (?=\n\nNote)
    | ^import\ keyring\n .*? ^keyring\.set_keyring\(.*?\)$
    | ^import\ httpx\n .*? ^\ {12}yield\ request$
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
POINTED = re.compile(r"\b(Client|Async(?:Client|Oauth)|Anaplan(?:LocalOAuth|RefreshTokenAuth))\(")

pytestmark = [
    pytest.mark.skipif(
        not GUIDE.exists(), reason="the guide is kept beside the project, and isn't here"
    ),
    pytest.mark.usefixtures("home"),
]
in_both_worlds = pytest.mark.parametrize("kind", ["Client", "AsyncClient"])


def text_of(section: str) -> str:
    """A section of the guide, without its heading."""
    after = GUIDE.read_text(encoding="utf-8").partition(f"\n\n{section}\n\n")[2]
    ends = [after.find(f"\n\n{other}\n\n") for other in SECTIONS if other != section]
    return after[: min((end for end in ends if end >= 0), default=len(after))]


def examples(section: str) -> list[str]:
    return EXAMPLE.findall(text_of(section))


def example(section: str, kind: str) -> str:
    """The example that makes a client of this kind."""
    (found,) = (code for code in examples(section) if re.search(rf"\b{kind}\(\n", code))
    return found


def run(code: str, company: Emulator, **names: object) -> dict[str, Any]:
    """Runs an example; what it says of Anaplan is true of the emulator."""
    here = POINTED.sub(rf'\1(base_url="{company.base_url}",', code)
    namespace: dict[str, Any] = {**vars(anaplan_sdk), "os": os}
    namespace |= {name: getattr(anaplan_sdk, name) for name in dir(anaplan_sdk)} | names
    exec(compile(here, str(GUIDE), "exec"), namespace)
    return namespace


def user_of(anaplan: Client | AsyncClient) -> str:
    """Whom a client is signed in as; closes the client."""
    if isinstance(anaplan, Client):
        with anaplan:
            return anaplan.audit.get_user("me").email

    async def ask() -> str:
        async with anaplan:
            return (await anaplan.audit.get_user("me")).email

    return asyncio.run(ask())


def sign_in(company: Emulator, email: str = EMAIL) -> dict[str, str | int]:
    """A token for one of the tenant's users."""
    oauth = Oauth(
        company.oauth_client_id,
        company.oauth_client_secret,
        company.redirect_uri,
        base_url=company.base_url,
    )
    url, state = oauth.authorization_url()
    return oauth.fetch_token(company.authorize(url, email), state)


def test_every_example_is_found() -> None:
    assert [len(examples(section)) for section in SECTIONS] == [2, 2, 3, 2, 3, 0, 1]
    text = GUIDE.read_text(encoding="utf-8")
    assert len(beginnings("\n".join(EXAMPLE.findall(text)))) == len(beginnings(text))


def beginnings(text: str) -> list[str]:
    """Lines that only an example can hold."""
    return re.findall("^(?:import|from|anaplan =) ", text, re.MULTILINE)


@in_both_worlds
@pytest.mark.parametrize("section", ["Basic Authentication", "Certificate Authentication"])
def test_password_and_certificate(section: str, kind: str, company: Emulator) -> None:
    anaplan = run(example(section, kind), company)["anaplan"]
    assert type(anaplan).__name__ == kind
    assert user_of(anaplan) == EMAIL


async def test_the_web_application(company: Emulator) -> None:
    (code,) = (code for code in examples("OAuth for Web Applications") if "FastAPI" in code)
    token = sign_in(company)
    clients: list[AsyncClient] = []

    def noted(client: AsyncClient) -> AsyncClient:
        clients.append(client)
        return client

    # Two gaps of the example's: what finds the token of a session, and what closes the clients.
    filled = code.replace("Security(...)", "Security(session)")
    filled = re.sub(r"return (AsyncClient\(.*\))", r"return noted(\1)", filled)
    namespace = run(filled, company, session=lambda: token, noted=noted)
    transport = httpx2.ASGITransport(app=namespace["app"])
    async with httpx2.AsyncClient(transport=transport, base_url="http://portal") as browser:
        redirect = await browser.get("/login")
        assert redirect.status_code == 302
        callback = urlsplit(company.authorize(redirect.headers["location"]))
        assert callback.path == "/anaplan-sdk/oauth/callback"
        signed_in = await browser.get(f"/oauth/callback?{callback.query}")
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/home")
        profile = await browser.get("/profile")
        assert profile.json()["email"] == EMAIL
        # The example forgets that this refresh token was spent, so that it can't be used again.
        refused = await browser.get("/profile")
        assert refused.status_code == 401
        assert refused.json() == {"detail": "Invalid or expired Credentials."}
    (client,) = clients
    await client.aclose()


@in_both_worlds
def test_a_token_that_is_refreshed(kind: str, company: Emulator) -> None:
    token = sign_in(company)
    company.advance(minutes=40)
    anaplan = run(example("OAuth for Web Applications", kind), company, token=token)["anaplan"]
    assert user_of(anaplan) == EMAIL


@in_both_worlds
def test_a_local_application(kind: str, company: Emulator, in_terminal: Seat) -> None:
    anaplan = run(example("OAuth for Local Applications", kind), company)["anaplan"]
    with in_terminal() as terminal:
        assert user_of(anaplan) == EMAIL
    assert terminal.questions == 1


@in_both_worlds
def test_persisting_tokens(kind: str, company: Emulator, in_terminal: Seat, ring: Ring) -> None:
    """The four points of the guide's list."""
    code = example("Persisting OAuth Tokens", kind)
    with in_terminal() as terminal:
        # Nothing is stored: the user is asked, and the new refresh token stored.
        assert user_of(run(code, company)["anaplan"]) == EMAIL
        assert terminal.questions == 1
        ((place, first),) = ring.values.items()
        # A stored token is found and used...
        assert user_of(run(code, company)["anaplan"]) == EMAIL
        # ...and comes before one that is passed.
        passed = sign_in(company, "planner@skyline.example")
        given = code.replace("persist_token=True", "persist_token=True, token=passed")
        assert user_of(run(given, company, passed=passed)["anaplan"]) == EMAIL
        assert terminal.questions == 1
        assert ring.values[place] != first
        # An invalid one leads to a new sign-in.
        company.revoke(ring.values[place])
        assert user_of(run(code, company)["anaplan"]) == EMAIL
        assert terminal.questions == 2


def test_configuring_the_keyring(company: Emulator, ring: Ring) -> None:
    code = next(code for code in examples("Persisting OAuth Tokens") if "libsecret" in code)
    run(code, company)
    assert type(keyring.get_keyring()).__module__ == "keyring.backends.libsecret"


def test_token_ownership(company: Emulator) -> None:
    code = example("OAuth for Web Applications", "Client")
    (auth,) = re.findall(r"auth=(.*)\n\)$", code, re.DOTALL)
    owner = run(f"owner = {auth}", company, token=sign_in(company))["owner"]
    client = Client(base_url=company.base_url, auth=owner)
    company.advance(minutes=40)
    assert user_of(client) == EMAIL
    # The access token may be used elsewhere meanwhile...
    borrowed = owner.token["access_token"]
    assert user_of(Client(base_url=company.base_url, token=borrowed)) == EMAIL
    # ...and all of it once the instance is no longer needed.
    company.advance(minutes=40)
    assert user_of(run(code, company, token=owner.token)["anaplan"]) == EMAIL


@in_both_worlds
@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_an_auth_of_ones_own(library: str, kind: str, company: Emulator) -> None:
    (code,) = examples("Custom Authentication Schemes")
    basic = f'"POST", "{company.base_url}/token/authenticate", headers=BASIC'
    filled = code.replace("httpx.Request(...)", f"httpx.Request({basic})")
    filled = filled.replace("import httpx", f"import {library} as httpx")
    credentials = httpx2.Request("GET", "http://localhost", headers={})
    next(httpx2.BasicAuth(EMAIL, PASSWORD).auth_flow(credentials))
    namespace = run(filled, company, BASIC={"Authorization": credentials.headers["Authorization"]})
    auth = namespace["MyCustomAuth"]("a token that has ended")
    assert isinstance(auth, importlib.import_module(library).Auth)
    make = getattr(anaplan_sdk, kind)
    assert user_of(make(base_url=company.base_url, auth=auth)) == EMAIL


@pytest.mark.parametrize("section", ["Basic Authentication", "Certificate Authentication"])
def test_our_own_guide_has_the_same_examples(section: str) -> None:
    ours = spaced(OURS.read_text(encoding="utf-8"))
    found = [spaced(example) for example in examples(section)]
    assert len(found) == 2
    assert [example for example in found if example not in ours] == []


def spaced(text: str) -> str:
    """The text without its layout, which in our documents is the formatter's."""
    return " ".join(text.split())
