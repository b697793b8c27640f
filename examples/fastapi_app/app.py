"""A web application whose users sign in with Anaplan.

The browser gets the id of a session and nothing else: tokens stay on the server. `make web` runs
it against the emulator; README.md describes how to run it against a tenant.
"""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, cast

from cachetools import TTLCache
from fastapi import Depends, FastAPI, Request, Security
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.security import APIKeyCookie
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from anaplan_sdk import AsyncClient, AsyncOauth, OAuthToken, Region
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidCredentialsException,
    OAuthException,
    OAuthStateException,
)
from anaplan_sdk.models import User

HERE = Path(__file__).parent
REDIRECT_URI = os.environ["ANAPLAN_REDIRECT_URI"]
BASE_URL = os.environ.get("ANAPLAN_BASE_URL")
REGION = cast("Region | None", os.environ.get("ANAPLAN_REGION"))
# The pages have no scripts, and may be neither cached nor framed.
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

log = logging.getLogger("uvicorn.error")
oauth = AsyncOauth(
    client_id=os.environ["ANAPLAN_CLIENT_ID"],
    client_secret=os.environ["ANAPLAN_CLIENT_SECRET"],
    redirect_uri=REDIRECT_URI,
    base_url=BASE_URL,
    region=REGION,
)


@dataclass(eq=False)
class Session:
    """The session of a user who has signed in."""

    token: OAuthToken = field(repr=False)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def access_token(self) -> str:
        """Return a valid access token; refresh it if it has expired.

        Raises:
            InvalidCredentialsException: The refresh token is no longer valid either.
        """
        token = self.token
        if not await _is_good(token):
            async with self.lock:
                # A refresh token can be used once: of several requests at the same time, the first
                # uses it, and the others find the new token.
                if self.token is token:
                    self.token = await oauth.refresh_token(str(token["refresh_token"]))
        return str(self.token["access_token"])


async def _is_good(token: OAuthToken) -> bool:
    if int(token["expires_at"]) <= time.time():
        return False
    try:
        await oauth.validate_token(str(token["access_token"]))
    except OAuthException:
        return False
    return True


@dataclass(eq=False)
class SignIn:
    """A sign-in that a browser has started, in one of its tabs.

    Attributes:
        secret: The value of the cookie by which the browser is known again.
        session_id: Id of the session that it has started.
        lock: Held while the code is exchanged, which can be done once.
    """

    secret: str = field(repr=False)
    session_id: str | None = field(default=None, repr=False)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


# In the memory of one process: several workers need a store that they share.
SIGN_IN_SECONDS = 10 * 60
sign_ins: TTLCache[str, SignIn] = TTLCache(maxsize=10_000, ttl=SIGN_IN_SECONDS)
"""Sign-ins by their state."""
sessions: TTLCache[str, Session] = TTLCache(maxsize=10_000, ttl=12 * 3600)
"""Sessions by the id in the cookie."""

app = FastAPI(title="Planning portal")
templates = Jinja2Templates(HERE / "templates")

SessionId = Annotated[str | None, Security(APIKeyCookie(name="session", auto_error=False))]


async def _signed_in(session_id: SessionId) -> Session:
    session = sessions.get(session_id or "")
    if session is None:
        raise InvalidCredentialsException("Nobody is signed in.")
    return session


async def _anaplan(session: Annotated[Session, Depends(_signed_in)]) -> AsyncIterator[AsyncClient]:
    async with _client(await session.access_token()) as client:
        yield client


Anaplan = Annotated[AsyncClient, Depends(_anaplan)]
"""A client for the user who sent the request."""


@app.get("/")
async def home(request: Request, session_id: SessionId) -> Response:
    """Show a link to sign in, or to the profile."""
    return _page(request, "home.html", signed_in=session_id in sessions)


@app.get("/login")
async def login() -> Response:
    """Redirect the browser to Anaplan, and give it a cookie for this sign-in."""
    url, state = oauth.authorization_url()
    sign_ins[state] = SignIn(_random_id())
    response = RedirectResponse(url, status_code=302)
    # One for each sign-in: two tabs may begin at the same time.
    _set_cookie(response, _cookie_of(state), sign_ins[state].secret, seconds=SIGN_IN_SECONDS)
    return response


@app.get("/oauth/callback")
async def oauth_callback(request: Request, session_id: SessionId) -> Response:
    """Receive the callback from Anaplan, and start a session."""
    state = request.query_params.get("state", "")
    sign_in = sign_ins.get(state)
    try:
        # A state is valid for the browser that it was created for.
        if sign_in is None or request.cookies.get(_cookie_of(state)) != sign_in.secret:
            raise OAuthStateException("This sign-in was started in another browser, or is too old.")
        async with sign_in.lock:
            # A page that is loaded again before its reply has arrived gets the same session.
            if sign_in.session_id is None:
                token = await oauth.fetch_token(str(request.url), state)
                sessions.pop(session_id or "", None)
                # Always a new id: somebody else may have set, and know, the one that was sent.
                sign_in.session_id = _random_id()
                sessions[sign_in.session_id] = Session(token)
    except OAuthException as refused:
        denied = refused.code == "access_denied"
        return _page(request, "refused.html", 403 if denied else 400, denied=denied, error=refused)
    response = RedirectResponse("/profile", status_code=303)
    _set_cookie(response, "session", sign_in.session_id)
    return response


@app.get("/profile")
async def profile(request: Request, anaplan: Anaplan) -> Response:
    """Show the user who is signed in, and the models that they can see."""
    user = await anaplan.audit.get_user("me")
    models = await anaplan.get_models(sort_by="name")
    return _page(request, "profile.html", signed_in=True, user=user, models=models)


@app.get("/api/profile")
async def api_profile(anaplan: Anaplan) -> User:
    """Return the user as JSON: FastAPI can return the SDK's models as they are."""
    return await anaplan.audit.get_user("me")


# Other sites cannot forge this request: because of SameSite, browsers send no cookie with it.
@app.post("/logout")
async def logout(session_id: SessionId) -> Response:
    """End the session here, and the access token at Anaplan."""
    session = sessions.pop(session_id or "", None)
    if session is not None:
        async with session.lock, _client(str(session.token["access_token"])) as anaplan:
            try:
                await anaplan.logout()
            except AnaplanException as error:
                log.warning("Anaplan did not end the token, which expires on its own: %s", error)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie("session")
    return response


@app.get("/style.css", include_in_schema=False)
async def style() -> Response:
    """Return the style sheet of all pages."""
    return FileResponse(HERE / "style.css")


@app.exception_handler(InvalidCredentialsException)
async def sign_in_again(request: Request, error: InvalidCredentialsException) -> Response:
    """Redirect people to sign in; answer programs with 401."""
    sessions.pop(request.cookies.get("session", ""), None)
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/login", status_code=303)
    return JSONResponse({"detail": error.message}, status_code=401)


@app.exception_handler(AnaplanException)
async def anaplan_failed(request: Request, error: AnaplanException) -> Response:
    """Show that the cause is not the user."""
    log.error("%s", error)
    return _page(request, "failed.html", 502, retryable=error.retryable)


@app.exception_handler(HTTPException)
async def no_such_page(request: Request, error: HTTPException) -> Response:
    """Show people a page; answer programs with JSON."""
    if "text/html" in request.headers.get("accept", ""):
        return _page(request, "missing.html", error.status_code)
    return await http_exception_handler(request, error)


def _client(access_token: str) -> AsyncClient:
    return AsyncClient(token=access_token, base_url=BASE_URL, region=REGION)


def _page(request: Request, name: str, status_code: int = 200, **context: object) -> Response:
    return templates.TemplateResponse(request, name, context, status_code, PAGE_HEADERS)


def _cookie_of(state: str) -> str:
    return f"sign-in-{state}"


def _set_cookie(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    # Behind a proxy that terminates TLS, only the redirect URI shows that browsers use https.
    secure = REDIRECT_URI.startswith("https:")
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)


def _random_id() -> str:
    return secrets.token_urlsafe(32)
