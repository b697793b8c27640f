"""Which scalars of Python and other libraries are sent, and as what."""

import enum
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from anaplan_sdk._formats.json_batches import Batcher
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.models import CellWrite, ListItemKey, ListItemUpdate, NewListItem
from anaplan_sdk.models.consolidation import Row


class Size(enum.Enum):
    SMALL = "S"
    LARGE = 5


SENT: list[tuple[Any, object]] = [
    (True, True),
    (7, 7),
    (-0.5, -0.5),
    ("text", "text"),
    (date(2026, 1, 2), "2026-01-02"),
    (datetime(2026, 1, 2), "2026-01-02"),  # noqa: DTZ001
    (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02"),
    (Decimal("1.50"), 1.5),
    (Decimal(3), 3),
    (Size.SMALL, "S"),
    (Size.LARGE, 5),
    (np.bool_(True), True),
    (np.int8(-3), -3),
    (np.uint64(2**63), 2**63),
    (np.float64(0.1), 0.1),
    (np.float32(0.1), 0.1),
    (np.str_("text"), "text"),
    (np.array(4), 4),
    (np.datetime64("2026-01-02"), "2026-01-02"),
    (np.datetime64("2026-01-02T00:00:00.000000000"), "2026-01-02"),
    (pd.Timestamp("2026-01-02"), "2026-01-02"),
    (pa.scalar(1.5), 1.5),
    (pa.scalar(7), 7),
    (pa.scalar(True), True),
    (pa.scalar("text"), "text"),
    (pa.scalar(date(2026, 1, 2)), "2026-01-02"),
    (pa.scalar(Decimal("2.25")), 2.25),
    (pa.scalar("text").cast(pa.dictionary(pa.int8(), pa.string())), "text"),
]
EMPTY: list[Any] = [
    None,
    pd.NA,
    pd.NaT,
    np.datetime64("NaT", "D"),
    pa.scalar(None),
    pa.NA,
    np.ma.masked,
]
REFUSED: list[tuple[Any, str]] = [
    (float("nan"), "nan is not a finite number; None stands for an empty value"),
    (np.float32("inf"), "inf is not a finite number"),
    (np.float64("nan"), "nan is not a finite number"),
    (Decimal("NaN"), "NaN is not a finite number"),
    (pa.scalar(float("nan")), "nan is not a finite number"),
    (datetime(2026, 1, 2, 3, tzinfo=UTC), "has a time of day"),
    (pd.Timestamp("2026-01-02 03:04"), "has a time of day"),
    (np.datetime64("2026-01-02T03"), "has a time of day"),
    (pa.scalar(datetime(2026, 1, 2, 3, tzinfo=UTC)), "has a time of day"),
    (time(1), "time cannot be sent as a value"),
    (timedelta(1), "timedelta cannot be sent"),
    (np.timedelta64(1, "D"), "timedelta64 cannot be sent"),
    (pd.Period("2026-01"), "Period cannot be sent"),
    (pd.Interval(0, 1), "Interval cannot be sent"),
    (np.complex64(1), "complex64 cannot be sent"),
    (np.longdouble("inf"), "inf is not a finite number"),
    (np.array([4]), "ndarray cannot be sent"),
    (np.array(4, dtype=object), "ndarray cannot be sent"),
    (pd.Series([4]), "Series cannot be sent"),
    (pa.scalar([1]), "list cannot be sent"),
    (b"bytes", "bytes cannot be sent"),
    (1j, "complex cannot be sent"),
    (Fraction(1, 3), "Fraction cannot be sent"),
    (uuid.UUID(int=1), "UUID cannot be sent"),
    ({}, "dict cannot be sent"),
    (object(), "object cannot be sent"),
]


def written(kind: Any, item: object) -> Any:
    (batch,) = Batcher(kind).batches([item])
    return json.loads(batch.body(b"[", b"]"))[0]


def cell(value: object) -> dict[str, object]:
    return {"lineItemName": "Units", "value": value}


def same(found: object, expected: object) -> bool:
    return found == expected and type(found) is type(expected)


@pytest.mark.parametrize(("value", "expected"), SENT)
def test_scalars_that_are_sent(value: object, expected: object) -> None:
    assert same(written(CellWrite, cell(value))["value"], expected)
    for kind in (NewListItem, ListItemUpdate):
        item = written(kind, {"code": "A", "properties": {"Price": value}})
        assert same(item["properties"]["Price"], expected)
    if isinstance(expected, str) and not isinstance(value, str | enum.Enum | pa.StringScalar):
        return
    assert same(written(Row, {"Amount": value})["Amount"], expected)


@pytest.mark.parametrize("value", EMPTY)
def test_values_that_are_empty(value: object) -> None:
    assert written(CellWrite, cell(value))["value"] == ""
    item = written(ListItemUpdate, {"code": "A", "properties": {"Price": value}})
    assert item["properties"] == {"Price": None}
    assert written(ListItemUpdate, {"code": "A", "name": value})["name"] is None
    assert written(Row, {"Amount": value}) == {"Amount": None}


@pytest.mark.parametrize(("value", "message"), REFUSED)
def test_values_that_are_refused(value: object, message: str) -> None:
    places: list[tuple[Any, object, str]] = [
        (CellWrite, cell(value), "cell 0, value: "),
        (NewListItem, {"name": "A", "properties": {"Price": value}}, "item 0, properties.Price: "),
        (ListItemUpdate, {"id": 1, "properties": {"Price": value}}, "item 0, properties.Price: "),
        (Row, {"Amount": value}, "row 0: Amount: "),
    ]
    for kind, item, place in places:
        with pytest.raises(InvalidArgumentException) as caught:
            written(kind, item)
        assert str(caught.value).startswith(place)
        assert message in str(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("key", "text"), [(5, "5"), (np.int64(5), "5"), (5.0, "5"), (np.float64(5), "5"), ("A", "A")]
)
def test_ids_codes_and_names(key: object, text: str) -> None:
    assert written(ListItemKey, {"code": key}) == {"code": text}
    item = written(NewListItem, {"name": key, "code": key, "parent": key})
    assert item == {"name": text, "code": text, "parent": text}
    assert written(CellWrite, {"lineItemId": key, "value": 1})["lineItemId"] == text


@pytest.mark.parametrize("key", [5.5, True, float("nan"), date(2026, 1, 1), [1]])
def test_what_is_no_key(key: object) -> None:
    with pytest.raises(InvalidArgumentException, match="item 0, code: "):
        written(NewListItem, {"name": "A", "code": key})


def test_columns_that_are_not_fields_of_an_item_are_refused() -> None:
    row = {"code": "P1", "Flight Number": 5, "Carrier": "UA"}
    for kind in (NewListItem, ListItemUpdate):
        with pytest.raises(
            InvalidArgumentException,
            match=r"item 0: unknown fields 'Flight Number', 'Carrier'; .* in `properties`",
        ):
            written(kind, row)
    with pytest.raises(InvalidArgumentException, match="item 0: unknown fields 'parent'"):
        written(ListItemKey, {"code": "P1", "parent": "A"})
    with pytest.raises(InvalidArgumentException, match="cell 0: unknown fields 'Value'"):
        written(CellWrite, {**cell(1), "Value": 2})
    coordinate = {"dimensionName": "Time", "itemName": "Jan 26", "item": "Feb 26"}
    with pytest.raises(InvalidArgumentException, match=r"dimensions\.0: unknown fields 'item'"):
        written(CellWrite, {**cell(1), "dimensions": [coordinate]})


def test_an_item_is_sent_as_it_was_read() -> None:
    read = {
        "id": "201",
        "name": "North",
        "code": "N1",
        "parent": "Europe",
        "parentId": "202",
        "listId": "101",
        "listName": "Regions",
        "properties": {"Owner": "Ann"},
        "subsets": {"Active": True},
        "read": [],
        "write": [],
    }
    kept = {"id", "name", "code", "parent", "properties", "subsets"}
    assert written(ListItemUpdate, read) == {name: read[name] for name in kept}
    with pytest.raises(InvalidArgumentException, match="unknown fields 'parentId'"):
        written(ListItemUpdate, {"id": "201", "parentId": "202"})
