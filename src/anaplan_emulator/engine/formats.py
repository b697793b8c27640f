"""Reading cell texts into stored values, and writing stored values as cell texts.

A stored value is what SQLite keeps: a number, a string, 1 for true, an ISO date, or the key of a
list item. ``None`` is the empty value of every format, which Anaplan shows as 0, false or nothing.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum

Stored = int | float | str | None

_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d+)?")
# Python takes more of ISO 8601 than people write: weeks, and dates without hyphens.
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_BOOLEANS = {"true": 1, "1": 1, "yes": 1, "false": None, "0": None, "no": None}
# Above this a float no longer holds every whole number, and "%d" would invent digits.
_EXACT_INTEGERS = 2**53


class DataType(StrEnum):
    """The formats a line item or a list property may have."""

    NUMBER = "NUMBER"
    TEXT = "TEXT"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    LIST = "LIST"

    @property
    def in_exports(self) -> str:
        """The name export metadata gives this format."""
        return "ENTITY" if self is DataType.LIST else self.value


def parse_number(text: str) -> Stored:
    """Read a number with a point for decimals; commas may group thousands."""
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    value = float(text.replace(",", ""))
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def parse_number_with_comma(text: str) -> Stored:
    """Read a number with a comma for decimals; points may group thousands."""
    return parse_number(text.translate(str.maketrans(",.", ".,")))


def parse_boolean(text: str) -> Stored:
    """Read true or false in any of the spellings Anaplan takes."""
    if not text:
        return None
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def parse_date(text: str) -> Stored:
    """Read an ISO date; the time of day of a full timestamp is dropped."""
    if not text:
        return None
    if not _DATE.match(text):
        raise ValueError(text)
    day = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    return day.isoformat()


def parse_text(text: str) -> Stored:
    """Take the text as it stands."""
    return text or None


def parser(data_type: DataType, decimal_separator: str = ".") -> Callable[[str], Stored]:
    """The function that reads texts of a format; list items need a lookup instead."""
    if data_type is DataType.NUMBER:
        return parse_number if decimal_separator == "." else parse_number_with_comma
    return {
        DataType.TEXT: parse_text,
        DataType.BOOLEAN: parse_boolean,
        DataType.DATE: parse_date,
    }[data_type]


def render(data_type: DataType, value: Stored) -> str:
    """Write a stored value as an export shows it; list items arrive here as their labels."""
    if data_type is DataType.NUMBER:
        return _render_number(float(value or 0))
    if data_type is DataType.BOOLEAN:
        return "true" if value else "false"
    return "" if value is None else str(value)


def _render_number(value: float) -> str:
    if value.is_integer() and abs(value) < _EXACT_INTEGERS:
        return str(int(value))
    return repr(value)
