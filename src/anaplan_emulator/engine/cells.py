"""Reading a module's cells, and the labels of what they stand at."""

# ruff: noqa: S608 (identifiers are made of our own keys and names; values are bound)

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from anaplan_emulator.engine.formats import DataType, render
from anaplan_emulator.engine.formulas import is_constant, terms
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    ListStructure,
    ModuleStructure,
    list_by_key,
    value_column,
)

Labels = Literal["name", "code"]


@dataclass(frozen=True, slots=True)
class Filter:
    """Shows only where a boolean line item is true.

    Attributes:
        line_item: The line item.
        dimensions: What is shown or hidden: the items of these, whatever the others' are.
    """

    line_item: Field
    dimensions: tuple[ListStructure, ...]


def read_cells(
    db: sqlite3.Connection,
    module: ModuleStructure,
    order: Sequence[ListStructure],
    line_items: Sequence[Field],
    *,
    labels: Labels = "name",
    fixed: Mapping[int, int] | None = None,
    only: Filter | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Read cells: one tuple for each place, of its labels and then the line items' values.

    Args:
        db: Where they are.
        module: Whose they are.
        order: The dimensions whose labels are wanted, the outermost first.
        line_items: Those whose values are wanted.
        labels: What stands for list items.
        fixed: Keys of items, by the keys of dimensions, that are read alone. Every dimension is
            fixed or in the order, or both.
        only: Which places to read.
    """
    fixed = fixed or {}
    outputs, joins, conditions = [], [], []
    for number, dimension in enumerate(order):
        item = f"i{number}"
        outputs.append(_label(db, item, dimension, labels))
        first = dimension.key * ITEMS_PER_LIST
        last = first + ITEMS_PER_LIST - 1
        if dimension.key in fixed:
            first = last = fixed[dimension.key]
        conditions.append(f"{item}.key BETWEEN {first} AND {last}")
        joins.append(f"cells.d{dimension.key} = {item}.key")
    ordered = {dimension.key: f"i{number}.key" for number, dimension in enumerate(order)}
    joins += [f"cells.d{key} = {item}" for key, item in fixed.items() if key not in ordered]
    if only is not None:
        places = {**fixed, **ordered}
        chosen = ", ".join(str(places[dimension.key]) for dimension in only.dimensions)
        conditions.append(f"({chosen}) IN ({_chosen_places(module, only)})")
    entity_joins = ""
    parameters: list[Any] = []
    for field in line_items:
        if field.formula:
            sql, bound = _formula(module, field)
            outputs.append(sql)
            parameters += bound
        elif field.entity_list is not None:
            item = f"e{field.key}"
            outputs.append(_label(db, item, list_by_key(db, field.entity_list), labels))
            entity_joins += (
                f" LEFT JOIN list_items AS {item} ON {item}.key = cells.{value_column(field)}"
            )
        else:
            outputs.append(f"cells.{value_column(field)}")
    items = " CROSS JOIN ".join(f"list_items AS i{number}" for number in range(len(order)))
    by = ", ".join(ordered.values()) or "1"
    # Where all dimensions are fixed there is one place.
    cursor = db.execute(
        f"SELECT {', '.join(outputs) or '1'} FROM {items or '(SELECT 1)'}"
        f" LEFT JOIN {module.table} AS cells ON {' AND '.join(joins)}{entity_joins}"
        f" WHERE {' AND '.join(conditions) or 'true'} ORDER BY {by}",
        parameters,
    )
    cursor.row_factory = None
    yield from cursor


def count_places(
    db: sqlite3.Connection,
    module: ModuleStructure,
    order: Sequence[ListStructure],
    *,
    fixed: Mapping[int, int],
    only: Filter | None,
) -> int:
    """Count what there is to read, without reading it."""
    counter = read_cells(db, module, order, (), fixed=fixed, only=only)
    if only is not None:
        return sum(1 for _ in counter)
    total = 1
    for dimension in order:
        total *= 1 if dimension.key in fixed else item_count(db, dimension)
    return total


def shown_items(
    db: sqlite3.Connection, module: ModuleStructure, dimension: ListStructure, only: Filter | None
) -> list[sqlite3.Row]:
    """Read the items of a dimension that a filter leaves."""
    condition = ""
    if only is not None and dimension in only.dimensions:
        alone = Filter(only.line_item, (dimension,))
        condition = f" AND key IN ({_chosen_places(module, alone)})"
    return db.execute(
        f"SELECT key, name, code FROM list_items WHERE list = ?{condition} ORDER BY key",
        (dimension.key,),
    ).fetchall()


def item_labels(
    db: sqlite3.Connection, dimension: ListStructure, labels: Labels = "name"
) -> list[tuple[str, int]]:
    """Read what stands for the items of a dimension, and their keys."""
    label = _label(db, "list_items", dimension, labels)
    rows = db.execute(
        f"SELECT {label} AS label, key FROM list_items WHERE list = ? ORDER BY key",
        (dimension.key,),
    )
    return [(row["label"], row["key"]) for row in rows]


def item_count(db: sqlite3.Connection, dimension: ListStructure) -> int:
    """Count the items of a dimension."""
    row = db.execute("SELECT count(*) FROM list_items WHERE list = ?", (dimension.key,)).fetchone()
    return int(row[0])


def rendered(line_items: Sequence[Field], values: Sequence[Any]) -> list[str]:
    """Write values as texts."""
    return [
        # A list item arrives as its label.
        render(DataType.TEXT if item.entity_list is not None else item.data_type, value)
        for item, value in zip(line_items, values, strict=True)
    ]


def _chosen_places(module: ModuleStructure, only: Filter) -> str:
    """Write the SQL of the places that a filter shows."""
    coordinates = ", ".join(f"d{dimension.key}" for dimension in only.dimensions)
    if not only.line_item.formula:
        return f"SELECT {coordinates} FROM {module.table} WHERE {value_column(only.line_item)}"
    if only.line_item.constant:
        keys = [f"c{number}.key AS k{number}" for number in range(len(only.dimensions))]
        tables = ", ".join(f"list_items AS c{number}" for number in range(len(only.dimensions)))
        where = " AND ".join(
            f"c{number}.list = {dimension.key}" for number, dimension in enumerate(only.dimensions)
        )
        return f"SELECT {', '.join(keys)} FROM {tables} WHERE {where}"
    return f"SELECT {coordinates} FROM {module.table} WHERE false"


def _formula(module: ModuleStructure, field: Field) -> tuple[str, list[Any]]:
    """Write the SQL of a formula, and what is bound in it."""
    if is_constant(field.formula, field.data_type):
        return "?", [field.constant]
    sums = (
        f"{term.sign} coalesce(cells.{value_column(module.line_item(term.name))}, 0)"
        for term in terms(field.formula)
    )
    return f"(0 {' '.join(sums)})", []


def _label(db: sqlite3.Connection, item: str, items_of: ListStructure, labels: Labels) -> str:
    """Write the SQL of what stands for an item."""
    if labels == "code":
        return f"coalesce({item}.code, {item}.name)"
    if items_of.numbered:
        row = db.execute(
            "SELECT key FROM properties WHERE list = ? AND display_name", (items_of.key,)
        ).fetchone()
        if row is not None:
            display_name = (
                f"SELECT value FROM property_values"
                f" WHERE item = {item}.key AND property = {row['key']}"
            )
            return f"coalesce(({display_name}), {item}.name)"
    return f"{item}.name"
