"""Items' names and e-mail addresses inside formulas and the names of views, files and actions."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, TypeVar, cast

from anaplan_sdk.cli.tenant.capturing.capture_state import CaptureState
from anaplan_sdk.cli.tenant.capturing.pseudonyms import EMAIL, Pseudonyms

Described = TypeVar("Described")

_QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_MOST_WORDS = 8
_LONGEST_EXACT = 3
# Words of formulas, which may be the codes of items, too.
_WORDS = (
    *(
        "IF",
        "THEN",
        "ELSE",
        "AND",
        "OR",
        "NOT",
        "TRUE",
        "FALSE",
        "BLANK",
        "SUM",
        "LOOKUP",
        "SELECT",
    ),
    *(
        "ITEM",
        "NAME",
        "CODE",
        "PARENT",
        "ANY",
        "ALL",
        "MIN",
        "MAX",
        "AVERAGE",
        "ISBLANK",
        "FINDITEM",
    ),
    *("PREVIOUS", "NEXT", "OFFSET", "LAG", "LEAD", "START", "END", "DAY", "MONTH", "YEAR", "DATE"),
    *("ROUND", "ABS", "MOD", "LEFT", "RIGHT", "MID", "TEXT", "VALUE", "TIME", "VERSIONS", "POST"),
    *("csv", "txt", "from", "to", "into", "and", "the", "export", "import"),
)


class NameReplacer:
    """Replaces what identifies items and people inside texts that are kept otherwise.

    Args:
        state: Has the items.
        pseudonyms: What replaces them; None if nothing is replaced.
        structure: Names of lists, modules, line items and the like, which are kept.
        lists: The names of lists among them.
    """

    def __init__(
        self,
        state: CaptureState,
        pseudonyms: Pseudonyms | None,
        structure: Collection[str],
        lists: Collection[str],
    ) -> None:
        self._state = state
        self._pseudonyms = pseudonyms
        self._structure = {each.casefold() for each in (*structure, *_WORDS)}
        longest_first = sorted(map(re.escape, lists), key=len, reverse=True)
        self._item_of_list = re.compile(
            rf"(\b(?:{'|'.join(longest_first) or '(?!)'})'?\.)(\w+)", re.IGNORECASE
        )

    def in_name(self, text: str) -> str:
        """Replace items' names, codes and e-mail addresses in the name of an object.

        Args:
            text: The name.

        Returns:
            The name without them.
        """
        if self._pseudonyms is None:
            return text
        return self._without_items(self._pseudonyms.inside(text), in_formula=False)

    def in_formula(self, formula: str) -> str:
        """Replace items' names, codes and e-mail addresses in a formula.

        Quoted names that are not of the structure are replaced, whether they are known or not.

        Args:
            formula: The formula.

        Returns:
            The formula without them.
        """
        if self._pseudonyms is None or not formula:
            return formula
        formula = self._item_of_list.sub(self._after_list, self._pseudonyms.inside(formula))
        parts = _QUOTED.split(formula)
        for place, part in enumerate(parts):
            if place % 2:
                parts[place] = self._quoted(part)
            else:
                parts[place] = self._without_items(part, in_formula=True)
        return "".join(parts)

    def _after_list(self, found: re.Match[str]) -> str:
        if self._pseudonyms is None or found[2].casefold() in self._structure:
            return found[0]
        replacement = self._pseudonyms.text(found[2])
        return f"{found[1]}'{replacement}'" if " " in replacement else found[1] + replacement

    def _quoted(self, part: str) -> str:
        content = part[1:-1]
        if self._pseudonyms is None or not content or content.casefold() in self._structure:
            return part
        return f"{part[0]}{self._pseudonyms.text(content)}{part[0]}"

    def _without_items(self, text: str, *, in_formula: bool) -> str:
        """Replace the longest runs of words that are the name or the code of an item."""
        words = list(_WORD.finditer(text))
        result: list[str] = []
        end = place = 0
        while place < len(words):
            last, is_item = self._run(text, words, place)
            if is_item and self._pseudonyms is not None:
                start, stop = words[place].start(), words[last].end()
                replacement = self._pseudonyms.text(text[start:stop])
                if in_formula and " " in replacement:
                    replacement = f"'{replacement}'"
                result += [text[end:start], replacement]
                end = stop
            place = last + 1
        return "".join([*result, text[end:]])

    def _run(self, text: str, words: list[re.Match[str]], first: int) -> tuple[int, bool]:
        """Return the last word of the longest known run, and whether it is an item."""
        for last in range(min(len(words), first + _MOST_WORDS) - 1, first - 1, -1):
            run = text[words[first].start() : words[last].end()]
            if run.casefold() in self._structure:
                return last, False
            if self._is_item(run):
                return last, True
        return first, False

    def _is_item(self, run: str) -> bool:
        if run.isdigit() or (len(run) <= _LONGEST_EXACT and not run.isupper()):
            return False
        return self._state.is_item(run)


def without_addresses(described: Described, pseudonyms: Pseudonyms | None) -> Described:
    """Replace the e-mail addresses in names of lists, modules, line items and the like.

    Args:
        described: A name, or an object with names in its members, in a tenant file.
        pseudonyms: What replaces them; None if nothing is replaced.

    Returns:
        The same without them.
    """
    return described if pseudonyms is None else _replaced(described, pseudonyms)


def _replaced(described: object, pseudonyms: Pseudonyms) -> Any:
    if isinstance(described, str):
        return pseudonyms.inside(described) if EMAIL.search(described) else described
    if isinstance(described, dict):
        members = cast("dict[object, object]", described)
        return {
            _replaced(name, pseudonyms): _replaced(each, pseudonyms)
            for name, each in members.items()
        }
    if isinstance(described, list):
        return [_replaced(each, pseudonyms) for each in cast("list[object]", described)]
    return described
