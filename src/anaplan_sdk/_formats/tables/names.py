"""How names are compared, and how error messages show names and texts."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_NAMES = 20
_MOST_CHARACTERS = 40


def folded(text: str) -> str:
    """Return a name or code as Anaplan compares it: without whitespace around it, in any case."""
    return text.strip().casefold()


def listed(names: Iterable[str]) -> str:
    """Return names in quotes, at most 20 of them."""
    every = list(names)
    shown = ", ".join(map(repr, every[:_MOST_NAMES]))
    left = len(every) - _MOST_NAMES
    return f"{shown}, and {left} more" if left > 0 else shown


def shortened(text: str, most: int = _MOST_CHARACTERS) -> str:
    """Return the beginning of a text that is longer than `most` characters."""
    return text if len(text) <= most else f"{text[:most]}…"
