"""Filters of the SCIM API: the part of RFC 7644's that Anaplan takes (facts 7)."""

import json
import operator
import re
from collections.abc import Callable, Mapping

Value = str | bool | None
Test = Callable[[Mapping[str, Value]], bool]

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
_DEEPEST = 50


class FilterError(ValueError):
    """A filter that can't be read, or that asks for what isn't available."""


def parse_filter(text: str) -> Test:
    """Read a filter; what it makes tells of a user's attributes whether they fit.

    Raises:
        FilterError: It isn't a filter, or one with attributes or operators that aren't available.
    """
    parser = _Parser(_TOKEN.findall(text.strip()))
    test = parser.either(0)
    if parser.next is not None:
        raise FilterError(f"Invalid filter: unexpected {parser.next}")
    return test


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def either(self, depth: int) -> Test:
        tests = [self._both(depth)]
        while self._took("or"):
            tests.append(self._both(depth))
        return lambda user: any(test(user) for test in tests)

    def _both(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._took("and"):
            tests.append(self._one(depth))
        return lambda user: all(test(user) for test in tests)

    def _one(self, depth: int) -> Test:
        if not self._took("("):
            return self._comparison()
        if depth >= _DEEPEST:
            raise FilterError("Invalid filter: too many parentheses")
        test = self.either(depth + 1)
        if not self._took(")"):
            raise FilterError("Invalid filter: a parenthesis is not closed")
        return test

    def _comparison(self) -> Test:
        word = self._take("an attribute")
        attribute = ATTRIBUTES.get(word.lower())
        if attribute is None:
            raise FilterError(f"Invalid filter: attribute {word} is not supported")
        written = self._take("an operator")
        name = written.lower()
        if name not in _OPERATORS:
            raise FilterError(f"Invalid filter: operator {written} is not supported")
        if name == "pr":
            return lambda user: user[attribute] not in (None, "")
        wanted = _value(attribute, self._take("a value"))
        if name == "eq":
            return lambda user: _fold(user[attribute]) == wanted
        if name == "ne":
            return lambda user: _fold(user[attribute]) != wanted
        if not isinstance(wanted, str):
            raise FilterError(f"Invalid filter: operator {written} is not for {attribute}")
        compare, text = _COMPARISONS[name], wanted

        def test(user: Mapping[str, Value]) -> bool:
            value = _fold(user[attribute])
            return isinstance(value, str) and compare(value, text)

        return test

    def _took(self, word: str) -> bool:
        if self.next is None or self.next.lower() != word:
            return False
        self._at += 1
        return True

    def _take(self, what: str) -> str:
        token = self.next
        if token is None:
            raise FilterError(f"Invalid filter: {what} is missing at its end")
        self._at += 1
        return token


def _value(attribute: str, token: str) -> str | bool:
    if attribute == "active":
        if token.lower() not in ("true", "false"):
            raise FilterError("Invalid filter: active is compared with true or false")
        return token.lower() == "true"
    if len(token) < 2 or not token.startswith('"'):
        raise FilterError(f"Invalid filter: the value {token} is not in double quotes")
    try:
        text: str = json.loads(token)
    except ValueError as error:
        raise FilterError(f"Invalid filter: the value {token} can't be read") from error
    return text.lower()


def _fold(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value
