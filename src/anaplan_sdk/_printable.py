"""Text from outside, such as a reply's, without characters that would change how it is shown."""

from __future__ import annotations

import re

# Escape sequences of terminals begin with a control character, and bidirectional controls reorder
# what is shown. Left out are the joiners, which several scripts and emoji need.
_CONTROL = re.compile(
    "[\0-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def printable(text: str, *, lines: bool = False) -> str:
    """Replace control characters: white space by a space, others by U+FFFD.

    Args:
        text: The text.
        lines: Whether line feeds stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub(lambda found: _replacement(found[0], lines), text)


def _replacement(character: str, lines: bool) -> str:
    if character == "\n" and lines:
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"
