"""The rate limiter: when the next request may be sent."""

from __future__ import annotations

import threading
from math import inf

# Anaplan's published limit is 600 requests a minute for a whole tenant.
PUBLISHED_INTERVAL = 0.1
SLOWEST_INTERVAL = 1.0
# After Anaplan has refused a request, requests are sent one by one for this long.
SLOW_SECONDS = 60.0
_BURST_SECONDS = 0.5
_BURST_REQUESTS = 5


class RateLimiter:
    """Assigns each request the moment from which it may be sent. It never sleeps or reads a clock.

    A limit is kept by the generic cell rate algorithm (ITU-T I.371). After a rest a few requests
    may be sent at once: five, or those of half a second if these are fewer. Anaplan's own limiter
    allows bursts of about ten, which leaves a margin for requests that arrive closer together than
    they were sent.

    After Anaplan has refused a request, all requests wait as long as it asks. For a minute
    afterwards they are sent one by one, at Anaplan's published interval, since otherwise those that
    waited would exceed the limit again. Each further refusal doubles the interval.

    All times are seconds of one clock. Threads may share a limiter.

    Args:
        per_minute: How many requests may be sent in a minute; `None` sets no limit.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        self._interval = 60 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until = 0.0
        self._paused_at = -inf
        self._slow_interval = 0.0
        self._slow_until = 0.0

    def renew_in_child(self) -> None:
        """Drop what the parent of a forked process has reserved; a pause is the child's, too."""
        self._lock = threading.Lock()
        self._next = 0.0

    def reserve(self, now: float, latest: float = inf) -> float:
        """Return the moment from which one more request may be sent, and reserve it.

        A moment later than `latest` is returned without being reserved.
        """
        if not self._interval and now >= self._slow_until:
            return now
        with self._lock:
            slow = self._slow_interval if now < self._slow_until else 0.0
            interval = max(self._interval, slow)
            burst = min(_BURST_SECONDS, _BURST_REQUESTS * interval)
            ahead = 0.0 if slow else max(0.0, burst - interval)
            moment = max(now, self._paused_until, self._next - ahead)
            if moment <= latest:
                self._next = max(self._next, moment) + interval
            return moment

    def is_valid(self, moment: float) -> bool:
        """Whether a reserved moment may still be used: a pause may have begun since."""
        return moment >= self._paused_until

    def pause(self, now: float, seconds: float, sent_at: float) -> bool:
        """Make all requests wait. A longer pause that has begun already is not shortened.

        Requests that were in progress together are refused together: only the first refusal doubles
        the interval.

        Args:
            now: The moment at which Anaplan asked for the pause.
            seconds: The length of the pause.
            sent_at: The moment at which the refused request was admitted.

        Returns:
            Whether the request was admitted since the last pause began.
        """
        with self._lock:
            self._paused_until = max(self._paused_until, now + seconds)
            is_first = sent_at >= self._paused_at
            if is_first:
                slow = self._slow_interval if now < self._slow_until else 0.0
                self._slow_interval = min(2 * slow or PUBLISHED_INTERVAL, SLOWEST_INTERVAL)
                self._paused_at = now
            self._slow_until = self._paused_until + SLOW_SECONDS
            return is_first
