"""Imports into lists: rows become items, which are identified by code or by name.

Where Anaplan documents nothing, the emulator does the following. A row without any mapped text is
ignored, and so is a row whose key an earlier row had. A blank name, code or parent keeps the item's
current one, and a blank property is cleared. Texts match names and codes regardless of their case.
An invalid parent or property is a warning, and the row is applied without it.
"""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

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
from anaplan_emulator.store.records import insert_rows
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
        # A blank column would cost as much time as any other.
        mapped = {"name": self._name, "code": self._code, "parent": self._parents}
        self._columns = ["item", *(name for name, column in mapped.items() if column)]
        self._columns += [f"p{each.position}" for each in self._properties]
        self._create_staging()

    def stage(self, batch: RowBatch) -> None:
        """Check a batch of rows and stage the valid ones."""
        for line, text in batch.malformed.items():
            self._reject(line, [text], MALFORMED)
        insert_rows(
            self._db,
            f"INSERT INTO temp.staged_items ({', '.join(self._columns)})",
            self._records(batch),
        )

    def apply(self, db: sqlite3.Connection) -> None:
        """Write the staged rows, in the caller's transaction."""
        self._renamed = self._count_renamed(db)
        key, base = self.list.key, list_by_key(db, self.list.key).next_index
        first = key * ITEMS_PER_LIST + base
        db.execute(
            f"""
            INSERT INTO list_items (key, list, name, code, parent)
            SELECT :first + item, :list,
                coalesce(name, '#' || ((:first + item) % {ITEMS_PER_LIST})), code, parent
            FROM temp.staged_items WHERE item < {ITEMS_PER_LIST}
            """,
            {"first": first, "list": key},
        )
        db.execute(
            f"""
            UPDATE list_items SET name = coalesce(staged.name, list_items.name),
                code = coalesce(staged.code, list_items.code),
                parent = coalesce(staged.parent, list_items.parent)
            FROM temp.staged_items AS staged
            WHERE staged.item = list_items.key AND staged.item >= {ITEMS_PER_LIST}
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
                f" (SELECT item FROM temp.staged_items WHERE item >= {ITEMS_PER_LIST}"
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
            SELECT iif(item < {ITEMS_PER_LIST}, ? + item, item), column1,
                CASE column1 {values} END AS value
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
        # The key of an existing item, or the ordinal of a new one, which is always less.
        columns = ["item INTEGER", "name", "code", "parent"]
        columns += [f"p{each.position}" for each in self._properties]
        for table in ("staged_items", "seen_keys", "seen_others"):
            self._db.execute(f"DROP TABLE IF EXISTS temp.{table}")
        self._db.execute(f"CREATE TEMP TABLE staged_items ({', '.join(columns)})")
        for table in ("seen_keys", "seen_others"):
            self._db.execute(
                f"CREATE TEMP TABLE {table} (text TEXT PRIMARY KEY COLLATE NOCASE, line)"
                " WITHOUT ROWID"
            )

    def _records(self, batch: RowBatch) -> list[tuple[_Staged, ...]]:
        """Check rows, and return the records to stage."""
        rows = batch.rows
        blank = [""] * len(rows)
        codes = self._code.texts(batch) if self._code else blank
        names = self._name.texts(batch) if self._name else blank
        keys = codes if self._key == "code" else names
        items = find_items(self._db, self.list.key, set(keys), self._key)
        columns, warnings = self._values(batch)
        if self._code:
            columns.insert(0, [code or None for code in codes])
        if self._name:
            columns.insert(0, [name or None for name in names])
        valid, errors = self._checked(batch, names, codes, items)
        warned = [index for index in valid if index in warnings] if warnings else []
        self._counts.ignored += len(rows) - len(errors) - len(valid)
        for index in sorted([*errors, *warned]):
            if index in errors:
                self._reject(batch.lines[index], rows[index], errors[index])
            else:
                self._counts.invalid_values += len(warnings[index])
                self.errors.add(WARNING, batch.lines[index], rows[index], warnings[index])
        if len(valid) < len(rows):
            columns = [[column[index] for index in valid] for column in columns]
        staged = self._count(
            [items.get(keys[index]) for index in valid],
            warned_updated=sum(keys[index] in items for index in warned),
            warned=len(warned),
        )
        return list(zip(staged, *columns, strict=True))

    def _checked(
        self, batch: RowBatch, names: list[str], codes: list[str], items: Mapping[str, int]
    ) -> tuple[Sequence[int], dict[int, RowError]]:
        """Return the indexes of the rows to apply, and the errors of those to reject."""
        by_code = self._key == "code"
        keys, others = (codes, names) if by_code else (names, codes)
        errors: dict[int, RowError] = {}
        if self._code and self._name:
            owners = find_items(self._db, self.list.key, set(others), "name" if by_code else "code")
            for index, other in enumerate(others) if owners else ():
                item = items.get(keys[index])
                if owners.get(other, item) != item:
                    errors[index] = _name_taken(other)
        errors |= self._errors_in(keys, names, codes, items)
        ignored: set[int] = set()
        if "" in keys:
            ignored = {
                index
                for index, key in enumerate(keys)
                if not (key or others[index]) and self._is_blank(batch.rows[index])
            }
            for index in ignored:
                del errors[index]

        def remaining() -> Sequence[int]:
            every = range(len(keys))
            if not errors and not ignored:
                return every
            return [index for index in every if index not in errors and index not in ignored]

        ignored |= self._repeated("seen_keys", keys, batch.lines, remaining())
        named = [index for index in remaining() if others[index]]
        for index in self._repeated("seen_others", others, batch.lines, named):
            errors[index] = _name_taken(others[index])
        return remaining(), errors

    def _values(
        self, batch: RowBatch
    ) -> tuple[list[Sequence[_Staged]], Mapping[int, list[RowError]]]:
        """Return the columns of parents and properties to stage, and the rows' warnings."""
        warnings: defaultdict[int, list[RowError]] = defaultdict(list)
        columns: list[Sequence[_Staged]] = []
        if self._parents:
            parents = self._parents.read(batch)
            for index, _ in self._parents.errors(parents):
                warnings[index].append(_INVALID_PARENT)
                parents[index] = None
            columns.append(parents)
        for each in self._properties:
            values = each.reader.read(batch)
            staged: list[_Staged] = [*values]
            for index, error in each.reader.errors(values):
                warnings[index].append(error)
                staged[index] = _KEEP
            columns.append(staged)
        return columns, warnings

    def _is_blank(self, fields: list[str]) -> bool:
        """Return whether all mapped texts of a row, except for its name and code, are blank."""
        columns = [each.reader.column for each in self._properties]
        if self._parent:
            columns.append(self._parent)
        return not any(column.text(fields) for column in columns)

    def _errors_in(
        self, keys: list[str], names: list[str], codes: list[str], items: Mapping[str, int]
    ) -> dict[int, RowError]:
        """Return the errors in names and codes by the index of the row."""
        errors: dict[int, RowError] = {}
        # A later one replaces an earlier one of the same row.
        for index in _too_long(codes):
            errors[index] = RowError("hierarchyImportInvalidCode", "Invalid code", codes[index])
        invalid_names = _too_long(names)
        if not self.list.numbered:
            invalid_names += [
                index for index, name in enumerate(names) if not name and keys[index] not in items
            ]
        for index in invalid_names:
            errors[index] = RowError("hierarchyImportInvalidName", "Invalid name", names[index])
        if "" in keys:
            for index, key in enumerate(keys):
                if not key:
                    errors[index] = RowError("hierarchyImportEmptyKey", "Empty key")
        return errors

    def _count(self, found: list[int | None], *, warned: int, warned_updated: int) -> list[int]:
        """Count rows to be applied.

        Args:
            found: The existing item of each row, if there is one.
            warned: The number of rows with warnings.
            warned_updated: How many of them have an item.

        Returns:
            What to stage for the items: their keys, and the ordinals of new ones.
        """
        counts = self._counts
        ordinals = count(counts.created + counts.warned_created)
        created, warned_created = found.count(None), warned - warned_updated
        counts.created += created - warned_created
        counts.updated += len(found) - created - warned_updated
        counts.warned_created += warned_created
        counts.warned_updated += warned_updated
        return [next(ordinals) if item is None else item for item in found]

    def _reject(self, line: int, fields: list[str], error: RowError) -> None:
        self._counts.failed += 1
        self._counts.invalid_values += 1
        self.errors.add(ERROR, line, fields, [error])

    def _repeated(
        self, table: str, texts: Sequence[str], lines: Sequence[int], indexes: Sequence[int]
    ) -> set[int]:
        """Record the texts of rows, and return the indexes of rows whose text is not new."""
        inserted = insert_rows(
            self._db,
            f"INSERT OR IGNORE INTO temp.{table}",
            [(texts[index], lines[index]) for index in indexes],
        )
        if inserted == len(indexes):
            return set()
        first_line = f"SELECT line FROM temp.{table} WHERE text = ?"
        return {
            index
            for index in indexes
            if self._db.execute(first_line, (texts[index],)).fetchone()["line"] != lines[index]
        }

    def _count_renamed(self, db: sqlite3.Connection) -> int:
        (renamed,) = db.execute(
            f"""
            SELECT count(*) FROM temp.staged_items AS staged
            JOIN list_items ON list_items.key = staged.item
            WHERE staged.item >= {ITEMS_PER_LIST} AND staged.name <> list_items.name COLLATE BINARY
            """
        ).fetchone()
        return int(renamed)


def _too_long(texts: list[str]) -> list[int]:
    """Return the indexes of the texts that are longer than a name or a code can be."""
    if max(map(len, texts), default=0) <= MAX_NAME_LENGTH:
        return []
    return [index for index, text in enumerate(texts) if len(text) > MAX_NAME_LENGTH]


def _name_taken(text: str) -> RowError:
    return RowError("hierarchyImportNameOrCodeExists", "Name or code already exists", text)
