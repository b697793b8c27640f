"""Filters written as Python expressions: comparisons, combined with `&` and `|`."""

from __future__ import annotations

from typing import Literal, NoReturn, TypeVar

from anaplan_sdk._base_exceptions import ArgumentTypeException

Operator = Literal["and", "or"]
E = TypeVar("E", bound="Expression")


class Expression:
    """A filter, or a part of one. `str()` returns it in the API's own syntax.

    Args:
        text: The filter in the API's own syntax.
        operator: The operator that combines its parts; None for a single comparison.
    """

    __slots__ = ("_operator", "_text")

    def __init__(self, text: str, operator: Operator | None = None) -> None:
        self._text = text
        self._operator = operator

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._text}>"

    def __bool__(self) -> NoReturn:
        raise ArgumentTypeException(
            "A filter has no truth value: combine filters with & and | instead of `and` and `or`, "
            "and put each comparison in parentheses."
        )

    def _operand_of(self, operator: Operator) -> str:
        # In parentheses where the operators differ, so as not to rely on the server's precedence.
        return self._text if self._operator in (None, operator) else f"({self._text})"


def combine(operator: Operator, left: Expression, right: object, kind: type[E]) -> E:
    """Combine two filters.

    Args:
        operator: The operator to combine them with.
        left: The left filter.
        right: The right filter.
        kind: The class of the right filter, and of the result.

    Returns:
        The combined filter.

    Raises:
        ArgumentTypeException: The right operand is not a filter of this class.
    """
    if not isinstance(right, kind):
        raise precedence_error()
    text = f"{left._operand_of(operator)} {operator} {right._operand_of(operator)}"  # pyright: ignore[reportPrivateUsage]
    return kind(text, operator)


def precedence_error() -> TypeError:
    """Make the error for `field == value & ...`, which Python reads as `field == (value & ...)`.

    Returns:
        The error.
    """
    return TypeError(
        "Only filters can be combined with & and |. Python binds these closer than ==, so put each "
        "comparison in parentheses: (... == ...) & (... == ...)."
    )
