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
        await client.tr.wake_model(wait=True, timeout=10)


async def test_waiting_for_a_model_has_an_end(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/status", body=status("Processing import"), times=None)
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        with pytest.raises(AnaplanTimeoutException, match="not open but 'Processing import'"):
            await client.tr.wake_model(wait=True, timeout=0.1)
        with pytest.raises(ValueError, match="negative"):
            await client.tr.wait_for_model(timeout=-1)


@pytest.mark.parametrize("code", [422, 423, 424])
async def test_models_that_cant_be_opened(anaplan: EmulatedAnaplan, code: int) -> None:
    anaplan.fault(method="POST", path="*/open", status=code)
    async with anaplan.async_client() as client:
        with pytest.raises(ModelUnavailableException) as caught:
            await client.tr.wait_for_model()
        assert caught.value.status_code == code


async def test_who_may_not_close_models(anaplan: EmulatedAnaplan) -> None:
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
