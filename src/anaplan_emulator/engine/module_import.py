"""Imports into modules: each row sets the mapped line items for one combination of items.

A row with an invalid value is rejected as a whole, as a module's dump has no column for warnings.
Where Anaplan documents nothing, the emulator does the following. A row without any mapped text is
ignored, a blank text clears its cell, and of several rows for the same items the last one counts.
"""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections import defaultdict
from itertools import compress

from anaplan_emulator.engine.action_results import ActionFailed, Detail, RowCounts
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.row_errors import ERROR, MALFORMED, RowError, RowErrorLog
from anaplan_emulator.engine.source_file import RowBatch, SourceFile
from anaplan_emulator.engine.structure import ListStructure, module_by_name, value_column
from anaplan_emulator.engine.value_readers import (
    Column,
    ColumnReader,
    ItemReader,
    open_column,
    reader_for,
)
from anaplan_emulator.store.records import insert_rows
from anaplan_emulator.tenant.action_definitions import ModuleTarget, SourceField


class ModuleImport:
    """A run of an import into a module, which is staged in batches and then applied."""

    def __init__(
        self,
        run: ActionRun,
        import_id: str,
        target: ModuleTarget,
        source: SourceFile,
        decimal_separator: str,
    ) -> None:
        self._db = run.session.db
        self.module = module_by_name(self._db, run.model, target.module)
        self.errors = RowErrorLog(self._db)
        self._counts = RowCounts()

        sources = {name.lower(): source_field for name, source_field in target.dimensions.items()}
        self._mapped: list[ColumnReader] = []
        for dimension in self.module.dimensions:
            source_field = sources[dimension.name.lower()]
            column = open_column(run, import_id, source, source_field)
            reader = ItemReader(self._db, dimension, source_field.match, blank_is_empty=False)
            if source_field.ask is not None:
                _require_item(reader, dimension, source_field, column)
            self._mapped.append(ColumnReader(column, reader))
        self._values: list[str] = []
        for name, source_field in target.line_items.items():
            line_item = self.module.line_item(name)
            column = open_column(run, import_id, source, source_field)
            self._values.append(value_column(line_item))
            reader_of_item = reader_for(self._db, line_item, source_field, decimal_separator)
            self._mapped.append(ColumnReader(column, reader_of_item))
        self._create_staging()

    def stage(self, batch: RowBatch) -> None:
        """Check a batch of rows and stage the valid ones."""
        for line, text in batch.malformed.items():
            self._reject(line, [text], [MALFORMED])
        rows = batch.rows
        blank = self._blank_rows(batch)
        columns = [mapped.read(batch) for mapped in self._mapped]
        errors: defaultdict[int, list[RowError]] = defaultdict(list)
        for mapped, values in zip(self._mapped, columns, strict=True):
            for index, error in mapped.errors(values):
                errors[index].append(error)
        for index in sorted(errors.keys() - blank):
            self._reject(batch.lines[index], rows[index], errors[index])
        is_staged = [True] * len(rows)
        for index in errors.keys() | blank:
            is_staged[index] = False
        self._counts.ignored += len(blank)
        self._counts.updated += sum(is_staged)
        # The one row of a module without dimensions has the coordinate 0.
        coordinates = [] if self.module.dimensions else [[0] * len(rows)]
        insert_rows(
            self._db,
            "INSERT OR REPLACE INTO temp.staged_cells",
            list(compress(zip(*coordinates, *columns, strict=True), is_staged)),
        )

    def apply(self, db: sqlite3.Connection) -> None:
        """Write the staged rows, in the caller's transaction."""
        columns = ", ".join([*self.module.coordinates, *self._values])
        updates = ", ".join(f"{value} = excluded.{value}" for value in self._values)
        db.execute(
            f"INSERT INTO {self.module.table} ({columns})"
            f" SELECT {columns} FROM temp.staged_cells WHERE true"
            f" ON CONFLICT ({', '.join(self.module.coordinates)}) DO UPDATE SET {updates}"
        )

    def details(self) -> list[Detail]:
        """Return the details of the result, with the counters of a list import."""
        counts = self._counts
        cells = counts.updated * len(self._values)
        text = f"{self.module.name}: {counts.updated} rows successful ({cells} cells), "
        if counts.failed:
            text += f"{counts.failed} rows failed, "
        text += f"{counts.ignored} ignored "
        # The first four are those of the guide's message templates, the others those of lists
        # (docs/anaplan-behaviour.md#task-results).
        values = {
            "lineItemName": self.module.name,
            "rowCount": str(counts.updated),
            "failureCount": str(counts.failed),
            **counts.values(),
            "updatedCount": str(cells),
        }
        suffix = "WithFailures" if self.errors.rows else ""
        summary = Detail(f"lineItemRowsProcessed{suffix}", text, values=values)
        return [summary, *self.errors.details()]

    def _create_staging(self) -> None:
        key = ", ".join(self.module.coordinates)
        columns = ", ".join([*self.module.coordinates, *self._values])
        self._db.execute("DROP TABLE IF EXISTS temp.staged_cells")
        self._db.execute(
            f"CREATE TEMP TABLE staged_cells ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"
        )

    def _blank_rows(self, batch: RowBatch) -> set[int]:
        """Return the indexes of the rows without any mapped text."""
        blank = set(range(len(batch.rows)))
        for mapped in self._mapped:
            position = mapped.column.position
            if position is not None:
                texts = batch.column(position)
                if all(map(str.strip, texts)):
                    return set()
                blank = {index for index in blank if not texts[index].strip()}
        return blank

    def _reject(self, line: int, fields: list[str], errors: list[RowError]) -> None:
        self._counts.failed += 1
        self._counts.invalid_values += len(errors)
        self.errors.add(ERROR, line, fields, errors)


def _require_item(
    reader: ItemReader, dimension: ListStructure, source_field: SourceField, column: Column
) -> None:
    if isinstance(reader.read([column.constant])[column.constant], RowError):
        raise ActionFailed(
            "failedToLocateEntity",
            f"{source_field.ask}: {dimension.name} has no item {column.constant!r}",
        )
