"""Tables in memory."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anaplan_sdk._formats.tables.arrow_types import Kind
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.table import Table

KINDS = {"text": Kind.TEXT, "number": Kind.FLOAT, "day": Kind.DATE, "flag": Kind.BOOLEAN}
ROWS: list[dict[str, object]] = [
    {"text": "ä", "number": 0.5, "day": date(2026, 1, 31), "flag": True},
    {"text": None, "number": None, "day": None, "flag": None},
    {"text": "b", "number": -1.0, "day": date(1, 1, 1), "flag": False},
]
TYPES = [pa.utf8(), pa.float64(), pa.date32(), pa.bool_()]


@pytest.fixture(params=["arro3", "pyarrow"], autouse=True)
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


def new_table(rows: list[dict[str, object]]) -> Table:
    """Make a table of a batch for each row."""
    library = arrow_library()
    fields = [(name, library.type(kind)) for name, kind in KINDS.items()]
    batches = [
        library.make_batch([library.column([row[name]], each) for name, each in fields], fields)
        for row in rows
    ]
    return Table(library, library.schema(fields), batches)


def test_what_a_table_has() -> None:
    table = new_table(ROWS)
    assert len(table) == table.num_rows == 3
    assert table.column_names == list(table.schema.names) == list(KINDS)
    assert repr(table) == "<Table of 3 rows: text, number, day, flag>"
    assert table.to_pylist() == table.to_pylist() == ROWS
    assert sum(batch.num_rows for batch in table) == 3


@pytest.mark.parametrize("rows", [ROWS, []])
def test_conversions(rows: list[dict[str, object]], tmp_path: Path) -> None:
    table = new_table(rows)
    expected = pa.Table.from_pylist(rows, pa.schema(list(zip(KINDS, TYPES, strict=True))))
    for _ in range(2):
        assert table.to_pyarrow().equals(expected)
        assert pa.table(table).equals(expected)
        assert table.to_polars().to_dicts() == rows
        assert table.to_polars().schema["day"] == pl.Date
        assert list(table.to_pandas().columns) == list(KINDS)
        assert len(table.to_pandas()) == len(rows)
        frame = table  # noqa: F841 - read by duckdb
        with duckdb.connect() as connection:
            assert connection.sql("select count(*) from frame").fetchall() == [(len(rows),)]
        assert pq.read_table(table.to_parquet(tmp_path / "a.parquet")).equals(expected)
        with pa.ipc.open_stream(table.to_arrow(tmp_path / "a.arrow")) as reader:
            assert reader.read_all().equals(expected)
        lines = table.to_csv(tmp_path / "a.csv").read_text("utf-8").splitlines()
        assert lines[0] == "text,number,day,flag"
        assert len(lines) == len(rows) + 1
    assert len(list(tmp_path.iterdir())) == 3
