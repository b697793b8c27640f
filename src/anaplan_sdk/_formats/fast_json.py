"""The fast path to JSON for items that need no conversion.

Making a model of each item takes several times as long as writing it as JSON, and most callers pass
dicts that already have the names and types Anaplan expects. A serializer writes these directly and
checks the types on the way. Anything else (our names, models, wrong types) goes through the models,
which convert values and report what is wrong.
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
"""A condition on items whose fields have the right types."""

_VALUES = frozenset((bool, int, float, str, date))
_PROPERTY_VALUES = _VALUES | {type(None)}
_COORDINATE = frozenset(_Coordinate.__annotations__)
_EMPTY: dict[str, object] = {}


class FastSerializer:
    """Writes dicts of one kind as JSON without making models of them.

    Args:
        shape: The fields that an item may have, under Anaplan's names, and their types.
        is_complete: Whether items have all required fields; by default none is required.
        allows_nulls: Whether items that contain nulls may be written; by default they may not.
    """

    def __init__(
        self,
        shape: type[Any],
        is_complete: Check = lambda _: True,
        allows_nulls: Check = lambda _: False,
    ) -> None:
        self._shape = shape
        self._fields = frozenset(shape.__annotations__)
        self._is_complete = is_complete
        self._allows_nulls = allows_nulls

    def serialize(self, items: Sequence[Any]) -> bytes | None:
        """Write items as a JSON array; return None if any of them needs a model."""
        try:
            written = self._adapter.dump_json(items, warnings="error")
        except ValueError:
            return None
        # The serializer accepts None anywhere, and writes NaN and infinity as null as well.
        if b'"None":' in written or (b"null" in written and not self._allows_nulls(items)):
            return None
        is_valid = self._fields.issuperset(set[str]().union(*items)) and self._is_complete(items)
        return written if is_valid else None

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        list_type: Any = GenericAlias(list, self._shape)
        return TypeAdapter(list_type)


def _has_key(items: Sequence[dict[str, object]]) -> bool:
    return all(item.get("id") or item.get("code") or item.get("name") for item in items)


def _has_plain_properties(items: Sequence[dict[str, Any]]) -> bool:
    return _PROPERTY_VALUES.issuperset(
        chain.from_iterable(
            map(type, properties.values())
            for item in items
            if (properties := item.get("properties", _EMPTY)) is not None
        )
    )


def _is_complete_update(items: Sequence[dict[str, Any]]) -> bool:
    return _has_key(items) and _has_plain_properties(items)


def _has_valid_nulls(items: Sequence[dict[str, Any] | None]) -> bool:
    # The name, the code, the parent and properties may be null. A float property may be neither
    # NaN nor infinite: subtracting such a value from itself gives NaN, which is true.
    return all(
        item is not None
        and (properties := item.get("properties", _EMPTY)) is not None
        and not any(isinstance(value, float) and value - value for value in properties.values())
        and (subsets := item.get("subsets", _EMPTY)) is not None
        and None not in subsets.values()
        for item in items
    )


def _is_complete_cell(items: Sequence[dict[str, Any]]) -> bool:
    coordinates: list[dict[str, object]] = [
        *chain.from_iterable(item.get("dimensions", ()) for item in items)
    ]
    return (
        _VALUES.issuperset(map(type, (item.get("value") for item in items)))
        and all(item.get("lineItemId") or item.get("lineItemName") for item in items)
        and _COORDINATE.issuperset(set[str]().union(*coordinates))
        and all(
            (coordinate.get("dimensionId") or coordinate.get("dimensionName"))
            and (
                coordinate.get("itemId") or coordinate.get("itemName") or coordinate.get("itemCode")
            )
            for coordinate in coordinates
        )
    )


FAST_SERIALIZERS: dict[type[AnaplanModel], FastSerializer] = {
    NewListItem: FastSerializer(_NewItem, _has_plain_properties, _has_valid_nulls),
    ListItemUpdate: FastSerializer(_Update, _is_complete_update, _has_valid_nulls),
    ListItemKey: FastSerializer(_Key, _has_key),
    CellWrite: FastSerializer(_Cell, _is_complete_cell),
}
"""The serializer of each model's dicts."""
