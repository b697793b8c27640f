"""A model's calendar in the store, and the dimension Time that follows it."""

# ruff: noqa: S608 (identifiers are made of our own keys; values are bound)

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from anaplan_emulator.engine.calendars import Calendar, Period, Timescale
from anaplan_emulator.engine.deletions import delete_items
from anaplan_emulator.engine.structure import ITEMS_PER_LIST, list_by_key, modules


@dataclass(frozen=True, slots=True)
class ModelTime:
    """A model's timescale and where in it the model stands."""

    timescale: Timescale
    current_period: Period | None

    @property
    def calendar(self) -> Calendar:
        """How its time is divided."""
        return self.timescale.calendar


def start_calendar(db: sqlite3.Connection, model: int, calendar: Calendar) -> None:
    """Give a model its calendar."""
    current = calendar.current_period
    db.execute(
        "INSERT INTO calendars (model, definition, fiscal_year, current_period)"
        " VALUES (?, ?, ?, ?)",
        (
            model,
            calendar.model_dump_json(),
            calendar.timescale.year,
            current.isoformat() if current else None,
        ),
    )


def read_time(db: sqlite3.Connection, model: int) -> ModelTime:
    """Read a model's timescale."""
    row = db.execute("SELECT * FROM calendars WHERE model = ?", (model,)).fetchone()
    timescale = Timescale(Calendar.model_validate_json(row["definition"]), row["fiscal_year"])
    day = row["current_period"]
    return ModelTime(timescale, timescale.period_of(date.fromisoformat(day)) if day else None)


def set_current_period(db: sqlite3.Connection, model: int, day: date | None) -> None:
    """Make the period that a day is in the current one, or none."""
    db.execute(
        "UPDATE calendars SET current_period = ? WHERE model = ?",
        (day.isoformat() if day else None, model),
    )


def change_calendar(
    db: sqlite3.Connection, model: int, definition: Mapping[str, object], year: int | None
) -> None:
    """Give a model another calendar; the current period stays if it is inside."""
    day = read_time(db, model).current_period
    calendar = Calendar.model_validate(definition)
    db.execute(
        "UPDATE calendars SET definition = ?, fiscal_year = ? WHERE model = ?",
        (calendar.model_dump_json(), year, model),
    )
    if day is not None and not Timescale(calendar, year).holds(day.first):
        set_current_period(db, model, None)


def move_to_year(db: sqlite3.Connection, model: int, year: int) -> None:
    """Make another fiscal year the current one, and give Time the periods around it.

    Periods that are no longer there take their cells along.
    """
    time = read_time(db, model)
    timescale = Timescale(time.calendar, year)
    db.execute("UPDATE calendars SET fiscal_year = ? WHERE model = ?", (year, model))
    current = time.current_period
    if current is not None and not timescale.holds(current.first):
        set_current_period(db, model, None)
    (key,) = db.execute(
        "SELECT key FROM lists WHERE model = ? AND kind = 'TIME'", (model,)
    ).fetchone()
    _Periods(db, model, key).become([period.text for period in timescale.periods()])


class _Periods:
    """The items of a model's dimension Time."""

    def __init__(self, db: sqlite3.Connection, model: int, time: int) -> None:
        self._db = db
        self._model = model
        self._time = time

    def become(self, names: list[str]) -> None:
        self._delete(set(names))
        rows = self._db.execute(
            "SELECT name, key FROM list_items WHERE list = ? ORDER BY key", (self._time,)
        )
        kept: dict[str, int] = dict(rows.fetchall())
        base = self._time * ITEMS_PER_LIST
        first = list_by_key(self._db, self._time).next_index
        if kept:
            name, key = next(iter(kept.items()))
            # Items are kept in order, so what comes before those there are may need room.
            first = key - base - names.index(name)
            if first < 1:
                self._make_room(1 - first)
                first = 1
        self._db.executemany(
            "INSERT INTO list_items (key, list, name) VALUES (?, ?, ?)",
            [
                (base + index, self._time, name)
                for index, name in enumerate(names, first)
                if name not in kept
            ],
        )
        self._db.execute(
            "UPDATE lists SET next_index = max(next_index, ?) WHERE key = ?",
            (first + len(names), self._time),
        )

    def _delete(self, wanted: set[str]) -> None:
        rows = self._db.execute("SELECT key, name FROM list_items WHERE list = ?", (self._time,))
        gone = [(key,) for key, name in rows.fetchall() if name not in wanted]
        self._db.execute("DROP TABLE IF EXISTS temp.doomed")
        self._db.execute("CREATE TEMP TABLE doomed (item INTEGER PRIMARY KEY)")
        self._db.executemany("INSERT INTO temp.doomed VALUES (?)", gone)
        delete_items(self._db, self._model, self._time)
        self._db.execute("DROP TABLE temp.doomed")

    def _make_room(self, count: int) -> None:
        tables = [
            (module.table, f"d{self._time}")
            for module in modules(self._db, self._model)
            if any(dimension.key == self._time for dimension in module.dimensions)
        ]
        for table, column in [*tables, ("list_items", "key")]:
            where = f" WHERE list = {self._time}" if column == "key" else ""
            # By way of negative numbers, because no two rows may be at one place in between.
            self._db.execute(f"UPDATE {table} SET {column} = -({column} + {count}){where}")
            self._db.execute(f"UPDATE {table} SET {column} = -{column}{where}")
