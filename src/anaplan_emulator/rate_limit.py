"""The rate limit: a token bucket for the whole tenant (docs/anaplan-behaviour.md#limits)."""

import math
import threading

from anaplan_emulator.clock import Clock
from anaplan_emulator.settings import Settings


class RateLimiter:
    """Limits requests, on the emulator's clock.

    Args:
        clock: The emulator's clock.
        settings: The emulator's settings, which turn the limit on.
    """

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._level: float | None = None
        self._refilled_at = 0.0

    def admit(self) -> float:
        """Admit or reject a request.

        Returns:
            0 if the request is admitted, otherwise the seconds until one will be.
        """
        per_minute = self._settings.rate_limit_per_minute
        if per_minute is None:
            return 0.0
        rate = per_minute / 60
        burst = float(self._settings.rate_limit_burst)
        now = self._clock.timestamp()
        with self._lock:
            level = burst if self._level is None else self._level
            elapsed = max(0.0, now - self._refilled_at)
            level = min(burst, level + elapsed * rate)
            admitted = level >= 1
            self._level = level - 1 if admitted else level
            self._refilled_at = now
            return 0.0 if admitted else (1 - level) / rate

    def clear(self) -> None:
        """Fill the bucket."""
        with self._lock:
            self._level = None


def retry_after(seconds: float) -> dict[str, str]:
    """Return the header `Retry-After`, rounded up to whole seconds."""
    return {"Retry-After": str(math.ceil(seconds))}
