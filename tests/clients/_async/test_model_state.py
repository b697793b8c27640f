"""A model's state, its calendar and its versions."""

from __future__ import annotations

from datetime import date

import pytest

from anaplan_sdk import Progress, models
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
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


async def test_the_current_period(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        period = await client.tr.set_current_period("2013-03-15")
        assert (period.period_text, period.last_day) == ("Mar 13", "2013-03-31")
        assert await client.tr.get_current_period() == period
        assert (await client.tr.set_current_period(date(2013, 1, 1))).period_text == "Jan 13"
        assert (await client.tr.set_current_period("")).period_text == ""
        for wrong in ("2013-3", "1999-01-01"):
            with pytest.raises(AnaplanRequestException) as caught:
                await client.tr.set_current_period(wrong)
            assert caught.value.status_code == 400


async def test_the_calendar(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        calendar = await client.tr.get_model_calendar()
        assert isinstance(calendar, models.MonthsQuartersYearsCalendar)
        assert calendar.fiscal_year.year == "FY13"
        year = await client.tr.set_current_fiscal_year("FY13")
        assert year == calendar.fiscal_year
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.set_current_fiscal_year("next")
        assert caught.value.status_code == 400


async def test_versions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        versions = {version.name: version for version in await client.tr.get_versions()}
        assert versions["Actual"].is_actual
        forecast = versions["Forecast"].id
        switchover = await client.tr.set_version_switchover(forecast, "2013-03-01")
        assert switchover.period_text == "Mar 13"
        await client.tr.set_version_switchover(forecast, "")
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.set_version_switchover(forecast, date(1999, 1, 1))
        assert caught.value.status_code == 400
        with pytest.raises(InvalidIdentifierException):
            await client.tr.set_version_switchover(107000000099, "2013-03-01")
