"""Notifications about runs. The emulator stores them but does not send any.

Source: docs/anaplan-behaviour.md#notifications.
"""

import json
import sqlite3
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.cloud_works import state
from anaplan_emulator.apis.cloud_works.requests import NotificationRequest
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.store.users import user_by_id


def create_notification(call: Call, request: NotificationRequest) -> Response:
    """POST /integrations/notification, for an integration whose notification was deleted."""
    each = state.find_integration_or_flow(call, request.integrationIds[0])
    if state.notification_id(call.db, each.id):
        raise ApiError(400, "Duplicate resource name not allowed")
    notification_id = uuid4().hex
    call.db.execute(
        "INSERT INTO cloud_notifications (id, integration_id, channels, config)"
        " VALUES (?, ?, ?, ?)",
        (notification_id, each.id, *_columns(call, request)),
    )
    # Sources disagree about the place of the id (docs/anaplan-behaviour.md#notifications).
    created = {"notificationId": notification_id}
    return state.success(created | {"notification": created})


def get_notification(call: Call) -> Response:
    """GET /integrations/notification/{id}."""
    row = _find(call)
    config = [
        {"type": rule["type"], "users": [_describe_user(call.db, each) for each in rule["users"]]}
        for rule in json.loads(row["config"])
    ]
    body = {
        "notificationId": row["id"],
        "integrationIds": [row["integration_id"]],
        "channels": json.loads(row["channels"]),
        "notifications": {"config": config},
    }
    return state.success({"notifications": body}, kind="notification")


def replace_notification(call: Call, request: NotificationRequest) -> Response:
    """PUT /integrations/notification/{id}."""
    row = _find(call)
    if request.integrationIds != [row["integration_id"]]:
        raise ApiError(400, "Invalid value for integrationIds")
    call.db.execute(
        "UPDATE cloud_notifications SET channels = ?, config = ? WHERE id = ?",
        (*_columns(call, request), row["id"]),
    )
    return state.success()


def delete_notification(call: Call) -> Response:
    """DELETE /integrations/notification/{id}."""
    call.db.execute("DELETE FROM cloud_notifications WHERE id = ?", (_find(call)["id"],))
    return state.success()


def _columns(call: Call, request: NotificationRequest) -> tuple[str, str]:
    config = [rule.model_dump() for rule in request.notifications.config]
    kinds = [rule["type"] for rule in config]
    if len(set(kinds)) < len(kinds):
        raise ApiError(400, "Invalid request body: a type is used twice")
    for rule in config:
        if any(user_by_id(call.db, user) is None for user in rule["users"]):
            raise ApiError(400, "Invalid request body: a user is unknown")
    return json.dumps(request.channels), json.dumps(config)


def _find(call: Call) -> sqlite3.Row:
    row: sqlite3.Row | None = call.db.execute(
        "SELECT * FROM cloud_notifications WHERE id = ?", (call.path["notificationId"],)
    ).fetchone()
    if row is None:
        raise ApiError(404, "Resource not found")
    return row


def _describe_user(db: sqlite3.Connection, user_id: str) -> dict[str, Any]:
    user = user_by_id(db, user_id)
    return {
        "userGuid": user_id,
        "firstName": user.first_name if user else "",
        "lastName": user.last_name if user else "",
    }
