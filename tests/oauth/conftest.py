"""Sign-in with OAuth over sockets, in each of the worlds that a program may live in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_sdk import AsyncOauth, Oauth
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.testing import EmulatedAnaplan

TOKEN = "/oauth/token"


class World:
    """Threads, asyncio or trio, asked in one way.

    Attributes:
        backend: The event loop; none for threads.
    """

    def __init__(self, backend: str | None) -> None:
        self.backend = backend

    def ask(self, anaplan: EmulatedAnaplan, auth: httpx2.Auth, times: int = 1) -> None:
        """Has a new client ask Anaplan."""
        if self.backend is None:
            with anaplan.client(auth=auth, backoff=0.01) as client:
                for _ in range(times):
                    assert client.get_workspaces()
            return

        async def main() -> None:
            async with anaplan.async_client(auth=auth, backoff=0.01) as client:
                for _ in range(times):
                    assert await client.get_workspaces()

        anyio.run(main, backend=self.backend)

    def ask_plainly(self, url: str, auth: httpx2.Auth) -> httpx2.Response:
        """Has a bare HTTP client ask."""
        if self.backend is None:
            with httpx2.Client(auth=auth) as client:
                return client.get(url)

        async def main() -> httpx2.Response:
            async with httpx2.AsyncClient(auth=auth) as client:
                return await client.get(url)

        return anyio.run(main, backend=self.backend)

    def oauth(self, anaplan: EmulatedAnaplan, **arguments: Any) -> Portal:
        """What a web application would make."""
        return Portal(self.backend, {**_registration(anaplan), **arguments})


class Portal:
    """An `Oauth`, or an `AsyncOauth` whose methods are run to their end."""

    def __init__(self, backend: str | None, arguments: dict[str, Any]) -> None:
        self._backend = backend
        self.shared: Oauth | AsyncOauth = (
            Oauth(**arguments) if backend is None else AsyncOauth(**arguments)
        )

    def authorization_url(self, *args: str, **kwargs: str) -> tuple[str, str]:
        return self.shared.authorization_url(*args, **kwargs)

    def fetch_token(self, callback: str, state: str | None = None) -> OAuthToken:
        token: OAuthToken = self._run("fetch_token", callback, state)
        return token

    def refresh_token(self, refresh_token: object) -> OAuthToken:
        token: OAuthToken = self._run("refresh_token", refresh_token)
        return token

    def validate_token(self, token: object) -> dict[str, Any]:
        reply: dict[str, Any] = self._run("validate_token", token)
        return reply

    def _run(self, name: str, *args: object) -> Any:
        method = getattr(self.shared, name)
        if self._backend is None:
            return method(*args)
        return anyio.run(method, *args, backend=self._backend)


@pytest.fixture(params=[None, "asyncio", "trio"], ids=["threads", "asyncio", "trio"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


@pytest.fixture(autouse=True)
def _nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps locks in the test's folder, and browsers closed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def _emulator_without_rotation() -> Iterator[Emulator]:
    tenant = TenantDescription.model_validate(
        {
            "name": "Without rotation",
            "users": [
                {
                    "email": "ada@example.com",
                    "password": "correct horse",
                    "first_name": "Ada",
                    "last_name": "Lovelace",
                    "workspaces": {"Planning": "admin"},
                }
            ],
            "workspaces": [{"name": "Planning", "models": [{"name": "Plan"}]}],
            "oauth_clients": [
                {
                    "name": "Portal",
                    "kind": "authorization_code",
                    "redirect_uris": ["https://portal.example.com/callback"],
                    "rotatable": False,
                }
            ],
        }
    )
    with Emulator(tenant) as emulator:
        yield emulator


@pytest.fixture
def anaplan_without_rotation(_emulator_without_rotation: Emulator) -> EmulatedAnaplan:
    """Anaplan whose client keeps its refresh token."""
    _emulator_without_rotation.reset()
    return EmulatedAnaplan(_emulator_without_rotation)


@pytest.fixture
def registration() -> Callable[[EmulatedAnaplan], dict[str, Any]]:
    """What a program knows of its registration with an Anaplan."""
    return _registration


@pytest.fixture
def new_token() -> Callable[..., OAuthToken]:
    """Someone signs in elsewhere; `ended` makes the access token one that is over."""

    def sign_in(anaplan: EmulatedAnaplan, *, ended: bool = False) -> OAuthToken:
        oauth = Oauth(**_registration(anaplan))
        url, state = oauth.authorization_url()
        token = oauth.fetch_token(anaplan.emulator.authorize(url), state)
        if ended:
            anaplan.advance(minutes=36)
            token["expires_at"] = int(time.time()) - 60
        anaplan.emulator.clear_requests()
        return token

    return sign_in


@pytest.fixture
def exchanges() -> Callable[..., list[int | None]]:
    """The statuses of the token requests, of one grant or of all."""

    def of(anaplan: EmulatedAnaplan, grant: str = "") -> list[int | None]:
        return [
            request.status
            for request in anaplan.requests(path=TOKEN)
            if f"grant_type={grant}" in (request.body or "")
        ]

    return of


def _registration(anaplan: EmulatedAnaplan) -> dict[str, Any]:
    emulator = anaplan.emulator
    return {
        "client_id": emulator.oauth_client_id,
        "client_secret": emulator.oauth_client_secret,
        "redirect_uri": emulator.redirect_uri,
        "base_url": emulator.base_url,
    }
