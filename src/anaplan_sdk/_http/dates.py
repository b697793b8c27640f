"""Dates in the headers and bodies of replies, as seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(value: str) -> float | None:
    """Read the date of a header, which is always UTC (RFC 9110, section 5.6.7).

    Returns:
        Seconds since 1970; `None` if the value is not a date.
    """
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return timestamp(moment)


def iso_date(value: str | None) -> float | None:
    """Read a date in ISO 8601 form, which is UTC's if it has no time zone.

    Returns:
        Seconds since 1970; `None` if the value is not a date.
    """
    try:
        return None if value is None else timestamp(datetime.fromisoformat(value))
    except ValueError:
        return None


def timestamp(moment: datetime) -> float:
    """Return the seconds since 1970 of a date, which is UTC's if it has no time zone."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def optional_timestamp(moment: datetime | None) -> float | None:
    """Return the seconds since 1970 of a date that a reply may lack."""
    return None if moment is None else timestamp(moment)
