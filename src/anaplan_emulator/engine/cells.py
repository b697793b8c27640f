"""Reading a module's cells, and the labels of their items."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any, Literal

from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    ListStructure,
    ModuleStructure,
    list_by_key,
    value_column,
)
from anaplan_emulator.tenant.data_types import DataType, renderer
from anaplan_emulator.tenant.formulas import is_constant, terms

Labels = Literal["name", "code"]

_RECORDS_PER_BATCH = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """Hides items for which a boolean line item is false.

    Attributes:
        line_item: The line item.
        dimensions: Dimensions whose items are hidden, unless it is true for any items of the other
            dimensions.
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
    """Read cells: a tuple for each combination of items, with their labels and then the values.

    Args:
        db: A transaction.
        module: The module.
        order: The dimensions whose labels are returned, outermost first.
        line_items: The line items whose values are returned.
        labels: Whether items are shown by name or by code.
        fixed: The only items to read, by the key of their dimension. Every dimension must be in
            `fixed` or in `order`, and may be in both.
        only: A filter for the combinations.
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
    if only is not None and only.dimensions:
        items_of_dimensions = {**fixed, **ordered}
        selected = ", ".join(
            str(items_of_dimensions[dimension.key]) for dimension in only.dimensions
        )
        conditions.append(f"({selected}) IN ({_filter_query(module, only)})")
    entity_joins = ""
    parameters: list[Any] = []
    for field in line_items:
        if field.is_computed:
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
    # If all dimensions are fixed there is one combination.
    cursor = db.execute(
        f"SELECT {', '.join(outputs) or '1'} FROM {items or '(SELECT 1)'}"
        f" LEFT JOIN {module.table} AS cells ON {' AND '.join(joins) or 'true'}{entity_joins}"
        f" WHERE {' AND '.join(conditions) or 'true'} ORDER BY {by}",
        parameters,
    )
    cursor.row_factory = None
    return cursor


def count_combinations(
    db: sqlite3.Connection,
    module: ModuleStructure,
    order: Sequence[ListStructure],
    *,
    fixed: Mapping[int, int],
    only: Filter | None,
) -> int:
    """Count the combinations of items that `read_cells` would return."""
    if only is not None:
        return sum(1 for _ in read_cells(db, module, order, (), fixed=fixed, only=only))
    total = 1
    for dimension in order:
        total *= 1 if dimension.key in fixed else item_count(db, dimension)
    return total


def visible_items(
    db: sqlite3.Connection, module: ModuleStructure, dimension: ListStructure, only: Filter | None
) -> list[sqlite3.Row]:
    """Read the items of a dimension that a filter does not hide."""
    condition = ""
    if only is not None and dimension in only.dimensions:
        alone = Filter(only.line_item, (dimension,))
        condition = f" AND key IN ({_filter_query(module, alone)})"
    return db.execute(
        f"SELECT key, name, code FROM list_items WHERE list = ?{condition} ORDER BY key",
        (dimension.key,),
    ).fetchall()


def item_labels(
    db: sqlite3.Connection, dimension: ListStructure, labels: Labels = "name"
) -> list[tuple[str, int]]:
    """Read the labels of a dimension's items, with their keys."""
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


def rendered(
    records: Iterator[tuple[Any, ...]], line_items: Sequence[Field]
) -> Iterator[tuple[tuple[Any, ...], tuple[str, ...]]]:
    """Yield each record of `read_cells` with the values of its line items as texts."""
    # Line item by line item this is several times faster than value by value.
    types = [
        # A list item is given by its label.
        DataType.TEXT if item.entity_list is not None else item.data_type
        for item in line_items
    ]
    while batch := list(islice(records, _RECORDS_PER_BATCH)):
        columns = list(zip(*batch, strict=True))
        values = columns[len(columns) - len(types) :]
        texts = [
            map(renderer(data_type), column)
            for data_type, column in zip(types, values, strict=True)
        ]
        yield from zip(batch, zip(*texts, strict=True) if texts else repeat(()), strict=False)


def _filter_query(module: ModuleStructure, only: Filter) -> str:
    """Return SQL for the items that a filter does not hide."""
    coordinates = ", ".join(f"d{dimension.key}" for dimension in only.dimensions)
    if not only.line_item.is_computed:
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
    """Return SQL for a formula, and its parameters."""
    if is_constant(field.formula, field.data_type):
        return "?", [field.constant]
    sums = (
        f"{term.sign} coalesce(cells.{value_column(module.line_item(term.name))}, 0)"
        for term in terms(field.formula)
    )
    return f"(0 {' '.join(sums)})", []


def _label(db: sqlite3.Connection, item: str, item_list: ListStructure, labels: Labels) -> str:
    """Return SQL for the label of an item."""
    if labels == "code":
        return f"coalesce({item}.code, {item}.name)"
    if item_list.numbered:
        row = db.execute(
            "SELECT key FROM properties WHERE list = ? AND display_name", (item_list.key,)
        ).fetchone()
        if row is not None:
            display_name = (
                f"SELECT value FROM property_values"
                f" WHERE item = {item}.key AND property = {row['key']}"
            )
            return f"coalesce(({display_name}), {item}.name)"
    return f"{item}.name"
