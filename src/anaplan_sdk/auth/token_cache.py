"""The one current token, shared by all clients, threads and event loops that use it.

Nothing here sends or waits: `TokenCache.obtain` is a flow, which serves sync and async code.
"""

from __future__ import annotations

import enum
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from copy import deepcopy
from dataclasses import dataclass, field
from math import isfinite

from anaplan_sdk import _loggers, _telemetry
from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.flow import Flow
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    InvalidCredentialsException,
)

REFRESH_MARGIN = 300.0
"""Seconds before its expiry from which a token is refreshed, while the old one is still used."""

_REFRESH_SHARE = 0.5
"""The share of a token's lifetime that the margin takes at most, so that short-lived ones last."""

_REFRESH_PAUSE = 30.0
"""Seconds for which the old token is used after a refresh failed, before the next attempt."""

_LOST_FLIGHTS = 3
"""How many sign-ins of other callers that end without a result a caller waits for."""


# Seconds of ten years.
_LONGEST = 315e6


def number_of(value: object) -> float | None:
    """Return a time or a span of a reply as a number; None if it is not a plausible one.

    A token is usable whatever its reply says of its expiry.
    """
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None


def lifetime_of(value: object, default: float) -> float:
    """Return the seconds that something lives: the value if it is plausible, or the default."""
    number = number_of(value)
    return min(number, _LONGEST) if number else default


class TokenState(enum.Enum):
    """What the current token can be used for."""

    FRESH = "usable"
    STALE = "usable, but due for a refresh"
    GONE = "expired"


@dataclass(frozen=True)
class Token:
    """A token, with its times on the local clock; None where the expiry is unknown."""

    value: str = field(repr=False)
    stale_at: float | None = None
    expires_at: float | None = None

    @classmethod
    def until(cls, value: str, expires_at: float, lifetime: float) -> Token:
        """Make a token of a known expiry and lifetime (seconds)."""
        margin = min(REFRESH_MARGIN, lifetime * _REFRESH_SHARE)
        return cls(value, expires_at - margin, expires_at)

    def state(self, now: float) -> TokenState:
        """What the token can be used for at this time."""
        if self.expires_at is not None and now >= self.expires_at:
            return TokenState.GONE
        if self.stale_at is not None and now >= self.stale_at:
            return TokenState.STALE
        return TokenState.FRESH


class TokenCache(ABC):
    """Keeps one token usable: obtains it, refreshes it before it expires, replaces a refused one.

    Of all callers that need a new token, one obtains it (a flight) and the others wait for its
    result. The lock is held to read and to replace the token only, never while sending.

    Args:
        token: A token to start with.
        clock: Returns seconds since 1970; replaced in tests.
    """

    def __init__(self, token: Token | None, clock: Callable[[], float] = time.time) -> None:
        self._token = token
        self._clock = clock
        self.renew_in_child()
        process.renew_in_child(self)
        self._is_cleared = False
        self._refusal: InvalidCredentialsException | None = None
        self._no_refresh_before = 0.0

    def renew_in_child(self) -> None:
        """Keep the token in a forked process, but wait for no flight of its parent's threads."""
        self._lock = threading.Lock()
        self._flight: Future[None] | None = None

    @property
    @abstractmethod
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced."""

    @property
    @abstractmethod
    def _source(self) -> str:
        """Where tokens come from and for whom, for the log."""

    @abstractmethod
    def _renew(self, old: Token | None) -> Flow[Token]:
        """Obtain another token, or the old one with a later expiry.

        Args:
            old: The token to refresh, while it is still usable.
        """

    @property
    def _keeps_refusal(self) -> bool:
        """Whether refused credentials are not sent again until `reset_refusal` is called."""
        return True

    @property
    def state(self) -> TokenState:
        """What the current token can be used for."""
        return self._token.state(self._clock()) if self._token else TokenState.GONE

    @property
    def condition(self) -> str:
        """What there is of a token, in words."""
        return f"token {self.state.value}" if self._token else "no token yet"

    @property
    def expires_at(self) -> float | None:
        """When the current token expires, in seconds since 1970; None if that is not known."""
        return self._token.expires_at if self._token else None

    def current(self) -> str | None:
        """Return the value of the token if it can be used as it is."""
        with self._lock:
            return self._current()

    def _current(self) -> str | None:
        state = self.state
        if state is TokenState.GONE or (state is TokenState.STALE and self._is_refresh_due()):
            return None
        return self._token.value if self._token else None

    def obtain(self) -> Flow[str]:
        """Return the value of a usable token.

        Raises:
            InvalidCredentialsException: Anaplan refused the credentials, now or before. They are
                not sent again until `reset_refusal` is called, so that no account gets locked.
            AnaplanException: The token service could not be reached or failed.
        """
        for _ in range(_LOST_FLIGHTS):
            with self._lock:
                if (value := self._current()) is not None:
                    return value
                state = self.state
                if self._refusal is not None and state is TokenState.GONE:
                    raise deepcopy(self._refusal)
                flight, is_leader = self._flight or Future[None](), self._flight is None
                self._flight = flight
            if is_leader:
                return (yield from self._lead(flight, state))
            yield flight
            if (error := flight.exception()) is not None:
                # Each caller gets its own, since a raised exception collects tracebacks and notes.
                raise deepcopy(error)
        raise AnaplanConnectionException(
            "Several callers tried to sign in, one after the other, and none got an answer: try "
            "again.",
            retryable=True,
            not_performed=True,
        )

    def invalidate(self, value: str) -> None:
        """Remove the token if it is still this one, which Anaplan refused."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._token = None

    def reset_refusal(self) -> None:
        """Allow credentials that were refused to be sent once more."""
        with self._lock:
            self._refusal = None

    def clear(self) -> str | None:
        """Remove the token and return its value, if there was one."""
        with self._lock:
            self._is_cleared = True
            token, self._token = self._token, None
        return token.value if token else None

    def _is_refresh_due(self) -> bool:
        return (
            self._flight is None
            and self.can_renew
            and self._refusal is None  # or the credentials would be sent again and again
            and self._clock() >= self._no_refresh_before
        )

    def _lead(self, flight: Future[None], state: TokenState) -> Flow[str]:
        """Obtain the token that others wait for, too."""
        old: Token | None = None
        try:  # Whatever is raised from here on, an interrupt too, ends the flight.
            old = self._token if state is TokenState.STALE else None
            self._is_cleared = False
            verb = "Refreshing" if old else "Obtaining"
            _loggers.auth.debug("%s a token from %s", verb, self._source)
            token = yield from self._renew(old)
            with self._lock:
                # After `clear` was called meanwhile, it serves this caller alone.
                if not self._is_cleared:
                    self._token = token
        except AnaplanException as error:
            _telemetry.count_renewal(is_refresh=old is not None, error=error)
            error.not_performed = True  # the request that needs the token has not been sent
            if isinstance(error, InvalidCredentialsException) and self._keeps_refusal:
                self._refusal = deepcopy(error)
            if old is not None:
                self._no_refresh_before = self._clock() + _REFRESH_PAUSE
                _loggers.auth.info(
                    "The token could not be refreshed and stays in use until it expires: %s", error
                )
                return old.value
            flight.set_exception(deepcopy(error))
            raise
        except GeneratorExit:
            # The caller was cancelled. One of those that wait takes over; an early refresh is left
            # for later.
            self._no_refresh_before = self._clock() + _REFRESH_PAUSE
            raise
        else:
            _telemetry.count_renewal(is_refresh=old is not None)
            _loggers.auth.debug("Obtained a token from %s", self._source)
            return token.value
        finally:
            with self._lock:
                self._flight = None
            if not flight.done():
                flight.set_result(None)
