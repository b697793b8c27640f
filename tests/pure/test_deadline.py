"""Deadlines: what is left of the time, and what it limits."""

import time
from math import inf

import pytest

from anaplan_sdk._runtime.deadline import NO_DEADLINE, Deadline


def test_without_a_limit_nothing_expires() -> None:
    assert Deadline.after(None) is NO_DEADLINE
    assert not NO_DEADLINE.expired
    assert NO_DEADLINE.remaining() is None
    assert NO_DEADLINE.clamp(7.0) == 7.0
    assert Deadline.after(inf).remaining() is None


def test_what_is_left_becomes_less() -> None:
    deadline = Deadline.after(100)
    assert not deadline.expired
    first = deadline.remaining()
    assert first is not None
    assert 0 < first <= 100
    assert Deadline(time.monotonic() + 5).clamp(100) <= 5
    assert deadline.clamp(1) == 1
    second = deadline.remaining()
    assert second is not None
    assert second <= first


@pytest.mark.parametrize("seconds", [0, -1])
def test_what_has_expired_leaves_nothing(seconds: float) -> None:
    deadline = Deadline.after(seconds)
    assert deadline.expired
    assert deadline.remaining() == 0
    assert deadline.clamp(5) == 0
