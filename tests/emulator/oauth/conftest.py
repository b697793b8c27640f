"""A tenant with OAuth clients of every kind, and clients that act as application and browser."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription

CALLBACK = "https://portal.example.com/oauth/callback?tenant=1"
LOCAL_CALLBACK = "http://127.0.0.1:8000/oauth/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid profile email offline_access"

TENANT = TenantDescription.model_validate(
    {
        "name": "Applications",
        "users": [
            {
                "email": "ada@example.com",
                "password": "correct horse",
                "first_name": "Ada",
                "last_name": "<Lovelace>",
            },
            {
                "email": "bob@example.com",
                "password": "battery staple",
                "first_name": "Bob",
                "last_name": "Builder",
            },
            {
                "email": "gone@example.com",
                "password": "left",
                "first_name": "Gone",
                "last_name": "Away",
                "active": False,
            },
            {
                "email": "sso@example.com",
                "password": "unused",
                "first_name": "Single",
                "last_name": "Sign-On",
                "single_sign_on": True,
            },
        ],
        "oauth_clients": [
            {
                "name": "Portal <script>alert(1)</script>",
                "kind": "authorization_code",
                "redirect_uris": [CALLBACK, LOCAL_CALLBACK],
            },
            {
                "name": "Steady portal",
                "kind": "authorization_code",
                "redirect_uris": [CALLBACK],
                "rotatable": False,
            },
            {"name": "Terminal", "kind": "device"},
            {"name": "Other terminal", "kind": "device"},
        ],
    }
)


class Application:
    """An OAuth client that sends its requests over HTTP."""

    callback = CALLBACK
    scope = SCOPE

    def __init__(self, emulator: Emulator, name: str) -> None:
        description = next(client for client in TENANT.oauth_clients if client.name == name)
        self.emulator = emulator
        self.name = name
        self.client_id = description.id
        self.client_secret = description.secret
        self.http = httpx2.Client(base_url=emulator.base_url, timeout=10)

    @property
    def credentials(self) -> dict[str, str]:
        secret = {"client_secret": self.client_secret} if self.client_secret else {}
        return {"client_id": self.client_id, **secret}

    def query(self, **changes: str | None) -> str:
        """Return the query of an authorization URL. `None` omits a parameter."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "a state",
            **changes,
        }
        return urlencode({name: value for name, value in parameters.items() if value is not None})

    def url(self, **changes: str | None) -> str:
        return f"{self.emulator.base_url}/auth/prelogin?{self.query(**changes)}"

    def new_code(self, **changes: str | None) -> str:
        """Return a code after the user has signed in and consented."""
        return query_of(self.emulator.authorize(self.url(**changes)))["code"]

    def post(self, **parameters: str) -> httpx2.Response:
        """Request tokens."""
        return self.http.post("/oauth/token", json={**self.credentials, **parameters})

    def exchange(self, code: str, redirect_uri: str = CALLBACK) -> httpx2.Response:
        return self.post(grant_type="authorization_code", code=code, redirect_uri=redirect_uri)

    def sign_in(self, **changes: str | None) -> dict[str, Any]:
        """Return the tokens of a new sign-in."""
        reply = self.exchange(self.new_code(**changes))
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def refresh(self, refresh_token: str, **more: str) -> httpx2.Response:
        return self.post(grant_type="refresh_token", refresh_token=refresh_token, **more)

    def start_device(self, **more: str) -> dict[str, Any]:
        """Start the device grant."""
        reply = self.http.post("/oauth/device/code", json={"client_id": self.client_id, **more})
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def poll(self, device: dict[str, Any]) -> httpx2.Response:
        return self.post(grant_type=DEVICE_GRANT, device_code=device["device_code"])

    def get_user(self, access_token: str, scheme: str = "AnaplanAuthToken") -> httpx2.Response:
        return self.http.get("/2/0/users/me", headers={"Authorization": f"{scheme} {access_token}"})


class Page(HTMLParser):
    """A parsed page: its form and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.tags: list[str] = []
        self.labelled: set[str] = set()
        self.inputs: dict[str, str] = {}
        self.links: list[str] = []
        self._text: list[str] = []
        self.feed(text)
        self.text = re.sub(r"\s+", " ", " ".join(self._text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "label":
            self.labelled.add(attributes["for"])
        elif tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")
            self.inputs[attributes.get("id", "")] = attributes.get("type", "text")
        elif tag == "a":
            self.links.append(attributes["href"])

    def handle_data(self, data: str) -> None:
        self._text.append(data)


class Browser:
    """Keeps cookies, follows redirects within the emulator, and fills in forms."""

    def __init__(self, emulator: Emulator) -> None:
        self.base_url = emulator.base_url
        self.http = httpx2.Client(base_url=emulator.base_url, timeout=10)
        self.reply: httpx2.Response

    @property
    def page(self) -> Page:
        return Page(self.reply.text)

    def open(self, path: str) -> Page:
        self.reply = self.http.get(path)
        return self._follow_redirects()

    def submit(self, **filled: str) -> Page:
        """Submit the form of the page with the given values."""
        form = self.page
        self.reply = self.http.post(form.action, data={**form.fields, **filled})
        return self._follow_redirects()

    def sign_in(self, email: str = "ada@example.com", password: str = "correct horse") -> Page:
        return self.submit(email=email, password=password)

    @property
    def redirect_url(self) -> str:
        """The URL of another site to which the browser was redirected."""
        assert self.reply.status_code == 302, self.reply.text
        return str(self.reply.headers["location"])

    @property
    def redirect_query(self) -> dict[str, str]:
        """The query of that URL."""
        return query_of(self.redirect_url)

    def _follow_redirects(self) -> Page:
        while self.reply.is_redirect and self.reply.headers["location"].startswith("/"):
            self.reply = self.http.get(self.reply.headers["location"])
        return self.page


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


@pytest.fixture
def tenant() -> TenantDescription:
    return TENANT


@pytest.fixture
def portal(emulator: Emulator) -> Iterator[Application]:
    """A web application whose refresh tokens rotate."""
    application = Application(emulator, TENANT.oauth_clients[0].name)
    with application.http:
        yield application


@pytest.fixture
def non_rotating_portal(emulator: Emulator) -> Iterator[Application]:
    """A web application whose refresh tokens do not rotate."""
    application = Application(emulator, "Steady portal")
    with application.http:
        yield application


@pytest.fixture
def terminal(emulator: Emulator) -> Iterator[Application]:
    """A tool that signs in by the device grant."""
    application = Application(emulator, "Terminal")
    with application.http:
        yield application


@pytest.fixture
def other_terminal(emulator: Emulator) -> Iterator[Application]:
    application = Application(emulator, "Other terminal")
    with application.http:
        yield application


@pytest.fixture
def browser(emulator: Emulator) -> Iterator[Browser]:
    browser = Browser(emulator)
    with browser.http:
        yield browser


@pytest.fixture
def other_browser(emulator: Emulator) -> Iterator[Browser]:
    browser = Browser(emulator)
    with browser.http:
        yield browser
