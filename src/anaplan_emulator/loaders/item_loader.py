"""Writing the items of a list from a table, with their ids, parents, properties and subsets."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from anaplan_emulator.engine.list_items import read_subsets
from anaplan_emulator.engine.source_file import RowBatch
from anaplan_emulator.engine.structure import ITEMS_PER_LIST, ListStructure, list_by_key, properties
from anaplan_emulator.engine.value_readers import Column, ColumnReader, FormatReader, ItemReader
from anaplan_emulator.loaders.data_tables import DataTable, insert_batch
from anaplan_emulator.loaders.item_tables import ITEM_ID, item_columns
from anaplan_emulator.store.records import insert_rows
from anaplan_emulator.tenant.data_types import DataType, Stored
from anaplan_emulator.tenant.description import DIGITS_OF_NUMBER


@dataclass(frozen=True, slots=True)
class _PropertyColumn:
    key: int
    reader: ColumnReader
    refers_to_items: bool


class _Indexes:
    """Indexes for items in the order of their table.

    An item with an id has the number in it as its index, if that keeps the order.
    """

    def __init__(self, last: int) -> None:
        self.last = last

    def following(self, number: int | None) -> int:
        """Return the index of the next item, which may have a number."""
        self.last = number if number is not None and number > self.last else self.last + 1
        return self.last


class ItemLoader:
    """Writes the items of a table into a list: first all items, then what refers to items.

    Args:
        db: A transaction.
        item_list: The list. It may have items already.
        table: The table.

    Raises:
        ValueError: A column of the table does not belong to the list.
    """

    def __init__(self, db: sqlite3.Connection, item_list: ListStructure, table: DataTable) -> None:
        self._db = db
        self._list = item_list
        self._table = table
        self._base = item_list.key * ITEMS_PER_LIST
        fields = {field.name.lower(): field for field in properties(db, item_list.key)}
        subsets = {subset.name.lower(): subset for subset in read_subsets(db, item_list.key)}
        columns = item_columns(table, set(fields), set(subsets))
        self._members = columns.members
        self._properties = [
            _PropertyColumn(
                fields[name].key,
                table_column(db, fields[name].data_type, fields[name].entity_list, position),
                fields[name].entity_list is not None,
            )
            for name, position in columns.properties.items()
        ]
        self._properties.sort(key=lambda column: column.key)
        self._subsets = [
            (subsets[name].key, table_column(db, DataType.BOOLEAN, None, position))
            for name, position in columns.subsets.items()
        ]
        self._last_index = self._last_number = item_list.next_index - 1
        self._without_id: list[int] = []
        self._any_id = self._renumbered = False

    def insert(self) -> None:
        """Insert the items, their subsets, and the properties that refer to no items.

        Raises:
            ValueError: A row isn't valid, or two items have the same name, code or id.
        """
        values = [each for each in self._properties if not each.refers_to_items]
        for batch, keys in self._batches(self._insert_batch):
            self._insert_properties(batch, keys, values)
            for subset, reader in self._subsets:
                contained = read_values(self._table, reader, batch)
                rows = [(subset, key) for key, is_in in zip(keys, contained, strict=True) if is_in]
                insert_rows(self._db, "INSERT INTO subset_items (subset, item)", rows)
        if self._any_id:
            self._number_others()
        self._db.execute(
            "UPDATE lists SET next_index = ?, renumbered = renumbered OR ? WHERE key = ?",
            (
                max(self._last_index, self._last_number) + 1,
                self._renumbered,
                self._list.key,
            ),
        )
        if self._renumbered:
            self._require_distinct_ids()

    def set_references(self) -> None:
        """Set the parents, and the properties that refer to items.

        Raises:
            ValueError: There is no such item.
        """
        references = [each for each in self._properties if each.refers_to_items]
        parents: ColumnReader | None = None
        if "parent" in self._members and self._list.parent is not None:
            position = self._members["parent"]
            parents = table_column(self._db, DataType.LIST, self._list.parent, position)
        if not references and parents is None:
            return
        for batch, keys in self._batches(None):
            self._insert_properties(batch, keys, references)
            if parents is not None:
                rows = zip(read_values(self._table, parents, batch), keys, strict=True)
                self._db.executemany(
                    "UPDATE list_items SET parent = ? WHERE key = ?",
                    [(parent, key) for parent, key in rows if parent is not None],
                )

    def _batches(
        self, insert: Callable[[RowBatch, list[int], Sequence[int | None]], None] | None
    ) -> Iterator[tuple[RowBatch, list[int]]]:
        """Yield the rows in batches, with the keys of their items."""
        indexes = _Indexes(self._list.next_index - 1)
        for batch in self._table.read():
            numbers = self._numbers(batch)
            keys = [self._base + indexes.following(number) for number in numbers]
            if insert is not None:
                insert(batch, keys, numbers)
            yield batch, keys

    def _numbers(self, batch: RowBatch) -> Sequence[int | None]:
        """Return the numbers in the ids that are given."""
        if ITEM_ID not in self._members:
            return [None] * len(batch)
        prefix = str(self._list.item_prefix)
        length = len(prefix) + DIGITS_OF_NUMBER
        numbers: list[int | None] = []
        for line, text in zip(batch.lines, batch.column(self._members[ITEM_ID]), strict=True):
            if not text:
                numbers.append(None)
                continue
            if not (len(text) == length and text.startswith(prefix) and text.isdecimal()):
                raise self._table.error(
                    line, f"{text!r} is no id of the list: {prefix} and nine digits"
                )
            number = int(text[-DIGITS_OF_NUMBER:])
            if number == 0:
                raise self._table.error(line, f"{text} is the id of the list's top-level item")
            numbers.append(number)
        return numbers

    def _insert_batch(
        self, batch: RowBatch, keys: list[int], numbers: Sequence[int | None]
    ) -> None:
        count = len(keys)
        indexes = [key - self._base for key in keys]
        names: Sequence[str] = [""] * count
        codes: Sequence[str] = names
        if "name" in self._members:
            names = batch.column(self._members["name"])
        if "code" in self._members:
            codes = batch.column(self._members["code"])
        for line, name in zip(batch.lines, names, strict=True):
            if bool(name) == self._list.numbered:
                raise self._table.error(line, "items have names unless the list is numbered")
        if self._list.numbered:
            names = [f"#{number or index}" for number, index in zip(numbers, indexes, strict=True)]
        rows = [
            (key, self._list.key, name, code or None)
            for key, name, code in zip(keys, names, codes, strict=True)
        ]
        insert_batch(
            self._db,
            "INSERT INTO list_items (key, list, name, code)",
            rows,
            table=self._table,
            lines=batch.lines,
            duplicate="another item of the list has the same name or code",
        )
        self._record_numbers(indexes, numbers)

    def _record_numbers(self, indexes: list[int], numbers: Sequence[int | None]) -> None:
        given = [number for number in numbers if number is not None]
        self._last_index = indexes[-1]
        self._last_number = max([self._last_number, *given])
        self._any_id |= bool(given)
        entries = []
        for index, number in zip(indexes, numbers, strict=True):
            if number is None:
                self._without_id.append(index)
            elif number != index:
                entries.append((self._base + index, number))
        self._insert_numbers(entries)

    def _number_others(self) -> None:
        """Number the items without an id after all others, if some have one."""
        if not self._without_id:
            return
        numbers = [*enumerate(self._without_id, self._last_number + 1)]
        self._last_number += len(numbers)
        entries = [(self._base + index, number) for number, index in numbers if number != index]
        self._insert_numbers(entries)
        if self._list.numbered:
            self._db.executemany(
                "UPDATE list_items SET name = '#' || ? WHERE key = ?",
                [(number, key) for key, number in entries],
            )

    def _insert_numbers(self, entries: list[tuple[int, int]]) -> None:
        if entries:
            self._renumbered = True
            insert_rows(self._db, "INSERT INTO item_numbers (item, number)", entries)

    def _require_distinct_ids(self) -> None:
        row = self._db.execute(
            """
            WITH numbered AS (
                SELECT coalesce(number, key - :base) AS number FROM list_items
                LEFT JOIN item_numbers ON item = key WHERE list = :list
            )
            SELECT number FROM numbered GROUP BY number HAVING count(*) > 1
            """,
            {"base": self._base, "list": self._list.key},
        ).fetchone()
        if row is not None:
            item_id = f"{self._list.item_prefix}{row['number']:09}"
            raise ValueError(f"{self._table.source}: two items have the id {item_id}")

    def _insert_properties(
        self, batch: RowBatch, keys: list[int], columns: list[_PropertyColumn]
    ) -> None:
        if not columns:
            return
        values = [read_values(self._table, column.reader, batch) for column in columns]
        properties_of_row = [column.key for column in columns]
        # Rows in the order of the table's key are inserted faster.
        rows = [
            (key, column, value)
            for key, row in zip(keys, zip(*values, strict=True), strict=True)
            for column, value in zip(properties_of_row, row, strict=True)
            if value is not None
        ]
        insert_rows(self._db, "INSERT INTO property_values (item, property, value)", rows)


def table_column(
    db: sqlite3.Connection, data_type: DataType, entity_list: int | None, position: int
) -> ColumnReader:
    """Return the reader of a column of a table, whose texts are not stripped."""
    reader: FormatReader | ItemReader
    if entity_list is not None:
        reader = ItemReader(db, list_by_key(db, entity_list), "either")
    else:
        reader = FormatReader(data_type, ".")
    return ColumnReader(Column(position), reader, strip=False)


def read_values(table: DataTable, reader: ColumnReader, batch: RowBatch) -> list[Stored]:
    """Return the values of a column.

    Raises:
        ValueError: A text can't be one of them.
    """
    values = reader.read(batch)
    for index, error in reader.errors(values):
        raise table.error(batch.lines[index], error.message, reader.column.position)
    # Errors have been raised.
    return cast(list[Stored], values)
