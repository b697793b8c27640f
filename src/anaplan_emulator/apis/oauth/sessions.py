"""Who sits before the browser: a cookie, what proves that a form is ours, and who signed in."""

import hmac
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import cookie_parser
from starlette.responses import Response

from anaplan_emulator.calls import Call
from anaplan_emulator.clock import Clock
from anaplan_emulator.store.users import User, read_user
from anaplan_emulator.tokens import digest, expiry

# Browsers share cookies between all ports of a host: the name must differ from an application's.
COOKIE = "anaplan_emulator_session"

# Long enough to read a page and decide; nobody stays signed in.
LIFETIME_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser, and who has signed in with it."""

    secret: str = field(repr=False)
    user: User | None = None

    @property
    def form_token(self) -> str:
        """What our forms carry: other sites can't know it, as they can't read the cookie."""
        return hmac.digest(self.secret.encode(), b"form", "sha256").hex()

    def filled(self, form: Mapping[str, str]) -> bool:
        """Whether a form was one that we gave to this browser."""
        sent = form.get("form_token", "")
        return hmac.compare_digest(self.form_token.encode(), sent.encode())

    def remember(self, response: Response, call: Call) -> Response:
        """Give the browser its cookie."""
        response.set_cookie(
            COOKIE,
            self.secret,
            httponly=True,
            samesite="lax",
            secure=call.url.startswith("https:"),
        )
        return response


def browser(call: Call) -> Browser:
    """Recognise a browser by its cookie, or make up one for it."""
    secret = cookie_parser(call.headers.get("cookie", "")).get(COOKIE)
    if not secret:
        return _new()
    row = call.db.execute(
        """
        SELECT users.* FROM browser_sessions JOIN users ON users.id = user_id
        WHERE digest = ? AND expires_at > ? AND active
        """,
        (digest(secret), call.world.clock.milliseconds()),
    ).fetchone()
    return Browser(secret, read_user(row) if row else None)


def sign_in(db: sqlite3.Connection, user: User, clock: Clock) -> Browser:
    """Note who has signed in, under a new cookie: nobody can have planted this one."""
    signed_in = _new(user)
    db.execute("DELETE FROM browser_sessions WHERE expires_at <= ?", (clock.milliseconds(),))
    db.execute(
        "INSERT INTO browser_sessions (digest, user_id, expires_at) VALUES (?, ?, ?)",
        (digest(signed_in.secret), user.id, expiry(clock, LIFETIME_SECONDS)),
    )
    return signed_in


def sign_out(db: sqlite3.Connection, signed_in: Browser, response: Response) -> Response:
    """Forget who has signed in."""
    db.execute("DELETE FROM browser_sessions WHERE digest = ?", (digest(signed_in.secret),))
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


def _new(user: User | None = None) -> Browser:
    return Browser(secrets.token_urlsafe(32), user)
