"""Ranges of numbers: what an argument accepts."""

from math import inf, nan
from typing import Any

import pytest

from anaplan_sdk._ranges import AT_LEAST_ONE, POSITIVE, Range, check_timeout


@pytest.mark.parametrize("timeout", [None, 0, 0.5, 7, inf])
def test_a_timeout_is_a_number_or_none(timeout: float | None) -> None:
    check_timeout(timeout)


@pytest.mark.parametrize("timeout", [-1, -0.1, nan, -inf])
def test_a_negative_timeout_is_refused_and_nan_is(timeout: float) -> None:
    with pytest.raises(ValueError, match=f"timeout must be at least 0, not {timeout}"):
        check_timeout(timeout)


@pytest.mark.parametrize(
    ("limits", "value", "expected"),
    [
        (AT_LEAST_ONE, 0, "size must be at least 1, not 0."),
        (AT_LEAST_ONE, 1.5, "size must be an integer, not float."),
        (Range(1, 2500), 2501, "size must be 1 to 2,500, not 2501."),
        (POSITIVE, 0, "size must be positive, not 0."),
        (POSITIVE, "7", "size must be an integer, not str."),
    ],
)
def test_other_numbers_are_refused(limits: Range, value: Any, expected: str) -> None:
    with pytest.raises((ValueError, TypeError)) as raised:
        limits.check("size", value, int)
    assert str(raised.value) == expected
