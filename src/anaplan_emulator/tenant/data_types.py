"""Data types of line items and properties: parsing texts into stored values, and rendering them.

A stored value is a number, a string, 1 for true, an ISO date, or the key of a list item. None is
the empty value of every type, which Anaplan shows as 0, as false or as nothing.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

Stored = int | float | str | None

_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d+)?")
# Python accepts more of ISO 8601, such as weeks and dates without hyphens.
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_BOOLEANS = {"true": 1, "1": 1, "yes": 1, "false": None, "0": None, "no": None}
# Greater numbers are written with an exponent: their digits would fill a page.
_LONGEST_INTEGERS = 10**21


class DataType(StrEnum):
    """The data types of line items and list properties."""

    NUMBER = "NUMBER"
    TEXT = "TEXT"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    LIST = "LIST"

    @property
    def in_exports(self) -> str:
        """Its name in the metadata of exports."""
        return "ENTITY" if self is DataType.LIST else self.value


def parse_number(text: str) -> Stored:
    """Parse a number with a decimal point; commas may group thousands."""
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    value = float(text.replace(",", ""))
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def parse_number_with_comma(text: str) -> Stored:
    """Parse a number with a decimal comma; points may group thousands."""
    return parse_number(text.translate(str.maketrans(",.", ".,")))


def parse_boolean(text: str) -> Stored:
    """Parse any of the spellings of a boolean that Anaplan accepts."""
    if not text:
        return None
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def parse_date(text: str) -> Stored:
    """Parse an ISO date; the time of day of a full timestamp is dropped."""
    if not text:
        return None
    if not _DATE.match(text):
        raise ValueError(text)
    day = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    return day.isoformat()


def parse_text(text: str) -> Stored:
    """Return the text unchanged; an empty one is None."""
    return text or None


def parser(data_type: DataType, decimal_separator: str = ".") -> Callable[[str], Stored]:
    """Return the function that parses texts of a type other than LIST."""
    if data_type is DataType.NUMBER:
        return parse_number if decimal_separator == "." else parse_number_with_comma
    return {
        DataType.TEXT: parse_text,
        DataType.BOOLEAN: parse_boolean,
        DataType.DATE: parse_date,
    }[data_type]


def render(data_type: DataType, value: Stored) -> str:
    """Write a stored value as an export shows it. A list item is given by its label."""
    return renderer(data_type)(value)


def renderer(data_type: DataType) -> Callable[[Stored], str]:
    """Return the function that writes stored values of a type."""
    if data_type is DataType.NUMBER:
        return _render_number
    return _render_boolean if data_type is DataType.BOOLEAN else _render_text


# Cells often have the same numbers.
@lru_cache(maxsize=4096)
def _render_number(value: Stored) -> str:
    number = float(value or 0)
    if number.is_integer() and abs(number) < _LONGEST_INTEGERS:
        return str(int(number))
    return repr(number)


def _render_boolean(value: Stored) -> str:
    return "true" if value else "false"


def _render_text(value: Stored) -> str:
    return "" if value is None else str(value)
