"""When the next request may go: so many a minute, and pauses that Anaplan asks for."""

from __future__ import annotations

import threading
from math import inf

# Anaplan's published limit is 600 requests a minute for a whole tenant: one in so many seconds.
PUBLISHED_INTERVAL = 0.1
SLOWEST_INTERVAL = 1.0
SLOW_SECONDS = 60.0
_BURST_SECONDS = 0.5
_BURST = 5


class RateLimiter:
    """Gives each request the moment from which it may be sent; never sleeps, never asks the time.

    A limit is kept as the generic cell rate algorithm (ITU-T I.371) does: what was not used for
    a while may come at once: five requests, or half a second's worth, if that is less. Anaplan's
    own bucket holds about ten, so that requests which travel together don't overrun it.

    After Anaplan has refused a request, all wait as long as it asks. Then they go one by one, in
    the interval that Anaplan publishes, so that those who waited don't overrun the limit again
    together. If that is still too fast, as others use the tenant, too, the interval is doubled.

    All times are seconds of one clock. Threads may share it.

    Args:
        per_minute: How many requests may go in a minute; no limit when not given.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        self._limit = 60 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._due = 0.0
        self._opens_at = 0.0
        self._paused_at = float("-inf")
        self._slow = 0.0
        self._slow_until = 0.0

    def reserve(self, now: float, latest: float = inf) -> float:
        """The moment from which one more request may go: each caller is given its own.

        One later than `latest` is told, but left to others.
        """
        if not self._limit and now >= self._slow_until:
            return now
        with self._lock:
            slow = self._slow if now < self._slow_until else 0.0
            interval = max(self._limit, slow)
            ahead = 0.0 if slow else max(0.0, min(_BURST_SECONDS, _BURST * interval) - interval)
            moment = max(now, self._opens_at, self._due - ahead)
            if moment <= latest:
                self._due = max(self._due, moment) + interval
            return moment

    def keeps(self, moment: float) -> bool:
        """Whether a moment that was given still holds: a pause may have begun since."""
        return moment >= self._opens_at

    def pause(self, now: float, seconds: float, sent_at: float) -> None:
        """Lets nobody through for so long; a longer pause that is under way stays.

        Args:
            now: When Anaplan asked for it.
            seconds: How long.
            sent_at: When the refused request was let through. Those that were under way together
                are refused together: that is one reason to be slower, not many.
        """
        with self._lock:
            self._opens_at = max(self._opens_at, now + seconds)
            if sent_at >= self._paused_at:
                slow = self._slow if now < self._slow_until else 0.0
                self._slow = min(2 * slow or PUBLISHED_INTERVAL, SLOWEST_INTERVAL)
                self._paused_at = now
            self._slow_until = self._opens_at + SLOW_SECONDS
