"""The retry policy: which requests are sent again, and after how long."""

from __future__ import annotations

import enum
import random
import re
import time
from dataclasses import dataclass

import httpx2

from anaplan_sdk._http.dates import http_date
from anaplan_sdk.exceptions import AnaplanException

# Seconds. If a server asks for more, the error is raised at once.
RETRY_AFTER_CAP = 120.0
BACKOFF_CAP = 60.0

# 425 is left out: HTTP calls it "Too Early", but Anaplan sends it for a deployed model, which no
# retry changes (help page "API status codes").
# 410 says that the resource has moved, such as a model to another workspace: the same request then
# finds it (Anaplan Integration API V2 guide).
_TRANSIENT = frozenset((408, 410, 429, 500, 502, 503, 504))


class Retry(enum.Enum):
    """When a call allows its request to be sent again."""

    SAFE = "safe"
    """After any transient error: reads, and writes that have the same effect when repeated."""
    IF_NOT_PERFORMED = "if not performed"
    """Only if Anaplan certainly did not act on the request: requests that start work."""
    UNLESS_ACCEPTED = "unless accepted"
    """Like `SAFE`, but not after a reply with a 2xx that could not be read: work that was started,
    and does no harm if it is done twice."""
    NOT_AFTER_500 = "not after 500"
    """Like `SAFE`, but not after 500, by which some of Anaplan's APIs report a missing role."""


@dataclass(frozen=True)
class RetryPolicy:
    """How a client sends failed requests again.

    Attributes:
        retry_count: How many times a failed request is sent again; 0 switches retries off.
        backoff: Seconds before the first retry.
        backoff_factor: Factor by which each further pause grows.
        max_time: Seconds after which no retry begins; `None` sets no limit.
        deadline: Seconds for one request with all of its attempts; `None` sets no limit.
    """

    retry_count: int
    backoff: float
    backoff_factor: float
    max_time: float | None = None
    deadline: float | None = None

    @property
    def retry_time(self) -> float | None:
        """Seconds after which no retry begins; `None` without a limit."""
        limits = [limit for limit in (self.max_time, self.deadline) if limit is not None]
        return min(limits, default=None)

    def should_retry(self, error: AnaplanException, retry: Retry) -> bool:
        """Whether a request that failed with this error may be sent again."""
        if not error.retryable:
            return False
        if retry is Retry.IF_NOT_PERFORMED and (
            not error.not_performed or error.status_code == 410
        ):
            return False
        if retry is Retry.UNLESS_ACCEPTED and was_accepted(error):
            return False
        if retry is Retry.NOT_AFTER_500 and error.status_code == 500:
            return False
        return error.retry_after is None or error.retry_after <= RETRY_AFTER_CAP

    def pause_before_retry(
        self,
        error: AnaplanException,
        retry: Retry,
        attempt: int,
        remaining: float | None,
        *,
        at_once: bool = False,
    ) -> float | None:
        """Return the seconds to wait before a request is sent again; `None` if it is not.

        Args:
            error: The error of the last attempt.
            retry: When the call allows a retry.
            attempt: The number of the last attempt, from 1.
            remaining: Seconds within which the retry has to begin; `None` without a limit.
            at_once: Whether there is no reason for a pause.
        """
        if attempt > self.retry_count or not self.should_retry(error, retry):
            return None
        pause = 0.0 if at_once else self.pause(error, attempt)
        return pause if remaining is None or pause < remaining else None

    def pause(self, error: AnaplanException, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt, numbered from 1.

        These are the seconds of `Retry-After`. Without it the pause grows from one attempt to the
        next; up to one random second keeps callers that failed together from returning together.
        """
        if error.retry_after is not None:
            return error.retry_after
        try:
            growing = min(BACKOFF_CAP, self.backoff * self.backoff_factor ** (attempt - 1))
        except OverflowError:
            growing = BACKOFF_CAP
        return growing + random.uniform(0, min(1.0, self.backoff))  # noqa: S311 - not a secret


def is_transient(status_code: int) -> bool:
    """Whether the same request may succeed a little later."""
    return status_code in _TRANSIENT


def was_not_performed(status_code: int) -> bool:
    """Whether a reply with this status shows that Anaplan did not act on the request."""
    return 300 <= status_code < 500 and status_code != 408


def was_accepted(error: AnaplanException) -> bool:
    """Whether a request was answered with a 2xx, although its reply could not be read.

    What it should start was started then, whatever the body contains. An HTML page with a 2xx,
    which is a gateway's, is no exception: nothing shows that the request went no further.
    """
    return error.status_code is not None and 200 <= error.status_code < 300


def retry_after(headers: httpx2.Headers) -> float | None:
    """Return the seconds that `Retry-After` asks to wait (RFC 9110, section 10.2.3).

    A date is compared with the date of the reply, if it has one, since the clock of this machine
    may differ.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return float(value)
    moment = http_date(value)
    if moment is None:
        return None
    sent = http_date(headers.get("Date", ""))
    if sent is None:
        sent = time.time()
    return max(0.0, moment - sent)


def was_never_sent(error: httpx2.RequestError) -> bool:
    """Whether the request certainly did not reach Anaplan."""
    return isinstance(
        error,
        httpx2.ConnectError
        | httpx2.ConnectTimeout
        | httpx2.PoolTimeout
        | httpx2.UnsupportedProtocol
        | httpx2.ProxyError,
    )
