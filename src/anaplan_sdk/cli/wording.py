"""Words for the person: numbers with nouns, times, command lines, and lines that fit a terminal."""

from __future__ import annotations

import os
import re
import shlex
import sys
from datetime import UTC, datetime

# What is in quotes, which are no apostrophes: a command or a name.
_QUOTED = re.compile(r"(?<!\w)'[^'\n]*'(?!\w)")
# What double quotes do not keep as it is in every shell, and the quotes themselves.
_SPECIAL = frozenset("\"'$`\\!%")
_JOINT = "\0"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun.

    Args:
        count: The number.
        noun: The noun in the singular.

    Returns:
        The text, such as `1 item` or `2 items`.
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def utc_time(moment: datetime | None) -> str | None:
    """Return a moment as it is printed.

    Args:
        moment: The moment, with its time zone.

    Returns:
        The time in UTC, to the second; None for None.
    """
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def can_be_typed(word: str) -> bool:
    """Return whether a name can be typed in a command that a message has in single quotes.

    Args:
        word: The name.

    Returns:
        Whether it needs at most double quotes, and is not read as an option.
    """
    return not word.startswith("-") and word.isprintable() and not set(word) & _SPECIAL


def quoted(word: str) -> str:
    """Quote a word for a shell; double quotes, which every shell has, where they are enough.

    Args:
        word: The word.

    Returns:
        The word as it is typed.
    """
    if shlex.quote(word) == word:
        return word
    return shlex.quote(word) if set(word) & _SPECIAL else f'"{word}"'


def fitting(text: str) -> str:
    """Break the lines of a text between words if stderr is a terminal that is narrower.

    Commands and names in quotes are kept in one line if the terminal is wide enough for them.

    Args:
        text: The text.

    Returns:
        The text, to be printed to stderr.
    """
    width = _width()
    if width is None or all(len(line) <= width for line in text.split("\n")):
        return text
    return "\n".join(_wrapped(line, width) for line in text.split("\n"))


def _width() -> int | None:
    try:
        # Not that of stdout, which may be a file.
        if sys.stderr is not None and sys.stderr.isatty():
            return os.get_terminal_size(sys.stderr.fileno()).columns or None
    except (OSError, ValueError):
        pass
    return None


def _wrapped(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    import textwrap

    def joined(found: re.Match[str]) -> str:
        return found[0].replace(" ", _JOINT) if len(found[0]) <= width else found[0]

    lines = textwrap.wrap(
        _QUOTED.sub(joined, line),
        width,
        subsequent_indent=line[: len(line) - len(line.lstrip())],
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_JOINT, " ")
