"""Converting the texts of a column into stored values, for a batch of rows."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator.engine.action_results import ActionFailed
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.row_errors import RowError
from anaplan_emulator.engine.source_file import RowBatch, SourceFile
from anaplan_emulator.engine.structure import Field, ListStructure, list_by_key
from anaplan_emulator.tenant.action_definitions import SourceField
from anaplan_emulator.tenant.data_types import DataType, Stored, parser

Match = Literal["name", "code", "either"]

# For a column whose texts are all different, more would only need memory.
_REMEMBERED_TEXTS = 10_000

_FORMAT_ERRORS = {
    DataType.NUMBER: ("moduleImportNumberFormat", "Invalid number"),
    DataType.BOOLEAN: ("moduleImportBooleanFormat", "Invalid boolean"),
    DataType.DATE: ("moduleImportDateFormat", "Invalid date"),
}


def find_items(
    db: sqlite3.Connection, list_key: int, texts: Collection[str], match: Match
) -> dict[str, int]:
    """Return the keys of items by name or code, ignoring case; `either` prefers codes."""
    if match == "either":
        found = find_items(db, list_key, texts, "code")
        rest = [text for text in texts if text not in found]
        return found | find_items(db, list_key, rest, "name") if rest else found
    # One row of JSON is read faster than a row for each item.
    (found_items,) = db.execute(
        f"""
        SELECT json_group_object(requested.value, list_items.key) FROM json_each(?) AS requested
        CROSS JOIN list_items ON list_items.list = ? AND list_items.{match} = requested.value
        """,
        (json.dumps(list(texts)), list_key),
    ).fetchone()
    items: dict[str, int] = json.loads(found_items)
    return items


@dataclass(frozen=True, slots=True)
class Column:
    """The source of a mapped field: a column of the file, or a constant."""

    position: int | None
    constant: str = ""

    def text(self, fields: list[str]) -> str:
        """Return the field's text in a row."""
        return self.constant if self.position is None else fields[self.position].strip()

    def texts(self, batch: RowBatch) -> list[str]:
        """Return the field's text in each row."""
        if self.position is None:
            return [self.constant] * len(batch.rows)
        return list(map(str.strip, batch.column(self.position)))


def reader_for(
    db: sqlite3.Connection, field: Field, source: SourceField, decimal_separator: str
) -> "FormatReader | ItemReader":
    """Return the reader for the texts of a property or line item."""
    if field.entity_list is not None:
        return ItemReader(db, list_by_key(db, field.entity_list), source.match)
    return FormatReader(field.data_type, decimal_separator)


def open_column(run: ActionRun, import_id: str, source: SourceFile, field: SourceField) -> Column:
    """Find the source of a mapped field.

    Raises:
        ActionFailed: The file has no such column, or the run has no such mapping parameter.
    """
    if field.constant is not None:
        return Column(None, field.constant)
    if field.ask is not None:
        entity_type = field.ask.lower()
        value = run.parameters.get((import_id, entity_type), run.parameters.get(("", entity_type)))
        if value is None:
            raise ActionFailed(
                "missingFields", f"The mapping asks for {field.ask}: no mapping parameter names it"
            )
        return Column(None, value)
    position = None if field.column is None else source.column(field.column)
    if position is None:
        raise ActionFailed("missingFields", f"The file has no column {field.column!r}")
    return Column(position)


@dataclass(frozen=True, slots=True)
class FormatReader:
    """Converts texts of data types other than LIST."""

    data_type: DataType
    decimal_separator: str

    def read(self, texts: Collection[str]) -> dict[str, Stored | RowError]:
        """Return the value, or the error, of each text."""
        parse = parser(self.data_type, self.decimal_separator)
        values: dict[str, Stored | RowError] = {}
        for text in texts:
            try:
                values[text] = parse(text)
            except ValueError:
                values[text] = RowError(*_FORMAT_ERRORS[self.data_type], text)
        return values


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Converts texts to items of a list.

    Attributes:
        db: A transaction.
        item_list: The list.
        match: Whether texts are names or codes.
        blank_is_empty: Whether a blank text is an empty value; otherwise it is an error.
    """

    db: sqlite3.Connection
    item_list: ListStructure
    match: Match
    blank_is_empty: bool = True

    def read(self, texts: Collection[str]) -> dict[str, Stored | RowError]:
        """Return the key of the item, or the error, of each text."""
        values: dict[str, Stored | RowError] = {
            **find_items(self.db, self.item_list.key, texts, self.match)
        }
        for text in values.keys() ^ texts:
            values[text] = self.error(text)
        if self.blank_is_empty and "" in texts:
            values[""] = None
        return values

    def error(self, text: str) -> RowError:
        """Return the error for a text that matches no item."""
        if self.item_list.kind == "TIME":
            return RowError("moduleImportInvalidTimeEntityIdentifier", "Invalid time period", text)
        return RowError(
            "moduleImportInvalidListIdentifier",
            f"Invalid item from list {self.item_list.name}",
            text,
        )


class ColumnReader:
    """Converts the texts of a mapped field. They often repeat, so values are remembered.

    Args:
        column: The source of the texts.
        reader: Converts them.
        strip: Whether blanks around the texts of a file's column are ignored.
    """

    def __init__(
        self, column: Column, reader: FormatReader | ItemReader, *, strip: bool = True
    ) -> None:
        self.column = column
        self._reader = reader
        self._strip = strip and column.position is not None
        self._values: dict[str, Stored | RowError] = {}
        self.has_errors = False
        """Whether any text so far was an error."""

    def read(self, batch: RowBatch) -> list[Stored | RowError]:
        """Return the value, or the error, in each row."""
        position = self.column.position
        texts: Sequence[str]
        if position is None:
            texts = [self.column.constant] * len(batch.rows)
        else:
            texts = batch.column(position)
        try:
            return list(map(self._values.__getitem__, texts))
        except KeyError:
            self._convert(set(texts))
            return list(map(self._values.__getitem__, texts))

    def errors(self, values: list[Stored | RowError]) -> Iterator[tuple[int, RowError]]:
        """Yield the errors among the values that `read` returned, with their index."""
        if self.has_errors:
            for index, value in enumerate(values):
                if isinstance(value, RowError):
                    yield index, value

    def _convert(self, texts: set[str]) -> None:
        unknown = texts.difference(self._values)
        if len(self._values) + len(unknown) > _REMEMBERED_TEXTS:
            self._values.clear()
            unknown = texts
        stripped = list(map(str.strip, unknown)) if self._strip else list(unknown)
        values = self._reader.read(set(stripped))
        self.has_errors |= RowError in set(map(type, values.values()))
        self._values |= zip(unknown, map(values.__getitem__, stripped), strict=True)
