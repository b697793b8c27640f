"""What HTTP headers can carry (RFC 9110, section 5.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import httpx2

from anaplan_sdk._arguments import NOT_ASCII, flaw_of
from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!-~]([\t -~]*[!-~])?|")


def check_header_value(name: str, value: str) -> None:
    """Check that a header can carry a value, without ever quoting it.

    A surrounding space is refused as well, rather than removed: the value may be a secret, of which
    a copy with a space is not known to be complete.

    Args:
        name: Name of the option, for the error.
        value: The value.

    Raises:
        InvalidArgumentException: It contains a line break, another control character, a surrounding
            space or a character outside ASCII.
    """
    if not _VALUE.fullmatch(value):
        raise InvalidArgumentException(
            f"{name} can't be sent in a header: {flaw_of(value) or NOT_ASCII}."
        )


def check_headers(name: str, headers: Any) -> None:
    """Check headers that a caller gives.

    Args:
        name: Name of the option, for the error.
        headers: The headers: a mapping, or an iterable of pairs.

    Raises:
        ArgumentTypeException: They are something else.
        InvalidArgumentException: A name or a value can't be sent.
    """
    if headers is None:
        return
    pairs: Any = headers.raw if isinstance(headers, httpx2.Headers) else headers
    try:
        items: Iterable[Any] = pairs.items() if hasattr(pairs, "items") else list(pairs)
        texts = [(_text(key), _text(value)) for key, value in items]
    except (TypeError, ValueError):
        texts = None
    if texts is None:  # Outside of the except clause: its error may quote a value.
        raise ArgumentTypeException(
            f"{name} must be a mapping of names to values, all of type str."
        )
    for key, value in texts:
        if not _NAME.fullmatch(key):
            raise InvalidArgumentException(f"{name}: a name is empty, or can't be sent.")
        check_header_value(f"{name}: the value of {key!r}", value)


def _text(value: str | bytes) -> str:
    if not isinstance(value, str | bytes):
        raise TypeError
    # Bytes outside ASCII are obsolete, but may be sent.
    text = value if isinstance(value, str) else value.decode("ascii", "replace")
    return text if isinstance(value, str) else text.replace("\N{REPLACEMENT CHARACTER}", "x")
