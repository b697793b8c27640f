"""The one current token, shared by every client, thread and event loop that was given it.

Nothing here sends or waits. `TokenSession.obtain` is a generator that yields what has to be done
(a request to send, or a `Future` to wait for) and is told the result, so that one piece of code
serves both of the HTTP client's worlds.
"""

from __future__ import annotations

import enum
import re
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import httpx2
from pydantic import BaseModel, Field, TypeAdapter

from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.replies import decode, error_of
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanRequestException,
    InvalidCredentialsException,
)

# Visible ASCII, as it travels in a header.
_TOKEN = "[!-~]+"  # noqa: S105 - a pattern
# A token's last five minutes are for refreshing it; of one that lives shorter, the second half.
_STALE_SHARE = 0.5
_STALE_SECONDS = 300.0
# What is assumed when Anaplan doesn't say when a token ends; older help pages say 30 minutes.
_ASSUMED_LIFETIME = 1800.0
# After a refresh failed the old token is used for so long before the next try.
_REFRESH_PAUSE = 30.0
# What Anaplan answers to credentials that it doesn't take.
_REFUSALS = frozenset((400, 401, 403))
# A caller joins this many sign-ins of others that end without an answer before it gives up.
_LOST_FLIGHTS = 3

Step: TypeAlias = "httpx2.Request | Future[bool]"
"""A request to send, its read reply being the answer; or a future to wait for, without one."""


class Credentials(Protocol):
    """What a user holds, and what a token is bought with."""

    def token_request(self, authentication: str) -> httpx2.Request:
        """The request that buys a token."""
        ...


class TokenState(enum.Enum):
    """What the current token is good for."""

    FRESH = "use it"
    STALE = "use it, and let one caller refresh it"
    GONE = "there is none; all wait for a new one"


@dataclass(frozen=True)
class Token:
    """A token, with its times on the local clock; `None` where the end isn't known."""

    value: str = field(repr=False)
    stale_at: float | None = None
    expires_at: float | None = None

    def state(self, now: float) -> TokenState:
        """What the token is good for at this time."""
        if self.expires_at is not None and now >= self.expires_at:
            return TokenState.GONE
        if self.stale_at is not None and now >= self.stale_at:
            return TokenState.STALE
        return TokenState.FRESH


class _TokenInfo(BaseModel):
    token_value: str = Field(alias="tokenValue", pattern=f"^{_TOKEN}$")
    expires_at: int | None = Field(None, alias="expiresAt")


class _TokenReply(BaseModel):
    token_info: _TokenInfo = Field(alias="tokenInfo")


_TOKEN_REPLY = TypeAdapter(_TokenReply)


class TokenSession:
    """Keeps one token usable: buys it, refreshes it before it ends, replaces it when refused.

    However many callers find the token missing, one of them leads and the others wait for its
    result. The lock is held for looking and swapping only, never over the network.

    Args:
        authentication: Base URL of the authentication service.
        credentials: Buys tokens; without it, `token` is all there is.
        token: A token to start with, used until Anaplan refuses it.
        clock: Seconds; replaced in tests.

    Raises:
        ValueError: The token isn't one.
    """

    def __init__(
        self,
        authentication: str,
        credentials: Credentials | None = None,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # The HTTP library would refuse such a header too, and show it in its error.
        if token is not None and not re.fullmatch(_TOKEN, token):
            raise ValueError("token is empty, or holds a space, a line end or what isn't ASCII.")
        self._authentication = authentication
        self._credentials = credentials
        self._clock = clock
        self._token = Token(token) if token else None
        self._lock = threading.Lock()
        self._flight: Future[bool] | None = None
        self._refused: InvalidCredentialsException | None = None
        self._no_refresh_before = 0.0

    def __repr__(self) -> str:
        return f"<TokenSession at {self._authentication}, {self.state.name}>"

    @property
    def state(self) -> TokenState:
        """What the current token is good for."""
        return self._token.state(self._clock()) if self._token else TokenState.GONE

    @property
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced."""
        return self._credentials is not None

    def obtain(self) -> Generator[Step, httpx2.Response | None, str]:
        """A usable token's value.

        Raises:
            InvalidCredentialsException: Anaplan refused the credentials, now or before: they are
                not sent again until `forgive` is called, so that no account gets locked.
            AnaplanException: Anaplan could not be asked.
        """
        for _ in range(_LOST_FLIGHTS):
            with self._lock:
                state = self.state
                if self._token and (
                    state is TokenState.FRESH
                    or (state is TokenState.STALE and not self._is_time_to_refresh())
                ):
                    return self._token.value
                if self._refused is not None and state is TokenState.GONE:
                    raise deepcopy(self._refused)
                flight, leads = self._flight or Future[bool](), self._flight is None
                self._flight = flight
            if leads:
                return (yield from self._lead(flight, state))
            yield flight
            if (error := flight.exception()) is not None:
                # Each caller gets its own, since a raised exception collects tracebacks and notes.
                raise deepcopy(error)
        raise AnaplanConnectionException(
            "Sign-in was tried by several callers at once and none got an answer.",
            retryable=True,
            not_performed=True,
        )

    def forget(self, value: str) -> None:
        """Drops the token if it is still the one that Anaplan refused."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._token = None

    def forgive(self) -> None:
        """Lets credentials that were refused be tried once more."""
        with self._lock:
            self._refused = None

    def logout_request(self) -> httpx2.Request | None:
        """Drops the token; the request that ends it at Anaplan, or `None` if there was none."""
        with self._lock:
            token, self._token = self._token, None
        return self._request("logout", token) if token else None

    def _is_time_to_refresh(self) -> bool:
        return (
            self._flight is None
            and self.can_renew
            and self._refused is None  # or the credentials would be tried again and again
            and self._clock() >= self._no_refresh_before
        )

    def _lead(
        self, flight: Future[bool], state: TokenState
    ) -> Generator[Step, httpx2.Response | None, str]:
        old = self._token
        try:
            token = None
            if old is not None and state is TokenState.STALE:
                token = yield from self._refresh(old)
            if token is None:
                token = yield from self._sign_in()
            with self._lock:
                self._token = token
        except AnaplanException as error:
            if isinstance(error, InvalidCredentialsException):
                self._refused = deepcopy(error)
            if old is not None and state is TokenState.STALE:
                self._no_refresh_before = self._clock() + _REFRESH_PAUSE
                return old.value
            flight.set_exception(deepcopy(error))
            raise
        except GeneratorExit:
            # The HTTP client gave up: the caller was cancelled, or the network failed. Whoever
            # waits takes over; an early refresh just isn't tried again at once.
            self._no_refresh_before = self._clock() + _REFRESH_PAUSE
            raise
        else:
            return token.value
        finally:
            with self._lock:
                self._flight = None
            if not flight.done():
                flight.set_result(True)

    def _refresh(self, old: Token) -> Generator[Step, httpx2.Response | None, Token | None]:
        """The token with a later end; `None` when Anaplan won't, so that a new one is needed."""
        response = yield from _sent(self._request("refresh", old))
        if isinstance(error := error_of(response, 1), AnaplanRequestException) and error.retryable:
            raise error
        return None if error else self._read(response)

    def _sign_in(self) -> Generator[Step, httpx2.Response | None, Token]:
        if self._credentials is None:
            raise InvalidCredentialsException(
                "The token has ended or was refused, and there are no credentials to get another "
                "one with: a client made with token= alone never refreshes it."
            )
        response = yield from _sent(self._credentials.token_request(self._authentication))
        if error := error_of(response, 1):
            error.not_performed = True  # the request this token was for has not been sent
            if response.status_code not in _REFUSALS:
                if not error.retryable:
                    error.add_note("It was a sign-in; is this the address of Anaplan's services?")
                raise error
            raise InvalidCredentialsException(
                f"Anaplan refused the credentials: {error.reason or 'no reason given'}",
                method=error.method,
                url=error.url,
                status_code=error.status_code,
                code=error.code,
                reason=error.reason,
                request_id=error.request_id,
                attempts=1,
            )
        return self._read(response)

    def _read(self, response: httpx2.Response) -> Token:
        info = decode(_TOKEN_REPLY, response).token_info
        now = self._clock()
        lifetime = _ASSUMED_LIFETIME
        if info.expires_at is not None:
            # Counted on the server's own clock, so that a skewed one of ours does no harm. That
            # clock is told in whole seconds, rounded down: it may be a second further.
            server_time = http_date(response.headers.get("Date", ""))
            told = info.expires_at / 1000 - (now if server_time is None else server_time + 1)
            lifetime = told if told > 0 else lifetime
        margin = min(_STALE_SECONDS, lifetime * _STALE_SHARE)
        return Token(info.token_value, now + lifetime - margin, now + lifetime)

    def _request(self, operation: str, token: Token) -> httpx2.Request:
        return httpx2.Request(
            "POST",
            f"{self._authentication}/token/{operation}",
            headers={"Authorization": f"AnaplanAuthToken {token.value}"},
        )


def _sent(request: httpx2.Request) -> Generator[Step, httpx2.Response | None, httpx2.Response]:
    response = yield request
    if response is None:
        raise RuntimeError("A request was answered with nothing: the driver of the steps is wrong.")
    return response
