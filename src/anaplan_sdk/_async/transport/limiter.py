"""The limiter: how many requests of a client are in progress, and how fast they follow."""

from __future__ import annotations

import random
import time

from anaplan_sdk import _loggers, _telemetry
from anaplan_sdk._http.adaptive_concurrency import AdaptiveConcurrency
from anaplan_sdk._http.rate_limiter import RateLimiter
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk._runtime.flow import DeadlineExceeded

# Shorter waits for the rate limit, in seconds, are not logged.
_LOGGED_PAUSE = 1.0


class ConcurrencyLimiter:
    """Admits a limited number of requests at a time, and none during a pause after a 429.

    Args:
        max_concurrency: The number of requests; fewer for a while after connections have failed.
        rate_limiter: Decides when each may be sent.
    """

    def __init__(self, max_concurrency: int, rate_limiter: RateLimiter) -> None:
        self._semaphore = runtime.Semaphore(max_concurrency)
        self._concurrency = runtime.PerLoop(lambda: AdaptiveConcurrency(max_concurrency))
        self._rate_limiter = rate_limiter
        process.renew_in_child(rate_limiter)

    def pause(self, seconds: float, sent_at: float) -> None:
        """Make all requests wait; afterwards they are admitted one by one.

        Some random time is added, so that programs that were refused together do not return
        together.

        Args:
            seconds: The length of the pause.
            sent_at: When the refused request was admitted.
        """
        seconds += random.uniform(0, min(1.0, seconds / 10))  # noqa: S311 - not a secret
        if self._rate_limiter.pause(time.monotonic(), seconds, sent_at):
            _telemetry.count_pause(seconds)
            _loggers.http.info("Anaplan asks for fewer requests: all requests wait %.1f s", seconds)

    async def acquire(self, deadline: Deadline) -> float:
        """Wait until a request may be sent. Every request that was admitted must `release`.

        Returns:
            The moment of the admission, on the clock of `time.monotonic`.

        Raises:
            DeadlineExceeded: The request would be admitted too late, which may be known at once.
        """
        if not await self._semaphore.acquire(deadline.remaining()):
            raise DeadlineExceeded
        try:
            while True:
                now = time.monotonic()
                moment = self._rate_limiter.reserve(now, deadline.at)
                if moment > deadline.at:
                    raise DeadlineExceeded
                if (pause := moment - now) > 0:
                    if pause > _LOGGED_PAUSE:
                        _loggers.http.debug("The rate limit makes a request wait %.1f s", pause)
                    await runtime.sleep(pause)
                if self._rate_limiter.is_valid(moment):
                    break
        except BaseException:
            self._semaphore.release()
            raise
        self._concurrency.get().begin()
        return moment

    def release(self, admitted_at: float, *, was_answered: bool, lost_connection: bool) -> None:
        """Make way for the next requests.

        Args:
            admitted_at: What `acquire` returned.
            was_answered: Whether a reply has arrived, whatever its status.
            lost_connection: Whether a new connection could not be made, or failed.
        """
        concurrency = self._concurrency.get()
        if lost_connection and concurrency.reduce(time.monotonic(), admitted_at):
            _loggers.http.info("A connection failed: fewer requests are sent at a time")
        for _ in range(concurrency.end(was_answered=was_answered)):
            self._semaphore.release()
