"""A model's time and versions."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - `date` is a parameter's known name

from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._http.replies import decode
from anaplan_sdk.models import CurrentPeriod, FiscalYear, ModelCalendar, Version, VersionPeriod
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._envelopes import Listing, Single

_PERIOD = Single[CurrentPeriod]("currentPeriod", CurrentPeriod)
_CALENDAR = Single[ModelCalendar]("modelCalendar", ModelCalendar)
_VERSIONS = Listing("versionMetadata", Version)
_SWITCHOVER = Single[VersionPeriod]("versionSwitchover", VersionPeriod)


class _CalendarOfYear(AnaplanModel):
    fiscal_year: FiscalYear


_YEAR = Single[_CalendarOfYear]("modelCalendar", _CalendarOfYear)


class Calendar(ApiNamespace):
    """The model's calendar, current period and versions."""

    async def get_current_period(self) -> CurrentPeriod:
        """The model's current period; its texts are empty when none is set."""
        return await self._get(_PERIOD, f"{self._model}/currentPeriod")

    async def set_current_period(self, date: str | Date) -> CurrentPeriod:
        """Makes the period that a day falls into the current one.

        Args:
            date: The day, as `YYYY-MM-DD` or a date; an empty text resets the period.

        Raises:
            AnaplanRequestException: The date has another form or is outside the timescale.
        """
        response = await self._session.send(
            "PUT", f"{self._model}/currentPeriod", json={"date": _day(date)}
        )
        return decode(_PERIOD.adapter, response).value

    async def set_current_fiscal_year(self, year: str) -> FiscalYear:
        """Sets the model's current fiscal year, such as "FY26".

        Raises:
            AnaplanRequestException: The calendar has no such year, or no fiscal years at all.
        """
        url = f"{self._model}/modelCalendar/fiscalYear"
        response = await self._session.send("PUT", url, json={"year": year})
        return decode(_YEAR.adapter, response).value.fiscal_year

    async def get_model_calendar(self) -> ModelCalendar:
        """The model's calendar; its class follows from `calendar_type`."""
        return await self._get(_CALENDAR, f"{self._model}/modelCalendar")

    async def get_versions(self) -> list[Version]:
        """Lists the model's versions."""
        return await self._list(_VERSIONS, f"{self._model}/versions")

    async def set_version_switchover(
        self, version_id: int | str, date: str | Date
    ) -> VersionPeriod:
        """Sets from when on a version has its own data instead of actuals.

        Args:
            version_id: The version.
            date: A day of the first period, as `YYYY-MM-DD` or a date; an empty text resets it.

        Raises:
            AnaplanRequestException: The date is out of range, or before the previous version's.
        """
        url = f"{self._model}/versions/{segment(version_id)}/switchover"
        response = await self._session.send("PUT", url, json={"date": _day(date)})
        return decode(_SWITCHOVER.adapter, response).value


def _day(date: str | Date) -> str:
    # A datetime is a date, too, and tells more than is asked for.
    return date.strftime("%Y-%m-%d") if isinstance(date, Date) else date
