"""Without models, items are sent as the models would send them, and none that these refuse."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import GenericAlias
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from anaplan_sdk._formats.fast_json import FAST_SERIALIZERS
from anaplan_sdk._formats.json_batches import Batcher
from anaplan_sdk.models import CellWrite, ListItemKey, ListItemUpdate, NewListItem
from anaplan_sdk.models._base import AnaplanModel


class Colour(StrEnum):
    RED = "red"


class Number(Enum):
    ONE = 1


class Text(str):
    __slots__ = ()


class Fields(dict[str, Any]):
    pass


TEXTS = st.sampled_from(["North", "Jan 26", "a null", '"None":null', ":null", 'x","y\\', "é\u2028"])
NUMBERS = st.sampled_from([12.5, 3, 0.0, -0.0, 1e300, 2**70, True, False, date(2026, 1, 2)])
ODD = st.sampled_from(
    [
        *("", None, float("nan"), float("inf"), "\ud800", b"x", (), [None], {"a": 1}, {None: 1}),
        *(Colour.RED, Number.ONE, Text("x"), Text(""), Decimal("1.5"), 7, 7.0, True, object()),
        *(np.float64(1.5), np.float64("nan"), np.int64(4), np.True_, np.str_("x")),
        *(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, 3, tzinfo=UTC), [{}], [[]]),
        *(NewListItem(name="N"), Fields(code="x"), Fields(itemId="x"), Fields(Active=True)),
    ]
).map(deepcopy)
ODD_NAMES = st.sampled_from(["line_item_id", "later", "parentId", "name", "itemId", 5, None, ""])
DETAILS: dict[str, st.SearchStrategy[Any]] = {
    "parent": TEXTS,
    "properties": st.dictionaries(TEXTS, TEXTS, max_size=2)
    | st.dictionaries(TEXTS, TEXTS | NUMBERS | st.none(), max_size=2),
    "subsets": st.dictionaries(TEXTS, st.booleans(), max_size=2),
}


COORDINATES = st.one_of(
    [
        st.builds(
            lambda others, needed: {**others, **needed},
            st.just({})
            | st.dictionaries(st.sampled_from(["dimensionId", "itemId", "itemCode"]), TEXTS),
            st.fixed_dictionaries({dimension: TEXTS, item: TEXTS}),
        )
        for dimension in ("dimensionId", "dimensionName")
        for item in ("itemId", "itemName", "itemCode")
    ]
)
ITEMS: dict[type[AnaplanModel], st.SearchStrategy[Any]] = {
    NewListItem: st.fixed_dictionaries({}, optional={"name": TEXTS, "code": TEXTS, **DETAILS}),
    ListItemUpdate: st.one_of(
        [st.fixed_dictionaries({name: TEXTS}, optional=DETAILS) for name in ("id", "code", "name")]
    ),
    ListItemKey: st.one_of(
        [st.fixed_dictionaries({name: TEXTS}) for name in ("id", "code", "name")]
    ),
    CellWrite: st.one_of(
        [
            st.fixed_dictionaries(
                {name: TEXTS, "value": TEXTS | NUMBERS | st.just("")},
                optional={"dimensions": st.lists(COORDINATES, max_size=3)},
            )
            for name in ("lineItemId", "lineItemName")
        ]
    ),
}
MODELS = pytest.mark.parametrize("model", ITEMS)


def without_model(model: type[AnaplanModel], items: list[Any]) -> Any:
    """The items as they are sent without models; None if they need these."""
    written = (one.serialize(items) for one in FAST_SERIALIZERS[model])
    found = next((one for one in written if one is not None), None)
    return None if found is None else json.loads(found)


def with_model(model: type[AnaplanModel], items: list[Any]) -> Any:
    list_type: Any = GenericAlias(list, model)
    adapter: TypeAdapter[list[AnaplanModel]] = TypeAdapter(list_type)
    models = adapter.validate_python(items)
    return json.loads(adapter.dump_json(models, by_alias=True, exclude_unset=True))


def containers(value: Any) -> list[Any]:
    """The value and all lists and dicts within it."""
    within = value.values() if isinstance(value, dict) else value
    return [
        value,
        *(found for one in within if isinstance(one, dict | list) for found in containers(one)),
    ]


def change(data: st.DataObject, items: list[Any]) -> None:
    """Replace, remove or add something at any depth."""
    container = data.draw(st.sampled_from(containers(items)))
    names = [*container] if isinstance(container, dict) else [*range(len(container))]
    action = data.draw(st.sampled_from(["replace", "remove", "add"] if names else ["add"]))
    if action == "add" and isinstance(container, dict):
        container[data.draw(ODD_NAMES)] = data.draw(TEXTS | st.booleans() | ODD)
    elif action == "add":
        container.append(data.draw(ODD))
    elif action == "remove":
        del container[data.draw(st.sampled_from(names))]
    else:
        container[data.draw(st.sampled_from(names))] = data.draw(ODD)


@MODELS
@settings(deadline=None)
@given(data=st.data())
def test_what_needs_no_conversion_needs_no_model(
    model: type[AnaplanModel], data: st.DataObject
) -> None:
    items = data.draw(st.lists(ITEMS[model], min_size=1, max_size=4))
    sent = with_model(model, items)
    if ":null" not in str(items):
        assert without_model(model, items) == sent
    (batch,) = Batcher(model).batches(items)
    assert json.loads(batch.body(b"[", b"]")) == sent


@MODELS
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_odd_items_are_sent_or_refused_as_by_the_models(
    model: type[AnaplanModel], data: st.DataObject
) -> None:
    items: Any = data.draw(st.lists(ITEMS[model], min_size=1, max_size=4))
    for _ in range(data.draw(st.integers(1, 2))):
        change(data, items)
    try:
        expected = with_model(model, items)
    except ValueError:
        expected = None
    found = without_model(model, items)
    assert found is None or found == expected
    if expected is None:
        with pytest.raises(ValueError, match=r"^(item|cell) \d"):
            list(Batcher(model).batches(items))
    elif items:
        (batch,) = Batcher(model).batches(items)
        assert json.loads(batch.body(b"[", b"]")) == expected
