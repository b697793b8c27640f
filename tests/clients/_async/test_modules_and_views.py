"""Modules, line items, dimensions and views, and their cells in one reply."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import pytest

from anaplan_sdk import models
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidIdentifierException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

TIME = 20000000003
VERSIONS = 20000000020
COUNTRIES = 101000000005

Layout: TypeAlias = Literal[
    "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_SINGLE_COLUMN", "TABULAR_MULTI_COLUMN"
]
FACTS = 102000000000
PLAN = 102000000001


async def test_modules_and_their_line_items(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        modules = {module.name: module.id for module in await client.tr.get_modules()}
        assert list(modules) == ["Flight Facts", "Passenger Plan"]
        downwards = await client.tr.get_modules("name", descending=True)
        assert [module.name for module in downwards] == ["Passenger Plan", "Flight Facts"]

        items = await client.tr.get_line_items(only_module_id=PLAN)
        assert [item.name for item in items] == ["Passengers", "Load Factor", "Approved"]
        assert {item.module_name for item in items} == {"Passenger Plan"}
        assert isinstance(items[0].format_metadata, models.NumberMetadata)
        facts = await client.tr.get_line_items(modules["Flight Facts"])
        assert isinstance(facts[1].format_metadata, models.ListFormatMetadata)
        assert isinstance(facts[4].format_metadata, models.TextMetadata)
        assert await client.tr.get_line_items() == facts + items
        raw = await client.tr.get_line_items(return_raw=True)
        assert [models.LineItem.model_validate(item) for item in raw] == facts + items

        dimensions = await client.tr.get_line_item_dimensions(items[0].id)
        assert [dimension.name for dimension in dimensions] == ["Countries", "Time", "Versions"]
        periods = await client.tr.get_line_item_dimension_items(items[0].id, TIME)
        assert "Jan 13" in [period.name for period in periods]
        views = await client.tr.get_module_views(PLAN)
        assert views[0].name == "default"
        assert {
            view.id
            for view in await client.tr.get_module_views(PLAN, include_subsidiary_views=True)
        } == ({view.id for view in views} | {item.id for item in items})
        assert "Network Overview" in [board.name for board in await client.tr.get_dashboards()]


async def test_items_of_dimensions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        info = await client.tr.get_view_info(PLAN)
        assert info.view_id == PLAN
        countries = info.rows[0]
        items = await client.tr.get_dimension_items(countries.id)
        assert ("United States", "US") in [(item.name, item.code) for item in items]
        raw = await client.tr.get_dimension_items(countries.id, return_raw=True)
        assert [models.DimensionWithCode.model_validate(item) for item in raw] == items
        found = await client.tr.lookup_dimension_items(countries.id, codes=["us"], names=["x"])
        assert [item.name for item in found] == ["United States"]
        assert await client.tr.lookup_dimension_items(countries.id, names=["nothing"]) == []
        months = await client.tr.get_view_dimension_items(PLAN, TIME)
        assert "Feb 13" in [month.name for month in months]
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.get_dimension_items(TIME)
        assert caught.value.status_code == 400
        assert "read_list" not in str(caught.value)
        wrong: list[dict[str, Any]] = [{}, {"codes": []}, {"names": "Apple"}]
        for arguments in wrong:
            with pytest.raises(ValueError, match="codes or names must be a list"):
                await client.tr.lookup_dimension_items(countries.id, **arguments)


async def test_a_views_cells(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        views = await client.tr.get_views()
        assert {"Flight Facts", "Passenger Plan", "Passengers"} <= {view.name for view in views}
        ordered = await client.tr.get_views("module_id", descending=True)
        assert ordered[0].moduleId == PLAN
        data = await client.tr.get_view_data(PLAN)
        assert data["pages"] == ["Actual"]
        assert data["columnCoordinates"][0] == ["Jan 13"]
        cells = {tuple(row["rowCoordinates"]): row["cells"] for row in data["rows"]}
        assert cells["United States", "Passengers"][0] == "412000"

        versions = await client.tr.get_view_dimension_items(PLAN, VERSIONS)
        forecast = next(version for version in versions if version.name == "Forecast")
        other = await client.tr.get_view_data(PLAN, pages=[(VERSIONS, forecast.id)])
        assert other["pages"] == ["Forecast"]
        short = await client.tr.get_view_data(PLAN, max_rows=1)
        assert len(short["rows"]) == 1
        text = await client.tr.get_view_data(PLAN, data_format="text/csv;escaped=true")
        assert b"United States" in text
        table = await client.tr.get_view_data(
            PLAN, None, PLAN, None, "TABULAR_MULTI_COLUMN", "text/csv"
        )
        assert b"Passengers" in table.splitlines()[0]


async def test_views_that_cant_be_read(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(AnaplanRequestException, match="page selector") as caught:
            await client.tr.get_view_data(PLAN, pages=[(TIME, 1)])
        assert "read_view" not in str(caught.value)
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_view_data(102999999999)
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_view_info("102999999999")
        sent = len(anaplan.requests())
        with pytest.raises(ValueError, match="given together"):
            await client.tr.get_view_data(PLAN, parent_module_id=PLAN)
        with pytest.raises(ValueError, match="max_rows"):
            await client.tr.get_view_data(PLAN, max_rows=0)
        assert len(anaplan.requests()) == sent


async def test_every_form_of_a_views_cells(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        grid = await client.tr.get_view_data(PLAN, data_format="text/csv")
        lines = grid.decode().splitlines()
        assert lines[0] == "Actual"
        assert lines[1].split(",")[2:4] == ["Jan 13", "Feb 13"]
        assert lines[2].split(",")[:3] == ["United States", "Passengers", "412000"]
        escaped = await client.tr.get_view_data(PLAN, data_format="text/csv;escaped=true")
        assert escaped.decode().splitlines()[2] == lines[2]

        layouts: dict[Layout, str] = {
            "TABULAR_MULTI_COLUMN": "Countries,Time,Versions,Passengers,Load Factor,Approved",
            "TABULAR_SINGLE_COLUMN": "Countries,Time,Versions,Line Items,Value",
            "GRID_CURRENT_PAGE": "Actual",
            "GRID_ALL_PAGES": "Actual",
        }
        for layout, header in layouts.items():
            content = await client.tr.get_view_data(
                PLAN,
                parent_module_id=PLAN,
                export_type=layout,
                data_format="text/csv",
            )
            assert content.decode().splitlines()[0] == header
            assert (b"Forecast" in content) is (layout != "GRID_CURRENT_PAGE")

        passengers = (await client.tr.get_line_items(PLAN))[0]
        single = await client.tr.get_view_data(passengers.id)
        assert single["rows"][0]["cells"][0] == "412000"


async def test_a_module_without_items_has_no_cells(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        with pytest.raises(ServerException):  # as was observed
            await client.tr.get_view_data(FACTS)
        anaplan.emulator.settings.dialect = "guide"
        data = await client.tr.get_view_data(FACTS)
        assert data["rows"] == []
        assert await client.tr.get_view_data(FACTS, data_format="text/csv")
        assert [row async for row in client.tr.read_view(FACTS)] == []


async def test_views_and_dimensions_over_the_limit_name_the_large_reads(
    anaplan: EmulatedAnaplan,
) -> None:
    settings = anaplan.emulator.settings
    async with anaplan.async_client() as client:
        whole = await client.tr.get_view_data(PLAN)
        settings.view_cells_limit = sum(len(row["cells"]) for row in whole["rows"]) - 1
        with pytest.raises(AnaplanRequestException, match=r"tr\.read_view or"):
            await client.tr.get_view_data(PLAN)
        with pytest.raises(AnaplanRequestException, match=r"tr\.read_view or"):
            await client.tr.get_view_data(PLAN, data_format="text/csv")
        with pytest.raises(AnaplanRequestException, match=r"tr\.read_view or"):
            await client.tr.get_view_data(PLAN, pages=[(VERSIONS, 107000000002)])
        assert len((await client.tr.get_view_data(PLAN, max_rows=2))["rows"]) == 2
        settings.view_cells_limit += 1
        assert await client.tr.get_view_data(PLAN) == whole

        settings.dimension_items_limit = 3
        with pytest.raises(AnaplanRequestException, match=r"tr\.read_list or"):
            await client.tr.get_dimension_items(COUNTRIES)
        settings.list_items_limit = 3
        with pytest.raises(AnaplanRequestException, match=r"tr\.read_list or"):
            await client.tr.get_list_items(COUNTRIES)
        with pytest.raises(AnaplanRequestException, match=r"tr\.read_list or"):
            await client.tr.get_list_items_csv(COUNTRIES)
        assert len([row async for row in client.tr.read_list(COUNTRIES)]) == 4
        assert await client.tr.get_list_preview(COUNTRIES)


async def test_a_user_without_access_finds_no_model(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="guest@skyline.example") as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_modules()
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_views()
