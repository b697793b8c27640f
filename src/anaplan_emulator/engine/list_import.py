"""Imports into lists: rows become items, which are identified by code or by name.

Where Anaplan documents nothing, the emulator does the following. A row without any mapped text is
ignored, and so is a row whose key an earlier row had. A blank name, code or parent keeps the item's
current one, and a blank property is cleared. Texts match names and codes regardless of their case.
An invalid parent or property is a warning, and the row is applied without it.
"""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from anaplan_emulator.engine.action_results import Detail, RowCounts
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.row_errors import ERROR, MALFORMED, WARNING, RowError, RowErrorLog
from anaplan_emulator.engine.source_file import SourceFile, SourceRow
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
    FormatReader,
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


@dataclass(frozen=True, slots=True)
class _Property:
    field: Field
    column: Column
    reader: FormatReader | ItemReader
    position: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row whose values have been looked up.

    Attributes:
        source: The row.
        key: The text that identifies the item.
        other: The other unique text: the name if the code is the key, otherwise the code.
        item: Key of the existing item.
        owner_of_other: Key of the existing item that has the other text.
        name: The name.
        code: The code.
        parent: Key of the parent.
        properties: Values of the mapped properties.
        is_blank: Whether all mapped texts are blank.
    """

    source: SourceRow
    key: str
    other: str
    item: int | None
    owner_of_other: int | None
    name: str
    code: str
    parent: Stored | RowError
    properties: tuple[Stored | RowError, ...]
    is_blank: bool


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
        self._parents: ItemReader | None = None
        if target.parent is not None and self.list.parent is not None:
            parents = list_by_key(self._db, self.list.parent)
            self._parents = ItemReader(self._db, parents, target.parent.match)
        known_properties = properties(self._db, self.list.key)
        self._properties: list[_Property] = []
        for position, (name, source_field) in enumerate(target.properties.items()):
            field = property_named(known_properties, name)
            source_column = open_column(run, import_id, source, source_field)
            reader = reader_for(self._db, field, source_field, decimal_separator)
            self._properties.append(_Property(field, source_column, reader, position))
        self._create_staging()

    def stage(self, rows: Sequence[SourceRow]) -> None:
        """Check a batch of rows and stage the valid ones."""
        well_formed = []
        for row in rows:
            if row.malformed:
                self._reject(row, MALFORMED)
            else:
                well_formed.append(row)
        candidates = self._candidates(well_formed)
        staged = [record for row in candidates if (record := self._check(row)) is not None]
        placeholders = ", ".join("?" * (5 + len(self._properties)))
        self._db.executemany(f"INSERT INTO temp.staged_items VALUES ({placeholders})", staged)

    def apply(self, db: sqlite3.Connection) -> None:
        """Write the staged rows, in the caller's transaction."""
        self._renamed = self._count_renamed(db)
        key, base = self.list.key, list_by_key(db, self.list.key).next_index
        first = key * ITEMS_PER_LIST + base
        created = "ordinal IS NOT NULL"
        db.execute(f"UPDATE temp.staged_items SET item = ? + ordinal WHERE {created}", (first,))
        db.execute(
            f"""
            INSERT INTO list_items (key, list, name, code, parent)
            SELECT item, ?, coalesce(name, '#' || (item % {ITEMS_PER_LIST})), code, parent
            FROM temp.staged_items WHERE {created}
            """,
            (key,),
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
        for each in self._properties:
            column = f"p{each.position}"
            db.execute(
                f"DELETE FROM property_values WHERE property = ? AND item IN"
                f" (SELECT item FROM temp.staged_items WHERE {column} IS NULL)",
                (each.field.key,),
            )
            db.execute(
                f"INSERT OR REPLACE INTO property_values (item, property, value)"
                f" SELECT item, ?, {column} FROM temp.staged_items"
                f" WHERE {column} IS NOT NULL AND typeof({column}) <> 'blob'",
                (each.field.key,),
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
                f"CREATE TEMP TABLE {table} (text TEXT PRIMARY KEY COLLATE NOCASE) WITHOUT ROWID"
            )

    def _candidates(self, rows: list[SourceRow]) -> Iterator[_Candidate]:
        blank = [""] * len(rows)
        codes = self._code.texts(rows) if self._code else blank
        names = self._name.texts(rows) if self._name else blank
        by_code = self._key == "code"
        keys, others = (codes, names) if by_code else (names, codes)
        items = find_items(self._db, self.list.key, set(keys), self._key)
        owners: dict[str, int] = {}
        if self._code and self._name:
            owners = find_items(self._db, self.list.key, set(others), "name" if by_code else "code")
        parents = self._parent.texts(rows) if self._parent else blank
        parent_keys = self._parents.read(set(parents)) if self._parents else {"": None}
        columns = [each.column.texts(rows) for each in self._properties]
        values = [
            each.reader.read(set(texts))
            for each, texts in zip(self._properties, columns, strict=True)
        ]
        for index, row in enumerate(rows):
            key, other, parent = keys[index], others[index], parents[index]
            texts = [column[index] for column in columns]
            found = parent_keys.get(parent)
            yield _Candidate(
                source=row,
                key=key,
                other=other,
                item=items.get(key),
                owner_of_other=owners.get(other),
                name=names[index],
                code=codes[index],
                parent=_INVALID_PARENT if isinstance(found, RowError) else found,
                properties=tuple(value[text] for value, text in zip(values, texts, strict=True)),
                is_blank=not (key or other or parent or any(texts)),
            )

    def _check(self, row: _Candidate) -> tuple[Stored | bytes, ...] | None:
        """Check a row and return the record to stage, or None for a row that is not applied."""
        if row.is_blank:
            self._counts.ignored += 1
            return None
        error = self._error_in(row)
        if error is not None:
            self._reject(row.source, error)
            return None
        if not self._is_first("seen_keys", row.key):
            self._counts.ignored += 1
            return None
        if row.other and not self._is_first("seen_others", row.other):
            self._reject(row.source, _name_taken(row.other))
            return None
        warnings = [value for value in (row.parent, *row.properties) if isinstance(value, RowError)]
        if warnings:
            self._counts.invalid_values += len(warnings)
            self.errors.add(WARNING, row.source, warnings)
        ordinal = self._count(created=row.item is None, warned=bool(warnings))
        return (
            row.item,
            ordinal,
            row.name or None,
            row.code or None,
            None if isinstance(row.parent, RowError) else row.parent,
            *(_KEEP if isinstance(value, RowError) else value for value in row.properties),
        )

    def _error_in(self, row: _Candidate) -> RowError | None:
        if not row.key:
            return RowError("hierarchyImportEmptyKey", "Empty key")
        if len(row.name) > MAX_NAME_LENGTH or (
            not row.name and row.item is None and not self.list.numbered
        ):
            return RowError("hierarchyImportInvalidName", "Invalid name", row.name)
        if len(row.code) > MAX_NAME_LENGTH:
            return RowError("hierarchyImportInvalidCode", "Invalid code", row.code)
        if row.owner_of_other is not None and row.owner_of_other != row.item:
            return _name_taken(row.other)
        return None

    def _count(self, *, created: bool, warned: bool) -> int | None:
        """Count a row to be applied, and return the ordinal of a new item."""
        counts = self._counts
        ordinal = counts.created + counts.warned_created if created else None
        match created, warned:
            case True, False:
                counts.created += 1
            case True, True:
                counts.warned_created += 1
            case False, False:
                counts.updated += 1
            case _:
                counts.warned_updated += 1
        return ordinal

    def _reject(self, row: SourceRow, error: RowError) -> None:
        self._counts.failed += 1
        self._counts.invalid_values += 1
        self.errors.add(ERROR, row, [error])

    def _is_first(self, table: str, text: str) -> bool:
        insert = f"INSERT OR IGNORE INTO temp.{table} VALUES (?)"
        return self._db.execute(insert, (text,)).rowcount > 0

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
