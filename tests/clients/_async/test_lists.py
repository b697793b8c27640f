"""Lists: what they are, and adding, changing and deleting their items."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanRequestException,
    InvalidIdentifierException,
    ModelUnavailableException,
    PartialFailureError,
    PermissionDeniedException,
    WriteInterruptedException,
)
from anaplan_sdk.models import ListItemKey, NewListItem
from anaplan_sdk.testing import EmulatedAnaplan

AIRLINES = 101000000001
AIRPORTS = 101000000002
FLIGHTS = 101000000003
REGIONS = 101000000004
COUNTRIES = 101000000005


def airlines(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {"name": f"Airline {number}", "code": f"A{number}"}


def changes(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/items")) + len(anaplan.requests("PUT", "*/items"))


async def test_lists_and_their_items(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        lists = await client.tr.get_lists()
        assert {one.name: one.id for one in lists}["Countries"] == COUNTRIES
        downwards = await client.tr.get_lists("name", descending=True)
        assert [one.name for one in downwards] == sorted((one.name for one in lists), reverse=True)

        airports = await client.tr.get_list_metadata(AIRPORTS)
        assert airports.name == "Airports"
        assert airports.parent is not None
        assert airports.parent.name == "Time Zones"
        assert airports.properties[0]["name"] == "Airport Name"
        assert (await client.tr.get_list_metadata(FLIGHTS)).numbered_list

        items = await client.tr.get_list_items(COUNTRIES)
        usa = next(item for item in items if item.code == "US")
        assert (usa.name, usa.parent) == ("United States", "North America")
        raw = await client.tr.get_list_items(COUNTRIES, return_raw=True)
        assert [item["id"] for item in raw] == [str(item.id) for item in items]
        assert await client.tr.get_list_items(AIRLINES) == []
        assert b"United States" in await client.tr.get_list_items_csv(COUNTRIES)
        assert b"United States" in await client.tr.get_list_preview(COUNTRIES)
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_list_metadata(101999999998)
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_list_items(101999999998)


async def test_items_come_and_change_and_go(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        added = await client.tr.insert_list_items(
            COUNTRIES, [NewListItem(name="Spain", code="ES", parent="Europe")]
        )
        assert (added.added, added.ignored, added.total, added.failures) == (1, 0, 1, [])
        items = {item.code: item for item in await client.tr.get_list_items(COUNTRIES)}
        assert items["ES"].parent == "Europe"

        updated = await client.tr.update_list_items(
            COUNTRIES, [{"id": items["ES"].id, "code": "ES", "name": "España"}]
        )
        assert (updated.updated, updated.failures) == (1, [])
        items = {item.code: item for item in await client.tr.get_list_items(COUNTRIES)}
        assert (items["ES"].name, items["ES"].parent) == ("España", "Europe")

        deleted = await client.tr.delete_list_items(COUNTRIES, [{"code": "ES"}])
        assert (deleted.deleted, deleted.failures) == (1, [])
        assert "ES" not in {item.code for item in await client.tr.get_list_items(COUNTRIES)}


async def test_items_that_are_refused(anaplan: EmulatedAnaplan) -> None:
    items = [
        {"name": "Spain", "code": "ES", "parent": "Europe"},
        {"name": "Atlantis", "code": "AT", "parent": "Nowhere"},
        {"name": "Italy", "code": "IT", "parent": "Europe"},
    ]
    async with anaplan.async_client() as client:
        result = await client.tr.insert_list_items(COUNTRIES, items, batch_size=1)
        assert result.added == 2
        (failure,) = result.failures
        assert (failure.index, failure.item) == (1, items[1])
        assert failure.details
        keys = [ListItemKey(code="ES"), ListItemKey(code="nothing")]
        with pytest.raises(PartialFailureError, match="refused 1 of 2") as caught:
            await client.tr.delete_list_items(COUNTRIES, keys, raise_on_failure=True)
        assert caught.value.failures[0].item is keys[1]
        assert caught.value.result is not None


async def test_a_parent_may_be_in_an_earlier_request(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        regions = [{"name": f"Region {number}"} for number in range(3)]
        assert (await client.tr.insert_list_items(REGIONS, regions, batch_size=1)).added == 3
        countries = [
            {"name": f"Country {number}", "parent": f"Region {number}"} for number in range(3)
        ]
        assert (await client.tr.insert_list_items(COUNTRIES, countries, batch_size=1)).added == 3
    assert changes(anaplan) == 6


async def test_many_items_in_many_requests(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        result = await client.tr.insert_list_items(AIRLINES, airlines(250), batch_size=100)
        assert (result.added, result.total) == (250, 250)
        assert len(await client.tr.get_list_items(AIRLINES)) == 250
        keys = ({"code": f"A{number}"} for number in range(260))
        gone = await client.tr.delete_list_items(AIRLINES, keys, batch_size=20)
        assert gone.deleted == 250
        assert [failure.index for failure in gone.failures] == list(range(250, 260))
        assert gone.failures[0].item == {"code": "A250"}
    assert changes(anaplan) == 3 + 13


async def test_deletions_side_by_side_account_for_each_request(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        await client.tr.insert_list_items(AIRLINES, airlines(60))
        anaplan.fault(method="POST", path="*/items", skip=1, status=503, processed=True)
        keys = ({"code": f"A{number}"} for number in range(60))
        with pytest.raises(WriteInterruptedException) as caught:
            await client.tr.delete_list_items(AIRLINES, keys, batch_size=5)
        error = caught.value
        left = len(await client.tr.get_list_items(AIRLINES))
    assert [len(span) for span in error.in_doubt] == [5]
    assert error.refused == []
    assert error.result is not None
    done = int(error.result.model_dump()["deleted"])
    assert done + 5 == 60 - left
    assert error.unsent_from >= done


async def test_a_reset_connection_leaves_one_request_in_doubt(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(method="POST", path="*/items", reset_before=True)
        with pytest.raises(AnaplanConnectionException):
            await client.tr.insert_list_items(AIRLINES, airlines(3))
        anaplan.fault(method="POST", path="*/items", reset_before=True)
        with pytest.raises(WriteInterruptedException) as caught:
            await client.tr.insert_list_items(AIRLINES, airlines(3), batch_size=2)
    assert caught.value.result is None
    assert (caught.value.in_doubt, caught.value.unsent_from) == ([range(2)], 2)
    assert changes(anaplan) == 2


async def test_a_numbered_list_counts_from_one_again(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.tr.insert_list_items(FLIGHTS, [{"code": "F1"}, {"code": "F2"}])
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.reset_list_index(FLIGHTS)
        assert caught.value.status_code == 400
        await client.tr.delete_list_items(FLIGHTS, [{"code": "F1"}, {"code": "F2"}])
        await client.tr.reset_list_index(FLIGHTS)
        await client.tr.insert_list_items(FLIGHTS, [{"code": "F3"}])
        (item,) = await client.tr.get_list_items(FLIGHTS)
        assert (item.name, item.code) == ("#1", "F3")


async def test_who_may_not_change_lists(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        with pytest.raises(PermissionDeniedException):
            await client.tr.insert_list_items(AIRLINES, airlines(1))
    async with anaplan.async_client(user_email="guest@skyline.example") as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_lists()
    async with anaplan.async_client(user_email="admin@skyline.example") as client:
        workspace = await client.resolve.workspace("Finance")
        deployed = await client.with_model(workspace_id=workspace).resolve.model(
            "Route Profitability"
        )
        routes = client.with_model(deployed, workspace)
        with pytest.raises(ModelUnavailableException) as caught:
            await routes.tr.insert_list_items(101000000000, [{"name": "New"}])
        assert caught.value.status_code == 425


async def test_what_is_no_item_is_never_sent(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(ValueError, match="item 0: Value error, an id, a code or a name"):
            await client.tr.delete_list_items(AIRLINES, [{}])
        with pytest.raises(ValueError, match="batch_size"):
            await client.tr.insert_list_items(AIRLINES, [], batch_size=0)
        assert (await client.tr.insert_list_items(AIRLINES, [])).added == 0
    assert changes(anaplan) == 0
