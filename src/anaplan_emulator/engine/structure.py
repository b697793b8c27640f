"""Lists and modules as the engine works with them, read from the store."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from anaplan_emulator.clock import iso_milliseconds
from anaplan_emulator.engine.formats import DataType, Stored, parser

ITEMS_PER_LIST = 1_000_000_000
"""Room for an item's index inside its key and its id."""


@dataclass(frozen=True, slots=True)
class ListStructure:
    """A list, or the dimension Time or Versions."""

    key: int
    id: str
    name: str
    kind: Literal["LIST", "TIME", "VERSIONS"]
    numbered: bool
    production_data: bool
    parent: int | None
    item_prefix: int
    next_index: int


@dataclass(frozen=True, slots=True)
class Field:
    """A list's property or a module's line item: something that holds values of one format."""

    key: int
    name: str
    data_type: DataType
    entity_list: int | None
    formula: str = ""
    id: str = ""
    """Line items have one, properties don't."""

    @property
    def constant(self) -> Stored:
        """What its formula says every cell holds."""
        return parser(self.data_type)(self.formula.strip('"'))


@dataclass(frozen=True, slots=True)
class ModuleStructure:
    """A module, and the names its cells go by in the store."""

    key: int
    id: str
    name: str
    dimensions: tuple[ListStructure, ...]
    line_items: tuple[Field, ...]

    @property
    def table(self) -> str:
        """The table of its cells."""
        return f"cells_{self.key}"

    @property
    def coordinates(self) -> list[str]:
        """The columns of that table which say where a cell is."""
        return [f"d{dimension.key}" for dimension in self.dimensions]

    def line_item(self, name: str) -> Field:
        """Find a line item."""
        return _named(self.line_items, name, f"line item of {self.name}")


def note_change(db: sqlite3.Connection, model: int, user_id: str, now: datetime) -> None:
    """Note that somebody has changed a model."""
    db.execute(
        "UPDATE models SET modified_at = ?, modified_by = ?, serial_number = serial_number + 1"
        " WHERE key = ?",
        (iso_milliseconds(now), user_id, model),
    )


def item_id(items_of: ListStructure, key: int) -> str:
    """Write the id of a list's item: the prefix of its list, and its index."""
    return f"{items_of.item_prefix}{key - items_of.key * ITEMS_PER_LIST:09}"


def item_key(items_of: ListStructure, written: str) -> int | None:
    """Read the id of a list's item; whether there is such an item is another question."""
    index = written.removeprefix(str(items_of.item_prefix))
    if not (written.isascii() and written.isdecimal() and len(index) == len(written) - 3 == 9):
        return None
    return items_of.key * ITEMS_PER_LIST + int(index)


def value_column(field: Field) -> str:
    """The column of a cells table that holds a line item's values."""
    return f"v{field.key}"


def create_cells_table(db: sqlite3.Connection, module: ModuleStructure) -> None:
    """Make the table of a new module's cells.

    One row holds all line items at one place, as a tabular export shows them: a wide table is
    several times faster to fill and to read than one row for each cell.
    """
    coordinates = [f"{column} INTEGER NOT NULL" for column in module.coordinates]
    values = [value_column(item) for item in module.line_items if not item.formula]
    key = f"PRIMARY KEY ({', '.join(module.coordinates)})"
    db.execute(
        f"CREATE TABLE {module.table} ({', '.join([*coordinates, *values, key])}) WITHOUT ROWID"
    )


def drop_cells_tables(db: sqlite3.Connection, model: int | None = None) -> None:
    """Drop the cells of a model that is about to go, or of all models."""
    if model is None:
        rows = db.execute("SELECT name FROM sqlite_master WHERE name GLOB 'cells_[0-9]*'")
    else:
        rows = db.execute("SELECT 'cells_' || key FROM modules WHERE model = ?", (model,))
    for (table,) in rows.fetchall():
        db.execute(f"DROP TABLE {table}")


def list_by_name(db: sqlite3.Connection, model: int, name: str) -> ListStructure:
    """Find a list, Time or Versions."""
    row = db.execute("SELECT * FROM lists WHERE model = ? AND name = ?", (model, name)).fetchone()
    if row is None:
        raise LookupError(f"no list is called {name!r}")
    return _read_list(row)


def list_by_id(db: sqlite3.Connection, model: int, list_id: str) -> ListStructure | None:
    """Find a list, Time or Versions by its id."""
    row = db.execute("SELECT * FROM lists WHERE model = ? AND id = ?", (model, list_id)).fetchone()
    return _read_list(row) if row else None


def list_by_key(db: sqlite3.Connection, key: int) -> ListStructure:
    """Read a list."""
    return _read_list(db.execute("SELECT * FROM lists WHERE key = ?", (key,)).fetchone())


def properties(db: sqlite3.Connection, list_key: int) -> tuple[Field, ...]:
    """Read a list's properties."""
    rows = db.execute("SELECT * FROM properties WHERE list = ? ORDER BY key", (list_key,))
    return tuple(
        Field(row["key"], row["name"], DataType(row["data_type"]), row["entity_list"])
        for row in rows
    )


def property_named(fields: tuple[Field, ...], name: str) -> Field:
    """Find a property among a list's."""
    return _named(fields, name, "property")


def module_by_name(db: sqlite3.Connection, model: int, name: str) -> ModuleStructure:
    """Find a module."""
    row = db.execute("SELECT * FROM modules WHERE model = ? AND name = ?", (model, name)).fetchone()
    if row is None:
        raise LookupError(f"no module is called {name!r}")
    return _read_module(db, row)


def module_by_id(db: sqlite3.Connection, model: int, module_id: str) -> ModuleStructure | None:
    """Find a module by its id."""
    row = db.execute(
        "SELECT * FROM modules WHERE model = ? AND id = ?", (model, module_id)
    ).fetchone()
    return _read_module(db, row) if row else None


def module_by_key(db: sqlite3.Connection, key: int) -> ModuleStructure:
    """Read a module."""
    return _read_module(db, db.execute("SELECT * FROM modules WHERE key = ?", (key,)).fetchone())


def modules(db: sqlite3.Connection, model: int) -> list[ModuleStructure]:
    """Read all modules of a model."""
    rows = db.execute("SELECT * FROM modules WHERE model = ? ORDER BY key", (model,)).fetchall()
    return [_read_module(db, row) for row in rows]


def _named(fields: tuple[Field, ...], name: str, what: str) -> Field:
    for field in fields:
        if field.name.lower() == name.lower():
            return field
    raise LookupError(f"no {what} is called {name!r}")


def _read_list(row: sqlite3.Row) -> ListStructure:
    return ListStructure(
        key=row["key"],
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        numbered=bool(row["numbered"]),
        production_data=bool(row["production_data"]),
        parent=row["parent"],
        item_prefix=row["item_prefix"],
        next_index=row["next_index"],
    )


def _read_module(db: sqlite3.Connection, row: sqlite3.Row) -> ModuleStructure:
    dimensions = db.execute(
        "SELECT lists.* FROM dimensions JOIN lists ON lists.key = dimensions.list"
        " WHERE dimensions.module = ? ORDER BY dimensions.position",
        (row["key"],),
    )
    line_items = db.execute("SELECT * FROM line_items WHERE module = ? ORDER BY key", (row["key"],))
    return ModuleStructure(
        key=row["key"],
        id=row["id"],
        name=row["name"],
        dimensions=tuple(_read_list(dimension) for dimension in dimensions),
        line_items=tuple(
            Field(
                item["key"],
                item["name"],
                DataType(item["data_type"]),
                item["entity_list"],
                item["formula"],
                item["id"],
            )
            for item in line_items
        ),
    )
