"""Times as clocks show them, to the nanosecond: Python's own times have microseconds only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a zone is added where there is one
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class LocalTime:
    """A timestamp in its zone.

    Attributes:
        seconds: The time, to the second.
        nanoseconds: The nanoseconds after that.
    """

    seconds: datetime
    nanoseconds: int

    @property
    def is_midnight(self) -> bool:
        """Whether it is the start of a day."""
        return self.seconds.time() == time.min and not self.nanoseconds

    def text(self) -> str:
        """Return it in ISO 8601, with the offset of its zone from UTC, if it has one."""
        whole = self.seconds.isoformat(timespec="seconds")
        end = len("2024-01-31T00:00:00")
        return whole[:end] + _fraction(self.nanoseconds) + whole[end:]


def local_time(count: int, unit: str, zone: tzinfo | None) -> LocalTime:
    """Return a timestamp of Arrow.

    Args:
        count: The time since 1970, in UTC if there is a zone.
        unit: What it counts: "s", "ms", "us" or "ns".
        zone: The zone.

    Raises:
        OverflowError: It is not in the years 1 to 9999.
    """
    seconds, fraction = divmod(count, PER_SECOND[unit])
    moment = _EPOCH + timedelta(seconds=seconds)
    if zone is not None:
        moment = moment.replace(tzinfo=UTC).astimezone(zone)
    return LocalTime(moment, fraction * (PER_SECOND["ns"] // PER_SECOND[unit]))


def time_text(count: int, unit: str) -> str:
    """Return a time of day of Arrow in ISO 8601.

    Args:
        count: The time since midnight.
        unit: What it counts: "s", "ms", "us" or "ns".

    Raises:
        OverflowError: It is not in a day.
    """
    seconds, fraction = divmod(count, PER_SECOND[unit])
    if not 0 <= seconds < _DAY_SECONDS:
        raise OverflowError(f"{count} {unit} is not a time of day")
    shown = (_EPOCH + timedelta(seconds=seconds)).time().isoformat(timespec="seconds")
    return shown + _fraction(fraction * (PER_SECOND["ns"] // PER_SECOND[unit]))


def time_zone(name: str | None) -> tzinfo | None:
    """Return a zone of Arrow: a name of the IANA database, or an offset from UTC.

    Raises:
        ValueError: There is no such zone.
    """
    if name is None:
        return None
    try:
        return datetime.strptime(name, "%z").tzinfo
    except ValueError:
        pass  # It is no offset.
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _fraction(nanoseconds: int) -> str:
    if not nanoseconds:
        return ""
    micros, rest = divmod(nanoseconds, 1_000)
    return f".{nanoseconds:09}" if rest else f".{micros:06}"
