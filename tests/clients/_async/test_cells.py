"""Writing cells, in one request and in several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanRequestException,
    AnaplanTimeoutException,
    InvalidIdentifierException,
    PartialFailureException,
    PermissionDeniedException,
    WriteInterruptedException,
)
from anaplan_sdk.models import CellWrite
from anaplan_sdk.testing import EmulatedAnaplan

FACTS = 102000000000
PLAN = 102000000001
FLIGHTS = 101000000003
NAMES = ("United States", "Canada")


def plan(country: str, value: object, month: str = "Mar 13") -> dict[str, object]:
    return {
        "lineItemName": "Passengers",
        "dimensions": [
            {"dimensionName": "Countries", "itemCode": country},
            {"dimensionName": "Time", "itemName": month},
            {"dimensionName": "Versions", "itemName": "Actual"},
        ],
        "value": value,
    }


async def written(client: AsyncClient) -> dict[str, list[str]]:
    """The values of March and April."""
    data = await client.tr.get_view_data(PLAN)
    return {
        row["rowCoordinates"][0]: row["cells"][2:4]
        for row in data["rows"]
        if row["rowCoordinates"][1] == "Passengers" and row["rowCoordinates"][0] in NAMES
    }


def posts(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/data"))


async def test_cells_are_written(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        assert await client.tr.update_module_data(PLAN, [plan("US", 1), plan("CA", 2.5)]) == 2
        cells = [CellWrite.model_validate(plan("US", 3, "Apr 13"))]
        result = await client.tr.write_cells(PLAN, cells)
        assert (result.cells_changed, result.failures) == (1, [])
        assert await written(client) == {"United States": ["1", "3"], "Canada": ["2.5", "0"]}
        assert (await client.tr.write_cells(PLAN, [])).cells_changed == 0
    assert posts(anaplan) == 2


async def test_rejected_cells(anaplan: EmulatedAnaplan) -> None:
    cells = [plan("US", 1), plan("XX", 2), plan("CA", 3), plan("CA", "much", "Apr 13")]
    async with anaplan.async_client() as client:
        reply: Any = await client.tr.update_module_data(PLAN, cells)
        assert reply["numberOfCellsChanged"] == 2
        assert [failure["requestIndex"] for failure in reply["failures"]] == [1, 3]
        assert reply["status"] == {"code": 200, "message": "Success"}

        result = await client.tr.write_cells(PLAN, iter(cells), cells_per_request=1)
        assert [failure.index for failure in result.failures] == [1, 3]
        assert result.failures[0].item is cells[1]
        assert result.failures[0].reason
        with pytest.raises(
            PartialFailureException, match=r"rejected 2 of 4; .* at index 1"
        ) as caught:
            await client.tr.write_cells(PLAN, cells, raise_on_failure=True)
        assert [failure.item for failure in caught.value.failures] == [cells[1], cells[3]]


async def test_failures_have_the_indexes_of_the_input(anaplan: EmulatedAnaplan) -> None:
    cells = [plan("US", number) for number in range(20)]
    for index in (3, 4, 17):
        cells[index] = plan("US", "much")
    async with anaplan.async_client() as client:
        result = await client.tr.write_cells(PLAN, cells, cells_per_request=4)
        assert [failure.index for failure in result.failures] == [3, 4, 17]
        assert all(failure.item is cells[failure.index] for failure in result.failures)
        reply: Any = await client.tr.update_module_data(PLAN, cells)
        assert [failure["requestIndex"] for failure in reply["failures"]] == [3, 4, 17]
    assert posts(anaplan) == 6


async def test_requests_stay_below_the_limits(anaplan: EmulatedAnaplan) -> None:
    settings = anaplan.emulator.settings
    async with anaplan.async_client() as client:
        settings.cell_write_limit = 2
        cells = [plan("US", 1), plan("CA", 2), plan("US", 3, "Apr 13")]
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.write_cells(PLAN, cells)
        assert caught.value.status_code == 400
        assert (await client.tr.write_cells(PLAN, cells, cells_per_request=2)).cells_changed == 3

        settings.cell_write_bytes = 300
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.write_cells(PLAN, cells, cells_per_request=2)
        assert caught.value.status_code == 413
        # The first request succeeds; the second one certainly had no effect.
        cells = [plan("US", 5), plan("United States " + 300 * "x", 2), plan("CA", 6)]
        with pytest.raises(WriteInterruptedException) as interrupted:
            await client.tr.write_cells(PLAN, cells, cells_per_request=1)
        error = interrupted.value
        assert (error.in_doubt, error.refused, error.unsent_from) == ([], [range(1, 2)], 2)
        assert await written(client) == {"United States": ["5", "3"], "Canada": ["2", "0"]}


async def test_large_values_are_sent_in_requests_of_15_megabytes(anaplan: EmulatedAnaplan) -> None:
    def cells() -> Iterator[dict[str, object]]:
        flight = {"dimensionName": "Flights", "itemCode": "F1"}
        for number in range(160):
            text = f"{number} {50_000 * 'é'}"
            yield {"lineItemName": "Tail Number", "dimensions": [flight], "value": text}

    async with anaplan.async_client() as client:
        await client.tr.insert_list_items(FLIGHTS, [{"code": "F1"}])
        result = await client.tr.write_cells(FACTS, cells())
        assert result.cells_changed == 160
        assert result.failures == []
    assert posts(anaplan) == 2
    assert anaplan.emulator.settings.cell_write_bytes == 15_000_000


@pytest.mark.parametrize("is_carried_out", [True, False])
async def test_the_outcome_of_a_lost_request_is_unknown(
    anaplan: EmulatedAnaplan, is_carried_out: bool
) -> None:
    trouble = {"lose_reply": True} if is_carried_out else {"reset_before": True}
    cells = [plan("US", 1), plan("CA", 2), plan("US", 3, "Apr 13")]
    async with anaplan.async_client() as client:
        anaplan.fault(method="POST", path="*/data", skip=1, **trouble)
        with pytest.raises(WriteInterruptedException) as caught:
            await client.tr.write_cells(PLAN, cells, cells_per_request=1)
        error = caught.value
        assert (error.in_doubt, error.unsent_from) == ([range(1, 2)], 2)
        assert error.result is not None
        assert error.result.model_dump()["cells_changed"] == 1
        assert posts(anaplan) == 2
        canada = "2" if is_carried_out else "0"
        assert await written(client) == {"United States": ["1", "0"], "Canada": [canada, "0"]}


async def test_cells_that_are_calculated(anaplan: EmulatedAnaplan) -> None:
    flight = {"dimensionName": "Flights", "itemCode": "F1"}
    cells = [
        {"lineItemName": "All Flights", "dimensions": [flight], "value": True},
        {"lineItemName": "Distance", "dimensions": [flight], "value": 762},
        {"lineItemName": "Distance", "dimensions": [], "value": 762},
    ]
    async with anaplan.async_client() as client:
        await client.tr.insert_list_items(FLIGHTS, [{"code": "F1"}])
        result = await client.tr.write_cells(FACTS, cells)
    assert result.cells_changed == 1
    assert [failure.index for failure in result.failures] == [0, 2]
    assert result.failures[0].reason == "cellIsCalculated"


async def test_a_value_of_none_empties_a_cell(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.tr.write_cells(PLAN, [plan("US", 7)])
        result = await client.tr.write_cells(PLAN, [plan("US", None)])
        assert (result.cells_changed, result.failures) == (1, [])
        assert (await written(client))["United States"][0] == "0"


async def test_cells_of_a_deployed_model(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="admin@skyline.example") as client:
        workspace = await client.resolve.workspace("Finance")
        finance = client.with_model(workspace_id=workspace)
        routes = client.with_model(await finance.resolve.model("Route Profitability"), workspace)
        cell = {
            "lineItemName": "Cost",
            "dimensions": [
                {"dimensionName": "Routes", "itemName": "New York - Atlanta"},
                {"dimensionName": "Time", "itemName": "Feb 13"},
            ],
            "value": 7,
        }
        module = await routes.resolve.module("Profitability")
        assert (await routes.tr.write_cells(module, [cell])).cells_changed == 1


async def test_the_last_of_two_values_stays(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        cells = (plan("US", value) for value in range(8))
        await client.tr.write_cells(PLAN, cells, cells_per_request=3)
        assert (await written(client))["United States"][0] == "7"
    assert posts(anaplan) == 3


async def test_a_later_failure_has_the_result_so_far(anaplan: EmulatedAnaplan) -> None:
    cells = [plan("US", 1), plan("XX", 1), plan("CA", 1), plan("CA", 2), plan("US", 3)]
    async with anaplan.async_client(retry_count=1, backoff=0) as client:
        anaplan.fault(method="POST", path="*/data", skip=1, status=504)
        with pytest.raises(WriteInterruptedException) as caught:
            await client.tr.write_cells(PLAN, cells, cells_per_request=2)
    error = caught.value
    assert error.result is not None
    assert [failure.index for failure in error.result.failures] == [1]
    assert (error.in_doubt, error.refused, error.unsent_from) == ([range(2, 4)], [], 4)
    assert isinstance(error.__cause__, AnaplanException)
    assert not error.retryable
    assert "2 to 3" in str(error)
    assert posts(anaplan) == 2


async def test_a_request_without_effect_has_a_known_outcome(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        anaplan.fault(method="POST", path="*/data", skip=1, status=429)
        with pytest.raises(WriteInterruptedException) as caught:
            await client.tr.write_cells(
                PLAN, [plan("US", n) for n in range(3)], cells_per_request=1
            )
    assert (caught.value.in_doubt, caught.value.refused) == ([], [range(1, 2)])
    assert caught.value.unsent_from == 2


async def test_a_write_of_one_request_keeps_its_own_error(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(timeout=0.3) as client:
        anaplan.fault(method="POST", path="*/data", delay_seconds=1)
        with pytest.raises(AnaplanTimeoutException):
            await client.tr.write_cells(PLAN, [plan("US", 1)])
        assert posts(anaplan) == 1


async def test_a_later_failure_of_the_input_has_the_result_so_far(anaplan: EmulatedAnaplan) -> None:
    def cells(first: int) -> Iterator[dict[str, object]]:
        for number in range(first):
            yield plan("US", number)
        raise RuntimeError("the source has gone")

    async with anaplan.async_client() as client:
        with pytest.raises(RuntimeError, match="the source has gone"):
            await client.tr.write_cells(PLAN, cells(1), cells_per_request=2)
        assert posts(anaplan) == 0
        with pytest.raises(WriteInterruptedException, match="the source has gone") as caught:
            await client.tr.write_cells(PLAN, cells(5), cells_per_request=2)
    assert (caught.value.in_doubt, caught.value.unsent_from) == ([], 4)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert posts(anaplan) == 2


async def test_a_token_that_ends_in_the_middle_is_renewed(anaplan: EmulatedAnaplan) -> None:
    def cells() -> Iterator[dict[str, object]]:
        yield plan("US", 1)
        yield plan("CA", 2)
        anaplan.advance(minutes=40)
        yield plan("US", 3, "Apr 13")

    async with anaplan.async_client() as client:
        result = await client.tr.write_cells(PLAN, cells(), cells_per_request=1)
        assert result.cells_changed == 3
        assert await written(client) == {"United States": ["1", "3"], "Canada": ["2", "0"]}


async def test_writes_need_the_role(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.write_cells(102999999999, [plan("US", 1)])
        sent = len(anaplan.requests())
        with pytest.raises(ValueError, match="cell 1, value: Field required"):
            await client.tr.write_cells(PLAN, [plan("US", 1), {"lineItemName": "Passengers"}])
        assert len(anaplan.requests()) == sent
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        with pytest.raises(PermissionDeniedException):
            await client.tr.write_cells(PLAN, [plan("US", 1)])
