"""Dates in headers and bodies, as seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from anaplan_sdk._http.dates import http_date, iso_date, timestamp


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0),
        # The form before 1995 and that of C's asctime, which recipients must accept.
        ("Thursday, 01-Jan-70 00:01:00 GMT", 60.0),
        ("Thu Jan  1 00:01:00 1970", 60.0),
        ("soon", None),
        ("", None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_dates_of_headers(text: str, seconds: float | None) -> None:
    assert http_date(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00.500Z", 60.5),
        ("1970-01-01T01:01:00+01:00", 60.0),
        ("1970-01-01T00:01:00", 60.0),
        ("1970-01-02", 86_400.0),
        ("tomorrow", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_of_bodies(text: str | None, seconds: float | None) -> None:
    assert iso_date(text) == seconds


def test_a_moment_without_a_zone_is_of_utc() -> None:
    assert timestamp(datetime(1970, 1, 1, 0, 1)) == 60  # noqa: DTZ001
    assert timestamp(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == 60
    assert timestamp(datetime(1970, 1, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 60
