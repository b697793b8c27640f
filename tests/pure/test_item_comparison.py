"""Whether items that were to be added are in a list."""

from __future__ import annotations

from typing import Any

import pytest

from anaplan_sdk.models import NewListItem
from anaplan_sdk.models._item_comparison import were_added

OSLO: dict[str, Any] = {
    "id": "201000000001",
    "name": "Oslo",
    "code": "OSL",
    "parent": "Norway",
    "properties": {"Altitude": "681", "Hub": "true", "Note": ""},
    "subsets": {"Active": True},
}
ROME: dict[str, Any] = {"id": "201000000002", "name": "Rome"}


def item(**fields: Any) -> NewListItem:
    return NewListItem.model_validate(fields)


@pytest.mark.parametrize(
    "expected",
    [
        {"name": "Oslo", "code": "OSL"},
        {"code": "OSL"},
        {"name": "Rome"},
        {"name": "Oslo", "code": "OSL", "parent": "Norway"},
        {"code": "OSL", "properties": {"Altitude": 681, "Hub": True, "Note": None}},
        {"code": "OSL", "properties": {"Altitude": "681", "Other": ""}},
        {"code": "OSL", "subsets": {"Active": True, "Old": False}},
    ],
)
def test_items_that_match(expected: dict[str, Any]) -> None:
    assert were_added([item(**expected)], [OSLO, ROME]) is True


@pytest.mark.parametrize(
    "expected",
    [
        {"name": "Oslo"},  # has a code
        {"name": "Oslo", "code": "OSX"},  # the name is another's
        {"name": "Bergen", "code": "OSL"},
        {"name": "Oslo", "code": "OSL", "parent": "Sweden"},
        {"code": "OSL", "properties": {"Altitude": 682}},
        {"code": "OSL", "properties": {"Altitude": "high"}},
        {"code": "OSL", "properties": {"Hub": False}},
        {"code": "OSL", "properties": {"Other": "x"}},
        {"code": "OSL", "subsets": {"Active": False}},
        {"parent": "Norway"},
    ],
)
def test_items_that_differ_are_unclear(expected: dict[str, Any]) -> None:
    assert were_added([item(**expected)], [OSLO, ROME]) is None


def test_all_none_or_some() -> None:
    bergen, oslo = item(name="Bergen", code="BGO"), item(name="Oslo", code="OSL")
    assert were_added([bergen], [OSLO, ROME]) is False
    assert were_added([bergen], []) is False
    assert were_added([bergen, oslo], [OSLO, ROME]) is None
    assert were_added([oslo, item(name="Rome")], [OSLO, ROME]) is True
    # The second would have been refused, and the reply would have said so.
    assert were_added([oslo, oslo], [OSLO, ROME]) is None
