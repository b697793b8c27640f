"""The emulator's clock: real time plus an offset that tests and the control room may move."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Runs at the speed of real time from wherever it was set."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset
        self.on_move: list[Callable[[], None]] = []
        """Who is told when it was moved."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def timestamp(self) -> float:
        """Return seconds since the epoch."""
        return time.time() + self.offset.total_seconds()

    def milliseconds(self) -> int:
        """Return whole milliseconds since the epoch, as Anaplan writes `expiresAt`."""
        return int(self.timestamp() * 1000)

    def advance(self, by: timedelta) -> None:
        """Move forward; only `set` goes back.

        Raises:
            ValueError: The amount is negative.
        """
        if by < timedelta():
            raise ValueError("the clock is advanced forward only: set it to go back")
        self.offset += by
        self._moved()

    def set(self, moment: datetime) -> None:
        """Go on from the given moment, which must know its time zone."""
        self.offset = moment - datetime.fromtimestamp(time.time(), UTC)
        self._moved()

    def _moved(self) -> None:
        for told in self.on_move:
            told()


def zulu(moment: datetime) -> str:
    """Write a moment as CloudWorks and the SCIM API do: milliseconds, and Z."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


def iso_milliseconds(moment: datetime) -> str:
    """Write a moment as users and models do: milliseconds, and a zone without a colon."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}+0000"
