"""Tables of every type that is written: the file has their values, and is read back as them.

Each difference is one of those that the dialect's docstring lists.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.tables.written import LIBRARIES, write

from anaplan_sdk._formats.tables.column_types import types_by_name
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.installed_library import VARIABLE, arrow_library
from anaplan_sdk._formats.tables.table_parser import TableParser

FIRST, LAST = dt.date(1, 1, 1), dt.date(9999, 12, 31)
DAY_MICROS = 86_400_000_000
EPOCH = dt.date(1970, 1, 1)
# Not all characters, whose table takes Hypothesis seconds to make.
TEXT = st.text(st.sampled_from("a0,;|\t\r\n\"'\\ é€😀\x1f\x85\u2028\ufeff"), max_size=8)


def integers(data_type: pa.DataType) -> st.SearchStrategy[int]:
    if pa.types.is_unsigned_integer(data_type):
        return st.integers(0, 2**data_type.bit_width - 1)
    return st.integers(-(2 ** (data_type.bit_width - 1)), 2 ** (data_type.bit_width - 1) - 1)


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda digits: Decimal(digits).scaleb(-scale))


VALUES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    **{
        each: integers(each)
        for each in (
            *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
            *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        )
    },
    pa.float64(): st.floats(allow_nan=False, allow_infinity=False),
    pa.float32(): st.floats(allow_nan=False, allow_infinity=False, width=32),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(FIRST, LAST),
    pa.date64(): st.dates(FIRST, LAST),
    pa.decimal128(10, 2): decimals(10, 2),
    pa.decimal128(20, 9): decimals(20, 9),
    pa.decimal256(28, 12): decimals(28, 12),
    pa.utf8(): TEXT,
    pa.large_utf8(): TEXT,
    pa.string_view(): TEXT,
}
# Of a float16 the shortest digits are those of a float32.
WRITTEN_ONLY: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.float16(): st.floats(allow_nan=False, allow_infinity=False, width=16),
    pa.time32("ms"): st.times().map(lambda each: each.replace(microsecond=0)),
    pa.time64("us"): st.times(),
    pa.timestamp("us"): st.datetimes(),
    pa.null(): st.none(),
    pa.dictionary(pa.int32(), pa.utf8()): TEXT,
    pa.dictionary(pa.int8(), pa.int64()): integers(pa.int64()),
}


@st.composite
def tables(draw: st.DrawFn, types: list[pa.DataType]) -> pa.Table:
    chosen = draw(st.lists(st.sampled_from(types), min_size=1, max_size=4))
    height = draw(st.integers(0, 8))
    values = {**VALUES, **WRITTEN_ONLY}
    return pa.table(
        {
            f"C{place} {each}": pa.array(
                draw(st.lists(st.none() | values[each], min_size=height, max_size=height)),
                type=each,
            )
            for place, each in enumerate(chosen)
        }
    )


def parse(library: str, data: bytes, file_format: FileFormat, schema: pa.Schema) -> list[list[Any]]:
    """Read a file with the types of a schema, as columns of Python objects."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, library)
        chosen_library = arrow_library()
    types = types_by_name(chosen_library, schema)
    parser = TableParser(chosen_library, file_format, lambda names: [types[name] for name in names])
    batches = [*parser.feed(data), *parser.finish()]
    assert list(types) == [name for name, _ in parser.fields or ()]
    tables = [pa.table(pa.record_batch(batch)) for batch in batches]
    table = pa.concat_tables([schema.empty_table(), *tables])
    return [column.to_pylist() for column in table.columns]


def as_read(value: Any) -> Any:
    """Apply the dialect's list of differences to a value."""
    if value == "":
        return None  # An empty text is null.
    if value == 0 and isinstance(value, float):
        return 0.0  # Negative zero is 0.
    return value


FORMATS = st.sampled_from(
    [
        FileFormat(),
        FileFormat(separator="\t"),
        FileFormat(separator=";", quote="'"),
        FileFormat(separator="|", encoding="UTF-16LE"),
        FileFormat(encoding="UTF-16", header_row=2, first_data_row=4),
    ]
)


def options_of(file_format: FileFormat) -> dict[str, Any]:
    return {name: getattr(file_format, name) for name in FileFormat.__dataclass_fields__}


@given(tables(list(VALUES)), st.sampled_from(LIBRARIES), st.sampled_from(LIBRARIES), FORMATS)
def test_what_is_read_back_is_what_was_written(
    table: pa.Table, writer: str, reader: str, file_format: FileFormat
) -> None:
    written = write(writer, table, **options_of(file_format))
    assert written.encoder.rows == table.num_rows
    read = parse(reader, written.data, file_format, table.schema)
    wanted = [[as_read(value) for value in column.to_pylist()] for column in table.columns]
    assert read == wanted
    signs = [
        [math.copysign(1, value) for value in column if isinstance(value, float)] for column in read
    ]
    assert signs == [
        [math.copysign(1, value) for value in column if isinstance(value, float)]
        for column in wanted
    ]


def number_text(value: float, digits: Callable[[float], str] = repr) -> str:
    text = format(Decimal(digits(value)), "f")
    text = text.removesuffix(".0") if "." in text else text
    return "0" if text in ("-0", "0.0") else text


def text_of(value: Any, data_type: pa.DataType) -> str:
    """Return what the dialect's docstring says that a value is written as."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if data_type == pa.float64():
        return number_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime | dt.time):
        return value.isoformat()
    return str(value)


EXACT = [each for each in (*VALUES, *WRITTEN_ONLY) if each not in (pa.float16(), pa.float32())]


@given(tables(EXACT), st.sampled_from(LIBRARIES), FORMATS)
def test_what_the_csv_module_reads(table: pa.Table, library: str, file_format: FileFormat) -> None:
    options = {**options_of(file_format), "timestamps": "text"}
    written = write(library, table, **options)
    records = written.records()
    start = file_format.first_data_row - 1
    assert records[file_format.header_row - 1] == table.column_names
    columns = [
        [text_of(value, column.type) for value in column.to_pylist()] for column in table.columns
    ]
    assert records[start:] == [list(row) for row in zip(*columns, strict=True)]


@given(
    st.sampled_from([pa.float16(), pa.float32()]).flatmap(lambda each: tables([each])),
    st.sampled_from(LIBRARIES),
)
def test_short_floats_have_digits_enough(table: pa.Table, library: str) -> None:
    for place, column in enumerate(table.columns):
        texts = [record[place] for record in write(library, table).records()[1:]]
        assert not any("e" in text.lower() for text in texts)
        read = pa.array([float(text) if text else None for text in texts], pa.float64())
        as_before = read.cast(pa.float32(), safe=False).cast(column.type, safe=False)
        wanted = column.combine_chunks()
        assert [value or None for value in as_before.to_pylist()] == [
            value or None for value in wanted.to_pylist()
        ]


@given(
    st.lists(
        st.none()
        | st.integers(
            (FIRST - EPOCH).days,
            (LAST - EPOCH).days,
        ),
        max_size=8,
    ),
    st.sampled_from([None, "UTC", "+02:00", "-11:30"]),
    st.sampled_from(LIBRARIES),
)
def test_midnights_are_read_back_as_dates(
    days: list[int | None], zone: str | None, library: str
) -> None:
    offset = {"+02:00": -7_200, "-11:30": 41_400}.get(zone or "", 0) * 1_000_000
    micros = [None if day is None else day * DAY_MICROS + offset for day in days]
    table = pa.table({"Value": pa.array(micros, pa.int64()).cast(pa.timestamp("us", zone))})
    written = write(library, table)
    assert parse(library, written.data, FileFormat(), pa.schema([("Value", pa.date32())])) == [
        [None if day is None else EPOCH + dt.timedelta(days=day) for day in days]
    ]
