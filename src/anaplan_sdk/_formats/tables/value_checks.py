"""What Anaplan surely does not read as a value of a type: numbers, booleans and dates.

Only what is certain counts: Anaplan accepts grouped digits, for example, and dates in the format
that an import was made for, which its API does not show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from anaplan_sdk._table_checks import CheckReason

ValueKind = Literal["number", "boolean", "date", "text"]

KINDS: Mapping[str, ValueKind] = {
    "NUMBER": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TEXT": "text",
}
"""What is checked of values of Anaplan's data types; nothing of others."""

EXACT_INTEGERS = 2**53
"""Up to this one, a number of Anaplan has every integer: it has 53 bits."""

_DASHES = frozenset("-\u2013\u2014\u2212")
_EXPONENT = re.compile(r"(?<=[\d.])[eE][-+]?(?=\d)")
# A date, a time, or a range, such as 2026-01-31, 31/01/2026, 08:30 and 1-2.
_PARTS = re.compile(r"\d\s*[-/:]\s*\d")
_INTEGER = re.compile(r"[-+]?\d{16,}")
_BOOLEANS = frozenset(("true", "false", "1", "0", "yes", "no", "y", "n", "t", "f", "on", "off"))


def check_value(kind: ValueKind, text: str) -> CheckReason | None:
    """Return why a text is certainly not a value of a type, or is not kept as it is.

    Args:
        kind: The type.
        text: The text, which is not empty.

    Returns:
        The reason; None if it is a value, or may be one.
    """
    if kind == "number":
        return _check_number(text)
    if kind == "boolean":
        return None if text.lower() in _BOOLEANS else CheckReason.NOT_A_BOOLEAN
    if kind == "date":
        return None if any(map(str.isdigit, text)) else CheckReason.NOT_A_DATE
    return None


def _check_number(text: str) -> CheckReason | None:
    if _INTEGER.fullmatch(text):
        return CheckReason.ROUNDED if is_rounded(int(text)) else None
    if text in _DASHES:  # Zero, as accountants write it.
        return None
    plain = _EXPONENT.sub("", text)
    is_number = (
        any(map(str.isdigit, plain))
        and not any(map(str.isalpha, plain))
        and not _PARTS.search(plain)
    )
    return None if is_number else CheckReason.NOT_A_NUMBER


def is_rounded(value: int | Decimal) -> bool:
    """Whether a number of Anaplan has fewer digits than an integer."""
    if -EXACT_INTEGERS <= value <= EXACT_INTEGERS:
        return False
    if isinstance(value, Decimal) and value != value.to_integral_value():
        return False
    try:
        return int(float(value)) != value
    except OverflowError:
        return True
