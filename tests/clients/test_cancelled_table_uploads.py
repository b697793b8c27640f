"""Imports of tables whose caller is cancelled, as only async callers can be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.to_thread
import polars as pl
import pyarrow as pa
import pytest
from tests.clients.sales_model import PRODUCTS, PRODUCTS_FILE

from anaplan_sdk.exceptions import AnaplanActionError
from anaplan_sdk.testing import EmulatedAnaplan


def table(count: int) -> pa.Table:
    codes = pl.int_range(count, eager=True).cast(pl.String)
    same = {"Parent": "N", "Price": 1.5, "Active": True, "Launch": "2026-01-31", "Region": "S"}
    columns = [pl.lit(value).alias(name) for name, value in same.items()]
    return pl.DataFrame({"Code": codes, "Name": codes}).with_columns(*columns).to_arrow()


def wait_for(anaplan: EmulatedAnaplan, method: str, path: str) -> None:
    """Waits until such a request is under way."""
    while not anaplan.requests(method, path):
        time.sleep(0.01)


@pytest.mark.parametrize("with_journal", [False, True])
async def test_an_upload_that_is_cancelled_runs_no_import(
    anaplan_of_sales: EmulatedAnaplan, tmp_path: Path, with_journal: bool
) -> None:
    journal = tmp_path / "journal" if with_journal else None
    anaplan_of_sales.fault(method="PUT", path="*/chunks/2", delay_seconds=20)
    read: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(table(20_000).to_batches(max_chunksize=400)):
            read.append(number)
            yield batch

    async with anaplan_of_sales.async_client(upload_chunk_size=40_000) as client:
        async with anyio.create_task_group() as group:

            async def run() -> None:
                await client.import_table(PRODUCTS, batches(), journal=journal)

            group.start_soon(run)
            await anyio.to_thread.run_sync(wait_for, anaplan_of_sales, "PUT", "*/chunks/2")
            group.cancel_scope.cancel()
        assert group.cancel_scope.cancelled_caught
        assert anaplan_of_sales.requests("POST", "*/tasks") == []
        # The table is read no further.
        assert len(read) < 50
        with pytest.raises(AnaplanActionError):
            await client.run_action(PRODUCTS)
        result = await client.import_table(PRODUCTS, table(20_000), journal=journal, check="none")
        assert result.rows == 20_000
        assert (await client.get_file(PRODUCTS_FILE)).count(b"\n") == 20_001


async def test_an_import_that_is_cancelled_while_it_runs_goes_on(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    anaplan_of_sales.emulator.settings.hold_tasks = "IN_PROGRESS"
    async with anaplan_of_sales.async_client() as client:
        async with anyio.create_task_group() as group:

            async def run() -> None:
                await client.import_table(PRODUCTS, table(3))

            group.start_soon(run)
            await anyio.to_thread.run_sync(wait_for, anaplan_of_sales, "GET", "*/tasks/*")
            group.cancel_scope.cancel()
        (task,) = await client.get_task_summaries(PRODUCTS)
        anaplan_of_sales.emulator.settings.hold_tasks = None
        assert (await client.wait_for_task(PRODUCTS, task.id)).result.successful
