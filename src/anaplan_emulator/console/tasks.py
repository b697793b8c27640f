"""Pages of tasks: their states, results and refused rows."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.responses import Response

from anaplan_emulator.apis.actions import state
from anaplan_emulator.apis.replies import csv_text
from anaplan_emulator.console.models import action_names
from anaplan_emulator.console.rendering import download, live_page, redirect
from anaplan_emulator.console.visits import PageError, Visit, Window
from anaplan_emulator.engine.alm_tasks import ALM_TASKS
from anaplan_emulator.engine.tasks import Task, TaskState, read_task
from anaplan_emulator.tenant_state import TenantState

_DUMP_ROWS = 200


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as pages show it.

    Attributes:
        task: The task, with its current progress.
        name: Name of the action that it runs.
        is_action: Whether it runs an action, which has a page.
        model_id: Id of the model.
        model_name: Name of the model.
        email: E-mail address of the user who started it.
        outcome: What became of it, in a word.
        took: Seconds from its creation until its end.
    """

    task: Task
    name: str
    is_action: bool
    model_id: str
    model_name: str
    email: str
    outcome: str
    took: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """The result of an action, alone or in a process.

    Attributes:
        id: Id of the action.
        name: Its name.
        successful: Whether it succeeded.
        seconds: How long it took, in a process.
        details: Type, text, number of rows, and counters of each detail.
        dump: The refused rows, if there are any.
    """

    id: str
    name: str
    successful: bool
    seconds: float | None
    details: tuple[tuple[str, str, int, tuple[tuple[str, str], ...]], ...]
    dump: "DumpTable | None"


@dataclass(frozen=True, slots=True)
class DumpTable:
    """Refused rows.

    Attributes:
        columns: Names of the columns.
        rows: The first rows.
        more: Whether there are further ones.
    """

    columns: list[str]
    rows: list[list[str]]
    more: bool


def show_tasks(visit: Visit) -> Response:
    """GET /tasks: all tasks, the latest first."""
    with visit.tenant.store.snapshot() as db:
        (total,) = db.execute("SELECT count(*) FROM tasks").fetchone()
        window = Window.requested(visit, total)
        rows = read_tasks(db, visit.tenant, limit=window.size, offset=window.start)
    return live_page(visit, "tasks.html", "Tasks", tasks=rows, window=window)


def show_task(visit: Visit) -> Response:
    """GET /tasks/{task}: a task with its result."""
    with visit.tenant.store.snapshot() as db:
        row = _requested_task(db, visit)
        steps = _steps(db, visit.tenant, row.task)
    return live_page(visit, "task.html", f"Task: {row.name}", row=row, steps=steps)


def cancel_task(visit: Visit) -> Response:
    """POST /tasks/{task}/cancel: cancel a task on behalf of the user who started it."""
    with visit.tenant.store.snapshot() as db:
        task = _requested_task(db, visit).task
    visit.tenant.task_runner.cancel(task, task.user_id)
    return redirect("tasks", task.id, done="cancelled")


def download_dump(visit: Visit) -> Response:
    """GET /tasks/{task}/dumps/{object}: refused rows as a CSV file for a spreadsheet."""
    with visit.tenant.store.snapshot() as db:
        row = _requested_task(db, visit)
        rows = list(_dump_rows(db, visit.tenant, row.task, visit.parameters["object"]))
    if not rows:
        raise PageError(404, "The task has no such failure dump, or it has expired.")
    body = csv_text([_without_formulas(cells) for cells in rows])
    return download(body.encode("utf-8-sig"), f"{row.name} refused rows.csv", "text/csv")


def read_tasks(
    db: sqlite3.Connection,
    tenant: TenantState,
    *,
    where: str = "true",
    values: tuple[object, ...] = (),
    limit: int = -1,
    offset: int = 0,
) -> list[TaskRow]:
    """Read tasks, the latest first.

    Args:
        db: A transaction.
        tenant: The tenant.
        where: A condition in SQL.
        values: Values of its placeholders.
        limit: Greatest number of tasks; -1 for all.
        offset: Number of tasks to leave out at the beginning.
    """
    rows = db.execute(
        f"""
        SELECT tasks.*, models.id AS model_id, models.name AS model_name, users.email
        FROM tasks JOIN models ON models.key = tasks.model JOIN users ON users.id = tasks.user_id
        WHERE {where} ORDER BY tasks.key DESC LIMIT ? OFFSET ?
        """,  # noqa: S608 (constant conditions)
        (*values, limit, offset),
    ).fetchall()
    names = action_names(db)
    return [_task_row(tenant, names, row) for row in rows]


def _task_row(tenant: TenantState, names: dict[tuple[int, str], str], row: sqlite3.Row) -> TaskRow:
    task = tenant.task_runner.watch(read_task(row))
    name = names.get((task.model, task.object_id))
    return TaskRow(
        task=task,
        name=name or task.object_id,
        is_action=name is not None,
        model_id=row["model_id"],
        model_name=row["model_name"],
        email=row["email"],
        outcome=_outcome(task),
        took=(task.ended_at - task.created_at) / 1000 if task.ended_at is not None else None,
    )


_OUTCOMES = {
    TaskState.NOT_STARTED: "waiting",
    TaskState.IN_PROGRESS: "running",
    TaskState.CANCELLING: "cancelling",
    TaskState.CANCELLED: "cancelled",
}


def _outcome(task: Task) -> str:
    if task.state is not TaskState.COMPLETE or task.result is None:
        return _OUTCOMES.get(task.state, "running")
    if not task.result.get("successful"):
        return "failed"
    return "with warnings" if task.result.get("failureDumpAvailable") else "succeeded"


def _requested_task(db: sqlite3.Connection, visit: Visit) -> TaskRow:
    found = read_tasks(db, visit.tenant, where="tasks.id = ?", values=(visit.parameters["task"],))
    if not found:
        raise PageError(404, "The tenant has no such task.")
    return found[0]


def _steps(db: sqlite3.Connection, tenant: TenantState, task: Task) -> list[Step]:
    """Return the results of a process's actions, or of the only action."""
    if task.result is None or task.object_id in ALM_TASKS:
        return []
    results = task.result.get("nestedResults") or [task.result]
    return [_step(db, tenant, task, result) for result in results]


def _step(db: sqlite3.Connection, tenant: TenantState, task: Task, result: dict[str, Any]) -> Step:
    details = []
    for detail in result.get("details", []):
        values = detail.get("values", [])
        counters = tuple(
            (name, number)
            for name, number in zip(values[::2], values[1::2], strict=False)
            if number != "0"
        )
        details.append(
            (detail["type"], detail["localMessageText"], detail["occurrences"], counters)
        )
    dump = None
    if result.get("failureDumpAvailable"):
        rows = list(islice(_dump_rows(db, tenant, task, result["objectId"]), _DUMP_ROWS + 2))
        if rows:
            dump = DumpTable(rows[0], rows[1 : _DUMP_ROWS + 1], len(rows) > _DUMP_ROWS + 1)
    duration = result.get("duration")
    return Step(
        id=result["objectId"],
        name=result["objectName"],
        successful=result["successful"],
        seconds=int(duration) / 1000 if duration else None,
        details=tuple(details),
        dump=dump,
    )


def _dump_rows(
    db: sqlite3.Connection, tenant: TenantState, task: Task, object_id: str
) -> Iterator[list[str]]:
    """Yield the rows of a failure dump, with its header, without marking it as used."""
    dump = state.find_dump(db, task, object_id, task.user_id, tenant.clock.timestamp())
    if dump is None:
        return
    chunks = (
        state.dump_chunk(db, dump, number) or b"" for number in state.dump_chunk_numbers(db, dump)
    )
    text = b"".join(chunks).decode("utf-8-sig", "replace")
    yield from csv.reader(io.StringIO(text, newline=""))


def _without_formulas(cells: list[str]) -> list[str]:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    return [f"'{cell}" if _is_formula(cell) else cell for cell in cells]


def _is_formula(cell: str) -> bool:
    if cell[:1] not in ("=", "+", "-", "@", "\t", "\r"):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False
