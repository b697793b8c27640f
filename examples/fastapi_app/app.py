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
from fastapi import Cookie, Depends, FastAPI, Request, Security
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.security import APIKeyCookie
from fastapi.templating import Jinja2Templates

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


# In the memory of one process: several workers need a store that they share.
sign_ins: TTLCache[str, str] = TTLCache(maxsize=10_000, ttl=10 * 60)
"""The states of sign-ins in progress, with the ids of the browsers that started them."""
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
async def login(browser: Annotated[str | None, Cookie()] = None) -> Response:
    """Redirect the browser to Anaplan, and store which browser it is."""
    browser = browser or _random_id()
    url, state = oauth.authorization_url()
    sign_ins[state] = browser
    response = RedirectResponse(url, status_code=302)
    _set_cookie(response, "browser", browser)
    return response


@app.get("/oauth/callback")
async def oauth_callback(
    request: Request,
    session_id: SessionId,
    browser: Annotated[str | None, Cookie()] = None,
) -> Response:
    """Receive the callback from Anaplan, and start a session."""
    state = request.query_params.get("state", "")
    try:
        # A state is valid for one callback, of the browser that it was created for.
        if (beginner := sign_ins.pop(state, None)) is None or beginner != browser:
            raise OAuthStateException(
                "This sign-in was started in another browser, has ended, or is too old."
            )
        token = await oauth.fetch_token(str(request.url), state)
    except OAuthException as refused:
        denied = refused.code == "access_denied"
        return _page(request, "refused.html", 403 if denied else 400, denied=denied, error=refused)
    sessions.pop(session_id or "", None)
    # Always a new id: somebody else may have set, and know, the one that the browser sent.
    session_id = _random_id()
    sessions[session_id] = Session(token)
    response = RedirectResponse("/profile", status_code=303)
    _set_cookie(response, "session", session_id)
    return response


@app.get("/profile")
async def profile(request: Request, anaplan: Anaplan) -> Response:
    """Show the user who is signed in, and the models that they can see."""
    user = await anaplan.audit.get_user("me")
    models = await anaplan.get_models(sort_by="name")
    return _page(request, "profile.html", user=user, models=models)


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


def _client(access_token: str) -> AsyncClient:
    return AsyncClient(token=access_token, base_url=BASE_URL, region=REGION)


def _page(request: Request, name: str, status_code: int = 200, **context: object) -> Response:
    return templates.TemplateResponse(request, name, context, status_code, PAGE_HEADERS)


def _set_cookie(response: Response, name: str, value: str) -> None:
    # Behind a proxy that terminates TLS, only the redirect URI shows that browsers use https.
    secure = REDIRECT_URI.startswith("https:")
    response.set_cookie(name, value, httponly=True, samesite="lax", secure=secure)


def _random_id() -> str:
    return secrets.token_urlsafe(32)
