"""Changing a model's fiscal year, and the cells of remaining periods."""

from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.engine.blueprint import read_blueprint
from anaplan_emulator.engine.comparison import compare, summary
from anaplan_emulator.engine.model_calendar import (
    read_calendar,
    set_current_period,
    set_fiscal_year,
)
from anaplan_emulator.engine.structure import module_by_name
from anaplan_emulator.engine.synchronization import apply_blueprint

if TYPE_CHECKING:
    import sqlite3

    from tests.engine.conftest import ModelHarness

MODEL = 1


@pytest.fixture
def db(model: "ModelHarness") -> "sqlite3.Connection":
    """The database with a model of two complete years, of which the second is the current one."""
    db = model.session.db
    db.execute(
        "UPDATE calendars SET definition = json_set(definition, '$.months', NULL,"
        " '$.future_years', 1)"
    )
    set_fiscal_year(db, MODEL, 2026)
    return db


def periods(db: "sqlite3.Connection") -> list[str]:
    rows = db.execute(
        "SELECT list_items.name FROM list_items JOIN lists ON lists.key = list"
        " WHERE model = ? AND kind = 'TIME' ORDER BY list_items.key",
        (MODEL,),
    )
    return [row["name"] for row in rows]


def units(db: "sqlite3.Connection") -> dict[str, float]:
    sales = module_by_name(db, MODEL, "Sales")
    time = next(each.key for each in sales.dimensions if each.kind == "TIME")
    column = f"v{sales.line_item('Units').key}"
    rows = db.execute(
        f"SELECT name, {column} FROM {sales.table} JOIN list_items ON list_items.key = d{time}"
    )
    return dict(rows.fetchall())


def test_cells_are_kept_with_their_periods(db: "sqlite3.Connection") -> None:
    initial = periods(db)
    assert (len(initial), initial[0], initial[-1]) == (24, "Jan 26", "Dec 27")
    assert units(db) == {"Jan 26": 12.5, "Feb 26": 7}
    set_fiscal_year(db, MODEL, 2025)
    assert periods(db) == [*(each.replace("26", "25") for each in initial[:12]), *initial[:12]]
    assert units(db) == {"Jan 26": 12.5, "Feb 26": 7}
    set_fiscal_year(db, MODEL, 2026)
    assert periods(db) == initial
    assert units(db) == {"Jan 26": 12.5, "Feb 26": 7}
    set_fiscal_year(db, MODEL, 2027)
    assert units(db) == {}
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_synchronization_changes_the_calendar(db: "sqlite3.Connection") -> None:
    before = read_blueprint(db, MODEL)
    time = read_calendar(db, MODEL)
    set_current_period(db, MODEL, time.timescale.first)
    set_fiscal_year(db, MODEL, 2027)
    assert read_calendar(db, MODEL).current_period is None
    set_current_period(db, MODEL, read_calendar(db, MODEL).timescale.last)
    after = read_blueprint(db, MODEL)
    apply_blueprint(db, MODEL, before)
    assert read_calendar(db, MODEL).timescale == time.timescale
    assert read_calendar(db, MODEL).current_period is None
    assert read_blueprint(db, MODEL) == before
    apply_blueprint(db, MODEL, after)
    assert read_blueprint(db, MODEL) == after
    differences = summary(compare(before, after))["differences"]
    assert differences["timeSettings"] == {"modified": 1, "created": 0, "deleted": 0}


def test_a_synchronization_changes_versions(db: "sqlite3.Connection") -> None:
    db.execute("UPDATE versions SET switchover = '2026-02-01' WHERE is_current")
    changed = read_blueprint(db, MODEL)
    changed["versions"]["2"]["notes"] = "Each month"
    apply_blueprint(db, MODEL, changed)
    row = db.execute("SELECT * FROM versions WHERE is_current").fetchone()
    assert (row["notes"], row["switchover"]) == ("Each month", "2026-02-01")
