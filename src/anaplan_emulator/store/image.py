"""What a database held at one moment, to go back to: far quicker than to load it once more."""

# ruff: noqa: S608 (names are the schema's, and those of tables of cells)

import sqlite3
from collections.abc import Collection


class Image:
    """The rows of all tables, and the tables of cells that there were.

    Args:
        db: What to keep.
        besides: Tables to leave out.
    """

    def __init__(self, db: sqlite3.Connection, *, besides: Collection[str]) -> None:
        self._cells = _cells_tables(db)
        self._inserts = []
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in db.execute(names).fetchall():
            rows = [tuple(row) for row in db.execute(f"SELECT * FROM {table}")]
            if rows and table not in besides:
                places = ", ".join("?" * len(rows[0]))
                self._inserts.append((f"INSERT INTO {table} VALUES ({places})", rows))

    def restore(self, db: sqlite3.Connection) -> None:
        """Fill a database whose tables are empty; references are not to be checked meanwhile."""
        # Each change of the schema would have all statements compiled again.
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
    """Read how the tables of cells are made, by their names."""
    tables = db.execute("SELECT name, sql FROM sqlite_master WHERE name GLOB 'cells_[0-9]*'")
    return dict(tables.fetchall())
