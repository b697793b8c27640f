"""The rate limit: a token bucket for the whole tenant (facts 13)."""

import threading


class RateLimiter:
    """Counts requests by the emulator's clock."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._level: float | None = None
        self._refilled_at = 0.0

    def wait(self, *, per_minute: int, burst: int, now: float) -> float:
        """Admit a request, or tell for how many seconds there is no room for it.

        Args:
            per_minute: How fast the bucket fills.
            burst: How much it holds.
            now: The present, in seconds.

        Returns:
            0 when admitted.
        """
        rate = per_minute / 60
        with self._guard:
            level = float(burst) if self._level is None else self._level
            elapsed = max(0.0, now - self._refilled_at)
            level = min(float(burst), level + elapsed * rate)
            admitted = level >= 1
            self._level = level - 1 if admitted else level
            self._refilled_at = now
            return 0.0 if admitted else (1 - level) / rate

    def clear(self) -> None:
        """Start with a full bucket."""
        with self._guard:
            self._level = None
