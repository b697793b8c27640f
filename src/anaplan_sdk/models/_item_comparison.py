"""Whether items of a list that were to be added are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from anaplan_sdk.models.lists import NewListItem

_Item = Mapping[str, object]


def items_present(items: Iterable[NewListItem], there: Iterable[_Item]) -> bool | None:
    """Whether items are in a list, all of them and just as they were to be added.

    Args:
        items: What was to be added.
        there: The list's items, as Anaplan tells them.

    Returns:
        True if all are; False if there is none of their names and codes; `None` if it is neither,
        or can't be told.
    """
    names: dict[object, _Item] = {}
    codes: dict[object, _Item] = {}
    for one in there:
        names[one.get("name")] = one
        codes[one.get("code") or None] = one
    asked = list(items)
    keys = [item.code or item.name for item in asked]
    # Of two with the same key Anaplan refuses the second, and would have said so.
    if not all(keys) or len({*keys}) < len(keys):
        return None
    found = 0
    for item in asked:
        by_name = names.get(item.name) if item.name else None
        known = codes.get(item.code) if item.code else by_name
        if known is not None and _is_as_asked(item, known):
            found += 1
        elif known is not None or by_name is not None:
            return None
    if found == len(asked):
        return True
    return None if found else False


def _is_as_asked(item: NewListItem, known: _Item) -> bool:
    return (
        item.name in (None, "", known.get("name"))
        and (item.code or None) == (known.get("code") or None)
        and item.parent in (None, "", known.get("parent"))
        and _has(item.properties, known.get("properties"))
        and _has(item.subsets, known.get("subsets"))
    )


def _has(asked: Mapping[str, object], told: object) -> bool:
    values = cast("_Item", told if isinstance(told, Mapping) else {})
    return all(_is_same(value, values.get(name)) for name, value in asked.items())


def _is_same(asked: object, told: object) -> bool:
    """Whether a value is told as it was given: Anaplan tells most of them as text."""
    if asked in (None, "") or told in (None, ""):
        return asked in (None, "", False) and told in (None, "", False, "false")
    if isinstance(asked, bool) or isinstance(told, bool):
        return str(asked).lower() == str(told).lower()
    if isinstance(asked, int | float):
        try:
            return float(str(told)) == float(asked)
        except ValueError:
            return False
    return str(asked) == str(told)
