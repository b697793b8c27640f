"""A model's time and versions, as Anaplan words its answers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from anaplan_sdk import models
from anaplan_sdk.exceptions import AnaplanRequestException
from anaplan_sdk.testing import EmulatedAnaplan

PERIOD = {"periodText": "Mar 13", "lastDay": "2013-03-31", "calendarType": "Calendar Months"}
YEAR = {"year": "FY13", "startDate": "2013-01-01", "endDate": "2013-12-31"}
MONTHS = {"modelCalendar": {"calendarType": "Calendar Months/Quarters/Years", "fiscalYear": YEAR}}
WEEKS = {"modelCalendar": {"calendarType": "Weeks: General", "weeksCount": 52}}
VERSIONS = {"versionMetadata": [{"id": "107000000002", "name": "Forecast", "isCurrent": True}]}
SWITCHOVER = {"versionSwitchover": {"periodText": "Mar 13", "date": "2013-03-01"}}


async def test_the_current_period(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/currentPeriod", body={"currentPeriod": PERIOD}, times=2)
    anaplan.fault(path="*/currentPeriod", status=400)
    async with anaplan.async_client() as client:
        period = await client.tr.set_current_period(date(2013, 3, 15))
        assert (period.period_text, period.last_day) == ("Mar 13", "2013-03-31")
        assert await client.tr.get_current_period() == period
        with pytest.raises(AnaplanRequestException):
            await client.tr.set_current_period("2013-3")
    put, _ = anaplan.requests("PUT", "*/currentPeriod")
    assert json.loads(put.body or "") == {"date": "2013-03-15"}


async def test_the_calendar(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="GET", path="*/modelCalendar", body=MONTHS)
    anaplan.fault(method="GET", path="*/modelCalendar", body=WEEKS)
    anaplan.fault(method="PUT", path="*/fiscalYear", body=MONTHS)
    async with anaplan.async_client() as client:
        months = await client.tr.get_model_calendar()
        assert isinstance(months, models.MonthsQuartersYearsCalendar)
        weeks = await client.tr.get_model_calendar()
        assert isinstance(weeks, models.WeeksGeneralCalendar)
        assert await client.tr.set_current_fiscal_year("FY13") == months.fiscal_year


async def test_versions(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/versions", body=VERSIONS)
    anaplan.fault(method="PUT", path="*/versions/107000000002/switchover", body=SWITCHOVER)
    async with anaplan.async_client() as client:
        (version,) = await client.tr.get_versions()
        switchover = await client.tr.set_version_switchover(
            version.id, datetime(2013, 3, 1, 12, tzinfo=UTC)
        )
    assert switchover.date == "2013-03-01"
    [put] = anaplan.requests("PUT", "*/switchover")
    assert json.loads(put.body or "") == {"date": "2013-03-01"}


async def test_members_of_a_workspace(anaplan: EmulatedAnaplan) -> None:
    member = {"firstName": "Ann", "lastName": "B", "email": "ann@skyline.example"}
    anaplan.fault(path="*/admins", body={"admins": [member]})
    anaplan.fault(path="*/visitors", body={})
    async with anaplan.async_client() as client:
        (admin,) = await client.get_workspace_admins()
        assert admin.email == "ann@skyline.example"
        assert await client.get_workspace_visitors() == []
