"""Integration flows, which run integrations one after another.

Source: docs/anaplan-behaviour.md#integration-flows.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import (
    FlowRequest,
    FlowRunRequest,
    parse_body,
    validate,
)
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.clock import zulu
from anaplan_emulator.engine import integration_records
from anaplan_emulator.engine.integration_records import Integration

MIN_STEPS = 2


def list_flows(call: Call) -> Response:
    """GET /integrationflows."""
    rows = state.filter_own(call, integration_records.integrations(call.db, flows=True))
    rows = state.sorted_by_name(call, rows)
    listed, meta = state.page(call, rows, lambda row: _describe(call, row))
    meta["schema"] = f"{state.SCHEMA}/integrationFlow"
    return state.success({"integrationFlows": listed, "meta": meta})


def create_flow(call: Call, request: FlowRequest) -> Response:
    """POST /integrationflows."""
    parts = _validated_steps(call, request, None)
    state.require_unused_name(call, request.name)
    state.require_below_limit(call)
    flow_id = uuid4().hex
    integration_records.insert_integration(
        call.db,
        integration_id=flow_id,
        kind="Flow",
        name=request.name,
        version=request.version,
        workspace_id=None,
        model_id=None,
        process_id=None,
        nux_visible=request.nuxVisible,
        parts=parts,
        user_id=call.user.id,
        now=zulu(call.tenant.clock.now()),
    )
    call.audit.record("INT-1", object_id=flow_id)
    return state.success({"integrationFlow": {"integrationFlowId": flow_id}})


def get_flow(call: Call) -> Response:
    """GET /integrationflows/{id}, with its steps."""
    flow = state.find_flow(call)
    body = _describe(call, flow)
    body |= {
        "version": flow.version,
        **state.notification_id(call.db, flow.id),
        "steps": [_describe_step(call, flow, step) for step in flow.parts],
    }
    return state.success({"integrationFlow": body}, kind="integrationFlow")


def replace_flow(call: Call, request: FlowRequest) -> Response:
    """PUT /integrationflows/{id}."""
    flow = state.find_flow(call)
    parts = _validated_steps(call, request, flow)
    state.require_unused_name(call, request.name, flow.id)
    call.db.execute(
        """
        UPDATE cloud_integrations SET name = ?, version = ?, nux_visible = ?, parts = ?,
            modified_at = ?, modified_by = ?
        WHERE id = ?
        """,
        (
            request.name,
            request.version,
            request.nuxVisible,
            json.dumps(parts),
            zulu(call.tenant.clock.now()),
            call.user.id,
            flow.id,
        ),
    )
    call.audit.record("INT-2", object_id=flow.id)
    return state.success()


def delete_flow(call: Call) -> Response:
    """DELETE /integrationflows/{id}."""
    flow = state.find_flow(call)
    state.delete_integration(call, flow)
    call.audit.record("INT-3", object_id=flow.id)
    return state.success()


def run_flow(call: Call) -> Response:
    """POST /integrationflows/{id}/run: all steps, or the given ones."""
    request = (
        parse_body(call, FlowRunRequest) if call.body.strip() else validate({}, FlowRunRequest)
    )
    state.require_role(call)
    flow = state.find_flow(call)
    only = request.stepsToRun
    if only is not None and (not only or set(only) - {step["referrer"] for step in flow.parts}):
        raise ApiError(400, "Invalid value for stepsToRun")
    with call.tenant.store.transaction() as db:
        if integration_records.unfinished_run(db, flow.id) is not None:
            raise ApiError(409, "Integration flow is already running")
        run_id = integration_records.insert_run(
            db, flow.id, source="manual", user_id=call.user.id, now=call.tenant.clock.now()
        )
    call.tenant.integration_runner.start_flow(flow, run_id, "manual_inf", only)
    call.audit.record("INT-4", object_id=flow.id)
    return state.success({"run": {"id": run_id}})


def _validated_steps(
    call: Call, request: FlowRequest, existing: Integration | None
) -> list[dict[str, Any]]:
    """Check the steps, and return them as they are stored.

    Raises:
        ApiError: 400, the steps are not valid; 404, an integration does not exist.
    """
    if sum(not step.isSkipped for step in request.steps) < MIN_STEPS:
        raise ApiError(400, "Integration flow must have at least two enabled steps")
    now = call.tenant.clock.timestamp()
    created = {step["referrer"]: step["createdAt"] for step in existing.parts} if existing else {}
    earlier: set[str] = set()
    parts = []
    for step in request.steps:
        state.find_integration(call, step.referrer)
        if step.referrer in earlier:
            raise ApiError(400, "Invalid request body: an integration is used twice")
        if set(step.dependsOn) - earlier:
            raise ApiError(400, "Invalid request body: dependsOn must name earlier steps")
        earlier.add(step.referrer)
        parts.append(step.model_dump() | {"createdAt": created.get(step.referrer, now)})
    return parts


def _describe(call: Call, flow: Integration) -> dict[str, Any]:
    return {
        "id": flow.id,
        "name": flow.name,
        **state.authorship(call.db, flow),
        "nuxVisible": flow.nux_visible,
        "stepsCount": len(flow.parts),
        **state.describe_latest_run(call.db, flow.id),
        **state.describe_schedule(call.db, flow.id),
    }


def _describe_step(call: Call, flow: Integration, step: dict[str, Any]) -> dict[str, Any]:
    each = state.find_integration(call, step["referrer"])
    return {
        "referrer": each.id,
        "name": each.name,
        "type": each.type,
        "createdBy": state.full_name(call.db, flow.created_by),
        "createdDate": _step_timestamp(step["createdAt"]),
        "modifiedDate": _step_timestamp(step["createdAt"]),
        "modifiedBy": None,
        "modelId": each.model_id,
        "workspaceId": each.workspace_id,
        "accessible": True,
        "dependsOn": step["dependsOn"],
        "isSkipped": step["isSkipped"],
        "exceptionBehavior": step["exceptionBehavior"],
        **state.describe_latest_run(call.db, each.id),
    }


def _step_timestamp(moment: float) -> str:
    """Return a timestamp in the format of steps."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S.%f}+00:00"
