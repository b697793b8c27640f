"""Reading Anaplan's texts as values of a type; `dialect` has the rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite

from anaplan_sdk._formats.tables.arguments import Invalid
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Column, ColumnType, Kind
from anaplan_sdk._formats.tables.names import shortened
from anaplan_sdk.exceptions import InvalidArgumentException, UnexpectedValueException

_BOOLEANS = {"true": "true", "false": "false", "1": "true", "0": "false"}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_DECIMAL = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)
# More than any type of integers has.
_MAX_DIGITS = 100
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMESTAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<minute>\d\d:\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?)?"
    r"(?P<offset>Z|[-+]\d\d:\d\d)?",
    re.ASCII,
)
# The libraries write units as `timestamp[us]` and as `Timestamp(µs)`.
_UNIT = re.compile(r"[\[(](.?)s")
_FRACTION_DIGITS = {"": 0, "m": 3, "n": 9}


class CellReader:
    """Reads the texts of a column as values of a type.

    Args:
        library: The Arrow library.
        name: The column, for messages.
        column_type: The type of the values.
        invalid: What a text that is no value of the type becomes: an error, or null.
    """

    def __init__(
        self, library: ArrowLibrary, name: str, column_type: ColumnType, invalid: Invalid
    ) -> None:
        self._library = library
        self._name = name
        self._type = column_type
        self._invalid = invalid
        self._text = library.type(Kind.TEXT)

    def read(self, texts: Column, first_row: int) -> Column:
        """Read texts.

        Args:
            texts: The texts; null for an empty field.
            first_row: The index of the first one in the table.

        Returns:
            The values.

        Raises:
            UnexpectedValueException: A text is no value of the type, and that is an error.
        """
        if self._type == self._text:
            return texts
        if self._type.kind is Kind.DATE and (days := self._library.iso_days(texts)) is not None:
            return days
        values = self._library.cast(texts, self._type)
        if not self._are_exact(texts, values):
            values = self._library.cast(self._checked(texts, values), self._type)
        if values.null_count > texts.null_count and self._invalid == "error":
            self._refuse(texts, values, first_row)
        return values

    def _are_exact(self, texts: Column, values: Column) -> bool:
        """Whether all texts are values for sure: the libraries also convert others, with a loss."""
        match self._type.kind:
            case Kind.TEXT:
                return True
            case Kind.FLOAT:
                return self._type == self._library.type(Kind.FLOAT)
            case Kind.INTEGER:
                return values.null_count == texts.null_count
            case Kind.BOOLEAN | Kind.DATE:
                return self._library.are_equal(self._library.cast(values, self._text), texts)
            case _:
                return False

    def _checked(self, texts: Column, values: Column) -> Column:
        """Return the texts that are values, as both libraries read them, and null for others."""
        checked: Sequence[str | None]
        match self._type.kind:
            case Kind.INTEGER:
                checked = [text and _integer(text) for text in texts.to_pylist()]
            case Kind.BOOLEAN:
                checked = [text and _BOOLEANS.get(text.lower()) for text in texts.to_pylist()]
            case Kind.TIMESTAMP:
                checked = [text and self._timestamp(text) for text in texts.to_pylist()]
            case Kind.FLOAT | Kind.DECIMAL:
                pairs = zip(texts.to_pylist(), values.to_pylist(), strict=True)
                is_same = _is_same_decimal if self._type.kind is Kind.DECIMAL else _is_as_finite
                checked = [
                    text if value is not None and is_same(text, value) else None
                    for text, value in pairs
                ]
            case _:
                checked = [
                    text if text and _DAY.fullmatch(text) else None for text in texts.to_pylist()
                ]
        return self._library.column(checked, self._text)

    def _timestamp(self, text: str) -> str | None:
        """Return a timestamp that the type has without a loss."""
        parts = _TIMESTAMP.fullmatch(text)
        if parts is None or (parts["offset"] is None) != (self._type.zone is None):
            return None
        fraction = (parts["fraction"] or "").rstrip("0")
        unit = _UNIT.search(self._type.name)
        if unit is None or len(fraction) > _FRACTION_DIGITS.get(unit[1], 6):
            return None
        clock = f"{parts['minute'] or '00:00'}:{parts['second'] or '00'}"
        return f"{parts['day']}T{clock}{fraction and '.'}{fraction}{parts['offset'] or ''}"

    def _refuse(self, texts: Column, values: Column, first_row: int) -> None:
        pairs = zip(texts.to_pylist(), values.to_pylist(), strict=True)
        for row, (text, value) in enumerate(pairs, first_row):
            if text is not None and value is None:
                raise UnexpectedValueException(
                    f"Row {row:,}, column {self._name!r}: {shortened(text)!r} is not a value of "
                    f"type {self._type.name}. Read the column as text (schema={{{self._name!r}: "
                    "'text'}), or such values as null (invalid='null').",
                    row=row,
                    column=self._name,
                )


def _integer(text: str) -> str | None:
    """Return the digits of a whole number, which may be written with a decimal point."""
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if number.adjusted() > _MAX_DIGITS or number != number.to_integral_value():
        return None
    return str(int(number))


def _is_same_decimal(text: str, value: Decimal) -> bool:
    return bool(_DECIMAL.fullmatch(text)) and Decimal(text) == value


def _is_as_finite(text: str, value: float) -> bool:
    return isfinite(value) or not isfinite(float(text))


def check_invalid(invalid: str) -> None:
    """Check what becomes of texts that are no values.

    Raises:
        InvalidArgumentException: It is neither "error" nor "null".
    """
    if invalid not in ("error", "null"):
        raise InvalidArgumentException(f"invalid must be 'error' or 'null', not {invalid!r}.")
