"""Adding, updating and deleting list items (facts 4.9).

What Anaplan leaves unsaid, and is decided here: a refused item is left as it was, whole; texts
match whatever their case; parents and properties are found by code or by name; an empty parent or
property empties the item's own. Words for refusals that the facts don't quote are ours.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anaplan_emulator.apis.lists.state import PERMITTED_ITEMS
from anaplan_emulator.engine.deletions import delete_items
from anaplan_emulator.engine.faults import Fault
from anaplan_emulator.engine.formats import DataType, Stored
from anaplan_emulator.engine.list_import import LONGEST_NAME
from anaplan_emulator.engine.list_table import subsets, top_level_item
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    ListStructure,
    item_key,
    list_by_key,
    properties,
)
from anaplan_emulator.engine.values import FormatReader, ItemReader, find_items

_INCOMPLETE, _FORMAT, _DUPLICATE = "INCOMPLETE_DATA", "INCORRECT_FORMAT", "DUPLICATE"
_NOT_FOUND, _AMBIGUOUS = "Not found", "Ambiguous criteria"


class Refused(Exception):
    """One item of a request that can't be done as asked."""

    def __init__(self, kind: str, details: str) -> None:
        super().__init__(details)
        self.kind = kind
        self.details = details


@dataclass
class Result:
    """How a request went."""

    done: int = 0
    total: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, index: int, refused: Refused) -> None:
        """Note an item that wasn't done."""
        self.failures.append(
            {
                "requestIndex": index,
                "failureType": refused.kind,
                "failureMessageDetails": refused.details,
            }
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """What an item says beside its name and code; `None` for a parent that isn't told."""

    parent: tuple[Stored] | None
    values: dict[int, Stored]
    subsets: dict[int, bool]


class ListChange:
    """One request to change a list's items.

    Args:
        db: A transaction that writes.
        model: Key of the model.
        items_of: The list.
        items: What is asked for.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        model: int,
        items_of: ListStructure,
        items: Sequence[Mapping[str, object]],
    ) -> None:
        self._db = db
        self._model = model
        self._list = items_of
        self._items = items
        self._top = top_level_item(db, items_of.key)
        self._fields = {field.name.lower(): field for field in properties(db, items_of.key)}
        self._subsets = {subset.name.lower(): subset for subset in subsets(db, items_of.key)}
        self._names = self._lookup("name")
        self._codes = self._lookup("code")
        self._read: dict[str, dict[str, Stored | Fault]] = {}

    def add(self) -> Result:
        """Add the items that may be."""
        self._prepare()
        result = Result(total=len(self._items))
        index = self._list.next_index
        for number, item in enumerate(self._items):
            try:
                self._add(item, index)
            except Refused as refused:
                result.refuse(number, refused)
            else:
                index += 1
                result.done += 1
        self._db.execute("UPDATE lists SET next_index = ? WHERE key = ?", (index, self._list.key))
        return result

    def update(self) -> Result:
        """Update the items that can be found, each as far as it is told."""
        self._prepare()
        result = Result(total=len(self._items))
        for number, item in enumerate(self._items):
            try:
                self._update(item)
            except Refused as refused:
                result.refuse(number, refused)
            else:
                result.done += 1
        return result

    def delete(self) -> Result:
        """Delete the items that can be found, with their cells."""
        result = Result(total=len(self._items))
        doomed: set[int] = set()
        for number, item in enumerate(self._items):
            try:
                key = self._doomed(item)
                if key in doomed:
                    raise _not_found(item)
            except Refused as refused:
                result.refuse(number, refused)
            else:
                doomed.add(key)
        self._db.execute("DROP TABLE IF EXISTS temp.doomed")
        self._db.execute("CREATE TEMP TABLE doomed (item INTEGER PRIMARY KEY)")
        self._db.executemany("INSERT INTO temp.doomed VALUES (?)", [(key,) for key in doomed])
        result.done = delete_items(self._db, self._model, self._list.key)
        self._db.execute("DROP TABLE temp.doomed")
        return result

    def _lookup(self, column: str) -> dict[str, int]:
        texts = {text for item in self._items if (text := _written(item.get(column)))}
        found = find_items(self._db, self._list.key, texts, "name" if column == "name" else "code")
        return {_folded(text): key for text, key in found.items()}

    def _prepare(self) -> None:
        """Read all texts of parents and properties, each column at once."""
        texts: dict[str, set[str]] = {}
        for item in self._items:
            values = item.get("properties")
            for name, value in values.items() if isinstance(values, Mapping) else ():
                if (text := _text(value)) is not None:
                    texts.setdefault(name.lower(), set()).add(text)
        for name, asked in texts.items():
            if name in self._fields:
                self._read[name] = self._reader(name).read(asked)
        parents = {text for item in self._items if (text := _text(item.get("parent"))) is not None}
        self._parents: dict[str, int] = {}
        if self._list.parent is not None:
            self._parents = find_items(self._db, self._list.parent, parents, "either")

    def _reader(self, name: str) -> FormatReader | ItemReader:
        known = self._fields[name]
        if known.data_type is DataType.LIST and known.entity_list is not None:
            return ItemReader(self._db, list_by_key(self._db, known.entity_list), "either")
        return FormatReader(known.data_type, ".")

    def _add(self, item: Mapping[str, object], index: int) -> None:
        name, code = _label(item, "name"), _label(item, "code")
        if self._list.numbered:
            if name:
                raise _bad("name", name)
            name = f"#{index}"
        elif not name:
            raise Refused(_INCOMPLETE, "incomplete data (name)")
        self._free(self._names, "name", name)
        if code:
            self._free(self._codes, "code", code)
        change = self._change(item)
        if index > PERMITTED_ITEMS:
            raise Refused(_FORMAT, f"the list holds no more than {PERMITTED_ITEMS} items")
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
        key = self._found(item)
        row = self._db.execute("SELECT name, code FROM list_items WHERE key = ?", (key,)).fetchone()
        name, code = _label(item, "name"), _label(item, "code")
        if row["code"] is not None and not code:
            raise Refused(_INCOMPLETE, "incomplete data (code)")
        if name and self._list.numbered:
            if _folded(name) != _folded(row["name"]):
                raise _bad("name", name)
            name = ""
        if name:
            self._free(self._names, "name", name, besides=key)
        if code:
            self._free(self._codes, "code", code, besides=key)
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

    def _found(self, item: Mapping[str, object]) -> int:
        """Find the item to update: by id, else by code, else by name."""
        if written := _label(item, "id"):
            return self._by_id(written, item)
        code, name = _label(item, "code"), _label(item, "name")
        if code and (key := self._codes.get(_folded(code))) is not None:
            return key
        if self._list.numbered and not code:
            raise Refused(_INCOMPLETE, "incomplete data (id or code)")
        if not (code or name):
            raise Refused(_INCOMPLETE, "incomplete data (id, code or name)")
        # An item that has no code yet is given one this way.
        key = None if self._list.numbered else self._names.get(_folded(name))
        if key is None:
            raise _not_found(item)
        if code and self._has_code(key):
            raise _not_found(item)
        return key

    def _doomed(self, item: Mapping[str, object]) -> int:
        written, code, name = (_label(item, column) for column in ("id", "code", "name"))
        if written and code:
            raise Refused(_AMBIGUOUS, f"Ambiguous criteria (id:{written}, code:{code})")
        if written:
            return self._by_id(written, item)
        if not (code or name):
            raise Refused(_INCOMPLETE, "incomplete data (id or code)")
        key = self._codes.get(_folded(code)) if code else self._names.get(_folded(name))
        if key is None:
            raise _not_found(item)
        return key

    def _by_id(self, written: str, item: Mapping[str, object]) -> int:
        key = item_key(self._list, written)
        row = self._db.execute(
            "SELECT 1 FROM list_items WHERE key = ? AND list = ?", (key, self._list.key)
        ).fetchone()
        if key is None or row is None:
            raise _not_found(item)
        return key

    def _has_code(self, key: int) -> bool:
        row = self._db.execute("SELECT code FROM list_items WHERE key = ?", (key,)).fetchone()
        return row["code"] is not None

    def _free(
        self, index: Mapping[str, int], column: str, text: str, *, besides: int | None = None
    ) -> None:
        if len(text) > LONGEST_NAME:
            raise _bad(column, text)
        if index.get(_folded(text), besides) != besides:
            raise Refused(_DUPLICATE, f"{column} already exists ({column}:{text})")

    def _change(self, item: Mapping[str, object]) -> _Change:
        """Read the rest of an item.

        Raises:
            Refused: Naming the column and what stands there.
        """
        parent = None
        if item.get("parent") is not None:
            text = _text(item["parent"])
            parent = (self._parent(item["parent"] if text is None else text),)
        values = {}
        for name, value in _members(item, "properties").items():
            found = self._read.get(name.lower(), {}).get(_text(value) or "", None)
            text = _text(value)
            if name.lower() not in self._fields or text is None or isinstance(found, Fault):
                raise _bad(name, value)
            values[self._fields[name.lower()].key] = found
        inside = {}
        for name, value in _members(item, "subsets").items():
            subset = self._subsets.get(name.lower())
            text = str(value).lower()
            if subset is None or text not in ("true", "false"):
                raise _bad(name, value)
            inside[subset.key] = text == "true"
        return _Change(parent, values, inside)

    def _parent(self, text: object) -> Stored:
        if text == "":
            return None
        if not isinstance(text, str):
            raise _bad("parent", text)
        if text in self._parents:
            return self._parents[text]
        if self._top is not None and _folded(text) == _folded(self._top):
            return None
        raise _bad("parent", text)

    def _apply(self, key: int, change: _Change) -> None:
        if change.parent is not None:
            self._db.execute(
                "UPDATE list_items SET parent = ? WHERE key = ?", (*change.parent, key)
            )
        for known, value in change.values.items():
            if value is None:
                sql = "DELETE FROM property_values WHERE item = ? AND property = ?"
                self._db.execute(sql, (key, known))
            else:
                sql = "INSERT OR REPLACE INTO property_values (item, property, value)"
                self._db.execute(f"{sql} VALUES (?, ?, ?)", (key, known, value))
        for subset, inside in change.subsets.items():
            if inside:
                sql = "INSERT OR IGNORE INTO subset_items (subset, item) VALUES (?, ?)"
            else:
                sql = "DELETE FROM subset_items WHERE subset = ? AND item = ?"
            self._db.execute(sql, (subset, key))


def _folded(text: str) -> str:
    # As SQLite's NOCASE has it, which knows the case of ASCII letters alone.
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _label(item: Mapping[str, object], column: str) -> str:
    value = item.get(column)
    text = _written(value)
    if text is None:
        raise _bad(column, value)
    return text


def _written(value: object) -> str | None:
    """Read a name, code or id, which may be a number, too; texts are trimmed as imports do it."""
    if value is None:
        return ""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value).strip()
    return None


def _text(value: object) -> str | None:
    """Write what JSON holds as the text of a cell; nothing for what isn't a single value."""
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
        raise _bad(name, value)
    return value


def _bad(column: str, value: object) -> Refused:
    return Refused(_FORMAT, f"incorrect format -- column name:{column}, value:{value}")


def _not_found(item: Mapping[str, object]) -> Refused:
    told = next(column for column in ("id", "code", "name") if item.get(column) is not None)
    return Refused(_NOT_FOUND, f"Not found ({told}:{item[told]})")
