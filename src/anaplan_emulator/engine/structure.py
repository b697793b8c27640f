"""The structure of lists and modules, and the tables of cells."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from anaplan_emulator.clock import iso_milliseconds
from anaplan_emulator.store.records import read_record
from anaplan_emulator.tenant.data_types import DataType, Stored, parser

ITEMS_PER_LIST = 1_000_000_000
"""Number of possible indexes of an item: the factor of the list's key in the item's key."""

TIME_ID = "20000000003"
TIME_ITEM_PREFIX = 543
VERSIONS_ID = "20000000020"
LINE_ITEMS_ID = "20000000012"
"""Ids of the dimensions that every model has (docs/anaplan-behaviour.md#id-prefixes)."""


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
    renumbered: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a list or a line item of a module."""

    key: int
    name: str
    data_type: DataType
    entity_list: int | None
    formula: str = ""
    id: str = ""
    """Id of a line item; properties have none."""
    stored: bool = False
    """Whether the values of a formula are those in the table of cells."""

    @property
    def is_computed(self) -> bool:
        """Whether the emulator computes its values, so that it has no column in the table."""
        return bool(self.formula) and not self.stored

    @property
    def constant(self) -> Stored:
        """The value of its formula, if that is a constant."""
        return parser(self.data_type)(self.formula.strip('"'))


@dataclass(frozen=True, slots=True)
class ModuleStructure:
    """A module, and the names of its table of cells and of the columns."""

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
        """The columns of that table for the items of the dimensions.

        A module without dimensions has one row of cells, whose coordinate is 0.
        """
        return [f"d{dimension.key}" for dimension in self.dimensions] or ["d0"]

    def line_item(self, name: str) -> Field:
        """Find a line item by name."""
        return _named(self.line_items, name, f"line item of {self.name}")


def record_change(db: sqlite3.Connection, model: int, user_id: str, now: datetime) -> None:
    """Record that a user has changed a model."""
    db.execute(
        "UPDATE models SET modified_at = ?, modified_by = ?, serial_number = serial_number + 1"
        " WHERE key = ?",
        (iso_milliseconds(now), user_id, model),
    )


def item_id(db: sqlite3.Connection, item_list: ListStructure, key: int) -> str:
    """Return the id of an item: the prefix of its list, and its number."""
    return f"{item_list.item_prefix}{item_number(db, item_list, key):09}"


def top_level_id(item_list: ListStructure) -> str:
    """Return the id of a list's top-level item, whose number is 0."""
    return f"{item_list.item_prefix}{0:09}"


def item_number(db: sqlite3.Connection, item_list: ListStructure, key: int) -> int:
    """Return the number in the id of an item, which mostly is its index."""
    if item_list.renumbered:
        row = db.execute("SELECT number FROM item_numbers WHERE item = ?", (key,)).fetchone()
        if row is not None:
            return int(row["number"])
    return key - item_list.key * ITEMS_PER_LIST


def item_key(db: sqlite3.Connection, item_list: ListStructure, item_id: str) -> int | None:
    """Return the key that belongs to an item's id. The item may not exist."""
    prefix, digits = item_id[:-9], item_id[-9:]
    if prefix != str(item_list.item_prefix) or not (digits.isascii() and digits.isdecimal()):
        return None
    first, number = item_list.key * ITEMS_PER_LIST, int(digits)
    if item_list.renumbered:
        row = db.execute(
            "SELECT item FROM item_numbers WHERE number = ? AND item BETWEEN ? AND ?",
            (number, first, first + ITEMS_PER_LIST - 1),
        ).fetchone()
        if row is not None:
            return int(row["item"])
        if item_number(db, item_list, first + number) != number:
            return None
    return first + number


def value_column(field: Field) -> str:
    """Return the column of a table of cells for a line item's values."""
    return f"v{field.key}"


def create_cells_table(db: sqlite3.Connection, module: ModuleStructure) -> None:
    """Create the table of a new module's cells.

    A row holds the values of all line items for a combination of items. This is several times
    faster to write and to read than a row for each cell.
    """
    coordinates = [f"{column} INTEGER NOT NULL" for column in module.coordinates]
    values = [value_column(item) for item in module.line_items if not item.is_computed]
    key = f"PRIMARY KEY ({', '.join(module.coordinates)})"
    db.execute(
        f"CREATE TABLE {module.table} ({', '.join([*coordinates, *values, key])}) WITHOUT ROWID"
    )


def drop_cells_tables(db: sqlite3.Connection, model: int | None = None) -> None:
    """Drop the tables of cells of a model that is being deleted, or of all models."""
    if model is None:
        rows = db.execute("SELECT name FROM sqlite_master WHERE name GLOB 'cells_[0-9]*'")
    else:
        rows = db.execute("SELECT 'cells_' || key FROM modules WHERE model = ?", (model,))
    for (table,) in rows.fetchall():
        db.execute(f"DROP TABLE {table}")


def list_by_name(db: sqlite3.Connection, model: int, name: str) -> ListStructure:
    """Find a list, Time or Versions by name."""
    row = db.execute("SELECT * FROM lists WHERE model = ? AND name = ?", (model, name)).fetchone()
    if row is None:
        raise LookupError(f"no list is called {name!r}")
    return read_record(ListStructure, row)


def list_by_id(db: sqlite3.Connection, model: int, list_id: str) -> ListStructure | None:
    """Find a list, Time or Versions by its id."""
    row = db.execute("SELECT * FROM lists WHERE model = ? AND id = ?", (model, list_id)).fetchone()
    return read_record(ListStructure, row) if row else None


def list_by_key(db: sqlite3.Connection, key: int) -> ListStructure:
    """Read a list by its key."""
    row = db.execute("SELECT * FROM lists WHERE key = ?", (key,)).fetchone()
    return read_record(ListStructure, row)


def properties(db: sqlite3.Connection, list_key: int) -> tuple[Field, ...]:
    """Read a list's properties."""
    rows = db.execute("SELECT * FROM properties WHERE list = ? ORDER BY key", (list_key,))
    return tuple(
        Field(row["key"], row["name"], DataType(row["data_type"]), row["entity_list"])
        for row in rows
    )


def property_named(fields: tuple[Field, ...], name: str) -> Field:
    """Find a property by name."""
    return _named(fields, name, "property")


def module_by_name(db: sqlite3.Connection, model: int, name: str) -> ModuleStructure:
    """Find a module by name."""
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
    """Read a module by its key."""
    return _read_module(db, db.execute("SELECT * FROM modules WHERE key = ?", (key,)).fetchone())


def modules(db: sqlite3.Connection, model: int) -> list[ModuleStructure]:
    """Read all modules of a model."""
    rows = db.execute("SELECT * FROM modules WHERE model = ? ORDER BY key", (model,)).fetchall()
    return [_read_module(db, row) for row in rows]


def _named(fields: tuple[Field, ...], name: str, kind: str) -> Field:
    for field in fields:
        if field.name.lower() == name.lower():
            return field
    raise LookupError(f"no {kind} is called {name!r}")


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
        dimensions=tuple(read_record(ListStructure, dimension) for dimension in dimensions),
        line_items=tuple(
            Field(
                item["key"],
                item["name"],
                DataType(item["data_type"]),
                item["entity_list"],
                item["formula"],
                item["id"],
                bool(item["stored"]),
            )
            for item in line_items
        ),
    )
