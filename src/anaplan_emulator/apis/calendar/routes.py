"""Routes of a model's calendar, current period and versions."""

import re
from datetime import date

from starlette.responses import Response

from anaplan_emulator.apis.access import (
    Model,
    readable_model,
    require_changeable,
    require_workspace_admin,
    visible_model,
)
from anaplan_emulator.apis.calendar import state
from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.listings import listing
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.engine.model_calendar import (
    read_calendar,
    set_current_period,
    set_fiscal_year,
)
from anaplan_emulator.tenant.calendars import (
    FIRST_YEAR,
    LAST_YEAR,
    Timescale,
    fiscal_year_label,
    parse_fiscal_year,
)

_YEARS = f"{fiscal_year_label(FIRST_YEAR)} - {fiscal_year_label(LAST_YEAR)}"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def get_calendar(call: Call) -> Response:
    """GET /modelCalendar."""
    return _calendar(call, readable_model(call))


def put_fiscal_year(call: Call) -> Response:
    """PUT /modelCalendar/fiscalYear."""
    model = visible_model(call)
    year = _requested_year(call)
    require_workspace_admin(call, model)
    require_changeable(call, model)
    calendar = read_calendar(call.db, model.key)
    if calendar.timescale.year is None:
        raise ApiError(400, f"The calendar type '{calendar.calendar.type}' has no fiscal year")
    set_fiscal_year(call.db, model.key, year)
    return _calendar(call, model)


def get_current_period(call: Call) -> Response:
    """GET /currentPeriod."""
    return _current_period(call, readable_model(call))


def put_current_period(call: Call) -> Response:
    """PUT /currentPeriod, with the date in the query or in the body."""
    model = visible_model(call)
    day = _requested_day(call, call.query.get("date"))
    require_workspace_admin(call, model)
    require_changeable(call, model)
    if day is not None:
        _require_in_timescale(read_calendar(call.db, model.key).timescale, day)
    set_current_period(call.db, model.key, day)
    return _current_period(call, model)


def list_versions(call: Call) -> Response:
    """GET /versions."""
    model = readable_model(call)
    timescale = read_calendar(call.db, model.key).timescale
    return listing(
        call,
        "versionMetadata",
        state.all_versions(call.db, model.key),
        lambda version: state.describe_version(version, timescale),
        kind="version",
        model_id=model.id,
    )


def put_switchover(call: Call) -> Response:
    """PUT /versions/{v}/switchover."""
    model = visible_model(call)
    versions = state.all_versions(call.db, model.key)
    position = next(
        (n for n, each in enumerate(versions) if each.id == call.path["versionId"]), None
    )
    if position is None:
        raise ApiError(404)
    version = versions[position]
    day = _requested_day(call, None)
    require_workspace_admin(call, model)
    require_changeable(call, model)
    timescale = read_calendar(call.db, model.key).timescale
    if day is not None:
        if version.is_actual:
            raise ApiError(400, f"{version.name} is the actual version: it has no switchover")
        _require_in_timescale(timescale, day)
        before = [each.switchover for each in versions[:position] if each.switchover]
        if before and timescale.period_of(day).first < timescale.period_of(before[-1]).first:
            raise ApiError(
                400, f"Specified date '{day}' is before the switchover of the previous version"
            )
    state.set_switchover(call.db, version, day)
    body = state.describe_switchover(timescale, day)
    return envelope("switchover", model_id=model.id, versionSwitchover=body)


def _calendar(call: Call, model: Model) -> Response:
    body = state.describe_calendar(read_calendar(call.db, model.key))
    return envelope("modelCalendar", model_id=model.id, modelCalendar=body)


def _current_period(call: Call, model: Model) -> Response:
    body = state.describe_current_period(read_calendar(call.db, model.key))
    return envelope("currentPeriod", model_id=model.id, currentPeriod=body)


def _requested_year(call: Call) -> int:
    body = call.json()
    label = body.get("year") if isinstance(body, dict) else None
    year = parse_fiscal_year(label) if isinstance(label, str) else None
    if year is None:
        raise ApiError(400, f"Fiscal year '{label}' is out of range {_YEARS}; write it as FY26")
    return year


def _requested_day(call: Call, in_query: str | None) -> date | None:
    """Return the day to set, or None to unset it if the date is an empty string."""
    body = call.json() if call.body.strip() else {}
    if not isinstance(body, dict):
        raise ApiError(400, "The body must be an object")
    given = [each for each in (in_query, body.get("date")) if each is not None]
    if len(given) > 1:
        raise ApiError(400, "date must be given in the query or in the body, not in both")
    if not given or not isinstance(given[0], str):
        raise ApiError(400, "date must be a string such as 2026-01-31, or empty")
    if not given[0]:
        return None
    try:
        return date.fromisoformat(given[0] if _DAY.fullmatch(given[0]) else "")
    except ValueError:
        raise ApiError(
            400,
            f"Invalid ISO date format '{given[0]}'. Date should match format YYYY-MM-DD",
        ) from None


def _require_in_timescale(timescale: Timescale, day: date) -> None:
    if not timescale.contains(day):
        raise ApiError(
            400,
            f"Specified date '{day}' is out of timescale range"
            f" {timescale.first} - {timescale.last}",
        )


_MODEL = "/2/0/models/{modelId}"
ENDPOINTS = [
    Endpoint("GET", f"{_MODEL}/modelCalendar", get_calendar, INTEGRATION),
    Endpoint("PUT", f"{_MODEL}/modelCalendar/fiscalYear", put_fiscal_year, INTEGRATION),
    Endpoint("GET", f"{_MODEL}/currentPeriod", get_current_period, INTEGRATION),
    Endpoint("PUT", f"{_MODEL}/currentPeriod", put_current_period, INTEGRATION),
    Endpoint("GET", f"{_MODEL}/versions", list_versions, INTEGRATION),
    Endpoint("PUT", f"{_MODEL}/versions/{{versionId}}/switchover", put_switchover, INTEGRATION),
]
