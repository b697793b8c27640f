"""A model's state: opening it, waiting until it is open, closing it."""

from __future__ import annotations

import pytest

from anaplan_sdk import Progress
from anaplan_sdk.exceptions import (
    AnaplanTimeoutException,
    InvalidIdentifierException,
    ModelUnavailableException,
    PermissionDeniedException,
)
from anaplan_sdk.testing import EmulatedAnaplan


def status(step: str) -> dict[str, object]:
    return {"requestStatus": {"currentStep": step, "progress": 0.5, "creationTime": 1}}


async def test_a_model_is_opened_and_closed(anaplan: EmulatedAnaplan) -> None:
    reports: list[Progress] = []
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        assert (await client.tr.get_model_details()).name == "Flight Operations"
        await client.tr.close_model()
        assert (await client.tr.get_model_status()).current_step == "Closed"
        opened = await client.tr.wait_for_model(timeout=10, on_progress=reports.append)
        assert opened.current_step == "Open"
        assert reports[-1].step == "Open"
        await client.tr.wake_model()
        await client.tr.wait_for_model(timeout=10)


async def test_a_model_that_opens_slowly(anaplan: EmulatedAnaplan) -> None:
    settings = anaplan.emulator.settings
    settings.model_open_seconds = 60
    reports: list[Progress] = []

    def report(progress: Progress) -> None:
        reports.append(progress)
        anaplan.advance(seconds=25)

    async with anaplan.async_client(status_poll_delay=0.05) as client:
        await client.tr.close_model()
        await client.tr.wake_model()
        assert (await client.tr.get_model_status()).current_step == "Opening"
        opened = await client.tr.wait_for_model(timeout=60, on_progress=report)
        assert opened.current_step == "Open"
        shares = [report.completed for report in reports[:-1]]
        assert reports[0].step == "Opening"
        assert len(shares) > 1
        assert shares == sorted(shares)
        assert reports[-1] == Progress("Open", 0.0, 1.0)

        await client.tr.close_model()
        with pytest.raises(AnaplanTimeoutException, match=r"not open but 'Opening' after 0\.1"):
            await client.tr.wait_for_model(timeout=0.1)
        anaplan.advance(seconds=60)
        await client.tr.wait_for_model(timeout=0)


async def test_a_model_that_nobody_uses_is_closed(anaplan: EmulatedAnaplan) -> None:
    settings = anaplan.emulator.settings
    settings.model_unload_minutes = 60
    async with anaplan.async_client(user_email="admin@skyline.example") as client:
        workspace = await client.resolve.workspace("Finance")
        finance = client.with_model(workspace_id=workspace)
        # Unlike other models it is never opened by a CloudWorks schedule.
        crew = client.with_model(await finance.resolve.model("Crew Planning"), workspace)
        await crew.tr.wait_for_model(timeout=10)
        anaplan.advance(minutes=61)
        assert (await crew.tr.get_model_status()).current_step == "Closed"
        settings.closed_models, settings.model_open_seconds = "wait", 0.2
        assert [module.name for module in await crew.tr.get_modules()] == ["Rosters", "Training"]
        assert (await crew.tr.get_model_status()).current_step == "Open"


async def test_a_timeout_while_waiting_for_a_model(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/status", body=status("Processing import"), times=None)
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        with pytest.raises(AnaplanTimeoutException, match="not open but 'Processing import'"):
            await client.tr.wait_for_model(timeout=0.1)
        with pytest.raises(ValueError, match="at least 0"):
            await client.tr.wait_for_model(timeout=-1)


async def test_an_archived_model_cant_be_opened(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        archived = client.with_model(await client.resolve.model("Flight Operations 2012"))
        for change in (archived.tr.wait_for_model, archived.tr.close_model):
            with pytest.raises(ModelUnavailableException) as caught:
                await change()
            assert caught.value.status_code == 422


@pytest.mark.parametrize("code", [423, 424])
async def test_models_that_cant_be_opened(anaplan: EmulatedAnaplan, code: int) -> None:
    anaplan.fault(method="POST", path="*/open", status=code)
    async with anaplan.async_client() as client:
        with pytest.raises(ModelUnavailableException) as caught:
            await client.tr.wait_for_model()
        assert caught.value.status_code == code


async def test_closing_needs_the_role(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        with pytest.raises(PermissionDeniedException):
            await client.tr.close_model()
    async with anaplan.async_client(model_id="0" * 32) as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_model_status()
        with pytest.raises(InvalidIdentifierException):
            await client.tr.wake_model()
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_model_details()
