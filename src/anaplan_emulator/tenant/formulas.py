"""Formulas: constants, and sums of a module's number line items such as `Units - Returns`."""

import re
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator.tenant.data_types import DataType, parser

_TERM = re.compile(r"\s*([+-])?\s*('[^']+'|[^'+-]+)")


@dataclass(frozen=True, slots=True)
class Term:
    """A line item in a sum."""

    sign: Literal["+", "-"]
    name: str


def is_constant(formula: str, data_type: DataType) -> bool:
    """Return whether a formula is a constant, such as TRUE, 12.5 or "text"."""
    if data_type is DataType.LIST:
        return False
    try:
        parser(data_type)(formula.strip('"'))
    except ValueError:
        return False
    return True


def terms(formula: str) -> list[Term]:
    """Split a sum into its terms. Names with signs are quoted, as in `'Pre-orders' + Units`.

    Raises:
        ValueError: The formula is not a sum.
    """
    found: list[Term] = []
    position = 0
    while position < len(formula):
        match = _TERM.match(formula, position)
        if match is None or (found and match[1] is None):
            raise ValueError(f"{formula} is neither a constant nor a sum of line items")
        name = match[2].strip().strip("'")
        found.append(Term("-" if match[1] == "-" else "+", name))
        position = match.end()
    return found
