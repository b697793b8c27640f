"""What all of CloudWorks shares: roles, finding things, and how records are written (facts 8)."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.responses import JSONResponse

from anaplan_emulator.calls import Call, whole_number
from anaplan_emulator.engine import cloud_records
from anaplan_emulator.engine.cloud_records import Integration
from anaplan_emulator.engine.schedules import Schedule
from anaplan_emulator.replies import ApiError
from anaplan_emulator.store.users import tenant_roles, user_by_id

ROLES = frozenset({"integration_admin", "integration_user"})
PAGE = 25
"""Default page of the listings."""
SCHEMA = "https://api.anaplan.com/cloudworks/1/0/objects"

Row = TypeVar("Row")


def require_role(call: Call) -> None:
    """See that the caller may use CloudWorks.

    Raises:
        ApiError: 403.
    """
    if not ROLES & tenant_roles(call.db, call.user):
        raise ApiError(403, "Not Authorized")


def require_entitlement(call: Call) -> None:
    """See that the tenant may have schedules and dumps.

    Raises:
        ApiError: 452.
    """
    if not call.world.tenant.cloud_works.entitled:
        raise ApiError(452, "Tenant not entitled")


def find_integration(call: Call, integration_id: str | None = None) -> Integration:
    """Find the integration in the path, or another.

    Raises:
        ApiError: 404.
    """
    found = _find(call, integration_id or call.path["integrationId"])
    if found is None or found.is_flow:
        raise ApiError(404, "Resource not found")
    return found


def find_flow(call: Call) -> Integration:
    """Find the flow in the path.

    Raises:
        ApiError: 404.
    """
    found = _find(call, call.path["integrationFlowId"])
    if found is None or not found.is_flow:
        raise ApiError(404, "Resource not found")
    return found


def find_either(call: Call, integration_id: str) -> Integration:
    """Find an integration or a flow: they share schedules, runs and notifications.

    Raises:
        ApiError: 404.
    """
    found = _find(call, integration_id)
    if found is None:
        raise ApiError(404, "Resource not found")
    return found


def _find(call: Call, integration_id: str) -> Integration | None:
    return cloud_records.integration_by_id(call.db, integration_id)


def full_name(db: sqlite3.Connection, user_id: str) -> str:
    """Write who did something."""
    user = user_by_id(db, user_id)
    return f"{user.first_name} {user.last_name}" if user else ""


def authorship(db: sqlite3.Connection, each: Integration) -> dict[str, str]:
    """Write who made and changed something, and when."""
    return {
        "createdBy": full_name(db, each.created_by),
        "creationDate": each.created_at,
        "modifiedBy": full_name(db, each.modified_by),
        "modificationDate": each.modified_at,
    }


def describe_latest_run(db: sqlite3.Connection, integration_id: str) -> dict[str, Any]:
    """Write the last run into a record; nothing where there is none."""
    run = cloud_records.latest_run(db, integration_id)
    if run is None:
        return {}
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
    """Write the schedule into a record; nothing where there is none."""
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
    """Write the id of the notification into a record; nothing where it was deleted."""
    row = db.execute(
        "SELECT id FROM cloud_notifications WHERE integration_id = ?", (integration_id,)
    ).fetchone()
    return {"notificationId": row["id"]} if row else {}


def require_free_name(call: Call, name: str, own_id: str = "") -> None:
    """See that no other integration or flow has a name.

    Raises:
        ApiError: 400; 500 as the documentation has it.
    """
    row = call.db.execute(
        "SELECT id FROM cloud_integrations WHERE name = ? AND id <> ?", (name, own_id)
    ).fetchone()
    if row is not None:
        raise duplicate(call)


def duplicate(call: Call) -> ApiError:
    """Make the error for a name that is taken."""
    live = call.world.settings.quirks == "live"
    return ApiError(400 if live else 500, "Duplicate resource name not allowed")


def count(db: sqlite3.Connection) -> int:
    """Count integrations and flows."""
    return int(db.execute("SELECT count(*) FROM cloud_integrations").fetchone()[0])


def require_room(call: Call) -> None:
    """See that the tenant may have one more.

    Raises:
        ApiError: 409.
    """
    limit = call.world.settings.integration_limit
    if count(call.db) >= limit:
        raise ApiError(409, f"The number of integrations exceeds {limit}")


def delete_integration(call: Call, each: Integration) -> None:
    """Delete an integration or flow with its schedule, notification and runs.

    Raises:
        ApiError: 409 while it runs; 500 as the documentation has it.
    """
    if cloud_records.unfinished_run(call.db, each.id) is not None:
        live = call.world.settings.quirks == "live"
        raise ApiError(409 if live else 500, "A running integration can't be deleted")
    call.db.execute("DELETE FROM cloud_integrations WHERE id = ?", (each.id,))
    call.world.cloud_works.schedules_changed()


def success(payload: Mapping[str, Any] | None = None, *, kind: str | None = None) -> JSONResponse:
    """Answer that it is done."""
    meta = {"meta": {"schema": f"{SCHEMA}/{kind}"}} if kind else {}
    return JSONResponse({"status": {"code": 200, "message": "Success"}, **(payload or {}), **meta})


def page(
    call: Call, rows: Sequence[Row], describe: Callable[[Row], Any], *, most: int | None = PAGE
) -> tuple[list[Any], dict[str, Any]]:
    """Cut a page out of rows: the page, and what `meta` says of it.

    Raises:
        ApiError: 400.
    """
    offset = _number(call, "offset", 0, least=0)
    limit = _number(call, "limit", len(rows) or 1 if most is None else most, least=1)
    chosen = rows[offset : offset + limit]
    paging = {"currentPageSize": len(chosen), "totalSize": len(rows), "offset": offset}
    return [describe(row) for row in chosen], {"paging": paging}


def own_only(call: Call, rows: Sequence[Integration]) -> list[Integration]:
    """Leave out what others made, where that is asked for.

    Raises:
        ApiError: 400.
    """
    asked = call.query.get("myIntegrations", "0")
    if asked not in ("0", "1"):
        raise ApiError(400, "Invalid value for myIntegrations")
    return [row for row in rows if asked == "0" or row.created_by == call.user.id]


def sorted_by_name(call: Call, rows: Sequence[Integration]) -> list[Integration]:
    """Sort as `sortBy` asks.

    Raises:
        ApiError: 400.
    """
    asked = call.query.get("sortBy")
    if asked is None:
        return list(rows)
    if asked not in ("name", "-name"):
        raise ApiError(400, "Invalid value for sortBy")
    return sorted(rows, key=lambda row: row.name.lower(), reverse=asked[0] == "-")


def _number(call: Call, name: str, default: int, *, least: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    number = whole_number(text)
    if number is None or number < least:
        raise ApiError(400, f"Invalid value for {name}")
    return number
