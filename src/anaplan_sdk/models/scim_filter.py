"""Filters of SCIM users, as far as Anaplan has them."""

from __future__ import annotations

import json
import re
from typing import Final, Literal, NoReturn, TypeAlias, get_args

from anaplan_sdk.models._filters import Expression, Operator, join, misplaced

AnaplanFilterFields: TypeAlias = Literal[
    "id", "externalId", "userName", "name.familyName", "name.givenName", "active"
]
"""What users can be filtered by."""

# RFC 7644 has these, too; Anaplan answers them with 400.
_LACKING: Final = ("not", "co", "sw", "ew")
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|(?P<open>")|(?P<path>[\[\]])|(?P<word>[^\s()"\[\]]+)|[\s()]'
)


class FilterExpression(Expression):
    """A filter of users: comparisons of `field(...)`, joined by `&` and `|`."""

    __slots__ = ()

    def __and__(self, other: FilterExpression) -> FilterExpression:
        return join("and", self, other, FilterExpression)

    def __or__(self, other: FilterExpression) -> FilterExpression:
        return join("or", self, other, FilterExpression)

    def __rand__(self, other: object) -> NoReturn:
        raise misplaced()

    def __ror__(self, other: object) -> NoReturn:
        raise misplaced()

    def __invert__(self) -> NoReturn:
        raise TypeError("Anaplan's filters have no `not`: use != or the opposite comparison.")


class FilterField(FilterExpression):
    """A field to compare with `==`, `!=`, `<`, `<=`, `>` or `>=`; by itself: users who have it."""

    __slots__ = ("_name",)

    def __init__(self, name: AnaplanFilterFields) -> None:
        if name not in get_args(AnaplanFilterFields):
            known = ", ".join(get_args(AnaplanFilterFields))
            raise ValueError(f"Anaplan can't filter users by {name!r}, only by {known}.")
        super().__init__(f"{name} pr")
        self._name = name

    # A comparison is a filter here, as in other libraries that write queries.
    def __eq__(self, value: object) -> FilterExpression:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._compare("eq", value)

    def __ne__(self, value: object) -> FilterExpression:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._compare("ne", value)

    def __lt__(self, value: str) -> FilterExpression:
        return self._compare("lt", value)

    def __le__(self, value: str) -> FilterExpression:
        return self._compare("le", value)

    def __gt__(self, value: str) -> FilterExpression:
        return self._compare("gt", value)

    def __ge__(self, value: str) -> FilterExpression:
        return self._compare("ge", value)

    __hash__ = None  # type: ignore[assignment]

    def present(self) -> FilterExpression:
        """Users who have the field at all (`pr`)."""
        return FilterExpression(str(self))

    def _compare(self, operator: str, value: object) -> FilterExpression:
        if self._name == "active":
            if not isinstance(value, bool) or operator not in ("eq", "ne"):
                raise TypeError("active is compared by == or != with True or False.")
        elif value is None:
            raise TypeError(
                "Anaplan can't find what is absent, only what is: field(...).present()."
            )
        elif not isinstance(value, str):
            raise TypeError(f"{self._name} is compared with text, not {type(value).__name__}.")
        return FilterExpression(f"{self._name} {operator} {json.dumps(value, ensure_ascii=False)}")


def field(name: AnaplanFilterFields) -> FilterField:
    """A field of users, to filter `client.scim.get_users` by.

        client.scim.get_users((field("name.familyName") == "Doe") & (field("active") == True))

    Args:
        name: The field, by SCIM's name.

    Raises:
        ValueError: Anaplan can't filter by it.
    """
    return FilterField(name)


def checked_filter(predicate: str | FilterExpression) -> str:
    """A filter as it is sent.

    Raises:
        ValueError: It has what SCIM knows and Anaplan doesn't.
    """
    text = str(predicate)
    if not text.strip():
        raise ValueError("The filter is empty: leave it out to get all users.")
    if isinstance(predicate, Expression):
        return text
    for token in _TOKEN.finditer(text):
        if token["open"]:
            raise ValueError('The filter has a " that is never closed.')
        if token["path"]:
            raise ValueError("Anaplan's filters have no [ ]: compare a field such as userName.")
        if (token["word"] or "").lower() in _LACKING:
            raise ValueError(
                f"Anaplan's filters have no {token['word']!r}, only eq, ne, gt, ge, lt, le and pr, "
                "joined by and, or and parentheses."
            )
    return text


__all__ = [
    "AnaplanFilterFields",
    "FilterExpression",
    "FilterField",
    "Operator",
    "checked_filter",
    "field",
]
