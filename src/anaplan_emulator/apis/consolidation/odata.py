"""OData's `$filter` and `$orderby`, evaluated for rows of plain values.

This is the part of OData that the Financial Consolidation API documents: comparisons, `and`, `or`,
`not`, `in`, parentheses and string functions. As in OData, only `eq` and `ne` can be true for null.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Row = Mapping[str, Any]
Expression = Callable[[Row], Any]
Filter = Callable[[Row], bool]


class ODataError(ValueError):
    """An expression is not valid OData, or refers to an unknown column."""


class UnsupportedODataError(ODataError):
    """An expression is valid OData that the emulator does not support."""


_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign>[(),]))"
)
_MAX_DEPTH = 50
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
_UNSUPPORTED = frozenset(
    {"add", "sub", "mul", "div", "mod", "has", "concat", "indexof", "substring", "year", "month"}
)
_LITERALS = {"true": True, "false": False, "null": None}
_KEYWORDS = {"and", "or", "not", "eq", "ne", "in", *_ORDERINGS, *_LITERALS}


def parse_filter(text: str, columns: Collection[str]) -> Filter:
    """Parse a filter.

    Args:
        text: The filter, such as `Amount gt 100 and startswith(Entity_Name, '1')`.
        columns: Names of the columns.

    Returns:
        A function that returns whether a row matches.

    Raises:
        ODataError: The filter is not valid.
        UnsupportedODataError: The filter uses OData that is not supported.
    """
    parser = _Parser(text, columns)
    expression = parser.disjunction()
    parser.end()
    return lambda row: _is_true(expression(row))


def parse_order(text: str, columns: Collection[str]) -> list[tuple[str, bool]]:
    """Parse an order.

    Args:
        text: The order, such as `Entity_Name, Amount desc`.
        columns: Names of the columns.

    Returns:
        Names of columns, each with whether it is descending.

    Raises:
        ODataError: The order is not valid.
    """
    order = []
    for part in text.split(","):
        match part.split():
            case [name] | [name, "asc"] if name in columns:
                order.append((name, False))
            case [name, "desc"] if name in columns:
                order.append((name, True))
            case _:
                raise ODataError(f"cannot order by '{part.strip()}'")
    return order


class _Parser:
    """A recursive-descent parser."""

    def __init__(self, text: str, columns: Collection[str]) -> None:
        self._columns = columns
        self._depth = 0
        self._tokens = list(_tokens(text))
        self._next = 0

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise ODataError(f"unexpected {self._tokens[self._next][1]}")

    def disjunction(self) -> Expression:
        expression = self._conjunction()
        while self._accept("word", "or"):
            expression = _or(expression, self._conjunction())
        return expression

    def _conjunction(self) -> Expression:
        expression = self._negation()
        while self._accept("word", "and"):
            expression = _and(expression, self._negation())
        return expression

    def _negation(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ODataError("the filter is nested too deeply")
        try:
            if self._accept("word", "not"):
                negated = self._negation()
                return lambda row: not _is_true(negated(row))
            if self._accept("sign", "("):
                inner = self.disjunction()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Expression:
        left = self._value()
        if self._accept("word", "eq"):
            return _equal(left, self._value())
        if self._accept("word", "ne"):
            equal = _equal(left, self._value())
            return lambda row: not equal(row)
        if self._accept("word", "in"):
            choices = self._values()
            return lambda row: left(row) in [choice(row) for choice in choices]
        for word, compare in _ORDERINGS.items():
            if self._accept("word", word):
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
            case "word" if text in _UNSUPPORTED:
                raise UnsupportedODataError(f"{text} in a filter")
            case "word" if text not in _KEYWORDS:
                raise ODataError(f"no column is called '{text}'")
        raise ODataError(f"unexpected {text}")

    def _function(self, name: str) -> Expression:
        count, function = _FUNCTIONS[name]
        arguments = self._values()
        if len(arguments) != count:
            raise ODataError(f"{name} takes {count} arguments")

        def call(row: Row) -> object:
            values = [argument(row) for argument in arguments]
            if None in values:
                return None
            if not all(isinstance(value, str) for value in values):
                raise ODataError(f"{name} requires strings")
            result: object = function(*values)
            return result

        return call

    def _values(self) -> list[Expression]:
        self._expect("(")
        values = [self._value()]
        while self._accept("sign", ","):
            values.append(self._value())
        self._expect(")")
        return values

    def _accept(self, kind: str, text: str) -> bool:
        if self._tokens[self._next : self._next + 1] == [(kind, text)]:
            self._next += 1
            return True
        if kind == "word" and text == "and":
            self._reject_unsupported()
        return False

    def _reject_unsupported(self) -> None:
        for kind, text in self._tokens[self._next : self._next + 1]:
            if kind == "word" and text in _UNSUPPORTED:
                raise UnsupportedODataError(f"{text} in a filter")

    def _expect(self, sign: str) -> None:
        if not self._accept("sign", sign):
            raise ODataError(f"'{sign}' is missing")


def _tokens(text: str) -> Any:
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ODataError(f"cannot read '{text[position : position + 20].strip()}'")
        yield match.lastgroup, match[match.lastgroup]
        position = match.end()


def _is_true(value: object) -> bool:
    # The booleans of rows are 1 and 0.
    return value == 1


def _constant(value: object) -> Expression:
    return lambda _: value


def _or(left: Expression, right: Expression) -> Expression:
    return lambda row: _is_true(left(row)) or _is_true(right(row))


def _and(left: Expression, right: Expression) -> Expression:
    return lambda row: _is_true(left(row)) and _is_true(right(row))


def _equal(left: Expression, right: Expression) -> Expression:
    return lambda row: bool(left(row) == right(row))


def _ordered(
    left: Expression, right: Expression, compare: Callable[[Any, Any], bool]
) -> Expression:
    def compare_rows(row: Row) -> bool:
        left_value, right_value = left(row), right(row)
        if left_value is None or right_value is None:
            return False
        if isinstance(left_value, str) != isinstance(right_value, str):
            raise ODataError("a string and a number cannot be compared")
        return compare(left_value, right_value)

    return compare_rows
