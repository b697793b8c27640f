"""How many requests of one client are under way, how fast they follow, and when they all wait."""

from __future__ import annotations

import random
import time
from math import inf

from anaplan_sdk._http.rate_limiter import RateLimiter
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.flow import DeadlineExceeded


class ConcurrencyLimiter:
    """Lets a bounded number of requests through; after a 429 it keeps every caller waiting."""

    def __init__(self, width: int, pace: RateLimiter) -> None:
        self._semaphore = runtime.Semaphore(width)
        self._pace = pace

    def pause(self, seconds: float, sent_at: float) -> None:
        """Lets nobody through for so long, and all but one by one afterwards.

        A random part more keeps programs that were refused together from coming back together.

        Args:
            seconds: How long.
            sent_at: When the request that was refused was let through.
        """
        more = random.uniform(0, min(1.0, seconds / 10))  # noqa: S311 - no secret
        self._pace.pause(time.monotonic(), seconds + more, sent_at)

    async def enter(self, deadline: float | None) -> float:
        """Waits for a turn; whoever has had it must `leave`.

        Args:
            deadline: When to give up, by `time.monotonic`.

        Returns:
            When the turn came.

        Raises:
            DeadlineExceeded: It would come too late, which may be known at once.
        """
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        latest = inf if deadline is None else deadline
        if not await self._semaphore.acquire(left):
            raise DeadlineExceeded
        try:
            while True:
                moment = self._pace.reserve(time.monotonic(), latest)
                if moment > latest:
                    raise DeadlineExceeded
                if (wait := moment - time.monotonic()) > 0:
                    await runtime.sleep(wait)
                if self._pace.keeps(moment):
                    return time.monotonic()
        except BaseException:
            self._semaphore.release()
            raise

    def leave(self) -> None:
        """Makes room for the next one."""
        self._semaphore.release()
