"""Tasks as they are stored: starting one, and finding tasks (docs/anaplan-behaviour.md#tasks)."""

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

from anaplan_emulator.store.records import read_record


class TaskState(StrEnum):
    """The states of a task (docs/anaplan-behaviour.md#tasks)."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Task:
    """A task, with its progress as stored."""

    id: str
    model: int
    object_id: str
    user_id: str
    request: dict[str, Any]
    state: TaskState
    progress: float
    step: str
    created_at: int
    result: dict[str, Any] | None
    cancelled_by: str | None
    ended_at: int | None


def insert_task(
    db: sqlite3.Connection,
    *,
    model: int,
    object_id: str,
    user_id: str,
    request: dict[str, Any],
    created_at: int,
) -> Task:
    """Queue a task. After the commit it must be given to the task runner.

    Args:
        db: A transaction.
        model: Key of the model.
        object_id: Id of the action to run, or the kind of an ALM task.
        user_id: Id of the user who starts it.
        request: The request that started it.
        created_at: The time, in milliseconds since the epoch.

    Returns:
        The task.
    """
    row = db.execute(
        """
        INSERT INTO tasks
            (id, model, object_id, user_id, request, state, progress, step, created_at)
        VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING *
        """,
        (
            uuid4().hex.upper(),
            model,
            object_id,
            user_id,
            json.dumps(request),
            TaskState.NOT_STARTED,
            "Waiting for other tasks of the model.",
            created_at,
        ),
    ).fetchone()
    return read_task(row)


def task_by_id(db: sqlite3.Connection, model: int, object_id: str, task_id: str) -> Task | None:
    """Find a task of an action; a task of another action is not found.

    Source: docs/anaplan-behaviour.md#tasks.
    """
    row = db.execute(
        "SELECT * FROM tasks WHERE id = ? AND model = ? AND object_id = ?",
        (task_id, model, object_id),
    ).fetchone()
    return read_task(row) if row else None


def tasks_of(db: sqlite3.Connection, model: int, object_id: str) -> list[Task]:
    """Read all tasks of an action, of all users, oldest first."""
    rows = db.execute(
        "SELECT * FROM tasks WHERE model = ? AND object_id = ? ORDER BY created_at, key",
        (model, object_id),
    )
    return [read_task(row) for row in rows]


def running_task(db: sqlite3.Connection, model: int) -> Task | None:
    """Find the task that is running in a model."""
    row = db.execute(
        "SELECT * FROM tasks WHERE model = ? AND state IN ('IN_PROGRESS', 'CANCELLING')", (model,)
    ).fetchone()
    return read_task(row) if row else None


def read_task(row: sqlite3.Row) -> Task:
    """Make a task from a row of the table `tasks`."""
    return read_record(
        Task,
        row,
        request=json.loads(row["request"]),
        state=TaskState(row["state"]),
        result=json.loads(row["result"]) if row["result"] else None,
    )
