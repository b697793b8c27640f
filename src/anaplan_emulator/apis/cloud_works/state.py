"""Permissions, lookups, paging and common members of CloudWorks.

Source: docs/anaplan-behaviour.md#cloudworks-api.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.responses import JSONResponse

from anaplan_emulator.apis.calls import Call, integer_parameter
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.engine import integration_records
from anaplan_emulator.engine.integration_records import Integration
from anaplan_emulator.store.users import tenant_roles, user_by_id
from anaplan_emulator.tenant.schedules import Schedule

ROLES = frozenset({"integration_admin", "integration_user"})
PAGE_SIZE = 25
"""Default page size of listings."""
SCHEMA = "https://api.anaplan.com/cloudworks/1/0/objects"

Row = TypeVar("Row")


def require_role(call: Call) -> None:
    """Check that the user may use CloudWorks.

    Raises:
        ApiError: 403, the user has no role.
    """
    if not ROLES & tenant_roles(call.db, call.user):
        raise ApiError(403, "Not Authorized")


def require_entitlement(call: Call) -> None:
    """Check that the tenant may use schedules and dumps.

    Raises:
        ApiError: 452, it may not.
    """
    if not call.tenant.description.cloud_works.entitled:
        raise ApiError(452, "Tenant not entitled")


def find_integration(call: Call, integration_id: str | None = None) -> Integration:
    """Return the integration in the path, or the one with an id.

    Raises:
        ApiError: 404, there is no such integration.
    """
    found = _find(call, integration_id or call.path["integrationId"])
    if found is None or found.is_flow:
        raise ApiError(404, "Resource not found")
    return found


def find_flow(call: Call) -> Integration:
    """Return the flow in the path.

    Raises:
        ApiError: 404, there is no such flow.
    """
    found = _find(call, call.path["integrationFlowId"])
    if found is None or not found.is_flow:
        raise ApiError(404, "Resource not found")
    return found


def find_integration_or_flow(call: Call, integration_id: str) -> Integration:
    """Return an integration or flow, as both have schedules, runs and notifications.

    Raises:
        ApiError: 404, there is neither.
    """
    found = _find(call, integration_id)
    if found is None:
        raise ApiError(404, "Resource not found")
    return found


def _find(call: Call, integration_id: str) -> Integration | None:
    return integration_records.integration_by_id(call.db, integration_id)


def full_name(db: sqlite3.Connection, user_id: str) -> str:
    """Return the full name of a user, or "" if unknown."""
    user = user_by_id(db, user_id)
    return f"{user.first_name} {user.last_name}" if user else ""


def authorship(db: sqlite3.Connection, each: Integration) -> dict[str, str]:
    """Return the members about creation and last change."""
    return {
        "createdBy": full_name(db, each.created_by),
        "creationDate": each.created_at,
        "modifiedBy": full_name(db, each.modified_by),
        "modificationDate": each.modified_at,
    }


def describe_latest_run(db: sqlite3.Connection, integration_id: str) -> dict[str, Any]:
    """Return the member about the last run, which is an empty object if there is none."""
    run = integration_records.latest_run(db, integration_id)
    if run is None:
        return {"latestRun": {}}
    return {
        "latestRun": {
            "triggeredBy": full_name(db, run.triggered_by),
            "startDate": run.started_at,
            "endDate": run.ended_at,
            "success": run.success,
            "message": run.message,
            "executionErrorCode": run.error_code,
            "triggerSource": run.trigger_source,
        }
    }


def describe_schedule(db: sqlite3.Connection, integration_id: str) -> dict[str, Any]:
    """Return the member about the schedule, if there is one."""
    row = db.execute(
        "SELECT * FROM cloud_schedules WHERE integration_id = ?", (integration_id,)
    ).fetchone()
    if row is None:
        return {}
    body = json.loads(row["definition"])
    body["status"] = "Active" if row["enabled"] else "Inactive"
    if row["enabled"] and row["next_at"] is not None:
        body["nextScheduleDate"] = Schedule.model_validate(body).local_date(row["next_at"])
    return {"schedule": body}


def notification_id(db: sqlite3.Connection, integration_id: str) -> dict[str, str]:
    """Return the member about the notification, unless that was deleted."""
    row = db.execute(
        "SELECT id FROM cloud_notifications WHERE integration_id = ?", (integration_id,)
    ).fetchone()
    return {"notificationId": row["id"]} if row else {}


def require_unused_name(call: Call, name: str, own_id: str = "") -> None:
    """Check that no other integration or flow has a name.

    Raises:
        ApiError: 400 as observed or 500 as documented.
    """
    row = call.db.execute(
        "SELECT id FROM cloud_integrations WHERE name = ? AND id <> ?", (name, own_id)
    ).fetchone()
    if row is not None:
        raise duplicate(call)


def duplicate(call: Call) -> ApiError:
    """Return the error for a name that is in use."""
    return ApiError(400 if call.is_live else 500, "Duplicate resource name not allowed")


def count(db: sqlite3.Connection) -> int:
    """Count integrations and flows."""
    return int(db.execute("SELECT count(*) FROM cloud_integrations").fetchone()[0])


def require_below_limit(call: Call) -> None:
    """Check that the tenant may have another integration or flow.

    Raises:
        ApiError: 409, it may not.
    """
    limit = call.tenant.settings.integration_limit
    if count(call.db) >= limit:
        raise ApiError(409, f"The number of integrations exceeds {limit}")


def delete_integration(call: Call, each: Integration) -> None:
    """Delete an integration or flow with its schedule, notification and runs.

    Raises:
        ApiError: 409 as observed or 500 as documented, it is running.
    """
    if integration_records.unfinished_run(call.db, each.id) is not None:
        raise ApiError(409 if call.is_live else 500, "A running integration cannot be deleted")
    call.db.execute("DELETE FROM cloud_integrations WHERE id = ?", (each.id,))
    call.tenant.integration_runner.schedules_changed()


def success(payload: Mapping[str, Any] | None = None, *, kind: str | None = None) -> JSONResponse:
    """Return a successful response."""
    meta = {"meta": {"schema": f"{SCHEMA}/{kind}"}} if kind else {}
    return JSONResponse({"status": {"code": 200, "message": "Success"}, **(payload or {}), **meta})


def page(
    call: Call,
    rows: Sequence[Row],
    describe: Callable[[Row], Any],
    *,
    default_limit: int | None = PAGE_SIZE,
) -> tuple[list[Any], dict[str, Any]]:
    """Return a page of rows and the object `meta`.

    Raises:
        ApiError: 400, a parameter is not valid.
    """
    offset = _number(call, "offset", 0, minimum=0)
    limit = _number(
        call, "limit", len(rows) or 1 if default_limit is None else default_limit, minimum=1
    )
    page_rows = rows[offset : offset + limit]
    paging = {"currentPageSize": len(page_rows), "totalSize": len(rows), "offset": offset}
    return [describe(row) for row in page_rows], {"paging": paging}


def filter_own(call: Call, rows: Sequence[Integration]) -> list[Integration]:
    """Return all rows, or those that the user created with `myIntegrations`.

    Raises:
        ApiError: 400, the parameter is not valid.
    """
    value = call.query.get("myIntegrations", "0")
    if value not in ("0", "1"):
        raise ApiError(400, "Invalid value for myIntegrations")
    return [row for row in rows if value == "0" or row.created_by == call.user.id]


def sorted_by_name(call: Call, rows: Sequence[Integration]) -> list[Integration]:
    """Return rows sorted by `sortBy`.

    Raises:
        ApiError: 400, the parameter is not valid.
    """
    value = call.query.get("sortBy")
    if value is None:
        return list(rows)
    if value not in ("name", "-name"):
        raise ApiError(400, "Invalid value for sortBy")
    return sorted(rows, key=lambda row: row.name.lower(), reverse=value[0] == "-")


def _number(call: Call, name: str, default: int, *, minimum: int) -> int:
    error = ApiError(400, f"Invalid value for {name}")
    number = integer_parameter(call.query.get(name), error, minimum=minimum)
    return default if number is None else number
