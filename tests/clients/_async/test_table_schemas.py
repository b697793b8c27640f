"""Schemas of tables from metadata: the same as those of the tables, without reading them."""

from __future__ import annotations

import pytest

from anaplan_sdk import AsyncClient, AsyncTableStream
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    InvalidArgumentException,
    InvalidIdentifierException,
    PermissionDeniedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

PLAN = 102000000001
LOADED_FLIGHTS = 2000000000001
APPROVED_PLAN = 2001000000002
PASSENGERS = 208000000000
COUNTRIES = 101000000005
READS = ("*/data", "*/readRequests", "*/tasks", "*/items", "*/chunks*")


@pytest.fixture(autouse=True, params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


def reads(anaplan: EmulatedAnaplan) -> int:
    """How many requests read or run something; items of a view's line items are metadata."""
    found = [request for path in READS for request in anaplan.requests(path=path)]
    return len([each for each in found if "20000000012" not in each.path])


async def schema_of(stream: AsyncTableStream) -> object:
    async with stream:
        return stream.schema


async def export_named(client: AsyncClient, part: str) -> int | str:
    return next(each.id for each in await client.get_exports() if part in each.name)


@pytest.mark.parametrize("view", [PLAN, APPROVED_PLAN, PASSENGERS, LOADED_FLIGHTS])
async def test_views(anaplan: EmulatedAnaplan, view: int) -> None:
    async with anaplan.async_client() as client:
        schema = await client.tr.view_schema(view)
        assert reads(anaplan) == 0
        assert schema == await schema_of(await client.tr.view_table(view))
    assert reads(anaplan) == 1


@pytest.mark.parametrize("module", ["Sales", "Palette"])
async def test_every_format_of_views(anaplan_shop: EmulatedAnaplan, module: str) -> None:
    async with anaplan_shop.async_client() as client:
        view = await client.resolve.module(module)
        schema = await client.tr.view_schema(view)
        assert schema == await schema_of(await client.tr.view_table(view))


@pytest.mark.parametrize("name", ["Products", "Colors"])
async def test_every_format_of_lists(anaplan_shop: EmulatedAnaplan, name: str) -> None:
    async with anaplan_shop.async_client() as client:
        list_id = await client.resolve.list(name)
        schema = await client.tr.list_schema(list_id)
        assert schema == await schema_of(await client.tr.list_table(list_id))


async def test_lists(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        schema = await client.tr.list_schema(COUNTRIES, schema={"code": "number"})
        assert reads(anaplan) == 0
        chosen = await client.tr.list_table(COUNTRIES, schema={"code": "number"}, invalid="null")
        assert schema == await schema_of(chosen)
        assert schema.names == ["name", "code", "parent", "Euro Area"]
        with pytest.raises(InvalidArgumentException, match="no column 'Units'"):
            await client.tr.list_schema(COUNTRIES, schema={"Units": "text"})
        with pytest.raises(InvalidIdentifierException):
            await client.tr.list_schema(101999999999)


async def test_exports(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        schema = await client.export_schema(export)
        chosen = await client.export_schema(export, schema={"Value": "number"})
        assert reads(anaplan) == 0
        assert schema == await schema_of(await client.export_table(export))
        assert chosen != schema
        stream = await client.export_table(
            export, schema={"Value": "number"}, invalid="null", run=False
        )
        assert chosen == await schema_of(stream)
        with pytest.raises(InvalidArgumentException, match="no column 'Units'"):
            await client.export_schema(export, schema={"Units": "text"})
        with pytest.raises(ArgumentTypeException, match="schema must be"):
            await client.export_schema(export, schema=["text"])  # type: ignore[arg-type]
        with pytest.raises(InvalidIdentifierException):
            await client.export_schema(116999999999)


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({}, "export_id: Anaplan does not report the columns"),
        ({"exportFormat": "application/vnd.ms-excel", "headerNames": ["A"]}, "Excel"),
    ],
)
async def test_exports_without_a_schema(
    anaplan: EmulatedAnaplan, described: dict[str, object], message: str
) -> None:
    async with anaplan.async_client() as client:
        export = await export_named(client, "single column")
        body = {"exportMetadata": {"exportFormat": "text/plain", **described}}
        anaplan.fault(path=f"*/exports/{export}", body=body)
        with pytest.raises(InvalidArgumentException, match=message):
            await client.export_schema(export)
    assert reads(anaplan) == 0


async def test_a_view_whose_line_items_anaplan_does_not_list(anaplan: EmulatedAnaplan) -> None:
    """As one of more than 1,000,000 cells. A module's default view shows all of them."""
    async with anaplan.async_client() as client:
        expected = await client.tr.view_schema(PLAN)
        anaplan.fault(path="*/dimensions/20000000012/items", status=400, times=None)
        assert await client.tr.view_schema(PLAN) == expected
        with pytest.raises(InvalidArgumentException, match="does not list the line items"):
            await client.tr.view_schema(APPROVED_PLAN)
    assert reads(anaplan) == 0


async def test_line_items_that_the_user_may_not_read(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(path="*/lineItems", status=403, times=None)
        schema = await client.tr.view_schema(PLAN)
        assert schema == await schema_of(await client.tr.view_table(PLAN))
        with pytest.raises(InvalidArgumentException, match=f"which line item view {PASSENGERS}"):
            await client.tr.view_schema(PASSENGERS)


async def test_views_that_do_not_exist_or_are_refused(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.view_schema(2009999999999)
        anaplan.fault(path=f"*/views/{PLAN}", status=403)
        with pytest.raises(PermissionDeniedException):
            await client.tr.view_schema(PLAN)
        with pytest.raises(InvalidArgumentException, match="no column 'Units'"):
            await client.tr.view_schema(PLAN, schema={"Units": "text"})
    assert reads(anaplan) == 0
