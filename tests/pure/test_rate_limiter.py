"""When requests may go: so many a minute, and one by one after a pause."""

from collections import Counter, deque
from heapq import heappop, heappush
from itertools import count, cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anaplan_sdk._http.rate_limiter import (
    PUBLISHED_INTERVAL,
    SLOW_SECONDS,
    SLOWEST_INTERVAL,
    RateLimiter,
)


class Bucket:
    """Anaplan's side: a token bucket of ten a second."""

    def __init__(self, rate: float = 10.0, burst: float = 10.0) -> None:
        self.rate, self.burst = rate, burst
        self.level, self.at = burst, 0.0

    def takes(self, now: float) -> bool:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


def test_without_a_limit_nobody_waits() -> None:
    pace = RateLimiter()
    assert [pace.reserve(5.0) for _ in range(1000)] == [5.0] * 1000


def test_a_limit_is_kept_after_a_short_burst() -> None:
    pace = RateLimiter(600)
    moments = [pace.reserve(100.0) for _ in range(25)]
    assert moments[:5] == pytest.approx([100.0] * 5)
    assert moments[5:] == pytest.approx([100 + n / 10 for n in range(1, 21)])
    # What was not used in a while may come at once, but no more than that.
    assert [pace.reserve(200.0) for _ in range(6)] == pytest.approx([200.0] * 5 + [200.1])


def test_a_low_limit_allows_no_burst() -> None:
    pace = RateLimiter(30)
    assert [pace.reserve(0.0) for _ in range(3)] == [0.0, 2.0, 4.0]


@given(
    st.lists(st.floats(0, 2), min_size=1, max_size=200),
    st.lists(st.floats(0, 0.4), min_size=200, max_size=200),
)
def test_a_limited_client_never_overruns_the_bucket(
    pauses: list[float], travels: list[float]
) -> None:
    """However its callers come, and although requests take different times to arrive."""
    pace, bucket, now = RateLimiter(600), Bucket(), 0.0
    arrivals = []
    for pause, travel in zip(pauses, travels, strict=False):
        now += pause / 10
        arrivals.append(pace.reserve(now) + travel)
    assert all(bucket.takes(moment) for moment in sorted(arrivals))


def test_after_a_pause_callers_come_one_by_one() -> None:
    pace = RateLimiter()
    early = pace.reserve(10.0)
    pace.pause(10.5, 2.0, sent_at=early)
    assert not pace.keeps(11.0)
    moments = [pace.reserve(10.6) for _ in range(4)]
    assert moments == pytest.approx([12.5 + n * PUBLISHED_INTERVAL for n in range(4)])
    assert all(pace.keeps(moment) for moment in moments)
    late = 12.5 + SLOW_SECONDS
    assert [pace.reserve(late) for _ in range(3)] == [late] * 3


def test_those_who_cannot_wait_take_nobodys_turn() -> None:
    pace = RateLimiter(600)
    assert [pace.reserve(1.0, latest=1.25) for _ in range(7)][-1] == pytest.approx(1.2)
    assert [pace.reserve(1.0, latest=1.25) for _ in range(9)] == pytest.approx([1.3] * 9)
    assert pace.reserve(1.0) == pytest.approx(1.3)


def test_a_longer_pause_stays() -> None:
    pace = RateLimiter()
    pace.pause(0.0, 5.0, sent_at=0.0)
    pace.pause(1.0, 1.0, sent_at=0.0)
    assert pace.reserve(1.0) == 5.0


def test_a_volley_is_one_reason_to_be_slower() -> None:
    pace = RateLimiter()
    for answered in (1.0, 1.1, 1.2):
        pace.pause(answered, 1.0, sent_at=0.5)
    first, second = pace.reserve(2.0), pace.reserve(2.0)
    assert second - first == pytest.approx(PUBLISHED_INTERVAL)
    # Those that were sent since are another.
    pace.pause(3.0, 1.0, sent_at=2.5)
    first, second = pace.reserve(4.0), pace.reserve(4.0)
    assert second - first == pytest.approx(2 * PUBLISHED_INTERVAL)
    for moment in range(5, 15):
        pace.pause(moment, 1.0, sent_at=moment - 0.1)
    first, second = pace.reserve(20.0), pace.reserve(20.0)
    assert second - first == pytest.approx(SLOWEST_INTERVAL)


@settings(deadline=None)
@given(
    callers=st.integers(1, 30),
    requests=st.integers(1, 150),
    travels=st.lists(st.floats(0.001, 0.4), min_size=20, max_size=20),
    left=st.floats(0, 10),
    limit=st.sampled_from([None, 600.0, 6000.0]),
)
def test_everything_ends_well_where_ten_a_second_are_allowed(
    callers: int, requests: int, travels: list[float], left: float, limit: float | None
) -> None:
    """Nothing is refused a third time, which would be once too often; and the storm is one volley.

    Requests are sent by so many callers at a time. Anaplan asks for whole seconds.
    """
    pace, bucket = RateLimiter(limit), Bucket()
    bucket.level = left
    journeys = cycle(travels)
    waiting, under_way = deque(range(requests)), 0
    refused: Counter[int] = Counter()
    events: list[tuple[float, int, str, int, float]] = []
    order = count()

    def plan(moment: float, what: str, request: int, given: float = 0.0) -> None:
        heappush(events, (moment, next(order), what, request, given))

    now = 0.0
    while waiting or events:
        while waiting and under_way < callers:
            under_way += 1
            moment = pace.reserve(now)
            plan(moment, "turn", waiting.popleft(), moment)
        now, _, what, request, given = heappop(events)
        if what == "turn" and not pace.keeps(given):
            moment = pace.reserve(now)
            plan(moment, "turn", request, moment)
        elif what == "turn":
            plan(now + next(journeys), "arrival", request, now)
        elif what == "arrival":
            plan(now + next(journeys), "done" if bucket.takes(now) else "refusal", request, given)
        elif what == "back":
            waiting.append(request)
        else:
            under_way -= 1
            if what == "refusal":
                refused[request] += 1
                pace.pause(now, 1.0, sent_at=given)
                plan(now + 1.0, "back", request)
    assert max(refused.values(), default=0) <= 2
    assert refused.total() <= callers + 10
