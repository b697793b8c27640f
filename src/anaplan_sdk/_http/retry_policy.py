"""What may be repeated, and after how long: a value, not code spread over the callers."""

from __future__ import annotations

import enum
import random
import re
import time
from dataclasses import dataclass
from math import inf

import httpx2

from anaplan_sdk._http.dates import http_date
from anaplan_sdk.exceptions import AnaplanException

# A server that asks for more than this is not waited for silently.
RETRY_AFTER_CAP = 120.0
BACKOFF_CAP = 60.0

# 425 is left out: HTTP calls it "Too Early", but Anaplan answers it for a deployed model, which
# no repetition changes (help page "API status codes").
_TRANSIENT = frozenset((408, 429, 500, 502, 503, 504))


class Repeat(enum.Enum):
    """What a call says of itself: may the same request be sent again?"""

    SAFE = "safe"
    """Reads, and writes that put the same thing in the same place."""
    NEVER = "never"
    """Requests that start work: again only when the first one certainly had no effect."""
    NOT_AFTER_500 = "not after 500"
    """Reads that Anaplan answers with 500 where the user lacks a role."""


@dataclass(frozen=True)
class RetryPolicy:
    """How a client repeats.

    Attributes:
        retry_count: How often a failed request is repeated; 0 means it is sent once.
        backoff: Seconds before the first repetition.
        backoff_factor: What each further wait is multiplied by.
        max_time: Seconds after which nothing is repeated any more; `None` sets no limit.
        deadline: Seconds for one request, everything included; `None` sets no limit.
    """

    retry_count: int
    backoff: float
    backoff_factor: float
    max_time: float | None = None
    deadline: float | None = None

    @property
    def time_to_repeat(self) -> float:
        """Seconds after which no repetition may begin."""
        return min(inf if limit is None else limit for limit in (self.max_time, self.deadline))

    def repeats(self, error: AnaplanException, repeat: Repeat) -> bool:
        """Whether to send a request again after this error."""
        if not error.retryable:
            return False
        if repeat is Repeat.NEVER and not error.not_performed:
            return False
        if repeat is Repeat.NOT_AFTER_500 and error.status_code == 500:
            return False
        return error.retry_after is None or error.retry_after <= RETRY_AFTER_CAP

    def pause_after(
        self, error: AnaplanException, repeat: Repeat, attempt: int, passed: float
    ) -> float | None:
        """Seconds to wait before a request is sent again; `None` when it isn't.

        Args:
            error: What came of the last attempt.
            repeat: What the call says of itself.
            attempt: Which attempt that was, counted from 1.
            passed: Seconds since the first attempt began.
        """
        if attempt > self.retry_count or not self.repeats(error, repeat):
            return None
        pause = self.wait(error, attempt)
        return pause if passed + pause < self.time_to_repeat else None

    def wait(self, error: AnaplanException, attempt: int) -> float:
        """Seconds to wait after an attempt, of which the first is 1: the server's wish comes first.

        Otherwise the wait grows from one attempt to the next; a random part of at most a second
        keeps callers that failed together from coming back together.
        """
        if error.retry_after is not None:
            return error.retry_after
        growing = min(BACKOFF_CAP, self.backoff * self.backoff_factor ** (attempt - 1))
        return growing + random.uniform(0, min(1.0, self.backoff))  # noqa: S311 - no secret


def is_transient(status_code: int) -> bool:
    """Whether the same request may well succeed a little later."""
    return status_code in _TRANSIENT


def was_not_performed(status_code: int) -> bool:
    """Whether a reply with this status shows that Anaplan did nothing."""
    return 300 <= status_code < 500 and status_code != 408


def retry_after(headers: httpx2.Headers, now: float | None = None) -> float | None:
    """Seconds that `Retry-After` asks to wait, from seconds or a date (RFC 9110, 10.2.3).

    A date is compared with the reply's own, since the clock of this machine may be another one.
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
        sent = time.time() if now is None else now
    return max(0.0, moment - sent)


def never_left(error: httpx2.RequestError) -> bool:
    """Whether the request certainly did not reach Anaplan."""
    return isinstance(
        error,
        httpx2.ConnectError
        | httpx2.ConnectTimeout
        | httpx2.PoolTimeout
        | httpx2.UnsupportedProtocol
        | httpx2.ProxyError,
    )
