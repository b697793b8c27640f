"""Request bodies, and describing revisions, tasks and reports.

Source: docs/anaplan-behaviour.md#alm-api.
"""

import json
import sqlite3
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from anaplan_emulator.engine.alm_tasks import REPORTS
from anaplan_emulator.engine.file_contents import RETENTION_SECONDS
from anaplan_emulator.engine.revisions import Revision
from anaplan_emulator.engine.tasks import Task, TaskState

REPORT_PATHS = {
    "comparisonReportTasks": "comparisonReports",
    "summaryReportTasks": "summaryReports",
}
_MAX_TASKS = 20_000

Id = Annotated[str, Field(pattern=r"^[0-9A-F]{32}$")]


class OnlineStatus(BaseModel):
    """The body that changes the online status."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["online", "offline"]


class RevisionRequest(BaseModel):
    """The body that creates a revision."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    description: str | None = None


class AlmTaskBody(BaseModel):
    """The body that starts an ALM task."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source_revision_id: Id = Field(alias="sourceRevisionId")
    source_model_id: Id = Field(alias="sourceModelId")
    target_revision_id: Id = Field(alias="targetRevisionId")


def describe_revision(revision: Revision) -> dict[str, Any]:
    """Return a revision as JSON values."""
    body = {
        "id": revision.id,
        "name": revision.name,
        "createdOn": revision.created_on,
        "createdBy": revision.created_by,
        "creationMethod": revision.creation_method,
        "appliedOn": revision.applied_on,
        "appliedBy": revision.applied_by,
    }
    if revision.description:
        body["description"] = revision.description
    return body


def applied_between(
    revisions: list[Revision], after: date | None, before: date | None
) -> list[Revision]:
    """Return the revisions applied between two days, both included."""
    return [
        each
        for each in revisions
        if (after is None or each.applied_on[:10] >= after.isoformat())
        and (before is None or each.applied_on[:10] <= before.isoformat())
    ]


def applied_to_models(db: sqlite3.Connection, revision: Revision) -> list[dict[str, Any]]:
    """Return the models that have a revision, beginning with that in which it was created."""
    rows = db.execute(
        """
        SELECT applied_revisions.*, models.id AS model_id, models.name, models.workspace_id
        FROM applied_revisions LEFT JOIN models ON models.key = applied_revisions.model
        WHERE revision = ? ORDER BY applied_revisions.key
        """,
        (revision.key,),
    )
    models = []
    for row in rows:
        body = {
            "appliedBy": row["applied_by"],
            "appliedOn": row["applied_on"],
            "appliedMethod": row["method"],
        }
        if row["model_id"] is None:
            body["modelDeleted"] = True
        else:
            body |= {
                "modelId": row["model_id"],
                "modelName": row["name"],
                "workspaceId": row["workspace_id"],
            }
        models.append(body)
    return models


def set_offline(db: sqlite3.Connection, model: int, *, offline: bool) -> None:
    """Set whether a model is offline."""
    db.execute("UPDATE models SET offline = ? WHERE key = ?", (offline, model))


def recent_tasks(tasks: list[Task], now: float) -> list[Task]:
    """Return the tasks that are still listed, newest first."""
    recent = [task for task in tasks if now - task.created_at / 1000 <= RETENTION_SECONDS]
    return recent[::-1][:_MAX_TASKS]


def describe_started(task: Task, url: str) -> dict[str, Any]:
    """Return a task as JSON values, as in listings and after its start."""
    return {
        "taskId": task.id,
        "taskUrl": url,
        "taskState": task.state.value,
        "creationTime": task.created_at,
    }


def describe_task(task: Task, report_url: str | None) -> dict[str, Any]:
    """Return a task as JSON values, as for polls."""
    body: dict[str, Any] = {
        "taskId": task.id,
        "currentStep": task.step,
        "taskState": task.state.value,
        "creationTime": task.created_at,
    }
    if task.state is TaskState.COMPLETE and task.result is not None:
        result = dict(task.result)
        if result["successful"] and report_url is not None:
            result["reportFileUrl"] = report_url
        body["result"] = result
    return body


def read_report(
    db: sqlite3.Connection, model: int, kind: str, target: str, source: str, now: float
) -> str | None:
    """Return a report, which expires 48 hours after it was last read."""
    row = db.execute(
        "SELECT key, body, used_at FROM revision_reports"
        " WHERE model = ? AND kind = ? AND target_revision = ? AND source_revision = ?",
        (model, REPORTS[kind], target, source),
    ).fetchone()
    if row is None or now - row["used_at"] > RETENTION_SECONDS:
        return None
    db.execute("UPDATE revision_reports SET used_at = ? WHERE key = ?", (now, row["key"]))
    return str(row["body"])


def summary_report(body: str, target: str, source: str) -> dict[str, Any]:
    """Return a summary report as JSON values."""
    return {"targetRevisionId": target, "sourceRevisionId": source, **json.loads(body)}
