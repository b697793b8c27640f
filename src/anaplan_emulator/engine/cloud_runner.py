"""Runs integrations and flows in threads, by hand or when their schedules are due."""

import json
import logging
import math
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from anaplan_emulator.clock import Clock, zulu
from anaplan_emulator.engine.cloud_jobs import (
    FAILED,
    PARTIAL,
    Ending,
    Stopped,
    Watch,
    Work,
)
from anaplan_emulator.engine.cloud_records import (
    Integration,
    insert_run,
    integration_by_id,
    run_by_id,
)
from anaplan_emulator.engine.clouds import Clouds
from anaplan_emulator.engine.schedules import Schedule
from anaplan_emulator.engine.tasks import Task, TaskRunner
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Store

logger = logging.getLogger(__name__)

_MOST_DUE_AT_ONCE = 100
"""How many runs of one schedule a single leap of the clock starts at most: the latest."""

BROKEN = Ending(success=False, message="The emulator failed: see its log", error_code=FAILED)
LEFT = Ending(success=False, message="The emulator was stopped", error_code=FAILED)


class CloudRunner:
    """Runs integrations: those of one model in turn, flows step by step.

    Args:
        store: Where everything is.
        clock: The emulator's time.
        tasks: Runs the actions.
        clouds: The stand-ins.
        settings: Gives the present settings.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tasks: TaskRunner,
        clouds: Clouds,
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self.clouds = clouds
        self._settings = settings
        self._lock = threading.Lock()
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._watches: dict[str, Watch] = {}
        self._stopping = False
        self._next_at = 0.0
        self._looking = threading.Lock()

    def start(self, integration: Integration, run_id: str) -> "Future[None]":
        """Begin a queued run of an integration, as soon as its model is free."""
        return self._submit(integration.model_id or "", self._work, integration, run_id)

    def start_flow(
        self, flow: Integration, run_id: str, source: str, only: list[str] | None = None
    ) -> None:
        """Begin a queued run of a flow; the runs of its steps say that they are of the source."""
        self._submit(f"flow {flow.id}", self._follow, flow, run_id, source, only)

    def cancel(self, run_id: str, task: Task | None, user_id: str) -> None:
        """Ask for a run under way to end."""
        watch = self._watches.get(run_id)
        if watch is not None:
            watch.cancelled = True
        if task is not None:
            self._tasks.cancel(task, user_id)

    def schedules_changed(self) -> None:
        """Take note that another time may be the next: called inside of the transaction."""
        self._next_at = 0.0

    def look(self) -> None:
        """Start what has become due since the last look; cheap where nothing has."""
        if self._clock.timestamp() < self._next_at or self._stopping:
            return
        with self._looking:
            started = self._fire()
        for integration, run_id in started:
            if integration.is_flow:
                self.start_flow(integration, run_id, "scheduled_inf")
            else:
                self.start(integration, run_id)

    def stop(self) -> None:
        """Give up all work and wait for its end; new work may be started afterwards."""
        with self._lock:
            self._stopping = True
            lanes = list(self._lanes.values())
            self._lanes.clear()
            for watch in self._watches.values():
                watch.stopped = True
                watch.task_ended.set()
        for lane in lanes:
            lane.shutdown(wait=True, cancel_futures=True)
        self._watches.clear()
        self._next_at = 0.0
        self._stopping = False

    def resume(self) -> None:
        """End the runs that an emulator now gone left unfinished."""
        with self._store.snapshot() as db:
            rows = db.execute("SELECT id FROM cloud_runs WHERE state <> 'ENDED'").fetchall()
        for row in rows:
            self._end(row["id"], LEFT)

    def _submit(self, lane: str, work: Callable[..., None], *arguments: Any) -> "Future[None]":
        with self._lock:
            if self._stopping:
                future: Future[None] = Future()
                future.cancel()
                return future
            executor = self._lanes.get(lane)
            if executor is None:
                executor = ThreadPoolExecutor(1, thread_name_prefix="anaplan-integrations")
                self._lanes[lane] = executor
            return executor.submit(work, *arguments)

    def _fire(self) -> list[tuple[Integration, str]]:
        started = []
        with self._store.transaction() as db:
            now = self._clock.timestamp()
            rows = db.execute(
                "SELECT * FROM cloud_schedules WHERE enabled AND next_at <= ? ORDER BY next_at",
                (now,),
            ).fetchall()
            for row in rows:
                integration = integration_by_id(db, row["integration_id"])
                if integration is None:
                    continue
                schedule = Schedule.model_validate_json(row["definition"])
                due: datetime | None = datetime.fromtimestamp(row["next_at"], UTC)
                times: list[datetime] = []
                while due is not None and due.timestamp() <= now:
                    times = [*times[1 - _MOST_DUE_AT_ONCE :], due]
                    due = schedule.due_after(due)
                for moment in times:
                    run_id = insert_run(
                        db,
                        integration.id,
                        source="scheduled",
                        user_id=integration.created_by,
                        now=moment,
                    )
                    started.append((integration, run_id))
                db.execute(
                    "UPDATE cloud_schedules SET next_at = ? WHERE integration_id = ?",
                    (due.timestamp() if due else None, integration.id),
                )
            first = db.execute("SELECT min(next_at) FROM cloud_schedules WHERE enabled").fetchone()[
                0
            ]
            self._next_at = math.inf if first is None else float(first)
        return started

    def _work(self, integration: Integration, run_id: str) -> None:
        with self._lock:
            watch = self._watches[run_id] = Watch(stopped=self._stopping)
        try:
            with self._store.transaction() as db:
                db.execute(
                    "UPDATE cloud_runs SET state = 'RUNNING', started_at = ? WHERE id = ?",
                    (zulu(self._clock.now()), run_id),
                )
                run = run_by_id(db, run_id)
            if run is None or watch.stopped:
                return
            ending = Work(
                store=self._store,
                clouds=self.clouds,
                tasks=self._tasks,
                now=self._clock.timestamp,
                settings=self._settings,
                integration=integration,
                run=run,
                watch=watch,
            ).do()
        except Stopped:
            return
        except Exception:
            logger.exception("run %s of %s broke", run_id, integration.name)
            ending = BROKEN
        finally:
            self._watches.pop(run_id, None)
        self._end(run_id, ending)

    def _follow(self, flow: Integration, run_id: str, source: str, only: list[str] | None) -> None:
        """Run a flow's steps in order, until one says that it stops there."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE cloud_runs SET state = 'RUNNING', started_at = ? WHERE id = ?",
                (zulu(self._clock.now()), run_id),
            )
            run = run_by_id(db, run_id)
        if run is None:
            return
        ending = Ending(success=True, message="Success")
        for step in flow.parts:
            if step["isSkipped"] or (only is not None and step["referrer"] not in only):
                continue
            try:
                outcome = self._step(flow, step["referrer"], source, run.triggered_by)
            except (Stopped, CancelledError):
                return
            if outcome.success and outcome.error_code is None:
                continue
            kind = "partial_success" if outcome.success else "failure"
            if not outcome.success:
                message = "Integration flow failed"
                ending = Ending(success=False, message=message, error_code=FAILED)
            elif ending.success:
                ending = Ending(success=True, message="Partial success", error_code=PARTIAL)
            if _strategy(step, kind) == "stop":
                break
        self._end(run_id, ending)

    def _step(self, flow: Integration, referrer: str, source: str, user_id: str) -> Ending:
        with self._store.transaction() as db:
            integration = integration_by_id(db, referrer)
            if integration is None:
                return Ending(success=False, message="Integration not found", error_code=FAILED)
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
        return Ending(bool(run.success), run.message, run.error_code)

    def _end(self, run_id: str, ending: Ending) -> None:
        with self._store.transaction() as db:
            db.execute(
                """
                UPDATE cloud_runs SET state = 'ENDED', ended_at = ?, success = ?, message = ?,
                    error_code = ?, errors = ?
                WHERE id = ?
                """,
                (
                    zulu(self._clock.now()),
                    ending.success,
                    ending.message,
                    ending.error_code,
                    json.dumps(ending.errors),
                    run_id,
                ),
            )
            if run_by_id(db, run_id) is not None:
                db.executemany(
                    "INSERT INTO cloud_dumps (run_id, position, action_id, body)"
                    " VALUES (?, ?, ?, ?)",
                    [
                        (run_id, position, action_id, body)
                        for position, (action_id, body) in enumerate(ending.dumps)
                    ],
                )


def _strategy(step: dict[str, Any], kind: str) -> str:
    told = {each["type"]: each["strategy"] for each in step["exceptionBehavior"]}
    return str(told.get(kind, "stop" if kind == "failure" else "continue"))
