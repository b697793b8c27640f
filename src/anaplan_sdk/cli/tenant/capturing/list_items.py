"""Items of lists: they are stored as they are read, selected for a sample, and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from anaplan_sdk._runtime.targets import replacing
from anaplan_sdk.cli.tenant.capturing.capture_state import CaptureState, Item
from anaplan_sdk.cli.tenant.capturing.model_reader import ModelReader
from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions
from anaplan_sdk.cli.tenant.capturing.pseudonyms import Pseudonyms, finite_number
from anaplan_sdk.cli.tenant.capturing.structure import (
    ListStructure,
    PropertyStructure,
    Structure,
)

MOST_IN_FILE = 50
"""More items or cells than these are written beside the tenant file."""
_MOST_WITH_IDS = 1_000_000
_OWN_COLUMNS = 7
_LONGEST_FIELD = 2**31 - 1
_VALUES_CHECKED = 200
_TEXTS_TRIED = 20


@dataclass
class ItemWriter:
    """Writes items of lists, and finds the references to them.

    Args:
        structure: The lists.
        reader: Reads items, and has the state and the report.
        options: Which items are captured.
        pseudonyms: What replaces texts; None if nothing is replaced.
    """

    structure: Structure
    reader: ModelReader
    options: CaptureOptions
    pseudonyms: Pseudonyms | None
    _to_follow: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    _is_following: bool = False
    _failed: dict[str, int] = field(default_factory=dict[str, int])
    _found: dict[str, Callable[[str], tuple[int, str, str, bool] | None]] = field(
        default_factory=dict[str, Callable[[str], tuple[int, str, str, bool] | None]]
    )

    @property
    def _state(self) -> CaptureState:
        return self.reader.state

    def read(self) -> None:
        """Read the items of all lists, and find out which lists properties refer to."""
        for each in self.structure.lists.values():
            self._read_items(each)
        for each in self.structure.lists.values():
            display: int | None = self._state.value(f"display name of {each.name}")
            if display is not None:
                self._show_by(each, each.properties[display - len(each.subsets)])
            for place, field_ in enumerate(each.properties):
                if field_.data_format == "LIST" and not field_.list:
                    self._guess_list(each, place, field_)

    def select(self) -> None:
        """Select the items of a sample: the first of each list, and all that they refer to."""
        if self._state.value("sample") is not None:
            return
        for each in self.structure.lists.values():
            self._state.select_first(each.name, self.options.sample_items)
        for each in self.structure.lists.values():
            for item in list(self._state.items(each.name, selected=True)):
                self._select_references(each, item)
        self._state.store("sample", True)

    def reference(self, list_name: str, text: str, *, select: bool = False) -> str | None:
        """Return how the tenant file refers to an item.

        Args:
            list_name: The list.
            text: The item's name or code.
            select: Whether the item is added to the sample.

        Returns:
            The item's code if it has one, else its name; None if there is no such item.
        """
        found = self.find(list_name, text)
        if found is None:
            return None
        position, name, code, is_selected = found
        if select and not is_selected and self.options.data == "sample":
            self._select(list_name, position)
        return self.shown(code or name)

    def find(self, list_name: str, text: str) -> tuple[int, str, str, bool] | None:
        """Find an item by name, code or display name, most of them without a query.

        Args:
            list_name: The list.
            text: The name or code.

        Returns:
            Its position, name and code, and whether it was selected.
        """
        if list_name not in self._found:
            cached = lru_cache(maxsize=10_000)
            self._found[list_name] = cached(partial(self._find, list_name))
        return self._found[list_name](text)

    def find_by_key(self, list_name: str, text: str) -> tuple[int, str, str, bool] | None:
        """Find an item by name or code, not by what is shown instead of its name.

        Args:
            list_name: The list.
            text: The name or code.

        Returns:
            Its position, name and code, and whether it is selected.
        """
        return self._state.find(list_name, text)

    def _find(self, list_name: str, text: str) -> tuple[int, str, str, bool] | None:
        found = self._state.find(list_name, text)
        if found is not None or not text or not self.structure.lists[list_name].is_numbered:
            return found
        place = self._display_place(self.structure.lists[list_name], text)
        return None if place is None else self._state.find_by_field(list_name, place, text)

    def _display_place(self, of: ListStructure, text: str) -> int | None:
        """Return the place of the property that is shown instead of names, guessed from a text."""
        key = f"display name of {of.name}"
        place: int | None = self._state.value(key)
        if place is None and self._failed.get(of.name, 0) < _TEXTS_TRIED:
            self._failed[of.name] = self._failed.get(of.name, 0) + 1
            is_known = any(each.is_display_name for each in of.properties)
            for number, each in enumerate(of.properties, len(of.subsets)):
                fits = each.is_display_name if is_known else each.data_format == "TEXT"
                if fits and self._state.find_by_field(of.name, number, text):
                    place = number
                    self._state.index_field(place)
                    self._state.remember(key, place)
                    break
        if place is not None:
            self._show_by(of, of.properties[place - len(of.subsets)])
        return place

    def _show_by(self, of: ListStructure, field_: PropertyStructure) -> None:
        if not field_.is_display_name:
            field_.is_display_name = True
            text = "it was guessed to be shown instead of items' names"
            self.reader.report.guess(f"list {of.name}, property {field_.name}", text)
            of.confirm.append(f"property {field_.name}: {text}")

    def has_items(self, list_name: str) -> bool:
        """Return whether a list has items at Anaplan.

        Args:
            list_name: The list.

        Returns:
            Whether it has some.
        """
        return self._state.count(list_name, selected=False) > 0

    def shown(self, text: str) -> str:
        """Return a text as the capture has it.

        Args:
            text: The text.

        Returns:
            Its pseudonym, or the text itself.
        """
        return text if self.pseudonyms is None else self.pseudonyms.text(text)

    def write(self, of: ListStructure, path: Path) -> dict[str, Any]:
        """Write the items of a list.

        Args:
            of: The list.
            path: The file for more than a few items.

        Returns:
            The members of the list in the tenant file: `items` or `items_file`.
        """
        selected = self.options.data == "sample"
        count = self._state.count(of.name, selected=selected)
        if not count:
            return {}
        self.reader.report.count("items", count)
        if count <= MOST_IN_FILE:
            return {
                "items": [self._nested(of, each) for each in self._items(of, selected=selected)]
            }
        name = f"{path.parent.name}/{path.name}"
        self.reader.state.keep(f"written {name}", lambda: self._write_file(of, path, selected))
        return {"items_file": name}

    def _write_file(self, of: ListStructure, path: Path, selected: bool) -> int:
        self.reader.show(f"writing items of {of.name}")
        rows = self._items(of, selected=selected)
        columns = ["id", *([] if of.is_numbered else ["name"]), "code", "parent"]
        if not of.parent:
            columns.remove("parent")
        headers = [
            *columns,
            *(f"property: {each.name}" for each in of.properties),
            *(f"subset: {each}" for each in of.subsets),
        ]
        with replacing(path) as file:
            return write_rows(
                file,
                headers,
                (
                    [
                        *(row[name] for name in columns),
                        *row["properties"],
                        *("true" if each in row["subsets"] else "false" for each in of.subsets),
                    ]
                    for row in rows
                ),
            )

    def _items(self, of: ListStructure, *, selected: bool) -> Iterator[dict[str, Any]]:
        """Yield items as the tenant file has them."""
        for item in self._state.items(of.name, selected=selected):
            values = item.fields[len(of.subsets) :]
            yield {
                "id": item.id,
                "name": "" if of.is_numbered else self.shown(item.name),
                "code": self.shown(item.code),
                "parent": self._parent(of, item) or "",
                "properties": [
                    self._value(of, each, value)
                    for each, value in zip(of.properties, values, strict=False)
                ],
                "subsets": [
                    name
                    for name, value in zip(of.subsets, item.fields, strict=False)
                    if value.casefold() == "true"
                ],
            }

    def _parent(self, of: ListStructure, item: Item) -> str | None:
        if not of.parent or not item.parent or item.parent == of.top_level_item:
            return None
        return self.reference(of.parent, item.parent)

    def _nested(self, of: ListStructure, row: dict[str, Any]) -> dict[str, Any]:
        names = [each.name for each in of.properties]
        values = zip(names, row["properties"], strict=False)
        properties = {name: value for name, value in values if value != ""}
        row = {**row, "properties": properties}
        return {name: value for name, value in row.items() if value}

    def _value(self, of: ListStructure, field_: PropertyStructure, text: str) -> str:
        if not text:
            return ""
        if field_.data_format == "LIST":
            found = self.reference(field_.list, text)
            if found is None:
                place = f"list {of.name}, property {field_.name}"
                self.reader.report.skip(place, "values that are no items of its list are left out")
            return found or ""
        if field_.data_format == "NUMBER" and finite_number(text) is None:
            place = f"list {of.name}, property {field_.name}"
            self.reader.report.skip(place, "values that are not finite numbers are left out")
            return ""
        return replaced(text, field_.data_format, f"{of.id} {field_.name}", self.pseudonyms)

    def _read_items(self, of: ListStructure) -> None:
        key = f"items of {of.name}"
        tr = self.reader.client.tr

        def read() -> int:
            if of.metadata["item_count"] > _MOST_WITH_IDS:
                self.reader.report.skip(
                    key, "Anaplan returns no ids for lists of more than 1,000,000 items"
                )
                with closing(tr.read_list(of.id)) as rows:
                    return self._state.add_items(of.name, _without_ids(rows, of))
            content = tr.get_list_items_csv(of.id)
            return self._state.add_items(of.name, _with_ids(content, of))

        count = self.reader.object(key, read) or 0
        self.reader.show(f"{key}: {count:,}")

    def _guess_list(self, of: ListStructure, place: int, field_: PropertyStructure) -> None:
        """Guess the list of a property, which Anaplan does not show, from its values."""
        values: set[str] = set()
        for item in self._state.items(of.name, selected=False):
            value = (item.fields[len(of.subsets) :] or [""])[place]
            values |= {value} if value else set()
            if len(values) >= _VALUES_CHECKED:
                break
        for name in self.structure.lists:
            if values and all(self._state.find(name, value) for value in values):
                self.set_list(of, field_, name, f"{name} has its values")
                return
        plain = field_.name.casefold().rstrip("s")
        for name in self.structure.lists:
            if name.casefold().rstrip("s") == plain:
                self.set_list(of, field_, name, "the list has the name of the property")
                return

    def set_list(
        self, of: ListStructure, field_: PropertyStructure, name: str, reason: str
    ) -> None:
        """Take a guess of the list of a property.

        Args:
            of: The list that has the property.
            field_: The property.
            name: The list whose items the property has.
            reason: Why.
        """
        field_.list = name
        text = f"its list {name} was guessed: {reason}"
        self.reader.report.guess(f"list {of.name}, property {field_.name}", text)
        of.confirm.append(f"property {field_.name}: {text}")

    def _select(self, list_name: str, position: int) -> None:
        self._state.select(list_name, position)
        # What is known of the item has changed.
        self._found.pop(list_name, None)
        self._to_follow.append((list_name, position))
        if self._is_following:
            return
        # Not by recursion: each item of a long list may refer to the next one.
        self._is_following = True
        while self._to_follow:
            list_name, position = self._to_follow.pop()
            for item in self._state.items(list_name, selected=True, position=position):
                self._select_references(self.structure.lists[list_name], item)
        self._is_following = False

    def _select_references(self, of: ListStructure, item: Item) -> None:
        targets = [(of.parent, "" if item.parent == of.top_level_item else item.parent)]
        values = item.fields[len(of.subsets) :]
        targets += [(each.list, value) for each, value in zip(of.properties, values, strict=False)]
        for list_name, text in targets:
            if list_name and text:
                self.reference(list_name, text, select=True)


def write_rows(file: Any, headers: list[str], rows: Iterable[list[str]]) -> int:
    """Write rows of CSV.

    Args:
        file: The binary file.
        headers: The names of the columns.
        rows: The rows.

    Returns:
        The number of rows.
    """
    count = 0
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headers)
    for count, row in enumerate(rows, 1):  # noqa: B007 - it is the result
        writer.writerow(row)
    text.flush()
    text.detach()
    return count


def replaced(text: str, data_format: str, place: str, pseudonyms: Pseudonyms | None) -> str:
    """Return a value as the capture has it, which is not an item of a list.

    Args:
        text: The value.
        data_format: Its format.
        place: What identifies its property or line item.
        pseudonyms: What replaces it; None if nothing is replaced.

    Returns:
        The value, or another one.
    """
    if pseudonyms is None or data_format == "BOOLEAN":
        return text
    if data_format == "NUMBER":
        return pseudonyms.number(text, place)
    return pseudonyms.date(text) if data_format == "DATE" else pseudonyms.text(text)


def _with_ids(content: bytes, of: ListStructure) -> Iterator[Item]:
    """Yield the items of CSV with id, name, code, parent and three more, subsets, properties."""
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", "replace", newline=""))
    none: list[str] = []
    header = next(rows, none)
    csv.field_size_limit(max(_LONGEST_FIELD, csv.field_size_limit()))
    fields = len(of.subsets) + len(of.properties)
    # The columns stand in the order of the metadata; if a tenant's do not, their names count.
    own = {name: place for place, name in enumerate(header[:_OWN_COLUMNS])}
    wanted = [*of.subsets, *(each.name for each in of.properties)]
    places = list(range(_OWN_COLUMNS, _OWN_COLUMNS + fields))
    if header[_OWN_COLUMNS:] != wanted:
        places = [
            header.index(name, _OWN_COLUMNS) if name in header[_OWN_COLUMNS:] else -1
            for name in wanted
        ]
    key = [own.get(name, at) for at, name in enumerate(("id", "name", "code", "parent"))]
    complete = (row for row in rows if len(row) > max(key))
    for position, row in enumerate(complete):
        identifier, name, code, parent = (row[place] for place in key)
        values = [row[place] if 0 <= place < len(row) else "" for place in places]
        yield Item(position, identifier, name, code, parent, values)


def _without_ids(rows: Iterable[dict[str, str]], of: ListStructure) -> Iterator[Item]:
    names = [*of.subsets, *(each.name for each in of.properties)]
    for position, row in enumerate(rows):
        code, parent = (row.get(name, row.get(name.lower(), "")) for name in ("Code", "Parent"))
        fields = [row.get(name, "") for name in names]
        yield Item(position, "", row.get("", ""), code, parent, fields)
