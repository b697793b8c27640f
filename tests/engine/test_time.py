"""Time moves with the fiscal year, and what stays keeps its cells."""

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

    from tests.engine.conftest import Bench

MODEL = 1


@pytest.fixture
def db(bench: "Bench") -> "sqlite3.Connection":
    """A store whose model has two whole years, the second of which is the current one."""
    db = bench.session.db
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


def test_cells_stay_with_their_periods(db: "sqlite3.Connection") -> None:
    at_first = periods(db)
    assert (len(at_first), at_first[0], at_first[-1]) == (24, "Jan 26", "Dec 27")
    assert units(db) == {"Jan 26": 12.5, "Feb 26": 7}
    set_fiscal_year(db, MODEL, 2025)
    assert periods(db) == [*(each.replace("26", "25") for each in at_first[:12]), *at_first[:12]]
    assert units(db) == {"Jan 26": 12.5, "Feb 26": 7}
    set_fiscal_year(db, MODEL, 2026)
    assert periods(db) == at_first
    assert units(db) == {"Jan 26": 12.5, "Feb 26": 7}
    set_fiscal_year(db, MODEL, 2027)
    assert units(db) == {}
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_synchronization_brings_the_calendar(db: "sqlite3.Connection") -> None:
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


def test_a_synchronization_brings_what_versions_are(db: "sqlite3.Connection") -> None:
    db.execute("UPDATE versions SET switchover = '2026-02-01' WHERE is_current")
    wanted = read_blueprint(db, MODEL)
    wanted["versions"]["2"]["notes"] = "Each month"
    apply_blueprint(db, MODEL, wanted)
    row = db.execute("SELECT * FROM versions WHERE is_current").fetchone()
    assert (row["notes"], row["switchover"]) == ("Each month", "2026-02-01")
