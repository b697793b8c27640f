"""The ranges of numbers that arguments accept, such as options of a client."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from numbers import Integral, Real
from typing import Any

from anaplan_sdk._base_exceptions import ArgumentTypeException, InvalidArgumentException


@dataclass(frozen=True)
class Range:
    """The numbers that an argument accepts. Bounds are inclusive; `is_positive` excludes zero."""

    at_least: float
    at_most: float = inf
    is_positive: bool = False

    def check(self, name: str, value: Any, kind: type) -> None:
        """Check a value.

        Args:
            name: Name of the argument.
            value: Its value.
            kind: Its type: int for integers only.

        Raises:
            ArgumentTypeException: The value is not a number.
            InvalidArgumentException: The value is out of range.
        """
        if not isinstance(value, Integral if kind is int else Real):
            expected = "an integer" if kind is int else "a number"
            raise ArgumentTypeException(f"{name} must be {expected}, not {type(value).__name__}.")
        number: Any = value
        # NaN compares false with every bound.
        if not self.at_least <= number <= self.at_most or (self.is_positive and not number):
            raise InvalidArgumentException(f"{name} must be {self}, not {value}.")

    def __str__(self) -> str:
        if self.is_positive:
            return "positive"
        at_least = f"{self.at_least:,}"
        return f"at least {at_least}" if self.at_most == inf else f"{at_least} to {self.at_most:,}"


NOT_NEGATIVE = Range(0)
POSITIVE = Range(0, is_positive=True)
AT_LEAST_ONE = Range(1)


def check_timeout(timeout: float | None) -> None:
    """Check the timeout of a wait; `None` sets no limit.

    Raises:
        ArgumentTypeException: The timeout is not a number.
        InvalidArgumentException: The timeout is negative, or NaN.
    """
    if timeout is not None:
        NOT_NEGATIVE.check("timeout", timeout, float)


def check_part(part: tuple[int, int]) -> None:
    """Check which part of something is read, and of how many.

    Raises:
        ArgumentTypeException: It is not a pair of integers.
        InvalidArgumentException: There is no such part.
    """
    if not isinstance(part, tuple | list) or len(part) != 2:
        raise ArgumentTypeException(
            f"part must be a part's index, from 0, and the number of parts, not {part!r}."
        )
    index, count = part
    AT_LEAST_ONE.check("The number of parts", count, int)
    Range(0, count - 1).check("The index of a part", index, int)


def share(part: tuple[int, int], total: int) -> range:
    """Return which of a number of things, in their order, belong to a part.

    Args:
        part: The part's index, from 0, and the number of parts.
        total: The number of things.

    Returns:
        Their positions; those of all parts together are all.
    """
    index, count = part
    return range(index * total // count, (index + 1) * total // count)
