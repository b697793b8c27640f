"""Integrations, their schedules and their runs, as they are stored."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from anaplan_emulator.clock import zulu
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.store.records import read_record
from anaplan_emulator.tenant.cloud_description import CloudLocation
from anaplan_emulator.tenant.schedules import Schedule


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration, or a flow of integrations."""

    key: int
    id: str
    type: str
    name: str
    version: str
    workspace_id: str | None
    model_id: str | None
    process_id: str | None
    nux_visible: bool
    parts: list[dict[str, Any]]
    created_at: str
    created_by: str
    modified_at: str
    modified_by: str

    @property
    def is_flow(self) -> bool:
        """Whether it is an integration flow."""
        return self.type == "Flow"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run of an integration or flow."""

    key: int
    id: str
    integration_id: str
    trace_id: str
    state: str
    trigger_source: str
    triggered_by: str
    flow_id: str | None
    created_at: str
    started_at: str
    ended_at: str | None
    success: bool | None
    message: str
    error_code: int | None
    task_id: str | None
    errors: list[dict[str, Any]]


def epoch_seconds(timestamp: str) -> int:
    """Return the whole seconds since the epoch of a CloudWorks timestamp."""
    return int(datetime.fromisoformat(timestamp).timestamp())


def integrations(db: sqlite3.Connection, *, flows: bool) -> list[Integration]:
    """Read all integrations, or all flows, oldest first."""
    rows = db.execute(
        "SELECT * FROM cloud_integrations WHERE (type = 'Flow') = ? ORDER BY key", (flows,)
    )
    return [read_record(Integration, row, parts=json.loads(row["parts"])) for row in rows]


def integration_by_id(db: sqlite3.Connection, integration_id: str) -> Integration | None:
    """Find an integration or a flow by id."""
    row = db.execute("SELECT * FROM cloud_integrations WHERE id = ?", (integration_id,)).fetchone()
    return read_record(Integration, row, parts=json.loads(row["parts"])) if row else None


def insert_integration(
    db: sqlite3.Connection,
    *,
    integration_id: str,
    kind: str,
    name: str,
    version: str,
    workspace_id: str | None,
    model_id: str | None,
    process_id: str | None,
    nux_visible: bool,
    parts: list[dict[str, Any]],
    user_id: str,
    now: str,
    notification_id: str = "",
) -> None:
    """Insert an integration or flow, with its initial notification.

    The notification's id is derived from that of the integration if it is not given.

    Source: docs/anaplan-behaviour.md#integrations.
    """
    db.execute(
        """
        INSERT INTO cloud_integrations (id, type, name, version, workspace_id, model_id, process_id,
            nux_visible, parts, created_at, created_by, modified_at, modified_by)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            integration_id,
            kind,
            name,
            version,
            workspace_id,
            model_id,
            process_id,
            nux_visible,
            json.dumps(parts),
            now,
            user_id,
            now,
            user_id,
        ),
    )
    config = [
        {"type": kind, "users": [user_id]}
        for kind in ("success", "partial_failure", "full_failure")
    ]
    db.execute(
        "INSERT INTO cloud_notifications (id, integration_id, channels, config)"
        " VALUES (?, ?, ?, ?)",
        (
            notification_id or lower_hex("notification", integration_id),
            integration_id,
            json.dumps(["email", "in_app"]),
            json.dumps(config),
        ),
    )


def connection_location(db: sqlite3.Connection, connection_id: str) -> CloudLocation | None:
    """Return the location of a connection, if the connection exists."""
    row = db.execute(
        "SELECT type, body FROM cloud_connections WHERE id = ?", (connection_id,)
    ).fetchone()
    return location_of(row["type"], json.loads(row["body"])) if row else None


def location_of(kind: Any, body: dict[str, Any]) -> CloudLocation:
    """Return the location that a connection's body refers to."""
    match kind:
        case "AmazonS3":
            return CloudLocation(kind, (body["bucketName"],))
        case "AzureBlob":
            return CloudLocation(kind, (body["storageAccountName"], body["containerName"]))
        case _:
            return CloudLocation("GoogleBigQuery", (body["projectId"], body["dataset"]))


def insert_schedule(
    db: sqlite3.Connection, integration_id: str, schedule: Schedule, now: datetime
) -> None:
    """Insert or replace the schedule of an integration; it is enabled from now on."""
    due = schedule.due_after(now)
    db.execute(
        "INSERT OR REPLACE INTO cloud_schedules (integration_id, definition, enabled, next_at)"
        " VALUES (?, ?, 1, ?)",
        (
            integration_id,
            schedule.model_dump_json(exclude_none=True),
            due.timestamp() if due else None,
        ),
    )


def insert_run(
    db: sqlite3.Connection,
    integration_id: str,
    *,
    source: str,
    user_id: str,
    now: datetime,
    flow_id: str | None = None,
) -> str:
    """Queue a run and return its id. After the commit it must be given to the runner."""
    run_id = uuid4().hex
    db.execute(
        """
        INSERT INTO cloud_runs (id, integration_id, trace_id, state, trigger_source, triggered_by,
            flow_id, created_at, started_at, message)
        VALUES (?, ?, ?, 'QUEUED', ?, ?, ?, ?, ?, '')
        """,
        (run_id, integration_id, uuid4().hex, source, user_id, flow_id, zulu(now), zulu(now)),
    )
    return run_id


def run_by_id(db: sqlite3.Connection, run_id: str) -> RunRecord | None:
    """Find a run by id."""
    row = db.execute("SELECT * FROM cloud_runs WHERE id = ?", (run_id,)).fetchone()
    return _read_run(row) if row else None


def runs_of(db: sqlite3.Connection, integration_id: str) -> list[RunRecord]:
    """Read all runs of an integration or flow, latest first."""
    rows = db.execute(
        "SELECT * FROM cloud_runs WHERE integration_id = ? ORDER BY key DESC", (integration_id,)
    )
    return [_read_run(row) for row in rows]


def latest_run(db: sqlite3.Connection, integration_id: str) -> RunRecord | None:
    """Find the latest run of an integration or flow."""
    row = db.execute(
        "SELECT * FROM cloud_runs WHERE integration_id = ? ORDER BY key DESC LIMIT 1",
        (integration_id,),
    ).fetchone()
    return _read_run(row) if row else None


def unfinished_run(db: sqlite3.Connection, integration_id: str) -> RunRecord | None:
    """Find the queued or running run of an integration or flow."""
    row = db.execute(
        "SELECT * FROM cloud_runs WHERE integration_id = ? AND state <> 'ENDED' ORDER BY key",
        (integration_id,),
    ).fetchone()
    return _read_run(row) if row else None


def _read_run(row: sqlite3.Row) -> RunRecord:
    return read_record(RunRecord, row, errors=json.loads(row["errors"]))
