"""Imports into modules: each row fills the mapped line items of one place.

A row with any bad text is refused whole: a module's dump has no column for warnings. What Anaplan
leaves unsaid, and is decided here: a row without any mapped text is ignored, a blank text empties
its cell, and of several rows for the same place the last one counts.
"""

# ruff: noqa: S608 (identifiers are made of our own keys and names; values are bound)

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from anaplan_emulator.engine.definitions import ModuleTarget, SourceField
from anaplan_emulator.engine.faults import ERROR, MALFORMED, Fault, FaultLog
from anaplan_emulator.engine.formats import Stored
from anaplan_emulator.engine.outcomes import ActionFailed, Detail, RowCounts
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.source import Source, SourceRow
from anaplan_emulator.engine.structure import (
    ListStructure,
    module_by_name,
    value_column,
)
from anaplan_emulator.engine.values import (
    Column,
    FormatReader,
    ItemReader,
    open_column,
    reader_for,
)


@dataclass(frozen=True, slots=True)
class _Mapped:
    column: Column
    reader: FormatReader | ItemReader


class ModuleImport:
    """One run of an import into a module: staged batch by batch, then applied at once."""

    def __init__(
        self, run: Run, import_id: str, target: ModuleTarget, source: Source, decimal_separator: str
    ) -> None:
        self._db = run.session.db
        self.module = module_by_name(self._db, run.model, target.module)
        self.faults = FaultLog(self._db)
        self._counts = RowCounts()

        origins = {name.lower(): origin for name, origin in target.dimensions.items()}
        self._mapped: list[_Mapped] = []
        for dimension in self.module.dimensions:
            origin = origins[dimension.name.lower()]
            column = open_column(run, import_id, source, origin)
            reader = ItemReader(self._db, dimension, origin.match, blank_is_empty=False)
            if origin.ask is not None:
                _require_item(reader, dimension, origin, column)
            self._mapped.append(_Mapped(column, reader))
        self._values: list[str] = []
        for name, origin in target.line_items.items():
            line_item = self.module.line_item(name)
            column = open_column(run, import_id, source, origin)
            self._values.append(value_column(line_item))
            reader_of_item = reader_for(self._db, line_item, origin, decimal_separator)
            self._mapped.append(_Mapped(column, reader_of_item))
        self._create_staging()

    def stage(self, rows: Sequence[SourceRow]) -> None:
        """Check a batch of rows, and keep those that may be applied."""
        well_formed = []
        for row in rows:
            if row.malformed:
                self._refuse(row, [MALFORMED])
            else:
                well_formed.append(row)
        columns: list[list[Stored | Fault]] = []
        filled = [False] * len(well_formed)
        for mapped in self._mapped:
            texts = mapped.column.texts(well_formed)
            if mapped.column.position is not None:
                filled = [
                    any_yet or bool(text) for any_yet, text in zip(filled, texts, strict=True)
                ]
            values = mapped.reader.read(set(texts))
            columns.append([values[text] for text in texts])
        staged = []
        for row, has_text, record in zip(
            well_formed, filled, zip(*columns, strict=True), strict=True
        ):
            faults = [value for value in record if isinstance(value, Fault)]
            if not has_text:
                self._counts.ignored += 1
            elif faults:
                self._refuse(row, faults)
            else:
                staged.append(record)
        self._counts.updated += len(staged)
        places = ", ".join("?" * len(self._mapped))
        self._db.executemany(f"INSERT OR REPLACE INTO temp.staged_cells VALUES ({places})", staged)

    def apply(self, db: sqlite3.Connection) -> None:
        """Write what was staged, inside the caller's transaction."""
        columns = ", ".join([*self.module.coordinates, *self._values])
        updates = ", ".join(f"{value} = excluded.{value}" for value in self._values)
        db.execute(
            f"INSERT INTO {self.module.table} ({columns})"
            f" SELECT {columns} FROM temp.staged_cells WHERE true"
            f" ON CONFLICT ({', '.join(self.module.coordinates)}) DO UPDATE SET {updates}"
        )

    def details(self) -> list[Detail]:
        """Say what happened: the counters of a list import, but for cells."""
        counts = self._counts
        cells = counts.updated * len(self._values)
        text = f"{self.module.name}: {counts.updated} rows successful ({cells} cells), "
        if counts.failed:
            text += f"{counts.failed} rows failed, "
        text += f"{counts.ignored} ignored "
        # Their names are not on record for modules; these are the hierarchy's (facts 4.15).
        values = counts.values() | {"updatedCount": str(cells)}
        faulty = "WithFailures" if self.faults.rows else ""
        summary = Detail(f"lineItemRowsProcessed{faulty}", text, values=values)
        return [summary, *self.faults.details()]

    def _create_staging(self) -> None:
        key = ", ".join(self.module.coordinates)
        columns = ", ".join([*self.module.coordinates, *self._values])
        self._db.execute("DROP TABLE IF EXISTS temp.staged_cells")
        self._db.execute(
            f"CREATE TEMP TABLE staged_cells ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"
        )

    def _refuse(self, row: SourceRow, faults: list[Fault]) -> None:
        self._counts.failed += 1
        self._counts.refused_texts += len(faults)
        self.faults.add(ERROR, row, faults)


def _require_item(
    reader: ItemReader, dimension: ListStructure, origin: SourceField, column: Column
) -> None:
    if isinstance(reader.read([column.constant])[column.constant], Fault):
        raise ActionFailed(
            "failedToLocateEntity",
            f"{origin.ask}: {dimension.name} has no item {column.constant!r}",
        )
