"""Which items of an input a list has already. Anaplan's API can add or change, but not either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anaplan_sdk.cli.model_data.input_rows import InputRow, Problems
from anaplan_sdk.cli.model_data.list_items import ItemReader


@dataclass
class ListUpsert:
    """Divides rows into items to add and items to change.

    Attributes:
        reader: Makes items of rows.
        added: The rows of new items, with the items.
        changed: The rows of existing items, and of those that an earlier row adds, with the
            changes.
    """

    reader: ItemReader
    added: list[tuple[InputRow, dict[str, Any]]] = field(
        default_factory=list[tuple[InputRow, dict[str, Any]]]
    )
    changed: list[tuple[InputRow, dict[str, Any]]] = field(
        default_factory=list[tuple[InputRow, dict[str, Any]]]
    )
    _codes: dict[str, str] = field(default_factory=dict[str, str])
    _names: dict[str, str | None] = field(default_factory=dict[str, "str | None"])

    def divide(self, existing: Iterable[Mapping[str, Any]], problems: Problems) -> None:
        """Divide the rows.

        Args:
            existing: The items that the list has.
            problems: Takes what is wrong with rows.
        """
        for item in existing:
            self._remember(item.get("name"), item.get("code"))
        for row in self.reader.source.rows:
            if self._exists(row):
                change = self.reader.update(row, problems)
                self.changed.append((row, self._with_known_code(row, change)))
            else:
                item = self.reader.new_item(row, problems)
                self.added.append((row, item))
                # A later row with the same key changes the item that this one adds.
                self._remember(item.get("name"), item.get("code"))

    def _remember(self, name: str | None, code: str | None) -> None:
        if code:
            self._codes[_folded(code)] = code
        if name and not self.reader.is_numbered:
            self._names[_folded(name)] = code or None

    def _exists(self, row: InputRow) -> bool:
        if self.reader.key(row, "id"):
            # Only existing items have one. If it is a wrong one, Anaplan refuses the row.
            return True
        code, name = self.reader.key(row, "code"), self.reader.key(row, "name")
        if code and _folded(code) in self._codes:
            return True
        if not name or _folded(name) not in self._names:
            return False
        # An item with this name and another code is another item: Anaplan refuses to add one of
        # the same name, which says more than changing the code of an item that was not meant.
        return not code or self._names[_folded(name)] is None

    def _with_known_code(self, row: InputRow, change: dict[str, Any]) -> dict[str, Any]:
        """Return a change with the code, without which Anaplan does not change an item with one."""
        code, name = change.get("code"), self.reader.key(row, "name")
        if code is None and name and "id" not in change:
            code = self._names.get(_folded(name))
        elif code is not None:
            # As it is spelled in the list, since it may matter there.
            code = self._codes.get(_folded(code), code)
        return change if code is None else {**change, "code": code}


def _folded(text: str) -> str:
    return text.strip().casefold()
