"""Parts of tables, which several workers read at the same time."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from anaplan_sdk import AsyncClient, LargeRead, Progress
from anaplan_sdk.exceptions import (
    AnaplanTimeoutException,
    ArgumentTypeException,
    FileContentMissingException,
    InvalidArgumentException,
    InvalidIdentifierException,
    LargeReadExpiredException,
)
from anaplan_sdk.testing import EmulatedAnaplan

PLAN = 102000000001
COUNTRIES = 101000000005


async def export_named(client: AsyncClient, part: str) -> int:
    return next(int(each.id) for each in await client.get_exports() if part in each.name)


async def read_export(client: AsyncClient, export: int, **options: Any) -> list[dict[str, object]]:
    stream = await client.export_table(export, run=False, **options)
    return (await stream.read_all()).to_pylist()


@pytest.mark.parametrize("chunk_bytes", [97, 1000, 1_000_000])
async def test_parts_of_an_export(anaplan: EmulatedAnaplan, chunk_bytes: int) -> None:
    anaplan.emulator.settings.output_chunk_bytes = chunk_bytes
    async with anaplan.async_client(requests_per_minute=None) as client:
        export = await export_named(client, "single column")
        await client.run_action(export)
        whole = await client.export_table(export, run=False)
        rows = (await whole.read_all()).to_pylist()
        names = whole.schema
        for count in (1, 3):
            parts = []
            for index in range(count):
                stream = await client.export_table(export, run=False, part=(index, count))
                assert stream.schema == names
                parts += (await stream.read_all()).to_pylist()
            assert parts == rows
    assert len(rows) > 200
    assert len(anaplan.requests("POST", "*/tasks")) == 1


async def test_more_parts_than_chunks(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        await client.run_action(export)
        assert len(await client.get_file_chunks(export)) == 1
        counts = [len(await read_export(client, export, part=(each, 3))) for each in range(3)]
        names = (await client.export_table(export, run=False, part=(0, 3))).column_names
        whole = await client.export_table(export, run=False)
        assert names == whole.column_names
        assert counts == [0, 0, len(await whole.read_all())]


async def test_a_part_fetches_the_first_chunk_and_no_other_before_its_own(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.emulator.settings.output_chunk_bytes = 1000
    reports: list[Progress] = []
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        await client.run_action(export)
        total = len(await client.get_file_chunks(export))
        assert total > 8
        await read_export(client, export, part=(1, 4), on_progress=reports.append)
    own = range(total // 4, 2 * total // 4)
    fetched = [
        int(each.path.partition("/chunks/")[2]) for each in anaplan.requests("GET", "*/chunks/*")
    ]
    # What follows shows whether its first chunk, and the one after its own, begin within a text.
    assert sorted(fetched) == [0, *range(own.start, total)]
    assert [(each.chunks, each.total_chunks) for each in reports] == [
        (number, len(own)) for number in range(1, len(own) + 1)
    ]


async def test_there_is_no_output(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        with pytest.raises(FileContentMissingException):
            await client.export_table(export, run=False, part=(0, 2))


@pytest.mark.parametrize(
    ("part", "run", "error", "message"),
    [
        ((0, 2), True, InvalidArgumentException, "part needs run=False"),
        ((2, 2), False, InvalidArgumentException, "index of a part must be 0 to 1, not 2"),
        ((-1, 2), False, InvalidArgumentException, "index of a part must be 0 to 1"),
        ((0, 0), False, InvalidArgumentException, "number of parts must be at least 1"),
        ((0.5, 2), False, ArgumentTypeException, "must be an integer"),
        (3, False, ArgumentTypeException, "part must be a part's index"),
    ],
)
async def test_arguments(
    anaplan: EmulatedAnaplan, part: Any, run: bool, error: type[Exception], message: str
) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(error, match=message):
            await client.export_table(116000000000, run=run, part=part)
    assert not anaplan.requests("*", "*/exports/*")


async def read_parts(client: AsyncClient, read: LargeRead, count: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for index in range(count):
        worker_read = pickle.loads(pickle.dumps(read))
        assert worker_read == read
        stream = await client.tr.read_table(worker_read, (index, count))
        rows += (await stream.read_all()).to_pylist()
    return rows


async def test_parts_of_a_view(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.read_request_page_rows = 20
    async with anaplan.async_client() as client:
        stream = await client.tr.view_table(PLAN)
        types = stream.schema
        rows = (await stream.read_all()).to_pylist()
        read = await client.tr.prepare_view_read(PLAN)
        assert read.page_count > 1
        metadata = len(anaplan.requests("GET", "*/lineItems"))
        for count in (1, 2, read.page_count + 2):
            assert await read_parts(client, read, count) == rows
        assert (await client.tr.read_table(read, (1, 2))).schema == types
        assert len(anaplan.requests("GET", "*/lineItems")) == metadata
        assert not anaplan.requests("DELETE", "*/readRequests/*")
        await client.tr.end_read(read)
        with pytest.raises(LargeReadExpiredException):
            await client.tr.read_table(read)
        await client.tr.end_read(read)
    assert len(anaplan.requests("POST", "*/readRequests")) == 1


async def test_parts_of_a_list(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.read_request_page_rows = 2
    async with anaplan.async_client() as client:
        stream = await client.tr.list_table(COUNTRIES)
        types = stream.schema
        rows = (await stream.read_all()).to_pylist()
        read = await client.tr.prepare_list_read(COUNTRIES)
        assert read.page_count > 1
        for count in (1, 2, read.page_count + 2):
            assert await read_parts(client, read, count) == rows
        assert (await client.tr.read_table(read, (1, 2))).schema == types
        await client.tr.end_read(read)


async def test_what_can_not_be_prepared(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    async with anaplan.async_client(status_poll_delay=0.1) as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.prepare_list_read(101999999999)
        with pytest.raises(InvalidArgumentException, match="timeout"):
            await client.tr.prepare_view_read(PLAN, timeout=-1)
        with pytest.raises(AnaplanTimeoutException):
            await client.tr.prepare_view_read(PLAN, timeout=1)
        other: Any = "A" * 32
        with pytest.raises(ArgumentTypeException, match="read must be a LargeRead"):
            await client.tr.read_table(other)
        with pytest.raises(ArgumentTypeException, match="read must be a LargeRead"):
            await client.tr.end_read(other)
    assert len(anaplan.requests("DELETE", "*/readRequests/*")) == 1
