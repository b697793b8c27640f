"""How many requests are sent at a time: fewer after connections have failed, then more again."""

from __future__ import annotations

import threading
from math import inf


class AdaptiveConcurrency:
    """The number of requests that may be in progress at the same time.

    When a connection fails, it becomes half of those in progress: the machine, a proxy or a gateway
    may allow fewer connections than there were. Each request that is answered afterwards increases
    it by one, up to the first number. Threads may share it.

    Args:
        most: The first and greatest number.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._allowed = most
        self._in_progress = 0
        # How many requests have ended without another being allowed in their place.
        self._withheld = 0
        self._reduced_at = -inf
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Count a request that was admitted."""
        with self._lock:
            self._in_progress += 1

    def reduce(self, now: float, admitted_at: float) -> bool:
        """Allow half as many, once for all requests that were in progress together.

        Args:
            now: When the connection failed.
            admitted_at: When its request was admitted, on the same clock.

        Returns:
            Whether fewer are allowed now.
        """
        with self._lock:
            if self._allowed == 1 or admitted_at < self._reduced_at:
                return False
            self._allowed = max(1, min(self._allowed, self._in_progress) // 2)
            self._reduced_at = now
            return True

    def end(self, *, was_answered: bool) -> int:
        """Count a request that has ended.

        Args:
            was_answered: Whether a reply has arrived, whatever its status.

        Returns:
            How many requests may follow it: none, one or two.
        """
        with self._lock:
            self._in_progress -= 1
            if was_answered:
                self._allowed = min(self._most, self._allowed + 1)
            surplus = self._most - self._allowed - self._withheld
            # One of those that were withheld, or this one.
            change = (surplus > 0) - (surplus < 0)
            self._withheld += change
            return 1 - change
