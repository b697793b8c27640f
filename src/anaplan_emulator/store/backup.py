"""A copy of a database's content, restored far faster than the tenant could be loaded again."""

# ruff: noqa: S608 (table names come from the schema)

import sqlite3
from collections.abc import Collection


class Backup:
    """The rows of all tables, and the definitions of the tables of cells.

    Args:
        db: The database to copy.
        exclude: Tables to leave out.
    """

    def __init__(self, db: sqlite3.Connection, *, exclude: Collection[str]) -> None:
        self._cells = _cells_tables(db)
        self._inserts = []
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in db.execute(names).fetchall():
            rows = [tuple(row) for row in db.execute(f"SELECT * FROM {table}")]
            if rows and table not in exclude:
                placeholders = ", ".join("?" * len(rows[0]))
                self._inserts.append((f"INSERT INTO {table} VALUES ({placeholders})", rows))

    def restore(self, db: sqlite3.Connection) -> None:
        """Fill a database whose tables are empty, while foreign keys are not enforced."""
        # A table of cells that has not changed is kept: each change of the schema would make SQLite
        # compile all statements again.
        present = _cells_tables(db)
        for table, sql in present.items():
            if self._cells.get(table) != sql:
                db.execute(f"DROP TABLE {table}")
        for table, sql in self._cells.items():
            if present.get(table) != sql:
                db.execute(sql)
        for statement, rows in self._inserts:
            db.executemany(statement, rows)


def _cells_tables(db: sqlite3.Connection) -> dict[str, str]:
    """Read the SQL of the tables of cells, by name."""
    tables = db.execute("SELECT name, sql FROM sqlite_master WHERE name GLOB 'cells_[0-9]*'")
    return dict(tables.fetchall())
