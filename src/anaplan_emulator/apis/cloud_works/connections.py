"""Connections: a bucket, dataset or container, and the right to it (facts 8.1)."""

import json
import sqlite3
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from anaplan_emulator import audit
from anaplan_emulator.apis.access import sees_workspace
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import (
    BODIES,
    Body,
    ConnectionPatch,
    ConnectionRequest,
    checked,
)
from anaplan_emulator.calls import Call
from anaplan_emulator.clock import zulu
from anaplan_emulator.engine.cloud_records import place_of
from anaplan_emulator.replies import ApiError

_SECRETS = {"accessKeyId", "secretAccessKey", "roleArn", "serviceAccountKey", "sasToken"}


def list_connections(call: Call) -> Response:
    """GET /integrations/connections."""
    rows = call.db.execute("SELECT * FROM cloud_connections ORDER BY key").fetchall()
    listed, meta = state.page(call, rows, lambda row: _describe(call.db, row), most=None)
    meta["schema"] = f"{state.SCHEMA}/connection"
    return state.success({"connections": listed, "meta": meta})


def create_connection(call: Call, request: ConnectionRequest) -> Response:
    """POST /integrations/connections: the credentials are tested."""
    public = _tested(call, request.type, request.body)
    _require_free_name(call, public["name"])
    now = zulu(call.world.clock.now())
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
    audit.record(call, "CONN-1", object_id=connection_id)
    return state.success({"connectionId": connection_id})


def replace_connection(call: Call, request: ConnectionRequest) -> Response:
    """PUT /integrations/connections/{id}: all of it, credentials included."""
    row = _find(call)
    if request.type != row["type"]:
        raise ApiError(400, "Invalid connection type")
    return _update(call, row, request.body)


def change_connection(call: Call, request: ConnectionPatch) -> Response:
    """PATCH /integrations/connections/{id}: documented as partial, but seen to need everything."""
    row = _find(call)
    if call.world.settings.quirks == "live" or _SECRETS & request.body.keys():
        return _update(call, row, request.body)
    body = json.loads(row["body"])
    body |= {key: value for key, value in request.body.items() if key in body}
    if not isinstance(body["name"], str) or not body["name"]:
        raise ApiError(400, "Invalid request body")
    _require_place(call, row["type"], body)
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
    audit.record(call, "CONN-3", object_id=row["id"])
    return state.success()


def _sides(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [*job["sources"], *job["targets"]]


def _update(call: Call, row: sqlite3.Row, body: dict[str, Any]) -> Response:
    return _write(call, row, _tested(call, row["type"], body), body.get("workspaceId"))


def _write(
    call: Call, row: sqlite3.Row, body: dict[str, Any], workspace_id: str | None
) -> Response:
    _require_free_name(call, body["name"], row["id"])
    call.db.execute(
        "UPDATE cloud_connections SET name = ?, body = ?, workspace_id = ?, modified_at = ?,"
        " modified_by = ? WHERE id = ?",
        (
            body["name"],
            json.dumps(body),
            workspace_id,
            zulu(call.world.clock.now()),
            call.user.id,
            row["id"],
        ),
    )
    audit.record(call, "CONN-2", object_id=row["id"])
    return state.success()


def _tested(call: Call, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """See that a body is whole and its credentials right; return what may be shown of it.

    Raises:
        ApiError: 400.
    """
    whole = checked(body, BODIES[kind])
    public = _public(kind, whole)
    _require_workspace(call, body.get("workspaceId"))
    described = call.world.tenant.cloud_works
    place = place_of(kind, public)
    store = described.store_of(place.type, place)
    given = whole.model_dump()
    known = [each for each in described.stores if each.type == kind]
    # Of a folder that nobody described, any credentials known to the cloud are good.
    candidates = [store] if store is not None else known
    if not any(each.accepts(given) for each in candidates):
        raise ApiError(400, "Credentials are invalid")
    _require_place(call, kind, public)
    return public


def _public(kind: str, whole: Body) -> dict[str, Any]:
    shown = {
        key: value
        for key, value in whole.model_dump().items()
        if key not in {*_SECRETS, "auth_method", "workspaceId"}
    }
    match kind:
        case "GoogleBigQuery":
            shown["projectId"] = whole.model_dump()["serviceAccountKey"]["project_id"]
        case "AzureBlob":
            shown["authMethod"] = whole.model_dump()["auth_method"] or "SAS-based"
    return shown


def _require_workspace(call: Call, workspace_id: object) -> None:
    if workspace_id is None:
        return
    if not isinstance(workspace_id, str) or not sees_workspace(call.db, call.user, workspace_id):
        raise ApiError(400, "User does not have access to the workspace")


def _require_place(call: Call, kind: str, public: dict[str, Any]) -> None:
    place = place_of(kind, public)
    if not call.world.clouds.has(place):
        what = {"AmazonS3": "bucket", "AzureBlob": "container"}.get(kind, "dataset")
        raise ApiError(400, f"The {what} does not exist or can't be accessed")


def _require_free_name(call: Call, name: str, own_id: str = "") -> None:
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
