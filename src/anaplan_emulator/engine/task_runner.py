"""Running tasks in the background, one at a time for each model."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from anaplan_emulator.clock import Clock
from anaplan_emulator.engine.action_results import ActionFailed, ActionResult, Cancelled, Detail
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.actions import Action, action_by_id, run_action
from anaplan_emulator.engine.alm_tasks import (
    ALM_TASKS,
    SYNC_TASKS,
    AlmTaskRequest,
    alm_failure,
    run_alm_task,
)
from anaplan_emulator.engine.structure import record_change
from anaplan_emulator.engine.tasks import Task, TaskState, read_task
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Session, Store
from anaplan_emulator.tenant.action_definitions import (
    ACTION_PREFIXES,
    ExportDefinition,
    ProcessDefinition,
)

logger = logging.getLogger(__name__)

# How often a held task checks whether it may continue: there is no event for a changed setting.
_POLL_SECONDS = 0.01
_INTERNAL_ERROR = Detail("internalError", "The emulator failed: see its log")


@dataclass(slots=True)
class _Progress:
    """The progress of an unfinished task, which is not stored."""

    fraction: float = 0.0
    step: str = "Starting."
    is_polled: bool = True
    cancelled: bool = False
    polls: dict[TaskState, int] = field(default_factory=dict)
    on_end: Callable[[], None] | None = None


class TaskRunner:
    """Runs tasks in threads: one after another for a model, in parallel for different models.

    Args:
        store: The database.
        clock: The emulator's clock.
        settings: The emulator's settings.
    """

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._executors: dict[int, ThreadPoolExecutor] = {}
        self._progress: dict[str, _Progress] = {}
        self._stopping = threading.Event()

    def start(
        self,
        model: int,
        task_id: str,
        *,
        is_polled: bool = True,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        """Run a queued task as soon as no other task of the model is running.

        Args:
            model: Key of the model.
            task_id: Id of the task.
            is_polled: Whether a client asks for its state; otherwise it does not wait for polls.
            on_end: Called when the task has ended, in the task's thread.
        """
        with self._lock:
            progress = _Progress(is_polled=is_polled, on_end=on_end)
            self._progress[task_id] = progress
            executor = self._executors.get(model)
            if executor is None:
                executor = ThreadPoolExecutor(1, thread_name_prefix=f"anaplan-model-{model}")
                self._executors[model] = executor
            executor.submit(self._execute, task_id, progress)

    def poll(self, task: Task) -> Task:
        """Return a task with its current progress, and count the poll."""
        if task.result is not None:
            return task
        progress = self._progress.get(task.id)
        if progress is None:
            # It ended after the caller had read it.
            with self._store.snapshot() as db:
                row = db.execute("SELECT * FROM tasks WHERE id = ?", (task.id,)).fetchone()
            return read_task(row) if row else task
        progress.polls[task.state] = progress.polls.get(task.state, 0) + 1
        return self.watch(task)

    def watch(self, task: Task) -> Task:
        """Return a task with its current progress, which does not count as a poll."""
        progress = self._progress.get(task.id)
        if task.result is not None or progress is None or task.state is TaskState.NOT_STARTED:
            return task
        return replace(task, progress=progress.fraction, step=progress.step)

    def cancel(self, task: Task, user_id: str) -> None:
        """Cancel an unfinished task without any effect on the model.

        A queued task ends at once. A running one ends when it next reports its progress, unless it
        completes before.
        """
        with self._store.transaction() as db:
            _finish(
                db,
                task.id,
                TaskState.NOT_STARTED,
                state=TaskState.CANCELLED,
                step="Cancelled.",
                result=_cancellation(db, task).as_json(),
                now=self._clock.milliseconds(),
            )
            db.execute(
                "UPDATE tasks SET cancelled_by = ?, state = replace(state, ?, ?)"
                " WHERE id = ? AND state <> 'COMPLETE' AND cancelled_by IS NULL",
                (user_id, TaskState.IN_PROGRESS, TaskState.CANCELLING, task.id),
            )
        progress = self._progress.get(task.id)
        if progress is not None:
            progress.cancelled = True

    def stop(self) -> None:
        """Abort all tasks and wait for their end. Tasks may be started again afterwards."""
        with self._lock:
            executors = list(self._executors.values())
            self._executors.clear()
        self._stopping.set()
        for executor in executors:
            executor.shutdown(wait=True, cancel_futures=True)
        self._stopping.clear()
        self._progress.clear()

    def resume(self) -> None:
        """Start the tasks again that were unfinished when another emulator process ended."""
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

    def _execute(self, task_id: str, progress: _Progress) -> None:
        try:
            self._wait_while_held(progress, TaskState.NOT_STARTED)
            with self._store.session() as session:
                self._run(session, task_id, progress)
        except Cancelled:
            # Either it was cancelled in the queue, as stored, or the runner is stopping.
            pass
        except Exception:
            logger.exception("Task %s could not be run", task_id)
            self._fail(task_id)
        finally:
            self._progress.pop(task_id, None)
            if progress.on_end is not None:
                progress.on_end()

    def _fail(self, task_id: str) -> None:
        """End a task that could not be run at all, so that polling it ends as well."""
        with self._store.transaction() as db:
            row = db.execute("SELECT * FROM tasks WHERE id = ?", (task_id,)).fetchone()
            if row is None:
                return
            kind = row["object_id"]
            if kind in ALM_TASKS:
                result = alm_failure(kind, _INTERNAL_ERROR.text)
            else:
                result = ActionResult(
                    kind, "", successful=False, details=[_INTERNAL_ERROR]
                ).as_json()
            _finish(
                db,
                task_id,
                TaskState.NOT_STARTED,
                TaskState.IN_PROGRESS,
                TaskState.CANCELLING,
                state=TaskState.COMPLETE,
                step="Failed.",
                result=result,
                now=self._clock.milliseconds(),
            )

    def _run(self, session: Session, task_id: str, progress: _Progress) -> None:
        with session.transaction() as db:
            started = db.execute(
                "UPDATE tasks SET state = 'IN_PROGRESS' WHERE id = ? AND state = 'NOT_STARTED'",
                (task_id,),
            ).rowcount
            row = db.execute("SELECT * FROM tasks WHERE id = ?", (task_id,)).fetchone()
        if not started:
            return
        task = read_task(row)

        def report(fraction: float, step: str, /) -> None:
            progress.fraction, progress.step = max(progress.fraction, fraction), step
            self._wait_while_held(progress, TaskState.IN_PROGRESS)

        if task.object_id in ALM_TASKS:
            report(0.0, "Comparing revisions.")
            self._run_alm_task(session, task)
            return
        action = action_by_id(session.db, task.model, task.object_id)
        if action is None:
            raise LookupError(f"the action {task.object_id} of task {task_id} does not exist")
        run = ActionRun(
            session=session,
            model=task.model,
            user_id=task.user_id,
            task_id=task_id,
            now=self._clock.timestamp,
            progress=report,
            chunk_bytes=self._settings.output_chunk_bytes,
            parameters=_parameters(task.request),
        )
        state, result = self._run_action(run, task, action)
        completed = "Complete." if result.successful else "Failed."
        with session.transaction() as db:
            finished = _finish(
                db,
                task_id,
                TaskState.IN_PROGRESS,
                TaskState.CANCELLING,
                state=state,
                step="Cancelled." if state is TaskState.CANCELLED else completed,
                result=result.as_json(),
                now=self._clock.milliseconds(),
            )
            is_export = isinstance(action.definition, ExportDefinition)
            if finished and result.successful and not is_export:
                record_change(db, task.model, task.user_id, self._clock.now())

    def _run_alm_task(self, session: Session, task: Task) -> None:
        with session.transaction() as db:
            result = run_alm_task(
                db,
                AlmTaskRequest(
                    kind=task.object_id,
                    target=task.model,
                    user_id=task.user_id,
                    body=task.request,
                    now=self._clock.timestamp(),
                ),
            )
            _finish(
                db,
                task.id,
                TaskState.IN_PROGRESS,
                state=TaskState.COMPLETE,
                step="Complete." if result["successful"] else "Failed.",
                result=result,
                now=self._clock.milliseconds(),
            )
            if result["successful"] and task.object_id == SYNC_TASKS:
                record_change(db, task.model, task.user_id, self._clock.now())

    def _run_action(
        self, run: ActionRun, task: Task, action: Action
    ) -> tuple[TaskState, ActionResult]:
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
            logger.exception("Action %s failed", action.definition.name)
            details = [_INTERNAL_ERROR]
        result = ActionResult(action.id, action.definition.name, successful=False, details=details)
        return TaskState.COMPLETE, result

    def _wait_while_held(self, progress: _Progress, state: TaskState) -> None:
        while True:
            if progress.cancelled or self._stopping.is_set():
                raise Cancelled
            polls = self._settings.task_polls if progress.is_polled else 0
            if progress.polls.get(state, 0) >= polls and self._settings.hold_tasks != state.value:
                return
            self._stopping.wait(_POLL_SECONDS)


def _cancellation(db: sqlite3.Connection, task: Task) -> ActionResult:
    action = action_by_id(db, task.model, task.object_id)
    name = action.definition.name if action else ""
    is_export = task.object_id.startswith(ACTION_PREFIXES["export"])
    code = "msgExportCancelled" if is_export else "msgImportCancelled"
    text = "Cancelled: the model was not changed"
    if action is not None and isinstance(action.definition, ProcessDefinition):
        text = "Cancelled: the effects of earlier actions of the process remain"
    return ActionResult(task.object_id, name, successful=False, details=[Detail(code, text)])


def _finish(
    db: sqlite3.Connection,
    task_id: str,
    *expected: TaskState,
    state: TaskState,
    step: str,
    result: dict[str, Any],
    now: int,
) -> bool:
    """End a task that is in one of the expected states, and return whether it was."""
    placeholders = ", ".join("?" * len(expected))
    cursor = db.execute(
        f"UPDATE tasks SET state = ?, step = ?, progress = 1.0, result = ?, ended_at = ?"  # noqa: S608
        f" WHERE id = ? AND state IN ({placeholders})",
        (state, step, json.dumps(result), now, task_id, *expected),
    )
    return cursor.rowcount > 0


def _parameters(request: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (parameter.get("importId", ""), parameter["entityType"].lower()): parameter["entityName"]
        for parameter in request.get("mappingParameters", [])
    }
