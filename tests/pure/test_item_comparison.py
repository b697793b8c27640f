"""Whether items that were to be added are there."""

from __future__ import annotations

from typing import Any

import pytest

from anaplan_sdk.models import NewListItem
from anaplan_sdk.models._item_comparison import items_present

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
    "asked",
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
def test_what_is_there_as_asked(asked: dict[str, Any]) -> None:
    assert items_present([item(**asked)], [OSLO, ROME]) is True


@pytest.mark.parametrize(
    "asked",
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
def test_what_is_there_otherwise_can_not_be_told(asked: dict[str, Any]) -> None:
    assert items_present([item(**asked)], [OSLO, ROME]) is None


def test_all_none_or_some() -> None:
    bergen, oslo = item(name="Bergen", code="BGO"), item(name="Oslo", code="OSL")
    assert items_present([bergen], [OSLO, ROME]) is False
    assert items_present([bergen], []) is False
    assert items_present([bergen, oslo], [OSLO, ROME]) is None
    assert items_present([oslo, item(name="Rome")], [OSLO, ROME]) is True
    # The second would have been refused, and the reply would have said so.
    assert items_present([oslo, oslo], [OSLO, ROME]) is None
