"""Dates in the headers and bodies of replies."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(value: str) -> float | None:
    """Seconds since 1970; `None` for what is no date (RFC 9110, 5.6.7: always UTC)."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return stamp(moment)


def stamp(moment: datetime) -> float:
    """Seconds since 1970 of a date, which is UTC's unless it says otherwise."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso_date(text: str | None) -> float | None:
    """Seconds since 1970 of a date in ISO's form; `None` for what is no date."""
    try:
        return None if text is None else stamp(datetime.fromisoformat(text))
    except ValueError:
        return None
