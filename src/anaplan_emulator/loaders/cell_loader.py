"""Writing the cells of a module from a table."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from anaplan_emulator.engine.structure import ModuleStructure, value_column
from anaplan_emulator.engine.value_readers import Column, ColumnReader, ItemReader
from anaplan_emulator.loaders.data_tables import (
    DataTable,
    described_table,
    insert_batch,
    open_table,
)
from anaplan_emulator.loaders.item_loader import read_values, table_column
from anaplan_emulator.tenant.list_description import Scalar
from anaplan_emulator.tenant.module_description import ModuleDescription


def cell_table(description: ModuleDescription) -> DataTable | None:
    """Return the table of a module's cells, if any are described.

    Raises:
        ValueError: Their file can't be read.
    """
    if description.cells_file:
        return open_table(description.cells_file)
    if not description.cells:
        return None
    names = dict.fromkeys(name for cell in description.cells for name in cell)
    columns: dict[str, Callable[[Any], object]] = {name: partial(_member, name) for name in names}
    return described_table(f"cells of module {description.name}", "row", columns, description.cells)


def load_cells(db: sqlite3.Connection, module: ModuleStructure, table: DataTable) -> None:
    """Write the cells of a table into a module that has none.

    Raises:
        ValueError: A column is not one of the module's, a value isn't valid, or two rows are of the
            same items.
    """
    coordinates, values, columns = _readers(db, module, table)
    statement = f"INSERT INTO {module.table} ({', '.join(columns)})"
    for batch in table.read():
        keys = [read_values(table, reader, batch) for reader in coordinates]
        if not coordinates:
            # The one row of a module without dimensions has the coordinate 0.
            keys = [[0] * len(batch)]
        rows = [*zip(*keys, *(read_values(table, each, batch) for each in values), strict=True)]
        insert_batch(
            db,
            statement,
            rows,
            table=table,
            lines=batch.lines,
            duplicate="an earlier row has cells for the same items",
        )


def _readers(
    db: sqlite3.Connection, module: ModuleStructure, table: DataTable
) -> tuple[list[ColumnReader], list[ColumnReader], list[str]]:
    """Return readers for the items of dimensions and for values, and the columns to insert."""
    positions = {column.lower(): position for position, column in enumerate(table.columns)}
    coordinates: list[ColumnReader] = []
    for dimension in module.dimensions:
        position = positions.pop(dimension.name.lower(), None)
        if position is None:
            raise ValueError(
                f"{table.source}: it has no column {dimension.name!r}, which is a dimension of"
                f" {module.name}"
            )
        reader = ItemReader(db, dimension, "either", blank_is_empty=False)
        coordinates.append(ColumnReader(Column(position), reader, strip=False))
    with_values = {item.name.lower(): item for item in module.line_items if not item.is_computed}
    values: list[ColumnReader] = []
    columns = module.coordinates
    for name, position in positions.items():
        item = with_values.get(name)
        if item is None:
            raise ValueError(
                f"{table.source}: column {table.columns[position]!r} is neither a dimension of"
                f" {module.name} nor a line item with values"
            )
        values.append(table_column(db, item.data_type, item.entity_list, position))
        columns.append(value_column(item))
    return coordinates, values, columns


def _member(name: str, cell: dict[str, Scalar]) -> Scalar | None:
    return cell.get(name)
