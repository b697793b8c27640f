"""Identifiers and secrets as they are passed in: copied, pasted, or read from a table.

Whitespace around an identifier is removed. A secret with whitespace around it is refused, and never
quoted: it may be one that was cut off, and the HTTP library would show it in its own error.
"""

from __future__ import annotations

import os
import re
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import SupportsInt, TypeGuard, cast

from anaplan_sdk._base_exceptions import ArgumentTypeException, InvalidArgumentException

# Visible ASCII, as a header can carry it.
TOKEN_PATTERN = "[!-~]+"  # noqa: S105 - a pattern
NOT_ASCII = "it contains a character outside ASCII"
# A number of a float column that was written as text.
_FLOAT_TEXT = re.compile(r"(\d+)\.0+")


def identifier(value: object) -> str:
    """Return the text of an id: without whitespace around it, and without the `.0` of a float.

    Args:
        value: The id.

    Returns:
        The text that Anaplan is sent.

    Raises:
        InvalidArgumentException: It is empty, or not an integer.
        ArgumentTypeException: It is neither text nor a number.
    """
    if isinstance(value, str):
        text = value.strip()
        is_float = _FLOAT_TEXT.fullmatch(text)
        if not text.strip("."):
            raise InvalidArgumentException(f"{value!r} is not a valid id.")
        return is_float[1] if is_float else text
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise ArgumentTypeException(f"An id must be text or an integer, not {_kind(value)}.")
    if not isinstance(value, Integral) and value % 1 != 0:  # NaN and infinity, too
        raise InvalidArgumentException(f"{value!r} is not a valid id: it is not an integer.")
    return str(int(cast("SupportsInt", value)))


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with `~` expanded.

    Args:
        path: The path.

    Returns:
        The path.

    Raises:
        InvalidArgumentException: It begins with `~`, and there is no home folder.
    """
    # Unlike `Path.expanduser`, it leaves a file such as `~backup.csv` as it is.
    found = Path(os.path.expanduser(path))  # noqa: PTH111
    if found.parts[:1] == ("~",):
        raise InvalidArgumentException(
            f"{str(path)!r} begins with '~', and this user has no home folder: write the whole "
            "path, or set HOME."
        )
    return found


def is_token(value: object) -> TypeGuard[str]:
    """Whether a header can carry the value as a token."""
    return isinstance(value, str) and re.fullmatch(TOKEN_PATTERN, value) is not None


def check_token(name: str, value: object) -> None:
    """Refuse a value that no header can carry as a token.

    Raises:
        InvalidArgumentException: It can't be sent.
        ArgumentTypeException: It is not text.
    """
    if not isinstance(value, str):
        raise ArgumentTypeException(f"{name} must be a str, not {_kind(value)}.")
    if not is_token(value):
        flaw = flaw_of(value) or ("it contains a blank" if " " in value else NOT_ASCII)
        raise InvalidArgumentException(f"{name} can't be sent in a header: {flaw}.")


def check_secret(name: str, value: object, *, may_have_blanks: bool = False) -> None:
    """Refuse a secret that was not copied exactly.

    Args:
        name: The name of the argument, for the error.
        value: The secret.
        may_have_blanks: Whether blanks around it may belong to it, as to a password.

    Raises:
        InvalidArgumentException: It is empty, contains a line end or another control character, or
            has whitespace around it.
        ArgumentTypeException: It is not text.
    """
    if not isinstance(value, str):
        raise ArgumentTypeException(f"{name} must be a str, not {_kind(value)}.")
    if flaw := flaw_of(value.strip(" ") if may_have_blanks and value.strip() else value):
        raise InvalidArgumentException(f"{name} is not valid: {flaw}.")


def flaw_of(value: str) -> str | None:
    """Name the whitespace around a text, or the control character in it; None if it has none."""
    if not value.strip():
        return "it is empty"
    for verb, character in (("ends", value[-1]), ("begins", value[0])):
        if character.isspace():
            what = "line end" if character in "\r\n" else "blank"
            return f"it {verb} with a {what}"
    if any(character in "\r\n" for character in value):
        return "it contains a line end"
    if any(ord(character) < ord(" ") or character == "\x7f" for character in value):
        return "it contains a control character"
    return None


def _kind(value: object) -> str:
    return type(value).__name__
