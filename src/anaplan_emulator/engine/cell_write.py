"""Writing single cells: each is found, read and written by itself, and may fail by itself."""

# ruff: noqa: S608 (identifiers are made of our own keys; values are bound)

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anaplan_emulator.engine.editing import EditLimits
from anaplan_emulator.engine.formats import DataType, Stored, parser
from anaplan_emulator.engine.structure import (
    Field,
    ListStructure,
    ModuleStructure,
    item_key,
    list_by_key,
    value_column,
)
from anaplan_emulator.engine.values import Match, find_items

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell is on one dimension: the dimension by id or name, the item by id, name or code.

    What is None isn't given. An id goes before a name, and a name before a code.
    """

    dimension_id: str | None = None
    dimension_name: str | None = None
    item_id: str | None = None
    item_name: str | None = None
    item_code: str | None = None


@dataclass(frozen=True, slots=True)
class CellWrite:
    """A cell and what it is to hold."""

    line_item_id: str | None
    line_item_name: str | None
    places: tuple[Place, ...]
    value: Scalar


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """Why a cell wasn't written."""

    index: int
    kind: str
    details: str


class _Refused(Exception):
    def __init__(self, kind: str, details: str) -> None:
        super().__init__(details)
        self.kind = kind
        self.details = details


def write_cells(
    db: sqlite3.Connection,
    module: ModuleStructure,
    writes: Sequence[CellWrite],
    limits: EditLimits,
) -> tuple[int, list[WriteFailure]]:
    """Write cells of a module, as far as they can be.

    Args:
        db: A transaction.
        module: Whose cells they are.
        writes: What to write, in order.
        limits: What the model's versions let be written.

    Returns:
        How many cells hold something else than before, and what failed.
    """
    finder = _Finder(db, module, writes)
    changed = 0
    failures: list[WriteFailure] = []
    for index, write in enumerate(writes):
        try:
            item = finder.line_item(write)
            place = finder.place(write, item)
            if reason := limits.forbid(place):
                raise _Refused("cellIsNotEditable", reason)
            value = finder.value(write, item)
        except _Refused as refusal:
            failures.append(WriteFailure(index, refusal.kind, refusal.details))
        else:
            changed += _write(db, module, item, place, value)
    return changed, failures


class _Finder:
    """Finds what cells are addressed by: the items of all of them at once."""

    def __init__(
        self, db: sqlite3.Connection, module: ModuleStructure, writes: Sequence[CellWrite]
    ) -> None:
        self._db = db
        self._module = module
        self._line_items = {item.name.lower(): item for item in module.line_items}
        self._line_items_by_id = {item.id: item for item in module.line_items}
        self._dimensions = {each.name.lower(): each for each in module.dimensions}
        self._dimensions_by_id = {each.id: each for each in module.dimensions}
        self._entities: dict[int, ListStructure] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._codes: dict[int, dict[str, int]] = {}
        self._keys: dict[int, set[int]] = {}
        self._look_up(writes)

    def line_item(self, write: CellWrite) -> Field:
        """Find the line item, which must take values."""
        if write.line_item_id is not None:
            item = self._line_items_by_id.get(write.line_item_id)
        else:
            item = self._line_items.get((write.line_item_name or "").lower())
        if item is None:
            wanted = write.line_item_id or write.line_item_name
            raise _Refused(
                "lineItemNotFound", f"{self._module.name} has no line item '{wanted or ''}'"
            )
        if item.formula:
            raise _Refused(
                "cellIsCalculated", f"{item.name} is calculated: its cells can't be written"
            )
        return item

    def place(self, write: CellWrite, item: Field) -> tuple[int, ...]:
        """Find the items that the cell is at, in the order of the module's dimensions."""
        found: dict[int, int] = {}
        for place in write.places:
            dimension = self._dimension(place)
            if dimension is None:
                wanted = place.dimension_id or place.dimension_name
                raise _Refused(
                    "dimensionNotFound", f"{item.name} has no dimension '{wanted or ''}'"
                )
            if dimension.key in found:
                raise _Refused("duplicateDimension", f"{dimension.name} is given twice")
            found[dimension.key] = self._item(dimension, place)
        for dimension in self._module.dimensions:
            if dimension.key not in found:
                raise _Refused("missingDimension", f"{dimension.name} is missing")
        return tuple(found[dimension.key] for dimension in self._module.dimensions)

    def value(self, write: CellWrite, item: Field) -> Stored:
        """Read the value as the line item's format has it."""
        value = write.value
        if item.entity_list is not None:
            return self._entity(item, self._entities[item.entity_list], value)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            DataType.NUMBER: is_number or isinstance(value, str),
            DataType.BOOLEAN: isinstance(value, bool | str),
        }.get(item.data_type, isinstance(value, str))
        try:
            if not fits:
                raise ValueError(value)
            stored = parser(item.data_type)(str(value))
        except ValueError:
            raise _invalid(item, value) from None
        # Nothing and 0 are the same to whoever reads.
        return stored if stored != 0 else None

    def _entity(self, item: Field, items_of: ListStructure, value: Scalar) -> Stored:
        if value == "":
            return None
        if not isinstance(value, str):
            raise _invalid(item, value)
        found = self._names[items_of.key].get(value)
        if found is None:
            found = self._codes[items_of.key].get(value)
        if found is None:
            key = item_key(items_of, value)
            found = key if key in self._keys[items_of.key] else None
        if found is None:
            raise _Refused("itemNotFound", f"{item.name}: {items_of.name} has no item '{value}'")
        return found

    def _dimension(self, place: Place) -> ListStructure | None:
        if place.dimension_id is not None:
            return self._dimensions_by_id.get(place.dimension_id)
        return self._dimensions.get((place.dimension_name or "").lower())

    def _item(self, dimension: ListStructure, place: Place) -> int:
        found: int | None
        if place.item_id is not None:
            key = item_key(dimension, place.item_id)
            found = key if key in self._keys[dimension.key] else None
        elif place.item_name is not None:
            found = self._names[dimension.key].get(place.item_name)
        else:
            found = self._codes[dimension.key].get(place.item_code or "")
        if found is None:
            wanted = place.item_id or place.item_name or place.item_code
            raise _Refused("itemNotFound", f"{dimension.name} has no item '{wanted or ''}'")
        return found

    def _look_up(self, writes: Iterable[CellWrite]) -> None:
        """Find all items that are named anywhere, list by list."""
        names: defaultdict[int, set[str]] = defaultdict(set)
        codes: defaultdict[int, set[str]] = defaultdict(set)
        ids: defaultdict[int, set[str]] = defaultdict(set)
        lists = {dimension.key: dimension for dimension in self._module.dimensions}
        for item in self._module.line_items:
            if item.entity_list is not None:
                lists[item.entity_list] = list_by_key(self._db, item.entity_list)
        self._entities = lists
        entities = {item.entity_list for item in self._module.line_items if item.entity_list}
        for write in writes:
            for place in write.places:
                dimension = self._dimension(place)
                if dimension is not None:
                    names[dimension.key].add(place.item_name or "")
                    codes[dimension.key].add(place.item_code or "")
                    ids[dimension.key].add(place.item_id or "")
            if isinstance(write.value, str):
                for key in entities:
                    for texts in (names, codes, ids):
                        texts[key].add(write.value)
        for key, each in lists.items():
            self._names[key] = self._found(each, names[key], "name")
            self._codes[key] = self._found(each, codes[key], "code")
            wanted = {found for text in ids[key] if (found := item_key(each, text)) is not None}
            rows = self._db.execute(
                "SELECT wanted.value FROM json_each(?) AS wanted"
                " JOIN list_items ON list_items.key = wanted.value",
                (json.dumps(sorted(wanted)),),
            )
            self._keys[key] = {row[0] for row in rows}

    def _found(self, items_of: ListStructure, texts: set[str], match: Match) -> dict[str, int]:
        wanted = texts - {""}
        return find_items(self._db, items_of.key, wanted, match) if wanted else {}


def _invalid(item: Field, value: Scalar) -> _Refused:
    return _Refused(
        "invalidValue", f"{item.name}: {json.dumps(value)} is no {item.data_type.value} value"
    )


def _write(
    db: sqlite3.Connection,
    module: ModuleStructure,
    item: Field,
    place: tuple[int, ...],
    value: Stored,
) -> int:
    """Write one cell, and tell whether that changed it: 1 or 0."""
    column = value_column(item)
    if value is None:
        at = " AND ".join(f"{coordinate} = ?" for coordinate in module.coordinates)
        # What reads as nothing already isn't changed.
        cursor = db.execute(
            f"UPDATE {module.table} SET {column} = NULL WHERE {at}"
            f" AND {column} IS NOT NULL AND {column} IS NOT 0 AND {column} IS NOT ''",
            place,
        )
    else:
        coordinates = ", ".join(module.coordinates)
        places = ", ".join("?" * (len(place) + 1))
        cursor = db.execute(
            f"INSERT INTO {module.table} ({coordinates}, {column}) VALUES ({places})"
            f" ON CONFLICT ({coordinates}) DO UPDATE SET {column} = excluded.{column}"
            f" WHERE {column} IS NOT excluded.{column}",
            (*place, value),
        )
    return cursor.rowcount
