"""Optimizers: they choose the places of a module that bring the most, and leave a solver's log."""

# ruff: noqa: S608 (identifiers are made of our own keys; values are bound)

import sqlite3
import zlib
from collections.abc import Sequence

from anaplan_emulator.engine.contents import KEPT_SECONDS
from anaplan_emulator.engine.definitions import OptimizerDefinition
from anaplan_emulator.engine.outcomes import Detail, Outcome
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.structure import module_by_name, value_column

_TIME_LIMIT_SECONDS = 299


def run_optimizer(run: Run, action_id: str, definition: OptimizerDefinition) -> Outcome:
    """Choose at most so many places that the sum of what they bring is the greatest."""
    db = run.session.db
    module = module_by_name(db, run.model, definition.module)
    objective = value_column(module.line_item(definition.objective))
    choice = value_column(module.line_item(definition.choice))
    places = ", ".join(module.coordinates)
    # One limit on how many is met best by taking the greatest, as long as they add something.
    rows = db.execute(
        f"SELECT {objective} AS worth, {places} FROM {module.table}"
        f" WHERE {objective} IS NOT NULL AND {objective} <> 0 ORDER BY worth DESC, {places}"
    ).fetchall()
    chosen = [row for row in rows[: definition.at_most] if row["worth"] > 0]
    run.progress(0.5, f"Optimizing {module.name}")
    at = " AND ".join(f"{coordinate} = ?" for coordinate in module.coordinates)
    log = write_log([row["worth"] for row in rows], definition.at_most)
    with run.session.transaction():
        db.execute(f"UPDATE {module.table} SET {choice} = NULL")
        db.executemany(
            f"UPDATE {module.table} SET {choice} = 1 WHERE {at}", [tuple(row)[1:] for row in chosen]
        )
        db.execute(
            "INSERT OR REPLACE INTO solution_logs (model, action_id, task_id, written_at, body)"
            " VALUES (?, ?, ?, ?, ?)",
            (run.model, action_id, run.task_id, run.now(), log),
        )
    total = sum(row["worth"] for row in chosen)
    text = f"{definition.name}: optimal solution found, objective {total:g}"
    detail = Detail("taskElementSucceeded", text, len(chosen))
    return Outcome(action_id, definition.name, successful=True, details=[detail])


def solution_log(
    db: sqlite3.Connection, model: int, action_id: str, task_id: str, now: float
) -> str | None:
    """Find what an optimizer wrote in a task, its own or that of a process, while it is kept."""
    row = db.execute(
        "SELECT body FROM solution_logs"
        " WHERE model = ? AND action_id = ? AND task_id = ? AND written_at > ?",
        (model, action_id, task_id, now - KEPT_SECONDS),
    ).fetchone()
    return str(row["body"]) if row else None


def write_log(worths: Sequence[float], at_most: int) -> str:
    """Write what a solver would say of choosing from places, given what each brings.

    Args:
        worths: What they bring, the most first.
        at_most: How many may be chosen.
    """
    best = sum(worth for worth in worths[:at_most] if worth > 0)
    size = len(worths)
    fingerprint = zlib.crc32(repr((tuple(worths), at_most)).encode())
    lines = [
        "Non-default parameters:",
        f"TimeLimit  {_TIME_LIMIT_SECONDS}",
        "LogToConsole  0",
        "",
        f"Optimize a model with 1 rows, {size} columns and {size} nonzeros (Max)",
        f"Model fingerprint: 0x{fingerprint:08x}",
        f"Variable types: 0 continuous, {size} integer ({size} binary)",
        "Coefficient statistics:",
        f"  Objective range  [{_extent(worths)}]",
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


def _extent(worths: Sequence[float]) -> str:
    sizes = [abs(worth) for worth in worths] or [0.0]
    return f"{min(sizes):.0e}, {max(sizes):.0e}"
