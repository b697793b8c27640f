"""Tasks: running actions in the background, one at a time for each model."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import uuid4

from anaplan_emulator.clock import Clock
from anaplan_emulator.engine.actions import Action, action_by_id, run_action
from anaplan_emulator.engine.definitions import ExportDefinition, ProcessDefinition
from anaplan_emulator.engine.lifecycle import KINDS, SYNC_TASKS, Order, carry_out, failure
from anaplan_emulator.engine.outcomes import ActionFailed, Cancelled, Detail, Outcome
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.structure import note_change
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Session, Store

logger = logging.getLogger(__name__)

# How often a held task looks whether it may go on: settings tell nobody that they changed.
_LOOK_AGAIN_SECONDS = 0.01
_INTERNAL_ERROR = Detail("internalError", "The emulator failed: see its log")


class TaskState(StrEnum):
    """The states of a task (facts 4.14)."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as polls see it."""

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


def insert_task(
    db: sqlite3.Connection,
    *,
    model: int,
    object_id: str,
    user_id: str,
    request: dict[str, Any],
    created_at: int,
) -> str:
    """Queue a task, and return its id. Once that is committed, the runner must be told."""
    task_id = uuid4().hex.upper()
    db.execute(
        """
        INSERT INTO tasks
            (id, model, object_id, user_id, request, state, progress, step, created_at)
        VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)
        """,
        (
            task_id,
            model,
            object_id,
            user_id,
            json.dumps(request),
            TaskState.NOT_STARTED,
            "Waiting for other tasks of the model.",
            created_at,
        ),
    )
    return task_id


def task_by_id(db: sqlite3.Connection, model: int, object_id: str, task_id: str) -> Task | None:
    """Find a task, below the action it runs and nowhere else (facts 4.14)."""
    row = db.execute(
        "SELECT * FROM tasks WHERE id = ? AND model = ? AND object_id = ?",
        (task_id, model, object_id),
    ).fetchone()
    return _read(row) if row else None


def tasks_of(db: sqlite3.Connection, model: int, object_id: str) -> list[Task]:
    """Read all tasks of an action, whoever started them, the oldest first."""
    rows = db.execute(
        "SELECT * FROM tasks WHERE model = ? AND object_id = ? ORDER BY created_at, key",
        (model, object_id),
    )
    return [_read(row) for row in rows]


def running_task(db: sqlite3.Connection, model: int) -> Task | None:
    """Find the task that keeps a model busy."""
    row = db.execute(
        "SELECT * FROM tasks WHERE model = ? AND state IN ('IN_PROGRESS', 'CANCELLING')", (model,)
    ).fetchone()
    return _read(row) if row else None


@dataclass(slots=True)
class _Watch:
    """What is known of an unfinished task outside of the database."""

    progress: float = 0.0
    step: str = "Starting."
    cancelled: bool = False
    polls: dict[TaskState, int] = field(default_factory=dict)
    ended: Callable[[], None] | None = None


class TaskRunner:
    """Runs tasks in threads: those of one model in turn, those of different models side by side.

    Args:
        store: Where tasks and models are.
        clock: The emulator's time.
        settings: Gives the present settings.
    """

    def __init__(self, store: Store, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._lanes: dict[int, ThreadPoolExecutor] = {}
        self._watches: dict[str, _Watch] = {}
        self._stopping = threading.Event()

    def start(self, model: int, task_id: str, *, ended: Callable[[], None] | None = None) -> None:
        """Run a queued task as soon as the model is free, and tell who waits when it has ended."""
        with self._lock:
            self._watches[task_id] = _Watch(ended=ended)
            lane = self._lanes.get(model)
            if lane is None:
                lane = ThreadPoolExecutor(1, thread_name_prefix=f"anaplan-model-{model}")
                self._lanes[model] = lane
            lane.submit(self._work, task_id)

    def observe(self, task: Task) -> Task:
        """Add to a task what its run has said since, and note that somebody looked."""
        watch = self._watches.get(task.id)
        if watch is None or task.result is not None:
            return task
        watch.polls[task.state] = watch.polls.get(task.state, 0) + 1
        if task.state is TaskState.NOT_STARTED:
            return task
        return replace(task, progress=watch.progress, step=watch.step)

    def cancel(self, task: Task, user_id: str) -> None:
        """Ask for an unfinished task to end without a trace.

        A queued one ends at once; a running one when it next reports, unless it is done by then.
        """
        with self._store.transaction() as db:
            _finish(
                db,
                task.id,
                TaskState.NOT_STARTED,
                state=TaskState.CANCELLED,
                step="Cancelled.",
                result=_cancellation(db, task).as_json(),
            )
            db.execute(
                "UPDATE tasks SET cancelled_by = ?, state = replace(state, ?, ?)"
                " WHERE id = ? AND state <> 'COMPLETE' AND cancelled_by IS NULL",
                (user_id, TaskState.IN_PROGRESS, TaskState.CANCELLING, task.id),
            )
        watch = self._watches.get(task.id)
        if watch is not None:
            watch.cancelled = True

    def stop(self) -> None:
        """Give up all work and wait for its end; new work may be started afterwards."""
        with self._lock:
            lanes = list(self._lanes.values())
            self._lanes.clear()
        self._stopping.set()
        for lane in lanes:
            lane.shutdown(wait=True, cancel_futures=True)
        self._stopping.clear()
        self._watches.clear()

    def resume(self) -> None:
        """Take up the tasks that an emulator now gone left unfinished, from their beginning."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE tasks SET state = 'NOT_STARTED'"
                " WHERE state IN ('IN_PROGRESS', 'CANCELLING')"
            )
            rows = db.execute(
                "SELECT model, id FROM tasks WHERE state = 'NOT_STARTED' ORDER BY key"
            ).fetchall()
        for row in rows:
            self.start(row["model"], row["id"])

    def _work(self, task_id: str) -> None:
        watch = self._watches[task_id]
        try:
            self._wait_while_held(watch, TaskState.NOT_STARTED)
            with self._store.session() as session:
                self._run(session, task_id, watch)
        except Cancelled:
            # Cancelled in the queue, or the emulator is stopping: the row says which.
            pass
        except Exception:
            logger.exception("task %s broke", task_id)
            self._give_up(task_id)
        finally:
            self._watches.pop(task_id, None)
            if watch.ended is not None:
                watch.ended()

    def _give_up(self, task_id: str) -> None:
        """End a task that could not be run at all, or its polls would never end."""
        with self._store.transaction() as db:
            row = db.execute("SELECT * FROM tasks WHERE id = ?", (task_id,)).fetchone()
            if row is None:
                return
            kind = row["object_id"]
            outcome = Outcome(kind, "", successful=False, details=[_INTERNAL_ERROR])
            result = failure(kind, _INTERNAL_ERROR.text) if kind in KINDS else outcome.as_json()
            _finish(
                db,
                task_id,
                TaskState.NOT_STARTED,
                TaskState.IN_PROGRESS,
                TaskState.CANCELLING,
                state=TaskState.COMPLETE,
                step="Failed.",
                result=result,
            )

    def _run(self, session: Session, task_id: str, watch: _Watch) -> None:
        with session.transaction() as db:
            begun = db.execute(
                "UPDATE tasks SET state = 'IN_PROGRESS' WHERE id = ? AND state = 'NOT_STARTED'",
                (task_id,),
            ).rowcount
            row = db.execute("SELECT * FROM tasks WHERE id = ?", (task_id,)).fetchone()
        if not begun:
            return
        task = _read(row)

        def progress(fraction: float, step: str, /) -> None:
            watch.progress, watch.step = max(watch.progress, fraction), step
            self._wait_while_held(watch, TaskState.IN_PROGRESS)

        if task.object_id in KINDS:
            progress(0.0, "Comparing revisions.")
            self._carry_out(session, task)
            return
        action = action_by_id(session.db, task.model, task.object_id)
        if action is None:
            raise LookupError(f"task {task_id} runs {task.object_id}, which is gone")
        run = Run(
            session=session,
            model=task.model,
            user_id=task.user_id,
            task_id=task_id,
            now=self._clock.timestamp,
            progress=progress,
            chunk_bytes=self._settings().output_chunk_bytes,
            parameters=_parameters(task.request),
        )
        state, outcome = self._outcome(run, task, action)
        done = "Complete." if outcome.successful else "Failed."
        with session.transaction() as db:
            finished = _finish(
                db,
                task_id,
                TaskState.IN_PROGRESS,
                TaskState.CANCELLING,
                state=state,
                step="Cancelled." if state is TaskState.CANCELLED else done,
                result=outcome.as_json(),
            )
            if (
                finished
                and outcome.successful
                and not isinstance(action.definition, ExportDefinition)
            ):
                self._touch_model(db, task)

    def _carry_out(self, session: Session, task: Task) -> None:
        """Do the work of one of ALM's tasks, and end it, in one transaction."""
        with session.transaction() as db:
            order = Order(
                kind=task.object_id,
                target=task.model,
                user_id=task.user_id,
                request=task.request,
                now=self._clock.timestamp(),
            )
            result = carry_out(db, order)
            _finish(
                db,
                task.id,
                TaskState.IN_PROGRESS,
                state=TaskState.COMPLETE,
                step="Complete." if result["successful"] else "Failed.",
                result=result,
            )
            if result["successful"] and task.object_id == SYNC_TASKS:
                self._touch_model(db, task)

    def _outcome(self, run: Run, task: Task, action: Action) -> tuple[TaskState, Outcome]:
        try:
            run.progress(0.0, "Starting.")
            return TaskState.COMPLETE, run_action(run, action)
        except Cancelled:
            if self._stopping.is_set():
                raise
            return TaskState.CANCELLED, _cancellation(run.session.db, task)
        except ActionFailed as failure:
            details = [failure.detail]
        except Exception:
            logger.exception("%s failed", action.definition.name)
            details = [_INTERNAL_ERROR]
        outcome = Outcome(action.id, action.definition.name, successful=False, details=details)
        return TaskState.COMPLETE, outcome

    def _wait_while_held(self, watch: _Watch, state: TaskState) -> None:
        while True:
            if watch.cancelled or self._stopping.is_set():
                raise Cancelled
            settings = self._settings()
            seen = watch.polls.get(state, 0) >= settings.task_polls
            if seen and settings.hold_tasks != state.value:
                return
            self._stopping.wait(_LOOK_AGAIN_SECONDS)

    def _touch_model(self, db: sqlite3.Connection, task: Task) -> None:
        note_change(db, task.model, task.user_id, self._clock.now())


def _cancellation(db: sqlite3.Connection, task: Task) -> Outcome:
    action = action_by_id(db, task.model, task.object_id)
    name = action.definition.name if action else ""
    code = "msgExportCancelled" if task.object_id.startswith("116") else "msgImportCancelled"
    text = "Cancelled: the model was left as it was"
    if action is not None and isinstance(action.definition, ProcessDefinition):
        text = "Cancelled: what earlier actions of the process did stays done"
    return Outcome(task.object_id, name, successful=False, details=[Detail(code, text)])


def _finish(
    db: sqlite3.Connection,
    task_id: str,
    *expected: TaskState,
    state: TaskState,
    step: str,
    result: dict[str, Any],
) -> bool:
    places = ", ".join("?" * len(expected))
    cursor = db.execute(
        f"UPDATE tasks SET state = ?, step = ?, progress = 1.0, result = ?"  # noqa: S608
        f" WHERE id = ? AND state IN ({places})",
        (state, step, json.dumps(result), task_id, *expected),
    )
    return cursor.rowcount > 0


def _parameters(request: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (parameter.get("importId", ""), parameter["entityType"].lower()): parameter["entityName"]
        for parameter in request.get("mappingParameters", [])
    }


def _read(row: sqlite3.Row) -> Task:
    return Task(
        id=row["id"],
        model=row["model"],
        object_id=row["object_id"],
        user_id=row["user_id"],
        request=json.loads(row["request"]),
        state=TaskState(row["state"]),
        progress=row["progress"],
        step=row["step"],
        created_at=row["created_at"],
        result=json.loads(row["result"]) if row["result"] else None,
        cancelled_by=row["cancelled_by"],
    )
