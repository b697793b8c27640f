"""Finding actions, and describing tasks and dumps.

Source: docs/anaplan-behaviour.md#tasks, #task-results, #failure-dumps.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from anaplan_emulator.engine.actions import Action, action_by_id, steps
from anaplan_emulator.engine.file_contents import RETENTION_SECONDS
from anaplan_emulator.engine.structure import list_by_name
from anaplan_emulator.engine.tasks import Task
from anaplan_emulator.tenant.action_definitions import (
    ACTION_PREFIXES,
    DeleteDefinition,
    ImportDefinition,
    ListTarget,
    ProcessDefinition,
)

PREFIX_BY_COLLECTION = {
    "imports": ACTION_PREFIXES["import"],
    "exports": ACTION_PREFIXES["export"],
    "actions": ACTION_PREFIXES["delete"],
    "processes": ACTION_PREFIXES["process"],
}


class MappingParameter(BaseModel):
    """A value for a source field with `ask`."""

    model_config = ConfigDict(extra="ignore")

    entityType: str = Field(min_length=1)  # noqa: N815 (the API's own spelling)
    entityName: str  # noqa: N815
    importId: str = ""  # noqa: N815


class TaskRequest(BaseModel):
    """The body that starts a task. Connector parameters are ignored."""

    model_config = ConfigDict(extra="ignore")

    localeName: str = Field(min_length=1)  # noqa: N815
    mappingParameters: list[MappingParameter] = Field(default_factory=list)  # noqa: N815


@dataclass(frozen=True, slots=True)
class Dump:
    """A failure dump."""

    key: int
    used_at: float


def find_action(
    db: sqlite3.Connection, model: int, collection: str, action_id: str
) -> Action | None:
    """Find an action in a collection; an action of another kind is not found."""
    if not action_id.startswith(PREFIX_BY_COLLECTION[collection]):
        return None
    return action_by_id(db, model, action_id)


def changes_structure(db: sqlite3.Connection, model: int, action: Action) -> bool:
    """Return whether an action changes lists that are read-only in a deployed model."""
    match action.definition:
        case ImportDefinition(target=ListTarget() as target):
            return not list_by_name(db, model, target.list).production_data
        case DeleteDefinition() as definition:
            return not list_by_name(db, model, definition.list).production_data
        case ProcessDefinition() as definition:
            return any(changes_structure(db, model, step) for step in steps(db, model, definition))
    return False


def describe_queued(task: Task) -> dict[str, Any]:
    """Return a task as JSON values, as in listings and after its start."""
    return {"taskId": task.id, "taskState": task.state, "creationTime": task.created_at}


def describe_task(task: Task, *, process_details: bool) -> dict[str, Any]:
    """Return a task as JSON values, optionally with the times of a process and its steps."""
    body = describe_queued(task) | {"progress": task.progress, "currentStep": task.step}
    if task.cancelled_by is not None:
        body["cancelledBy"] = task.cancelled_by
    if task.result is not None:
        result = dict(task.result)
        if not process_details:
            result = _without_times(result)
            if "nestedResults" in result:
                result["nestedResults"] = [*map(_without_times, result["nestedResults"])]
        body["result"] = result
    return body


def _without_times(result: dict[str, Any]) -> dict[str, Any]:
    return {key: result[key] for key in result if key not in ("startTime", "duration")}


def dumped_object(task: Task) -> str:
    """Return the id of the action with the task's dump: in a process, the first that has one."""
    nested = task.result.get("nestedResults", []) if task.result else []
    ids = (step["objectId"] for step in nested if step["failureDumpAvailable"])
    return next(ids, task.object_id)


def find_dump(
    db: sqlite3.Connection, task: Task, object_id: str, user_id: str, now: float
) -> Dump | None:
    """Find a user's dump of a task, unless it has expired or a later run has replaced it."""
    row = db.execute(
        "SELECT key, used_at FROM dumps WHERE model = ? AND object_id = ? AND user_id = ?"
        " AND task_id = ? AND used_at > ?",
        (task.model, object_id, user_id, task.id, now - RETENTION_SECONDS),
    ).fetchone()
    return Dump(row["key"], row["used_at"]) if row else None


def mark_dump_used(db: sqlite3.Connection, dump: Dump, now: float) -> None:
    """Note that a dump was read, which extends its retention."""
    db.execute("UPDATE dumps SET used_at = ? WHERE key = ?", (now, dump.key))


def dump_chunk_numbers(db: sqlite3.Connection, dump: Dump) -> list[int]:
    """Return the numbers of a dump's chunks."""
    rows = db.execute("SELECT number FROM dump_chunks WHERE dump = ? ORDER BY number", (dump.key,))
    return [row["number"] for row in rows]


def dump_chunk(db: sqlite3.Connection, dump: Dump, number: int) -> bytes | None:
    """Read a chunk of a dump."""
    row = db.execute(
        "SELECT body FROM dump_chunks WHERE dump = ? AND number = ?", (dump.key, number)
    ).fetchone()
    return bytes(row["body"]) if row else None
