"""Connections to buckets, datasets and containers (docs/anaplan-behaviour.md#connections)."""

import json
import sqlite3
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from anaplan_emulator.apis.access import can_see_workspace
from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import (
    BODIES,
    Body,
    ConnectionChange,
    ConnectionRequest,
    validate,
)
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.clock import zulu
from anaplan_emulator.engine.integration_records import location_of

_SECRETS = {"accessKeyId", "secretAccessKey", "roleArn", "serviceAccountKey", "sasToken"}


def list_connections(call: Call) -> Response:
    """GET /integrations/connections."""
    rows = call.db.execute("SELECT * FROM cloud_connections ORDER BY key").fetchall()
    listed, meta = state.page(call, rows, lambda row: _describe(call.db, row), default_limit=None)
    meta["schema"] = f"{state.SCHEMA}/connection"
    return state.success({"connections": listed, "meta": meta})


def create_connection(call: Call, request: ConnectionRequest) -> Response:
    """POST /integrations/connections, which tests the credentials."""
    public = _validated(call, request.type, request.body)
    _require_unused_name(call, public["name"])
    now = zulu(call.tenant.clock.now())
    connection_id = uuid4().hex
    call.db.execute(
        """
        INSERT INTO cloud_connections
            (id, type, name, body, workspace_id, created_at, created_by, modified_at, modified_by)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            connection_id,
            request.type,
            public["name"],
            json.dumps(public),
            request.body.get("workspaceId"),
            now,
            call.user.id,
            now,
            call.user.id,
        ),
    )
    call.audit.record("CONN-1", object_id=connection_id)
    # The guide nests the id (docs/anaplan-behaviour.md#connections).
    created = {"connectionId": connection_id}
    return state.success(created | {"connections": created})


def replace_connection(call: Call, request: ConnectionChange) -> Response:
    """PUT /integrations/connections/{id}, with all members including credentials."""
    row = _find(call)
    if request.type not in (None, row["type"]):
        raise ApiError(400, "Invalid connection type")
    return _update(call, row, request.body)


def change_connection(call: Call, request: ConnectionChange) -> Response:
    """PATCH /integrations/connections/{id}. New credentials are tested, and must be complete."""
    row = _find(call)
    body = json.loads(row["body"])
    if _SECRETS & request.body.keys():
        stored = {"workspaceId": row["workspace_id"], **body}
        return _update(call, row, stored | request.body)
    body |= {key: value for key, value in request.body.items() if key in body}
    if not isinstance(body["name"], str) or not body["name"]:
        raise ApiError(400, "Invalid request body")
    _require_location(call, row["type"], body)
    workspace_id = request.body.get("workspaceId", row["workspace_id"])
    _require_workspace(call, workspace_id)
    return _write(call, row, body, workspace_id)


def delete_connection(call: Call) -> Response:
    """DELETE /integrations/connections/{id}."""
    row = _find(call)
    for used in call.db.execute("SELECT parts FROM cloud_integrations WHERE type <> 'Flow'"):
        sides = [side for job in json.loads(used["parts"]) for side in _sides(job)]
        if any(side.get("connectionId") == row["id"] for side in sides):
            raise ApiError(409, "The resource is being referenced")
    call.db.execute("DELETE FROM cloud_connections WHERE id = ?", (row["id"],))
    call.audit.record("CONN-3", object_id=row["id"])
    return state.success()


def _sides(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [*job["sources"], *job["targets"]]


def _update(call: Call, row: sqlite3.Row, body: dict[str, Any]) -> Response:
    return _write(call, row, _validated(call, row["type"], body), body.get("workspaceId"))


def _write(
    call: Call, row: sqlite3.Row, body: dict[str, Any], workspace_id: str | None
) -> Response:
    _require_unused_name(call, body["name"], row["id"])
    call.db.execute(
        "UPDATE cloud_connections SET name = ?, body = ?, workspace_id = ?, modified_at = ?,"
        " modified_by = ? WHERE id = ?",
        (
            body["name"],
            json.dumps(body),
            workspace_id,
            zulu(call.tenant.clock.now()),
            call.user.id,
            row["id"],
        ),
    )
    call.audit.record("CONN-2", object_id=row["id"])
    return state.success()


def _validated(call: Call, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Check that a body is complete and its credentials valid, and return its public members.

    Raises:
        ApiError: 400, the body, credentials or location are not valid.
    """
    connection = validate(body, BODIES[kind])
    public = _public(kind, connection)
    _require_workspace(call, body.get("workspaceId"))
    description = call.tenant.description.cloud_works
    store = description.store_at(location_of(kind, public))
    same_type = [each for each in description.stores if each.type == kind]
    # For a folder that is not described, all credentials of the same type are valid.
    candidates = [store] if store is not None else same_type
    if not any(each.accepts(connection.model_dump()) for each in candidates):
        raise ApiError(400, "Credentials are invalid")
    _require_location(call, kind, public)
    return public


def _public(kind: str, connection: Body) -> dict[str, Any]:
    public = {
        key: value
        for key, value in connection.model_dump().items()
        if key not in {*_SECRETS, "auth_method", "workspaceId"}
    }
    match kind:
        case "GoogleBigQuery":
            public["projectId"] = connection.model_dump()["serviceAccountKey"]["project_id"]
        case "AzureBlob":
            public["authMethod"] = connection.model_dump()["auth_method"] or "SAS-based"
    return public


def _require_workspace(call: Call, workspace_id: object) -> None:
    if workspace_id is None:
        return
    if not isinstance(workspace_id, str) or not can_see_workspace(call.db, call.user, workspace_id):
        raise ApiError(400, "User does not have access to the workspace")


def _require_location(call: Call, kind: str, public: dict[str, Any]) -> None:
    if not call.tenant.cloud_storage.exists(location_of(kind, public)):
        name = {"AmazonS3": "bucket", "AzureBlob": "container"}.get(kind, "dataset")
        raise ApiError(400, f"The {name} does not exist or cannot be accessed")


def _require_unused_name(call: Call, name: str, own_id: str = "") -> None:
    row = call.db.execute(
        "SELECT id FROM cloud_connections WHERE name = ? AND id <> ?", (name, own_id)
    ).fetchone()
    if row is not None:
        raise state.duplicate(call)


def _find(call: Call) -> sqlite3.Row:
    row: sqlite3.Row | None = call.db.execute(
        "SELECT * FROM cloud_connections WHERE id = ?", (call.path["connectionId"],)
    ).fetchone()
    if row is None:
        raise ApiError(404, "Invalid connection id")
    return row


def _describe(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    body = json.loads(row["body"])
    return {
        "connectionId": row["id"],
        "connectionType": row["type"],
        "body": body,
        "creationDate": row["created_at"],
        "modificationDate": row["modified_at"],
        "createdBy": state.full_name(db, row["created_by"]),
        "modifiedBy": state.full_name(db, row["modified_by"]),
        "status": 1,
        "integrationErrorCode": None,
        "workspaceId": row["workspace_id"],
        "authMethod": body.get("authMethod"),
    }
