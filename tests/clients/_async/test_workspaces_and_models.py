"""Workspaces, models and listings in general."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from anaplan_sdk import models
from anaplan_sdk.exceptions import (
    InvalidIdentifierException,
    PermissionDeniedException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan


async def test_workspaces(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        (workspace,) = await client.get_workspaces()
        assert workspace == await client.get_workspace()
        assert workspace == await client.get_workspace(workspace.id)
        assert workspace.name == "Network Planning"
        assert workspace.size_allowance > workspace.current_size >= 0
        assert await client.get_workspaces(search_pattern="network") == [workspace]
        assert await client.get_workspaces(search_pattern="no such thing") == []
        with pytest.raises(InvalidIdentifierException):
            await client.get_workspace("0" * 32)


async def test_models(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        found = await client.get_models(sort_by="name", descending=True)
        assert [model.name for model in found] == sorted(
            (model.name for model in found), reverse=True
        )
        assert len(found) > 1
        model = await client.get_model()
        assert isinstance(model, models.ModelWithTransactionInfo)
        assert model.model_transaction_running is False
        assert (model.name, model.active_state) == ("Flight Operations", "UNLOCKED")
        assert model.workspace_id == anaplan.emulator.workspace_id
        assert model.category_values[0].attribute == "Department"
        own = await client.get_models(only_in_workspace=True)
        assert own == await client.get_models(only_in_workspace=model.workspace_id)
        assert {one.workspace_id for one in own} == {model.workspace_id}
        with pytest.raises(InvalidIdentifierException):
            await client.get_model("0" * 32)


async def test_listings_are_sorted_as_asked_for(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        listings: list[Any] = [
            client.get_workspaces,
            client.get_models,
            client.get_files,
            client.get_imports,
            client.get_exports,
            client.get_processes,
            client.get_actions,
            client.tr.get_lists,
            client.tr.get_modules,
            client.tr.get_views,
            client.alm.get_revisions,
        ]
        for listing in listings:
            anaplan.emulator.clear_requests()
            await listing(sort_by="name")
            await listing(sort_by="name", descending=True)
            queries = [parse_qs(request.query) for request in anaplan.requests("GET")]
            assert [query["sort"] for query in queries] == [["+name"], ["-name"]], listing


async def test_actions_come_in_anaplans_own_order(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        actions = await client.get_actions()
        assert [action.name for action in actions] == [
            "Delete all flights",
            "Delete loaded flights",
            "Approve the busiest months",
        ]
        rising = await client.get_actions(sort_by="name")
        assert rising == sorted(actions, key=lambda action: action.name)
    default, _ = anaplan.requests("GET", "*/actions")
    assert "sort" not in default.query


@pytest.mark.parametrize("page_size", [1, 2, 5000])
async def test_a_listing_is_complete_for_any_page_size(
    anaplan: EmulatedAnaplan, page_size: int
) -> None:
    async with anaplan.async_client(page_size=page_size) as client:
        assert [file.name for file in await client.get_imports(sort_by="id")] == [
            "Time Zones from airports.csv",
            "Airlines from airlines.csv",
            "Airports from airports.csv",
            "Flights from flights.csv",
            "Flight Facts from flights.csv",
            "Passenger Plan from passenger-plan.csv",
        ]


async def test_the_server_may_return_smaller_pages_than_requested(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.page_limit = 2
    async with anaplan.async_client() as client:
        assert len(await client.get_imports()) == 6
    assert len(anaplan.requests(path="*/imports")) == 3


async def test_a_later_page_may_be_smaller_still(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(page_size=3) as client:
        whole = await client.get_imports()
        anaplan.emulator.clear_requests()
        body = {
            "meta": {"paging": {"currentPageSize": 1, "totalSize": 6, "offset": 3}},
            "imports": [{"id": "112000000003", "name": whole[3].name, "importType": "MODULE_DATA"}],
        }
        anaplan.fault(path="*/imports", skip=1, body=body)
        assert [one.id for one in await client.get_imports()] == [one.id for one in whole]
    assert [request.query.rpartition("=")[2] for request in anaplan.requests(path="*/imports")] == [
        "0", "3", "4",
    ]  # fmt: skip


async def test_a_first_page_that_is_smaller_than_the_next_repeats_nothing(
    anaplan: EmulatedAnaplan,
) -> None:
    first = {"id": "112000000000", "name": "a", "importType": "MODULE_DATA"}
    body = {"meta": {"paging": {"totalSize": 6}}, "imports": [first]}
    anaplan.fault(path="*/imports", body=body)
    async with anaplan.async_client() as client:
        found = [one.id for one in await client.get_imports()]
    assert found == [112000000000 + number for number in range(6)]


async def test_a_page_without_items_is_asked_for_twice(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"meta": {"paging": {"currentPageSize": 0, "totalSize": 7, "offset": 0}}, "imports": []}
    anaplan.fault(path="*/imports", body=body)
    async with anaplan.async_client() as client:
        assert await client.get_imports()
        assert not caplog.records
        anaplan.fault(path="*/imports", body=body, times=2)
        assert await client.get_imports() == []
    assert "counts 7 objects in a listing, but returned none" in caplog.text


async def test_unknown_values_and_fields_fail_no_listing(anaplan: EmulatedAnaplan) -> None:
    known = {"id": "112000000001", "name": "a", "importType": "MODULE_DATA"}
    unknown = {**known, "importType": "TELEPATHY", "moonPhase": "full"}
    anaplan.fault(path="*/imports", body={"imports": [known, unknown]})
    async with anaplan.async_client() as client:
        first, second = await client.get_imports()
    assert first.type == "MODULE_DATA"
    assert second.type == "TELEPATHY"
    assert second.model_dump(by_alias=True)["moonPhase"] == "full"


async def test_definitions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        files = {file.name: file.id for file in await client.get_files()}
        imports = {one.name: one for one in await client.get_imports()}
        airlines = imports["Airlines from airlines.csv"]
        assert airlines.type == "HIERARCHY_DATA"
        assert airlines.file_id == files["airlines.csv"]
        assert (await client.get_import(airlines.id)).name == airlines.name

        exports = {one.name: one for one in await client.get_exports()}
        tabular = exports["Flight Facts - tabular.csv"]
        assert tabular.layout == "TABULAR_MULTI_COLUMN"
        columns = await client.get_export(tabular.id)
        assert columns.column_count == len(columns.header_names) == len(columns.data_types)

        (process, *_) = await client.get_processes()
        steps = (await client.get_process(process.id)).actions
        assert [step.id for step in steps] == [one.id for one in list(imports.values())[:5]]
        assert steps[1].file_id == airlines.file_id

        (deletion, *_) = await client.get_actions()
        assert deletion.type == "DELETE_BY_SELECTION"
        assert (await client.get_action(deletion.id)).name == deletion.name


async def test_models_to_delete_must_be_closed(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        result = await client.delete_models([str(anaplan.emulator.model_id), "0" * 32])
        assert result.models_deleted == 0
        assert [failure.model_id for failure in result.failures] == [
            anaplan.emulator.model_id,
            "0" * 32,
        ]
        assert all(failure.message for failure in result.failures)
        with pytest.raises(ValueError, match="model_ids"):
            await client.delete_models([])
        with pytest.raises(ValueError, match="model_ids"):
            await client.delete_models("ABC")


async def test_members_of_a_workspace(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="admin@skyline.example") as client:
        admins = {admin.email: admin for admin in await client.get_workspace_admins()}
        assert set(admins) == {"admin@skyline.example", "integration@skyline.example"}
        assert admins["admin@skyline.example"].other_workspaces == ["Finance"]
        assert await client.get_workspace_visitors() == []
        finance = await client.resolve.workspace("Finance")
        (admin,) = await client.get_workspace_admins(finance)
        assert (admin.first_name, admin.active) == ("Ada", True)
        (visitor,) = await client.get_workspace_visitors(finance)
        assert visitor.email == "guest@skyline.example"
        assert visitor.other_workspaces == ["Network Planning"]
        with pytest.raises(InvalidIdentifierException):
            await client.get_workspace_admins("0" * 32)


async def test_members_of_a_workspace_need_the_role(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        for ask in (client.get_workspace_admins, client.get_workspace_visitors):
            with pytest.raises(
                PermissionDeniedException, match="tenant administrators may list"
            ) as caught:
                await ask()
            assert caught.value.status_code == 500
            assert not caught.value.retryable
        assert len(anaplan.requests("GET", "*/admins")) == 1
        assert len(anaplan.requests("GET", "*/visitors")) == 1


async def test_a_gateways_error_is_not_a_missing_role(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/admins", status=503, times=2)
    async with anaplan.async_client(
        user_email="admin@skyline.example", retry_count=1, backoff=0
    ) as client:
        with pytest.raises(ServerException):
            await client.get_workspace_admins()
        assert len(anaplan.requests("GET", "*/admins")) == 2
        assert len(await client.get_workspace_admins()) == 2
