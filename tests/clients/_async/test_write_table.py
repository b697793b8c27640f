"""Tables to the cells of modules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    ColumnMismatchException,
    InvalidArgumentException,
    InvalidTableException,
    RowsRefusedException,
    WriteInterruptedException,
)
from anaplan_sdk.models import CellWriteResult
from anaplan_sdk.testing import EmulatedAnaplan

FACTS = 102000000000
PLAN = 102000000001
WIDE = {
    "Countries": ["United States", "Canada"],
    "Time": ["Mar 13", "Mar 13"],
    "Versions": ["Actual", "Actual"],
    "Passengers": [1.5, 2.0],
}


@pytest.fixture(autouse=True, params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


def posts(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/data"))


async def plan(client: AsyncClient) -> pl.DataFrame:
    return (await (await client.tr.view_table(PLAN)).read_all()).to_polars()


async def passengers(client: AsyncClient, month: str = "Mar 13") -> list[float]:
    table = await plan(client)
    is_wanted = (pl.col("Time") == month) & (pl.col("Versions") == "Actual")
    return table.filter(is_wanted)["Passengers"].to_list()


async def module_named(client: AsyncClient, name: str) -> int | str:
    return next(each.id for each in await client.tr.get_modules() if each.name == name)


async def test_a_wide_table(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        result = await client.tr.write_table(PLAN, pl.DataFrame(WIDE))
        assert (result.rows, result.cells_changed, len(result.refused)) == (2, 2, 0)
        assert (await passengers(client))[:2] == [1.5, 2.0]
        result = await client.tr.write_table(PLAN, pl.DataFrame(WIDE))
        assert (result.rows, result.cells_changed) == (2, 0)


async def test_an_index_of_pandas_without_a_name_is_not_sent(anaplan: EmulatedAnaplan) -> None:
    frame = pd.DataFrame(WIDE, index=[3, 7])
    assert "__index_level_0__" in pa.table(frame).column_names
    async with anaplan.async_client() as client:
        assert (await client.tr.write_table(PLAN, frame)).cells_changed == 2
        assert (await passengers(client))[:2] == [1.5, 2.0]


async def test_the_table_of_a_view(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        table = await plan(client)
        assert (await client.tr.write_table(PLAN, table)).cells_changed == 0
        changed = table.with_columns(pl.col("Passengers") + 1, ~pl.col("Approved"))
        result = await client.tr.write_table(PLAN, changed)
        assert (result.rows, result.cells_changed) == (len(table), 2 * len(table))
        assert (await plan(client)).equals(changed)


async def test_every_format(anaplan_shop: EmulatedAnaplan) -> None:
    async with anaplan_shop.async_client() as client:
        sales = await module_named(client, "Sales")
        table = (await (await client.tr.view_table(sales)).read_all()).to_polars()
        values = {
            "Units": 0.1,
            "Promoted": True,
            "Since": date(2026, 2, 28),
            "Comment": 'a "quoted", text',
            "Sold In": "Asia",
        }
        changed = table.with_columns(**{name: pl.lit(value) for name, value in values.items()})
        result = await client.tr.write_table(sales, changed)
        assert len(result.refused) == 0
        written = (await (await client.tr.view_table(sales)).read_all()).to_polars()
        assert written.equals(changed)

        cleared = changed.with_columns(
            **{name: pl.lit(None, table.schema[name]) for name in values}
        )
        assert (await client.tr.write_table(sales, cleared)).cells_changed == 0
        await client.tr.write_table(sales, cleared, nulls="clear")
        rows = (await (await client.tr.view_table(sales)).read_all()).to_pylist()
    empty = {"Units": 0.0, "Promoted": False, "Since": None, "Comment": None, "Sold In": None}
    assert [{name: row[name] for name in empty} for row in rows] == [empty] * len(rows)


async def test_a_line_item_with_the_name_of_a_dimension(anaplan_shop: EmulatedAnaplan) -> None:
    async with anaplan_shop.async_client() as client:
        palette = await module_named(client, "Palette")
        table = (await (await client.tr.view_table(palette)).read_all()).to_polars()
        changed = table.with_columns(pl.lit(7.0).alias("Colors (2)"))
        assert (await client.tr.write_table(palette, changed)).cells_changed == 2
        assert (await (await client.tr.view_table(palette)).read_all()).to_polars().equals(changed)
        renamed = changed.select(pl.col("Colors").alias("color"), pl.lit(8).alias("shade"))
        result = await client.tr.write_table(
            palette, renamed, dimensions={"color": "Colors"}, line_items={"shade": "Colors"}
        )
        assert result.cells_changed == 2


async def test_a_long_table(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame(
        {
            "country": ["US", "CA", "US", "US"],
            "Time": ["Mar 13"] * 4,
            "Versions": ["Actual"] * 4,
            "measure": ["Passengers", "load factor", "Approved", "Profit"],
            "amount": ["7", "0.5", "TRUE", "1"],
            "note": ["not written"] * 4,
        }
    )
    async with anaplan.async_client() as client:
        with pytest.raises(ColumnMismatchException, match="'country'"):
            await client.tr.write_table(
                PLAN, table, line_item_column="measure", value_column="amount"
            )
        assert posts(anaplan) == 0
        result = await client.tr.write_table(
            PLAN,
            table,
            dimensions={"country": "Countries", "Time": "Time", "Versions": "Versions"},
            line_item_column="measure",
            value_column="amount",
            match={"Countries": "code"},
        )
        assert (result.rows, result.cells_changed) == (4, 3)
        assert result.refused.to_pylist() == [
            {
                "row": 3,
                "line_item": "Profit",
                "reason": "The module has no line item 'Profit'.",
                "country": "US",
                "Time": "Mar 13",
                "Versions": "Actual",
                "measure": "Profit",
                "amount": "1",
            }
        ]
        rows = (await plan(client)).filter(
            pl.col("Time") == "Mar 13", pl.col("Versions") == "Actual"
        )
        assert rows.row(0)[3:] == (7.0, rows.row(0)[4], True)
        assert rows.row(1)[4] == 0.5


async def test_refused_cells(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame(
        {
            "Countries": ["United States", "Atlantis", None, "Canada"],
            "Time": ["Mar 13"] * 4,
            "Versions": ["Actual"] * 4,
            "Passengers": ["1", "2", "3", "many"],
            "Approved": ["yes", None, "true", "false"],
        }
    )
    async with anaplan.async_client() as client:
        result = await client.tr.write_table(PLAN, table, cells_per_request=1)
        refused = result.refused.to_pylist()
        assert (result.rows, result.cells_changed) == (4, 1)
        assert [(row["row"], row["line_item"]) for row in refused] == [
            (0, "Approved"),
            (2, None),
            (1, "Passengers"),
            (3, "Passengers"),
        ]
        assert refused[0]["reason"] == "'yes' is neither true nor false."
        assert refused[1]["reason"] == "The row has no item of Countries."
        assert "Atlantis" in str(refused[2]["reason"])
        assert refused[3] | {"reason": ""} == {
            "row": 3,
            "line_item": "Passengers",
            "reason": "",
            **{name: values[3] for name, values in table.to_dict(as_series=False).items()},
        }
        with pytest.raises(RowsRefusedException, match="4 rows or cells") as caught:
            await client.tr.write_table(PLAN, table, max_refused=3)
        assert len(pl.DataFrame(caught.value.refused)) == 4
        assert (await client.tr.write_table(PLAN, table, max_refused=4)).rows == 4


@pytest.mark.parametrize(
    ("changes", "arguments", "problem"),
    [
        ({"Profit": [1, 2]}, {}, "'Profit' is neither a dimension"),
        ({"Time": None}, {}, "no column for the dimension 'Time'"),
        ({"Passengers": None}, {}, "no column for a line item"),
        ({}, {"dimensions": ["Countries", "Month"]}, "no 'Month'"),
        ({}, {"dimensions": {"Time": "Months"}}, "no dimension 'Months'"),
        ({}, {"line_items": {"Passengers": "Riders"}}, "no line item 'Riders'"),
        ({"p": [1, 2]}, {"line_items": {"p": "Passengers", "Passengers": "Passengers"}}, "one"),
        ({}, {"dimensions": ["Countries"], "line_items": ["Passengers"]}, "'Time', 'Versions'"),
    ],
)
async def test_columns_that_do_not_match(
    anaplan: EmulatedAnaplan, changes: dict[str, Any], arguments: dict[str, Any], problem: str
) -> None:
    columns = {name: each for name, each in (WIDE | changes).items() if each is not None}
    async with anaplan.async_client() as client:
        with pytest.raises(ColumnMismatchException, match=problem):
            await client.tr.write_table(PLAN, pl.DataFrame(columns), **arguments)
    assert posts(anaplan) == 0


async def test_a_column_that_is_there_twice(anaplan: EmulatedAnaplan) -> None:
    columns = {name: pa.array(values) for name, values in WIDE.items()}
    names = [*columns, "Passengers"]
    table = pa.table([*columns.values(), columns["Passengers"]], names=names)
    async with anaplan.async_client() as client:
        with pytest.raises(ColumnMismatchException) as caught:
            await client.tr.write_table(PLAN, table)
    assert caught.value.repeated == ["Passengers"]
    assert posts(anaplan) == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"line_item_column": "a"}, "together"),
        ({"line_item_column": "a", "value_column": "b", "line_items": ["c"]}, "long table"),
        ({"nulls": "keep"}, "nulls must be"),
        ({"match": "id"}, "match must be"),
        ({"match": {"Products": "code"}}, "no dimension 'Products'"),
        ({"max_refused": -1}, "max_refused"),
        ({"cells_per_request": 0}, "cells_per_request"),
    ],
)
async def test_invalid_arguments(
    anaplan: EmulatedAnaplan, arguments: dict[str, Any], problem: str
) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidArgumentException, match=problem):
            await client.tr.write_table(PLAN, pl.DataFrame(WIDE), **arguments)
        columns: Any = "Countries"
        with pytest.raises(ArgumentTypeException, match="sequence of names"):
            await client.tr.write_table(PLAN, pl.DataFrame(WIDE), dimensions=columns)
    assert posts(anaplan) == 0


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), datetime(2026, 1, 31, 12, 30, tzinfo=UTC)], ids=str
)
async def test_values_that_anaplan_does_not_have(anaplan: EmulatedAnaplan, value: object) -> None:
    valid: object = datetime(2026, 1, 31, tzinfo=UTC) if isinstance(value, datetime) else 1.0
    table = pl.DataFrame(WIDE | {"Passengers": [valid, value]})
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidTableException) as caught:
            await client.tr.write_table(PLAN, table)
        assert (caught.value.row, caught.value.column) == (1, "Passengers")
    assert posts(anaplan) == 0


async def test_a_column_of_a_type_that_anaplan_does_not_have(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidTableException, match="'Passengers' has the type"):
            await client.tr.write_table(PLAN, pl.DataFrame(WIDE | {"Passengers": [[1], [2]]}))
    assert posts(anaplan) == 0


async def test_batches_are_read_as_they_are_sent(anaplan: EmulatedAnaplan) -> None:
    sent: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(4):
            sent.append(posts(anaplan))
            yield pa.record_batch({**WIDE, "Passengers": [number + 1.0, number + 2.0]})
        yield pa.record_batch({**WIDE, "Passengers": [1.0, float("nan")]})

    async with anaplan.async_client() as client:
        with pytest.raises(WriteInterruptedException, match="Row 9, column 'Passengers'") as caught:
            await client.tr.write_table(PLAN, batches(), cells_per_request=2)
        assert isinstance(caught.value.result, CellWriteResult)
        assert caught.value.result.cells_changed == 6
        assert (await passengers(client))[:2] == [3.0, 4.0]
    assert sent[0] == 0
    assert sent[-1] > 0


async def test_files_and_empty_tables(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(
        "Countries,Time,Versions,Passengers,Approved\nCanada,Apr 13,Actual,12.5,True\n",
        encoding="utf-8",
    )
    async with anaplan.async_client() as client:
        assert (await client.tr.write_table(PLAN, path)).cells_changed == 2
        assert (await passengers(client, "Apr 13"))[1] == 12.5
        result = await client.tr.write_table(PLAN, pl.DataFrame(WIDE).clear())
        assert (result.rows, result.cells_changed, len(result.refused)) == (0, 0, 0)
    assert posts(anaplan) == 1


async def test_a_lost_reply(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(backoff=0.01) as client:
        anaplan.fault(method="POST", path="*/data", lose_reply=True)
        with pytest.raises(Exception, match="POST"):
            await client.tr.write_table(PLAN, pl.DataFrame(WIDE))
        # The same call completes what may have been written.
        assert (await client.tr.write_table(PLAN, pl.DataFrame(WIDE))).cells_changed == 0
        assert (await passengers(client))[:2] == [1.5, 2.0]
