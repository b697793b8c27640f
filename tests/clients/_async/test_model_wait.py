"""Requests that wait for their model: while it opens, is busy, locked or offline."""

from __future__ import annotations

import time
from typing import Any

import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanRequestException,
    AnaplanTimeoutException,
    ModelUnavailableException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

ADMIN = "admin@skyline.example"
AIRLINES = 101000000001
WAITING: dict[str, Any] = {"model_wait": 20, "status_poll_delay": 0.05, "backoff": 0.01}


def status(step: str) -> dict[str, object]:
    return {"requestStatus": {"currentStep": step, "progress": 0.5, "creationTime": 1}}


async def insert(client: AsyncClient) -> int:
    item = {"name": "Air One", "code": "A1"}
    return (await client.tr.insert_list_items(AIRLINES, [item])).added


async def test_a_locked_model_is_waited_for(anaplan: EmulatedAnaplan) -> None:
    model = anaplan.emulator.model_id or ""
    anaplan.emulator.set_active_state(model, "LOCKED")
    async with anaplan.async_client(retry_count=0, **WAITING) as client:

        async def act(what: str) -> int:
            if what == "insert":
                return await insert(client)
            while len(anaplan.requests("POST", "*/items")) < 2:
                await runtime.sleep(0.01)
            anaplan.emulator.set_active_state(model, "UNLOCKED")
            return 0

        added = [count async for count in runtime.ordered_map(act, ("insert", "unlock"), 2)]
        assert added == [1, 0]
        assert len(await client.tr.get_list_items(AIRLINES)) == 1


async def test_a_model_that_is_offline_is_waited_for(anaplan: EmulatedAnaplan) -> None:
    async with (
        anaplan.async_client(user_email=ADMIN) as admin,
        anaplan.async_client(user_email="planner@skyline.example", **WAITING) as client,
    ):
        await admin.alm.change_model_status("offline")

        async def act(what: str) -> None:
            if what == "list":
                assert await client.tr.get_lists()
            else:
                while not anaplan.requests("GET", "*/status"):
                    await runtime.sleep(0.01)
                await admin.alm.change_model_status("online")

        _ = [_ async for _ in runtime.ordered_map(act, ("list", "online"), 2)]
        await admin.alm.change_model_status("offline")
        hasty = anaplan.async_client(
            user_email="planner@skyline.example", status_poll_delay=0.05, model_wait=0.3
        )
        async with hasty:
            with pytest.raises(ModelUnavailableException, match="offline") as raised:
                await hasty.tr.get_lists()
        assert raised.value.state == "offline"
        assert "'offline' after 0.3 seconds" in raised.value.message
        assert raised.value.status_code == 424
        assert raised.value.retryable
        assert raised.value.not_performed


@pytest.mark.parametrize("way", ["refuse", "wait"])
async def test_a_model_that_is_opening_is_waited_for(anaplan: EmulatedAnaplan, way: str) -> None:
    """It is, whether Anaplan refuses calls meanwhile, or lets them wait for longer than we do."""
    settings = anaplan.emulator.settings
    settings.model_open_seconds = 1
    async with anaplan.async_client(timeout=0.3, retry_count=0, **WAITING) as client:
        await client.authenticate()
        await client.tr.close_model()
        settings.closed_models = "refuse" if way == "refuse" else "wait"
        assert await client.tr.get_lists()
    assert 2 <= len(anaplan.requests("GET", "*/lists")) <= 4


async def test_a_file_goes_to_a_model_once_it_is_open(anaplan: EmulatedAnaplan) -> None:
    settings = anaplan.emulator.settings
    settings.model_open_seconds = 0.5
    async with anaplan.async_client(retry_count=0, **WAITING) as client:
        await client.tr.close_model()
        settings.closed_models = "refuse"
        await client.upload_file(113000000000, "code,name\nAA,American Airlines\n")
        assert await client.get_file(113000000000) == b"code,name\nAA,American Airlines\n"


async def test_a_model_that_opens_too_slowly(anaplan: EmulatedAnaplan) -> None:
    settings = anaplan.emulator.settings
    settings.model_open_seconds = 600
    async with anaplan.async_client(
        retry_count=0, status_poll_delay=0.05, model_wait=0.3
    ) as client:
        await client.tr.close_model()
        settings.closed_models = "refuse"
        with pytest.raises(ModelUnavailableException, match="Opening") as raised:
            await client.tr.get_lists()
    assert (raised.value.state, raised.value.current_step) == ("Opening", "Opening")
    assert raised.value.status_code == 503
    assert raised.value.retryable


async def test_a_busy_model_is_waited_for_and_the_action_runs_once(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(**WAITING) as client:
        action = (await client.get_exports())[0].id
        anaplan.fault(method="POST", path="*/tasks", status=409)
        anaplan.fault(path="*/status", body=status("Processing import"), times=3)
        await client.run_action(action)
        assert len(await client.get_task_summaries(action)) == 1
    assert len(anaplan.requests("POST", "*/tasks")) == 2
    assert len(anaplan.requests("GET", "*/status")) == 4


async def test_a_connection_that_is_cut_while_a_model_is_busy(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="GET", path="*/lists", reset_before=True)
    anaplan.fault(path="*/status", body=status("Processing import"), times=2)
    async with anaplan.async_client(retry_count=0, **WAITING) as client:
        assert await client.tr.get_lists()
        # If the model is open, it was something else.
        anaplan.fault(method="GET", path="*/lists", reset_before=True)
        with pytest.raises(AnaplanConnectionException):
            await client.tr.get_lists()


async def test_what_an_open_model_refuses_is_not_waited_for(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(**WAITING) as client:
        anaplan.fault(method="POST", path="*/tasks", status=409)
        with pytest.raises(AnaplanRequestException) as refused:
            await client.run_action((await client.get_exports())[0].id)
        assert refused.value.status_code == 409
        # Other troubles are repeated as ever.
        anaplan.fault(method="GET", path="*/lists", status=503, times=3)
        with pytest.raises(ServerException) as failed:
            await client.tr.get_lists()
        assert failed.value.attempts == 3


async def test_what_may_have_been_done_is_not_done_again(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="POST", path="*/items", status=504, processed=True)
    anaplan.fault(path="*/status", body=status("Processing import"), times=None)
    async with anaplan.async_client(**WAITING) as client:
        assert await insert(client) == 1  # as the list tells
    assert len(anaplan.requests("POST", "*/items")) == 1


async def test_what_a_lost_deletion_has_deleted_is_no_error(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0, **WAITING) as client:
        await client.upload_file(113000000000, b"code,name\n")
        anaplan.fault(method="DELETE", path="*/files/*", status=503, processed=True)
        anaplan.fault(method="DELETE", path="*/files/*", status=404)
        anaplan.fault(path="*/status", body=status("Processing import"))
        await client.delete_file(113000000000)
    assert len(anaplan.requests("DELETE", "*/files/*")) == 2


async def test_requests_sent_after_a_wait_are_counted(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="GET", path="*/lists", status=409)
    anaplan.fault(method="GET", path="*/lists", status=400)
    anaplan.fault(path="*/status", body=status("Processing import"))
    async with anaplan.async_client(retry_count=0, **WAITING) as client:
        with pytest.raises(AnaplanRequestException) as raised:
            await client.tr.get_lists()
    assert (raised.value.status_code, raised.value.attempts) == (400, 2)


@pytest.mark.parametrize(("state", "code"), [("ARCHIVED", 422), ("PRODUCTION", 425)])
async def test_an_archived_or_deployed_model_is_not_waited_for(
    anaplan: EmulatedAnaplan, state: Any, code: int
) -> None:
    async with anaplan.async_client(**WAITING) as client:
        anaplan.emulator.set_active_state(anaplan.emulator.model_id or "", state)
        began = time.monotonic()
        with pytest.raises(ModelUnavailableException) as raised:
            await insert(client)
        assert time.monotonic() - began < 10
    assert raised.value.status_code == code
    assert raised.value.state == {422: "archived", 425: "deployed"}[code]
    assert not raised.value.retryable
    assert not anaplan.requests("GET", "*/status")


async def test_a_comparison_without_rights_is_not_waited_for(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example", **WAITING) as client:
        with pytest.raises(ModelUnavailableException, match="no reason"):
            await client.alm.create_comparison_summary(
                "A" * 32, anaplan.emulator.model_id or "", "C" * 32
            )
    assert not anaplan.requests("GET", "*/status")


async def test_a_request_waits_no_longer_than_its_own_deadline(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.set_active_state(anaplan.emulator.model_id or "", "LOCKED")
    # It looks too seldom to be in the middle of a request when the deadline passes.
    waiting = {**WAITING, "status_poll_delay": 10}
    async with anaplan.async_client(request_deadline=1.5, **waiting) as client:
        await client.authenticate()
        began = time.monotonic()
        with pytest.raises((ModelUnavailableException, AnaplanTimeoutException)) as raised:
            await insert(client)
        assert time.monotonic() - began < 10
    assert raised.value.not_performed


async def test_a_wait_that_is_cut_short_names_no_seconds(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/lists", status=409)
    anaplan.fault(path="*/status", body=status("Processing import"), times=None)
    async with anaplan.async_client(request_deadline=1.5, **WAITING) as client:
        await client.authenticate()
        with pytest.raises(
            ModelUnavailableException, match="at the deadline of the request"
        ) as raised:
            await client.tr.get_lists()
    assert raised.value.state == "Processing import"


@pytest.mark.parametrize("code", [429, 403])
async def test_a_write_stays_ambiguous_when_the_status_of_the_model_is_unknown(
    anaplan: EmulatedAnaplan, code: int
) -> None:
    async with anaplan.async_client(retry_count=0, **WAITING) as client:
        await insert(client)
        anaplan.fault(method="PUT", path="*/items", status=504, processed=True)
        anaplan.fault(path="*/status", body=status("Processing import"))
        anaplan.fault(path="*/status", status=code)
        renamed = [{"name": "Air Two", "code": "A1"}]
        if code == 429:  # asked again a little later
            await client.tr.update_list_items(AIRLINES, renamed)
        else:
            with pytest.raises(ServerException) as unclear:
                await client.tr.update_list_items(AIRLINES, renamed)
            assert not unclear.value.not_performed
        assert [item.name for item in await client.tr.get_list_items(AIRLINES)] == ["Air Two"]
    assert len(anaplan.requests("PUT", "*/items")) == (2 if code == 429 else 1)


async def test_a_negative_wait_is_refused() -> None:
    with pytest.raises(ValueError, match="model_wait"):
        AsyncClient(token="t", model_wait=-1)
