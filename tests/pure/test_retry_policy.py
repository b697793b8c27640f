"""What may be repeated, and after how long."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.retry_policy import (
    BACKOFF_CAP,
    RETRY_AFTER_CAP,
    Retry,
    RetryPolicy,
    is_transient,
    retry_after,
    was_never_sent,
    was_not_performed,
)
from anaplan_sdk.exceptions import AnaplanException, RateLimitException, ServerException

POLICY = RetryPolicy(2, 1.0, 2.0)
NOON = datetime(2026, 7, 14, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("retry", Retry)
def test_permanent_errors_are_not_retried(retry: Retry) -> None:
    assert not POLICY.should_retry(AnaplanException("no"), retry)


def test_work_is_started_again_only_when_it_certainly_was_not() -> None:
    unclear = ServerException("bad gateway", retryable=True)
    refused = RateLimitException("slow down", retryable=True, not_performed=True)
    assert POLICY.should_retry(unclear, Retry.SAFE)
    assert not POLICY.should_retry(unclear, Retry.IF_NOT_PERFORMED)
    assert POLICY.should_retry(refused, Retry.SAFE)
    assert POLICY.should_retry(refused, Retry.IF_NOT_PERFORMED)


@pytest.mark.parametrize("asked", [0.0, 7.0, RETRY_AFTER_CAP])
def test_the_wait_anaplan_asks_for_is_kept(asked: float) -> None:
    error = RateLimitException("slow down", retryable=True, retry_after=asked)
    assert POLICY.should_retry(error, Retry.SAFE)
    assert POLICY.pause(error, 1) == POLICY.pause(error, 5) == asked


def test_a_longer_retry_after_than_the_cap_is_not_waited_for() -> None:
    error = RateLimitException("slow down", retryable=True, retry_after=RETRY_AFTER_CAP + 1)
    assert not POLICY.should_retry(error, Retry.SAFE)


def test_waits_grow_up_to_a_cap() -> None:
    policy = RetryPolicy(2, 2, 3)
    error = ServerException("busy", retryable=True)
    for attempt, least in ((1, 2), (2, 6), (3, 18), (4, 54), (5, BACKOFF_CAP), (400, BACKOFF_CAP)):
        assert least <= policy.pause(error, attempt) <= least + 1
    assert RetryPolicy(2, 0, 2).pause(error, 3) == 0


@pytest.mark.parametrize(
    ("status", "transient", "untouched"),
    [
        (400, False, True),
        (401, False, True),
        (403, False, True),
        (404, False, True),
        (408, True, False),
        (422, False, True),
        (423, False, True),
        (424, False, True),
        (425, False, True),
        (429, True, True),
        (500, True, False),
        (501, False, False),
        (502, True, False),
        (503, True, False),
        (504, True, False),
    ],
)
def test_statuses_say_what_became_of_the_request(
    status: int, transient: bool, untouched: bool
) -> None:
    assert is_transient(status) is transient
    assert was_not_performed(status) is untouched


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("10", 10.0),
        ("1.5", 1.5),
        ("Tue, 14 Jul 2026 12:00:30 GMT", 30.0),
        ("Tue, 14 Jul 2026 12:00:30 -0000", 30.0),
        ("Tue, 14 Jul 2026 12:00:30", 30.0),
        ("Tuesday, 14-Jul-26 12:00:30 GMT", 30.0),
        ("Tue Jul 14 12:00:30 2026", 30.0),
        ("Tue, 14 Jul 2026 11:59:00 GMT", 0.0),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1_000", None),
        ("soon", None),
        ("", None),
        ("Tue, 14 Jul 99999999999999999999 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    headers = {"Retry-After": value, "Date": "Tue, 14 Jul 2026 12:00:00 GMT"}
    assert retry_after(httpx2.Headers(headers)) == seconds


def test_a_date_is_compared_with_the_replys_own() -> None:
    headers = {
        "Retry-After": "Tue, 14 Jul 2026 12:00:30 GMT",
        "Date": "Tue, 14 Jul 2026 12:00:10 GMT",
    }
    assert retry_after(httpx2.Headers(headers)) == 20.0


def test_without_the_header_no_wait_is_asked_for() -> None:
    assert retry_after(httpx2.Headers()) is None


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_any_text_may_stand_in_the_header(value: str) -> None:
    seconds = retry_after(httpx2.Headers({"Retry-After": value}))
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants bounds without a zone
def test_dates_are_read_as_they_are_written(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert http_date(format_datetime(whole, usegmt=True)) == whole.timestamp()


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        (httpx2.ConnectError("refused"), True),
        (httpx2.ConnectTimeout("slow"), True),
        (httpx2.PoolTimeout("busy"), True),
        (httpx2.ProxyError("no way"), True),
        (httpx2.UnsupportedProtocol("ftp"), True),
        (httpx2.ReadTimeout("slow"), False),
        (httpx2.WriteTimeout("slow"), False),
        (httpx2.ReadError("reset"), False),
        (httpx2.WriteError("reset"), False),
        (httpx2.RemoteProtocolError("half a reply"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_was_never_sent_certainly_had_no_effect(
    error: httpx2.RequestError, certain: bool
) -> None:
    assert was_never_sent(error) is certain


def test_a_pause_comes_while_attempts_and_time_are_left() -> None:
    policy = RetryPolicy(retry_count=2, backoff=0, backoff_factor=1)
    error = AnaplanException("x", retryable=True)
    assert policy.pause_before_retry(error, Retry.SAFE, 2, 0.1) == 0
    assert policy.pause_before_retry(error, Retry.SAFE, 3, 9) is None
    assert policy.pause_before_retry(error, Retry.SAFE, 1, 0) is None
    assert policy.pause_before_retry(error, Retry.IF_NOT_PERFORMED, 1, 9) is None
    asked = AnaplanException("x", retryable=True, retry_after=7)
    assert policy.pause_before_retry(asked, Retry.SAFE, 1, 7.1) == 7
    assert policy.pause_before_retry(asked, Retry.SAFE, 1, 7) is None
    assert policy.pause_before_retry(error, Retry.SAFE, 1, None) == 0


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({}, None),
        ({"max_time": 10}, 10),
        ({"deadline": 5}, 5),
        ({"max_time": 10, "deadline": 5}, 5),
        ({"max_time": 0, "deadline": 5}, 0),
    ],
    ids=str,
)
def test_the_smaller_limit_ends_the_retries(
    limits: dict[str, float], seconds: float | None
) -> None:
    assert RetryPolicy(2, 1.0, 2.0, **limits).retry_time == seconds


@pytest.mark.parametrize("date", [{}, {"Date": "today"}], ids=["none", "invalid"])
def test_a_date_without_the_replys_own_is_compared_with_this_machines_clock(
    date: dict[str, str],
) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=30)
    headers = {"Retry-After": format_datetime(moment, usegmt=True), **date}
    seconds = retry_after(httpx2.Headers(headers))
    assert seconds is not None
    assert 20 < seconds <= 30
