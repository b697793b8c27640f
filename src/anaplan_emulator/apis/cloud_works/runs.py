"""Running and cancelling integrations, and the results of runs.

Source: docs/anaplan-behaviour.md#integrations, #runs.
"""

from typing import Any

from starlette.responses import Response

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.engine import integration_records
from anaplan_emulator.engine.integration_records import RunRecord
from anaplan_emulator.engine.tasks import Task, TaskState, task_by_id


def run_integration(call: Call) -> Response:
    """POST /integrations/{id}/run. The run is committed before the runner is called."""
    each = state.find_integration(call)
    with call.tenant.store.transaction() as db:
        if integration_records.unfinished_run(db, each.id) is not None:
            raise ApiError(409, "Integration is already running")
        run_id = integration_records.insert_run(
            db, each.id, source="manual", user_id=call.user.id, now=call.tenant.clock.now()
        )
    call.tenant.integration_runner.start(each, run_id)
    call.audit.record("INT-4", object_id=each.id)
    return state.success({"run": {"id": run_id}})


def cancel_integration(call: Call) -> Response:
    """POST /integrations/{id}/cancel: 404 for a queued run.

    Source: docs/anaplan-behaviour.md#integrations.
    """
    each = state.find_integration(call)
    run = integration_records.unfinished_run(call.db, each.id)
    if run is None:
        raise ApiError(409, "Integration is not running")
    task = _task(call, run)
    if run.state == "QUEUED" or (task is not None and task.state is TaskState.NOT_STARTED):
        raise ApiError(404, "Resource not found")
    call.tenant.integration_runner.cancel(run.id, task, call.user.id)
    call.audit.record("INT-5", object_id=each.id)
    message = {"integration_id": each.id, "state": "cancelled"}
    return state.success({"success": True, "message": message})


def list_runs(call: Call) -> Response:
    """GET /integrations/runs/{id}, latest first."""
    each = state.find_integration_or_flow(call, call.path["integrationId"])
    runs = integration_records.runs_of(call.db, each.id)
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
    """GET /integrations/run/{id}, which counts as a poll of its task."""
    run = _find(call)
    _count_poll(call, run)
    modified = run.ended_at or run.started_at
    body = {
        "id": run.id,
        "integrationId": run.integration_id,
        "traceId": run.trace_id,
        "startDate": run.started_at,
        "endDate": run.ended_at,
        "success": run.success,
        "message": run.message,
        "creationDate": run.created_at,
        "modificationDate": modified,
        "createdBy": state.full_name(call.db, run.triggered_by),
        "modifiedBy": None,
        "executionErrorCode": run.error_code,
        "flowGroupId": run.flow_id,
        "triggerSource": run.trigger_source,
    }
    return state.success({"run": body}, kind="run")


def get_errors(call: Call) -> Response:
    """GET /integrations/runerror/{id}: an empty object if there are no errors."""
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
    return state.success({"runs": errors}, kind="run")


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


def _find(call: Call) -> RunRecord:
    run = integration_records.run_by_id(call.db, call.path["runId"])
    if run is None:
        raise ApiError(404, "Resource not found")
    return run


def _describe_record(call: Call, run: RunRecord) -> dict[str, Any]:
    _count_poll(call, run)
    last = integration_records.epoch_seconds(run.ended_at or run.started_at)
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


def _count_poll(call: Call, run: RunRecord) -> None:
    task = _task(call, run) if run.state != "ENDED" else None
    if task is not None:
        call.tenant.task_runner.poll(task)


def _task(call: Call, run: RunRecord) -> Task | None:
    row = call.db.execute(
        "SELECT model, object_id FROM tasks WHERE id = ?", (run.task_id,)
    ).fetchone()
    if row is None:
        return None
    return task_by_id(call.db, row["model"], row["object_id"], run.task_id or "")
