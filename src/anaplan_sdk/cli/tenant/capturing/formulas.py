"""Which formulas the emulator calculates by itself: constants, and sums within a module."""

from __future__ import annotations

import re
from collections.abc import Collection

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_TEXT = re.compile(r'"[^"]*"')
_TERM = re.compile(r"\s*([+-])?\s*('[^']+'|[^'+\-*/()&<>=,\"\[\].:]+)")


def is_calculated(formula: str, data_format: str, numbers: Collection[str]) -> bool:
    """Return whether the emulator calculates a formula.

    Args:
        formula: The formula.
        data_format: The format of the line item.
        numbers: The number line items of the module that have no formula.

    Returns:
        Whether it is a constant or a sum of such line items.
    """
    formula = formula.strip()
    if data_format == "BOOLEAN":
        return formula.upper() in ("TRUE", "FALSE")
    if data_format == "TEXT":
        return _TEXT.fullmatch(formula) is not None
    if data_format != "NUMBER":
        return False
    return _NUMBER.fullmatch(formula) is not None or _is_sum(formula, numbers)


def _is_sum(formula: str, numbers: Collection[str]) -> bool:
    position = 0
    while position < len(formula):
        match = _TERM.match(formula, position)
        if match is None or (position and match[1] is None):
            return False
        if match[2].strip().strip("'") not in numbers:
            return False
        position = match.end()
    return bool(formula)
