"""Tables as JSON Lines: the types of their columns, and what is refused."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from anaplan_sdk import Table
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.table_source import open_table
from anaplan_sdk.exceptions import InvalidTableException


@pytest.fixture(params=["arro3", "pyarrow"], autouse=True)
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


def opened(path: Path, text: str) -> Table:
    library = arrow_library()
    path.write_text(text, encoding="utf-8")
    table = open_table(library, path)
    return Table(library, library.schema(table.fields), table.batches)


@pytest.mark.parametrize(
    ("values", "kind", "read"),
    [
        (["1", "-2", "null"], pl.Int64, [1, -2, None]),
        (["1", "2.5", "1e3"], pl.Float64, [1.0, 2.5, 1000.0]),
        (["true", "null", "false"], pl.Boolean, [True, None, False]),
        (['"a"', "5", "true"], pl.String, ["a", "5", "true"]),
        (["1", "9223372036854775808"], pl.String, ["1", "9223372036854775808"]),
        (["null"], pl.String, [None]),
    ],
)
def test_a_column_has_the_type_of_its_values(
    tmp_path: Path, values: list[str], kind: type[pl.DataType], read: list[object]
) -> None:
    table = opened(tmp_path / "a.jsonl", "".join(f'{{"x": {each}}}\n' for each in values))
    frame = table.to_polars()
    assert frame.schema["x"].is_(kind)
    assert frame["x"].to_list() == read


def test_columns_may_begin_later(tmp_path: Path) -> None:
    table = opened(tmp_path / "a.ndjson", '\ufeff{"x": 1}\n\n{"y": "é"}\n')
    assert table.to_pylist() == [{"x": 1, "y": None}, {"x": None, "y": "é"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x": 1}\n{"x": [1]}\n', "line 2, column 'x': the value is an array or an object"),
        ('{"x": 0.12345678901234567890}\n', "column 'x': 0.12345678901234567890 has more digits"),
        ('{"x": 1e999}\n', "column 'x': 1e999 has more digits"),
        ('{"x": 1.5}\n{"x": 9007199254740993}\n', "line 2, column 'x': 9007199254740993 has more"),
        ('{"x": NaN}\n', "line 1: the line is not valid JSON: NaN is not a number"),
        ('{"x": 1, "x": 2}\n', "line 1: the line is not valid JSON: it has 'x' twice"),
        ('{"x": "\\ud800"}\n', r"line 1: the line is not valid JSON: it has \ud800, half of a"),
        ('{"\\udc00": 1}\n', r"line 1: the line is not valid JSON: it has \udc00, half of a"),
        ("[1]\n", "line 1: the line is not a JSON object"),
        ("\n", "has no objects"),
    ],
)
def test_what_would_change_silently_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidTableException) as caught:
        opened(tmp_path / "a.jsonl", text)
    assert message in str(caught.value)


def test_a_table_is_written_as_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"d": [date(2026, 1, 31), None], "t": ["é", '"']}).write_parquet(path)
    library = arrow_library()
    table = open_table(library, path)
    file = io.BytesIO()
    Table(library, library.schema(table.fields), table.batches).write(file, "jsonl")
    assert file.getvalue().decode() == '{"d": "2026-01-31", "t": "é"}\n{"d": null, "t": "\\""}\n'
