"""Filters as Python expressions: joined by `&` and `|`, and safe from Python's own traps."""

from __future__ import annotations

from typing import Literal, NoReturn, TypeVar

Operator = Literal["and", "or"]
E = TypeVar("E", bound="Expression")


class Expression:
    """A filter, or a part of one. `str()` gives it as it is sent."""

    __slots__ = ("_joined_by", "_text")

    def __init__(self, text: str, joined_by: Operator | None = None) -> None:
        self._text = text
        self._joined_by = joined_by

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._text}>"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "A filter is neither true nor false: join filters by & and | instead of `and` and "
            "`or`, each comparison in parentheses of its own."
        )

    def _within(self, operator: Operator) -> str:
        # Parentheses wherever the two differ, so that nothing hangs on the server's precedence.
        return self._text if self._joined_by in (None, operator) else f"({self._text})"


def join(operator: Operator, left: Expression, right: object, kind: type[E]) -> E:
    """Both filters, or either of them.

    Raises:
        TypeError: The right one is no filter.
    """
    if not isinstance(right, kind):
        raise misplaced()
    text = f"{left._within(operator)} {operator} {right._within(operator)}"  # pyright: ignore[reportPrivateUsage]
    return kind(text, operator)


def misplaced() -> TypeError:
    """The error for `field == value & ...`, which Python reads as `field == (value & ...)`."""
    return TypeError(
        "Only filters can be joined by & and |. Python binds these closer than ==, so each "
        "comparison needs parentheses of its own: (... == ...) & (... == ...)."
    )
