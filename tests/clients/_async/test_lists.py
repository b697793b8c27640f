"""Lists: their definitions, and adding, changing and deleting their items."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    AnaplanResponseException,
    InvalidIdentifierException,
    ModelUnavailableException,
    PartialFailureException,
    PermissionDeniedException,
    WriteInterruptedException,
)
from anaplan_sdk.models import ListItemKey, NewListItem
from anaplan_sdk.testing import EmulatedAnaplan

ZONES = 101000000000
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
        assert (usa.list_id, usa.list_name) == (COUNTRIES, "Countries")
        raw = await client.tr.get_list_items(COUNTRIES, return_raw=True)
        assert [item["id"] for item in raw] == [str(item.id) for item in items]
        assert await client.tr.get_list_items(AIRLINES) == []
        assert await client.tr.get_list_items(AIRLINES, return_raw=True) == []
        assert b"United States" in await client.tr.get_list_items_csv(COUNTRIES)
        assert b"United States" in await client.tr.get_list_preview(COUNTRIES)
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_list_metadata(101999999998)
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_list_items(101999999998)


@pytest.mark.parametrize("return_raw", [True, False])
@pytest.mark.parametrize(
    ("items", "place"),
    [("none", "at 'listItems'"), ([{"id": "1"}, "none"], "at 'listItems.1'")],
)
async def test_an_invalid_listing_is_an_error(
    anaplan: EmulatedAnaplan, items: object, place: str, return_raw: bool
) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(method="GET", path="*/items", body={"listItems": items})
        with pytest.raises(AnaplanResponseException, match=place):
            await client.tr.get_list_items(COUNTRIES, return_raw)


async def test_items_are_added_changed_and_deleted(anaplan: EmulatedAnaplan) -> None:
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


async def test_rejected_items(anaplan: EmulatedAnaplan) -> None:
    items = [
        {"name": "Spain", "code": "ES", "parent": "Europe"},
        {"name": "Atlantis", "code": "AT", "parent": "Nowhere"},
        {"name": "Italy", "code": "IT", "parent": "Europe"},
    ]
    async with anaplan.async_client() as client:
        result = await client.tr.insert_list_items(COUNTRIES, items, items_per_request=1)
        assert result.added == 2
        (failure,) = result.failures
        assert (failure.index, failure.item) == (1, items[1])
        assert failure.details
        keys = [ListItemKey(code="ES"), ListItemKey(code="nothing")]
        with pytest.raises(PartialFailureException, match="rejected 1 of 2") as caught:
            await client.tr.delete_list_items(COUNTRIES, keys, raise_on_failure=True)
        assert caught.value.failures[0].item is keys[1]
        assert caught.value.result is not None


async def test_a_parent_may_be_in_an_earlier_request(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        regions = [{"name": f"Region {number}"} for number in range(3)]
        assert (await client.tr.insert_list_items(REGIONS, regions, items_per_request=1)).added == 3
        countries = [
            {"name": f"Country {number}", "parent": f"Region {number}"} for number in range(3)
        ]
        assert (
            await client.tr.insert_list_items(COUNTRIES, countries, items_per_request=1)
        ).added == 3
    assert changes(anaplan) == 6


async def test_many_items_in_many_requests(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        result = await client.tr.insert_list_items(AIRLINES, airlines(250), items_per_request=100)
        assert (result.added, result.total) == (250, 250)
        assert len(await client.tr.get_list_items(AIRLINES)) == 250
        keys = ({"code": f"A{number}"} for number in range(260))
        deletion = await client.tr.delete_list_items(AIRLINES, keys, items_per_request=20)
        assert deletion.deleted == 250
        assert [failure.index for failure in deletion.failures] == list(range(250, 260))
        assert deletion.failures[0].item == {"code": "A250"}
    assert changes(anaplan) == 3 + 13


async def test_parallel_deletions_account_for_each_request(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        await client.tr.insert_list_items(AIRLINES, airlines(60))
        anaplan.fault(method="POST", path="*/items", skip=1, status=503, processed=True)
        keys = ({"code": f"A{number}"} for number in range(60))
        with pytest.raises(WriteInterruptedException) as caught:
            await client.tr.delete_list_items(AIRLINES, keys, items_per_request=5)
        error = caught.value
        left = len(await client.tr.get_list_items(AIRLINES))
    assert [len(span) for span in error.in_doubt] == [5]
    assert error.refused == []
    assert error.result is not None
    done = int(error.result.model_dump()["deleted"])
    assert done + 5 == 60 - left
    assert error.unsent_from >= done


async def test_the_outcome_is_unknown_if_the_list_cannot_be_read(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(settle_time=0.2) as client:
        for size, doubt in ((100, range(3)), (2, range(2))):
            anaplan.fault(method="POST", path="*/items", reset_before=True)
            anaplan.fault(method="GET", path="*/items", status=403)
            with pytest.raises(WriteInterruptedException) as caught:
                await client.tr.insert_list_items(AIRLINES, airlines(3), items_per_request=size)
            assert caught.value.result is None
            assert (caught.value.in_doubt, caught.value.unsent_from) == ([doubt], doubt.stop)
            assert not caught.value.retryable
    assert changes(anaplan) == 2


async def test_the_outcome_is_unknown_if_the_list_has_some_of_the_items(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(settle_time=0.2) as client:
        await client.tr.insert_list_items(AIRLINES, airlines(1))
        anaplan.fault(method="POST", path="*/items", reset_before=True)
        with pytest.raises(WriteInterruptedException) as caught:
            await client.tr.insert_list_items(AIRLINES, airlines(3))
        assert caught.value.in_doubt == [range(3)]
    assert changes(anaplan) == 2


async def test_items_are_added_once_without_repetitions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(settle_time=0.2, retry_count=0) as client:
        anaplan.fault(method="POST", path="*/items", reset_before=True)
        with pytest.raises(WriteInterruptedException):
            await client.tr.insert_list_items(AIRLINES, airlines(3))
        assert changes(anaplan) == 1
        anaplan.fault(method="POST", path="*/items", lose_reply=True)
        assert (await client.tr.insert_list_items(AIRLINES, airlines(3))).added == 3
    assert changes(anaplan) == 2


async def test_items_that_appear_late_are_added_once(anaplan: EmulatedAnaplan) -> None:
    """The second request finds them in the list: they count as added."""
    async with anaplan.async_client(settle_time=0.2, timeout=0.5, backoff=0.01) as client:
        await client.authenticate()
        anaplan.fault(method="POST", path="*/items", hold_seconds=1.2)
        anaplan.fault(method="POST", path="*/items", hold_seconds=0.4)
        result = await client.tr.insert_list_items(AIRLINES, airlines(3))
        assert (result.added, result.failures) == (3, [])
        assert len(await client.tr.get_list_items(AIRLINES)) == 3


async def test_requests_stay_below_the_limit(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.list_changes_limit = 100
    async with anaplan.async_client() as client:
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.insert_list_items(AIRLINES, airlines(250))
        assert caught.value.status_code == 400
        assert await client.tr.get_list_items(AIRLINES) == []
        result = await client.tr.insert_list_items(AIRLINES, airlines(250), items_per_request=100)
        assert (result.added, result.total) == (250, 250)
        codes = ({"code": f"A{number}", "name": f"New {number}"} for number in range(250))
        assert (
            await client.tr.update_list_items(AIRLINES, codes, items_per_request=100)
        ).updated == 250
        keys = ({"code": f"A{number}"} for number in range(250))
        assert (
            await client.tr.delete_list_items(AIRLINES, keys, items_per_request=100)
        ).deleted == 250


async def test_failures_have_the_indexes_of_the_input(anaplan: EmulatedAnaplan) -> None:
    items = list(airlines(100))
    for index in (7, 10, 55, 99):
        items[index]["parent"] = "Nowhere"
    async with anaplan.async_client() as client:
        added = await client.tr.insert_list_items(AIRLINES, iter(items), items_per_request=10)
        assert (added.added, added.ignored, added.total) == (96, 4, 100)
        assert [failure.index for failure in added.failures] == [7, 10, 55, 99]
        assert all(failure.item is items[failure.index] for failure in added.failures)

        again = await client.tr.insert_list_items(AIRLINES, airlines(100), items_per_request=30)
        assert (again.added, again.ignored) == (4, 96)
        names: list[dict[str, object]] = [{"name": f"Airline {number}"} for number in range(3)]
        changes: list[dict[str, object]] = [
            {"code": f"A{number}", "name": f"New {number}"} for number in range(20)
        ]
        changes += [{"name": "Airline 20"}, {"code": "nothing", "name": "Nothing"}]
        updated = await client.tr.update_list_items(AIRLINES, changes, items_per_request=7)
        assert (updated.updated, updated.ignored) == (20, 2)
        reported = [(failure.index, failure.reason) for failure in updated.failures]
        assert reported[0] == (20, "INCOMPLETE_DATA")
        assert reported[1][0] == 21

        deletion = await client.tr.delete_list_items(
            AIRLINES,
            [*names, {"code": "A5"}, {"code": "x"}, {"id": 1, "code": "A6"}],
            items_per_request=1,
        )
        assert deletion.deleted == 1
        assert [failure.index for failure in deletion.failures] == [0, 1, 2, 4, 5]
        assert "Ambiguous" in deletion.failures[-1].details


async def test_properties_and_parents(anaplan: EmulatedAnaplan) -> None:
    items: list[dict[str, object]] = [
        {
            "name": "JFK",
            "code": "JFK",
            "parent": "New York",
            "properties": {"Airport Name": "Kennedy", "Latitude": 40.6},
        },
        {"name": "LGA", "code": "LGA", "properties": {"Latitude": "north"}},
        {"name": "EWR", "code": "EWR", "properties": {"Runways": 3}},
    ]
    async with anaplan.async_client() as client:
        await client.tr.insert_list_items(ZONES, [{"name": "New York"}])
        result = await client.tr.insert_list_items(AIRPORTS, items)
        assert [(failure.index, failure.reason) for failure in result.failures] == [
            (1, "INCORRECT_FORMAT"),
            (2, "INCORRECT_FORMAT"),
        ]
        assert "Latitude" in result.failures[0].details
        await client.tr.update_list_items(
            AIRPORTS, [{"code": "JFK", "properties": {"Altitude": 13}}]
        )
        (jfk,) = await client.tr.get_list_items(AIRPORTS)
        assert jfk.parent == "New York"
        assert {
            name: jfk.properties[name] for name in ("Airport Name", "Latitude", "Altitude")
        } == {
            "Airport Name": "Kennedy",
            "Latitude": "40.6",
            "Altitude": "13",
        }
        rows = [row async for row in client.tr.read_list(AIRPORTS)]
        assert (rows[0]["Airport Name"], rows[0]["Altitude"]) == ("Kennedy", "13")


@pytest.mark.parametrize("is_carried_out", [True, False])
async def test_the_list_shows_the_outcome_of_a_lost_request(
    anaplan: EmulatedAnaplan, is_carried_out: bool
) -> None:
    trouble = {"lose_reply": True} if is_carried_out else {"reset_during_request": 20}
    async with anaplan.async_client(settle_time=0.2, backoff=0.01) as client:
        anaplan.fault(method="POST", path="*/items", skip=1, **trouble)
        result = await client.tr.insert_list_items(AIRLINES, airlines(250), items_per_request=100)
        assert (result.added, result.ignored, result.total) == (250, 0, 250)
        assert changes(anaplan) == (3 if is_carried_out else 4)
        assert len(await client.tr.get_list_items(AIRLINES)) == 250


async def test_a_numbered_list_numbers_its_items(anaplan: EmulatedAnaplan) -> None:
    items = [{"code": "F1"}, {"name": "UA 1545", "code": "F2"}, {"code": "F1"}, {"code": "F3"}]
    async with anaplan.async_client() as client:
        result = await client.tr.insert_list_items(FLIGHTS, items, items_per_request=2)
        assert [failure.index for failure in result.failures] == [1, 2]
        flights = await client.tr.get_list_items(FLIGHTS)
        assert [(flight.name, flight.code) for flight in flights] == [("#1", "F1"), ("#2", "F3")]
        metadata = await client.tr.get_list_metadata(FLIGHTS)
        assert metadata.next_item_index == 3
        updated = await client.tr.update_list_items(
            FLIGHTS, [{"id": flights[1].id, "code": "F3", "properties": {"Flight Number": "15"}}]
        )
        assert (updated.updated, updated.failures) == (1, [])


async def test_reset_of_the_index_of_a_numbered_list(anaplan: EmulatedAnaplan) -> None:
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


async def test_changes_of_lists_need_the_role(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        with pytest.raises(PermissionDeniedException):
            await client.tr.insert_list_items(AIRLINES, airlines(1))
    async with anaplan.async_client(user_email="guest@skyline.example") as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_lists()


async def test_lists_of_deployed_models(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="admin@skyline.example") as client:
        workspace = await client.resolve.workspace("Finance")
        finance = client.with_model(workspace_id=workspace)
        live = client.with_model(await finance.resolve.model("Crew Planning Live"), workspace)
        bases = await live.resolve.list("Bases")
        before = await live.tr.get_list_items(bases)
        items = ({"name": f"Base {number}"} for number in range(5))
        with pytest.raises(ModelUnavailableException) as caught:
            await live.tr.insert_list_items(bases, items, items_per_request=2)
        assert caught.value.status_code == 425
        with pytest.raises(ModelUnavailableException):
            await live.tr.update_list_items(bases, [{"name": "Chicago", "code": "ORD"}])
        with pytest.raises(ModelUnavailableException):
            await live.tr.delete_list_items(bases, [{"name": "Chicago"}])
        assert await live.tr.get_list_items(bases) == before
        with pytest.raises(AnaplanRequestException) as refused:
            await live.tr.reset_list_index(bases)
        assert refused.value.status_code == 400

        # Production data may change.
        crew = await live.resolve.list("Crew Members")
        assert (await live.tr.get_list_metadata(crew)).production_data
        assert (await live.tr.insert_list_items(crew, [{"code": "C1"}])).added == 1
        assert (await live.tr.delete_list_items(crew, [{"code": "C1"}])).deleted == 1
        await live.tr.reset_list_index(crew)


async def test_invalid_items_are_never_sent(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(ValueError, match="item 0: an id, a code or a name"):
            await client.tr.delete_list_items(AIRLINES, [{}])
        with pytest.raises(ValueError, match="items_per_request"):
            await client.tr.insert_list_items(AIRLINES, [], items_per_request=0)
        assert (await client.tr.insert_list_items(AIRLINES, [])).added == 0
    assert changes(anaplan) == 0
