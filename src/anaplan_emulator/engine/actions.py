"""Actions of a model: finding them, and running any of them, processes included."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import TypeAdapter

from anaplan_emulator.clock import iso_milliseconds
from anaplan_emulator.engine.definitions import (
    ActionDefinition,
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    OptimizerDefinition,
    ProcessDefinition,
)
from anaplan_emulator.engine.deletions import run_delete
from anaplan_emulator.engine.exports import run_export
from anaplan_emulator.engine.imports import run_import
from anaplan_emulator.engine.optimizers import run_optimizer
from anaplan_emulator.engine.outcomes import Outcome
from anaplan_emulator.engine.run import Run

PREFIXES = {
    "import": "112",
    "export": "116",
    "delete": "117",
    "optimizer": "117",
    "process": "118",
}
"""First digits of the ids, by kind of definition (facts 4.2)."""

_DEFINITION: TypeAdapter[ActionDefinition] = TypeAdapter(ActionDefinition)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be run."""

    id: str
    definition: ActionDefinition


def actions(db: sqlite3.Connection, model: int, prefix: str = "") -> list[Action]:
    """Read a model's actions, by id; all of them, or those of a kind."""
    rows = db.execute(
        "SELECT id, definition FROM actions WHERE model = ? AND id GLOB ? ORDER BY id",
        (model, f"{prefix}*"),
    )
    return [_read(row) for row in rows]


def action_by_id(db: sqlite3.Connection, model: int, action_id: str) -> Action | None:
    """Find an action by its id."""
    row = db.execute(
        "SELECT id, definition FROM actions WHERE model = ? AND id = ?", (model, action_id)
    ).fetchone()
    return _read(row) if row else None


def steps(db: sqlite3.Connection, model: int, process: ProcessDefinition) -> list[Action]:
    """Find the actions of a process, in order."""
    by_name = {action.definition.name: action for action in actions(db, model)}
    return [by_name[name] for name in process.actions]


def run_action(run: Run, action: Action) -> Outcome:
    """Run an action of any kind."""
    match action.definition:
        case ImportDefinition() as definition:
            return run_import(run, action.id, definition)
        case ExportDefinition() as definition:
            return run_export(run, action.id, definition)
        case DeleteDefinition() as definition:
            return run_delete(run, action.id, definition)
        case OptimizerDefinition() as definition:
            return run_optimizer(run, action.id, definition)
        case ProcessDefinition() as definition:
            return _run_process(run, action.id, definition)


def _run_process(run: Run, process_id: str, definition: ProcessDefinition) -> Outcome:
    """Run actions in order, until one fails: what earlier ones did stays done."""
    todo = steps(run.session.db, run.model, definition)
    nested: list[Outcome] = []
    for number, action in enumerate(todo):
        started = run.now()
        step = run.within(number / len(todo), (number + 1) / len(todo))
        step.progress(0.0, action.definition.name)
        outcome = run_action(step, action)
        nested.append(
            replace(
                outcome,
                started=iso_milliseconds(datetime.fromtimestamp(started, UTC)),
                duration=f"{run.now() - started:.3f}",
            )
        )
        if not outcome.successful:
            break
    return Outcome(
        process_id,
        definition.name,
        successful=all(outcome.successful for outcome in nested),
        failure_dump=any(outcome.failure_dump for outcome in nested),
        nested=nested,
    )


def _read(row: sqlite3.Row) -> Action:
    return Action(row["id"], _DEFINITION.validate_json(row["definition"]))
