"""Pages that control the whole emulator: its clock, and the tenant's reset and file."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.responses import Response

from anaplan_emulator.clock import duration
from anaplan_emulator.console.rendering import download, page, redirect
from anaplan_emulator.console.visits import Visit
from anaplan_emulator.tenant.tenant_writer import tenant_json

STEPS = {"2100": "35 minutes", "3600": "1 hour", "86400": "1 day"}
"""Choices to advance the clock by, in seconds. A token is valid for 35 minutes."""


def show_clock(visit: Visit) -> Response:
    """GET /clock: the time, and forms to move it."""
    return _clock_page(visit)


def move_clock(visit: Visit) -> Response:
    """POST /clock: advance the clock, set it, or return to real time."""
    clock, form = visit.tenant.clock, visit.form.fields
    try:
        if form.get("real"):
            clock.set(datetime.now(UTC))
        elif "advance" in form:
            clock.advance(duration(seconds=_seconds(form)))
        else:
            clock.set(_moment(form.get("set", "")))
    except ValueError as error:
        return _clock_page(visit, str(error), 400)
    visit.tenant.save()
    return redirect("clock", done="clock")


def show_tenant(visit: Visit) -> Response:
    """GET /tenant: the tenant, its file, and its reset."""
    return _tenant_page(visit)


def reset_tenant(visit: Visit) -> Response:
    """POST /tenant/reset: restore the tenant as described, if that was confirmed."""
    if visit.form.fields.get("confirmed") != "yes":
        return _tenant_page(visit, "Confirm the reset: everything that was changed is lost.", 400)
    visit.tenant.reset()
    return redirect("tenant", done="reset")


def download_tenant(visit: Visit) -> Response:
    """POST /tenant/file: the tenant's state as a file from which an emulator can be started."""
    description = visit.tenant.describe(secrets="secrets" in visit.form.fields)
    body = tenant_json(description).encode()
    return download(body, f"{description.name}.json", "application/json")


def _clock_page(visit: Visit, problem: str = "", status: int = 200) -> Response:
    clock = visit.tenant.clock
    return page(
        visit,
        "clock.html",
        "Clock",
        status,
        offset=clock.offset.total_seconds(),
        steps=STEPS,
        problem=problem,
        entered=visit.form.fields.get("set", ""),
    )


def _tenant_page(visit: Visit, problem: str = "", status: int = 200) -> Response:
    return page(
        visit,
        "tenant.html",
        "Tenant",
        status,
        description=visit.tenant.description,
        problem=problem,
    )


def _seconds(form: Mapping[str, str]) -> float:
    unit = {"minutes": 60, "hours": 3600, "days": 86400}.get(form.get("unit", ""), 1)
    try:
        return float(form["advance"]) * unit
    except ValueError:
        raise ValueError("Enter a number to advance the clock by.") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("Enter a date and time such as 2026-01-31T08:00.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
