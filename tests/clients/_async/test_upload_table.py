"""Uploading tables to files, without running an import."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.clients.sales_model import (
    CODES,
    EXPORT,
    LATIN_FILE,
    PRODUCTS,
    PRODUCTS_FILE,
    SALES_FILE,
    SHARED,
    SHARED_FILE,
    UNREAD_FILE,
    sent,
)

from anaplan_sdk import Progress
from anaplan_sdk.exceptions import (
    ColumnMismatchException,
    InvalidArgumentException,
    InvalidIdentifierException,
    InvalidTableException,
    UploadIncompleteException,
)
from anaplan_sdk.testing import EmulatedAnaplan

COLUMNS = ["Code", "Name", "Parent", "Price", "Active", "Launch", "Region"]


def products(count: int) -> pl.DataFrame:
    numbers = pl.int_range(count, eager=True)
    return pl.DataFrame({name: numbers.cast(pl.String) for name in COLUMNS})


def rows_of(content: bytes, encoding: str = "utf-8", separator: str = ",") -> list[list[str]]:
    text = io.StringIO(content.decode(encoding), newline="")
    return list(csv.reader(text, delimiter=separator))


async def test_a_table_is_the_content_of_a_file(anaplan_of_sales: EmulatedAnaplan) -> None:
    table, reports = products(3000), list[Progress]()
    async with anaplan_of_sales.async_client(upload_chunk_size=20_000) as client:
        rows = await client.upload_table(PRODUCTS_FILE, table, on_progress=reports.append)
        content = await client.get_file(PRODUCTS_FILE)
    assert rows == 3000
    assert rows_of(content) == [COLUMNS, *(list(row) for row in table.iter_rows())]
    assert reports[-1].completed == len(content)
    assert len(anaplan_of_sales.requests("PUT")) > 1


async def test_every_kind_of_table_is_taken(
    anaplan_of_sales: EmulatedAnaplan, tmp_path: Path
) -> None:
    frame = products(5)
    arrow = frame.to_arrow()
    pq.write_table(arrow, tmp_path / "products.parquet")
    frame.write_csv(tmp_path / "products.csv")
    frame.write_ipc(tmp_path / "products.arrow", compat_level=pl.CompatLevel.oldest())
    tables = [
        frame,
        arrow,
        arrow.to_reader(),
        arrow.to_batches(),
        iter(arrow.to_batches()),
        frame.to_pandas(),
        *(tmp_path / f"products.{suffix}" for suffix in ("parquet", "csv", "arrow")),
    ]
    expected = [COLUMNS, *(list(row) for row in frame.iter_rows())]
    async with anaplan_of_sales.async_client() as client:
        for table in tables:
            assert await client.upload_table(PRODUCTS_FILE, table) == 5
            assert rows_of(await client.get_file(PRODUCTS_FILE)) == expected


async def test_a_table_without_rows_is_a_header(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        assert await client.upload_table(PRODUCTS_FILE, products(0)) == 0
        assert rows_of(await client.get_file(PRODUCTS_FILE)) == [COLUMNS]


async def test_a_file_that_no_import_reads_takes_any_columns(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    async with anaplan_of_sales.async_client() as client:
        assert await client.upload_table(UNREAD_FILE, pa.table({"a b": [1], "ü": ["ö"]})) == 1
        assert rows_of(await client.get_file(UNREAD_FILE)) == [["a b", "ü"], ["1", "ö"]]


async def test_a_file_of_two_imports_takes_the_columns_of_either(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    async with anaplan_of_sales.async_client() as client:
        expected = {
            str(number): (await client.get_import(number)).model_dump(by_alias=True)
            for number in (SHARED, CODES)
        }
        assert [each["source"]["headerNames"] for each in expected.values()] == [
            ["Code", "Name"],
            ["Code"],
        ]
        for number, metadata in expected.items():
            anaplan_of_sales.fault(
                path=f"*/imports/{number}", body={"importMetadata": metadata}, times=None
            )
        for columns in (["Code", "Name"], ["Code"]):
            table = pa.table([["x"]] * len(columns), names=columns)
            assert await client.upload_table(SHARED_FILE, table) == 1
        before = sent(anaplan_of_sales)
        with pytest.raises(ColumnMismatchException, match=r"Regions from shared\.csv") as caught:
            await client.upload_table(SHARED_FILE, pa.table({"Code": ["x"], "Nam": ["y"]}))
    assert (caught.value.missing, caught.value.unexpected) == (["Name"], ["Nam"])
    assert sent(anaplan_of_sales) == before


async def test_the_encoding_and_the_decimal_separator_are_those_of_the_file(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pa.table({"Regions": ["N"], "Amount": [1234.5], "Note": ["Größe"]})
    async with anaplan_of_sales.async_client() as client:
        await client.upload_table(LATIN_FILE, table)
        content = await client.get_file(LATIN_FILE)
        assert rows_of(content, "latin-1", ";")[1] == ["N", "1234,5", "Größe"]
        with pytest.raises(InvalidTableException, match="ISO-8859-1") as caught:
            await client.upload_table(LATIN_FILE, table.set_column(2, "Note", [pa.array(["日本"])]))
    assert (caught.value.row, caught.value.column) == (0, "Note")


async def test_dates_are_written_as_asked(anaplan_of_sales: EmulatedAnaplan) -> None:
    table = pl.DataFrame({"Day": ["2026-01-31"], "At": ["2026-01-31T08:30:00"]}).with_columns(
        pl.col("Day").str.to_date(), pl.col("At").str.to_datetime()
    )
    async with anaplan_of_sales.async_client() as client:
        await client.upload_table(UNREAD_FILE, table, date_format="%d/%m/%Y", timestamps="text")
        assert rows_of(await client.get_file(UNREAD_FILE))[1] == [
            "31/01/2026",
            "2026-01-31T08:30:00",
        ]
        with pytest.raises(InvalidTableException, match="time of day"):
            await client.upload_table(UNREAD_FILE, table)


async def test_a_second_call_sends_only_the_rest(
    anaplan_of_sales: EmulatedAnaplan, tmp_path: Path
) -> None:
    journal, table = tmp_path / "journal", products(5000)
    anaplan_of_sales.fault(method="PUT", path="*/chunks/3", reset_before=True, times=None)
    async with anaplan_of_sales.async_client(upload_chunk_size=20_000, retry_count=0) as client:
        with pytest.raises(UploadIncompleteException):
            await client.upload_table(PRODUCTS_FILE, table, journal=journal)
        lines = [line for line in journal.read_text().splitlines() if line.strip()]
        noted = {json.loads(line)["chunk"] for line in lines[1:]}
        anaplan_of_sales.emulator.clear_faults()
        before = len(anaplan_of_sales.requests("PUT"))
        assert await client.upload_table(PRODUCTS_FILE, table, journal=journal) == 5000
        again = anaplan_of_sales.requests("PUT")[before:]
        content = await client.get_file(PRODUCTS_FILE)
    assert noted
    assert noted.isdisjoint(int(each.path.rpartition("/")[2]) for each in again)
    assert rows_of(content)[1:] == [list(row) for row in table.iter_rows()]


@pytest.mark.parametrize(
    ("file_id", "error"),
    [
        (113_000_000_999, InvalidIdentifierException),
        (PRODUCTS, InvalidIdentifierException),
        (EXPORT, InvalidIdentifierException),
        ("no file", InvalidIdentifierException),
    ],
)
async def test_unknown_files_are_refused(
    anaplan_of_sales: EmulatedAnaplan, file_id: int | str, error: type[Exception]
) -> None:
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(error):
            await client.upload_table(file_id, products(1))
    assert sent(anaplan_of_sales) == []


@pytest.mark.parametrize(
    "arguments", [{"timestamps": "iso"}, {"columns": []}, {"columns": {}}], ids=str
)
async def test_invalid_arguments_send_nothing(
    anaplan_of_sales: EmulatedAnaplan, arguments: dict[str, Any]
) -> None:
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(InvalidArgumentException):
            await client.upload_table(SALES_FILE, products(1), **arguments)
    assert sent(anaplan_of_sales) == []
