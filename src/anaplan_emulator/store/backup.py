"""A copy of a database's content, restored far faster than the tenant could be loaded again."""

# ruff: noqa: S608 (table names come from the schema)

import sqlite3
from collections.abc import Collection
from operator import itemgetter
from typing import Any

Row = tuple[Any, ...]

_JOURNAL_PREFIX = "changed_rows_"
_JOURNALED_FROM = 1000
"""Tables with this many rows have a journal: smaller ones are as quickly filled again."""
_EVENTS = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}
"""Events of triggers, and the states of a row that they know."""


class Backup:
    """The rows of all tables, and the definitions of the tables of cells.

    A large table can have a journal: triggers write the keys of the rows that are inserted,
    updated or deleted, and only these rows are restored.

    Args:
        db: The database to copy.
        exclude: Tables to leave out.
        journaled: Whether large tables get journals. They are part of the database, and belong to
            this object.
    """

    def __init__(
        self, db: sqlite3.Connection, *, exclude: Collection[str], journaled: bool
    ) -> None:
        self._cells = _cells_tables(db)
        self._inserts = []
        self._journals: list[_Journal] = []
        for table in _tables(db):
            rows = [tuple(row) for row in db.execute(f"SELECT * FROM {table}")]
            if not rows or table in exclude:
                continue
            insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"
            key = _primary_key(db, table) if journaled and len(rows) >= _JOURNALED_FROM else {}
            if key:
                self._journals.append(_Journal(db, table, key, insert, rows))
            else:
                self._inserts.append((insert, rows))

    @property
    def kept_tables(self) -> list[str]:
        """The tables that must not be emptied before `restore`."""
        return [name for each in self._journals for name in (each.table, each.name)]

    def restore(self, db: sqlite3.Connection) -> None:
        """Fill a database whose other tables are empty, while foreign keys are not enforced."""
        # A table of cells that has not changed is kept: each change of the schema would make SQLite
        # compile all statements again.
        present = _cells_tables(db)
        for table, sql in present.items():
            if self._cells.get(table) != sql:
                db.execute(f"DROP TABLE {table}")
        created = {table for table, sql in self._cells.items() if present.get(table) != sql}
        for table in created:
            db.execute(self._cells[table])
        for statement, rows in self._inserts:
            db.executemany(statement, rows)
        for journal in self._journals:
            if journal.table in created:
                journal.fill(db)
            else:
                journal.restore(db)

    def discard(self, db: sqlite3.Connection) -> None:
        """Remove the journals from the database."""
        for journal in self._journals:
            journal.drop(db)


class _Journal:
    """The rows of a large table, and the keys of those that have changed since."""

    def __init__(
        self, db: sqlite3.Connection, table: str, key: dict[str, int], insert: str, rows: list[Row]
    ) -> None:
        self.table = table
        self.name = f"{_JOURNAL_PREFIX}{table}"
        self._key = list(key)
        self._insert = insert
        if len(key) == 1:
            # Of one position, itemgetter returns no tuple.
            (position,) = key.values()
            self._rows = {(row[position],): row for row in rows}
        else:
            self._rows = dict(zip(map(itemgetter(*key.values()), rows), rows, strict=True))
        columns = ", ".join(self._key)
        db.execute(f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({columns})) WITHOUT ROWID")
        self._create_triggers(db)

    def restore(self, db: sqlite3.Connection) -> None:
        """Restore the rows that have changed."""
        columns = ", ".join(self._key)
        (changed,) = db.execute(f"SELECT count(*) FROM {self.name}").fetchone()
        if changed > len(self._rows) / 2:
            # Without triggers SQLite empties a table at once, instead of row by row.
            self._drop_triggers(db)
            db.execute(f"DELETE FROM {self.table}")
            self.fill(db)
        elif changed:
            keys = [tuple(row) for row in db.execute(f"SELECT {columns} FROM {self.name}")]
            db.execute(
                f"DELETE FROM {self.table} WHERE ({columns}) IN (SELECT {columns} FROM {self.name})"
            )
            db.executemany(self._insert, [self._rows[key] for key in keys if key in self._rows])
            db.execute(f"DELETE FROM {self.name}")

    def fill(self, db: sqlite3.Connection) -> None:
        """Restore all rows of an empty table that has no triggers."""
        db.executemany(self._insert, list(self._rows.values()))
        db.execute(f"DELETE FROM {self.name}")
        self._create_triggers(db)

    def drop(self, db: sqlite3.Connection) -> None:
        """Remove it from the database."""
        self._drop_triggers(db)
        db.execute(f"DROP TABLE {self.name}")

    def _drop_triggers(self, db: sqlite3.Connection) -> None:
        for event in _EVENTS:
            db.execute(f"DROP TRIGGER IF EXISTS {self.name}_{event}")

    def _create_triggers(self, db: sqlite3.Connection) -> None:
        for event, states in _EVENTS.items():
            inserts = "".join(
                f"INSERT OR IGNORE INTO {self.name} VALUES"
                f" ({', '.join(f'{state}.{column}' for column in self._key)}); "
                for state in states
            )
            db.execute(
                f"CREATE TRIGGER {self.name}_{event} AFTER {event} ON {self.table}"
                f" BEGIN {inserts}END"
            )


def _tables(db: sqlite3.Connection) -> list[str]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [name for (name,) in db.execute(names)]


def _cells_tables(db: sqlite3.Connection) -> dict[str, str]:
    """Read the SQL of the tables of cells, by name."""
    tables = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name GLOB 'cells_[0-9]*'"
    )
    return dict(tables.fetchall())


def _primary_key(db: sqlite3.Connection, table: str) -> dict[str, int]:
    """Read the positions of the columns of a table's primary key, by name."""
    columns = db.execute(
        "SELECT name, cid FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,)
    )
    return dict(columns.fetchall())
