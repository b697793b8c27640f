"""Optimizers: they select the cells with the greatest values, and write a solver's log."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
import zlib
from collections.abc import Sequence

from anaplan_emulator.engine.action_results import ActionResult, Detail
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.file_contents import RETENTION_SECONDS
from anaplan_emulator.engine.structure import module_by_name, value_column
from anaplan_emulator.tenant.action_definitions import OptimizerDefinition

_TIME_LIMIT_SECONDS = 299


def run_optimizer(run: ActionRun, action_id: str, definition: OptimizerDefinition) -> ActionResult:
    """Run an optimizer, which maximizes the sum of the objective over the selected cells."""
    db = run.session.db
    module = module_by_name(db, run.model, definition.module)
    objective = value_column(module.line_item(definition.objective))
    choice = value_column(module.line_item(definition.choice))
    coordinates = ", ".join(module.coordinates)
    # The only constraint is the size of the selection, so the greatest positive values are optimal.
    rows = db.execute(
        f"SELECT {objective} AS value, {coordinates} FROM {module.table}"
        f" WHERE {objective} IS NOT NULL AND {objective} <> 0 ORDER BY value DESC, {coordinates}"
    ).fetchall()
    selected = [row for row in rows[: definition.at_most] if row["value"] > 0]
    run.progress(0.5, f"Optimizing {module.name}")
    condition = " AND ".join(f"{coordinate} = ?" for coordinate in module.coordinates)
    log = write_log([row["value"] for row in rows], definition.at_most)
    with run.session.transaction():
        db.execute(f"UPDATE {module.table} SET {choice} = NULL")
        db.executemany(
            f"UPDATE {module.table} SET {choice} = 1 WHERE {condition}",
            [tuple(row)[1:] for row in selected],
        )
        db.execute(
            "INSERT OR REPLACE INTO solution_logs (model, action_id, task_id, written_at, body)"
            " VALUES (?, ?, ?, ?, ?)",
            (run.model, action_id, run.task_id, run.now(), log),
        )
    total = sum(row["value"] for row in selected)
    text = f"{definition.name}: optimal solution found, objective {total:g}"
    detail = Detail("taskElementSucceeded", text, len(selected))
    return ActionResult(action_id, definition.name, successful=True, details=[detail])


def solution_log(
    db: sqlite3.Connection, model: int, action_id: str, task_id: str, now: float
) -> str | None:
    """Return an optimizer's log from its own task or that of a process, unless expired."""
    row = db.execute(
        "SELECT body FROM solution_logs"
        " WHERE model = ? AND action_id = ? AND task_id = ? AND written_at > ?",
        (model, action_id, task_id, now - RETENTION_SECONDS),
    ).fetchone()
    return str(row["body"]) if row else None


def write_log(values: Sequence[float], at_most: int) -> str:
    """Return the log that a solver would write.

    Args:
        values: Values of the objective, greatest first.
        at_most: Greatest size of the selection.
    """
    best = sum(value for value in values[:at_most] if value > 0)
    size = len(values)
    fingerprint = zlib.crc32(repr((tuple(values), at_most)).encode())
    lines = [
        "Non-default parameters:",
        f"TimeLimit  {_TIME_LIMIT_SECONDS}",
        "LogToConsole  0",
        "",
        f"Optimize a model with 1 rows, {size} columns and {size} nonzeros (Max)",
        f"Model fingerprint: 0x{fingerprint:08x}",
        f"Variable types: 0 continuous, {size} integer ({size} binary)",
        "Coefficient statistics:",
        f"  Objective range  [{_range(values)}]",
        f"  RHS range        [{at_most:.0e}, {at_most:.0e}]",
        f"Found heuristic solution: objective {best:.6f}",
        "Presolve time: 0.00s",
        "",
        "Explored 0 nodes (0 simplex iterations) in 0.00 seconds (0.00 work units)",
        "",
        "Optimal solution found (tolerance 1.00e-04)",
        f"Best objective {best:.12e}, best bound {best:.12e}, gap 0.0000%",
    ]
    return "\n".join([*lines, ""])


def _range(values: Sequence[float]) -> str:
    sizes = [abs(value) for value in values] or [0.0]
    return f"{min(sizes):.0e}, {max(sizes):.0e}"
