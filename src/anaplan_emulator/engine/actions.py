"""Actions of a model: finding them, and running them, including processes."""

import sqlite3
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from anaplan_emulator.engine.action_results import ActionFailed, ActionResult, NotDescribedError
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.deletions import run_delete
from anaplan_emulator.engine.exports import run_export
from anaplan_emulator.engine.imports import run_import
from anaplan_emulator.engine.optimizers import run_optimizer
from anaplan_emulator.tenant.action_definitions import (
    ActionDefinition,
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    OptimizerDefinition,
    OtherDefinition,
    ProcessDefinition,
)

_DEFINITION: TypeAdapter[ActionDefinition] = TypeAdapter(ActionDefinition)


@dataclass(frozen=True, slots=True)
class Action:
    """An action and its definition."""

    id: str
    definition: ActionDefinition


def actions(db: sqlite3.Connection, model: int, prefix: str = "") -> list[Action]:
    """Read a model's actions, or those whose ids have a prefix, ordered by id."""
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
    """Return the actions of a process, in order."""
    by_name = {action.definition.name: action for action in actions(db, model)}
    return [by_name[name] for name in process.actions]


def run_action(run: ActionRun, action: Action) -> ActionResult:
    """Run an action of any kind.

    Raises:
        ActionFailed: It failed as a whole.
    """
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
        case OtherDefinition() as definition:
            raise NotDescribedError(
                definition.name, f"it is an action of the kind {definition.action_type}"
            )


def _run_process(run: ActionRun, process_id: str, definition: ProcessDefinition) -> ActionResult:
    """Run actions in order until one fails. The effects of earlier ones remain."""
    actions_to_run = steps(run.session.db, run.model, definition)
    nested: list[ActionResult] = []
    process_started = run.now()
    for number, action in enumerate(actions_to_run):
        started = run.now()
        step = run.step(number / len(actions_to_run), (number + 1) / len(actions_to_run))
        step.progress(0.0, action.definition.name)
        result = _run_step(step, action)
        nested.append(
            replace(
                result,
                started=str(int(started * 1000)),
                duration=str(int((run.now() - started) * 1000)),
            )
        )
        if not result.successful:
            break
    return ActionResult(
        process_id,
        definition.name,
        successful=all(result.successful for result in nested),
        failure_dump=any(result.failure_dump for result in nested),
        nested=nested,
        started=str(int(process_started * 1000)),
        duration=str(int((run.now() - process_started) * 1000)),
    )


def _run_step(run: ActionRun, action: Action) -> ActionResult:
    try:
        return run_action(run, action)
    except ActionFailed as failure:
        return ActionResult(
            action.id, action.definition.name, successful=False, details=[failure.detail]
        )


def _read(row: sqlite3.Row) -> Action:
    return Action(row["id"], _DEFINITION.validate_json(row["definition"]))
