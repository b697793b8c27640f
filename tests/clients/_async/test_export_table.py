"""Outputs of exports as tables."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from anaplan_sdk import AsyncClient, AsyncTableStream, Progress
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    FileContentMissingException,
    InvalidArgumentException,
    ServerException,
    StreamConsumedException,
    UnexpectedValueException,
)
from anaplan_sdk.testing import EmulatedAnaplan


@pytest.fixture(params=["arro3", "pyarrow"], autouse=True)
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)
    name: str = request.param
    return name


async def export_named(client: AsyncClient, part: str) -> int:
    return next(int(each.id) for each in await client.get_exports() if part in each.name)


def chunks(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("GET", "*/chunks/*"))


def runs(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/exports/*/tasks"))


async def test_types_are_those_that_anaplan_reports(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "tabular")
        async with await client.export_table(export) as stream:
            assert stream.column_names == list(stream.schema.names)
            table = await stream.read_all()
    types = {field.name: field.type for field in table.to_pyarrow().schema}
    assert types["Flights"] == types["Tail Number"] == types["Airline"] == pa.utf8()
    assert types["Date"] == pa.date32()
    assert types["Distance"] == types["Air Time"] == pa.float64()
    assert types["Loaded"] == pa.bool_()
    assert len(table) == 0


async def test_values_are_those_of_the_file(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.output_chunk_bytes = 1000
    reports: list[Progress] = []
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        stream = await client.export_table(export, batch_rows=100, on_progress=reports.append)
        batches = [batch async for batch in stream]
        text = (await client.get_file(export)).decode()
    rows = [row for batch in batches for row in zip(*map(list, columns_of(batch)), strict=True)]
    assert [batch.num_rows for batch in batches] == [100, 100, 88]
    assert [tuple(line.split("\t")) for line in text.splitlines()[1:]] == [
        tuple("" if value is None else value for value in row) for row in rows
    ]
    assert (reports[-1].step, reports[-1].completed) == ("download", len(text.encode()))
    assert runs(anaplan) == 1


def columns_of(batch: Any) -> list[list[object]]:
    return [batch.column(place).to_pylist() for place in range(batch.num_columns)]


async def test_chosen_types(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        stream = await client.export_table(
            export, schema={"Value": "number", "Time": pa.large_utf8()}, invalid="null"
        )
        table = (await stream.read_all()).to_pyarrow()
        assert table.schema.field("Value").type == pa.float64()
        assert table.schema.field("Time").type == pa.large_utf8()
        assert table.schema.field("Countries").type == pa.utf8()
        assert table["Value"].to_pylist()[0] == 412000.0
        schema = pa.schema([("Value", pa.decimal128(12, 2))])
        stream = await client.export_table(export, schema=schema, invalid="null", run=False)
        assert (await stream.read_all()).to_pyarrow()["Value"].type == pa.decimal128(12, 2)
    assert runs(anaplan) == 1


async def test_a_value_of_another_type_is_an_error_when_it_is_reached(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        stream = await client.export_table(export, schema={"Value": "date"})
        with pytest.raises(UnexpectedValueException, match="Row 0, column 'Value'") as caught:
            await stream.read_all()
        assert (caught.value.row, caught.value.column) == (0, "Value")
        with pytest.raises(StreamConsumedException):
            await stream.read_all()
        stream = await client.export_table(
            export, schema={"Value": "date"}, invalid="null", run=False
        )
        values = [row["Value"] for row in (await stream.read_all()).to_pylist()]
    assert set(values) == {None}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"schema": {"Values": "number"}}, InvalidArgumentException, "no column 'Values'; the"),
        ({"schema": {"Value": "int"}}, InvalidArgumentException, "not a type of column 'Value'"),
        ({"schema": ["Value"]}, ArgumentTypeException, "must be a mapping"),
        ({"invalid": "raise"}, InvalidArgumentException, "'error' or 'null', not 'raise'"),
        ({"batch_rows": 0}, InvalidArgumentException, "batch_rows"),
        ({"timeout": -1}, InvalidArgumentException, "timeout"),
    ],
)
async def test_arguments_are_checked_before_the_export_runs(
    anaplan: EmulatedAnaplan, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        with pytest.raises(error, match=message):
            await client.export_table(export, **arguments)
    assert runs(anaplan) == 0


@pytest.mark.parametrize("name", ["grid", "all pages"])
async def test_grids_are_refused_before_they_run(anaplan: EmulatedAnaplan, name: str) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, name)
        with pytest.raises(InvalidArgumentException, match=r"the layout GRID_.*get_file"):
            await client.export_table(export)
    assert runs(anaplan) == 0


async def test_a_stream_is_read_once(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        stream = await client.export_table(export)
        assert len(await stream.read_all()) == 288
        with pytest.raises(StreamConsumedException):
            aiter(stream)
        broken_off = await client.export_table(export, run=False)
        await anext(aiter(broken_off))
        with pytest.raises(StreamConsumedException):
            await broken_off.read_all()
        await broken_off.aclose()
        async with await client.export_table(export, run=False) as closed:
            pass
        with pytest.raises(StreamConsumedException):
            await closed.read_all()


async def opened_early(anaplan: EmulatedAnaplan, client: AsyncClient) -> AsyncTableStream:
    """Open a stream of many chunks, of which few were requested so far."""
    anaplan.emulator.settings.output_chunk_bytes = 100
    export = await export_named(client, "single column")
    stream = await client.export_table(export, batch_rows=1)
    assert len(await client.get_file_chunks(export)) > 50
    assert chunks(anaplan) < 10
    return stream


async def test_closing_ends_the_download(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        stream = await opened_early(anaplan, client)
        await stream.aclose()
        await stream.aclose()
        requested = chunks(anaplan)
        await client.get_files()
        assert chunks(anaplan) == requested < 10


async def test_a_reading_that_breaks_off_ends_the_download(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        async with await opened_early(anaplan, client) as stream:
            async for batch in stream:
                assert batch.num_rows == 1
                break
        requested = chunks(anaplan)
        await client.get_files()
        assert chunks(anaplan) == requested < 15


async def test_rows_are_not_cut_off_when_a_stream_is_closed_while_it_is_read(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client() as client:
        stream = await opened_early(anaplan, client)
        batches = aiter(stream)
        assert (await anext(batches)).num_rows == 1
        await stream.aclose()
        with pytest.raises(StreamConsumedException, match="closed before its end"):
            await anext(batches)


async def test_an_error_of_the_network(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        stream = await opened_early(anaplan, client)
        anaplan.fault(method="GET", path="*/chunks/30", status=500, times=9)
        with pytest.raises(ServerException):
            await stream.read_all()
        anaplan.fault(method="GET", path="*/chunks/0", status=500, times=9)
        export = await export_named(client, "single column")
        with pytest.raises(ServerException):
            await client.export_table(export, run=False)
    assert chunks(anaplan) < 50


async def test_an_export_that_never_ran(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        with pytest.raises(FileContentMissingException):
            await client.export_table(export, run=False)


async def test_a_table_in_memory_is_read_again(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        table = await (await client.export_table(export)).read_all()
    assert table.to_pylist() == table.to_pylist()
    assert table.to_polars().height == len(table) == 288
    assert "288 rows: Countries, Time, Versions" in repr(table)


@pytest.mark.parametrize(
    "described",
    [
        {"headerNames": ["A", "B", "C"], "dataTypes": ["NUMBER", "NUMBER", "NUMBER"]},
        {"headerNames": ["Countries"], "dataTypes": ["ENTITY"], "columnCount": 1},
        {"headerNames": ["Countries", "Time", "Versions"], "dataTypes": []},
        {"headerNames": [], "dataTypes": ["NUMBER", "NUMBER"]},
        {},
    ],
    ids=["other names", "fewer", "no types", "no names", "nothing"],
)
async def test_columns_that_anaplan_does_not_report_are_text(
    anaplan: EmulatedAnaplan, described: dict[str, object]
) -> None:
    metadata = {"exportFormat": "text/plain", "separator": "\t", **described}
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        anaplan.fault(path=f"*/exports/{export}", body={"exportMetadata": metadata}, times=None)
        async with await client.export_table(export) as stream:
            names = stream.column_names
            table = (await stream.read_all()).to_pyarrow()
        text = (await client.get_file(export)).decode()
    assert names == text.splitlines()[0].split("\t")
    assert {field.type for field in table.schema} == {pa.utf8()}
    assert table.num_rows == 288
    assert table["Countries"].to_pylist()[0] == "United States"


async def test_types_of_columns_that_anaplan_does_not_report(anaplan: EmulatedAnaplan) -> None:
    metadata = {"exportFormat": "text/plain", "separator": "\t"}
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        anaplan.fault(path=f"*/exports/{export}", body={"exportMetadata": metadata}, times=None)
        stream = await client.export_table(export, schema={"Value": "number"}, invalid="null")
        assert (await stream.read_all()).to_pyarrow().schema.field("Value").type == pa.float64()
        # The names are known only when the export has run.
        with pytest.raises(InvalidArgumentException, match=r"no column 'Values'.*'Value'"):
            await client.export_table(export, schema={"Values": "number"}, run=False)
    assert runs(anaplan) == 1


async def test_excel_is_refused_before_the_export_runs(anaplan: EmulatedAnaplan) -> None:
    metadata = {"exportFormat": "application/vnd.ms-excel", "headerNames": ["A"]}
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        anaplan.fault(path=f"*/exports/{export}", body={"exportMetadata": metadata})
        with pytest.raises(InvalidArgumentException, match=r"Excel.*get_file"):
            await client.export_table(export)
    assert runs(anaplan) == 0
