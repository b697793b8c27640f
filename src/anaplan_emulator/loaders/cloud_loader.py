"""Writing the description of CloudWorks into the database."""

import json
import sqlite3
from datetime import datetime
from typing import Any

from anaplan_emulator.clock import zulu
from anaplan_emulator.engine.integration_records import insert_integration, insert_schedule
from anaplan_emulator.tenant.action_definitions import ACTION_PREFIXES
from anaplan_emulator.tenant.cloud_description import (
    CloudWorksDescription,
    IntegrationDescription,
    JobDescription,
)


def load_cloud_works(
    db: sqlite3.Connection,
    description: CloudWorksDescription,
    user_ids: dict[str, str],
    now: datetime,
) -> None:
    """Insert connections, integrations and flows, after users and models.

    Args:
        db: A transaction.
        description: The description.
        user_ids: Ids of users by e-mail address.
        now: The time at which everything is created.

    Raises:
        ValueError: The description refers to something that does not exist.
    """
    if unknown := description.owners() - user_ids.keys():
        raise ValueError(f"{min(unknown)!r} is not one of the users")
    for connection in description.connections:
        store = description.store_named(connection.store)
        owner = user_ids[connection.owner]
        db.execute(
            """
            INSERT INTO cloud_connections
                (id, type, name, body, created_at, created_by, modified_at, modified_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                connection.connection_id,
                store.type,
                connection.name,
                json.dumps({"name": connection.name, **store.public_body()}),
                zulu(now),
                owner,
                zulu(now),
                owner,
            ),
        )
    for integration in description.integrations:
        _load_integration(db, description, integration, user_ids[integration.owner], now)
    integration_ids = {each.name: each.integration_id for each in description.integrations}
    for flow in description.flows:
        insert_integration(
            db,
            integration_id=flow.flow_id,
            notification_id=flow.notification_id,
            kind="Flow",
            name=flow.name,
            version="2.0",
            workspace_id=None,
            model_id=None,
            process_id=None,
            nux_visible=False,
            parts=[
                {
                    "type": "Integration",
                    "referrer": integration_ids[name],
                    "dependsOn": [integration_ids[before]] if before else [],
                    "isSkipped": False,
                    "exceptionBehavior": [
                        {"type": "failure", "strategy": "stop"},
                        {"type": "partial_success", "strategy": "continue"},
                    ],
                    "createdAt": now.timestamp(),
                }
                for before, name in zip(("", *flow.steps), flow.steps, strict=False)
            ],
            user_id=user_ids[flow.owner],
            now=zulu(now),
        )
        if flow.schedule is not None:
            insert_schedule(db, flow.flow_id, flow.schedule, now)


def _load_integration(
    db: sqlite3.Connection,
    description: CloudWorksDescription,
    integration: IntegrationDescription,
    owner: str,
    now: datetime,
) -> None:
    model = db.execute(
        """
        SELECT models.key, models.id, models.workspace_id
        FROM models JOIN workspaces ON workspaces.id = models.workspace_id
        WHERE models.name = ? AND workspaces.name = ?
        """,
        (integration.model, integration.workspace),
    ).fetchone()
    if model is None:
        raise ValueError(f"{integration.name}: no model is called {integration.model!r}")
    jobs = [_job(db, description, model["key"], job) for job in integration.jobs]
    process = _action(db, model["key"], integration.process)["id"] if integration.process else None
    kind = "Process"
    if process is None:
        kind = "Import" if jobs[0]["type"].endswith("ToAnaplan") else "Export"
    insert_integration(
        db,
        integration_id=integration.integration_id,
        notification_id=integration.notification_id,
        kind=kind,
        name=integration.name,
        version="2.0",
        workspace_id=model["workspace_id"],
        model_id=model["id"],
        process_id=process,
        nux_visible=integration.nux_visible,
        parts=jobs,
        user_id=owner,
        now=zulu(now),
    )
    if integration.schedule is not None:
        insert_schedule(db, integration.integration_id, integration.schedule, now)


def _job(
    db: sqlite3.Connection, description: CloudWorksDescription, model: int, job: JobDescription
) -> dict[str, Any]:
    connection = next(each for each in description.connections if each.name == job.connection)
    kind = description.store_named(connection.store).type
    cloud: dict[str, Any] = {
        "type": kind,
        "connectionId": connection.connection_id,
        "table" if kind == "GoogleBigQuery" else "file": job.file,
    }
    action = _action(db, model, job.action)
    anaplan = {"type": "Anaplan", "actionId": action["id"]}
    if action["id"].startswith(ACTION_PREFIXES["export"]):
        target = cloud | {"overwrite": job.overwrite}
        return {"type": f"AnaplanTo{kind}", "sources": [anaplan], "targets": [target]}
    if not action["id"].startswith(ACTION_PREFIXES["import"]):
        raise ValueError(f"{job.action} is neither an import nor an export")
    file = db.execute(
        "SELECT id FROM files WHERE model = ? AND name = ?",
        (model, json.loads(action["definition"])["file"]),
    ).fetchone()
    if file is None:
        raise ValueError(f"{job.action} reads no file")
    target = anaplan | {"fileId": file["id"]}
    return {"type": f"{kind}ToAnaplan", "sources": [cloud], "targets": [target]}


def _action(db: sqlite3.Connection, model: int, name: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(
        "SELECT id, definition FROM actions WHERE model = ? AND name = ?", (model, name)
    ).fetchone()
    if row is None:
        raise ValueError(f"no action is called {name!r}")
    return row
