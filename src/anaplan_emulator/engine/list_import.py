"""Imports into lists: rows become items, which are identified by code or by name.

Where Anaplan documents nothing, the emulator does the following. A row without any mapped text is
ignored, and so is a row whose key an earlier row had. A blank name, code or parent keeps the item's
current one, and a blank property is cleared. Texts match names and codes regardless of their case.
An invalid parent or property is a warning, and the row is applied without it.
"""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from anaplan_emulator.engine.action_results import Detail, RowCounts
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.row_errors import ERROR, MALFORMED, WARNING, RowError, RowErrorLog
from anaplan_emulator.engine.source_file import RowBatch, SourceFile
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    list_by_key,
    list_by_name,
    properties,
    property_named,
)
from anaplan_emulator.engine.value_readers import (
    Column,
    ColumnReader,
    ItemReader,
    find_items,
    open_column,
    reader_for,
)
from anaplan_emulator.tenant.action_definitions import ListTarget
from anaplan_emulator.tenant.data_types import Stored

MAX_NAME_LENGTH = 60
"""Anaplan's limit for names and codes of list items."""

_INVALID_PARENT = RowError("hierarchyImportInvalidParent", "Invalid parent")
# Staged for a property whose value is invalid: it keeps its current value.
_KEEP = b""
_Staged = Stored | RowError | bytes


@dataclass(frozen=True, slots=True)
class _Property:
    field: Field
    reader: ColumnReader
    position: int


class ListImport:
    """A run of an import into a list, which is staged in batches and then applied."""

    def __init__(
        self,
        run: ActionRun,
        import_id: str,
        target: ListTarget,
        source: SourceFile,
        decimal_separator: str,
    ) -> None:
        self._db = run.session.db
        self.list = list_by_name(self._db, run.model, target.list)
        self.errors = RowErrorLog(self._db)
        self._key = target.identified_by
        self._counts = RowCounts()
        self._renamed = 0

        def column(field: str) -> Column | None:
            source_field = getattr(target, field)
            return open_column(run, import_id, source, source_field) if source_field else None

        self._code, self._name, self._parent = column("code"), column("name"), column("parent")
        self._parents: ColumnReader | None = None
        if target.parent and self._parent and self.list.parent is not None:
            parents = ItemReader(
                self._db, list_by_key(self._db, self.list.parent), target.parent.match
            )
            self._parents = ColumnReader(self._parent, parents)
        known_properties = properties(self._db, self.list.key)
        self._properties: list[_Property] = []
        for position, (name, source_field) in enumerate(target.properties.items()):
            field = property_named(known_properties, name)
            source_column = open_column(run, import_id, source, source_field)
            reader = reader_for(self._db, field, source_field, decimal_separator)
            self._properties.append(_Property(field, ColumnReader(source_column, reader), position))
        self._create_staging()

    def stage(self, batch: RowBatch) -> None:
        """Check a batch of rows and stage the valid ones."""
        for line, text in batch.malformed.items():
            self._reject(line, [text], MALFORMED)
        placeholders = ", ".join("?" * (5 + len(self._properties)))
        self._db.executemany(
            f"INSERT INTO temp.staged_items VALUES ({placeholders})", self._records(batch)
        )

    def apply(self, db: sqlite3.Connection) -> None:
        """Write the staged rows, in the caller's transaction."""
        self._renamed = self._count_renamed(db)
        key, base = self.list.key, list_by_key(db, self.list.key).next_index
        first = key * ITEMS_PER_LIST + base
        db.execute(
            f"""
            INSERT INTO list_items (key, list, name, code, parent)
            SELECT :first + ordinal, :list,
                coalesce(name, '#' || ((:first + ordinal) % {ITEMS_PER_LIST})), code, parent
            FROM temp.staged_items WHERE ordinal IS NOT NULL
            """,
            {"first": first, "list": key},
        )
        db.execute(
            """
            UPDATE list_items SET name = coalesce(staged.name, list_items.name),
                code = coalesce(staged.code, list_items.code),
                parent = coalesce(staged.parent, list_items.parent)
            FROM temp.staged_items AS staged
            WHERE staged.item = list_items.key AND staged.ordinal IS NULL
            """
        )
        new = self._counts.created + self._counts.warned_created
        db.execute("UPDATE lists SET next_index = ? WHERE key = ?", (base + new, key))
        if self._properties:
            self._apply_properties(db, first)

    def _apply_properties(self, db: sqlite3.Connection, first: int) -> None:
        for each in self._properties:
            db.execute(
                f"DELETE FROM property_values WHERE property = ? AND item IN"
                f" (SELECT item FROM temp.staged_items WHERE ordinal IS NULL"
                f" AND p{each.position} IS NULL)",
                (each.field.key,),
            )
        # One statement inserts all properties of an item after another, where the table has them.
        fields = ", ".join(f"({each.field.key})" for each in self._properties)
        values = " ".join(
            f"WHEN {each.field.key} THEN p{each.position}" for each in self._properties
        )
        db.execute(
            f"""
            INSERT OR REPLACE INTO property_values (item, property, value)
            SELECT coalesce(item, ? + ordinal), column1, CASE column1 {values} END AS value
            FROM temp.staged_items CROSS JOIN (VALUES {fields})
            WHERE value IS NOT NULL AND typeof(value) <> 'blob'
            """,
            (first,),
        )

    def details(self) -> list[Detail]:
        """Return the details of the result (docs/anaplan-behaviour.md#task-results)."""
        counts = self._counts
        success = counts.created + counts.updated
        warned = counts.warned_created + counts.warned_updated
        if not counts.total:
            return [Detail("hierarchyNoChanges", f"{self.list.name}: no changes")]
        text = f"{self.list.name}: {success} ({counts.created}/{counts.updated}) rows successful, "
        if warned:
            text += (
                f"{warned} ({counts.warned_created}/{counts.warned_updated})"
                " rows successful with warnings, "
            )
        if counts.failed:
            text += f"{counts.failed} rows failed, "
        text += f"{counts.ignored} ignored "
        values = {
            "hierarchyName": self.list.name,
            **counts.values(),
            "renamedCount": str(self._renamed),
        }
        suffix = "WithFailures" if self.errors.rows else ""
        summary = Detail(f"hierarchyRowsProcessed{suffix}", text, values=values)
        return [summary, *self.errors.details()]

    def _create_staging(self) -> None:
        columns = ["item", "ordinal", "name", "code", "parent"]
        columns += [f"p{each.position}" for each in self._properties]
        for table in ("staged_items", "seen_keys", "seen_others"):
            self._db.execute(f"DROP TABLE IF EXISTS temp.{table}")
        self._db.execute(f"CREATE TEMP TABLE staged_items ({', '.join(columns)})")
        for table in ("seen_keys", "seen_others"):
            self._db.execute(
                f"CREATE TEMP TABLE {table} (text TEXT PRIMARY KEY COLLATE NOCASE, line)"
                " WITHOUT ROWID"
            )

    def _records(self, batch: RowBatch) -> Iterator[tuple[_Staged, ...]]:
        """Check rows, and yield the records to stage."""
        rows, lines = batch.rows, batch.lines
        blank = [""] * len(rows)
        codes = self._code.texts(rows) if self._code else blank
        names = self._name.texts(rows) if self._name else blank
        keys = codes if self._key == "code" else names
        items = find_items(self._db, self.list.key, set(keys), self._key)
        values, warnings = self._values(rows)
        valid, errors = self._checked(batch, names, codes, items)
        counted = sorted(errors.keys() | valid) if errors else valid
        self._counts.ignored += len(rows) - len(counted)
        for index in counted:
            if index in errors:
                self._reject(lines[index], rows[index], errors[index])
                continue
            item, warned = items.get(keys[index]), warnings.get(index)
            if warned:
                self._counts.invalid_values += len(warned)
                self.errors.add(WARNING, lines[index], rows[index], warned)
            ordinal = self._count(created=item is None, warned=bool(warned))
            yield (item, ordinal, names[index] or None, codes[index] or None, *values[index])

    def _checked(
        self, batch: RowBatch, names: list[str], codes: list[str], items: Mapping[str, int]
    ) -> tuple[list[int], dict[int, RowError]]:
        """Return the indexes of the rows to apply, and the errors of those to reject."""
        by_code = self._key == "code"
        keys, others = (codes, names) if by_code else (names, codes)
        owners: dict[str, int] = {}
        if self._code and self._name:
            owners = find_items(self._db, self.list.key, set(others), "name" if by_code else "code")
        valid: list[int] = []
        errors: dict[int, RowError] = {}
        for index, key in enumerate(keys):
            other, item = others[index], items.get(key)
            if not (key or other) and self._is_blank(batch.rows[index]):
                continue
            error = self._error_in(key, names[index], codes[index], item)
            if error is None and owners and owners.get(other, item) != item:
                error = _name_taken(other)
            if error is None:
                valid.append(index)
            else:
                errors[index] = error
        repeated = self._repeated("seen_keys", keys, batch.lines, valid)
        if repeated:
            valid = [index for index in valid if index not in repeated]
        named = [index for index in valid if others[index]]
        for index in self._repeated("seen_others", others, batch.lines, named):
            errors[index] = _name_taken(others[index])
        return valid, errors

    def _values(
        self, rows: list[list[str]]
    ) -> tuple[list[tuple[_Staged, ...]], Mapping[int, list[RowError]]]:
        """Return the parent and the properties to stage for each row, and the rows' warnings."""
        warnings: defaultdict[int, list[RowError]] = defaultdict(list)
        columns: list[Sequence[_Staged]] = []
        if self._parents:
            parents = self._parents.read(rows)
            for index, _ in self._parents.errors(parents):
                warnings[index].append(_INVALID_PARENT)
                parents[index] = None
            columns.append(parents)
        else:
            columns.append([None] * len(rows))
        for each in self._properties:
            values = each.reader.read(rows)
            staged: list[_Staged] = [*values]
            for index, error in each.reader.errors(values):
                warnings[index].append(error)
                staged[index] = _KEEP
            columns.append(staged)
        return list(zip(*columns, strict=True)), warnings

    def _is_blank(self, fields: list[str]) -> bool:
        """Return whether all mapped texts of a row, except for its name and code, are blank."""
        columns = [each.reader.column for each in self._properties]
        if self._parent:
            columns.append(self._parent)
        return not any(column.text(fields) for column in columns)

    def _error_in(self, key: str, name: str, code: str, item: int | None) -> RowError | None:
        if not key:
            return RowError("hierarchyImportEmptyKey", "Empty key")
        if len(name) > MAX_NAME_LENGTH or (not name and item is None and not self.list.numbered):
            return RowError("hierarchyImportInvalidName", "Invalid name", name)
        if len(code) > MAX_NAME_LENGTH:
            return RowError("hierarchyImportInvalidCode", "Invalid code", code)
        return None

    def _count(self, *, created: bool, warned: bool) -> int | None:
        """Count a row to be applied, and return the ordinal of a new item."""
        counts = self._counts
        if not created:
            if warned:
                counts.warned_updated += 1
            else:
                counts.updated += 1
            return None
        ordinal = counts.created + counts.warned_created
        if warned:
            counts.warned_created += 1
        else:
            counts.created += 1
        return ordinal

    def _reject(self, line: int, fields: list[str], error: RowError) -> None:
        self._counts.failed += 1
        self._counts.invalid_values += 1
        self.errors.add(ERROR, line, fields, [error])

    def _repeated(
        self, table: str, texts: Sequence[str], lines: Sequence[int], indexes: Sequence[int]
    ) -> set[int]:
        """Record the texts of rows, and return the indexes of rows whose text is not new."""
        inserted = self._db.executemany(
            f"INSERT OR IGNORE INTO temp.{table} VALUES (?, ?)",
            ((texts[index], lines[index]) for index in indexes),
        )
        if inserted.rowcount == len(indexes):
            return set()
        first_line = f"SELECT line FROM temp.{table} WHERE text = ?"
        return {
            index
            for index in indexes
            if self._db.execute(first_line, (texts[index],)).fetchone()["line"] != lines[index]
        }

    def _count_renamed(self, db: sqlite3.Connection) -> int:
        (renamed,) = db.execute(
            """
            SELECT count(*) FROM temp.staged_items AS staged
            JOIN list_items ON list_items.key = staged.item
            WHERE staged.ordinal IS NULL AND staged.name <> list_items.name COLLATE BINARY
            """
        ).fetchone()
        return int(renamed)


def _name_taken(text: str) -> RowError:
    return RowError("hierarchyImportNameOrCodeExists", "Name or code already exists", text)
