"""Dates in the headers of replies."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime


def http_date(value: str) -> float | None:
    """Seconds since 1970; `None` for what is no date (RFC 9110, 5.6.7: always UTC)."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
