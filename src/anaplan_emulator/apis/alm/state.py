"""Revisions, tasks and reports as the ALM API shows them, and its rules (facts 5)."""

import json
import sqlite3
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from anaplan_emulator.engine.lifecycle import REPORTS
from anaplan_emulator.engine.revisions import Revision
from anaplan_emulator.engine.tasks import Task, TaskState

REPORT_PATHS = {
    "comparisonReportTasks": "comparisonReports",
    "summaryReportTasks": "summaryReports",
}
_KEPT_SECONDS = 48 * 3600
_MOST_TASKS = 20_000

Id = Annotated[str, Field(pattern=r"^[0-9A-F]{32}$")]


class OnlineStatus(BaseModel):
    """The body that takes a model offline, or online."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["online", "offline"]


class RevisionOrder(BaseModel):
    """The body that makes a revision."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    description: str | None = None


class ThreeIds(BaseModel):
    """The body of every ALM task."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source_revision_id: Id = Field(alias="sourceRevisionId")
    source_model_id: Id = Field(alias="sourceModelId")
    target_revision_id: Id = Field(alias="targetRevisionId")


def describe_revision(revision: Revision) -> dict[str, Any]:
    """Write a revision."""
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
    """Choose revisions by the day they were applied on; both days count."""
    return [
        each
        for each in revisions
        if (after is None or each.applied_on[:10] >= after.isoformat())
        and (before is None or each.applied_on[:10] <= before.isoformat())
    ]


def applied_to_models(db: sqlite3.Connection, revision: Revision) -> list[dict[str, Any]]:
    """Tell which models have a revision, beginning with that in which it was made."""
    rows = db.execute(
        """
        SELECT applied_revisions.*, models.id AS model_id, models.name, models.workspace_id
        FROM applied_revisions LEFT JOIN models ON models.key = applied_revisions.model
        WHERE revision = ? ORDER BY applied_revisions.key
        """,
        (revision.key,),
    )
    described = []
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
        described.append(body)
    return described


def set_offline(db: sqlite3.Connection, model: int, *, offline: bool) -> None:
    """Take a model offline, or online."""
    db.execute("UPDATE models SET offline = ? WHERE key = ?", (offline, model))


def recent_tasks(tasks: list[Task], now: float) -> list[Task]:
    """Choose the tasks that are still told of, the newest first."""
    kept = [task for task in tasks if now - task.created_at / 1000 <= _KEPT_SECONDS]
    return kept[::-1][:_MOST_TASKS]


def describe_started(task: Task, url: str) -> dict[str, Any]:
    """Write a task for whoever started it, or lists it."""
    return {
        "taskId": task.id,
        "taskUrl": url,
        "taskState": task.state.value,
        "creationTime": task.created_at,
    }


def describe_task(task: Task, report_url: str | None) -> dict[str, Any]:
    """Write a task for whoever polls it."""
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
    """Read a report, which lives for 48 hours from its last reading."""
    row = db.execute(
        "SELECT key, body, used_at FROM revision_reports"
        " WHERE model = ? AND kind = ? AND target_revision = ? AND source_revision = ?",
        (model, REPORTS[kind], target, source),
    ).fetchone()
    if row is None or now - row["used_at"] > _KEPT_SECONDS:
        return None
    db.execute("UPDATE revision_reports SET used_at = ? WHERE key = ?", (now, row["key"]))
    return str(row["body"])


def summary_report(body: str, target: str, source: str) -> dict[str, Any]:
    """Write a summary report."""
    return {"targetRevisionId": target, "sourceRevisionId": source, **json.loads(body)}
