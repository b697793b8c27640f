"""Comparison of list items to add with the items a list has, after an unclear reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from anaplan_sdk.models.lists import NewListItem

_Item = Mapping[str, object]


def were_added(items: Iterable[NewListItem], existing: Iterable[_Item]) -> bool | None:
    """Check whether items are in a list with the values they were to be added with.

    Args:
        items: The items that were to be added.
        existing: The items of the list, as Anaplan returns them.

    Returns:
        True if all of them are; False if the list has none of their names and codes; None in any
        other case, and when the items cannot be identified.
    """
    by_name: dict[object, _Item] = {}
    by_code: dict[object, _Item] = {}
    for one in existing:
        by_name[one.get("name")] = one
        by_code[one.get("code") or None] = one
    expected = list(items)
    keys = [item.code or item.name for item in expected]
    # Anaplan rejects the second of two items with the same key, and its reply would report that.
    if not all(keys) or len({*keys}) < len(keys):
        return None
    matches = 0
    for item in expected:
        same_name = by_name.get(item.name) if item.name else None
        found = by_code.get(item.code) if item.code else same_name
        if found is not None and _matches(item, found):
            matches += 1
        elif found is not None or same_name is not None:
            return None
    if matches == len(expected):
        return True
    return None if matches else False


def _matches(item: NewListItem, found: _Item) -> bool:
    return (
        item.name in (None, "", found.get("name"))
        and (item.code or None) == (found.get("code") or None)
        and item.parent in (None, "", found.get("parent"))
        and _all_equal(item.properties, found.get("properties"))
        and _all_equal(item.subsets, found.get("subsets"))
    )


def _all_equal(expected: Mapping[str, object], found: object) -> bool:
    values = cast("_Item", found if isinstance(found, Mapping) else {})
    return all(are_equal(value, values.get(name)) for name, value in expected.items())


def are_equal(expected: object, found: object) -> bool:
    """Compare two values, of which Anaplan returns most as text.

    Args:
        expected: A value that was sent, or would be.
        found: The value that Anaplan returns.

    Returns:
        Whether they are the same value.
    """
    if expected in (None, "") or found in (None, ""):
        return expected in (None, "", False) and found in (None, "", False, "false")
    if isinstance(expected, bool) or isinstance(found, bool):
        return str(expected).lower() == str(found).lower()
    if isinstance(expected, int | float):
        try:
            return float(str(found)) == float(expected)
        except ValueError:
            return False
    return str(expected) == str(found)
