"""Exports of a module's cells: tabular and as a grid, written to the export's own file."""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.cells import item_count, item_labels, read_cells, rendered
from anaplan_emulator.engine.definitions import LINE_ITEMS, ExportDefinition
from anaplan_emulator.engine.outcomes import ActionFailed, Outcome
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.source import CODECS
from anaplan_emulator.engine.spool import Spool
from anaplan_emulator.engine.structure import (
    Field,
    ListStructure,
    ModuleStructure,
    list_by_key,
    module_by_name,
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
    row_count = math.prod(item_count(db, dimension) for dimension in dimensions)
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
    for record in read_cells(db, module, module.dimensions, line_items, labels=definition.labels):
        if definition.omit_empty_rows and not any(record[index] for index in stored):
            continue
        labels = list(record[:width])
        values = rendered(line_items, record[width:])
        if single:
            for item, value in zip(line_items, values, strict=True):
                yield [*labels, item.name, value]
        else:
            yield labels + values


def _grid(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> Iterator[list[str]]:
    rows, columns = _on(module, definition.rows), _on(module, definition.columns)
    across = math.prod(item_count(db, dimension) for dimension in columns)
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
        fixed = {
            _on(module, [name])[0].key: key for name, (_, key) in page.items() if name != LINE_ITEMS
        }
        records = read_cells(
            db, module, (*rows, *columns), shown, labels=definition.labels, fixed=fixed
        )
        while line := list(islice(records, across)):
            cells = [record[len(rows) + len(columns) :] for record in line]
            if definition.omit_empty_rows and not any(map(any, cells)):
                continue
            values = [text for cell in cells for text in rendered(shown, cell)]
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
            choices.append(item_labels(db, _on(module, [name])[0], definition.labels))
    pages = product(*choices)
    for page in pages if definition.layout == "GRID_ALL_PAGES" else islice(pages, 1):
        yield dict(zip(definition.pages, page, strict=True))


def _column_labels(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> list[tuple[str, ...]]:
    axes = [
        [label for label, _ in item_labels(db, dimension, definition.labels)]
        for dimension in _on(module, definition.columns)
    ]
    if LINE_ITEMS in definition.columns:
        axes.append([item.name for item in module.line_items])
    return list(product(*axes))


def _on(module: ModuleStructure, names: Sequence[str]) -> tuple[ListStructure, ...]:
    """The dimensions of those names, in that order; line items are no dimension."""
    by_name = {dimension.name.lower(): dimension for dimension in module.dimensions}
    return tuple(by_name[name.lower()] for name in names if name != LINE_ITEMS)
