"""Running and cancelling integrations, and what runs leave behind (facts 8.2, 8.3)."""

from typing import Any

from starlette.responses import Response

from anaplan_emulator import audit
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.calls import Call
from anaplan_emulator.engine import cloud_records
from anaplan_emulator.engine.cloud_records import CloudRun
from anaplan_emulator.engine.tasks import Task, TaskState, task_by_id
from anaplan_emulator.replies import ApiError


def run_integration(call: Call) -> Response:
    """POST /integrations/{id}/run: written on its own, before the runner is told."""
    each = state.find_integration(call)
    with call.world.store.transaction() as db:
        if cloud_records.unfinished_run(db, each.id) is not None:
            raise ApiError(409, "Integration is already running")
        run_id = cloud_records.insert_run(
            db, each.id, source="manual", user_id=call.user.id, now=call.world.clock.now()
        )
    call.world.cloud_works.start(each, run_id)
    audit.record(call, "INT-4", object_id=each.id)
    return state.success({"run": {"id": run_id}})


def cancel_integration(call: Call) -> Response:
    """POST /integrations/{id}/cancel: of what is queued nothing is known (facts 8.2)."""
    each = state.find_integration(call)
    run = cloud_records.unfinished_run(call.db, each.id)
    if run is None:
        raise ApiError(409, "Integration is not running")
    task = _task(call, run)
    if run.state == "QUEUED" or (task is not None and task.state is TaskState.NOT_STARTED):
        raise ApiError(404, "Resource not found")
    call.world.cloud_works.cancel(run.id, task, call.user.id)
    audit.record(call, "INT-5", object_id=each.id)
    return state.success()


def list_runs(call: Call) -> Response:
    """GET /integrations/runs/{id}: the latest first."""
    each = state.find_either(call, call.path["integrationId"])
    runs = cloud_records.runs_of(call.db, each.id)
    listed, meta = state.page(call, runs, lambda run: _describe_record(call, run))
    process = {"processId": each.process_id} if each.process_id else {}
    history = {
        "integrationId": each.id,
        "name": each.name,
        "integrationType": each.type,
        **process,
        "version": each.version,
        "schedule": state.describe_schedule(call.db, each.id).get("schedule"),
        "workspaceId": each.workspace_id,
        "modelId": each.model_id,
        **state.authorship(call.db, each),
        "status": 1,
        **state.notification_id(call.db, each.id),
        "runs": listed,
        "totalRuns": len(runs),
    }
    meta["schema"] = f"{state.SCHEMA}/run"
    return state.success({"history_of_runs": history, "meta": meta})


def get_run(call: Call) -> Response:
    """GET /integrations/run/{id}: looking counts as a poll of its task."""
    run = _find(call)
    _note_poll(call, run)
    done = run.ended_at or run.started_at
    body = {
        "id": run.id,
        "integrationId": run.integration_id,
        "traceId": run.trace_id,
        "startDate": run.started_at,
        "endDate": run.ended_at,
        "success": run.success,
        "message": run.message,
        "creationDate": run.created_at,
        "modificationDate": done,
        "createdBy": state.full_name(call.db, run.triggered_by),
        "modifiedBy": None,
        "executionErrorCode": run.error_code,
        "flowGroupId": run.flow_id,
        "triggerSource": run.trigger_source,
    }
    return state.success({"run": body}, kind="run")


def get_errors(call: Call) -> Response:
    """GET /integrations/runerror/{id}: an empty object where nothing failed."""
    run = _find(call)
    if not run.errors:
        return state.success({"runs": {}}, kind="run")
    name = state.full_name(call.db, run.triggered_by)
    errors = {
        "id": run.id,
        "errorMessages": run.errors,
        "taskId": run.task_id,
        "creationDate": run.created_at,
        "modificationDate": run.ended_at,
        "createdBy": name,
        "modifiedBy": name,
    }
    return state.success({"runs": [errors]}, kind="run")


def get_dump(call: Call) -> Response:
    """GET /integrations/run/{id}/dumps, and …/process/import/{actionId}/dumps of a step."""
    run = _find(call)
    action_id = call.path.get("actionId")
    row = call.db.execute(
        "SELECT body FROM cloud_dumps WHERE run_id = ? AND ? IN ('', action_id) ORDER BY position",
        (run.id, action_id or ""),
    ).fetchone()
    if row is None:
        raise ApiError(404, "Resource not found")
    return Response(bytes(row["body"]), media_type="application/octet-stream")


def _find(call: Call) -> CloudRun:
    run = cloud_records.run_by_id(call.db, call.path["runId"])
    if run is None:
        raise ApiError(404, "Resource not found")
    return run


def _describe_record(call: Call, run: CloudRun) -> dict[str, Any]:
    _note_poll(call, run)
    last = cloud_records.seconds(run.ended_at or run.started_at)
    return {
        "id": run.id,
        "triggeredBy": state.full_name(call.db, run.triggered_by),
        "lastRun": last,
        "startDate": run.started_at,
        "endDate": run.ended_at,
        "success": run.success,
        "message": run.message,
        "executionErrorCode": run.error_code,
        "traceId": run.trace_id,
        "triggerSource": run.trigger_source,
    }


def _note_poll(call: Call, run: CloudRun) -> None:
    task = _task(call, run) if run.state != "ENDED" else None
    if task is not None:
        call.world.tasks.observe(task)


def _task(call: Call, run: CloudRun) -> Task | None:
    row = call.db.execute(
        "SELECT model, object_id FROM tasks WHERE id = ?", (run.task_id,)
    ).fetchone()
    if row is None:
        return None
    return task_by_id(call.db, row["model"], row["object_id"], run.task_id or "")
