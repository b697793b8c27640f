"""ALM tasks: synchronizing models and writing reports (docs/anaplan-behaviour.md#alm-reports)."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anaplan_emulator.engine.comparison import Difference, compare, report, summary
from anaplan_emulator.engine.revisions import (
    SYNCHRONIZED,
    Revision,
    add_to_history,
    blueprint_of,
    is_changed,
    latest_revision,
    revision_of,
    revision_timestamp,
    syncable_revisions,
)
from anaplan_emulator.engine.synchronization import apply_blueprint

SYNC_TASKS = "syncTasks"
COMPARISON_TASKS = "comparisonReportTasks"
SUMMARY_TASKS = "summaryReportTasks"

REPORTS = {COMPARISON_TASKS: "comparison", SUMMARY_TASKS: "summary"}
_TITLES = {
    SYNC_TASKS: "Model Synchronization Failed",
    COMPARISON_TASKS: "Comparison Report Failed",
    SUMMARY_TASKS: "Summary Report Failed",
}


@dataclass(frozen=True, slots=True)
class AlmTaskRequest:
    """A request for an ALM task.

    Attributes:
        kind: The kind of task, as in its path.
        target: Key of the target model.
        user_id: Id of the user who started the task.
        body: The ids of the source model and of both revisions.
        now: The time, in seconds since the epoch.
    """

    kind: str
    target: int
    user_id: str
    body: Mapping[str, Any]
    now: float


class _Failed(Exception):
    def __init__(self, text: str, title: str | None = None) -> None:
        super().__init__(text)
        self.title = title


def run_alm_task(db: sqlite3.Connection, request: AlmTaskRequest) -> dict[str, Any]:
    """Run an ALM task and return its result. A failed task changes nothing.

    Args:
        db: A transaction.
        request: The request for it.
    """
    try:
        _RUN[request.kind](db, request)
    except _Failed as failed:
        return alm_failure(request.kind, str(failed), title=failed.title)
    return {
        "successful": True,
        "targetRevisionId": request.body["targetRevisionId"],
        "sourceRevisionId": request.body["sourceRevisionId"],
    }


def alm_failure(kind: str, text: str, *, title: str | None = None) -> dict[str, Any]:
    """Make the result of a failed task."""
    error = {"title": title or _TITLES[kind], "messageText": text}
    return {"successful": False, "error": error}


def _synchronize(db: sqlite3.Connection, request: AlmTaskRequest) -> None:
    source, revision, target_revision = _revisions(db, request)
    latest = latest_revision(db, request.target)
    if latest is None or latest.id != target_revision.id:
        raise _Failed("The target revision is not the latest revision of the target model.")
    syncable = {each.id for each in syncable_revisions(db, request.target, source)}
    if revision.id not in syncable:
        raise _Failed(
            "The source revision is not newer than the latest revision of the target model, or"
            " the source model does not have that.",
            "The target and source revisions are incompatible",
        )
    if is_changed(db, request.target):
        raise _Failed("The target model has structural changes since its latest revision.")
    apply_blueprint(db, request.target, blueprint_of(db, revision))
    now = revision_timestamp(datetime.fromtimestamp(request.now, UTC))
    # All revisions up to the source revision become part of the history.
    for each in reversed(syncable_revisions(db, request.target, source)):
        add_to_history(
            db, each.id, request.target, user_id=request.user_id, now=now, method=SYNCHRONIZED
        )
        if each.id == revision.id:
            break


def _report(db: sqlite3.Connection, request: AlmTaskRequest) -> None:
    _, revision, target_revision = _revisions(db, request)
    differences = compare(blueprint_of(db, target_revision), blueprint_of(db, revision))
    kind = REPORTS[request.kind]
    db.execute(
        """
        INSERT OR REPLACE INTO revision_reports
            (model, kind, target_revision, source_revision, body, used_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (
            request.target,
            kind,
            target_revision.id,
            revision.id,
            _BODIES[kind](differences),
            request.now,
        ),
    )


def _revisions(db: sqlite3.Connection, request: AlmTaskRequest) -> tuple[int, Revision, Revision]:
    """Return the key of the source model, the source revision and the target revision."""
    row = db.execute(
        "SELECT key FROM models WHERE id = ?", (request.body["sourceModelId"],)
    ).fetchone()
    if row is None:
        raise _Failed("The source model does not exist.")
    revision = revision_of(db, row["key"], request.body["sourceRevisionId"])
    if revision is None:
        raise _Failed("The source revision is not in the source model.")
    target_revision = revision_of(db, request.target, request.body["targetRevisionId"])
    if target_revision is None:
        raise _Failed("The target revision is not in the target model.")
    return row["key"], revision, target_revision


def _summary_body(differences: list[Difference]) -> str:
    return json.dumps(summary(differences))


_RUN: Mapping[str, Callable[[sqlite3.Connection, AlmTaskRequest], None]] = {
    SYNC_TASKS: _synchronize,
    COMPARISON_TASKS: _report,
    SUMMARY_TASKS: _report,
}
_BODIES = {"comparison": report, "summary": _summary_body}

ALM_TASKS = frozenset(_RUN)
"""The kinds of ALM tasks."""
