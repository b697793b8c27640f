"""Values of rows as Anaplan takes them, by the format of a line item or a property."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

# From here on, a floating-point number has not every whole number.
_WHOLE_LIMIT = 2**53


def converted(value: Any, data_type: str) -> Any:
    """Convert a value of a row.

    Args:
        value: A text, as in CSV, or what JSON has; not an empty one.
        data_type: The format, such as `NUMBER`.

    Returns:
        A number, a boolean or a text. Texts of other formats, such as names of list items, are
        left to Anaplan.

    Raises:
        ValueError: The value does not fit.
    """
    if isinstance(value, list | dict):
        raise ValueError("an array or object is not a value")  # noqa: TRY004 - as for texts
    if data_type == "NUMBER":
        return _number(value)
    if data_type == "BOOLEAN":
        return boolean(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if data_type == "DATE":
        return _date(text.strip())
    return text


def boolean(value: Any) -> bool:
    """Convert a value to a boolean.

    Args:
        value: The value: true, false, 1, 0, yes or no.

    Returns:
        The boolean.

    Raises:
        ValueError: It is none of these.
    """
    found = _BOOLEANS.get(str(value).strip().lower())
    if found is None:
        raise ValueError(f"{value!r} is not true or false")
    return found


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is not a number")  # noqa: TRY004 - as for texts
    text = str(value).strip()
    try:
        # Python would take 1_000, too.
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a number such as -1234.5")
    if text.removeprefix("-").isdecimal():
        return int(text)
    if abs(number) >= _WHOLE_LIMIT and Decimal(text) != Decimal(repr(number)):
        raise ValueError(f"{text} has more digits than a number of Anaplan")
    return number


def _date(text: str) -> str:
    try:
        if len(text) != len("2026-01-31"):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as 2026-01-31") from None
