"""A model's calendar, current period and versions."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - `date` is a parameter's known name

from pydantic import Field

from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment
from anaplan_sdk._http.replies import decode
from anaplan_sdk.models import CurrentPeriod, FiscalYear, ModelCalendar, Version, VersionPeriod
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._envelopes import ListReply, ObjectReply
from anaplan_sdk.models.calendar import TaggedCalendar

_PERIOD = ObjectReply[CurrentPeriod]("currentPeriod", CurrentPeriod)
_CALENDAR = ObjectReply[ModelCalendar]("modelCalendar", TaggedCalendar)
_VERSIONS = ListReply("versionMetadata", Version)
_SWITCHOVER = ObjectReply[VersionPeriod]("versionSwitchover", VersionPeriod)


class _CalendarOfYear(AnaplanModel):
    fiscal_year: FiscalYear = Field(default_factory=FiscalYear)


_YEAR = ObjectReply[_CalendarOfYear]("modelCalendar", _CalendarOfYear)


class Calendar(ApiNamespace):
    """A model's calendar, current period and versions."""

    async def get_current_period(self) -> CurrentPeriod:
        """Return the model's current period. The user must be a workspace administrator.

        Returns:
            The period; its texts are empty if no current period is set.

        Raises:
            InvalidArgumentException: The client has no model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Retrieve current period".
        """
        return await self._get(_PERIOD, f"{self._model}/currentPeriod")

    async def set_current_period(self, date: str | Date) -> CurrentPeriod:
        """Set the model's current period to the period that contains a date.

        A change of the current period may delete the data of periods that leave the timescale. The
        user must be a workspace administrator.

        Args:
            date: The date, as `YYYY-MM-DD` or a date object; an empty str resets the period.

        Returns:
            The new current period.

        Raises:
            InvalidArgumentException: The client has no model.
            AnaplanRequestException: The date has another form or is outside of the timescale.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model Calendar".
        """
        response = await self._session.send(
            "PUT", f"{self._model}/currentPeriod", json={"date": _day(date)}
        )
        return decode(_PERIOD.adapter, response).value

    async def set_current_fiscal_year(self, year: str) -> FiscalYear:
        """Set the model's current fiscal year. The user must be a workspace administrator.

        Args:
            year: The year as the calendar names it, such as "FY26".

        Returns:
            The new fiscal year with its first and last day.

        Raises:
            InvalidArgumentException: The client has no model.
            AnaplanRequestException: The year is out of range, or the calendar has no fiscal years
                (Weeks General).
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Update current fiscal year".
        """
        url = f"{self._model}/modelCalendar/fiscalYear"
        response = await self._session.send("PUT", url, json={"year": year})
        return decode(_YEAR.adapter, response).value.fiscal_year

    async def get_model_calendar(self) -> ModelCalendar:
        """Return the model's calendar. The user must be a workspace administrator.

        Returns:
            The calendar, in the class of its `calendar_type`; a plain `BaseCalendar` where Anaplan
            describes nothing of it.

        Raises:
            InvalidArgumentException: The client has no model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Get current fiscal year".
        """
        return await self._get(_CALENDAR, f"{self._model}/modelCalendar")

    async def get_versions(self) -> list[Version]:
        """List the model's versions. The user must be a workspace administrator.

        Returns:
            The versions that the user can read, with their edit ranges and switchover dates.

        Raises:
            InvalidArgumentException: The client has no model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model versions".
        """
        return await self._list(_VERSIONS, f"{self._model}/versions")

    async def set_version_switchover(
        self, version_id: int | str, date: str | Date
    ) -> VersionPeriod:
        """Set the switchover date of a version, from which it has its own data instead of actuals.

        The user must be a workspace administrator.

        Args:
            version_id: The version (107…), a forecast or a variance.
            date: A day of the first period, as `YYYY-MM-DD` or a date object; an empty str resets
                the date.

        Returns:
            The period of the new switchover date.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such version.
            AnaplanRequestException: The version has no switchover, or the date is out of range,
                before the version's present switchover, or before that of the previous version.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model versions".
        """
        url = f"{self._model}/versions/{path_segment(version_id)}/switchover"
        response = await self._session.send("PUT", url, json={"date": _day(date)})
        return decode(_SWITCHOVER.adapter, response).value


def _day(date: str | Date) -> str:
    # Not isoformat: that of a datetime, which is a date as well, has the time.
    return date.strftime("%Y-%m-%d") if isinstance(date, Date) else date
