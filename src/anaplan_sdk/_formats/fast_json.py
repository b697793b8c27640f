"""The fast path to JSON for items that need no conversion.

Making a model of each item takes several times as long as writing it as JSON, and most callers pass
dicts that already have the names and types Anaplan expects. A serializer writes these directly and
checks the types on the way. Anything else (our names, models, wrong types) goes through the models,
which convert values and report what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import chain, repeat
from operator import itemgetter
from types import GenericAlias
from typing import Any, TypeAlias

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from anaplan_sdk._lazy import lazy_property
from anaplan_sdk.models import CellWrite, ListItemKey, ListItemUpdate, NewListItem
from anaplan_sdk.models._base import AnaplanModel


class _Key(TypedDict, total=False):
    id: str
    code: str
    name: str


# Most items have only texts as properties, whose types the serializer checks itself.
class _TextItem(TypedDict, total=False):
    name: str
    code: str
    parent: str
    properties: dict[str, str]
    subsets: dict[str, bool]


class _TextUpdate(_TextItem, total=False):
    id: str


class _NewItem(TypedDict, total=False):
    name: str
    code: str
    parent: str
    properties: dict[str, object]
    subsets: dict[str, bool]


class _Update(_NewItem, total=False):
    id: str


class _Cell(TypedDict, total=False):
    lineItemId: str
    lineItemName: str
    dimensions: list[dict[str, str]]
    value: object


Items: TypeAlias = Sequence[dict[str, Any]]
Check: TypeAlias = Callable[[Items, set[str]], bool]
"""A condition on items whose fields have the right types, and on the names of all their fields."""

_VALUES = frozenset((bool, int, float, str, date))
_PROPERTY_VALUES = _VALUES | {type(None)}
_KEY = frozenset(("id", "code", "name"))
_LINE_ITEM = frozenset(("lineItemId", "lineItemName"))
_DIMENSION = frozenset(("dimensionId", "dimensionName"))
_ITEM = frozenset(("itemId", "itemName", "itemCode"))
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
        is_complete: Check = lambda _items, _names: True,
        allows_nulls: Callable[[Items], bool] = lambda _: False,
    ) -> None:
        self._shape = shape
        self._fields = frozenset(shape.__annotations__)
        self._has_properties = "properties" in self._fields
        self._is_complete = is_complete
        self._allows_nulls = allows_nulls

    def serialize(self, items: Sequence[Any]) -> bytes | None:
        """Write items as a JSON array; return None if any of them needs a model."""
        try:
            written = self._adapter.dump_json(items, warnings="error")
            names = _names(items)
            if not (self._fields.issuperset(names) and self._is_complete(items, names)):
                return None
        except (LookupError, TypeError, ValueError):
            return None
        # The serializer accepts None anywhere, and writes NaN and infinity as null as well.
        if self._has_properties and b'"None":' in written:
            return None
        return written if b":null" not in written or self._allows_nulls(items) else None

    @lazy_property
    def _adapter(self) -> TypeAdapter[Any]:
        list_type: Any = GenericAlias(list, self._shape)
        return TypeAdapter(list_type)


# Functions written in C go through the items: a loop in Python takes several times as long.
_get = dict[str, Any].get
_values = dict[str, Any].values


def _names(items: Items) -> set[str]:
    """Return the names of all fields."""
    return set[str]().union(*items)


def _column(items: Items, name: str) -> Iterator[Any]:
    """Return the values of one field that are not empty."""
    return filter(None, map(_get, items, repeat(name)))


def _has_one(items: Items, fields: frozenset[str], names: set[str]) -> bool:
    """Whether at least one of the fields of each item is not empty."""
    used = fields & names
    if len(used) == 1:
        return all(map(itemgetter(*used), items))
    for name in used:
        items = [item for item in items if not item.get(name)]
    return not items


def _has_key(items: Items, names: set[str]) -> bool:
    return _has_one(items, _KEY, names)


def _has_plain_properties(items: Items, _: set[str]) -> bool:
    values = map(_values, _column(items, "properties"))
    return _PROPERTY_VALUES.issuperset(map(type, chain.from_iterable(values)))


def _is_complete_update(items: Items, names: set[str]) -> bool:
    return _has_key(items, names) and _has_plain_properties(items, names)


def _is_complete_cell(items: Items, names: set[str]) -> bool:
    coordinates = [*chain.from_iterable(_column(items, "dimensions"))]
    used = _names(coordinates)
    return (
        _VALUES.issuperset(map(type, map(itemgetter("value"), items)))
        and _has_one(items, _LINE_ITEM, names)
        and used <= _DIMENSION | _ITEM
        and _has_one(coordinates, _DIMENSION, used)
        # A coordinate with more fields than those of its dimension has one for its item, which may
        # be empty.
        and (
            min(map(len, coordinates), default=0) > len(_DIMENSION & used)
            or _has_one(coordinates, _ITEM, used)
        )
    )


def _has_valid_nulls(items: Items) -> bool:
    # The name, the code, the parent and properties may be null. A float property may be neither
    # NaN nor infinite: subtracting such a value from itself gives NaN, which is true.
    return all(
        (properties := item.get("properties", _EMPTY)) is not None
        and not any(isinstance(value, float) and value - value for value in properties.values())
        and (subsets := item.get("subsets", _EMPTY)) is not None
        and None not in subsets.values()
        for item in items
    )


FAST_SERIALIZERS: dict[type[AnaplanModel], tuple[FastSerializer, ...]] = {
    NewListItem: (
        FastSerializer(_TextItem, allows_nulls=_has_valid_nulls),
        FastSerializer(_NewItem, _has_plain_properties, _has_valid_nulls),
    ),
    ListItemUpdate: (
        FastSerializer(_TextUpdate, _has_key, _has_valid_nulls),
        FastSerializer(_Update, _is_complete_update, _has_valid_nulls),
    ),
    ListItemKey: (FastSerializer(_Key, _has_key),),
    CellWrite: (FastSerializer(_Cell, _is_complete_cell),),
}
"""The serializers of each model's dicts, the fastest first; a later one accepts more dicts."""
