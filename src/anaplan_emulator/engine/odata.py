"""Filters and orders as OData writes them, over rows of plain values.

The part of the language that the Financial Consolidation API is documented with: comparisons,
`and`, `or`, `not`, `in`, parentheses, and the functions on texts. Comparisons with null are as
OData says: only `eq` and `ne` can be true.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Row = Mapping[str, Any]
Expression = Callable[[Row], Any]
Filter = Callable[[Row], bool]


class ODataError(ValueError):
    """A text that isn't OData, or speaks of what isn't there."""


class UnsupportedODataError(ODataError):
    """OData, but more of it than is understood here."""


_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign>[(),]))"
)
_DEEPEST = 50
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "contains": (2, lambda text, part: part in text),
    "startswith": (2, lambda text, part: text.startswith(part)),
    "endswith": (2, lambda text, part: text.endswith(part)),
    "tolower": (1, str.lower),
    "toupper": (1, str.upper),
    "trim": (1, str.strip),
    "length": (1, len),
}
_UNKNOWN_WORDS = frozenset(
    {"add", "sub", "mul", "div", "mod", "has", "concat", "indexof", "substring", "year", "month"}
)
_LITERALS = {"true": True, "false": False, "null": None}
_KEYWORDS = {"and", "or", "not", "eq", "ne", "in", *_ORDERINGS, *_LITERALS}


def parse_filter(text: str, columns: Collection[str]) -> Filter:
    """Read a filter.

    Args:
        text: The filter, such as `Amount gt 100 and startswith(Entity_Name, '1')`.
        columns: The names that rows have.

    Raises:
        ODataError: It can't be read.
        UnsupportedODataError: It is more of OData than is understood here.
    """
    reader = _Reader(text, columns)
    found = reader.disjunction()
    reader.end()
    return lambda row: _holds(found(row))


def parse_order(text: str, columns: Collection[str]) -> list[tuple[str, bool]]:
    """Read an order: names of columns, and whether each goes down.

    Raises:
        ODataError: It can't be read.
    """
    order = []
    for part in text.split(","):
        match part.split():
            case [name] | [name, "asc"] if name in columns:
                order.append((name, False))
            case [name, "desc"] if name in columns:
                order.append((name, True))
            case _:
                raise ODataError(f"can't order by '{part.strip()}'")
    return order


class _Reader:
    """Reads from left to right, one token ahead."""

    def __init__(self, text: str, columns: Collection[str]) -> None:
        self._columns = columns
        self._depth = 0
        self._tokens = list(_tokens(text))
        self._next = 0

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise ODataError(f"unexpected {self._tokens[self._next][1]}")

    def disjunction(self) -> Expression:
        found = self._conjunction()
        while self._take("word", "or"):
            found = _either(found, self._conjunction())
        return found

    def _conjunction(self) -> Expression:
        found = self._negation()
        while self._take("word", "and"):
            found = _both(found, self._negation())
        return found

    def _negation(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ODataError("the filter is nested too deeply")
        try:
            if self._take("word", "not"):
                negated = self._negation()
                return lambda row: not _holds(negated(row))
            if self._take("sign", "("):
                inner = self.disjunction()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Expression:
        left = self._value()
        if self._take("word", "eq"):
            return _equal(left, self._value())
        if self._take("word", "ne"):
            equal = _equal(left, self._value())
            return lambda row: not equal(row)
        if self._take("word", "in"):
            choices = self._values()
            return lambda row: left(row) in [choice(row) for choice in choices]
        for word, compare in _ORDERINGS.items():
            if self._take("word", word):
                return _ordered(left, self._value(), compare)
        return left

    def _value(self) -> Expression:
        if self._next >= len(self._tokens):
            raise ODataError("the filter ends too early")
        kind, text = self._tokens[self._next]
        self._next += 1
        match kind:
            case "text":
                return _constant(text[1:-1].replace("''", "'"))
            case "number":
                return _constant(float(text) if re.search("[.eE]", text) else int(text))
            case "word" if text in _LITERALS:
                return _constant(_LITERALS[text])
            case "word" if text in self._columns:
                return operator.itemgetter(text)
            case "word" if text in _FUNCTIONS:
                return self._function(text)
            case "word" if text in _UNKNOWN_WORDS:
                raise UnsupportedODataError(f"{text} in a filter")
            case "word" if text not in _KEYWORDS:
                raise ODataError(f"no column is called '{text}'")
        raise ODataError(f"unexpected {text}")

    def _function(self, name: str) -> Expression:
        count, function = _FUNCTIONS[name]
        arguments = self._values()
        if len(arguments) != count:
            raise ODataError(f"{name} takes {count} values")

        def call(row: Row) -> object:
            values = [argument(row) for argument in arguments]
            if None in values:
                return None
            if not all(isinstance(value, str) for value in values):
                raise ODataError(f"{name} is for texts")
            result: object = function(*values)
            return result

        return call

    def _values(self) -> list[Expression]:
        self._expect("(")
        values = [self._value()]
        while self._take("sign", ","):
            values.append(self._value())
        self._expect(")")
        return values

    def _take(self, kind: str, text: str) -> bool:
        if self._tokens[self._next : self._next + 1] == [(kind, text)]:
            self._next += 1
            return True
        if kind == "word" and text == "and":
            self._refuse_arithmetic()
        return False

    def _refuse_arithmetic(self) -> None:
        for kind, text in self._tokens[self._next : self._next + 1]:
            if kind == "word" and text in _UNKNOWN_WORDS:
                raise UnsupportedODataError(f"{text} in a filter")

    def _expect(self, sign: str) -> None:
        if not self._take("sign", sign):
            raise ODataError(f"'{sign}' is missing")


def _tokens(text: str) -> Any:
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise ODataError(f"can't read '{text[place : place + 20].strip()}'")
        yield match.lastgroup, match[match.lastgroup]
        place = match.end()


def _holds(value: object) -> bool:
    # Booleans of rows are 1 and 0.
    return value == 1


def _constant(value: object) -> Expression:
    return lambda _: value


def _either(left: Expression, right: Expression) -> Expression:
    return lambda row: _holds(left(row)) or _holds(right(row))


def _both(left: Expression, right: Expression) -> Expression:
    return lambda row: _holds(left(row)) and _holds(right(row))


def _equal(left: Expression, right: Expression) -> Expression:
    return lambda row: bool(left(row) == right(row))


def _ordered(
    left: Expression, right: Expression, compare: Callable[[Any, Any], bool]
) -> Expression:
    def holds(row: Row) -> bool:
        one, other = left(row), right(row)
        if one is None or other is None:
            return False
        if isinstance(one, str) != isinstance(other, str):
            raise ODataError("a text and a number have no order")
        return compare(one, other)

    return holds
