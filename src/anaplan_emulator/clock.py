"""The emulator's clock: real time plus an offset, which tests and the control API can change."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(3000, 1, 1, tzinfo=UTC)
"""The clock can be set to any time between these. From later ones, no time could be calculated that
follows them: the end of a certificate, the next time of a schedule."""


def duration(*, hours: float = 0, minutes: float = 0, seconds: float = 0) -> timedelta:
    """Return the sum of its arguments.

    Raises:
        ValueError: It is not a finite number, or too large for the clock.
    """
    try:
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError):
        parts = (hours, minutes, seconds)
        raise ValueError(f"the clock cannot be advanced by {parts} h, min, s") from None


class Clock:
    """Runs at the speed of real time, with an offset. It is thread-safe."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._lock = threading.Lock()
        self.on_change: list[Callable[[], None]] = []
        """Functions to call after the clock was advanced or set."""

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def timestamp(self) -> float:
        """Return the current time in seconds since the epoch."""
        return time.time() + self.offset.total_seconds()

    def milliseconds(self) -> int:
        """Return the current time in whole milliseconds since the epoch."""
        return int(self.timestamp() * 1000)

    def advance(self, by: timedelta) -> None:
        """Move the clock forward.

        Raises:
            ValueError: The amount is negative, or leads beyond the year 2999.
        """
        if by < timedelta():
            raise ValueError("the clock can only be advanced forward: set it to go back")
        with self._lock:
            self.set_offset(self.offset + by)
        self._changed()

    def set(self, moment: datetime, *, advanced_by: timedelta = timedelta()) -> None:
        """Set the clock to a moment, from which it continues.

        Args:
            moment: The moment, with a time zone.
            advanced_by: A time to add to it.

        Raises:
            ValueError: The moment has no time zone, or is outside the years 1970 to 2999.
        """
        if moment.tzinfo is None:
            raise ValueError("the clock is set to a time with a time zone")
        with self._lock:
            self.set_offset(moment - datetime.fromtimestamp(time.time(), UTC) + advanced_by)
        self._changed()

    def set_offset(self, offset: timedelta) -> None:
        """Set the offset from real time, without starting what becomes due.

        Raises:
            ValueError: It leads outside the years 1970 to 2999.
        """
        now = datetime.fromtimestamp(time.time(), UTC)
        if not FIRST_MOMENT - now <= offset < LAST_MOMENT - now:
            raise ValueError("the clock can only be moved within the years 1970 to 2999")
        self.offset = offset

    def _changed(self) -> None:
        for callback in self.on_change:
            callback()


def zulu(moment: datetime) -> str:
    """Return a timestamp with milliseconds and Z, as in CloudWorks and the SCIM API."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


def iso_milliseconds(moment: datetime) -> str:
    """Return a timestamp with milliseconds and +0000, as in users and models."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}+0000"
