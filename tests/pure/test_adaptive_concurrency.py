"""How many requests are sent at a time, after connections have failed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._http.adaptive_concurrency import AdaptiveConcurrency


def begin(limit: AdaptiveConcurrency, count: int) -> None:
    for _ in range(count):
        limit.begin()


def test_a_failed_connection_halves_what_was_in_progress() -> None:
    limit = AdaptiveConcurrency(100)
    begin(limit, 40)
    assert limit.reduce(now=2.0, admitted_at=1.0)
    # Of 100 that may begin, 80 are withheld, as requests end.
    assert sum(limit.end(was_answered=False) for _ in range(40)) == 0


def test_connections_that_failed_together_count_once() -> None:
    limit = AdaptiveConcurrency(100)
    begin(limit, 100)
    assert limit.reduce(now=2.0, admitted_at=1.0)
    assert not limit.reduce(now=2.1, admitted_at=1.5)
    assert limit.reduce(now=3.0, admitted_at=2.5)


def test_one_request_is_always_allowed() -> None:
    limit = AdaptiveConcurrency(2)
    begin(limit, 2)
    assert limit.reduce(now=2.0, admitted_at=1.0)
    assert not limit.reduce(now=4.0, admitted_at=3.0)
    assert [limit.end(was_answered=False) for _ in range(2)] == [0, 1]


@given(
    most=st.integers(1, 50),
    events=st.lists(st.sampled_from(["begin", "answer", "fail", "lose"]), max_size=300),
)
def test_the_number_is_never_exceeded_and_comes_back(most: int, events: list[str]) -> None:
    limit, free, busy, now = AdaptiveConcurrency(most), most, 0, 0.0
    for event in events:
        now += 1
        if event == "begin" and free:
            free, busy = free - 1, busy + 1
            limit.begin()
        elif event != "begin" and busy:
            if event == "lose":
                limit.reduce(now, admitted_at=now)
            free, busy = free + limit.end(was_answered=event == "answer"), busy - 1
        assert 1 <= free + busy <= most
    for _ in range(4 * most + busy):
        if not busy:
            free, busy = free - 1, busy + 1
            limit.begin()
        free, busy = free + limit.end(was_answered=True), busy - 1
    assert free + busy == most
