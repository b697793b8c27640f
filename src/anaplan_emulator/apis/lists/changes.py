"""Adding, updating and deleting list items (docs/anaplan-behaviour.md#list-changes).

Where Anaplan documents nothing, the emulator does the following. A rejected item is not changed at
all. Texts match regardless of their case. Parents and properties are found by code or by name. An
empty parent or property clears the item's current one. Some of the failure messages are invented.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anaplan_emulator.apis.lists.state import PERMITTED_ITEMS
from anaplan_emulator.engine.deletions import delete_items
from anaplan_emulator.engine.list_import import MAX_NAME_LENGTH
from anaplan_emulator.engine.list_items import read_subsets, top_level_item
from anaplan_emulator.engine.row_errors import RowError
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    ListStructure,
    item_key,
    list_by_key,
    properties,
)
from anaplan_emulator.engine.value_readers import FormatReader, ItemReader, find_items
from anaplan_emulator.tenant.data_types import DataType, Stored

_INCOMPLETE, _FORMAT, _DUPLICATE = "INCOMPLETE_DATA", "INCORRECT_FORMAT", "DUPLICATE"
_NOT_FOUND, _AMBIGUOUS = "Not found", "Ambiguous criteria"


class ItemRejected(Exception):
    """An item of a request is not valid."""

    def __init__(self, kind: str, details: str) -> None:
        super().__init__(details)
        self.kind = kind
        self.details = details


@dataclass
class Result:
    """The result of a request."""

    done: int = 0
    total: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, index: int, rejected: ItemRejected) -> None:
        """Add the failure of an item."""
        self.failures.append(
            {
                "requestIndex": index,
                "failureType": rejected.kind,
                "failureMessageDetails": rejected.details,
            }
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """The changes of an item except its name and code; the parent is None if not given."""

    parent: tuple[Stored] | None
    values: dict[int, Stored]
    subsets: dict[int, bool]


class ListChange:
    """A request to change a list's items.

    Args:
        db: A transaction.
        model: Key of the model.
        item_list: The list.
        items: The items in the request.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        model: int,
        item_list: ListStructure,
        items: Sequence[Mapping[str, object]],
    ) -> None:
        self._db = db
        self._model = model
        self._list = item_list
        self._items = items
        self._top = top_level_item(db, item_list.key)
        self._fields = {field.name.lower(): field for field in properties(db, item_list.key)}
        self._subsets = {subset.name.lower(): subset for subset in read_subsets(db, item_list.key)}
        self._names = self._lookup("name")
        self._codes = self._lookup("code")
        self._read: dict[str, dict[str, Stored | RowError]] = {}

    def add(self) -> Result:
        """Add the valid items."""
        self._look_up_values()
        result = Result(total=len(self._items))
        index = self._list.next_index
        for number, item in enumerate(self._items):
            try:
                self._add(item, index)
            except ItemRejected as rejected:
                result.reject(number, rejected)
            else:
                index += 1
                result.done += 1
        self._db.execute("UPDATE lists SET next_index = ? WHERE key = ?", (index, self._list.key))
        return result

    def update(self) -> Result:
        """Update the given attributes of the valid items."""
        self._look_up_values()
        result = Result(total=len(self._items))
        for number, item in enumerate(self._items):
            try:
                self._update(item)
            except ItemRejected as rejected:
                result.reject(number, rejected)
            else:
                result.done += 1
        return result

    def delete(self) -> Result:
        """Delete the items that exist, with their cells."""
        result = Result(total=len(self._items))
        keys: set[int] = set()
        for number, item in enumerate(self._items):
            try:
                key = self._key_to_delete(item)
                if key in keys:
                    raise _not_found(item)
            except ItemRejected as rejected:
                result.reject(number, rejected)
            else:
                keys.add(key)
        result.done = delete_items(self._db, self._model, self._list.key, keys)
        return result

    def _lookup(self, column: str) -> dict[str, int]:
        texts = {text for item in self._items if (text := _parse_label(item.get(column)))}
        found = find_items(self._db, self._list.key, texts, "name" if column == "name" else "code")
        return {_folded(text): key for text, key in found.items()}

    def _look_up_values(self) -> None:
        """Look up all texts of parents and properties, one column at a time."""
        texts: dict[str, set[str]] = {}
        for item in self._items:
            values = item.get("properties")
            for name, value in values.items() if isinstance(values, Mapping) else ():
                if (text := _text(value)) is not None:
                    texts.setdefault(name.lower(), set()).add(text)
        for name, column in texts.items():
            if name in self._fields:
                self._read[name] = self._reader(name).read(column)
        parents = {text for item in self._items if (text := _text(item.get("parent"))) is not None}
        self._parents: dict[str, int] = {}
        if self._list.parent is not None:
            self._parents = find_items(self._db, self._list.parent, parents, "either")

    def _reader(self, name: str) -> FormatReader | ItemReader:
        field = self._fields[name]
        if field.data_type is DataType.LIST and field.entity_list is not None:
            return ItemReader(self._db, list_by_key(self._db, field.entity_list), "either")
        return FormatReader(field.data_type, ".")

    def _add(self, item: Mapping[str, object], index: int) -> None:
        name, code = _label(item, "name"), _label(item, "code")
        if self._list.numbered:
            if name:
                raise _invalid("name", name)
            name = f"#{index}"
        elif not name:
            raise ItemRejected(_INCOMPLETE, "incomplete data (name)")
        self._require_unused(self._names, "name", name)
        if code:
            self._require_unused(self._codes, "code", code)
        change = self._change(item)
        if index > PERMITTED_ITEMS:
            raise ItemRejected(_FORMAT, f"the list holds no more than {PERMITTED_ITEMS} items")
        key = self._list.key * ITEMS_PER_LIST + index
        self._db.execute(
            "INSERT INTO list_items (key, list, name, code) VALUES (?, ?, ?, ?)",
            (key, self._list.key, name, code or None),
        )
        self._names[_folded(name)] = key
        if code:
            self._codes[_folded(code)] = key
        self._apply(key, change)

    def _update(self, item: Mapping[str, object]) -> None:
        key = self._find(item)
        row = self._db.execute("SELECT name, code FROM list_items WHERE key = ?", (key,)).fetchone()
        name, code = _label(item, "name"), _label(item, "code")
        if row["code"] is not None and not code:
            raise ItemRejected(_INCOMPLETE, "incomplete data (code)")
        if name and self._list.numbered:
            if _folded(name) != _folded(row["name"]):
                raise _invalid("name", name)
            name = ""
        if name:
            self._require_unused(self._names, "name", name, except_key=key)
        if code:
            self._require_unused(self._codes, "code", code, except_key=key)
        change = self._change(item)
        self._db.execute(
            "UPDATE list_items SET name = ?, code = ? WHERE key = ?",
            (name or row["name"], code or None, key),
        )
        for index, before, after in (
            (self._names, row["name"], name),
            (self._codes, row["code"], code),
        ):
            if after:
                index.pop(_folded(before or ""), None)
                index[_folded(after)] = key
        self._apply(key, change)

    def _find(self, item: Mapping[str, object]) -> int:
        """Return the key of the item to update, found by id, by code or by name."""
        if item_id := _label(item, "id"):
            return self._by_id(item_id, item)
        code, name = _label(item, "code"), _label(item, "name")
        if code and (key := self._codes.get(_folded(code))) is not None:
            return key
        if self._list.numbered and not code:
            raise ItemRejected(_INCOMPLETE, "incomplete data (id or code)")
        if not (code or name):
            raise ItemRejected(_INCOMPLETE, "incomplete data (id, code or name)")
        # An item without a code is given one in this way.
        key = None if self._list.numbered else self._names.get(_folded(name))
        if key is None:
            raise _not_found(item)
        if code and self._has_code(key):
            raise _not_found(item)
        return key

    def _key_to_delete(self, item: Mapping[str, object]) -> int:
        item_id, code, name = (_label(item, column) for column in ("id", "code", "name"))
        if item_id and code:
            raise ItemRejected(_AMBIGUOUS, f"Ambiguous criteria (id:{item_id}, code:{code})")
        if item_id:
            return self._by_id(item_id, item)
        if not (code or name):
            raise ItemRejected(_INCOMPLETE, "incomplete data (id or code)")
        key = self._codes.get(_folded(code)) if code else self._names.get(_folded(name))
        if key is None:
            raise _not_found(item)
        return key

    def _by_id(self, item_id: str, item: Mapping[str, object]) -> int:
        key = item_key(self._db, self._list, item_id)
        row = self._db.execute(
            "SELECT 1 FROM list_items WHERE key = ? AND list = ?", (key, self._list.key)
        ).fetchone()
        if key is None or row is None:
            raise _not_found(item)
        return key

    def _has_code(self, key: int) -> bool:
        row = self._db.execute("SELECT code FROM list_items WHERE key = ?", (key,)).fetchone()
        return row["code"] is not None

    def _require_unused(
        self, index: Mapping[str, int], column: str, text: str, *, except_key: int | None = None
    ) -> None:
        if len(text) > MAX_NAME_LENGTH:
            raise _invalid(column, text)
        if index.get(_folded(text), except_key) != except_key:
            raise ItemRejected(_DUPLICATE, f"{column} already exists ({column}:{text})")

    def _change(self, item: Mapping[str, object]) -> _Change:
        """Parse everything except name and code.

        Raises:
            ItemRejected: A value is not valid.
        """
        parent = None
        if item.get("parent") is not None:
            text = _text(item["parent"])
            parent = (self._parent(item["parent"] if text is None else text),)
        values = {}
        for name, value in _members(item, "properties").items():
            found = self._read.get(name.lower(), {}).get(_text(value) or "", None)
            text = _text(value)
            if name.lower() not in self._fields or text is None or isinstance(found, RowError):
                raise _invalid(name, value)
            values[self._fields[name.lower()].key] = found
        membership = {}
        for name, value in _members(item, "subsets").items():
            subset = self._subsets.get(name.lower())
            text = str(value).lower()
            if subset is None or text not in ("true", "false"):
                raise _invalid(name, value)
            membership[subset.key] = text == "true"
        return _Change(parent, values, membership)

    def _parent(self, text: object) -> Stored:
        if text == "":
            return None
        if not isinstance(text, str):
            raise _invalid("parent", text)
        if text in self._parents:
            return self._parents[text]
        if self._top is not None and _folded(text) == _folded(self._top):
            return None
        raise _invalid("parent", text)

    def _apply(self, key: int, change: _Change) -> None:
        if change.parent is not None:
            self._db.execute(
                "UPDATE list_items SET parent = ? WHERE key = ?", (*change.parent, key)
            )
        for field_key, value in change.values.items():
            if value is None:
                sql = "DELETE FROM property_values WHERE item = ? AND property = ?"
                self._db.execute(sql, (key, field_key))
            else:
                sql = "INSERT OR REPLACE INTO property_values (item, property, value)"
                self._db.execute(f"{sql} VALUES (?, ?, ?)", (key, field_key, value))
        for subset, membership in change.subsets.items():
            if membership:
                sql = "INSERT OR IGNORE INTO subset_items (subset, item) VALUES (?, ?)"
            else:
                sql = "DELETE FROM subset_items WHERE subset = ? AND item = ?"
            self._db.execute(sql, (subset, key))


def _folded(text: str) -> str:
    # As SQLite's NOCASE does, which only folds ASCII letters.
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _label(item: Mapping[str, object], column: str) -> str:
    value = item.get(column)
    text = _parse_label(value)
    if text is None:
        raise _invalid(column, value)
    return text


def _parse_label(value: object) -> str | None:
    """Return a name, code or id, which may be a number. It is trimmed as in imports."""
    if value is None:
        return ""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value).strip()
    return None


def _text(value: object) -> str | None:
    """Return a JSON value as the text of a cell, or None for an array or object."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _members(item: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = item.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _invalid(name, value)
    return value


def _invalid(column: str, value: object) -> ItemRejected:
    return ItemRejected(_FORMAT, f"incorrect format -- column name:{column}, value:{value}")


def _not_found(item: Mapping[str, object]) -> ItemRejected:
    criterion = next(column for column in ("id", "code", "name") if item.get(column) is not None)
    return ItemRejected(_NOT_FOUND, f"Not found ({criterion}:{item[criterion]})")
