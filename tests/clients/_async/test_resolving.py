"""Finding ids by exact names."""

from __future__ import annotations

import pytest

from anaplan_sdk.exceptions import (
    AmbiguousNameException,
    InvalidIdentifierException,
    NameNotFoundException,
)
from anaplan_sdk.testing import EmulatedAnaplan


async def test_names_become_ids(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        resolve = client.resolve
        assert await resolve.workspace("Network Planning") == anaplan.emulator.workspace_id
        assert await resolve.model("Flight Operations") == anaplan.emulator.model_id
        assert await resolve.file("airlines.csv") == 113000000000
        assert await resolve.action("Airlines from airlines.csv") == 112000000001
        assert await resolve.action("Passenger Plan - grid.csv") == 116000000001
        assert await resolve.action("Delete all flights") == 117000000000
        assert await resolve.action("Load flights") == 118000000000
        assert await resolve.list("Airlines") == 101000000001
        assert await resolve.module("Passenger Plan") == 102000000001
        assert await resolve.view("Passenger Plan") == 102000000001
        saved = await resolve.view("Passenger Plan.Approved Plan")
        assert (await client.tr.get_view_info(saved)).view_name.endswith("Approved Plan")


async def test_unknown_names(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(NameNotFoundException, match=r"similar: file 'airlines\.csv'") as caught:
            await client.resolve.file("Airlines.CSV")
        assert isinstance(caught.value, InvalidIdentifierException)
        assert caught.value.name == "Airlines.CSV"
        first = caught.value.candidates[0]
        assert (first.id, first.kind) == (113000000000, "file")
        with pytest.raises(NameNotFoundException, match=r"can see\.$") as caught:
            await client.resolve.workspace("zzzzzzzzzzzz")
        assert caught.value.candidates == []


async def test_ambiguous_names(anaplan_with_namesake: EmulatedAnaplan) -> None:
    name = "Route Profitability"
    everywhere = anaplan_with_namesake.async_client(
        user_email="admin@skyline.example", workspace_id=None, model_id=None
    )
    async with everywhere as client:
        with pytest.raises(AmbiguousNameException, match="Several have the name") as caught:
            await client.resolve.model(name)
        error = caught.value
        assert error.name == name
        assert [one.kind for one in error.candidates] == ["model", "model"]
        ids = {str(one.id) for one in error.candidates}
        assert all(each in str(error) for each in ids)
        # In a workspace there is only one of this name.
        found = {
            await client.with_model(workspace_id=workspace.id).resolve.model(name)
            for workspace in await client.get_workspaces()
            if workspace.name in ("Network Planning", "Finance")
        }
        assert found == ids
        assert len(ids) == 2


async def test_actions_of_different_kinds_may_have_the_same_name(anaplan: EmulatedAnaplan) -> None:
    imports = {"imports": [{"id": "112000000009", "name": "Load flights", "importType": "USERS"}]}
    anaplan.fault(path="*/imports", body=imports)
    async with anaplan.async_client() as client:
        with pytest.raises(AmbiguousNameException) as caught:
            await client.resolve.action("Load flights")
        assert [one.kind for one in caught.value.candidates] == ["import", "process"]


async def test_listings_are_kept_for_each_model(anaplan: EmulatedAnaplan) -> None:
    def asked() -> int:
        return len(anaplan.requests("GET", "*/files"))

    async with anaplan.async_client() as client:
        for _ in range(3):
            await client.resolve.file("airlines.csv")
            await client.with_model().resolve.file("flights.csv")
        assert asked() == 1
        await client.resolve.file("flights.csv", refresh=True)
        assert asked() == 2
        client.with_model().resolve.clear_cache()
        await client.resolve.file("flights.csv")
        assert asked() == 3
        with pytest.raises(NameNotFoundException):
            await client.resolve.file("new.csv")
        assert asked() == 4
        with pytest.raises(InvalidIdentifierException):
            await client.with_model(model_id="0" * 32).resolve.file("airlines.csv")
        assert asked() == 5


async def test_a_model_of_the_same_name_elsewhere_is_no_obstacle(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        with pytest.raises(NameNotFoundException):
            await client.resolve.model("Route Profitability")
        everywhere = anaplan.async_client(
            user_email="planner@skyline.example", workspace_id=None, model_id=None
        )
    async with everywhere:
        assert await everywhere.resolve.model("Route Profitability") == (
            "343AA25A41BF3DB02F22D27A0C659753"
        )
