"""Exports of a module's cells, as a table or a grid, to the export's file."""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.action_results import ActionFailed, ActionResult, NotDescribedError
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.cells import item_count, item_labels, read_cells, rendered
from anaplan_emulator.engine.spool import Spool
from anaplan_emulator.engine.structure import (
    Field,
    ListStructure,
    ModuleStructure,
    list_by_key,
    module_by_name,
)
from anaplan_emulator.tenant.action_definitions import LINE_ITEMS, ExportDefinition
from anaplan_emulator.tenant.file_format import CODECS

_ROWS_PER_PROGRESS_REPORT = 5000


def run_export(run: ActionRun, export_id: str, definition: ExportDefinition) -> ActionResult:
    """Run an export. Its output is private to the user, in the file with the export's id."""
    db = run.session.db
    if not definition.module:
        raise NotDescribedError(definition.name, "it has no `module`")
    module = module_by_name(db, run.model, definition.module)
    spool = Spool(
        db,
        run.chunk_bytes,
        encoding=CODECS[definition.encoding],
        separator=definition.separator,
    )
    estimate = export_metadata(db, module, definition)["rowCount"]
    rows = _grid(db, module, definition) if definition.is_grid else _table(db, module, definition)
    for number, row in enumerate(rows):
        spool.row(row)
        if number % _ROWS_PER_PROGRESS_REPORT == 0:
            run.progress(min(0.9, number / (estimate + 1)), f"Exporting {definition.name}")
    count = spool.close()
    run.progress(0.95, f"Publishing {definition.name}")
    file = file_contents.file_by_id(db, run.model, export_id)
    if file is None:
        raise ActionFailed("actionFailed", f"The file of {definition.name} does not exist")
    with run.session.transaction():
        spool.publish("chunks", file_contents.begin(db, file, run.user_id, count, run.now()))
    return ActionResult(export_id, definition.name, successful=True)


def export_metadata(
    db: sqlite3.Connection, module: ModuleStructure | None, definition: ExportDefinition
) -> dict[str, Any]:
    """Return the metadata of an export's output (docs/anaplan-behaviour.md#action-metadata).

    Without a module it has no columns and rows.
    """
    if module is None:
        return _metadata(definition, [], 0)
    columns = _columns(db, module, definition)
    dimensions = _dimensions(module, definition.rows) if definition.is_grid else module.dimensions
    row_count = math.prod(item_count(db, dimension) for dimension in dimensions)
    if definition.layout == "TABULAR_SINGLE_COLUMN":
        row_count *= len(module.line_items)
    return _metadata(definition, columns, row_count)


@dataclass(frozen=True, slots=True)
class _OutputColumn:
    name: str
    data_type: str
    list_name: str = ""


def _metadata(
    definition: ExportDefinition, columns: Sequence[_OutputColumn], row_count: int
) -> dict[str, Any]:
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
        *map(_dimension_column, _dimensions(module, definition.rows)),
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
) -> Iterator[Sequence[str]]:
    yield [column.name for column in _columns(db, module, definition)]
    single = definition.layout == "TABULAR_SINGLE_COLUMN"
    line_items = module.line_items
    width = len(module.dimensions)
    stored = [width + index for index, item in enumerate(line_items) if not item.is_computed]
    records = read_cells(db, module, module.dimensions, line_items, labels=definition.labels)
    for record, values in rendered(records, line_items):
        if definition.omit_empty_rows and not any(record[index] for index in stored):
            continue
        labels = record[:width]
        if single:
            for item, value in zip(line_items, values, strict=True):
                yield (*labels, item.name, value)
        else:
            yield labels + values


def _grid(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> Iterator[list[str]]:
    rows, columns = _dimensions(module, definition.rows), _dimensions(module, definition.columns)
    across = math.prod(item_count(db, dimension) for dimension in columns)
    header = list(zip(*_column_labels(db, module, definition), strict=True))
    width = len(rows)
    for page in _pages(db, module, definition):
        if definition.pages:
            yield [label for label, _ in page.values()]
        for labels in header:
            yield [""] * width + list(labels)
        line_items: Sequence[Field] = module.line_items
        if LINE_ITEMS in page:
            line_items = (module.line_item(page[LINE_ITEMS][0]),)
        fixed = {
            _dimensions(module, [name])[0].key: key
            for name, (_, key) in page.items()
            if name != LINE_ITEMS
        }
        records = read_cells(
            db, module, (*rows, *columns), line_items, labels=definition.labels, fixed=fixed
        )
        cells = rendered(records, line_items)
        while line := list(islice(cells, across)):
            if definition.omit_empty_rows and not any(
                any(record[width + len(columns) :]) for record, _ in line
            ):
                continue
            texts = [text for _, values in line for text in values]
            yield [*line[0][0][:width], *texts]


def _pages(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> Iterator[dict[str, tuple[str, int]]]:
    """Yield the pages: for each name on pages, the label and key of the selected item."""
    options: list[list[tuple[str, int]]] = []
    for name in definition.pages:
        if name == LINE_ITEMS:
            options.append([(item.name, item.key) for item in module.line_items])
        else:
            options.append(item_labels(db, _dimensions(module, [name])[0], definition.labels))
    pages = product(*options)
    for page in pages if definition.layout == "GRID_ALL_PAGES" else islice(pages, 1):
        yield dict(zip(definition.pages, page, strict=True))


def _column_labels(
    db: sqlite3.Connection, module: ModuleStructure, definition: ExportDefinition
) -> list[tuple[str, ...]]:
    axes = [
        [label for label, _ in item_labels(db, dimension, definition.labels)]
        for dimension in _dimensions(module, definition.columns)
    ]
    if LINE_ITEMS in definition.columns:
        axes.append([item.name for item in module.line_items])
    return list(product(*axes))


def _dimensions(module: ModuleStructure, names: Sequence[str]) -> tuple[ListStructure, ...]:
    """Return the dimensions with the given names; line items are not a dimension."""
    by_name = {dimension.name.lower(): dimension for dimension in module.dimensions}
    return tuple(by_name[name.lower()] for name in names if name != LINE_ITEMS)
