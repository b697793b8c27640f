"""The work that ALM's tasks do: synchronizing models, and writing reports (facts 5)."""

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
    blueprint_of,
    is_changed,
    latest_revision,
    moment,
    note_applied,
    revision_of,
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
class Order:
    """What a task was told: the three ids, whose order it is, and when it is carried out."""

    kind: str
    target: int
    user_id: str
    request: Mapping[str, Any]
    now: float


class _Refused(Exception):
    def __init__(self, text: str, title: str | None = None) -> None:
        super().__init__(text)
        self.title = title


def carry_out(db: sqlite3.Connection, order: Order) -> dict[str, Any]:
    """Do a task's work inside the caller's transaction, and return its result.

    What is refused changes nothing.
    """
    try:
        _WORK[order.kind](db, order)
    except _Refused as refused:
        return failure(order.kind, str(refused), title=refused.title)
    return {
        "successful": True,
        "targetRevisionId": order.request["targetRevisionId"],
        "sourceRevisionId": order.request["sourceRevisionId"],
    }


def failure(kind: str, text: str, *, title: str | None = None) -> dict[str, Any]:
    """Make the result of a task that failed."""
    error = {"title": title or _TITLES[kind], "messageText": text}
    return {"successful": False, "error": error}


def _synchronize(db: sqlite3.Connection, order: Order) -> None:
    source, revision, target_revision = _revisions(db, order)
    latest = latest_revision(db, order.target)
    if latest is None or latest.id != target_revision.id:
        raise _Refused("The target revision is not the latest revision of the target model.")
    offered = {each.id for each in syncable_revisions(db, order.target, source)}
    if revision.id not in offered:
        raise _Refused(
            "The source revision is not newer than the latest revision of the target model, or"
            " the source model does not have that.",
            "The target and source revisions are incompatible",
        )
    if is_changed(db, order.target):
        raise _Refused("The target model has structural changes since its latest revision.")
    apply_blueprint(db, order.target, blueprint_of(db, revision))
    now = moment(datetime.fromtimestamp(order.now, UTC))
    # The revisions in between come with it.
    for each in reversed(syncable_revisions(db, order.target, source)):
        note_applied(db, each.id, order.target, user_id=order.user_id, now=now, method=SYNCHRONIZED)
        if each.id == revision.id:
            break


def _report(db: sqlite3.Connection, order: Order) -> None:
    _, revision, target_revision = _revisions(db, order)
    differences = compare(blueprint_of(db, target_revision), blueprint_of(db, revision))
    kind = REPORTS[order.kind]
    db.execute(
        """
        INSERT OR REPLACE INTO revision_reports
            (model, kind, target_revision, source_revision, body, used_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (
            order.target,
            kind,
            target_revision.id,
            revision.id,
            _BODIES[kind](differences),
            order.now,
        ),
    )


def _revisions(db: sqlite3.Connection, order: Order) -> tuple[int, Revision, Revision]:
    """Find the source model, its revision, and the target's."""
    row = db.execute(
        "SELECT key FROM models WHERE id = ?", (order.request["sourceModelId"],)
    ).fetchone()
    if row is None:
        raise _Refused("The source model is gone.")
    revision = revision_of(db, row["key"], order.request["sourceRevisionId"])
    if revision is None:
        raise _Refused("The source revision is not in the source model.")
    target_revision = revision_of(db, order.target, order.request["targetRevisionId"])
    if target_revision is None:
        raise _Refused("The target revision is not in the target model.")
    return row["key"], revision, target_revision


def _summary_body(differences: list[Difference]) -> str:
    return json.dumps(summary(differences))


_WORK: Mapping[str, Callable[[sqlite3.Connection, Order], None]] = {
    SYNC_TASKS: _synchronize,
    COMPARISON_TASKS: _report,
    SUMMARY_TASKS: _report,
}
_BODIES = {"comparison": report, "summary": _summary_body}

KINDS = frozenset(_WORK)
