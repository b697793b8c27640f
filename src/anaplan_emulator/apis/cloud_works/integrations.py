"""Integrations of imports, exports and processes, with their jobs.

Source: docs/anaplan-behaviour.md#integrations.
"""

import json
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from anaplan_emulator.apis.access import Model, can_see_workspace, has_access, model_by_id
from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import IntegrationRequest, Job
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.clock import zulu
from anaplan_emulator.engine import file_contents, integration_records
from anaplan_emulator.engine.actions import action_by_id, steps
from anaplan_emulator.engine.integration_records import Integration
from anaplan_emulator.tenant.action_definitions import (
    ExportDefinition,
    ImportDefinition,
    OptimizerDefinition,
    ProcessDefinition,
)
from anaplan_emulator.tenant.cloud_description import is_object_name


def list_integrations(call: Call) -> Response:
    """GET /integrations, without jobs."""
    rows = state.filter_own(call, integration_records.integrations(call.db, flows=False))
    rows = state.sorted_by_name(call, rows)
    listed, meta = state.page(call, rows, lambda row: _describe(call, row))
    meta |= {
        "tenantCurrentCount": state.count(call.db),
        "tenantMaxAllowed": call.tenant.settings.integration_limit,
        "schema": f"{state.SCHEMA}/integration",
    }
    return state.success({"integrations": listed, "meta": meta})


def create_integration(call: Call, request: IntegrationRequest) -> Response:
    """POST /integrations."""
    kind = _validated_type(call, request)
    state.require_unused_name(call, request.name)
    state.require_below_limit(call)
    integration_id = uuid4().hex
    integration_records.insert_integration(
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
        now=zulu(call.tenant.clock.now()),
    )
    call.audit.record("INT-1", object_id=integration_id)
    return state.success({"integration": {"integrationId": integration_id}})


def get_integration(call: Call) -> Response:
    """GET /integrations/{id}, with jobs and the names of their connections."""
    each = state.find_integration(call)
    body = _describe(call, each)
    body["version"] = each.version
    if each.parts:
        body["jobs"] = [_describe_job(call, job) for job in each.parts]
    if call.is_live:
        # It was observed to be missing (docs/anaplan-behaviour.md#integrations).
        del body["integrationType"]
    return state.success({"integration": body})


def replace_integration(call: Call, request: IntegrationRequest) -> Response:
    """PUT /integrations/{id}."""
    each = state.find_integration(call)
    kind = _validated_type(call, request)
    state.require_unused_name(call, request.name, each.id)
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
            zulu(call.tenant.clock.now()),
            call.user.id,
            each.id,
        ),
    )
    call.audit.record("INT-2", object_id=each.id)
    return state.success()


def delete_integration(call: Call) -> Response:
    """DELETE /integrations/{id}."""
    each = state.find_integration(call)
    flows = integration_records.integrations(call.db, flows=True)
    if any(step["referrer"] == each.id for flow in flows for step in flow.parts):
        raise ApiError(409, "The resource is being referenced")
    state.delete_integration(call, each)
    call.audit.record("INT-3", object_id=each.id)
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
    def with_connection(side: dict[str, Any]) -> dict[str, Any]:
        if "connectionId" not in side:
            return side
        row = call.db.execute(
            "SELECT name FROM cloud_connections WHERE id = ?", (side["connectionId"],)
        ).fetchone()
        location = integration_records.connection_location(call.db, side["connectionId"])
        return side | {
            "connectionName": row["name"] if row else "",
            "isConnectionDeleted": row is None,
            "bucketName": location.name if location else "",
        }

    return job | {
        "sources": [with_connection(side) for side in job["sources"]],
        "targets": [with_connection(side) for side in job["targets"]],
    }


def _jobs(request: IntegrationRequest) -> list[dict[str, Any]]:
    return [job.model_dump(exclude_none=True) for job in request.jobs]


def _validated_type(call: Call, request: IntegrationRequest) -> str:
    """Check that everything in a request exists, and return the type of integration.

    Raises:
        ApiError: 400, something is not valid; 404, a connection does not exist; 409, there are
            several jobs without a process.
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
            raise _unknown_action()
        process_steps = steps(call.db, model.key, process.definition)
        if any(isinstance(step.definition, OptimizerDefinition) for step in process_steps):
            raise ApiError(400, "A process that contains an optimizer action cannot be used")
        allowed = {step.id for step in process_steps}
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
        or not can_see_workspace(call.db, call.user, model.workspace_id)
        or not has_access(call.db, call.user, model)
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
        raise _unknown_action()
    match action.definition:
        case ImportDefinition(file=name) if imports:
            file = file_contents.file_by_name(call.db, model.key, name)
            if file is None or anaplan.fileId != file.id:
                raise ApiError(400, "The file id does not belong to the import")
        case ExportDefinition() if not imports and anaplan.fileId in (None, action.id):
            pass
        case _:
            raise _unknown_action()
    row = call.db.execute(
        "SELECT type FROM cloud_connections WHERE id = ?", (cloud.connectionId,)
    ).fetchone()
    if row is None:
        raise ApiError(404, "Invalid connection id")
    if row["type"] != cloud.type:
        raise ApiError(400, "Invalid connection type")
    if not is_object_name(cloud.file or cloud.table or ""):
        raise ApiError(400, "Invalid request body: the file is not a valid object name")


def _unknown_action() -> ApiError:
    return ApiError(400, "The action ids are not in the model")
