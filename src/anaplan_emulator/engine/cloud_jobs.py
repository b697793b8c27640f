"""What one run of an integration does: objects in, an action, output out (facts 8.2, 8.3)."""

import csv
import io
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.cloud_records import CloudRun, Integration, connection_place
from anaplan_emulator.engine.clouds import CloudError, Clouds
from anaplan_emulator.engine.tasks import TaskRunner, TaskState, insert_task, task_by_id
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.database import Store

DATA_TYPE_MISMATCH = 12
PARTIAL = 38
# What these two mean is not on record (facts 8.2).
CLOUD_FAILED = 35
FAILED = 39

_MISMATCHES = ("Invalid number", "Invalid date", "Invalid boolean")
_CLOSED_STATES = {"ARCHIVED": "archived", "LOCKED": "locked"}


class Stopped(Exception):
    """The emulator is stopping, or is being reset."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    success: bool
    message: str
    error_code: int | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    dumps: list[tuple[str, bytes]] = field(default_factory=list)


CANCELLED = Ending(success=False, message="Cancelled", error_code=FAILED)


@dataclass(slots=True)
class Watch:
    """What is known of an unfinished run outside of the database."""

    cancelled: bool = False
    stopped: bool = False
    task_ended: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One run of an integration.

    Attributes:
        store: Where everything is.
        clouds: The stand-ins.
        tasks: Runs the action.
        now: The emulator's time, in seconds since the epoch.
        settings: Gives the present settings.
        integration: What is run, in the name of whoever made it.
        run: The run.
        watch: Tells of its end.
    """

    store: Store
    clouds: Clouds
    tasks: TaskRunner
    now: Callable[[], float]
    settings: Callable[[], Settings]
    integration: Integration
    run: CloudRun
    watch: Watch

    def do(self) -> Ending:
        """Do all of it.

        Raises:
            Stopped: It is to end without a trace.
        """
        try:
            model = self._model()
            if isinstance(model, Ending):
                return model
            for job in self._jobs("Anaplan"):
                self._upload(model, job)
            ending, result = self._act(model)
            for job in self._jobs("cloud"):
                if _succeeded(result, job["sources"][0]["actionId"]):
                    self._download(model, job)
        except CloudError as error:
            return self._failure(str(error))
        return ending

    def _jobs(self, towards: str) -> Iterator[dict[str, Any]]:
        for job in self.integration.parts:
            if (job["targets"][0]["type"] == "Anaplan") == (towards == "Anaplan"):
                yield job

    def _model(self) -> int | Ending:
        with self.store.snapshot() as db:
            row = db.execute(
                "SELECT key, active_state, offline FROM models WHERE id = ?",
                (self.integration.model_id,),
            ).fetchone()
        if row is None:
            return Ending(success=False, message="Anaplan model was deleted", error_code=FAILED)
        state = _CLOSED_STATES.get(row["active_state"])
        if row["offline"] or "MAINTENANCE" in row["active_state"]:
            state = "offline"
        if state:
            message = f"The Anaplan model is {state}"
            return Ending(success=False, message=message, error_code=FAILED)
        return int(row["key"])

    def _upload(self, model: int, job: dict[str, Any]) -> None:
        source, target = job["sources"][0], job["targets"][0]
        with self.store.snapshot() as db:
            place = connection_place(db, source["connectionId"])
        if place is None:
            raise CloudError("The connection was deleted")
        body = self.clouds.read(place, source.get("file") or source.get("table", ""))
        size = self.settings().upload_chunk_bytes
        pieces = [body[start : start + size] for start in range(0, max(1, len(body)), size)]
        with self.store.transaction() as db:
            file = contents.file_by_id(db, model, target["fileId"])
            if file is None:
                raise CloudError(f"The file {target['fileId']} is not in the model")
            user = self.integration.created_by
            key = contents.begin(db, file, user, len(pieces), self.now())
            for number, piece in enumerate(pieces):
                contents.put_chunk(db, key, number, piece)

    def _act(self, model: int) -> tuple[Ending, dict[str, Any]]:
        object_id = self.integration.process_id or _action_of(self.integration.parts[0])
        with self.store.transaction() as db:
            task_id = insert_task(
                db,
                model=model,
                object_id=object_id,
                user_id=self.integration.created_by,
                request={"localeName": "en_US", "mappingParameters": list(self._answers())},
                created_at=int(self.now() * 1000),
            )
            db.execute("UPDATE models SET is_open = 1 WHERE key = ?", (model,))
            db.execute("UPDATE cloud_runs SET task_id = ? WHERE id = ?", (task_id, self.run.id))
        self.watch.task_ended.clear()
        self.tasks.start(model, task_id, ended=self.watch.task_ended.set)
        with self.store.snapshot() as db:
            task = task_by_id(db, model, object_id, task_id)
        if self.watch.cancelled and task is not None:
            self.tasks.cancel(task, self.run.triggered_by)
        # Set for good once the emulator stops, whatever cleared it before.
        while not self.watch.stopped and not self.watch.task_ended.wait(1):
            pass
        with self.store.snapshot() as db:
            task = task_by_id(db, model, object_id, task_id)
            if self.watch.stopped or task is None or task.result is None:
                raise Stopped
            if task.state is TaskState.CANCELLED:
                return CANCELLED, task.result
            return self._ending(db, model, task.result), task.result

    def _answers(self) -> Iterator[dict[str, str]]:
        """Yield what the jobs answer to imports that ask."""
        for job in self._jobs("Anaplan"):
            for answer in job.get("mapping", ()):
                yield {**answer, "importId": job["targets"][0]["actionId"]}

    def _ending(self, db: sqlite3.Connection, model: int, result: dict[str, Any]) -> Ending:
        steps = result.get("nestedResults") or [result]
        faulty = [step for step in steps if not step["successful"] or step["failureDumpAvailable"]]
        if result["successful"] and not faulty:
            return Ending(success=True, message="Success")
        errors = [
            {
                "errorMessage": [{"values": [], **detail} for detail in step.get("details", [])],
                "actionId": step["objectId"],
                "actionName": step["objectName"],
                "failureDumpGenerated": step["failureDumpAvailable"],
            }
            for step in faulty
        ]
        dumps = [
            (step["objectId"], self._dump(db, model, step["objectId"]))
            for step in faulty
            if step["failureDumpAvailable"]
        ]
        details = [detail for step in faulty for detail in step.get("details", [])]
        if not result["successful"]:
            message = details[-1]["localMessageText"] if details else "Failed"
            if self.integration.process_id:
                message = "Process failed"
            return Ending(False, message, FAILED, errors, dumps)
        counts = [_counts(step) for step in faulty]
        done = sum(count["done"] for count in counts)
        failed = sum(count["failed"] for count in counts)
        mismatched = all(
            detail["localMessageText"].startswith(_MISMATCHES)
            for detail in details
            if not detail.get("values")
        )
        code = DATA_TYPE_MISMATCH if mismatched else PARTIAL
        message = f"Partial success: {done} rows imported, {failed} rows with errors"
        return Ending(True, message, code, errors, dumps)

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
            place = connection_place(db, target["connectionId"])
            file = contents.file_by_id(db, model, action_id)
            if place is None or file is None:
                raise CloudError("The connection was deleted")
            content = contents.content_of(db, file, self.integration.created_by, self.now())
            body = b"".join(contents.read_all(db, content)) if content else b""
        if job.get("mapping"):
            body = _mapped(body, job["mapping"])
        name = target.get("file") or target.get("table", "")
        if name.endswith("/"):
            name += file.name
        self.clouds.write(
            place,
            name,
            body,
            overwrite=bool(target.get("overwrite")),
            now=datetime.fromtimestamp(self.now(), UTC),
        )

    def _failure(self, text: str) -> Ending:
        error = {
            "errorMessage": [
                {"localMessageText": text, "occurrences": 1, "type": "cloudError", "values": []}
            ],
            "actionId": self.integration.process_id or _action_of(self.integration.parts[0]),
            "actionName": self.integration.name,
            "failureDumpGenerated": False,
        }
        return Ending(False, text, CLOUD_FAILED, [error])


def _mapped(table: bytes, mapping: list[dict[str, str]]) -> bytes:
    """Take the columns that a mapping names out of a table, under the names that it gives them."""
    rows = csv.DictReader(io.StringIO(table.decode(), newline=""))
    for each in mapping:
        if each["sourceName"] not in (rows.fieldnames or ()):
            raise CloudError(f"The export has no column {each['sourceName']}")
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
