"""Items that can be sent as they are, told apart while they are written.

Making a model of each item takes several times as long as writing it as JSON. Most callers pass
plain dicts that say just what Anaplan wants to read. These are written at once, by a serializer
that finds out on its way whether each value has the type it should have. Whatever isn't certainly
plain is left to the models, which know more and tell what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from itertools import chain
from types import GenericAlias
from typing import Any, TypeAlias

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from anaplan_sdk.models import CellWrite, ListItemKey, ListItemUpdate, NewListItem
from anaplan_sdk.models._base import AnaplanModel


class _Key(TypedDict, total=False):
    id: str
    code: str
    name: str


class _NewItem(TypedDict, total=False):
    name: str
    code: str
    parent: str
    properties: dict[str, object]
    subsets: dict[str, bool]


class _Update(_NewItem, total=False):
    id: str


class _Coordinate(TypedDict, total=False):
    dimensionId: str
    dimensionName: str
    itemId: str
    itemName: str
    itemCode: str


class _Cell(TypedDict, total=False):
    lineItemId: str
    lineItemName: str
    dimensions: list[_Coordinate]
    value: object


Check: TypeAlias = Callable[[Sequence[dict[str, object]]], bool]
"""Whether items are complete that have the right shape."""

_VALUES = frozenset((bool, int, float, str, date))
_COORDINATE = frozenset(_Coordinate.__annotations__)
_EMPTY: dict[str, object] = {}


class Plain:
    """Writes items of one kind, if they are plain.

    Args:
        shape: The fields they may have, by Anaplan's names, with their types.
        is_complete: Whether items have what they need; by default they need nothing.
        takes_nulls: Whether the nulls in items may be there; by default they aren't plain.
    """

    def __init__(
        self,
        shape: type[Any],
        is_complete: Check = lambda _: True,
        takes_nulls: Check = lambda _: False,
    ) -> None:
        self._shape = shape
        self._fields = frozenset(shape.__annotations__)
        self._is_complete = is_complete
        self._takes_nulls = takes_nulls

    def json(self, items: Sequence[Any]) -> bytes | None:
        """All of them as JSON, or `None` if one isn't plain."""
        try:
            written = self._adapter.dump_json(items, warnings="error")
        except ValueError:
            return None
        # The serializer lets `None` pass anywhere, and writes what is no number like it.
        if b'"None":' in written or (b"null" in written and not self._takes_nulls(items)):
            return None
        is_plain = self._fields.issuperset(set[str]().union(*items)) and self._is_complete(items)
        return written if is_plain else None

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        many: Any = GenericAlias(list, self._shape)
        return TypeAdapter(many)


def _has_key(items: Sequence[dict[str, object]]) -> bool:
    return all(item.get("id") or item.get("code") or item.get("name") for item in items)


def _has_no_null_parts(items: Sequence[dict[str, Any] | None]) -> bool:
    # A name, a code, a parent and any property may be null, but no number that is none.
    return all(
        item is not None
        and (properties := item.get("properties", _EMPTY)) is not None
        and not any(isinstance(value, float) and value - value for value in properties.values())
        and (subsets := item.get("subsets", _EMPTY)) is not None
        and None not in subsets.values()
        for item in items
    )


def _is_cell(items: Sequence[dict[str, Any]]) -> bool:
    places: list[dict[str, object]] = [
        *chain.from_iterable(item.get("dimensions", ()) for item in items)
    ]
    return (
        _VALUES.issuperset(map(type, (item.get("value") for item in items)))
        and all(item.get("lineItemId") or item.get("lineItemName") for item in items)
        and _COORDINATE.issuperset(set[str]().union(*places))
        and all(place.get("dimensionId") or place.get("dimensionName") for place in places)
        and all(
            place.get("itemId") or place.get("itemName") or place.get("itemCode")
            for place in places
        )
    )


PLAIN: dict[type[AnaplanModel], Plain] = {
    NewListItem: Plain(_NewItem, takes_nulls=_has_no_null_parts),
    ListItemUpdate: Plain(_Update, _has_key, _has_no_null_parts),
    ListItemKey: Plain(_Key, _has_key),
    CellWrite: Plain(_Cell, _is_cell),
}
"""By the models that take what isn't plain."""
