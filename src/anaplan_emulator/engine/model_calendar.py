"""A model's calendar as it is stored, and the items of its dimension Time."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from anaplan_emulator.engine.deletions import delete_items
from anaplan_emulator.engine.structure import ITEMS_PER_LIST, list_by_key, modules
from anaplan_emulator.tenant.calendars import Calendar, Period, Timescale


@dataclass(frozen=True, slots=True)
class ModelCalendar:
    """A model's timescale and current period."""

    timescale: Timescale
    current_period: Period | None

    @property
    def calendar(self) -> Calendar:
        """The model calendar."""
        return self.timescale.calendar


def insert_calendar(db: sqlite3.Connection, model: int, calendar: Calendar) -> None:
    """Insert the calendar of a new model."""
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


def read_calendar(db: sqlite3.Connection, model: int) -> ModelCalendar:
    """Read a model's calendar."""
    row = db.execute("SELECT * FROM calendars WHERE model = ?", (model,)).fetchone()
    timescale = Timescale(Calendar.model_validate_json(row["definition"]), row["fiscal_year"])
    day = row["current_period"]
    return ModelCalendar(timescale, timescale.period_of(date.fromisoformat(day)) if day else None)


def set_current_period(db: sqlite3.Connection, model: int, day: date | None) -> None:
    """Set the current period to that of a day, or to none."""
    db.execute(
        "UPDATE calendars SET current_period = ? WHERE model = ?",
        (day.isoformat() if day else None, model),
    )


def change_calendar(
    db: sqlite3.Connection, model: int, definition: Mapping[str, object], year: int | None
) -> None:
    """Replace a model's calendar. The current period is kept if it is in the new timescale."""
    day = read_calendar(db, model).current_period
    calendar = Calendar.model_validate(definition)
    db.execute(
        "UPDATE calendars SET definition = ?, fiscal_year = ? WHERE model = ?",
        (calendar.model_dump_json(), year, model),
    )
    if day is not None and not Timescale(calendar, year).contains(day.first):
        set_current_period(db, model, None)


def set_fiscal_year(db: sqlite3.Connection, model: int, year: int) -> None:
    """Set the current fiscal year, and the periods of Time accordingly.

    The cells of periods that are removed are deleted.
    """
    calendar = read_calendar(db, model)
    timescale = Timescale(calendar.calendar, year)
    db.execute("UPDATE calendars SET fiscal_year = ? WHERE model = ?", (year, model))
    current = calendar.current_period
    if current is not None and not timescale.contains(current.first):
        set_current_period(db, model, None)
    (key,) = db.execute(
        "SELECT key FROM lists WHERE model = ? AND kind = 'TIME'", (model,)
    ).fetchone()
    _TimeItems(db, model, key).replace([period.text for period in timescale.periods()])


class _TimeItems:
    """The items of a model's dimension Time."""

    def __init__(self, db: sqlite3.Connection, model: int, time: int) -> None:
        self._db = db
        self._model = model
        self._time = time

    def replace(self, names: list[str]) -> None:
        self._delete_others(set(names))
        rows = self._db.execute(
            "SELECT name, key FROM list_items WHERE list = ? ORDER BY key", (self._time,)
        )
        remaining: dict[str, int] = dict(rows.fetchall())
        base = self._time * ITEMS_PER_LIST
        first = list_by_key(self._db, self._time).next_index
        if remaining:
            name, key = next(iter(remaining.items()))
            # Items are ordered by index: earlier periods may need indexes below those in use.
            first = key - base - names.index(name)
            if first < 1:
                self._shift(1 - first)
                first = 1
        self._db.executemany(
            "INSERT INTO list_items (key, list, name) VALUES (?, ?, ?)",
            [
                (base + index, self._time, name)
                for index, name in enumerate(names, first)
                if name not in remaining
            ],
        )
        self._db.execute(
            "UPDATE lists SET next_index = max(next_index, ?) WHERE key = ?",
            (first + len(names), self._time),
        )

    def _delete_others(self, names: set[str]) -> None:
        rows = self._db.execute("SELECT key, name FROM list_items WHERE list = ?", (self._time,))
        removed = [key for key, name in rows.fetchall() if name not in names]
        delete_items(self._db, self._model, self._time, removed)

    def _shift(self, count: int) -> None:
        tables = [
            (module.table, f"d{self._time}")
            for module in modules(self._db, self._model)
            if any(dimension.key == self._time for dimension in module.dimensions)
        ]
        for table, column in [*tables, ("list_items", "key")]:
            where = f" WHERE list = {self._time}" if column == "key" else ""
            # Negative numbers in between avoid duplicate keys.
            self._db.execute(f"UPDATE {table} SET {column} = -({column} + {count}){where}")
            self._db.execute(f"UPDATE {table} SET {column} = -{column}{where}")
