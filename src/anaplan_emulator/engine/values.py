"""Reading the texts of a column into stored values, a batch of rows at a time."""

# ruff: noqa: S608 (identifiers are made of our own keys and names; values are bound)

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator.engine.definitions import SourceField
from anaplan_emulator.engine.faults import Fault
from anaplan_emulator.engine.formats import DataType, Stored, parser
from anaplan_emulator.engine.outcomes import ActionFailed
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.source import Source, SourceRow
from anaplan_emulator.engine.structure import Field, ListStructure, list_by_key

Match = Literal["name", "code", "either"]

_FORMAT_FAULTS = {
    DataType.NUMBER: ("moduleImportNumberFormat", "Invalid number"),
    DataType.BOOLEAN: ("moduleImportBooleanFormat", "Invalid boolean"),
    DataType.DATE: ("moduleImportDateFormat", "Invalid date"),
}


def find_items(
    db: sqlite3.Connection, list_key: int, texts: Collection[str], match: Match
) -> dict[str, int]:
    """Find list items by name or code, whatever the case; by code first where both will do."""
    if match == "either":
        found = find_items(db, list_key, texts, "code")
        rest = [text for text in texts if text not in found]
        return found | find_items(db, list_key, rest, "name") if rest else found
    rows = db.execute(
        f"""
        SELECT wanted.value, list_items.key FROM json_each(?) AS wanted
        CROSS JOIN list_items ON list_items.list = ? AND list_items.{match} = wanted.value
        """,
        (json.dumps(list(texts)), list_key),
    )
    return dict(rows.fetchall())


@dataclass(frozen=True, slots=True)
class Column:
    """Where the texts of one mapped field come from: a column of the file, or always the same."""

    position: int | None
    constant: str = ""

    def texts(self, rows: list[SourceRow]) -> list[str]:
        """Take the field's text out of every row."""
        if self.position is None:
            return [self.constant] * len(rows)
        return [row.fields[self.position].strip() for row in rows]


def reader_for(
    db: sqlite3.Connection, field: Field, source: SourceField, decimal_separator: str
) -> "FormatReader | ItemReader":
    """Choose what reads the texts of a property or a line item."""
    if field.entity_list is not None:
        return ItemReader(db, list_by_key(db, field.entity_list), source.match)
    return FormatReader(field.data_type, decimal_separator)


def open_column(run: Run, import_id: str, source: Source, field: SourceField) -> Column:
    """Find where a field's texts come from.

    Raises:
        ActionFailed: The file has no such column, or the run doesn't answer what is asked.
    """
    if field.constant is not None:
        return Column(None, field.constant)
    if field.ask is not None:
        asked = field.ask.lower()
        answer = run.parameters.get((import_id, asked), run.parameters.get(("", asked)))
        if answer is None:
            raise ActionFailed(
                "missingFields", f"The mapping asks for {field.ask}: no mapping parameter names it"
            )
        return Column(None, answer)
    position = None if field.column is None else source.column(field.column)
    if position is None:
        raise ActionFailed("missingFields", f"The file has no column {field.column!r}")
    return Column(position)


@dataclass(frozen=True, slots=True)
class FormatReader:
    """Reads texts of a plain format."""

    data_type: DataType
    decimal_separator: str

    def read(self, texts: Collection[str]) -> dict[str, Stored | Fault]:
        """Read each text once."""
        parse = parser(self.data_type, self.decimal_separator)
        values: dict[str, Stored | Fault] = {}
        for text in texts:
            try:
                values[text] = parse(text)
            except ValueError:
                values[text] = Fault(*_FORMAT_FAULTS[self.data_type], text)
        return values


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Reads texts as items of a list.

    Attributes:
        blank_is_empty: Whether no text is no item, or a fault.
    """

    db: sqlite3.Connection
    items_of: ListStructure
    match: Match
    blank_is_empty: bool = True

    def read(self, texts: Collection[str]) -> dict[str, Stored | Fault]:
        """Find each text once."""
        values: dict[str, Stored | Fault] = {}
        values.update(find_items(self.db, self.items_of.key, texts, self.match))
        for text in texts:
            if not text and self.blank_is_empty:
                values[text] = None
            elif text not in values:
                values[text] = self.fault(text)
        return values

    def fault(self, text: str) -> Fault:
        """Say that there is no such item."""
        if self.items_of.kind == "TIME":
            return Fault("moduleImportInvalidTimeEntityIdentifier", "Invalid time period", text)
        return Fault(
            "moduleImportInvalidListIdentifier",
            f"Invalid item from list {self.items_of.name}",
            text,
        )
