"""Views as tables, by cell reads and by large reads."""

from __future__ import annotations

from datetime import date

import pytest

from anaplan_sdk import AsyncClient, AsyncTableStream, Progress
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidArgumentException,
    InvalidIdentifierException,
    UnexpectedValueException,
)
from anaplan_sdk.testing import EmulatedAnaplan

FACTS = 102000000000
PLAN = 102000000001
LOADED_FLIGHTS = 2000000000001
APPROVED_PLAN = 2001000000002
PASSENGERS = 208000000000
VERSIONS = 20000000020
COLUMNS = ["Countries", "Time", "Versions", "Passengers", "Load Factor", "Approved"]
FIRST = {
    "Countries": "United States",
    "Time": "Jan 13",
    "Versions": "Actual",
    "Passengers": 412000.0,
    "Load Factor": 0.81,
    "Approved": True,
}


@pytest.fixture(autouse=True, params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


async def rows_of(stream: AsyncTableStream) -> list[dict[str, object]]:
    return (await stream.read_all()).to_pylist()


def cell_reads(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("GET", "*/data"))


def large_reads(anaplan: EmulatedAnaplan) -> list[int | None]:
    """The statuses of the deletions, of which each large read has one."""
    deletions = [request.status for request in anaplan.requests("DELETE", "*/readRequests/*")]
    assert len(anaplan.requests("POST", "*/readRequests")) == len(deletions)
    return deletions


async def test_a_small_view_is_read_in_one_reply(anaplan: EmulatedAnaplan) -> None:
    reports: list[Progress] = []
    async with anaplan.async_client() as client:
        stream = await client.tr.view_table(PLAN, on_progress=reports.append)
        assert stream.column_names == COLUMNS
        rows = await rows_of(stream)
    assert rows[0] == FIRST
    assert len(rows) == 4 * 12 * 2
    assert reports == [Progress("read", 1, 1)]
    assert (cell_reads(anaplan), large_reads(anaplan)) == (1, [])


async def test_saved_views_and_views_of_line_items(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        approved = await rows_of(await client.tr.view_table(APPROVED_PLAN))
        assert approved[0] == FIRST
        assert {row["Approved"] for row in approved} == {True}
        passengers = await rows_of(await client.tr.view_table(str(PASSENGERS)))
        assert passengers[0] == {name: FIRST[name] for name in COLUMNS[:4]}
        assert (cell_reads(anaplan), large_reads(anaplan)) == (2, [])


async def test_a_view_that_anaplan_does_not_return_at_once(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        expected = await rows_of(await client.tr.view_table(PLAN))
        anaplan.emulator.settings.view_cells_limit = 10
        anaplan.emulator.settings.read_request_page_rows = 7
        stream = await client.tr.view_table(PLAN, batch_rows=10)
        assert await rows_of(stream) == expected
    assert (cell_reads(anaplan), large_reads(anaplan)) == (2, [200])


async def test_views_without_rows(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        for view in (FACTS, LOADED_FLIGHTS):
            table = await (await client.tr.view_table(view)).read_all()
            assert table.column_names[:3] == ["Flights", "Date", "Airline"]
            assert (len(table), table.to_polars().schema["Date"].is_temporal()) == (0, True)


async def test_a_page_is_selected(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        items = await client.tr.get_line_item_dimension_items(PASSENGERS, VERSIONS)
        forecast = next(item.id for item in items if item.name == "Forecast")
        stream = await client.tr.view_table(PLAN, pages=[(VERSIONS, forecast)])
        rows = await rows_of(stream)
        assert {row["Versions"] for row in rows} == {"Forecast"}
        assert len(rows) == 4 * 12

        with pytest.raises(AnaplanRequestException, match="Invalid page selector"):
            await client.tr.view_table(PLAN, pages=[(101000000005, 1)])
        anaplan.emulator.settings.view_cells_limit = 10
        with pytest.raises(AnaplanRequestException, match="Without pages, view_table reads"):
            await client.tr.view_table(PLAN, pages=[(VERSIONS, forecast)])
        with pytest.raises(InvalidArgumentException, match="module"):
            await client.tr.view_table(2009999999999, pages=[(VERSIONS, forecast)])
    assert large_reads(anaplan) == []


async def test_all_columns_are_text_without_line_items(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        for status in (403, 404):
            anaplan.fault(path="*/lineItems", status=status)
            rows = await rows_of(await client.tr.view_table(PLAN))
            assert rows[0] == {
                **FIRST,
                "Passengers": "412000",
                "Load Factor": "0.81",
                "Approved": "true",
            }
    assert large_reads(anaplan) == [200, 200]


async def test_unknown_views(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        for view in (102000000099, 2009999999999):
            with pytest.raises(InvalidIdentifierException):
                await client.tr.view_table(view)


async def test_chosen_types(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        chosen = {"Passengers": "text", "Time": "number"}
        with pytest.raises(UnexpectedValueException, match="'Jan 13'") as caught:
            await rows_of(await client.tr.view_table(PLAN, schema=chosen))
        assert (caught.value.row, caught.value.column) == (0, "Time")
        stream = await client.tr.view_table(PLAN, schema=chosen, invalid="null")
        rows = await rows_of(stream)
        assert (rows[0]["Passengers"], rows[0]["Time"]) == ("412000", None)
        with pytest.raises(InvalidArgumentException, match="no column 'Units'; the columns are"):
            await client.tr.view_table(PLAN, schema={"Units": "text"})
        with pytest.raises(InvalidArgumentException, match="batch_rows"):
            await client.tr.view_table(PLAN, batch_rows=0)


async def module_named(client: AsyncClient, name: str) -> int | str:
    return next(each.id for each in await client.tr.get_modules() if each.name == name)


async def test_every_format(anaplan_shop: EmulatedAnaplan) -> None:
    async with anaplan_shop.async_client() as client:
        rows = await rows_of(await client.tr.view_table(await module_named(client, "Sales")))
    assert rows[0] == {
        "Products": "Apple",
        "Time": "Jan 26",
        "Versions": "Actual",
        "Units": 12.5,
        "Promoted": True,
        "Since": date(2026, 1, 3),
        "Comment": "crisp, sweet",
        "Sold In": "Europe",
    }
    assert (rows[1]["Units"], rows[1]["Since"], rows[1]["Comment"]) == (0.0, None, None)


async def test_a_line_item_with_the_name_of_a_dimension(anaplan_shop: EmulatedAnaplan) -> None:
    async with anaplan_shop.async_client() as client:
        rows = await rows_of(await client.tr.view_table(await module_named(client, "Palette")))
    assert rows == [
        {"Colors": "Red", "Colors (2)": 0.0, "Depth": 2.5},
        {"Colors": "Blue", "Colors (2)": 0.0, "Depth": 0.0},
    ]


@pytest.mark.parametrize("is_begun", [True, False])
async def test_closing_a_stream_ends_the_large_read(
    anaplan: EmulatedAnaplan, is_begun: bool
) -> None:
    settings = anaplan.emulator.settings
    settings.view_cells_limit, settings.read_request_page_rows = 10, 5
    async with anaplan.async_client() as client:
        async with await client.tr.view_table(PLAN, batch_rows=5) as stream:
            if is_begun:
                async for batch in stream:
                    assert batch.num_rows <= 5
                    break
        assert large_reads(anaplan) == [200]
        fetched = len(anaplan.requests("GET", "*/pages/*"))
        assert fetched < 20
