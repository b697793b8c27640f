"""Browser sessions: a cookie, the signed-in user, and protection of forms."""

import hmac
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import cookie_parser
from starlette.responses import Response

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.clock import Clock
from anaplan_emulator.store.records import read_record
from anaplan_emulator.store.tokens import digest, expiry
from anaplan_emulator.store.users import User

# Browsers share cookies between the ports of a host, so the name must not be an application's.
COOKIE = "anaplan_emulator_session"

# Long enough to read a page and decide.
LIFETIME_SECONDS = 600


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A browser session, and the user who has signed in."""

    secret: str = field(repr=False)
    user: User | None = None

    @property
    def form_token(self) -> str:
        """The hidden value of forms. Other sites cannot read the cookie that it is made from."""
        return hmac.digest(self.secret.encode(), b"form", "sha256").hex()

    def sent_form(self, form: Mapping[str, str]) -> bool:
        """Return whether a form was shown in this session, rather than by another site."""
        sent = form.get("form_token", "")
        return hmac.compare_digest(self.form_token.encode(), sent.encode())

    def set_cookie(self, response: Response, call: Call) -> Response:
        """Set the cookie of the session in a response."""
        response.set_cookie(
            COOKIE,
            self.secret,
            httponly=True,
            samesite="lax",
            secure=call.url.startswith("https:"),
        )
        return response


def current_session(call: Call) -> BrowserSession:
    """Return the session of the request's cookie, or a new one."""
    secret = cookie_parser(call.headers.get("cookie", "")).get(COOKIE)
    if not secret:
        return _new()
    row = call.db.execute(
        """
        SELECT users.* FROM browser_sessions JOIN users ON users.id = user_id
        WHERE digest = ? AND expires_at > ? AND active
        """,
        (digest(secret), call.tenant.clock.milliseconds()),
    ).fetchone()
    return BrowserSession(secret, read_record(User, row) if row else None)


def sign_in(db: sqlite3.Connection, user: User, clock: Clock) -> BrowserSession:
    """Sign a user in, in a new session whose cookie no other site can have set."""
    session = _new(user)
    db.execute("DELETE FROM browser_sessions WHERE expires_at <= ?", (clock.milliseconds(),))
    db.execute(
        "INSERT INTO browser_sessions (digest, user_id, expires_at) VALUES (?, ?, ?)",
        (digest(session.secret), user.id, expiry(clock, LIFETIME_SECONDS)),
    )
    return session


def sign_out(db: sqlite3.Connection, session: BrowserSession, response: Response) -> Response:
    """End a session, and delete its cookie in a response."""
    db.execute("DELETE FROM browser_sessions WHERE digest = ?", (digest(session.secret),))
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


def _new(user: User | None = None) -> BrowserSession:
    return BrowserSession(secrets.token_urlsafe(32), user)
