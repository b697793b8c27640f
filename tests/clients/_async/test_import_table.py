"""Importing tables: what arrives, what is refused, and what is never sent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from tests.clients.sales_model import (
    BARE,
    CODES,
    EXPORT,
    FIGURES,
    LATIN,
    LATIN_FILE,
    LOAD,
    PRODUCT_LIST,
    PRODUCTS,
    PRODUCTS_FILE,
    SALES_FILE,
    SALES_IMPORT,
    SHARED,
    sent,
)

from anaplan_sdk import TableImport
from anaplan_sdk.exceptions import (
    AnaplanActionError,
    AnaplanTimeoutException,
    ArgumentTypeException,
    ColumnMismatchException,
    FileContentMissingException,
    InvalidArgumentException,
    InvalidIdentifierException,
    InvalidTableException,
    OutcomeUnknownException,
    RowsRefusedException,
    TableCheckException,
    UploadIncompleteException,
)
from anaplan_sdk.testing import EmulatedAnaplan

DAY = date(2026, 1, 31)
SALES = pl.DataFrame(
    {
        "Regions": ["North", "S"],
        "Amount": [1234.5, -2.0],
        "Sold": [True, False],
        "Day": [DAY, date(2024, 2, 29)],
        "Note": ['a "quoted", text', "two\nlines"],
        "Origin": ["South", None],
    }
)
COLUMNS = ["Code", "Name", "Parent", "Price", "Active", "Launch", "Region"]


def products(count: int, **columns: Any) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "Code": [f"P{number}" for number in range(count)],
            "Name": [f"Product {number}" for number in range(count)],
            "Parent": ["North"] * count,
            "Price": [number / 4 for number in range(count)],
            "Active": [number % 2 == 0 for number in range(count)],
            "Launch": [DAY] * count,
            "Region": ["S"] * count,
        }
    )
    return frame.with_columns(**{name: pl.Series(values) for name, values in columns.items()})


def refused_of(result: TableImport) -> list[dict[str, object]]:
    assert result.refused is not None
    return result.refused.to_pylist()


def rows_of(content: bytes, encoding: str = "utf-8", separator: str = ",") -> list[list[str]]:
    text = io.StringIO(content.decode(encoding), newline="")
    return list(csv.reader(text, delimiter=separator))


async def test_a_table_goes_into_a_module_and_comes_back(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        result = await client.import_table(SALES_IMPORT, SALES)
        assert (result.rows, refused_of(result)) == (2, [])
        assert result.task.result.successful
        async with await client.export_table(EXPORT) as stream:
            table = await stream.read_all()
    expected = [
        {**row, "Regions": region, "Origin": origin}
        for row, region, origin in zip(
            SALES.to_dicts(), ["North", "South"], ["South", None], strict=True
        )
    ]
    assert table.to_pylist() == expected


async def test_a_table_goes_into_a_list(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        await client.import_table(PRODUCTS, products(3))
        items = await client.tr.get_list_items(PRODUCT_LIST)
    assert [(item.code, item.name, item.parent) for item in items] == [
        ("P0", "Product 0", "North"),
        ("P1", "Product 1", "North"),
        ("P2", "Product 2", "North"),
    ]
    assert [item.properties for item in items][1] == {
        "Price": "0.25",
        "Active": "false",
        "Launch": "2026-01-31",
        "Region": "South",
    }


async def test_the_formats_of_the_file_are_those_of_the_import(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pa.table({"Regions": ["North"], "Amount": [1.5], "Note": ["Größe; breit"]})
    async with anaplan_of_sales.async_client() as client:
        assert refused_of(await client.import_table(LATIN, table)) == []
        content = await client.get_file(LATIN_FILE)
    assert rows_of(content, "latin-1", ";") == [
        ["Regions", "Amount", "Note"],
        ["North", "1,5", "Größe; breit"],
    ]


@pytest.mark.parametrize(
    "described", [{}, {"headerNames": [], "columnCount": 0}, None], ids=["empty", "header", "none"]
)
async def test_without_a_description_of_the_file_that_of_the_listing_is_used(
    anaplan_of_sales: EmulatedAnaplan, described: dict[str, object] | None
) -> None:
    metadata: dict[str, object] = {"name": "Latin Notes", "type": "FILE"}
    if described is not None:
        metadata["source"] = described
    anaplan_of_sales.fault(path=f"*/imports/{LATIN}", body={"importMetadata": metadata})
    table = pa.table({"Regions": ["N"], "Amount": [2], "Note": ["Größe"]})
    async with anaplan_of_sales.async_client() as client:
        assert refused_of(await client.import_table(LATIN, table)) == []
        content = await client.get_file(LATIN_FILE)
    assert rows_of(content, "latin-1", ";") == [["Regions", "Amount", "Note"], ["N", "2", "Größe"]]


async def test_the_import_takes_precedence_over_the_listing(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    async with anaplan_of_sales.async_client() as client:
        files = [file.model_dump(by_alias=True) for file in await client.get_files()]
        for file in files:
            file |= {"separator": "|", "headerRow": 3, "firstDataRow": 7, "encoding": "UTF-16LE"}
        anaplan_of_sales.fault(path="*/files", body={"files": files}, times=None)
        await client.import_table(SALES_IMPORT, SALES)
        content = await client.get_file(SALES_FILE)
    rows = rows_of(content)
    assert rows[0] == SALES.columns
    assert rows[1][:4] == ["North", "1234.5", "true", "2026-01-31"]


async def test_refused_rows_have_their_index_in_the_table(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pl.DataFrame(
        {
            "Where": ["North", "Nowhere", "South", "N", "Beyond"],
            "Amount": ["1", "x", "2", "many", "3"],
            "Sold": [True] * 5,
            "Day": ["2026-01-31", "2026-01-31", "2026-01-31", "soon", "2026-01-31"],
            "Note": ["one\ntwo\r\nthree", "a\rb", "", "plain", '"\n"'],
            "Origin": [None] * 5,
        },
        schema_overrides={"Origin": pl.String},
    )
    async with anaplan_of_sales.async_client() as client:
        result = await client.import_table(SALES_IMPORT, table, columns={"Where": "Regions"})
    rows = refused_of(result)
    assert result.rows == 5
    assert result.refused is not None
    assert result.refused.column_names[:4] == ["row", "reason", "status", "Where"]
    assert [(row["row"], row["reason"], row["status"]) for row in rows] == [
        (1, "Invalid item from list Regions: Nowhere; Invalid number: x", None),
        (3, "Invalid number: many; Invalid date: soon", None),
        (4, "Invalid item from list Regions: Beyond", None),
    ]
    assert [table.row(int(str(row["row"])), named=True)["Where"] for row in rows] == [
        row["Where"] for row in rows
    ]
    assert rows[0]["Note"] == "a\rb"


async def test_rows_of_a_list_are_refused_or_imported_without_a_value(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = products(
        4,
        Name=["One", "x" * 61, "Three", "Four"],
        Region=["N", "N", "Nowhere", "N"],
        Parent=["North", "North", "Elsewhere", "North"],
    )
    async with anaplan_of_sales.async_client() as client:
        result = await client.import_table(PRODUCTS, table)
        codes = [item.code for item in await client.tr.get_list_items(PRODUCT_LIST)]
    assert [(row["row"], row["status"], row["Code"]) for row in refused_of(result)] == [
        (1, "E", "P1"),
        (2, "W", "P2"),
    ]
    assert "Invalid parent" in str(refused_of(result)[1]["reason"])
    assert "Nowhere" in str(refused_of(result)[1]["reason"])
    assert codes == ["P0", "P2", "P3"]


async def test_a_table_may_have_columns_of_the_names_of_the_result(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pl.DataFrame({"row": ["x" * 61], "reason": ["R"]})
    async with anaplan_of_sales.async_client() as client:
        result = await client.import_table(
            SHARED, table, columns={"row": "Name", "reason": "Code"}, check="none"
        )
    (row,) = refused_of(result)
    assert (row["row"], row["row (2)"], row["reason (2)"]) == (0, "x" * 61, "R")


async def test_refused_rows_of_a_file_without_a_header_have_the_names_of_the_table(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pl.DataFrame({"a": ["North", "Nowhere"], "b": [1, 2]})
    async with anaplan_of_sales.async_client() as client:
        result = await client.import_table(BARE, table, check="none")
    (row,) = refused_of(result)
    assert (row["row"], row["a"], row["b"]) == (1, "Nowhere", "2")


async def test_more_refused_rows_than_allowed_are_an_error_with_the_rows(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = products(3, Name=["x" * 61, "y" * 61, "Three"])
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(RowsRefusedException, match="refused 2 of 3 rows") as caught:
            await client.import_table(PRODUCTS, table, max_refused=1)
        assert len(refused_of(await client.import_table(PRODUCTS, table, max_refused=2))) == 2
    error = caught.value
    assert error.task is not None
    assert error.task.id == error.task_id
    assert error.refused is not None
    assert pl.DataFrame(error.refused)["Code"].to_list() == ["P0", "P1"]


async def test_refused_rows_come_from_all_chunks_of_a_dump(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    anaplan_of_sales.emulator.settings.output_chunk_bytes = 500
    table = products(100, Name=["x" * 61, ""] * 50)
    async with anaplan_of_sales.async_client() as client:
        refused = refused_of(await client.import_table(PRODUCTS, table))
    assert len(anaplan_of_sales.requests("GET", "*/dump/chunks/*")) > 10
    assert [row["row"] for row in refused] == list(range(100))
    assert [row["Code"] for row in refused] == table["Code"].to_list()


@pytest.mark.parametrize("status", [404, 204, 403])
async def test_the_result_comes_back_although_the_dump_cannot_be_read(
    anaplan_of_sales: EmulatedAnaplan, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    table = products(2, Name=["x" * 61, "Two"])
    anaplan_of_sales.fault(path="*/dump*", status=status, times=None)
    async with anaplan_of_sales.async_client() as client:
        result = await client.import_table(PRODUCTS, table)
        assert result.refused is None
        assert result.dump_error is not None
        assert result.dump_error.task_id == result.task.id
        assert isinstance(result.dump_error, FileContentMissingException) is (status != 403)
        assert (result.rows, result.task.result.successful) == (2, True)
        assert result.task.id in caplog.text
        with pytest.raises(RowsRefusedException, match="unknown") as caught:
            await client.import_table(PRODUCTS, table, max_refused=1)
    assert caught.value.task is not None
    assert caught.value.refused is None


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        (COLUMNS[:-1], {"missing": ["Region"]}),
        ([*COLUMNS, "Extra"], {"unexpected": ["Extra"]}),
        (["Name", "Code", *COLUMNS[2:]], {}),
        (["code", *COLUMNS[1:]], {"missing": ["Code"], "unexpected": ["code"]}),
        ([*COLUMNS, "Code"], {"repeated": ["Code"]}),
        ([*COLUMNS[:-1], "Code"], {"repeated": ["Code"]}),
    ],
    ids=["missing", "extra", "swapped", "case", "doubled", "replaced"],
)
async def test_other_columns_are_refused_before_anything_is_sent(
    anaplan_of_sales: EmulatedAnaplan, columns: list[str], wrong: dict[str, list[str]]
) -> None:
    table = pa.table([pa.array(["x"])] * len(columns), names=columns)
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(ColumnMismatchException) as caught:
            await client.import_table(PRODUCTS, table)
    for name, names in wrong.items():
        assert getattr(caught.value, name) == names
    assert sent(anaplan_of_sales) == []


async def test_columns_renames_chooses_and_orders(anaplan_of_sales: EmulatedAnaplan) -> None:
    table = products(2).select(reversed(COLUMNS)).with_columns(Extra=pl.lit(1))
    async with anaplan_of_sales.async_client() as client:
        await client.import_table(PRODUCTS, table, columns=COLUMNS)
        head = (await client.get_file(PRODUCTS_FILE)).splitlines()[0]
        assert head == ",".join(COLUMNS).encode()
        renamed = products(1).rename({"Code": "code"})
        await client.import_table(PRODUCTS, renamed, columns={"code": "Code"})
        with pytest.raises(ColumnMismatchException, match="cod"):
            await client.import_table(PRODUCTS, renamed, columns={"cod": "Code"})


async def test_without_a_check_columns_are_sent_as_they_are(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = products(1).with_columns(Extra=pl.lit("more"))
    async with anaplan_of_sales.async_client() as client:
        assert refused_of(await client.import_table(PRODUCTS, table, check="none")) == []
        assert b"Extra" in await client.get_file(PRODUCTS_FILE)


async def test_a_value_that_cannot_be_written_ends_the_upload_and_no_import_is_run(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = products(60_000)
    bad = table.with_columns(
        Price=pl.when(pl.int_range(pl.len()) == 54_321).then(float("nan")).otherwise(table["Price"])
    )
    async with anaplan_of_sales.async_client(upload_chunk_size=500_000) as client:
        with pytest.raises(InvalidTableException) as caught:
            await client.import_table(PRODUCTS, bad)
        assert (caught.value.row, caught.value.column) == (54_321, "Price")
        assert len(anaplan_of_sales.requests("PUT", "*/chunks/*")) > 3
        assert anaplan_of_sales.requests("POST", "*/tasks") == []
        assert anaplan_of_sales.requests("POST", "*/complete") == []
        # The chunks that have arrived are no file that an import would read.
        with pytest.raises(AnaplanActionError):
            await client.run_action(PRODUCTS)


async def test_types_without_values_are_refused_before_anything_is_sent(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = products(1).with_columns(Price=pl.lit(b"1"))
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(InvalidTableException, match="Price"):
            await client.import_table(PRODUCTS, table)
    assert sent(anaplan_of_sales) == []


async def test_a_second_call_sends_only_the_rest(
    anaplan_of_sales: EmulatedAnaplan, tmp_path: Path
) -> None:
    journal, table = tmp_path / "journal", products(5000)
    anaplan_of_sales.fault(method="PUT", path="*/chunks/3", status=500, times=None)
    async with anaplan_of_sales.async_client(upload_chunk_size=50_000, retry_count=0) as client:
        with pytest.raises(UploadIncompleteException):
            await client.import_table(PRODUCTS, table, journal=journal)
        lines = [line for line in journal.read_text().splitlines() if line.strip()]
        noted = {json.loads(line)["chunk"] for line in lines[1:]}
        assert noted
        assert anaplan_of_sales.requests("POST", "*/tasks") == []
        anaplan_of_sales.emulator.clear_faults()
        before = len(anaplan_of_sales.requests("PUT"))
        result = await client.import_table(PRODUCTS, table, journal=journal)
        again = anaplan_of_sales.requests("PUT")[before:]
        content = await client.get_file(PRODUCTS_FILE)
    assert noted.isdisjoint(int(each.path.rpartition("/")[2]) for each in again)
    assert len(rows_of(content)) == 5001
    assert (result.rows, refused_of(result)) == (5000, [])
    assert not journal.exists()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 500},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"reset_before": True},
        {"reset_during_request": 1000},
        {"lose_reply": True},
    ],
    ids=str,
)
async def test_faults_of_an_upload_are_overcome(
    anaplan_of_sales: EmulatedAnaplan, fault: dict[str, Any]
) -> None:
    anaplan_of_sales.fault(method="PUT", path="*/chunks/*", skip=1, times=2, **fault)
    async with anaplan_of_sales.async_client(upload_chunk_size=50_000, backoff=0.01) as client:
        result = await client.import_table(PRODUCTS, products(5000))
        items = await client.tr.get_list_items(PRODUCT_LIST)
    assert (result.rows, refused_of(result), len(items)) == (5000, [], 5000)


@pytest.mark.parametrize("fault", [{"status": 503}, {"reset_before": True}], ids=str)
async def test_an_upload_that_fails_starts_no_import(
    anaplan_of_sales: EmulatedAnaplan, fault: dict[str, Any]
) -> None:
    anaplan_of_sales.fault(method="PUT", path="*/chunks/2", times=None, **fault)
    async with anaplan_of_sales.async_client(
        upload_chunk_size=50_000, retry_count=1, backoff=0.01
    ) as client:
        with pytest.raises(UploadIncompleteException):
            await client.import_table(PRODUCTS, products(5000))
    assert anaplan_of_sales.requests("POST", "*/tasks") == []


async def test_a_lost_chunk_is_noticed_before_the_import(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    # A gateway acknowledges a chunk that Anaplan never received.
    anaplan_of_sales.fault(method="PUT", path="*/chunks/1", status=204)
    async with anaplan_of_sales.async_client(upload_chunk_size=50_000, settle_time=0.1) as client:
        with pytest.raises(UploadIncompleteException):
            await client.import_table(PRODUCTS, products(5000))
    assert anaplan_of_sales.requests("POST", "*/tasks") == []


async def test_a_start_without_a_reply_runs_the_import_once(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    anaplan_of_sales.fault(method="POST", path="*/tasks", lose_reply=True)
    async with anaplan_of_sales.async_client() as client:
        result = await client.import_table(SALES_IMPORT, SALES)
        assert len(await client.get_task_summaries(SALES_IMPORT)) == 1
    assert result.task.recovered
    assert refused_of(result) == []


async def test_imports_that_read_no_file_are_refused(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        model = {"type": "MODEL", "sourceModelId": "A" * 32}
        row = {"id": str(PRODUCTS), "name": "Copy", "importDataSource": model}
        anaplan_of_sales.fault(path="*/imports", body={"imports": [row]})
        with pytest.raises(InvalidArgumentException, match="reads no file"):
            await client.import_table(PRODUCTS, products(1))
        for unknown in (LOAD, EXPORT, 112_000_000_999, "Products", 0):
            with pytest.raises(InvalidIdentifierException):
                await client.import_table(unknown, products(1))
        # Excel files are not written.
        listed = await client.get_files()
        files = [{**file.model_dump(by_alias=True), "format": "xlsx"} for file in listed]
        anaplan_of_sales.fault(path="*/files", body={"files": files})
        with pytest.raises(InvalidArgumentException, match="Excel"):
            await client.import_table(FIGURES, pl.DataFrame({"Code": ["F"], "Name": ["F"]}))
    assert sent(anaplan_of_sales) == []


async def test_a_shared_file_has_the_columns_of_the_import_that_is_run(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    async with anaplan_of_sales.async_client() as client:
        assert refused_of(await client.import_table(CODES, pl.DataFrame({"Code": ["N"]}))) == []
        with pytest.raises(ColumnMismatchException):
            await client.import_table(SHARED, pl.DataFrame({"Name": ["E"], "Code": ["East"]}))


async def test_mapping_parameters_choose_what_the_import_asks_for(
    anaplan: EmulatedAnaplan,
) -> None:
    table = {"country": ["US"], "month": ["Jan 13"], "passengers": [7], "load_factor": [0.5]}
    async with anaplan.async_client() as client:
        action = await client.resolve.action("Passenger Plan from passenger-plan.csv")
        with pytest.raises(AnaplanActionError, match="Version"):
            await client.import_table(action, pa.table(table))
        result = await client.import_table(
            action,
            pa.table(table),
            mapping_parameters=[{"entityType": "Version", "entityName": "Forecast"}],
        )
    assert refused_of(result) == []


async def test_a_timeout_has_the_task(anaplan_of_sales: EmulatedAnaplan) -> None:
    anaplan_of_sales.emulator.settings.hold_tasks = "IN_PROGRESS"
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(AnaplanTimeoutException) as caught:
            await client.import_table(SALES_IMPORT, SALES, timeout=1)
        (task,) = await client.get_task_summaries(SALES_IMPORT)
    assert caught.value.task_id == task.id
    anaplan_of_sales.emulator.settings.hold_tasks = None


async def test_a_start_whose_outcome_is_unknown_is_not_repeated(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    anaplan_of_sales.fault(method="POST", path="*/tasks", lose_reply=True)
    async with anaplan_of_sales.async_client(strict_starts=True) as client:
        with pytest.raises(OutcomeUnknownException):
            await client.import_table(SALES_IMPORT, SALES)
    assert len(anaplan_of_sales.requests("POST", "*/tasks")) == 1


@pytest.mark.parametrize(
    "arguments",
    [{"check": "all"}, {"max_refused": -1}, {"timeout": -1}, {"target": 1}, {"lists": {"Code": 1}}],
    ids=str,
)
async def test_invalid_arguments_send_nothing(
    anaplan_of_sales: EmulatedAnaplan, arguments: dict[str, Any]
) -> None:
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(InvalidArgumentException):
            await client.import_table(SALES_IMPORT, SALES, **arguments)
    assert anaplan_of_sales.requests() == []


async def test_what_is_no_table_sends_nothing(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        for table in (SALES.lazy(), "sales.csv", b"a,b", {"a": [1]}, None, SALES["Day"]):
            with pytest.raises(ArgumentTypeException):
                await client.import_table(SALES_IMPORT, table)  # type: ignore[arg-type]
    assert sent(anaplan_of_sales) == []


async def test_members_are_checked_before_anything_is_sent(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    bad = SALES.with_columns(Origin=pl.Series(["South", "Nowhere"]))
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(TableCheckException, match="Nowhere") as caught:
            await client.import_table(
                SALES_IMPORT, bad, check="members", lists={"Origin": 101_000_000_000}
            )
        assert sent(anaplan_of_sales) == []
        # What is only inferred from the import's name does not make an import fail.
        result = await client.import_table(SALES_IMPORT, bad, check="members")
        assert [row["row"] for row in refused_of(result)] == [1]
        result = await client.import_table(SALES_IMPORT, SALES, check="members")
        assert refused_of(result) == []
    report = caught.value.report
    assert report is not None
    assert (report.rows, report.refused, report.problems[0].column) == (2, 1, "Origin")


async def test_a_check_of_members_needs_a_table_that_can_be_read_twice(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    arrow = SALES.to_arrow()
    async with anaplan_of_sales.async_client() as client:
        for once in (arrow.to_reader(), iter(arrow.to_batches())):
            with pytest.raises(ArgumentTypeException, match="only once"):
                await client.import_table(SALES_IMPORT, once, check="members")
        with pytest.raises(InvalidTableException, match="read twice"):
            await client.import_table(SALES_IMPORT, Fading(arrow), check="members")
    assert anaplan_of_sales.requests("POST", "*/tasks") == []


class Fading:
    """A table that has fewer rows each time it is read."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        table, self._table = self._table, self._table.slice(1)
        return iter(table.to_batches())
