"""Filters of the SCIM API: the part of RFC 7644 that Anaplan supports.

Source: docs/anaplan-behaviour.md#scim-filters.
"""

import json
import operator
import re
from collections.abc import Callable, Mapping

Value = str | bool | None
Predicate = Callable[[Mapping[str, Value]], bool]

ATTRIBUTES = {
    name.lower(): name
    for name in ("id", "externalId", "userName", "name.givenName", "name.familyName", "active")
}
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_OPERATORS = frozenset({"eq", "ne", "pr", *_COMPARISONS})
_TOKEN = re.compile(r'\s*([()]|"(?:[^"\\]|\\.)*"|[^\s()"]+|.)', re.DOTALL)
_MAX_DEPTH = 50


class FilterError(ValueError):
    """A filter is malformed, or uses something that is not supported."""


def parse_filter(text: str) -> Predicate:
    """Parse a filter.

    Args:
        text: The filter, such as `userName eq "ada@example.com"`.

    Returns:
        A function that returns whether the attributes of a user match.

    Raises:
        FilterError: The filter is malformed, or an attribute or operator is not supported.
    """
    parser = _Parser(_TOKEN.findall(text.strip()))
    test = parser.disjunction(0)
    if parser.next is not None:
        raise FilterError(f"Invalid filter: unexpected {parser.next}")
    return test


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def disjunction(self, depth: int) -> Predicate:
        tests = [self._conjunction(depth)]
        while self._accept("or"):
            tests.append(self._conjunction(depth))
        return lambda user: any(test(user) for test in tests)

    def _conjunction(self, depth: int) -> Predicate:
        tests = [self._term(depth)]
        while self._accept("and"):
            tests.append(self._term(depth))
        return lambda user: all(test(user) for test in tests)

    def _term(self, depth: int) -> Predicate:
        if not self._accept("("):
            return self._comparison()
        if depth >= _MAX_DEPTH:
            raise FilterError("Invalid filter: too many parentheses")
        test = self.disjunction(depth + 1)
        if not self._accept(")"):
            raise FilterError("Invalid filter: a parenthesis is not closed")
        return test

    def _comparison(self) -> Predicate:
        word = self._expect("an attribute")
        attribute = ATTRIBUTES.get(word.lower())
        if attribute is None:
            raise FilterError(f"Invalid filter: attribute {word} is not supported")
        text = self._expect("an operator")
        name = text.lower()
        if name not in _OPERATORS:
            raise FilterError(f"Invalid filter: operator {text} is not supported")
        if name == "pr":
            return lambda user: user[attribute] not in (None, "")
        expected = _value(attribute, self._expect("a value"))
        if name == "eq":
            return lambda user: _fold(user[attribute]) == expected
        if name == "ne":
            return lambda user: _fold(user[attribute]) != expected
        if not isinstance(expected, str):
            raise FilterError(f"Invalid filter: operator {text} cannot be used with {attribute}")
        compare, limit = _COMPARISONS[name], expected

        def test(user: Mapping[str, Value]) -> bool:
            value = _fold(user[attribute])
            return isinstance(value, str) and compare(value, limit)

        return test

    def _accept(self, word: str) -> bool:
        if self.next is None or self.next.lower() != word:
            return False
        self._position += 1
        return True

    def _expect(self, what: str) -> str:
        token = self.next
        if token is None:
            raise FilterError(f"Invalid filter: {what} is missing at its end")
        self._position += 1
        return token


def _value(attribute: str, token: str) -> str | bool | None:
    if attribute == "active":
        if token.lower() not in ("true", "false"):
            raise FilterError("Invalid filter: active is compared with true or false")
        return token.lower() == "true"
    if token == "null":  # noqa: S105 - a published client compares with it to find users without a value.
        return None
    if len(token) < 2 or not token.startswith('"'):
        raise FilterError(f"Invalid filter: the value {token} is not in double quotes")
    try:
        text: str = json.loads(token)
    except ValueError as error:
        raise FilterError(f"Invalid filter: the value {token} cannot be read") from error
    return text.lower()


def _fold(value: Value) -> Value:
    """Return a value to compare; an empty text counts as no value."""
    return value.lower() or None if isinstance(value, str) else value
