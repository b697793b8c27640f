"""A run of an integration: objects in, an action, and its output out.

Source: docs/anaplan-behaviour.md#integrations, #runs.
"""

import csv
import io
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.cloud_storage import CloudStorage, CloudStorageError
from anaplan_emulator.engine.integration_records import Integration, RunRecord, connection_location
from anaplan_emulator.engine.model_memory import set_open
from anaplan_emulator.engine.task_runner import TaskRunner
from anaplan_emulator.engine.tasks import TaskState, insert_task, task_by_id
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Store

DATA_TYPE_MISMATCH = 12
PARTIAL = 38
# The meaning of these two codes is not documented (docs/anaplan-behaviour.md#integrations).
CLOUD_FAILED = 35
FAILED = 39

_MISMATCHES = ("Invalid number", "Invalid date", "Invalid boolean")
_CLOSED_STATES = {"ARCHIVED": "archived", "LOCKED": "locked"}


class Stopped(Exception):
    """The emulator is stopping or being reset."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run."""

    success: bool
    message: str
    error_code: int | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    dumps: list[tuple[str, bytes]] = field(default_factory=list)


CANCELLED = RunResult(success=False, message="Cancelled", error_code=FAILED)


@dataclass(slots=True)
class RunControl:
    """Signals to and from an unfinished run."""

    cancelled: bool = False
    stopped: bool = False
    task_ended: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationRun:
    """A run of an integration.

    Attributes:
        store: The database.
        cloud_storage: The cloud storage.
        task_runner: Runs the action.
        now: Returns the time, in seconds since the epoch.
        settings: The emulator's settings.
        integration: The integration, which runs on behalf of the user who created it.
        run: The run as stored.
        control: Signals to and from the run.
    """

    store: Store
    cloud_storage: CloudStorage
    task_runner: TaskRunner
    now: Callable[[], float]
    settings: Settings
    integration: Integration
    run: RunRecord
    control: RunControl

    def execute(self) -> RunResult:
        """Run the integration.

        Raises:
            Stopped: The emulator is stopping or being reset; the run has no result.
        """
        try:
            model = self._model()
            if isinstance(model, RunResult):
                return model
            for job in self._jobs(into_anaplan=True):
                self._upload(model, job)
            run_result, task_result = self._run_action(model)
            for job in self._jobs(into_anaplan=False):
                if _succeeded(task_result, job["sources"][0]["actionId"]):
                    self._download(model, job)
        except CloudStorageError as error:
            return self._failure(str(error))
        return run_result

    def _jobs(self, *, into_anaplan: bool) -> Iterator[dict[str, Any]]:
        for job in self.integration.parts:
            if (job["targets"][0]["type"] == "Anaplan") == into_anaplan:
                yield job

    def _model(self) -> int | RunResult:
        with self.store.snapshot() as db:
            row = db.execute(
                "SELECT key, active_state, offline FROM models WHERE id = ?",
                (self.integration.model_id,),
            ).fetchone()
        if row is None:
            return RunResult(success=False, message="Anaplan model was deleted", error_code=FAILED)
        state = _CLOSED_STATES.get(row["active_state"])
        if row["offline"] or "MAINTENANCE" in row["active_state"]:
            state = "offline"
        if state:
            message = f"The Anaplan model is {state}"
            return RunResult(success=False, message=message, error_code=FAILED)
        return int(row["key"])

    def _upload(self, model: int, job: dict[str, Any]) -> None:
        source, target = job["sources"][0], job["targets"][0]
        with self.store.snapshot() as db:
            location = connection_location(db, source["connectionId"])
        if location is None:
            raise CloudStorageError("The connection was deleted")
        body = self.cloud_storage.read(location, source.get("file") or source.get("table", ""))
        size = self.settings.upload_chunk_bytes
        chunks = [body[start : start + size] for start in range(0, max(1, len(body)), size)]
        with self.store.transaction() as db:
            file = file_contents.file_by_id(db, model, target["fileId"])
            if file is None:
                raise CloudStorageError(f"The file {target['fileId']} is not in the model")
            user = self.integration.created_by
            key = file_contents.begin(db, file, user, len(chunks), self.now())
            for number, chunk in enumerate(chunks):
                file_contents.put_chunk(db, key, number, chunk)

    def _run_action(self, model: int) -> tuple[RunResult, dict[str, Any]]:
        object_id = self.integration.process_id or _action_of(self.integration.parts[0])
        with self.store.transaction() as db:
            task = insert_task(
                db,
                model=model,
                object_id=object_id,
                user_id=self.integration.created_by,
                request={
                    "localeName": "en_US",
                    "mappingParameters": list(self._mapping_parameters()),
                },
                created_at=int(self.now() * 1000),
            )
            set_open(db, model)
            db.execute("UPDATE cloud_runs SET task_id = ? WHERE id = ?", (task.id, self.run.id))
        self.control.task_ended.clear()
        self.task_runner.start(
            model,
            task.id,
            is_polled=not self.run.trigger_source.startswith("scheduled"),
            on_end=self.control.task_ended.set,
        )
        if self.control.cancelled:
            self.task_runner.cancel(task, self.run.triggered_by)
        # `stopped` is checked as well: the event may have been cleared after it was set to stop.
        while not self.control.stopped and not self.control.task_ended.wait(1):
            pass
        with self.store.snapshot() as db:
            ended = task_by_id(db, model, object_id, task.id)
            if self.control.stopped or ended is None or ended.result is None:
                raise Stopped
            if ended.state is TaskState.CANCELLED:
                return CANCELLED, ended.result
            return self._result(db, model, ended.result), ended.result

    def _mapping_parameters(self) -> Iterator[dict[str, str]]:
        """Yield the mapping parameters that the jobs provide."""
        for job in self._jobs(into_anaplan=True):
            for parameter in job.get("mapping", ()):
                yield {**parameter, "importId": job["targets"][0]["actionId"]}

    def _result(self, db: sqlite3.Connection, model: int, result: dict[str, Any]) -> RunResult:
        steps = result.get("nestedResults") or [result]
        incomplete = [
            step for step in steps if not step["successful"] or step["failureDumpAvailable"]
        ]
        if result["successful"] and not incomplete:
            return RunResult(success=True, message="Success")
        errors = [
            {
                "errorMessage": [{"values": [], **detail} for detail in step.get("details", [])],
                "actionId": step["objectId"],
                "actionName": step["objectName"],
                "failureDumpGenerated": step["failureDumpAvailable"],
            }
            for step in incomplete
        ]
        dumps = [
            (step["objectId"], self._dump(db, model, step["objectId"]))
            for step in incomplete
            if step["failureDumpAvailable"]
        ]
        details = [detail for step in incomplete for detail in step.get("details", [])]
        if not result["successful"]:
            message = details[-1]["localMessageText"] if details else "Failed"
            if self.integration.process_id:
                message = "Process failed"
            return RunResult(False, message, FAILED, errors, dumps)
        counts = [_counts(step) for step in incomplete]
        done = sum(count["done"] for count in counts)
        failed = sum(count["failed"] for count in counts)
        mismatched = all(
            detail["localMessageText"].startswith(_MISMATCHES)
            for detail in details
            if not detail.get("values")
        )
        code = DATA_TYPE_MISMATCH if mismatched else PARTIAL
        message = f"Partial success: {done} rows imported, {failed} rows with errors"
        return RunResult(True, message, code, errors, dumps)

    def _dump(self, db: sqlite3.Connection, model: int, object_id: str) -> bytes:
        rows = db.execute(
            """
            SELECT body FROM dump_chunks JOIN dumps ON dumps.key = dump_chunks.dump
            WHERE model = ? AND object_id = ? AND user_id = ? ORDER BY number
            """,
            (model, object_id, self.integration.created_by),
        )
        return b"".join(row["body"] for row in rows)

    def _download(self, model: int, job: dict[str, Any]) -> None:
        action_id, target = job["sources"][0]["actionId"], job["targets"][0]
        with self.store.snapshot() as db:
            location = connection_location(db, target["connectionId"])
            file = file_contents.file_by_id(db, model, action_id)
            if location is None or file is None:
                raise CloudStorageError("The connection was deleted")
            content = file_contents.content_of(db, file, self.integration.created_by, self.now())
            body = b"".join(file_contents.read_all(db, content)) if content else b""
        if job.get("mapping"):
            body = _mapped(body, job["mapping"])
        name = target.get("file") or target.get("table", "")
        if name.endswith("/"):
            name += file.name
        self.cloud_storage.write(
            location,
            name,
            body,
            overwrite=bool(target.get("overwrite")),
            now=datetime.fromtimestamp(self.now(), UTC),
        )

    def _failure(self, text: str) -> RunResult:
        error = {
            "errorMessage": [
                {"localMessageText": text, "occurrences": 1, "type": "cloudError", "values": []}
            ],
            "actionId": self.integration.process_id or _action_of(self.integration.parts[0]),
            "actionName": self.integration.name,
            "failureDumpGenerated": False,
        }
        return RunResult(False, text, CLOUD_FAILED, [error])


def _mapped(table: bytes, mapping: list[dict[str, str]]) -> bytes:
    """Select the columns of a mapping from a CSV table, and rename them."""
    rows = csv.DictReader(io.StringIO(table.decode(), newline=""))
    for each in mapping:
        if each["sourceName"] not in (rows.fieldnames or ()):
            raise CloudStorageError(f"The export has no column {each['sourceName']}")
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([each["targetName"] for each in mapping])
    writer.writerows([row[each["sourceName"]] for each in mapping] for row in rows)
    return file.getvalue().encode()


def _action_of(job: dict[str, Any]) -> str:
    sides = (job["sources"][0], job["targets"][0])
    return str(next(side["actionId"] for side in sides if side["type"] == "Anaplan"))


def _succeeded(result: dict[str, Any], action_id: str) -> bool:
    steps = result.get("nestedResults") or [result]
    return any(step["objectId"] == action_id and step["successful"] for step in steps)


def _counts(step: dict[str, Any]) -> dict[str, int]:
    for detail in step.get("details", []):
        flat = detail.get("values", [])
        named = dict(zip(flat[::2], flat[1::2], strict=False))
        if "failedCount" in named:
            failed = int(named["failedCount"]) + int(named["warningsRowCount"])
            return {"done": int(named["successRowCount"]), "failed": failed}
    return {"done": 0, "failed": 0}
