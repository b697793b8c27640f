"""Filters of the SCIM API, restricted to what Anaplan supports. Part of `models.scim`."""

from __future__ import annotations

import json
import re
from typing import Final, Literal, NoReturn, TypeAlias, get_args

from anaplan_sdk._base_exceptions import ArgumentTypeException, InvalidArgumentException
from anaplan_sdk.models._filters import Expression, combine, precedence_error

AnaplanFilterFields: TypeAlias = Literal[
    "id", "externalId", "userName", "name.familyName", "name.givenName", "active"
]
"""The fields of a user that can be filtered by. Source: Anaplan SCIM API guide, "List users"."""

# Operators of RFC 7644, section 3.4.2.2, that Anaplan answers with 400.
_UNSUPPORTED: Final = ("not", "co", "sw", "ew")
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|(?P<open>")|(?P<path>[\[\]])|(?P<word>[^\s()"\[\]]+)|[\s()]'
)


class FilterExpression(Expression):
    """A filter of users: comparisons of `field(...)`, combined with `&` and `|`.

    Source: Anaplan SCIM API guide, "List users"; RFC 7644, section 3.4.2.2, "Filtering".
    """

    __slots__ = ()

    def __and__(self, other: FilterExpression) -> FilterExpression:
        return combine("and", self, other, FilterExpression)

    def __or__(self, other: FilterExpression) -> FilterExpression:
        return combine("or", self, other, FilterExpression)

    def __rand__(self, other: object) -> NoReturn:
        raise precedence_error()

    def __ror__(self, other: object) -> NoReturn:
        raise precedence_error()

    def __invert__(self) -> FilterExpression:
        raise ArgumentTypeException(
            "Anaplan does not support `not` in filters: use the opposite comparison."
        )


class FilterField(FilterExpression):
    """A field of users, to compare with `==`, `!=`, `<`, `<=`, `>` or `>=`.

    Without a comparison it is the filter of the users who have the field, and `~field(...)` of
    those who have not; `field("active")` is the filter of active users, and `~field("active")` of
    the others.

    Args:
        name: The name of the field in SCIM.

    Raises:
        InvalidArgumentException: Anaplan cannot filter by this field.
    """

    __slots__ = ("_name",)

    def __init__(self, name: AnaplanFilterFields) -> None:
        if name not in get_args(AnaplanFilterFields):
            known = ", ".join(get_args(AnaplanFilterFields))
            raise InvalidArgumentException(
                f"Anaplan cannot filter users by {name!r}, only by {known}."
            )
        super().__init__("active eq true" if name == "active" else f"{name} pr")
        self._name = name

    def __invert__(self) -> FilterExpression:
        return FilterExpression(f"{self._name} eq {'false' if self._name == 'active' else 'null'}")

    # A comparison returns a filter, as in other libraries for queries.
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
        """Filter for the users who have the field (`pr`).

        Returns:
            The filter.
        """
        return FilterExpression(f"{self._name} pr")

    def _compare(self, operator: str, value: object) -> FilterExpression:
        if self._name == "active":
            if not isinstance(value, bool) or operator not in ("eq", "ne"):
                raise ArgumentTypeException(
                    "active can only be compared with True or False, by == or !=."
                )
        elif value is None:
            raise ArgumentTypeException(
                f"{self._name} must be compared with text: field(...) finds the users who have it, "
                "~field(...) those who have not."
            )
        elif not isinstance(value, str):
            raise ArgumentTypeException(
                f"{self._name} must be compared with text, not {type(value).__name__}."
            )
        return FilterExpression(f"{self._name} {operator} {json.dumps(value, ensure_ascii=False)}")


def field(name: AnaplanFilterFields) -> FilterField:
    """Make a field of users, to filter `client.scim.get_users` by.

    Example:
        client.scim.get_users((field("name.familyName") == "Doe") & (field("active") == True))

    Args:
        name: The name of the field in SCIM.

    Returns:
        The field; compared with a value it is a filter, alone it is the filter of the users who
        have the field, or of active users; `~` negates it.

    Raises:
        InvalidArgumentException: Anaplan cannot filter by this field.

    Source: Anaplan SCIM API guide, "List users"; RFC 7644, section 3.4.2.2, "Filtering".
    """
    return FilterField(name)


def checked_filter(predicate: str | FilterExpression) -> str:
    """Check a filter for what Anaplan does not support.

    Args:
        predicate: The filter, or its text in SCIM's syntax.

    Returns:
        The text of the filter.

    Raises:
        InvalidArgumentException: The filter is empty, a text in it is not closed, or it uses
            something of SCIM that Anaplan does not support.

    Source: Anaplan SCIM API guide, "List users"; RFC 7644, section 3.4.2.2, "Filtering".
    """
    text = str(predicate)
    if not text.strip():
        raise InvalidArgumentException("The filter is empty: omit it to get all users.")
    if isinstance(predicate, Expression):
        return text
    for token in _TOKEN.finditer(text):
        if token["open"]:
            raise InvalidArgumentException('The filter has a " that is not closed.')
        if token["path"]:
            raise InvalidArgumentException(
                "Anaplan does not support [ ] in filters: compare a field such as userName."
            )
        if (token["word"] or "").lower() in _UNSUPPORTED:
            raise InvalidArgumentException(
                f"Anaplan does not support {token['word']!r} in filters: use eq, ne, gt, ge, lt, "
                "le and pr, combined with and, or and parentheses."
            )
    return text
