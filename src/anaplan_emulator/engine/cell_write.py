"""Writing single cells. Each may fail independently of the others."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anaplan_emulator.engine.edit_limits import EditLimits
from anaplan_emulator.engine.structure import (
    Field,
    ListStructure,
    ModuleStructure,
    item_key,
    list_by_key,
    value_column,
)
from anaplan_emulator.engine.value_readers import Match, find_items
from anaplan_emulator.tenant.data_types import DataType, Stored, parser

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A coordinate of a cell: a dimension by id or name, and its item by id, name or code.

    An id takes precedence over a name, and a name over a code.
    """

    dimension_id: str | None = None
    dimension_name: str | None = None
    item_id: str | None = None
    item_name: str | None = None
    item_code: str | None = None


@dataclass(frozen=True, slots=True)
class CellWrite:
    """A cell and its new value."""

    line_item_id: str | None
    line_item_name: str | None
    coordinates: tuple[Coordinate, ...]
    value: Scalar | None


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """The reason why a cell was not written.

    Attributes:
        index: Position of the cell in the request.
        kind: Anaplan's `failureType` (docs/anaplan-behaviour.md#cell-writes).
        details: The message for users.
    """

    index: int
    kind: str
    details: str


class WritesRefused(Exception):
    """The request as a whole was refused: members are missing, or values have a wrong type.

    Args:
        failures: The reasons.
    """

    def __init__(self, failures: list[WriteFailure]) -> None:
        super().__init__(failures[0].details)
        self.failures = failures


class _WriteRejected(Exception):
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
    """Write cells of a module.

    Args:
        db: A transaction.
        module: The module.
        writes: The cells to write, in order.
        limits: The periods that the model's versions allow to be edited.

    Returns:
        The number of cells whose value changed, and the failures.

    Raises:
        WritesRefused: The request cannot be processed at all, and nothing was written.
    """
    resolver = _Resolver(db, module, writes)
    refused = [
        WriteFailure(index, *refusal)
        for index, write in enumerate(writes)
        if (refusal := resolver.refusal(write))
    ]
    if refused:
        raise WritesRefused(refused)
    changed = 0
    failures: list[WriteFailure] = []
    for index, write in enumerate(writes):
        try:
            item = resolver.line_item(write)
            items = resolver.items(write, item)
            if limit := limits.reason_against(items):
                raise _WriteRejected("cellIsNotWriteable", limit)
            value = resolver.value(write, item)
        except _WriteRejected as rejection:
            failures.append(WriteFailure(index, rejection.kind, rejection.details))
        else:
            changed += _write(db, module, item, items, value)
    return changed, failures


class _Resolver:
    """Resolves line items, coordinates and values, with one lookup of the items of all writes."""

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

    def refusal(self, write: CellWrite) -> tuple[str, str] | None:
        """Return why the request with this write is refused as a whole, as a type and a text."""
        missing = "missingRequiredField"
        if not write.line_item_id and not write.line_item_name:
            return missing, "lineItemId or lineItemName is missing"
        if write.value is None:
            return missing, "value is missing or null"
        for each in write.coordinates:
            if not each.dimension_id and not each.dimension_name:
                return missing, "dimensionId or dimensionName is missing"
            if each.item_id is None and each.item_name is None and each.item_code is None:
                return missing, "itemId, itemName or itemCode is missing"
        item = self._find_line_item(write)
        if item is None or _has_possible_type(item, write.value):
            return None
        kind = item.data_type.value
        return "unsupportedValueType", f"{item.name}: {json.dumps(write.value)} is not a {kind}"

    def _find_line_item(self, write: CellWrite) -> Field | None:
        if write.line_item_id is not None:
            return self._line_items_by_id.get(write.line_item_id)
        return self._line_items.get((write.line_item_name or "").lower())

    def line_item(self, write: CellWrite) -> Field:
        """Return the line item, which must be writable."""
        item = self._find_line_item(write)
        if item is None:
            name = write.line_item_id or write.line_item_name
            raise _WriteRejected(
                "invalidLineItem", f"{self._module.name} has no line item '{name}'"
            )
        if item.formula:
            raise _WriteRejected(
                "cellIsCalculated", f"{item.name} is calculated: its cells cannot be written"
            )
        return item

    def items(self, write: CellWrite, item: Field) -> tuple[int, ...]:
        """Return the keys of the cell's items, in the order of the module's dimensions."""
        found: dict[int, int] = {}
        for coordinate in write.coordinates:
            dimension = self._dimension(coordinate)
            if dimension is None:
                name = coordinate.dimension_id or coordinate.dimension_name
                raise _WriteRejected("invalidDimension", f"{item.name} has no dimension '{name}'")
            if dimension.key in found:
                raise _WriteRejected("invalidDimension", f"{dimension.name} is given twice")
            found[dimension.key] = self._item(dimension, coordinate)
        for dimension in self._module.dimensions:
            if dimension.key not in found:
                raise _WriteRejected("invalidDimension", f"{dimension.name} is missing")
        # The one row of a module without dimensions has the coordinate 0.
        return tuple(found[dimension.key] for dimension in self._module.dimensions) or (0,)

    def value(self, write: CellWrite, item: Field) -> Stored:
        """Return the stored value, according to the line item's format."""
        text = str(write.value)
        if item.entity_list is not None:
            return self._entity(item, self._entities[item.entity_list], text)
        try:
            stored = parser(item.data_type)(text)
        except ValueError:
            is_date = item.data_type is DataType.DATE
            raise _WriteRejected(
                "invalidDateValue" if is_date else "valueDataTypeMismatch",
                f"{item.name}: {json.dumps(write.value)} is not a {item.data_type.value} value",
            ) from None
        # An empty cell and 0 are the same to readers.
        return stored if stored != 0 else None

    def _entity(self, item: Field, item_list: ListStructure, value: str) -> Stored:
        if value == "":
            return None
        found = self._names[item_list.key].get(value)
        if found is None:
            found = self._codes[item_list.key].get(value)
        if found is None:
            key = item_key(self._db, item_list, value)
            found = key if key in self._keys[item_list.key] else None
        if found is None:
            raise _WriteRejected(
                "invalidListItemValue", f"{item.name}: {item_list.name} has no item '{value}'"
            )
        return found

    def _dimension(self, coordinate: Coordinate) -> ListStructure | None:
        if coordinate.dimension_id is not None:
            return self._dimensions_by_id.get(coordinate.dimension_id)
        return self._dimensions.get((coordinate.dimension_name or "").lower())

    def _item(self, dimension: ListStructure, coordinate: Coordinate) -> int:
        found: int | None
        if coordinate.item_id is not None:
            key = item_key(self._db, dimension, coordinate.item_id)
            found = key if key in self._keys[dimension.key] else None
        elif coordinate.item_name is not None:
            found = self._names[dimension.key].get(coordinate.item_name)
        else:
            found = self._codes[dimension.key].get(coordinate.item_code or "")
        if found is None:
            name = coordinate.item_id or coordinate.item_name or coordinate.item_code
            raise _WriteRejected("invalidItem", f"{dimension.name} has no item '{name or ''}'")
        return found

    def _look_up(self, writes: Iterable[CellWrite]) -> None:
        """Find all items that are referred to, list by list."""
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
            for coordinate in write.coordinates:
                dimension = self._dimension(coordinate)
                if dimension is not None:
                    names[dimension.key].add(coordinate.item_name or "")
                    codes[dimension.key].add(coordinate.item_code or "")
                    ids[dimension.key].add(coordinate.item_id or "")
            if isinstance(write.value, str):
                for key in entities:
                    for texts in (names, codes, ids):
                        texts[key].add(write.value)
        for key, each in lists.items():
            self._names[key] = self._found(each, names[key], "name")
            self._codes[key] = self._found(each, codes[key], "code")
            keys = {item_key(self._db, each, text) for text in ids[key]} - {None}
            rows = self._db.execute(
                "SELECT requested.value FROM json_each(?) AS requested"
                " JOIN list_items ON list_items.key = requested.value",
                (json.dumps(list(keys)),),
            )
            self._keys[key] = {row[0] for row in rows}

    def _found(self, item_list: ListStructure, texts: set[str], match: Match) -> dict[str, int]:
        names = texts - {""}
        return find_items(self._db, item_list.key, names, match) if names else {}


def _has_possible_type(item: Field, value: Scalar) -> bool:
    """Return whether a value of this JSON type can be one of a line item."""
    if isinstance(value, str):
        return True
    wanted = DataType.BOOLEAN if isinstance(value, bool) else DataType.NUMBER
    return item.entity_list is None and item.data_type is wanted


def _write(
    db: sqlite3.Connection,
    module: ModuleStructure,
    item: Field,
    items: tuple[int, ...],
    value: Stored,
) -> int:
    """Write a cell and return 1 if its value changed, otherwise 0."""
    column = value_column(item)
    if value is None:
        condition = " AND ".join(f"{coordinate} = ?" for coordinate in module.coordinates)
        # A cell that is empty to readers does not change.
        cursor = db.execute(
            f"UPDATE {module.table} SET {column} = NULL WHERE {condition}"
            f" AND {column} IS NOT NULL AND {column} IS NOT 0 AND {column} IS NOT ''",
            items,
        )
    else:
        coordinates = ", ".join(module.coordinates)
        placeholders = ", ".join("?" * (len(items) + 1))
        cursor = db.execute(
            f"INSERT INTO {module.table} ({coordinates}, {column}) VALUES ({placeholders})"
            f" ON CONFLICT ({coordinates}) DO UPDATE SET {column} = excluded.{column}"
            f" WHERE {column} IS NOT excluded.{column}",
            (*items, value),
        )
    return cursor.rowcount
