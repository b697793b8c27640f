"""Exports of a module's cells: tabular and as a grid, written to the export's own file."""

# ruff: noqa: S608 (identifiers are made of our own keys and names; values are bound)

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.definitions import LINE_ITEMS, ExportDefinition
from anaplan_emulator.engine.formats import DataType, render
from anaplan_emulator.engine.outcomes import ActionFailed, Outcome
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.source import CODECS
from anaplan_emulator.engine.spool import Spool
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    ListStructure,
    ModuleStructure,
    list_by_key,
    module_by_name,
    value_column,
)

_ROWS_BETWEEN_REPORTS = 5000


def run_export(run: Run, export_id: str, definition: ExportDefinition) -> Outcome:
    """Run an export. Its output is the user's own, in the file that shares the export's id."""
    db = run.session.db
    module = module_by_name(db, run.model, definition.module)
    spool = Spool(
        db,
        run.chunk_bytes,
        encoding=CODECS[definition.encoding],
        separator=definition.separator,
    )
    estimate = describe(db, module, definition)["rowCount"]
    rows = _grid(db, module, definition) if definition.is_grid else _table(db, module, definition)
    for number, row in enumerate(rows):
        spool.row(row)
        if number % _ROWS_BETWEEN_REPORTS == 0:
            run.progress(min(0.9, number / (estimate + 1)), f"Exporting {definition.name}")
    count = spool.close()
    run.progress(0.95, f"Publishing {definition.name}")
    file = contents.file_by_id(db, run.model, export_id)
    if file is None:
        raise ActionFailed("actionFailed", f"The file of {definition.name} is gone")
    with run.session.transaction():
        spool.publish("chunks", contents.begin(db, file, run.user_id, count, run.now()))
    return Outcome(export_id, definition.name, successful=True)


def describe(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> dict[str, Any]:
    """Describe an export's output, as its metadata does (facts 4.13)."""
    columns = _columns(db, module, definition)
    dimensions = _on(module, definition.rows) if definition.is_grid else module.dimensions
    row_count = math.prod(_item_count(db, dimension) for dimension in dimensions)
    if definition.layout == "TABULAR_SINGLE_COLUMN":
        row_count *= len(module.line_items)
    return {
        "columnCount": len(columns),
        "rowCount": row_count,
        "headerNames": [column.name for column in columns],
        "dataTypes": [column.data_type for column in columns],
        "listNames": [column.list_name for column in columns],
        "delimiter": '"',
        "separator": definition.separator,
        "encoding": definition.encoding,
        "exportFormat": definition.export_format,
        "layout": definition.layout,
    }


@dataclass(frozen=True, slots=True)
class _OutputColumn:
    name: str
    data_type: str
    list_name: str = ""


def _columns(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> list[_OutputColumn]:
    if definition.layout == "TABULAR_SINGLE_COLUMN":
        line_item_columns = [_OutputColumn(LINE_ITEMS, "TEXT"), _OutputColumn("Value", "MIXED")]
        return [*map(_dimension_column, module.dimensions), *line_item_columns]
    if not definition.is_grid:
        values = [_value_column(db, item) for item in module.line_items]
        return [*map(_dimension_column, module.dimensions), *values]
    labels = _column_labels(db, module, definition)
    types = [item.data_type.in_exports for item in module.line_items]
    if LINE_ITEMS in definition.pages:
        types = [types[0] if len(set(types)) == 1 else "MIXED"]
    return [
        *map(_dimension_column, _on(module, definition.rows)),
        *(
            _OutputColumn(" ".join(label), types[number % len(types)])
            for number, label in enumerate(labels)
        ),
    ]


def _dimension_column(dimension: ListStructure) -> _OutputColumn:
    data_type = "TIME_ENTITY" if dimension.kind == "TIME" else "ENTITY"
    return _OutputColumn(dimension.name, data_type, dimension.name)


def _value_column(db: sqlite3.Connection, item: Field) -> _OutputColumn:
    list_name = list_by_key(db, item.entity_list).name if item.entity_list is not None else ""
    return _OutputColumn(item.name, item.data_type.in_exports, list_name)


def _table(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> Iterator[list[str]]:
    yield [column.name for column in _columns(db, module, definition)]
    single = definition.layout == "TABULAR_SINGLE_COLUMN"
    line_items = module.line_items
    width = len(module.dimensions)
    stored = [width + index for index, item in enumerate(line_items) if not item.formula]
    for record in _records(db, module, definition, module.dimensions):
        if definition.omit_empty_rows and not any(record[index] for index in stored):
            continue
        labels = list(record[:width])
        values = _rendered(line_items, record[width:])
        if single:
            for item, value in zip(line_items, values, strict=True):
                yield [*labels, item.name, value]
        else:
            yield labels + values


def _grid(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> Iterator[list[str]]:
    rows, columns = _on(module, definition.rows), _on(module, definition.columns)
    across = math.prod(_item_count(db, dimension) for dimension in columns)
    header = list(zip(*_column_labels(db, module, definition), strict=True))
    width = len(rows)
    for page in _pages(db, module, definition):
        if definition.pages:
            yield [label for label, _ in page.values()]
        for labels in header:
            yield [""] * width + list(labels)
        shown = module.line_items
        if LINE_ITEMS in page:
            shown = (module.line_item(page[LINE_ITEMS][0]),)
        fixed = {name: key for name, (_, key) in page.items() if name != LINE_ITEMS}
        records = _records(db, module, definition, (*rows, *columns), line_items=shown, fixed=fixed)
        while line := list(islice(records, across)):
            cells = [record[len(rows) + len(columns) :] for record in line]
            if definition.omit_empty_rows and not any(map(any, cells)):
                continue
            values = [text for cell in cells for text in _rendered(shown, cell)]
            yield [*line[0][:width], *values]


def _pages(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> Iterator[dict[str, tuple[str, int]]]:
    """Go through the pages: for each name on pages, the label and key of what is selected."""
    choices: list[list[tuple[str, int]]] = []
    for name in definition.pages:
        if name == LINE_ITEMS:
            choices.append([(item.name, item.key) for item in module.line_items])
        else:
            choices.append(_labels(db, _on(module, [name])[0], definition))
    pages = product(*choices)
    for page in pages if definition.layout == "GRID_ALL_PAGES" else islice(pages, 1):
        yield dict(zip(definition.pages, page, strict=True))


def _column_labels(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> list[tuple[str, ...]]:
    axes = [
        [label for label, _ in _labels(db, dimension, definition)]
        for dimension in _on(module, definition.columns)
    ]
    if LINE_ITEMS in definition.columns:
        axes.append([item.name for item in module.line_items])
    return list(product(*axes))


def _records(
    db: sqlite3.Connection,
    module: ModuleStructure,
    definition: ExportDefinition,
    order: Sequence[ListStructure],
    *,
    line_items: Sequence[Field] | None = None,
    fixed: dict[str, int] | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Read all cells of a module or page: labels of the given dimensions, then the values."""
    outputs, joins, conditions = [], [], []
    for number, dimension in enumerate(order):
        item = f"i{number}"
        outputs.append(_label(db, item, dimension, definition))
        first = dimension.key * ITEMS_PER_LIST
        conditions.append(f"{item}.key BETWEEN {first} AND {first + ITEMS_PER_LIST - 1}")
        joins.append(f"cells.d{dimension.key} = {item}.key")
    for name, key in (fixed or {}).items():
        joins.append(f"cells.d{_on(module, [name])[0].key} = {key}")
    entity_joins = ""
    parameters: list[Any] = []
    for field in module.line_items if line_items is None else line_items:
        if field.formula:
            outputs.append("?")
            parameters.append(field.constant)
        elif field.entity_list is not None:
            item = f"e{field.key}"
            outputs.append(_label(db, item, list_by_key(db, field.entity_list), definition))
            entity_joins += (
                f" LEFT JOIN list_items AS {item} ON {item}.key = cells.{value_column(field)}"
            )
        else:
            outputs.append(f"cells.{value_column(field)}")
    items = " CROSS JOIN ".join(f"list_items AS i{number}" for number in range(len(order)))
    cursor = db.execute(
        f"SELECT {', '.join(outputs)} FROM {items}"
        f" LEFT JOIN {module.table} AS cells ON {' AND '.join(joins)}{entity_joins}"
        f" WHERE {' AND '.join(conditions)}"
        f" ORDER BY {', '.join(f'i{number}.key' for number in range(len(order)))}",
        parameters,
    )
    cursor.row_factory = None
    yield from cursor


def _label(
    db: sqlite3.Connection, item: str, items_of: ListStructure, definition: ExportDefinition
) -> str:
    """Write the SQL of what stands for an item."""
    if definition.labels == "code":
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


def _labels(
    db: sqlite3.Connection, dimension: ListStructure, definition: ExportDefinition
) -> list[tuple[str, int]]:
    label = _label(db, "list_items", dimension, definition)
    rows = db.execute(
        f"SELECT {label} AS label, key FROM list_items WHERE list = ? ORDER BY key",
        (dimension.key,),
    )
    return [(row["label"], row["key"]) for row in rows]


def _rendered(line_items: Sequence[Field], values: Sequence[Any]) -> list[str]:
    return [
        # A list item arrives as its label.
        render(DataType.TEXT if item.entity_list is not None else item.data_type, value)
        for item, value in zip(line_items, values, strict=True)
    ]


def _item_count(db: sqlite3.Connection, dimension: ListStructure) -> int:
    row = db.execute("SELECT count(*) FROM list_items WHERE list = ?", (dimension.key,)).fetchone()
    return int(row[0])


def _on(module: ModuleStructure, names: Sequence[str]) -> tuple[ListStructure, ...]:
    """The dimensions of those names, in that order; line items are no dimension."""
    by_name = {dimension.name.lower(): dimension for dimension in module.dimensions}
    return tuple(by_name[name.lower()] for name in names if name != LINE_ITEMS)
