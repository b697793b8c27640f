"""Recorded imports of tables, and recorded runs whose end is waited for elsewhere."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from tests.clients.memory_record import Killed, MemoryRecord, kill_when
from tests.clients.sales_model import PRODUCTS, SALES_IMPORT, sent

from anaplan_sdk import TableImport
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    AnaplanTimeoutException,
    InvalidArgumentException,
    OutcomeUnknownException,
    RunStoreException,
    TableCheckException,
)
from anaplan_sdk.models import CompletedTask
from anaplan_sdk.testing import EmulatedAnaplan

SETTINGS = {"settle_time": 0.3, "backoff": 0.01, "status_poll_delay": 0.05}
SALES = pl.DataFrame(
    {
        "Regions": ["North", "Nowhere", "South", "Beyond"],
        "Amount": [1.0, 2.0, 3.0, 4.0],
        "Sold": [True] * 4,
        "Day": [date(2026, 1, 31)] * 4,
        "Note": ["a"] * 4,
        "Origin": ["South"] * 4,
    }
)
# 112000000001 of the default tenant loads this.
FILE = 113000000000
ACTION = 112000000001
AIRLINES = "carrier,name\nAA,American Airlines\n"


def starts(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/tasks"))


def uploads(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("PUT", "*/chunks/0"))


def refused_of(result: TableImport) -> list[tuple[object, object]]:
    assert result.refused is not None
    return [(row["row"], row["Regions"]) for row in result.refused.to_pylist()]


@pytest.mark.parametrize("field", ["started_id", "completed"])
async def test_a_table_is_not_sent_again(anaplan_of_sales: EmulatedAnaplan, field: str) -> None:
    """The process ends after the start, before it has recorded the task or the end."""
    anaplan, store = anaplan_of_sales, MemoryRecord()
    store.trouble = kill_when(lambda record: record[field] is not None)
    async with anaplan.async_client(**SETTINGS) as client:
        with pytest.raises(Killed):
            await client.import_table(SALES_IMPORT, SALES, run_store=store)
    store.trouble = lambda _: None
    before = sent(anaplan)
    async with anaplan.async_client(**SETTINGS) as client:
        result = await client.import_table(SALES_IMPORT, SALES, run_store=store)
        again = await client.import_table(SALES_IMPORT, SALES, run_store=store)
        assert refused_of(result) == refused_of(again) == [(1, "Nowhere"), (3, "Beyond")]
        assert result.rows == again.rows == 4
        assert result.task.id == again.task.id
        [task] = await client.get_task_summaries(SALES_IMPORT)
        assert task.id == result.task.id
    assert sent(anaplan) == before
    assert starts(anaplan) == 1


async def test_a_table_is_sent_if_the_import_was_not_started(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    anaplan, store = anaplan_of_sales, MemoryRecord()
    async with anaplan.async_client(retry_count=0, **SETTINGS) as client:
        anaplan.fault(method="POST", path="*/tasks", status=502)
        with pytest.raises(AnaplanException):
            await client.import_table(SALES_IMPORT, SALES, run_store=store)
    assert store.fields["started_id"] is None
    async with anaplan.async_client(**SETTINGS) as client:
        result = await client.import_table(SALES_IMPORT, SALES, run_store=store)
        assert refused_of(result) == [(1, "Nowhere"), (3, "Beyond")]
        assert len(await client.get_task_summaries(SALES_IMPORT)) == 1
    assert uploads(anaplan) == 2


async def test_a_table_is_sent_again_after_a_cancelled_import(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    anaplan, store = anaplan_of_sales, MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
        with pytest.raises(AnaplanTimeoutException) as expired:
            await client.import_table(SALES_IMPORT, SALES, run_store=store, timeout=1)
        assert expired.value.task_id is not None
        await client.cancel_task(SALES_IMPORT, expired.value.task_id)
        anaplan.emulator.settings.hold_tasks = None
        result = await client.import_table(SALES_IMPORT, SALES, run_store=store)
        assert result.task.id != expired.value.task_id
        assert refused_of(result) == [(1, "Nowhere"), (3, "Beyond")]
    assert (uploads(anaplan), starts(anaplan)) == (2, 2)


async def test_members_are_not_checked_again(anaplan_of_sales: EmulatedAnaplan) -> None:
    """What the check would refuse now was imported already."""
    anaplan, store = anaplan_of_sales, MemoryRecord()
    table = SALES.with_columns(Origin=pl.Series(["South", "South", "Nowhere", "South"]))
    async with anaplan.async_client(**SETTINGS) as client:
        first = await client.import_table(SALES_IMPORT, table, run_store=store)
        lists = {"Origin": 101_000_000_000}
        with pytest.raises(TableCheckException):
            await client.import_table(SALES_IMPORT, table, check="members", lists=lists)
        before = len(anaplan.requests("GET", "*/lists*"))
        again = await client.import_table(
            SALES_IMPORT, table, check="members", lists=lists, run_store=store
        )
        assert len(anaplan.requests("GET", "*/lists*")) == before
        assert refused_of(again) == refused_of(first)
    assert starts(anaplan) == 1


async def test_a_store_of_another_import_sends_nothing(anaplan_of_sales: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan_of_sales.async_client(**SETTINGS) as client:
        await client.import_table(SALES_IMPORT, SALES, run_store=store)
        before = sent(anaplan_of_sales)
        with pytest.raises(InvalidArgumentException, match="record of another run"):
            await client.import_table(
                PRODUCTS, pl.DataFrame({"Code": ["P1"]}), check="none", run_store=store
            )
    assert sent(anaplan_of_sales) == before


async def test_the_recorded_task(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        assert await client.get_recorded_task(ACTION, store) is None
        await client.upload_file(FILE, AIRLINES)
        anaplan.emulator.settings.hold_tasks = "NOT_STARTED"
        task = await client.run_action(ACTION, False, run_store=store)
        running = await client.get_recorded_task(ACTION, store)
        assert running is not None
        assert (running.id, running.task_state) == (task.id, "NOT_STARTED")
        anaplan.emulator.settings.hold_tasks = None
        ended = await client.run_action(ACTION, run_store=store)
        before = len(anaplan.requests())
        recorded = await client.get_recorded_task(ACTION, store)
        assert isinstance(recorded, CompletedTask)
        assert (recorded.id, recorded.result) == (task.id, ended.result)
        assert len(anaplan.requests()) == before
        with pytest.raises(InvalidArgumentException, match="record of another run"):
            await client.get_recorded_task(112000000000, store)
    assert starts(anaplan) == 1


async def test_a_recorded_task_that_was_not_recorded_by_its_id(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    store.trouble = kill_when(lambda record: record["started_id"] is not None)
    async with anaplan.async_client(**SETTINGS) as client:
        await client.upload_file(FILE, AIRLINES)
        with pytest.raises(Killed):
            await client.run_action(ACTION, run_store=store)
    store.trouble = lambda _: None
    async with anaplan.async_client(**SETTINGS) as client:
        task = await client.get_recorded_task(ACTION, store)
        assert task is not None
        assert task.recovered
        assert store.fields["started_id"] == task.id
        assert (await client.run_action(ACTION, run_store=store)).id == task.id
    assert starts(anaplan) == 1


async def test_no_recorded_task_after_a_failure(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        task = await client.run_action(ACTION, False, run_store=store)  # There is no content.
        with pytest.raises(AnaplanActionError):
            await client.wait_for_task(ACTION, task.id)
        assert store.fields["started_id"] == task.id
        assert await client.get_recorded_task(ACTION, store) is None
        assert store.text is None
    assert starts(anaplan) == 1


async def test_the_end_is_recorded_where_it_is_waited_for(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        await client.upload_file(FILE, AIRLINES)
        task = await client.run_action(ACTION, False, run_store=store)
    async with anaplan.async_client(**SETTINGS) as client:
        ended = await client.wait_for_task(ACTION, task.id, run_store=store)
        assert store.fields["completed"]["id"] == task.id
        assert (await client.run_action(ACTION, run_store=store)).result == ended.result
        with pytest.raises(InvalidArgumentException, match=f"record of task {task.id}, not of"):
            await client.wait_for_task(ACTION, "B" * 32, run_store=store)
    assert starts(anaplan) == 1


async def test_failures_are_recorded_where_they_are_waited_for(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        task = await client.run_action(ACTION, False, run_store=store)
        with pytest.raises(AnaplanActionError):
            await client.wait_for_task(ACTION, task.id, run_store=store)
        assert store.text is None
        anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
        task = await client.run_action(ACTION, False, run_store=store)
        await client.cancel_task(ACTION, task.id)
        with pytest.raises(AnaplanActionCancelledException):
            await client.wait_for_task(ACTION, task.id, run_store=store)
        assert store.text is None


async def test_stores_that_fail_while_a_task_is_waited_for(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    class Unreadable(MemoryRecord):
        def load(self) -> str | None:
            raise OSError("disk failure")

    def fail(_: str | None) -> None:
        raise OSError("disk failure")

    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        await client.upload_file(FILE, AIRLINES)
        task = await client.run_action(ACTION, False, run_store=store)
        with pytest.raises(RunStoreException, match="can't be read: OSError: disk failure"):
            await client.wait_for_task(ACTION, task.id, run_store=Unreadable())
        store.trouble = fail
        ended = await client.wait_for_task(ACTION, task.id, run_store=store)
        assert ended.result.successful
        assert caplog.text.count("can't be written: OSError: disk failure") == 1
        store.trouble = lambda _: None
        # Another process asks Anaplan.
        assert (await client.run_action(ACTION, run_store=store)).id == task.id
    assert starts(anaplan) == 1


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_an_error_while_waiting_can_be_repeated_if_the_run_is_recorded(
    anaplan: EmulatedAnaplan, is_recorded: bool
) -> None:
    store = MemoryRecord() if is_recorded else None
    async with anaplan.async_client(retry_count=0, **SETTINGS) as client:
        await client.upload_file(FILE, AIRLINES)
        anaplan.fault(method="GET", path="*/tasks/*", reset_before=True, times=None)
        with pytest.raises(AnaplanException) as failed:
            await client.run_action(ACTION, run_store=store)
        assert failed.value.task_id is not None
        assert not isinstance(failed.value, OutcomeUnknownException)
        assert failed.value.retryable is is_recorded
        anaplan.emulator.clear_faults()
        if store is not None:
            task = await client.run_action(ACTION, run_store=store)
            assert task.id == failed.value.task_id
            assert starts(anaplan) == 1
