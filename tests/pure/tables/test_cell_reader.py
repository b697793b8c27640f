"""Texts of Anaplan as values of Arrow types."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._formats.tables.arguments import SchemaArgument
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Kind
from anaplan_sdk._formats.tables.cell_reader import CellReader, check_invalid
from anaplan_sdk._formats.tables.column_types import type_of, types_by_name
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    InvalidArgumentException,
    UnexpectedValueException,
)


def library_named(name: str) -> ArrowLibrary:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ANAPLAN_SDK_ARROW", name)
        return arrow_library()


@pytest.fixture(params=["arro3", "pyarrow"])
def library(request: pytest.FixtureRequest) -> ArrowLibrary:
    return library_named(request.param)


def read(library: ArrowLibrary, native: pa.DataType, texts: Sequence[str | None]) -> list[object]:
    """Return values; null for a text that is not a value of the type."""
    reader = CellReader(library, "Column", library.type_of(native), "null")
    values = reader.read(library.column(texts, library.type(Kind.TEXT)), 0)
    assert len(values) == len(texts)
    return values.to_pylist()


def local(*numbers: int) -> datetime:
    return datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001


VALUES = [
    (pa.float64(), "12", 12.0),
    (pa.float64(), "-0.5", -0.5),
    (pa.float64(), "+5", 5.0),
    (pa.float64(), "1e5", 1e5),
    (pa.float64(), "0.1", 0.1),
    (pa.float64(), "Infinity", math.inf),
    (pa.int64(), "12", 12),
    (pa.int64(), "12.0", 12),
    (pa.int64(), "+5", 5),
    (pa.int64(), "1e3", 1000),
    (pa.int64(), "9007199254740993.0", 9007199254740993),
    (pa.int8(), "127.0", 127),
    (pa.bool_(), "true", True),
    (pa.bool_(), "FALSE", False),
    (pa.bool_(), "1", True),
    (pa.bool_(), "0", False),
    (pa.date32(), "2026-01-31", date(2026, 1, 31)),
    (pa.date32(), "0001-01-01", date(1, 1, 1)),
    (pa.date64(), "2026-01-31", date(2026, 1, 31)),
    (pa.timestamp("s"), "2026-01-31", local(2026, 1, 31)),
    (pa.timestamp("s"), "2026-01-31 10:00", local(2026, 1, 31, 10)),
    (pa.timestamp("s"), "2026-01-31T10:00:00.000", local(2026, 1, 31, 10)),
    (pa.timestamp("us"), "2026-01-31T10:00:00.1234560", local(2026, 1, 31, 10, 0, 0, 123456)),
    (pa.timestamp("us", "UTC"), "2026-01-31T10:00:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    (pa.timestamp("ms", "UTC"), "2026-01-31T10:00+02:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
    (pa.decimal128(10, 2), "12.3", Decimal("12.30")),
    (pa.decimal128(10, 2), "-1.2300", Decimal("-1.23")),
    (pa.decimal256(50, 2), "12", Decimal(12)),
    (pa.float32(), "0.5", 0.5),
    (pa.large_utf8(), " ä ", " ä "),
    (pa.string_view(), "ä", "ä"),
]


@pytest.mark.parametrize(("native", "text", "value"), VALUES)
def test_values(library: ArrowLibrary, native: pa.DataType, text: str, value: object) -> None:
    assert read(library, native, [text, None, text]) == [value, None, value]
    assert read(library, native, []) == []


OTHERS = [
    (pa.float64(), ["1,234.5", " 5", "5 ", "0x10", "1_000", "12 %", "x", "\u0661"]),
    (pa.float32(), ["1e300", "x"]),
    (
        pa.int64(),
        ["12.5", " 5", "1,234", "99999999999999999999", "1e999", "\u0663", "1" * 5000],
    ),
    (pa.int8(), ["300", "300.0"]),
    (pa.uint8(), ["-1", "-1.0"]),
    (pa.bool_(), ["yes", "on", "t", "f", " true", "2"]),
    (
        pa.date32(),
        [
            "2026-01-31 10:00:00",
            "2026-01-31T00:00:00",
            "2026-1-1",
            "31.01.2026",
            "20260131",
            "2026-02-30",
            " 2026-01-31",
            "2026-W01-1",
        ],
    ),
    (pa.date64(), ["2026-01-31 10:00:00", "2026-01-31T10:00:00", "2026-02-30"]),
    (
        pa.timestamp("s"),
        ["2026-01-31T10:00:00.5", "2026-01-31T10:00:00Z", "2026-02-30", "2026-01-31T25:00"],
    ),
    (pa.timestamp("us"), ["2026-01-31T10:00:00.1234567", "10:00"]),
    (pa.timestamp("us", "Europe/Berlin"), ["2026-01-31", "2026-01-31T10:00:00"]),
    (pa.decimal128(10, 2), ["1.239", "99999999999", " 5", "1e3", "x"]),
]


@pytest.mark.parametrize(
    ("native", "text"), [(native, text) for native, texts in OTHERS for text in texts]
)
def test_texts_that_are_no_values(library: ArrowLibrary, native: pa.DataType, text: str) -> None:
    assert read(library, native, [None, text]) == [None, None]
    reader = CellReader(library, "Column", library.type_of(native), "error")
    texts = library.column([None, text], library.type(Kind.TEXT))
    with pytest.raises(UnexpectedValueException, match="Row 1,001, column 'Column': ") as caught:
        reader.read(texts, 1000)
    assert (caught.value.row, caught.value.column) == (1001, "Column")
    assert "invalid='null'" in str(caught.value)


def test_not_a_number(library: ArrowLibrary) -> None:
    (value,) = read(library, pa.float64(), ["NaN"])
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize("name", ["arro3", "pyarrow"])
@given(
    numbers=st.lists(st.floats(allow_nan=False)),
    whole=st.lists(st.integers(-(2**63), 2**63 - 1)),
    days=st.lists(st.dates()),
    times=st.lists(st.datetimes()),
    decimals=st.lists(st.decimals(-9_999_999, 9_999_999, places=2)),
)
def test_what_python_writes_is_read_back(
    *,
    name: str,
    numbers: list[float],
    whole: list[int],
    days: list[date],
    times: list[datetime],
    decimals: list[Decimal],
) -> None:
    library = library_named(name)
    assert read(library, pa.float64(), [repr(each) for each in numbers]) == numbers
    assert read(library, pa.int64(), [f"{each}.0" for each in whole]) == whole
    assert read(library, pa.date32(), [each.isoformat() for each in days]) == days
    assert read(library, pa.timestamp("us"), [each.isoformat() for each in times]) == times
    assert read(library, pa.decimal128(9, 2), [str(each) for each in decimals]) == decimals


def test_types_of_anaplan(library: ArrowLibrary) -> None:
    kinds = {
        name: type_of(library, name).kind
        for name in ("NUMBER", "number", "BOOLEAN", "DATE", "TEXT", "ENTITY", "MIXED", "NEW", "")
    }
    assert list(kinds.values()) == [Kind.FLOAT] * 2 + [Kind.BOOLEAN, Kind.DATE] + [Kind.TEXT] * 5


def test_chosen_types(library: ArrowLibrary) -> None:
    names = types_by_name(
        library,
        {
            "a": "number",
            "b": "boolean",
            "c": "date",
            "d": "text",
            "e": pa.int8(),
            "f": pa.field("other", pa.large_utf8()),
        },
    )
    assert {name: each.kind for name, each in names.items()} == {
        "a": Kind.FLOAT,
        "b": Kind.BOOLEAN,
        "c": Kind.DATE,
        "d": Kind.TEXT,
        "e": Kind.INTEGER,
        "f": Kind.TEXT,
    }
    whole = types_by_name(library, pa.schema([("a", pa.decimal128(9, 2)), ("b", pa.date64())]))
    assert [each.kind for each in whole.values()] == [Kind.DECIMAL, Kind.DATE64]
    assert types_by_name(library, None) == {}


@pytest.mark.parametrize(
    "native",
    [
        pa.time32("s"),
        pa.duration("s"),
        pa.binary(),
        pa.list_(pa.utf8()),
        pa.dictionary(pa.int32(), pa.utf8()),
        pa.null(),
    ],
)
def test_types_that_texts_are_not_read_as(library: ArrowLibrary, native: pa.DataType) -> None:
    for schema in ({"a": native}, pa.schema([("a", native)])):
        with pytest.raises(InvalidArgumentException, match="the type of column 'a'"):
            types_by_name(library, schema)


def test_schemas_that_are_none(library: ArrowLibrary) -> None:
    with pytest.raises(InvalidArgumentException, match="'int' is not a type of column 'a'; use"):
        types_by_name(library, {"a": "int"})
    others: list[object] = [["a"], {"a": 1}, {"a": float}, pa.float64(), "number"]
    for schema in others:
        wrong: SchemaArgument = schema  # type: ignore[assignment]
        with pytest.raises(ArgumentTypeException, match=r"^schema"):
            types_by_name(library, wrong)
    with pytest.raises(InvalidArgumentException, match="invalid must be 'error' or 'null'"):
        check_invalid("raise")
