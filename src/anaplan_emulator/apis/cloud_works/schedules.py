"""Schedules of integrations and flows (docs/anaplan-behaviour.md#schedules)."""

from starlette.responses import Response

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import ScheduleRequest
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.engine.integration_records import Integration, insert_schedule
from anaplan_emulator.tenant.schedules import Schedule


def create_schedule(call: Call, request: ScheduleRequest) -> Response:
    """POST /integrations/{id}/schedule, if there is none."""
    each = _find(call)
    if request.integrationId not in (None, each.id):
        raise ApiError(400, "Invalid value for integration_id")
    if state.describe_schedule(call.db, each.id):
        raise ApiError(400, "Only one schedule is allowed for each integration")
    _write(call, each, request.schedule)
    return state.success({"scheduledIntegration": {"id": each.id}})


def replace_schedule(call: Call, request: ScheduleRequest) -> Response:
    """PUT /integrations/{id}/schedule, whose body must have the id of the integration."""
    each = _find(call)
    if request.integrationId != each.id:
        raise ApiError(400, "Invalid value for integration_id")
    _require_schedule(call, each)
    enabled = call.db.execute(
        "SELECT enabled FROM cloud_schedules WHERE integration_id = ?", (each.id,)
    ).fetchone()["enabled"]
    _write(call, each, request.schedule)
    call.db.execute(
        "UPDATE cloud_schedules SET enabled = ? WHERE integration_id = ?", (enabled, each.id)
    )
    return state.success()


def delete_schedule(call: Call) -> Response:
    """DELETE /integrations/{id}/schedule."""
    each = _find(call)
    _require_schedule(call, each)
    call.db.execute("DELETE FROM cloud_schedules WHERE integration_id = ?", (each.id,))
    call.tenant.integration_runner.schedules_changed()
    return state.success()


def set_status(call: Call) -> Response:
    """POST /integrations/{id}/schedule/status/{enabled|disabled}. Missed runs are not started."""
    each = _find(call)
    status = call.path["status"]
    if status not in ("enabled", "disabled"):
        raise ApiError(400, "Invalid value for status")
    _require_schedule(call, each)
    row = call.db.execute(
        "SELECT definition FROM cloud_schedules WHERE integration_id = ?", (each.id,)
    ).fetchone()
    schedule = Schedule.model_validate_json(row["definition"])
    due = schedule.due_after(call.tenant.clock.now())
    call.db.execute(
        "UPDATE cloud_schedules SET enabled = ?, next_at = ? WHERE integration_id = ?",
        (status == "enabled", due.timestamp() if due else None, each.id),
    )
    call.tenant.integration_runner.schedules_changed()
    return state.success()


def _find(call: Call) -> Integration:
    return state.find_integration_or_flow(call, call.path["integrationId"])


def _require_schedule(call: Call, each: Integration) -> None:
    if not state.describe_schedule(call.db, each.id):
        raise ApiError(404, "Resource not found")


def _write(call: Call, each: Integration, schedule: Schedule) -> None:
    insert_schedule(call.db, each.id, schedule, call.tenant.clock.now())
    call.tenant.integration_runner.schedules_changed()
