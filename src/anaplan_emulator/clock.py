"""The emulator's clock: real time plus an offset, which tests and the control API can change."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Runs at the speed of real time, with an offset."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset
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
            ValueError: The amount is negative.
        """
        if by < timedelta():
            raise ValueError("the clock can only be advanced forward: set it to go back")
        self.offset += by
        self._changed()

    def set(self, moment: datetime) -> None:
        """Set the clock to a moment with a time zone, from which it continues."""
        self.offset = moment - datetime.fromtimestamp(time.time(), UTC)
        self._changed()

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
