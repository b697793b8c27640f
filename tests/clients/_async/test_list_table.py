"""Lists as tables, by one reply and by large reads."""

from __future__ import annotations

from datetime import date

import pytest

from anaplan_sdk import AsyncClient, AsyncTableStream, Progress
from anaplan_sdk.exceptions import (
    InvalidArgumentException,
    InvalidIdentifierException,
    PermissionDeniedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

AIRPORTS = 101000000002
FLIGHTS = 101000000003
REGIONS = 101000000004
COUNTRIES = 101000000005


@pytest.fixture(autouse=True, params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


async def rows_of(stream: AsyncTableStream) -> list[dict[str, object]]:
    return (await stream.read_all()).to_pylist()


async def list_named(client: AsyncClient, name: str) -> int | str:
    return next(each.id for each in await client.tr.get_lists() if each.name == name)


def deletions(anaplan: EmulatedAnaplan) -> list[int | None]:
    return [request.status for request in anaplan.requests("DELETE", "*/readRequests/*")]


async def test_a_list_with_a_subset(anaplan: EmulatedAnaplan) -> None:
    reports: list[Progress] = []
    async with anaplan.async_client() as client:
        rows = await rows_of(await client.tr.list_table(COUNTRIES, on_progress=reports.append))
    assert rows == [
        {"name": "United States", "code": "US", "parent": "North America", "Euro Area": False},
        {"name": "Canada", "code": "CA", "parent": "North America", "Euro Area": False},
        {"name": "France", "code": "FR", "parent": "Europe", "Euro Area": True},
        {"name": "Germany", "code": "DE", "parent": "Europe", "Euro Area": True},
    ]
    assert reports == [Progress("read", 1, 1)]
    assert deletions(anaplan) == []


async def test_every_format(anaplan_shop: EmulatedAnaplan) -> None:
    async with anaplan_shop.async_client() as client:
        products = await list_named(client, "Products")
        await client.tr.update_list_items(
            products,
            [{"code": "P1", "properties": {"Launched": "2026-02-28", "Fresh": True}}],
        )
        rows = await rows_of(await client.tr.list_table(products))
    assert rows[0] == {
        "name": "Apple",
        "code": "P1",
        "parent": "Europe",
        "Price": 1.5,
        "Launched": date(2026, 2, 28),
        "Fresh": True,
        "Made In": "Asia",
        "Note": None,
        "Sweet": True,
        "Sour": False,
    }
    assert (rows[1]["Price"], rows[1]["Launched"], rows[1]["Fresh"]) == (0.0, None, False)


async def test_properties_with_the_names_of_other_columns(anaplan_shop: EmulatedAnaplan) -> None:
    async with anaplan_shop.async_client() as client:
        colors = await list_named(client, "Colors")
        expected = [
            {
                "name": "Red",
                "code": "R",
                "parent": None,
                "name (2)": "rouge",
                "Code": "#f00",
                "Read": True,
                "Warm": 3.0,
                "Warm (2)": True,
            },
            {
                "name": "Blue",
                "code": "B",
                "parent": None,
                "name (2)": None,
                "Code": None,
                "Read": False,
                "Warm": 0.0,
                "Warm (2)": False,
            },
        ]
        assert await rows_of(await client.tr.list_table(colors)) == expected
        anaplan_shop.emulator.settings.list_items_limit = 1
        assert await rows_of(await client.tr.list_table(colors)) == expected
    assert deletions(anaplan_shop) == [200]


@pytest.mark.parametrize("list_id", [COUNTRIES, REGIONS, AIRPORTS, FLIGHTS])
async def test_a_large_read_gives_the_same_table(anaplan: EmulatedAnaplan, list_id: int) -> None:
    async with anaplan.async_client() as client:
        await client.tr.insert_list_items(FLIGHTS, [{"code": "F1"}, {"code": "F2"}])
        await client.tr.insert_list_items(
            AIRPORTS, [{"name": "JFK", "properties": {"Latitude": 40.6}}]
        )
        at_once = await (await client.tr.list_table(list_id)).read_all()
        anaplan.emulator.settings.read_request_page_rows = 1
        anaplan.fault(method="GET", path="*/items", status=400)
        pages = await (await client.tr.list_table(list_id, batch_rows=1)).read_all()
    assert pages.to_pylist() == at_once.to_pylist()
    assert pages.to_polars().schema == at_once.to_polars().schema
    assert deletions(anaplan) == [200]


async def test_an_empty_list(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        at_once = await (await client.tr.list_table(AIRPORTS)).read_all()
        anaplan.fault(method="GET", path="*/items", status=400)
        pages = await (await client.tr.list_table(AIRPORTS)).read_all()
    columns = ["name", "code", "parent", "Airport Name", "Latitude", "Longitude", "Altitude"]
    assert at_once.column_names == pages.column_names == columns
    assert len(at_once) == len(pages) == 0
    assert at_once.to_polars().schema == pages.to_polars().schema


async def test_chosen_types(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        stream = await client.tr.list_table(COUNTRIES, schema={"Euro Area": "text"})
        assert [row["Euro Area"] for row in await rows_of(stream)] == ["false"] * 2 + ["true"] * 2
        with pytest.raises(InvalidArgumentException, match="no column 'id'; the columns are"):
            await client.tr.list_table(COUNTRIES, schema={"id": "text"})
    assert anaplan.requests("GET", "*/items") != []


async def test_unknown_lists_and_missing_rights(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.list_table(101000000099)
        anaplan.fault(method="GET", path="*/items", status=403)
        with pytest.raises(PermissionDeniedException):
            await client.tr.list_table(COUNTRIES)
    assert anaplan.requests("POST", "*/readRequests") == []


async def test_closing_a_stream_ends_the_large_read(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.read_request_page_rows = 1
    async with anaplan.async_client() as client:
        anaplan.fault(method="GET", path="*/items", status=400)
        async with await client.tr.list_table(COUNTRIES, batch_rows=1) as stream:
            async for batch in stream:
                assert batch.num_rows <= 1
                break
        assert deletions(anaplan) == [200]
