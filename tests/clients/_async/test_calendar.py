"""A model's calendar, current period and versions."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from anaplan_sdk import models
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidIdentifierException,
    PermissionDeniedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

ACTUAL = 107000000001
FORECAST = 107000000002
PLAN = 102000000001


async def test_the_current_period(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        assert (await client.tr.get_current_period()).period_text == "Feb 13"
        period = await client.tr.set_current_period("2013-03-15")
        assert (period.period_text, period.last_day) == ("Mar 13", "2013-03-31")
        assert await client.tr.get_current_period() == period
        assert (await client.tr.get_model_calendar()).current_period.period_text == "Mar 13"
        assert (await client.tr.set_current_period(date(2013, 1, 1))).period_text == "Jan 13"
        for wrong in ("2013-3", "1999-01-01", date(2050, 1, 1)):
            with pytest.raises(AnaplanRequestException) as caught:
                await client.tr.set_current_period(wrong)
            assert caught.value.status_code == 400
        assert (await client.tr.get_current_period()).period_text == "Jan 13"
        assert (await client.tr.set_current_period("")).period_text == ""
        assert (await client.tr.get_current_period()).last_day == ""


async def test_the_calendar(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        calendar = await client.tr.get_model_calendar()
        assert isinstance(calendar, models.MonthsQuartersYearsCalendar)
        year = calendar.fiscal_year
        assert (year.year, year.start_date, year.end_date) == ("FY13", "2013-01-01", "2013-12-31")
        assert calendar.totals_selection.quarter_totals
        assert await client.tr.set_current_fiscal_year("FY13") == year
        moved = await client.tr.set_current_fiscal_year("FY14")
        assert moved.start_date == "2014-01-01"
        assert (await client.tr.set_current_period("2014-02-01")).period_text == "Feb 14"
        with pytest.raises(AnaplanRequestException) as caught:
            await client.tr.set_current_fiscal_year("next")
        assert caught.value.status_code == 400


async def test_calendars_of_weeks(anaplan_of_weeks: EmulatedAnaplan) -> None:
    async with anaplan_of_weeks.async_client() as client:
        here = client.with_model(await client.resolve.model("Grouped"))
        grouped = await here.tr.get_model_calendar()
        assert isinstance(grouped, models.WeeksGroupingCalendar)
        assert (grouped.week_grouping, grouped.week_format) == ("454", "Week Ending")
        assert grouped.fiscal_year.start_date == "2025-12-29"
        assert (await here.tr.set_current_period("2026-01-07")).last_day == "2026-01-11"

        here = client.with_model(await client.resolve.model("General"))
        general = await here.tr.get_model_calendar()
        assert isinstance(general, models.WeeksGeneralCalendar)
        assert (general.start_date, general.weeks_count) == ("2026-01-05", 26)
        with pytest.raises(AnaplanRequestException) as caught:
            await here.tr.set_current_fiscal_year("FY26")
        assert caught.value.status_code == 400

        here = client.with_model(await client.resolve.model("Periods"))
        periods = await here.tr.get_model_calendar()
        assert isinstance(periods, models.WeeksPeriodsCalendar)
        assert not isinstance(periods, models.WeeksGroupingCalendar)
        assert periods.past_years_count == 1
        assert (await here.tr.set_current_fiscal_year("FY25")).year == "FY25"


async def test_versions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        versions = {version.name: version for version in await client.tr.get_versions()}
        assert {name: version.id for name, version in versions.items()} == {
            "Actual": ACTUAL,
            "Forecast": FORECAST,
        }
        assert versions["Actual"].is_actual
        assert versions["Forecast"].is_current
        assert versions["Forecast"].switchover is None

        switchover = await client.tr.set_version_switchover(FORECAST, "2013-03-15")
        assert switchover.period_text == "Mar 13"
        listed = (await client.tr.get_versions())[1].switchover
        assert listed is not None
        assert listed.period_text == "Mar 13"
        again = await client.tr.set_version_switchover(FORECAST, date(2013, 4, 1))
        assert again.period_text == "Apr 13"
        moment = datetime(2013, 5, 1, 12, tzinfo=UTC)
        assert (await client.tr.set_version_switchover(FORECAST, moment)).period_text == "May 13"
        assert (await client.tr.set_version_switchover(FORECAST, "")).period_text == ""
        assert (await client.tr.get_versions())[1].switchover is None
        for version, day in ((FORECAST, "1999-01-01"), (FORECAST, "soon"), (ACTUAL, "2013-03-01")):
            with pytest.raises(AnaplanRequestException) as caught:
                await client.tr.set_version_switchover(version, day)
            assert caught.value.status_code == 400
        with pytest.raises(InvalidIdentifierException):
            await client.tr.set_version_switchover(107000000099, "2013-03-01")


async def test_changes_of_time_need_the_role(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        assert (await client.tr.get_current_period()).period_text == "Feb 13"
        assert len(await client.tr.get_versions()) == 2
        with pytest.raises(PermissionDeniedException):
            await client.tr.set_current_period("2013-03-15")
        with pytest.raises(PermissionDeniedException):
            await client.tr.set_current_fiscal_year("FY14")
        with pytest.raises(PermissionDeniedException):
            await client.tr.set_version_switchover(FORECAST, "2013-03-15")
    async with anaplan.async_client(user_email="guest@skyline.example") as client:
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_current_period()
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_model_calendar()
        with pytest.raises(InvalidIdentifierException):
            await client.tr.get_versions()


async def test_cells_before_the_switchover_are_rejected(anaplan: EmulatedAnaplan) -> None:
    def cell(month: str) -> dict[str, object]:
        names = {"Countries": "Canada", "Time": month, "Versions": "Forecast"}
        places = [{"dimensionName": name, "itemName": item} for name, item in names.items()]
        return {"lineItemName": "Passengers", "dimensions": places, "value": 5}

    async with anaplan.async_client() as client:
        await client.tr.set_version_switchover(FORECAST, "2013-03-01")
        result = await client.tr.write_cells(PLAN, [cell("Mar 13"), cell("Jan 13")])
    assert result.cells_changed == 1
    assert [failure.index for failure in result.failures] == [1]
