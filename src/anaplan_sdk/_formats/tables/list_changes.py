"""Dividing the rows of a table into new items of a list and changes of its items.

Keys are compared without whitespace around them and regardless of letter case, as Anaplan does.
That Anaplan ignores case in letters beyond ASCII is an assumption, so an item with the very same
key takes precedence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, TypeAlias, cast

from anaplan_sdk._formats.tables.arrow_types import Kind
from anaplan_sdk._formats.tables.cell_rows import Nulls
from anaplan_sdk._formats.tables.list_columns import ListField
from anaplan_sdk._formats.tables.names import folded, listed
from anaplan_sdk._formats.tables.table_builder import RefusedTable
from anaplan_sdk._formats.tables.table_rows import Row, TableRows
from anaplan_sdk.exceptions import ColumnMismatchException
from anaplan_sdk.models._item_comparison import are_equal
from anaplan_sdk.models.writes import Failure

ItemKey: TypeAlias = Literal["code", "name"]

_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class ExistingItem:
    """An item of the list.

    Attributes:
        id: Its id; None if it was not read.
        values: Its values, as texts or as Anaplan's JSON has them, by column of the list.
    """

    id: str | None
    values: Mapping[str, object]

    def text(self, name: str) -> str | None:
        """Return its name, code or parent; None if it has none."""
        value = self.values.get(name)
        return None if value is None or value == "" else str(value)


class ItemChange(dict[str, object]):
    """An item to add or to change, as Anaplan has it, with the row that it comes from."""

    __slots__ = ("row", "values_of_row")

    def __init__(self, fields: Mapping[str, object], row: int, values: Row) -> None:
        super().__init__(fields)
        self.row = row
        self.values_of_row = values


@dataclass
class ListChanges:
    """Divides rows.

    Attributes:
        rows: The rows. Their values are those of `fields`.
        fields: The columns of the list that the table has, in its order.
        key: What identifies an item.
        nulls: Whether a null leaves a value as it is or empties it.
        is_numbered: Whether the list is numbered, so that its items have no names of their own.
        parent_codes: The codes of the items of the parent list, by folded name.
        top_level: The name of the top-level item, which is the parent of items without one.
        refused: Takes the rows that are refused.
        updates: The changes of items, once the new items have been read.
        unchanged: The number of rows whose item has these values.
    """

    rows: TableRows
    fields: Sequence[ListField]
    key: ItemKey
    nulls: Nulls
    is_numbered: bool
    parent_codes: Mapping[str, str]
    top_level: str
    refused: RefusedTable
    updates: list[ItemChange] = field(default_factory=list[ItemChange])
    unchanged: int = 0
    _exact: dict[str, ExistingItem] = field(default_factory=dict[str, ExistingItem])
    _folded: dict[str, ExistingItem] = field(default_factory=dict[str, ExistingItem])

    def remember(self, items: Iterable[ExistingItem]) -> None:
        """Add items that the list has."""
        for item in items:
            if key := item.text(self.key):
                self._exact[key] = item
                self._folded.setdefault(folded(key), item)

    def new_items(self) -> Iterator[ItemChange]:
        """Yield the new items, and divide the other rows.

        Raises:
            InvalidTableException: A value can't be written; the error has its row and column.
        """
        place = next(index for index, each in enumerate(self.fields) if each.name == self.key)
        seen: dict[tuple[bool, str], int] = {}
        for index, values in self.rows:
            key = _label(values[place])
            if key is None:
                self.refused.add(index, f"The row has no {self.key}.", values)
                continue
            item = self._exact.get(key) or self._folded.get(folded(key))
            found = None if item is None else item.text(self.key)
            first = seen.setdefault((found is None, found or folded(key)), index)
            if first != index:
                reason = f"The {self.key} {key!r} is that of row {first:,}, too."
                self.refused.add(index, reason, values)
                continue
            if invalid := self._invalid(values):
                self.refused.add(index, invalid, values)
                continue
            if item is None:
                yield ItemChange(self._new(values), index, values)
            elif change := self._change(item, values):
                if identity := self._identity(item, change):
                    self.updates.append(ItemChange(change | identity, index, values))
                else:
                    reason = "The code of an item can't be changed in a list of this size."
                    self.refused.add(index, reason, values)
            else:
                self.unchanged += 1

    def add_failures(self, failures: Iterable[Failure]) -> None:
        """Add the items that Anaplan has refused."""
        for failure in failures:
            reason = ": ".join(filter(None, (failure.reason, failure.details)))
            item: object = failure.item
            if isinstance(item, ItemChange):
                self.refused.add(item.row, reason, item.values_of_row)
            else:
                self.refused.add(None, reason, None)

    def _invalid(self, values: Row) -> str | None:
        """Return why a row can't be sent; for one such item the whole request would be invalid."""
        for each, given in zip(self.fields, values, strict=True):
            value = _typed(given, each.kind)
            if each.group == "subsets" and not (value in (None, "") or isinstance(value, bool)):
                return f"{each.name}: {value!r} is neither true nor false."
        return None

    def _new(self, values: Row) -> dict[str, object]:
        fields: dict[str, object] = {}
        for each, given in zip(self.fields, values, strict=True):
            value = _typed(given, each.kind)
            if value is None or value == "" or (each.name == "name" and self.is_numbered):
                continue
            _put(fields, each, value)
        return fields

    def _change(self, item: ExistingItem, values: Row) -> dict[str, object]:
        """Return the fields that are others than before."""
        fields: dict[str, object] = {}
        for each, given in zip(self.fields, values, strict=True):
            if each.name == self.key or (each.name == "name" and self.is_numbered):
                continue
            value, before = _typed(given, each.kind), item.values.get(each.name)
            if value is None and self.nulls == "skip":
                continue
            if each.group == "subsets" and not isinstance(value, bool):
                continue  # There is no empty membership.
            if each.group == "fixed":
                value = _label(value) or ""
                if not value and each.name != "parent":
                    continue  # Neither a name nor a code can be emptied.
                is_same = value == (before or "") or (
                    each.name == "parent" and self._is_parent(str(value), str(before or ""))
                )
            else:
                # An empty number is 0.
                is_empty_number = value is None and each.kind is Kind.FLOAT
                is_same = are_equal(0 if is_empty_number else value, before)
            if not is_same:
                _put(fields, each, value)
        return fields

    def _is_parent(self, given: str, before: str) -> bool:
        name = folded(before)
        code = self.parent_codes.get(name)
        if not given:
            return name == folded(self.top_level)
        return folded(given) == name or (code is not None and folded(given) == folded(code))

    def _identity(
        self, item: ExistingItem, change: Mapping[str, object]
    ) -> dict[str, object] | None:
        """Return what Anaplan finds the item by; None if it has nothing of that kind.

        Anaplan refuses to change an item that has a code without its code.
        """
        code = item.text("code")
        if "code" not in change:
            return {"code": code} if code else {"name": item.text("name")}
        if item.id is not None:
            return {"id": item.id}
        return None if code else {"name": item.text("name")}


def check_list_columns(
    columns: Sequence[tuple[int, str]], fields: Sequence[ListField], key: str
) -> list[ListField]:
    """Return the columns of a list that a table has.

    Args:
        columns: The columns of the table: their positions, and their names in the list.
        fields: The columns of the list.
        key: The column with the keys.

    Returns:
        The columns in the order of the table.

    Raises:
        ColumnMismatchException: The list does not have a column, or the keys are missing.
    """
    known = {each.name: each for each in fields}
    names = [name for _, name in columns]
    unexpected = [name for name in names if name not in known]
    missing = [] if key in names else [key]
    if unexpected or missing:
        problems = [
            *([f"the list does not have {listed(unexpected)}"] if unexpected else []),
            *([f"there is no {listed(missing)}, which identifies items"] if missing else []),
        ]
        raise ColumnMismatchException(
            f"The table's columns, {listed(names)}, are not those of the list, "
            f"{listed(known)}: {'; '.join(problems)}. columns={{...}} renames columns, "
            "columns=[...] chooses them.",
            missing=missing,
            unexpected=unexpected,
            expected=list(known),
        )
    return [known[name] for name in names]


def _put(fields: dict[str, object], column: ListField, value: object) -> None:
    if column.group == "fixed":
        fields[column.source] = _label(value) or ""
    else:
        group = cast("dict[str, object]", fields.setdefault(column.group, {}))
        group[column.source] = value


def _label(value: object) -> str | None:
    """Return a name, a code or a key without whitespace around it; None if it is empty."""
    text = "" if value is None else str(value).strip()
    return text or None


def _typed(value: object, kind: Kind) -> object:
    """Return a text as a number or a boolean, if that is what its column has."""
    if not isinstance(value, str):
        return value
    if kind is Kind.BOOLEAN:
        return _BOOLEANS.get(value.strip().lower(), value)
    if kind is Kind.FLOAT and "_" not in value:
        try:
            number = float(value)
        except ValueError:
            return value
        # The requests have no infinity and no NaN: as texts, Anaplan refuses them in their rows.
        return number if isfinite(number) else value
    return value
