"""Integrations: imports, exports and processes, with the jobs that feed them (facts 8.2)."""

import json
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from anaplan_emulator import audit
from anaplan_emulator.apis.access import Model, model_by_id, sees_inside, sees_workspace
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import IntegrationRequest, Job
from anaplan_emulator.calls import Call
from anaplan_emulator.clock import zulu
from anaplan_emulator.engine import cloud_records, contents
from anaplan_emulator.engine.actions import action_by_id, steps
from anaplan_emulator.engine.cloud_records import Integration
from anaplan_emulator.engine.clouds import is_object_name
from anaplan_emulator.engine.definitions import (
    ExportDefinition,
    ImportDefinition,
    OptimizerDefinition,
    ProcessDefinition,
)
from anaplan_emulator.replies import ApiError


def list_integrations(call: Call) -> Response:
    """GET /integrations: without jobs."""
    rows = state.own_only(call, cloud_records.integrations(call.db, flows=False))
    rows = state.sorted_by_name(call, rows)
    listed, meta = state.page(call, rows, lambda row: _describe(call, row))
    meta |= {
        "tenantCurrentCount": state.count(call.db),
        "tenantMaxAllowed": call.world.settings.integration_limit,
        "schema": f"{state.SCHEMA}/integration",
    }
    return state.success({"integrations": listed, "meta": meta})


def create_integration(call: Call, request: IntegrationRequest) -> Response:
    """POST /integrations."""
    kind = _checked_kind(call, request)
    state.require_free_name(call, request.name)
    state.require_room(call)
    integration_id = uuid4().hex
    cloud_records.insert_integration(
        call.db,
        integration_id=integration_id,
        kind=kind,
        name=request.name,
        version=request.version,
        workspace_id=request.workspaceId,
        model_id=request.modelId,
        process_id=request.processId,
        nux_visible=request.nuxVisible,
        parts=_jobs(request),
        user_id=call.user.id,
        now=zulu(call.world.clock.now()),
    )
    audit.record(call, "INT-1", object_id=integration_id)
    return state.success({"integration": {"integrationId": integration_id}})


def get_integration(call: Call) -> Response:
    """GET /integrations/{id}: with jobs, and what their connections are called."""
    each = state.find_integration(call)
    body = _describe(call, each)
    body["version"] = each.version
    body["jobs"] = [_describe_job(call, job) for job in each.parts]
    if call.world.settings.quirks == "live":
        # Observed to be missing (facts 8.2).
        del body["integrationType"]
    return state.success({"integration": body})


def replace_integration(call: Call, request: IntegrationRequest) -> Response:
    """PUT /integrations/{id}."""
    each = state.find_integration(call)
    kind = _checked_kind(call, request)
    state.require_free_name(call, request.name, each.id)
    call.db.execute(
        """
        UPDATE cloud_integrations SET type = ?, name = ?, version = ?, workspace_id = ?,
            model_id = ?, process_id = ?, nux_visible = ?, parts = ?, modified_at = ?,
            modified_by = ?
        WHERE id = ?
        """,
        (
            kind,
            request.name,
            request.version,
            request.workspaceId,
            request.modelId,
            request.processId,
            request.nuxVisible,
            json.dumps(_jobs(request)),
            zulu(call.world.clock.now()),
            call.user.id,
            each.id,
        ),
    )
    audit.record(call, "INT-2", object_id=each.id)
    return state.success()


def delete_integration(call: Call) -> Response:
    """DELETE /integrations/{id}."""
    each = state.find_integration(call)
    flows = cloud_records.integrations(call.db, flows=True)
    if any(step["referrer"] == each.id for flow in flows for step in flow.parts):
        raise ApiError(409, "The resource is being referenced")
    state.delete_integration(call, each)
    audit.record(call, "INT-3", object_id=each.id)
    return state.success()


def _describe(call: Call, each: Integration) -> dict[str, Any]:
    process = {"processId": each.process_id} if each.process_id else {}
    return {
        "integrationId": each.id,
        "name": each.name,
        "integrationType": each.type,
        **process,
        "workspaceId": each.workspace_id,
        "modelId": each.model_id,
        **state.authorship(call.db, each),
        **state.describe_latest_run(call.db, each.id),
        **state.describe_schedule(call.db, each.id),
        **state.notification_id(call.db, each.id),
        "nuxVisible": each.nux_visible,
    }


def _describe_job(call: Call, job: dict[str, Any]) -> dict[str, Any]:
    def named(side: dict[str, Any]) -> dict[str, Any]:
        if "connectionId" not in side:
            return side
        row = call.db.execute(
            "SELECT name FROM cloud_connections WHERE id = ?", (side["connectionId"],)
        ).fetchone()
        place = cloud_records.connection_place(call.db, side["connectionId"])
        return side | {
            "connectionName": row["name"] if row else "",
            "isConnectionDeleted": row is None,
            "bucketName": place.name if place else "",
        }

    return job | {
        "sources": [named(side) for side in job["sources"]],
        "targets": [named(side) for side in job["targets"]],
    }


def _jobs(request: IntegrationRequest) -> list[dict[str, Any]]:
    return [job.model_dump(exclude_none=True) for job in request.jobs]


def _checked_kind(call: Call, request: IntegrationRequest) -> str:
    """See that all that a request names is there, and return the type of integration.

    Raises:
        ApiError: 400; 404 for a connection that isn't there, 409 for several jobs.
    """
    model = _model(call, request)
    allowed = None
    if request.processId is None:
        if not request.jobs:
            raise ApiError(400, "Invalid request body: jobs: one job is required")
        if len(request.jobs) > 1:
            raise ApiError(409, "Only one job is allowed")
    else:
        process = action_by_id(call.db, model.key, request.processId)
        if process is None or not isinstance(process.definition, ProcessDefinition):
            raise _foreign()
        todo = steps(call.db, model.key, process.definition)
        if any(isinstance(step.definition, OptimizerDefinition) for step in todo):
            raise ApiError(400, "A process that contains an optimizer action can't be used")
        allowed = {step.id for step in todo}
    for job in request.jobs:
        _check_job(call, model, job, allowed)
    if request.processId is not None:
        return "Process"
    return "Import" if request.jobs[0].targets[0].type == "Anaplan" else "Export"


def _model(call: Call, request: IntegrationRequest) -> Model:
    model = model_by_id(call.db, request.modelId)
    if (
        model is None
        or model.workspace_id != request.workspaceId
        or not sees_workspace(call.db, call.user, model.workspace_id)
        or not sees_inside(call.db, call.user, model)
    ):
        raise ApiError(400, "User does not have access to the workspace or model")
    return model


def _check_job(call: Call, model: Model, job: Job, allowed: set[str] | None) -> None:
    imports = job.targets[0].type == "Anaplan"
    anaplan, cloud = job.targets[0], job.sources[0]
    if not imports:
        anaplan, cloud = cloud, anaplan
    action = action_by_id(call.db, model.key, anaplan.actionId or "")
    if action is None or (allowed is not None and action.id not in allowed):
        raise _foreign()
    match action.definition:
        case ImportDefinition(file=name) if imports:
            file = contents.file_by_name(call.db, model.key, name)
            if file is None or anaplan.fileId != file.id:
                raise ApiError(400, "The file id is not that of the import")
        case ExportDefinition() if not imports and anaplan.fileId in (None, action.id):
            pass
        case _:
            raise _foreign()
    row = call.db.execute(
        "SELECT type FROM cloud_connections WHERE id = ?", (cloud.connectionId,)
    ).fetchone()
    if row is None:
        raise ApiError(404, "Invalid connection id")
    if row["type"] != cloud.type:
        raise ApiError(400, "Invalid connection type")
    if not is_object_name(cloud.file or cloud.table or ""):
        raise ApiError(400, "Invalid request body: the file has no name of an object")


def _foreign() -> ApiError:
    return ApiError(400, "The action ids are not in the model")
