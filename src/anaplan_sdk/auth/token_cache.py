"""The one current token, shared by every client, thread and event loop that was given it.

Nothing here sends or waits. `TokenCache.obtain` yields the steps that have to be done and is told
their answers, so that one piece of code serves both of the HTTP client's worlds.
"""

from __future__ import annotations

import enum
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeGuard

from anaplan_sdk._runtime.flow import Steps
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    InvalidCredentialsException,
)

# A token's last five minutes are for refreshing it; of one that lives shorter, the second half.
_STALE_SHARE = 0.5
_STALE_SECONDS = 300.0
# After a refresh failed the old token is used for so long before the next try.
_REFRESH_PAUSE = 30.0
# A caller joins this many sign-ins of others that end without an answer before it gives up.
_LOST_FLIGHTS = 3


# Visible ASCII, as it travels in a header.
TOKEN_PATTERN = "[!-~]+"  # noqa: S105 - a pattern


def is_token(value: object) -> TypeGuard[str]:
    """Whether this can be sent as a token."""
    return isinstance(value, str) and re.fullmatch(TOKEN_PATTERN, value) is not None


def check_token(name: str, value: object) -> None:
    """Makes sure that this can be sent as a token.

    Raises:
        ValueError: It can't. The HTTP library would refuse such a header too, and show it in its
            error.
    """
    if not is_token(value):
        raise ValueError(f"{name} is empty, or holds a space, a line end or what isn't ASCII.")


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

    @classmethod
    def until(cls, value: str, expires_at: float, lifetime: float) -> Token:
        """A token of so many seconds' life."""
        margin = min(_STALE_SECONDS, lifetime * _STALE_SHARE)
        return cls(value, expires_at - margin, expires_at)

    def state(self, now: float) -> TokenState:
        """What the token is good for at this time."""
        if self.expires_at is not None and now >= self.expires_at:
            return TokenState.GONE
        if self.stale_at is not None and now >= self.stale_at:
            return TokenState.STALE
        return TokenState.FRESH


class TokenCache(ABC):
    """Keeps one token usable: gets it, refreshes it before it ends, replaces it when refused.

    However many callers find the token missing, one of them leads and the others wait for its
    result. The lock is held for looking and swapping only, never over the network.

    Args:
        token: A token to start with.
        clock: Seconds since 1970; replaced in tests.
    """

    def __init__(self, token: Token | None, clock: Callable[[], float] = time.time) -> None:
        self._token = token
        self._clock = clock
        self._lock = threading.Lock()
        self._flight: Future[bool] | None = None
        self._is_dropped = False
        self._refused: InvalidCredentialsException | None = None
        self._no_refresh_before = 0.0

    @property
    @abstractmethod
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced."""

    @abstractmethod
    def _renew(self, old: Token | None) -> Steps[Token]:
        """Gets another token, or the old one with a later end.

        Args:
            old: The token to refresh, while it is still good.
        """

    @property
    def _gives_up(self) -> bool:
        """Whether what was refused must not be tried again by itself."""
        return True

    @property
    def state(self) -> TokenState:
        """What the current token is good for."""
        return self._token.state(self._clock()) if self._token else TokenState.GONE

    def obtain(self) -> Steps[str]:
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

    def drop(self) -> str | None:
        """Drops the token and returns its value, if there was one."""
        with self._lock:
            self._is_dropped = True
            token, self._token = self._token, None
        return token.value if token else None

    def _is_time_to_refresh(self) -> bool:
        return (
            self._flight is None
            and self.can_renew
            and self._refused is None  # or the credentials would be tried again and again
            and self._clock() >= self._no_refresh_before
        )

    def _lead(self, flight: Future[bool], state: TokenState) -> Steps[str]:
        old = self._token if state is TokenState.STALE else None
        self._is_dropped = False
        try:
            token = yield from self._renew(old)
            with self._lock:
                # One that was dropped before it was there serves this caller alone.
                if not self._is_dropped:
                    self._token = token
        except AnaplanException as error:
            error.not_performed = True  # the request this token was for has not been sent
            if isinstance(error, InvalidCredentialsException) and self._gives_up:
                self._refused = deepcopy(error)
            if old is not None:
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
