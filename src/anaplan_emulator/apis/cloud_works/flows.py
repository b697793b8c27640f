"""Integration flows: integrations one after another (facts 8.6)."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from anaplan_emulator import audit
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import FlowRequest, FlowRunRequest, checked, read
from anaplan_emulator.calls import Call
from anaplan_emulator.clock import zulu
from anaplan_emulator.engine import cloud_records
from anaplan_emulator.engine.cloud_records import Integration
from anaplan_emulator.replies import ApiError

FEWEST_STEPS = 2


def list_flows(call: Call) -> Response:
    """GET /integrationflows."""
    rows = state.own_only(call, cloud_records.integrations(call.db, flows=True))
    rows = state.sorted_by_name(call, rows)
    listed, meta = state.page(call, rows, lambda row: _describe(call, row))
    meta["schema"] = f"{state.SCHEMA}/integrationFlow"
    return state.success({"integrationFlows": listed, "meta": meta})


def create_flow(call: Call, request: FlowRequest) -> Response:
    """POST /integrationflows."""
    parts = _checked_steps(call, request, None)
    state.require_free_name(call, request.name)
    state.require_room(call)
    flow_id = uuid4().hex
    cloud_records.insert_integration(
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
        now=zulu(call.world.clock.now()),
    )
    audit.record(call, "INT-1", object_id=flow_id)
    return state.success({"integrationFlow": {"integrationFlowId": flow_id}})


def get_flow(call: Call) -> Response:
    """GET /integrationflows/{id}: with its steps."""
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
    parts = _checked_steps(call, request, flow)
    state.require_free_name(call, request.name, flow.id)
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
            zulu(call.world.clock.now()),
            call.user.id,
            flow.id,
        ),
    )
    audit.record(call, "INT-2", object_id=flow.id)
    return state.success()


def delete_flow(call: Call) -> Response:
    """DELETE /integrationflows/{id}."""
    flow = state.find_flow(call)
    state.delete_integration(call, flow)
    audit.record(call, "INT-3", object_id=flow.id)
    return state.success()


def run_flow(call: Call) -> Response:
    """POST /integrationflows/{id}/run: all steps, or some."""
    request = read(call, FlowRunRequest) if call.body.strip() else checked({}, FlowRunRequest)
    state.require_role(call)
    flow = state.find_flow(call)
    only = request.stepsToRun
    if only is not None and (not only or set(only) - {step["referrer"] for step in flow.parts}):
        raise ApiError(400, "Invalid value for stepsToRun")
    with call.world.store.transaction() as db:
        if cloud_records.unfinished_run(db, flow.id) is not None:
            raise ApiError(409, "Integration flow is already running")
        run_id = cloud_records.insert_run(
            db, flow.id, source="manual", user_id=call.user.id, now=call.world.clock.now()
        )
    call.world.cloud_works.start_flow(flow, run_id, "manual_inf", only)
    audit.record(call, "INT-4", object_id=flow.id)
    return state.success({"run": {"id": run_id}})


def _checked_steps(
    call: Call, request: FlowRequest, former: Integration | None
) -> list[dict[str, Any]]:
    """See that steps fit together, and return them as they are stored.

    Raises:
        ApiError: 400; 404 for an integration that isn't there.
    """
    if sum(not step.isSkipped for step in request.steps) < FEWEST_STEPS:
        raise ApiError(400, "Integration flow must have at least two enabled steps")
    now = call.world.clock.timestamp()
    created = {step["referrer"]: step["createdAt"] for step in former.parts} if former else {}
    earlier: set[str] = set()
    parts = []
    for step in request.steps:
        state.find_integration(call, step.referrer)
        if step.referrer in earlier:
            raise ApiError(400, "Invalid request body: an integration stands there twice")
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
        "createdDate": _spaced(step["createdAt"]),
        "modifiedDate": _spaced(step["createdAt"]),
        "modifiedBy": None,
        "modelId": each.model_id,
        "workspaceId": each.workspace_id,
        "dependsOn": step["dependsOn"],
        "isSkipped": step["isSkipped"],
        "exceptionBehavior": step["exceptionBehavior"],
        **state.describe_latest_run(call.db, each.id),
    }


def _spaced(moment: float) -> str:
    """Write a moment as the dates of steps are."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S.%f}+00:00"
