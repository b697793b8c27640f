"""Validating and splitting large writes, and merging their results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest
from pydantic import TypeAdapter

from anaplan_sdk import models
from anaplan_sdk._formats.fast_json import FAST_SERIALIZERS
from anaplan_sdk._formats.json_batches import Batch, Batcher, locate_failures, merge_results
from anaplan_sdk.models import CellWrite, InsertionResult, ListItemUpdate, NewListItem
from anaplan_sdk.models.calendar import TaggedCalendar


def split(items: Any, count: int = 2, size: int = 10_000) -> list[Batch]:
    return list(Batcher(NewListItem, count, size).batches(items))


def names(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {"name": f"N{number}"}


def test_items_are_split_by_number() -> None:
    batches = split(names(5))
    assert [batch.span for batch in batches] == [range(2), range(2, 4), range(4, 5)]
    assert [batch.is_last for batch in batches] == [False, False, True]
    assert batches[1].items == [{"name": "N2"}, {"name": "N3"}]
    body = batches[1].body(b'{"items":[', b"]}")
    assert json.loads(body) == {"items": [{"name": "N2"}, {"name": "N3"}]}
    assert [batch.is_last for batch in split(names(4))] == [False, True]
    assert split([]) == []


def test_items_are_split_by_bytes() -> None:
    items = [{"name": "é" * size} for size in (10, 40, 10, 70, 5)]
    batches = split(items, count=100, size=300)
    assert [len(batch.items) for batch in batches] == [3, 2]
    assert all(len(batch.body(b'{"items":[', b"]}")) <= 300 for batch in batches)
    with pytest.raises(ValueError, match=r"^item 1: too large for one request$"):
        split([{"name": "a"}, {"name": "a" * 300}], size=300)


def test_many_items_are_split_by_number_and_by_bytes() -> None:
    items = [{"name": f"{number:0{10 + number % 90}}"} for number in range(2_000)]
    for batches in (split(items, 700, 1_000_000), split(iter(items), 100_000, 5_000)):
        sent = [json.loads(batch.body(b"[", b"]")) for batch in batches]
        assert [item for batch in sent for item in batch] == items
        assert [batch.items for batch in batches] == sent
        assert [batch.start for batch in batches[1:]] == [batch.span.stop for batch in batches[:-1]]
    assert [len(batch.items) for batch in split(items, 700, 1_000_000)] == [700, 700, 600]
    by_bytes = [len(batch.body(b"", b"")) for batch in split(items, 100_000, 5_000)]
    assert all(4_800 < size <= 5_000 for size in by_bytes[:-1])


@pytest.mark.parametrize("wrong", [{"name": 5.5}, {"name": object()}, {"name": "a" * 3_000}, None])
def test_an_invalid_item_is_found_by_its_index(wrong: Any) -> None:
    items: list[Any] = [*names(700), wrong, *names(700), wrong]
    with pytest.raises(ValueError, match=r"^item 700\b") as caught:
        split(items, 1_000, 3_000)
    assert caught.value.__context__ is None


def test_input_is_consumed_as_batches_are_taken() -> None:
    taken: list[int] = []

    def items() -> Iterator[dict[str, object]]:
        for number, item in enumerate(names(100)):
            taken.append(number)
            yield item

    batches = Batcher(NewListItem, 2).batches(items())
    assert taken == []
    next(batches)
    assert taken == [0, 1, 2]


def test_a_sequence_is_validated_before_the_first_batch() -> None:
    items: list[dict[str, object]] = [*names(4), {"name": []}]
    with pytest.raises(ValueError, match=r"^item 4, name: list cannot be sent as a value$"):
        next(Batcher(NewListItem, 2).batches(items))
    lazy = Batcher(NewListItem, 2).batches(iter(items))
    assert next(lazy).span == range(2)


def test_a_sequence_split_by_bytes_is_validated_before_the_first_batch() -> None:
    batcher = Batcher(NewListItem, 100, 300)
    items: list[Any] = [*({"name": "a" * 100} for _ in range(9)), 5]
    with pytest.raises(ValueError, match=r"^item 9: "):
        next(batcher.batches(items))
    assert len(list(batcher.batches(items[:9]))) == 5


@pytest.mark.parametrize("items", [{"name": "a"}, "name", NewListItem(name="a")])
def test_a_single_item_is_an_error(items: Any) -> None:
    with pytest.raises(TypeError, match="items must be a list or an iterable, not"):
        split(items)


@pytest.mark.parametrize("count", [0, 100_001])
def test_the_size_of_a_batch_has_bounds(count: int) -> None:
    with pytest.raises(ValueError, match="items_per_request must be 1 to 100,000"):
        Batcher(NewListItem, count)


def sent(item: type[models.AnaplanModel], given: Any) -> Any:
    (batch,) = Batcher(item).batches(iter([given]))
    return json.loads(batch.body(b"[", b"]"))[0]


def test_items_are_sent_as_anaplan_wants_them() -> None:
    update = {"id": 201, "code": "", "properties": {"Owner": None, "Since": date(2026, 1, 2)}}
    expected = {"id": "201", "code": "", "properties": {"Owner": None, "Since": "2026-01-02"}}
    assert sent(ListItemUpdate, update) == expected
    assert sent(ListItemUpdate, ListItemUpdate.model_validate(update)) == expected
    assert sent(NewListItem, NewListItem(name="N", parent="E")) == {"name": "N", "parent": "E"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (1, 1),
        (1.5, 1.5),
        ("1", "1"),
        ("2026-01-02", "2026-01-02"),
        (date(2026, 1, 2), "2026-01-02"),
        (Decimal("1.50"), 1.5),
        (Decimal(12345678901234567890), 12345678901234567890),
        (None, ""),
    ],
)
def test_values_keep_their_type(value: object, expected: object) -> None:
    cell = {
        "lineItemId": 201,
        "dimensions": [{"dimensionName": "Time", "itemName": "Jan 26"}],
        "value": value,
    }
    written = sent(CellWrite, cell)
    assert written == {**cell, "lineItemId": "201", "value": expected}
    assert type(written["value"]) is type(expected)


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        ({"lineItemName": "Units"}, "cell 0, value: Field required"),
        ({"value": 1}, "cell 0: lineItemId or lineItemName is needed"),
        (
            {"lineItemId": 1, "value": 1, "dimensions": [{"itemName": "x"}]},
            "cell 0, dimensions.0: dimensionId or dimensionName is needed",
        ),
        (
            {"lineItemId": 1, "value": 1, "dimensions": [{"dimensionId": 1}]},
            "cell 0, dimensions.0: itemId, itemName or itemCode is needed",
        ),
        (
            {
                "lineItemId": "1",
                "value": 1,
                "dimensions": [{"dimensionId": "1", "dimensionName": "Time"}],
            },
            "cell 0, dimensions.0: itemId, itemName or itemCode is needed",
        ),
        ({"lineItemId": 1, "value": nan}, "cell 0, value: nan is not a finite number"),
        ({"lineItemId": 1, "value": Decimal("-inf")}, "cell 0, value: -Infinity is no"),
        ({"lineItemId": 1, "value": inf}, "cell 0, value: inf is not a finite number"),
        ({"lineItemId": 1, "value": datetime(2026, 1, 1, 5, tzinfo=UTC)}, "cell 0, value"),
        ({"lineItemId": 1, "value": [1]}, "cell 0, value"),
        (7, "cell 0: Input should be"),
    ],
)
def test_an_invalid_cell_is_named_by_its_index(cell: Any, place: str) -> None:
    with pytest.raises(ValueError, match="cell") as caught:
        list(Batcher(CellWrite).batches([cell]))
    assert str(caught.value).startswith(place)
    assert caught.value.__context__ is None


def test_values_that_json_cannot_represent_are_errors() -> None:
    with pytest.raises(ValueError, match=r"item 0, properties\.x: object cannot be sent"):
        split([{"name": "a", "properties": {"x": object()}}])


def test_an_item_to_change_needs_a_key() -> None:
    with pytest.raises(ValueError, match="item 0: an id, a code or a name is needed"):
        list(Batcher(ListItemUpdate).batches([{"parent": "E"}]))


def insertion(**fields: object) -> InsertionResult:
    return InsertionResult.model_validate(fields)


def test_merged_results_have_the_indexes_of_the_input() -> None:
    first, second = split([{"name": "a"}, {"name": "b"}, {"name": "c"}])
    failure = {"requestIndex": 0, "failureType": "X", "failureMessageDetails": "why"}
    one = locate_failures(insertion(added=2, total=2, meta={"schema": "s"}), first)
    other = locate_failures(insertion(ignored=1, total=1, failures=[failure]), second)
    result = merge_results([one, other])
    assert (result.added, result.ignored, result.total) == (2, 1, 3)
    assert [(f.index, f.reason, f.item) for f in result.failures] == [(2, "X", {"name": "c"})]
    assert result.model_extra == {"meta": {"schema": "s"}}
    assert merge_results([one]) is one


def test_failures_without_a_valid_index_are_kept() -> None:
    (batch,) = split([{"name": "a"}])
    result = locate_failures(insertion(failures=[{"requestIndex": 9}]), batch)
    assert [(f.index, f.item) for f in result.failures] == [(9, None)]


def test_the_old_reply_to_a_deletion_is_read() -> None:
    read = models.ListDeletionResult.model_validate({"result": {"numberOfItemsDeleted": 4}})
    assert read.deleted == 4


@pytest.mark.parametrize(
    ("calendar_type", "kind"),
    [
        ("Calendar Months/Quarters/Years", models.MonthsQuartersYearsCalendar),
        ("Something new", models.MonthsQuartersYearsCalendar),
        ("Weeks: General", models.WeeksGeneralCalendar),
        ("Weeks General", models.WeeksGeneralCalendar),
        ("Weeks: 4-4-5, 4-5-4 or 5-4-4", models.WeeksGroupingCalendar),
        ("Weeks: 13 4-week Periods", models.WeeksPeriodsCalendar),
        ("Weeks 13 four-week periods", models.WeeksPeriodsCalendar),
    ],
)
def test_calendars_are_read_by_type(calendar_type: str, kind: type[models.BaseCalendar]) -> None:
    reader: TypeAdapter[models.BaseCalendar] = TypeAdapter(TaggedCalendar)
    calendar = reader.validate_json(json.dumps({"calendarType": calendar_type}))
    assert type(calendar) is kind
    assert reader.validate_python(calendar) == calendar


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("NUMBER", models.NumberMetadata),
        ("ENTITY", models.ListFormatMetadata),
        ("TIME_ENTITY", models.TimePeriodMetadata),
        ("TEXT", models.TextMetadata),
        ("DATE", models.GenericTypeMetadata),
        ("NEW", models.GenericTypeMetadata),
    ],
)
def test_formats_are_read_by_type(kind: str, model: type[models.AnaplanModel]) -> None:
    item = {"id": 1, "name": "x", "moduleId": 2, "formatMetadata": {"dataType": kind}}
    assert type(models.LineItem.model_validate(item).format_metadata) is model


EXAMPLES: dict[type[models.AnaplanModel], dict[str, object]] = {
    NewListItem: {
        "name": "null",
        "code": "N1",
        "parent": "E",
        "properties": {"Owner": "None", "Since": 1},
        "subsets": {"Active": True},
    },
    ListItemUpdate: {"id": "1", "properties": {"Owner": None}, "subsets": {"Active": False}},
    models.ListItemKey: {"code": "N1"},
    CellWrite: {
        "lineItemId": "201",
        "dimensions": [{"dimensionName": "Time", "itemName": "Jan 26"}],
        "value": 1.5,
    },
}
VALUES: list[Any] = [
    *(None, True, 0, 1, 2**70, 0.0, nan, inf, "", "x", "null", "\ud800", b"x", [], [None], {}),
    *({"a": None}, {"a": True}, {"a": nan}, {"a": {1: None}}, {None: True}, {1: True}, object()),
    *(date(2026, 1, 2), datetime(2026, 1, 2, 3, tzinfo=UTC), Decimal("1.5"), ListItemUpdate(id=1)),
    *([{"dimensionId": "1", "itemCode": value}] for value in (None, "", "x", 1)),
    *([{"dimensionId": "1", "item_code": "x"}], [{"dimensionName": "", "itemId": "1"}], [{}]),
]


def is_fast(model: type[models.AnaplanModel], item: object) -> bool:
    return any(one.serialize([item]) is not None for one in FAST_SERIALIZERS[model])


def variants(example: dict[str, object]) -> Iterator[Any]:
    names = {"id", "code", "name", "parent", "value", "line_item_id", "later", 5}
    yield from ({}, example)
    for name in {*example, *names}:
        yield {key: value for key, value in example.items() if key != name}
        yield from ({**example, name: value} for value in VALUES)
        yield from ({name: value} for value in VALUES)
    yield from VALUES


@pytest.mark.parametrize("model", EXAMPLES)
def test_the_fast_path_sends_what_the_models_would(model: type[models.AnaplanModel]) -> None:
    reader: TypeAdapter[Any] = TypeAdapter(model)
    plain = 0
    for item in variants(EXAMPLES[model]):
        try:
            checked = reader.validate_python(item)
            expected = reader.dump_json(checked, by_alias=True, exclude_unset=True)
        except ValueError:
            with pytest.raises(ValueError, match=r"^(item|cell) 1"):
                list(Batcher(model).batches([EXAMPLES[model], item]))
            continue
        (batch,) = Batcher(model).batches([EXAMPLES[model], item])
        assert json.loads(batch.body(b"[", b"]"))[1] == json.loads(expected)
        plain += is_fast(model, item)
    assert plain > 10
    assert is_fast(model, EXAMPLES[model])


@pytest.mark.parametrize("number", [nan, inf, -inf])
@pytest.mark.parametrize("item", [NewListItem, ListItemUpdate])
def test_a_property_that_is_not_a_number_is_an_error(
    item: type[NewListItem | ListItemUpdate], number: object
) -> None:
    items = [{"code": "A", "properties": {"Price": 1.5, "Weight": None}}]
    assert len(list(Batcher(item).batches(items))) == 1
    items.append({"code": "B", "properties": {"Price": number}})
    with pytest.raises(ValueError, match=r"item 1, properties.Price: .* is not a finite number"):
        list(Batcher(item).batches(items))
