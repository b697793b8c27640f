"""What each Arrow type is written as, and what is refused."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.pure.tables.written import of, on_both_libraries, stored, write

from anaplan_sdk._formats.tables.local_times import time_zone
from anaplan_sdk.exceptions import InvalidTableException

SIGNED = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
UNSIGNED = [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
UNITS = ["s", "ms", "us", "ns"]
SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
LEAP_DAY = dt.date(2024, 2, 29)


def name_of(value: object) -> str:
    return str(value)


def refusal(library: str, table: object, **options: Any) -> InvalidTableException:
    with pytest.raises(InvalidTableException) as caught:
        write(library, table, **options)
    return caught.value


@on_both_libraries
@pytest.mark.parametrize("data_type", [*SIGNED, *UNSIGNED], ids=name_of)
def test_integers_have_all_digits(library: str, data_type: pa.DataType) -> None:
    is_signed = data_type in SIGNED
    least = -(2 ** (data_type.bit_width - 1)) if is_signed else 0
    most = 2 ** (data_type.bit_width - is_signed) - 1
    assert write(library, of([least, None, 7, most], data_type)).column() == [
        str(least),
        "",
        "7",
        str(most),
    ]


@on_both_libraries
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        (3.0, "3"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-1e-7, "-0.0000001"),
        (1e16, "1" + "0" * 16),
        (1e22, "1" + "0" * 22),
        (1e300, "1" + "0" * 300),
        (-1.7976931348623157e308, "-17976931348623157" + "0" * 292),
        (5e-324, "0." + "0" * 323 + "5"),
        (0.30000000000000004, "0.30000000000000004"),
    ],
)
def test_floats_have_no_exponent(library: str, value: float, text: str) -> None:
    assert write(library, of([value, None, 2.0], pa.float64())).column() == [text, "", "2"]


@on_both_libraries
def test_floats_have_the_digits_of_their_precision(library: str) -> None:
    written = write(library, of([0.1, None, 1e30, -0.0], pa.float32()))
    assert written.column() == ["0.1", "", "1" + "0" * 30, "0"]
    smallest = 2.0**-24
    written = write(library, of([1.5, smallest, None, 65504.0], pa.float16()))
    assert written.column() == ["1.5", "0.000000059604645", "", "65504"]


@on_both_libraries
@pytest.mark.parametrize("data_type", [pa.float16(), pa.float32(), pa.float64()], ids=name_of)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_floats_that_are_no_numbers_are_refused(
    library: str, data_type: pa.DataType, value: float
) -> None:
    # More rows than the encoder takes at a time.
    rows = [1.0, None] * 20_000 + [value, value]
    table = pa.table({"Text": ["inf, nan"] * len(rows), "Value": pa.array(rows, type=data_type)})
    error = refusal(library, table)
    assert (error.row, error.column) == (40_000, "Value")
    assert f"Row 40,000, column 'Value': {value} is not a finite number" in str(error)


@on_both_libraries
@pytest.mark.parametrize(
    ("data_type", "values", "texts"),
    [
        (pa.decimal128(10, 2), ["1.50", "-0.01", "0"], ["1.50", "-0.01", "0.00"]),
        (pa.decimal128(10, -2), ["1200", "-100", "0"], ["1200", "-100", "0"]),
        (pa.decimal128(38, 38), ["1e-38", "0"], ["0." + "0" * 37 + "1", "0." + "0" * 38]),
        (pa.decimal128(3, 9), ["1e-7"], ["0.000000100"]),
        (pa.decimal256(50, 2), ["1" * 45 + ".25"], ["1" * 45 + ".25"]),
        (pa.decimal256(50, -5), ["12e10"], ["120000000000"]),
    ],
    ids=name_of,
)
@pytest.mark.parametrize("mark", [".", ","])
def test_decimals(
    library: str, data_type: pa.DataType, values: list[str], texts: list[str], mark: str
) -> None:
    table = of([*map(Decimal, values), None], data_type)
    written = write(library, table, decimal_separator=mark)
    assert written.column() == [*(text.replace(".", mark) for text in texts), ""]


@on_both_libraries
@pytest.mark.parametrize("name", ["decimal32", "decimal64"])
def test_small_decimals(library: str, name: str) -> None:
    if not hasattr(pa, name):
        pytest.skip("pyarrow has them from 19 on")
    table = of([Decimal("1.50"), None, Decimal("-0.01")], getattr(pa, name)(9, 2))
    assert write(library, table).column() == ["1.50", "", "-0.01"]
    assert write(library, table, decimal_separator=",").column() == ["1,50", "", "-0,01"]


@on_both_libraries
def test_booleans_and_nulls(library: str) -> None:
    assert write(library, of([True, None, False])).column() == ["true", "", "false"]
    assert write(library, of([None, None], pa.null())).column() == ["", ""]


@on_both_libraries
@pytest.mark.parametrize("data_type", [pa.utf8(), pa.large_utf8(), pa.string_view()], ids=name_of)
def test_texts(library: str, data_type: pa.DataType) -> None:
    values = ["a", None, "", ' "x", y', "ä€😀", "1\n2", "\r", "\r\n", "NULL", "n/a"]
    assert write(library, of(values, data_type)).column() == [value or "" for value in values]


@on_both_libraries
@pytest.mark.parametrize("data_type", [pa.date32(), pa.date64()], ids=name_of)
@pytest.mark.parametrize(
    ("date_format", "texts"),
    [
        ("%Y-%m-%d", ["2024-02-29", "", "0001-01-01", "1969-12-31", "9999-12-31"]),
        ("%d/%m/%Y", ["29/02/2024", "", "01/01/0001", "31/12/1969", "31/12/9999"]),
        ("%m/%d/%y", ["02/29/24", "", "01/01/01", "12/31/69", "12/31/99"]),
        ("%d-%b-%Y", ["29-Feb-2024", "", "01-Jan-0001", "31-Dec-1969", "31-Dec-9999"]),
        ("%%Y %Y%m%d", ["%Y 20240229", "", "%Y 00010101", "%Y 19691231", "%Y 99991231"]),
    ],
)
def test_dates(library: str, data_type: pa.DataType, date_format: str, texts: list[str]) -> None:
    days = [LEAP_DAY, None, dt.date.min, dt.date(1969, 12, 31), dt.date.max]
    assert write(library, of(days, data_type), date_format=date_format).column() == texts


@on_both_libraries
@pytest.mark.parametrize("date_format", ["%Y-%m-%d", "%d/%m/%Y"])
@pytest.mark.parametrize(
    "day",
    [3_000_000, dt.date.max.toordinal() - 719_162, -719_163, -719_500, -800_000, 2**31 - 1],
)
def test_dates_out_of_the_calendar_are_refused(library: str, date_format: str, day: int) -> None:
    error = refusal(library, stored([0, None, day], pa.date32()), date_format=date_format)
    assert (error.row, error.column) == (2, "Value")
    assert "is not a date of the years 1 to 9999" in str(error)


@on_both_libraries
@pytest.mark.parametrize(
    ("table", "shown"),
    [
        (stored([0, None, 86_400_000 + 1], pa.date64()), "1970-01-02T00:00:00.001000"),
        (stored([0, None, -1], pa.timestamp("ns")), "1969-12-31T23:59:59.999999999"),
        (stored([0, None, 1], pa.timestamp("ns", "UTC")), "1970-01-01T00:00:00.000000001+00:00"),
        (
            stored([82_800 * 10**9, None, 82_800 * 10**9 + 1], pa.timestamp("ns", "Europe/Berlin")),
            "1970-01-02T00:00:00.000000001+01:00",
        ),
        (stored([0, None, -1], pa.timestamp("s")), "1969-12-31T23:59:59"),
    ],
)
def test_a_time_of_day_is_refused(library: str, table: pa.Table, shown: str) -> None:
    error = refusal(library, table)
    assert (error.row, error.column) == (2, "Value")
    assert f"{shown} has a time of day" in str(error)
    assert "timestamps='text'" in str(error)


@on_both_libraries
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("zone", [None, "UTC", "+00:00", "Europe/Berlin", "+05:30", "-03:00"])
def test_midnights_are_dates(library: str, unit: str, zone: str | None) -> None:
    """Also those before 1970, and on the days on which a clock is put forward or back."""
    days = [
        dt.date(1950, 1, 1),
        dt.date(1969, 12, 31),
        dt.date(1970, 1, 1),
        dt.date(2024, 3, 31),
        dt.date(2024, 4, 1),
        dt.date(2024, 10, 27),
        dt.date(2024, 10, 28),
    ]
    place = time_zone(zone) or dt.UTC
    midnights = [dt.datetime.combine(day, dt.time(), place) for day in days]
    counts = [round(time.timestamp()) * SECOND[unit] for time in midnights]
    table = stored([*counts, None], pa.timestamp(unit, zone))
    assert write(library, table).column() == [*map(str, days), ""]
    text = write(library, table, date_format="%d.%m.%Y").column()
    assert text == [*(day.strftime("%d.%m.%Y") for day in days), ""]


@on_both_libraries
def test_a_midnight_that_there_is_twice_is_a_date(library: str) -> None:
    # In Havana clocks go back from 1 to 0 o'clock.
    times = [dt.datetime(2024, 11, 3, hour, tzinfo=dt.UTC) for hour in (4, 5)]
    table = of(times, pa.timestamp("us", "America/Havana"))
    assert write(library, table).column() == ["2024-11-03", "2024-11-03"]


@on_both_libraries
@pytest.mark.parametrize("unit", UNITS)
def test_timestamps_as_texts(library: str, unit: str) -> None:
    winter, summer = (
        int(dt.datetime(2024, month, 1, 12, tzinfo=dt.UTC).timestamp()) * SECOND[unit]
        for month in (1, 7)
    )
    counts = [winter, summer, None, -SECOND[unit]]
    texts = {
        None: ["2024-01-01T12:00:00", "2024-07-01T12:00:00", "", "1969-12-31T23:59:59"],
        "UTC": [
            "2024-01-01T12:00:00+00:00",
            "2024-07-01T12:00:00+00:00",
            "",
            "1969-12-31T23:59:59+00:00",
        ],
        "Europe/Berlin": [
            "2024-01-01T13:00:00+01:00",
            "2024-07-01T14:00:00+02:00",
            "",
            "1970-01-01T00:59:59+01:00",
        ],
    }
    for zone, wanted in texts.items():
        table = stored(counts, pa.timestamp(unit, zone))
        assert write(library, table, timestamps="text").column() == wanted


@on_both_libraries
def test_timestamps_as_texts_have_all_digits_of_a_second(library: str) -> None:
    table = stored([1, 1_000, -1, 1_500_000_000], pa.timestamp("ns"))
    assert write(library, table, timestamps="text").column() == [
        "1970-01-01T00:00:00.000000001",
        "1970-01-01T00:00:00.000001",
        "1969-12-31T23:59:59.999999999",
        "1970-01-01T00:00:01.500000",
    ]


@on_both_libraries
@pytest.mark.parametrize("timestamps", ["date", "text"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("seconds", [3_000_000 * 86_400, -800_000 * 86_400, 2**62])
def test_timestamps_out_of_the_calendar_are_refused(
    library: str, timestamps: str, zone: str | None, seconds: int
) -> None:
    table = stored(
        [None, -3_600 if zone == "Europe/Berlin" else 0, seconds], pa.timestamp("s", zone)
    )
    error = refusal(library, table, timestamps=timestamps)
    assert (error.row, error.column) == (2, "Value")
    assert "is not a date of the years 1 to 9999" in str(error)


@on_both_libraries
@pytest.mark.parametrize("timestamps", ["date", "text"])
def test_a_zone_that_does_not_exist_is_refused(library: str, timestamps: str) -> None:
    table = stored([0], pa.timestamp("s", "Nowhere/Land"))
    error = refusal(library, table, timestamps=timestamps)
    assert error.column == "Value"
    assert "there is no time zone 'Nowhere/Land'" in str(error)


@on_both_libraries
@pytest.mark.parametrize(
    ("data_type", "count", "text"),
    [
        (pa.time32("s"), 3_723, "01:02:03"),
        (pa.time32("ms"), 3_723_004, "01:02:03.004000"),
        (pa.time64("us"), 3_723_000_004, "01:02:03.000004"),
        (pa.time64("ns"), 3_723_000_000_004, "01:02:03.000000004"),
    ],
    ids=name_of,
)
def test_times(library: str, data_type: pa.DataType, count: int, text: str) -> None:
    table = stored([count, None, 0], data_type)
    assert write(library, table).column() == [text, "", "00:00:00"]
    day = 86_400 * SECOND[data_type.unit]
    for wrong in (day, -1):
        error = refusal(library, stored([0, wrong], data_type))
        assert (error.row, error.column) == (1, "Value")
        assert "is not a time of day" in str(error)


@on_both_libraries
@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array(["a", "b"]), ["a", "b"]),
        (pa.array(["a", "b"], type=pa.large_utf8()), ["a", "b"]),
        (pa.array(["a", "b"], type=pa.string_view()), ["a", "b"]),
        (pa.array(["a", None]), ["a", ""]),
        (pa.array([1, 2**64 - 1], type=pa.uint64()), ["1", str(2**64 - 1)]),
        (pa.array([2.0, 1e-7]), ["2", "0.0000001"]),
        (pa.array([Decimal("1.5"), Decimal("1E-9")]), ["1.500000000", "0.000000001"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([LEAP_DAY, dt.date.max]), ["2024-02-29", "9999-12-31"]),
        (pa.array([LEAP_DAY, dt.date.max], type=pa.date64()), ["2024-02-29", "9999-12-31"]),
        (
            pa.array([dt.datetime(2024, 6, 30, 22, tzinfo=dt.UTC)] * 2).cast(
                pa.timestamp("us", "Europe/Berlin")
            ),
            ["2024-07-01", "2024-07-01"],
        ),
        (pa.array([dt.time(1), dt.time(2, 3)]), ["01:00:00", "02:03:00"]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
@pytest.mark.parametrize("index", [pa.int8(), pa.uint32(), pa.int64()], ids=name_of)
def test_dictionaries_are_written_as_their_values(
    library: str, values: pa.Array, texts: list[str], index: pa.DataType
) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1], type=index), values)
    assert write(library, of(column)).column() == [texts[1], "", texts[0], texts[1]]


@on_both_libraries
def test_a_dictionary_does_not_hide_what_is_refused(library: str) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array([1.0, float("nan")]))
    assert refusal(library, of(column)).row == 1
    binary = pa.DictionaryArray.from_arrays(pa.array([0]), pa.array([b"x"]))
    assert "Column 'Value' has the type" in str(refusal(library, of(binary)))


@on_both_libraries
def test_categories_of_polars_and_pandas(library: str) -> None:
    frame = pl.DataFrame(
        {
            "Category": pl.Series(["a", None, "b"], dtype=pl.Categorical),
            "Enum": pl.Series(["b", "a", None], dtype=pl.Enum(["a", "b"])),
        }
    )
    wanted = [["Category", "Enum"], ["a", "b"], ["", "a"], ["b", ""]]
    assert write(library, frame).records() == wanted
    pandas = pd.DataFrame(
        {
            "Category": pd.Categorical(["a", None, "b"]),
            "Enum": pd.Categorical(["b", "a", None], categories=["a", "b"], ordered=True),
        }
    )
    assert write(library, pandas).records() == wanted


@on_both_libraries
@pytest.mark.parametrize(
    "column",
    [
        pa.array([1], type=pa.duration("s")),
        pa.array([b"x"]),
        pa.array([b"x"], type=pa.large_binary()),
        pa.array([b"x"], type=pa.binary_view()),
        pa.array([b"xyz"], type=pa.binary(3)),
        pa.array([[1]]),
        pa.array([[1]], type=pa.large_list(pa.int8())),
        pa.array([[1, 2]], type=pa.list_(pa.int8(), 2)),
        pa.array([[1]], type=pa.list_view(pa.int8())),
        pa.array([{"a": 1}]),
        pa.array([[("a", 1)]], type=pa.map_(pa.utf8(), pa.int8())),
        pa.array([(1, 2, 3)], type=pa.month_day_nano_interval()),
        pa.RunEndEncodedArray.from_arrays([1], ["a"]),
        pa.UnionArray.from_sparse(pa.array([0], type=pa.int8()), [pa.array([1])]),
        pa.UnionArray.from_dense(
            pa.array([0], type=pa.int8()), pa.array([0], type=pa.int32()), [pa.array([1])]
        ),
    ],
    ids=lambda column: str(column.type),
)
def test_types_without_values_in_anaplan_are_refused_first(library: str, column: pa.Array) -> None:
    table = pa.table({"Bad": pa.array([float("nan")]), "Column": column})
    error = refusal(library, table)
    assert (error.row, error.column) == (None, "Column")
    assert "Column 'Column' has the type " in str(error)
    assert "convert it to texts, numbers or dates" in str(error)
    # A column that is not sent does no harm.
    assert write(library, pa.table({"A": [1], "Column": column}), ["A"]).column() == ["1"]


@on_both_libraries
@pytest.mark.parametrize(
    ("table", "name"),
    [
        (of([uuid.UUID(int=1).bytes], pa.uuid()), "arrow.uuid"),
        (pd.DataFrame({"Value": pd.period_range("2024-01", periods=1, freq="M")}), "pandas.period"),
        (pd.DataFrame({"Value": pd.interval_range(0, 1)}), "pandas.interval"),
        (pd.DataFrame({"Value": pd.to_timedelta(["1D"])}), "uration"),
        (pl.DataFrame({"Value": [[1]]}), "List(Int64)|large_list"),
    ],
)
def test_extension_types_are_refused_by_their_names(library: str, table: object, name: str) -> None:
    error = refusal(library, table)
    assert error.column == "Value"
    assert any(each in str(error) for each in name.split("|"))


@on_both_libraries
def test_extension_types_that_are_texts(library: str) -> None:
    if not hasattr(pa, "json_"):
        pytest.skip("pyarrow has JSON from 19 on")
    table = of(['{"a": 1}', None], pa.json_())
    assert write(library, table).column() == ['{"a": 1}', ""]


@on_both_libraries
def test_integers_that_pandas_made_floats(library: str) -> None:
    frame = pd.DataFrame({"Value": [1, None, 3], "Text": ["a", None, "c"]})
    assert str(frame["Value"].dtype) == "float64"
    assert write(library, frame).records()[1:] == [["1", "a"], ["", ""], ["3", "c"]]
