"""Running integrations and flows in threads, on request or when their schedules are due."""

import json
import logging
import math
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from anaplan_emulator.clock import Clock, zulu
from anaplan_emulator.engine.cloud_storage import CloudStorage
from anaplan_emulator.engine.integration_records import (
    Integration,
    insert_run,
    integration_by_id,
    run_by_id,
)
from anaplan_emulator.engine.integration_run import (
    FAILED,
    PARTIAL,
    IntegrationRun,
    RunControl,
    RunResult,
    Stopped,
)
from anaplan_emulator.engine.task_runner import TaskRunner
from anaplan_emulator.engine.tasks import Task
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Store
from anaplan_emulator.tenant.schedules import Schedule

logger = logging.getLogger(__name__)

_MAX_DUE_AT_ONCE = 100
"""Greatest number of runs of a schedule that a jump of the clock starts: the latest ones."""

BROKEN = RunResult(success=False, message="The emulator failed: see its log", error_code=FAILED)
INTERRUPTED = RunResult(success=False, message="The emulator was stopped", error_code=FAILED)


class IntegrationRunner:
    """Runs integrations, one after another for a model, and flows step by step.

    Args:
        store: The database.
        clock: The emulator's clock.
        task_runner: Runs the actions.
        cloud_storage: The cloud storage.
        settings: The emulator's settings.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        task_runner: TaskRunner,
        cloud_storage: CloudStorage,
        settings: Settings,
    ) -> None:
        self._store = store
        self._clock = clock
        self._task_runner = task_runner
        self._cloud_storage = cloud_storage
        self._settings = settings
        self._lock = threading.Lock()
        self._executors: dict[str, ThreadPoolExecutor] = {}
        self._controls: dict[str, RunControl] = {}
        self._stopping = False
        self._next_at = 0.0
        self._scheduling = threading.Lock()

    def start(self, integration: Integration, run_id: str) -> "Future[None]":
        """Start a queued run of an integration as soon as no other runs in its model."""
        return self._submit(integration.model_id or "", self._run, integration, run_id)

    def start_flow(
        self, flow: Integration, run_id: str, source: str, only: list[str] | None = None
    ) -> None:
        """Start a queued run of a flow.

        Args:
            flow: The flow.
            run_id: Id of the run.
            source: Trigger source of the runs of its steps.
            only: Ids of the integrations to run; all steps that are not skipped by default.
        """
        self._submit(f"flow {flow.id}", self._run_flow, flow, run_id, source, only)

    def cancel(self, run_id: str, task: Task | None, user_id: str) -> None:
        """Cancel a run and its task."""
        control = self._controls.get(run_id)
        if control is not None:
            control.cancelled = True
        if task is not None:
            self._task_runner.cancel(task, user_id)

    def schedules_changed(self) -> None:
        """Check all schedules again. Must be called in the transaction that changes a schedule."""
        self._next_at = 0.0

    def start_due(self) -> None:
        """Start the runs that have become due. This is cheap if there are none."""
        if self._clock.timestamp() < self._next_at or self._stopping:
            return
        with self._scheduling:
            started = self._queue_due_runs()
        for integration, run_id in started:
            if integration.is_flow:
                self.start_flow(integration, run_id, "scheduled_inf")
            else:
                self.start(integration, run_id)

    def stop(self) -> None:
        """Abort all runs and wait for their end. Runs may be started again afterwards."""
        with self._lock:
            self._stopping = True
            executors = list(self._executors.values())
            self._executors.clear()
            for control in list(self._controls.values()):  # Runs that end remove theirs.
                control.stopped = True
                control.task_ended.set()
        for executor in executors:
            executor.shutdown(wait=True, cancel_futures=True)
        self._controls.clear()
        self._next_at = 0.0
        self._stopping = False

    def resume(self) -> None:
        """End the runs that were unfinished when another emulator process ended."""
        with self._store.snapshot() as db:
            rows = db.execute("SELECT id FROM cloud_runs WHERE state <> 'ENDED'").fetchall()
        for row in rows:
            self._end(row["id"], INTERRUPTED)

    def _submit(self, queue: str, function: Callable[..., None], *arguments: Any) -> "Future[None]":
        with self._lock:
            if self._stopping:
                future: Future[None] = Future()
                future.cancel()
                return future
            executor = self._executors.get(queue)
            if executor is None:
                executor = ThreadPoolExecutor(1, thread_name_prefix="anaplan-integrations")
                self._executors[queue] = executor
            return executor.submit(function, *arguments)

    def _queue_due_runs(self) -> list[tuple[Integration, str]]:
        started = []
        with self._store.transaction() as db:
            now = self._clock.now()
            rows = db.execute(
                "SELECT * FROM cloud_schedules WHERE enabled AND next_at <= ? ORDER BY next_at",
                (now.timestamp(),),
            ).fetchall()
            for row in rows:
                integration = integration_by_id(db, row["integration_id"])
                if integration is None:
                    continue
                schedule = Schedule.model_validate_json(row["definition"])
                first = datetime.fromtimestamp(row["next_at"], UTC)
                for moment in schedule.last_due(first, now, most=_MAX_DUE_AT_ONCE):
                    run_id = insert_run(
                        db,
                        integration.id,
                        source="scheduled",
                        user_id=integration.created_by,
                        now=moment,
                    )
                    started.append((integration, run_id))
                due = schedule.due_after(now)
                db.execute(
                    "UPDATE cloud_schedules SET next_at = ? WHERE integration_id = ?",
                    (due.timestamp() if due else None, integration.id),
                )
            (first,) = db.execute(
                "SELECT min(next_at) FROM cloud_schedules WHERE enabled"
            ).fetchone()
            self._next_at = math.inf if first is None else float(first)
        return started

    def _run(self, integration: Integration, run_id: str) -> None:
        with self._lock:
            control = self._controls[run_id] = RunControl(stopped=self._stopping)
        try:
            with self._store.transaction() as db:
                db.execute(
                    "UPDATE cloud_runs SET state = 'RUNNING', started_at = ? WHERE id = ?",
                    (zulu(self._clock.now()), run_id),
                )
                run = run_by_id(db, run_id)
            if run is None or control.stopped:
                return
            result = IntegrationRun(
                store=self._store,
                cloud_storage=self._cloud_storage,
                task_runner=self._task_runner,
                now=self._clock.timestamp,
                settings=self._settings,
                integration=integration,
                run=run,
                control=control,
            ).execute()
        except Stopped:
            return
        except Exception:
            logger.exception("Run %s of integration %s failed", run_id, integration.name)
            result = BROKEN
        finally:
            self._controls.pop(run_id, None)
        self._end(run_id, result)

    def _run_flow(
        self, flow: Integration, run_id: str, source: str, only: list[str] | None
    ) -> None:
        """Run a flow's steps in order, until the exception behavior of one is to stop."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE cloud_runs SET state = 'RUNNING', started_at = ? WHERE id = ?",
                (zulu(self._clock.now()), run_id),
            )
            run = run_by_id(db, run_id)
        if run is None:
            return
        result = RunResult(success=True, message="Success")
        for step in flow.parts:
            if step["isSkipped"] or (only is not None and step["referrer"] not in only):
                continue
            try:
                step_result = self._run_step(flow, step["referrer"], source, run.triggered_by)
            except (Stopped, CancelledError):
                return
            if step_result.success and step_result.error_code is None:
                continue
            kind = "partial_success" if step_result.success else "failure"
            if not step_result.success:
                message = "Integration flow failed"
                result = RunResult(success=False, message=message, error_code=FAILED)
            elif result.success:
                result = RunResult(success=True, message="Partial success", error_code=PARTIAL)
            if _strategy(step, kind) == "stop":
                break
        self._end(run_id, result)

    def _run_step(self, flow: Integration, referrer: str, source: str, user_id: str) -> RunResult:
        with self._store.transaction() as db:
            integration = integration_by_id(db, referrer)
            if integration is None:
                return RunResult(success=False, message="Integration not found", error_code=FAILED)
            run_id = insert_run(
                db,
                referrer,
                source=source,
                user_id=user_id,
                now=self._clock.now(),
                flow_id=flow.id,
            )
        self.start(integration, run_id).result()
        with self._store.snapshot() as db:
            run = run_by_id(db, run_id)
        if run is None or run.state != "ENDED":
            raise Stopped
        return RunResult(bool(run.success), run.message, run.error_code)

    def _end(self, run_id: str, result: RunResult) -> None:
        with self._store.transaction() as db:
            db.execute(
                """
                UPDATE cloud_runs SET state = 'ENDED', ended_at = ?, success = ?, message = ?,
                    error_code = ?, errors = ?
                WHERE id = ?
                """,
                (
                    zulu(self._clock.now()),
                    result.success,
                    result.message,
                    result.error_code,
                    json.dumps(result.errors),
                    run_id,
                ),
            )
            if run_by_id(db, run_id) is not None:
                db.executemany(
                    "INSERT INTO cloud_dumps (run_id, position, action_id, body)"
                    " VALUES (?, ?, ?, ?)",
                    [
                        (run_id, position, action_id, body)
                        for position, (action_id, body) in enumerate(result.dumps)
                    ],
                )


def _strategy(step: dict[str, Any], kind: str) -> str:
    strategies = {each["type"]: each["strategy"] for each in step["exceptionBehavior"]}
    return str(strategies.get(kind, "stop" if kind == "failure" else "continue"))
