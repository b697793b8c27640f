"""How alike the name of a column and that of a field are, which is how mappings are guessed."""

from __future__ import annotations

import re

_SHORTEST_PREFIX, _SHORTEST_SUBSEQUENCE = 2, 4


def words_of(name: str) -> list[str]:
    """Split a name into words, without the s of plurals.

    Args:
        name: The name.

    Returns:
        The words in lower case.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [_singular(each) for each in re.findall(r"[^\W_]+", spaced.casefold())]


def similarity(column: str, field: str) -> float:
    """Return how alike two names are.

    Args:
        column: The name of a column, often an abbreviation.
        field: The name of a property, a line item or a list.

    Returns:
        From 0 for nothing in common to 1 for the same name.
    """
    short, long = words_of(column), words_of(field)
    if not short or not long:
        return 0.0
    joined, whole = "".join(short), "".join(long)
    if joined == whole:
        return 1.0
    if sorted(short) == sorted(long):
        return 0.95
    checks = (
        (len(short) == len(long) and all(map(_abbreviates, short, long)), 0.85),
        (len(joined) >= _SHORTEST_PREFIX and whole.startswith(joined), 0.8),
        (len(joined) > len(whole) > _SHORTEST_PREFIX and joined.startswith(whole), 0.7),
        (short == long[-1:], 0.65),
        (len(joined) >= _SHORTEST_SUBSEQUENCE and _is_subsequence(joined, whole), 0.6),
        (set(long) <= set(short), 0.5),
    )
    return next((score for is_met, score in checks if is_met), 0.0)


def _abbreviates(short: str, long: str) -> bool:
    return len(short) >= _SHORTEST_PREFIX and long.startswith(short)


def _is_subsequence(short: str, long: str) -> bool:
    if short[0] != long[0]:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > _SHORTEST_SUBSEQUENCE:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 1 else word
