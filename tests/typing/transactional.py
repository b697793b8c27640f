"""What type checkers see of `client.tr` and `client.resolve`: read by mypy and pyright, never run.

Every public method of both clients is called once, with its result's type asserted.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from datetime import date
from typing import assert_type

from anaplan_sdk import (
    AsyncClient,
    AsyncTableStream,
    Client,
    LargeRead,
    ListUpsert,
    Table,
    TableStream,
    TableWrite,
    exceptions,
    models,
)


def cells() -> Iterator[dict[str, object]]:
    yield {"lineItemName": "Units", "value": 1}


ITEMS = [{"code": "N1", "name": "North"}]
PLAIN_CELL = models.CellWrite(
    line_item_id=201,
    dimensions=[models.CellCoordinate(dimension_name="Time", item_name="Jan 26")],
    value=1.5,
)


def reading(client: Client) -> None:
    assert_type(client.get_workspace_admins(), list[models.WorkspaceMember])
    assert_type(client.get_workspace_visitors("workspace"), list[models.WorkspaceMember])
    assert_type(client.tr.get_lists("name", descending=True), list[models.List])
    metadata = client.tr.get_list_metadata(101)
    assert_type(metadata, models.ListMetadata)
    assert_type(metadata.next_item_index, int | None)
    assert_type(client.tr.get_list_items(101), list[models.ListItem])
    assert_type(client.tr.get_list_items(101, True), list[dict[str, object]])
    assert_type(client.tr.get_list_items(101, return_raw=True), list[dict[str, object]])
    assert_type(client.tr.get_list_items_csv(101), bytes)
    assert_type(client.tr.get_list_preview("101"), bytes)
    assert_type(client.tr.get_modules(), list[models.Module])
    assert_type(client.tr.get_module_views(102, include_subsidiary_views=True), list[models.View])
    assert_type(client.tr.get_line_items(only_module_id=102), list[models.LineItem])
    assert_type(client.tr.get_line_items(return_raw=True), list[dict[str, object]])
    assert_type(client.tr.get_line_item_dimensions(201), list[models.Dimension])
    assert_type(client.tr.get_line_item_dimension_items(201, 101), list[models.DimensionWithCode])
    assert_type(client.tr.get_dimension_items(101), list[models.DimensionWithCode])
    assert_type(client.tr.get_dimension_items(101, return_raw=True), list[dict[str, object]])
    assert_type(client.tr.lookup_dimension_items(101, codes=["N1"]), list[models.DimensionWithCode])
    assert_type(client.tr.get_dashboards(), list[models.Dashboard])
    assert_type(client.tr.get_views("module_id"), list[models.View])
    assert_type(client.tr.get_view_info(102), models.ViewInfo)
    assert_type(client.tr.get_view_dimension_items(102, 101), list[models.Dimension])
    data = client.tr.get_view_data(102, pages=[(101, "201")], max_rows=5)
    assert_type(data, models.ViewData)
    assert_type(data["rows"][0]["cells"], list[str])
    assert_type(client.tr.get_view_data(102, data_format="text/csv"), bytes)
    assert_type(client.tr.get_view_data(102, None, 102, None, "GRID_ALL_PAGES", "text/csv"), bytes)
    assert_type(client.tr.read_view(102, timeout=60), Generator[dict[str, str]])
    assert_type(client.tr.read_view_pages(102, "GRID_ALL_PAGES"), Generator[bytes])
    assert_type(client.tr.read_list(101, on_progress=print), Generator[dict[str, str]])
    assert_type(client.tr.read_list_pages(101), Generator[bytes])
    assert_type(client.tr.view_table(102, pages=[(101, 201)], schema={"a": "text"}), TableStream)
    assert_type(client.tr.list_table("101", invalid="null", timeout=60), TableStream)
    assert_type(client.tr.view_schema(102, schema={"a": "text"}).names, list[str])
    assert_type(client.tr.list_schema("101").names, list[str])
    read = client.tr.prepare_view_read(102, timeout=60)
    assert_type(read, LargeRead)
    assert_type(client.tr.read_table(read, (0, 4), schema={"a": "text"}), TableStream)
    assert_type(client.tr.prepare_list_read("101"), LargeRead)
    client.tr.end_read(read)


def tables(client: Client, table: Table) -> None:
    written = client.tr.write_table(102, table, dimensions={"a": "Time"}, match={"Time": "name"})
    assert_type(written, TableWrite)
    assert_type(written.refused, Table)
    changed = client.tr.upsert_list_table(101, table, key="name", columns=["name"])
    assert_type(changed, ListUpsert)
    assert_type(changed.inserted, int)


def writing(client: Client) -> None:
    assert_type(client.tr.insert_list_items(101, ITEMS), models.InsertionResult)
    client.tr.insert_list_items(101, [models.NewListItem(name="North")], items_per_request=500)
    assert_type(client.tr.update_list_items(101, [{"id": 201}]), models.ListUpdateResult)
    assert_type(client.tr.delete_list_items(101, ITEMS), models.ListDeletionResult)
    assert_type(client.tr.reset_list_index(101), None)
    assert_type(client.tr.update_module_data(102, [PLAIN_CELL]), int | dict[str, object])
    result = client.tr.write_cells(102, cells(), raise_on_failure=True)
    assert_type(result, models.CellWriteResult)
    assert_type(result.failures[0].index, int)


def modelling(client: Client) -> None:
    assert_type(client.tr.get_current_period(), models.CurrentPeriod)
    assert_type(client.tr.set_current_period(date(2026, 1, 31)), models.CurrentPeriod)
    assert_type(client.tr.set_current_fiscal_year("FY26"), models.FiscalYear)
    calendar = client.tr.get_model_calendar()
    if isinstance(calendar, models.WeeksGeneralCalendar):
        assert_type(calendar.weeks_count, int)
    else:
        assert_type(calendar.fiscal_year, models.FiscalYear)
    assert_type(client.tr.get_versions(), list[models.Version])
    assert_type(client.tr.set_version_switchover(107, ""), models.VersionPeriod)
    assert_type(client.tr.get_model_details(), models.Model)
    assert_type(client.tr.get_model_status(), models.ModelStatus)
    assert_type(client.tr.wake_model(), None)
    assert_type(client.tr.wait_for_model(timeout=600), models.ModelStatus)
    assert_type(client.tr.close_model(), None)


def resolving(client: Client) -> None:
    try:
        assert_type(client.resolve.workspace("Planning"), str)
        assert_type(client.resolve.model("Sales", refresh=True), str)
        assert_type(client.resolve.file("sales.csv"), int)
        assert_type(client.resolve.action("Load"), int)
        assert_type(client.resolve.list("Region"), int)
        assert_type(client.resolve.module("Sales"), int)
        assert_type(client.resolve.view("Sales.By Region"), int)
    except exceptions.AmbiguousNameException as error:
        assert_type(error.candidates, list[models.NamedObject])
    assert_type(client.resolve.clear_cache(), None)


def failing(interrupted: exceptions.WriteInterruptedException) -> None:
    assert_type(interrupted.in_doubt, list[range])
    assert_type(interrupted.result, models.WriteResult | None)


async def reading_async(client: AsyncClient) -> None:
    assert_type(await client.get_workspace_admins(), list[models.WorkspaceMember])
    assert_type(await client.get_workspace_visitors("workspace"), list[models.WorkspaceMember])
    assert_type(await client.tr.get_lists("name", descending=True), list[models.List])
    metadata = await client.tr.get_list_metadata(101)
    assert_type(metadata, models.ListMetadata)
    assert_type(metadata.next_item_index, int | None)
    assert_type(await client.tr.get_list_items(101), list[models.ListItem])
    assert_type(await client.tr.get_list_items(101, True), list[dict[str, object]])
    assert_type(await client.tr.get_list_items(101, return_raw=True), list[dict[str, object]])
    assert_type(await client.tr.get_list_items_csv(101), bytes)
    assert_type(await client.tr.get_list_preview("101"), bytes)
    assert_type(await client.tr.get_modules(), list[models.Module])
    assert_type(
        await client.tr.get_module_views(102, include_subsidiary_views=True), list[models.View]
    )
    assert_type(await client.tr.get_line_items(only_module_id=102), list[models.LineItem])
    assert_type(await client.tr.get_line_items(return_raw=True), list[dict[str, object]])
    assert_type(await client.tr.get_line_item_dimensions(201), list[models.Dimension])
    assert_type(
        await client.tr.get_line_item_dimension_items(201, 101), list[models.DimensionWithCode]
    )
    assert_type(await client.tr.get_dimension_items(101), list[models.DimensionWithCode])
    assert_type(await client.tr.get_dimension_items(101, return_raw=True), list[dict[str, object]])
    assert_type(
        await client.tr.lookup_dimension_items(101, codes=["N1"]), list[models.DimensionWithCode]
    )
    assert_type(await client.tr.get_dashboards(), list[models.Dashboard])
    assert_type(await client.tr.get_views("module_id"), list[models.View])
    assert_type(await client.tr.get_view_info(102), models.ViewInfo)
    assert_type(await client.tr.get_view_dimension_items(102, 101), list[models.Dimension])
    data = await client.tr.get_view_data(102, pages=[(101, "201")], max_rows=5)
    assert_type(data, models.ViewData)
    assert_type(data["rows"][0]["cells"], list[str])
    assert_type(await client.tr.get_view_data(102, data_format="text/csv"), bytes)
    assert_type(
        await client.tr.get_view_data(102, None, 102, None, "GRID_ALL_PAGES", "text/csv"), bytes
    )
    assert_type(client.tr.read_view(102, timeout=60), AsyncGenerator[dict[str, str]])
    assert_type(client.tr.read_view_pages(102, "GRID_ALL_PAGES"), AsyncGenerator[bytes])
    assert_type(client.tr.read_list(101, on_progress=print), AsyncGenerator[dict[str, str]])
    assert_type(client.tr.read_list_pages(101), AsyncGenerator[bytes])
    assert_type(await client.tr.view_table(102, batch_rows=10), AsyncTableStream)
    assert_type(await client.tr.list_table(101, on_progress=print), AsyncTableStream)
    assert_type((await client.tr.view_schema("102")).names, list[str])
    assert_type((await client.tr.list_schema(101, schema={"a": "date"})).names, list[str])
    read = await client.tr.prepare_view_read(102)
    assert_type(read, LargeRead)
    assert_type(await client.tr.prepare_list_read("101", timeout=60), LargeRead)
    assert_type(await client.tr.read_table(read, part=(1, 2)), AsyncTableStream)
    await client.tr.end_read(read)


async def tables_async(client: AsyncClient, table: Table) -> None:
    assert_type(await client.tr.write_table(102, table, line_items=["Units"]), TableWrite)
    assert_type(await client.tr.upsert_list_table(101, table, nulls="clear"), ListUpsert)


async def writing_async(client: AsyncClient) -> None:
    assert_type(await client.tr.insert_list_items(101, ITEMS), models.InsertionResult)
    await client.tr.insert_list_items(
        101, [models.NewListItem(name="North")], items_per_request=500
    )
    assert_type(await client.tr.update_list_items(101, [{"id": 201}]), models.ListUpdateResult)
    assert_type(await client.tr.delete_list_items(101, ITEMS), models.ListDeletionResult)
    assert_type(await client.tr.reset_list_index(101), None)
    assert_type(await client.tr.update_module_data(102, [PLAIN_CELL]), int | dict[str, object])
    result = await client.tr.write_cells(102, cells(), raise_on_failure=True)
    assert_type(result, models.CellWriteResult)
    assert_type(result.failures[0].index, int)


async def modelling_async(client: AsyncClient) -> None:
    assert_type(await client.tr.get_current_period(), models.CurrentPeriod)
    assert_type(await client.tr.set_current_period(date(2026, 1, 31)), models.CurrentPeriod)
    assert_type(await client.tr.set_current_fiscal_year("FY26"), models.FiscalYear)
    calendar = await client.tr.get_model_calendar()
    if isinstance(calendar, models.WeeksGeneralCalendar):
        assert_type(calendar.weeks_count, int)
    else:
        assert_type(calendar.fiscal_year, models.FiscalYear)
    assert_type(await client.tr.get_versions(), list[models.Version])
    assert_type(await client.tr.set_version_switchover(107, ""), models.VersionPeriod)
    assert_type(await client.tr.get_model_details(), models.Model)
    assert_type(await client.tr.get_model_status(), models.ModelStatus)
    assert_type(await client.tr.wake_model(), None)
    assert_type(await client.tr.wait_for_model(timeout=600), models.ModelStatus)
    assert_type(await client.tr.close_model(), None)


async def resolving_async(client: AsyncClient) -> None:
    try:
        assert_type(await client.resolve.workspace("Planning"), str)
        assert_type(await client.resolve.model("Sales", refresh=True), str)
        assert_type(await client.resolve.file("sales.csv"), int)
        assert_type(await client.resolve.action("Load"), int)
        assert_type(await client.resolve.list("Region"), int)
        assert_type(await client.resolve.module("Sales"), int)
        assert_type(await client.resolve.view("Sales.By Region"), int)
    except exceptions.AmbiguousNameException as error:
        assert_type(error.candidates, list[models.NamedObject])
    assert_type(client.resolve.clear_cache(), None)


def idioms_of_the_guides(client: Client) -> None:
    task = client.run_action(112000000001)
    assert_type((task.result.details[0].local_message_text or "").strip(), str)
    result = client.tr.insert_list_items(101, ITEMS)
    for failure in result.failures:
        assert failure.item["code"] != failure.item["dimensions"][0]
    plan = client.alm.promote("model", dry_run=True)
    if plan.summary:
        assert_type(plan.summary.differences.by_kind, dict[str, models.SummaryTotals])


def unions(task: object) -> None:
    if isinstance(task, models.TaskStatus | models.SyncTask | models.ReportTask):
        assert_type(task.id, str)
