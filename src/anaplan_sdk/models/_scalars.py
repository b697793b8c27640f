"""Which Python, numpy, pandas and Arrow scalars are sent as values, and as what.

docs/guides/transactional.md has this as a table.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, TypeAlias

Scalar: TypeAlias = bool | int | float | str | date | None
"""A value that JSON and Anaplan have: `None` is an empty one, a date has no time of day."""


def to_scalar(value: Any) -> Scalar:
    """Convert a value of a cell, a property or a column to what is sent.

    Other libraries' scalars are recognized by their interface; none of these libraries is imported.

    Args:
        value: The value.

    Returns:
        The value as one of Python's own types. A `float32` becomes the shortest number that stands
        for it, a whole `Decimal` an int, a `datetime` at midnight a date, a missing value (`None`,
        `pandas.NA`, `NaT`) None.

    Raises:
        ValueError: The value is not finite, has a time of day, or is of another type.
    """
    plain = value.value if isinstance(value, Enum) else value
    if plain is None or type(plain).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(plain, float | Decimal):
        return _finite(plain)
    if isinstance(plain, datetime):
        return _date_of(plain)
    return plain if isinstance(plain, int | str | date) else _foreign(plain)


def to_cell(value: Any) -> Scalar:
    """Convert the value of a cell: Anaplan refuses nulls, and an empty text empties a cell.

    Args:
        value: The value.

    Returns:
        What is sent.

    Raises:
        ValueError: The value cannot be sent.
    """
    scalar = to_scalar(value)
    return "" if scalar is None else scalar


def to_key(value: Any) -> str | None:
    """Convert an id, a code or a name to text: a column of integers with gaps has floats.

    Args:
        value: A text or a whole number; None for none.

    Returns:
        The text.

    Raises:
        ValueError: The value is neither.
    """
    scalar = to_scalar(value)
    if scalar is None or isinstance(scalar, str):
        return scalar
    if isinstance(scalar, int | float) and not isinstance(scalar, bool) and scalar == int(scalar):
        return str(int(scalar))
    raise ValueError(f"{value} is neither a text nor a whole number")


def _foreign(value: Any) -> Scalar:
    """Convert a scalar of numpy or Arrow."""
    if hasattr(value, "as_py"):
        return to_scalar(value.as_py())
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        if type(value).__name__ == "MaskedConstant":
            return None
        if value.dtype.kind == "f":
            return _finite(float(str(value)))
        if value.dtype.kind == "M":  # In nanoseconds it would become an int.
            return to_scalar(value.astype("datetime64[us]").item())
        if value.dtype.kind in "biuU":
            return to_scalar(value.item())
    raise ValueError(f"{type(value).__name__} cannot be sent as a value")


def _finite(value: float | Decimal) -> int | float:
    if not isfinite(value):
        raise ValueError(f"{value} is not a finite number; None stands for an empty value")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return float(value)


def _date_of(value: datetime) -> date:
    # NaT of pandas was recognized before; NaT of numpy has become None.
    if value.time() != time.min:
        raise ValueError(f"{value} has a time of day, and Anaplan has dates only: use its date()")
    return value.date()
