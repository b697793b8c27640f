"""JSON of an input, read without losing or inventing anything."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

# Up to here, a floating-point number has every whole number.
_WHOLE_LIMIT = 2**53


class InvalidJson(ValueError):
    """The text is not JSON, or what it says is not clear.

    Args:
        problem: What is wrong.
        line: The line, from 1, if it is known.

    Attributes:
        line: The line.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def read_json(text: str) -> Any:
    """Read JSON.

    Args:
        text: The text.

    Returns:
        The value. Whole numbers are integers, since 1000.0 is how some programs write the code
        1000; a number with more digits than a float can have is a text.

    Raises:
        InvalidJson: The text is not JSON, has NaN or Infinity, or an object has a key twice.
    """
    try:
        return json.loads(
            text, parse_float=_number, parse_constant=_no_number, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        raise InvalidJson(error.msg, error.lineno) from None
    except InvalidJson:
        raise
    except ValueError:
        raise InvalidJson("a number has thousands of digits") from None
    except RecursionError:
        raise InvalidJson("it is nested too deeply") from None


def _number(text: str) -> int | float | str:
    number = float(text)
    if number.is_integer() and abs(number) <= _WHOLE_LIMIT:
        number = int(number)
    try:
        is_same = Decimal(text) == Decimal(repr(number))
    except InvalidOperation:  # Its exponent is beyond all limits.
        is_same = False
    return number if is_same else text


def _no_number(text: str) -> Any:
    raise InvalidJson(f"{text} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise InvalidJson(f"an object has the key {twice!r} twice")
    return found
