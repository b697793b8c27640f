"""How described lists become rows: their items, properties and subsets."""

from collections.abc import Iterable, Sequence

from anaplan_emulator.engine.formats import Stored
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    list_by_key,
    list_by_name,
    properties,
    property_named,
)
from anaplan_emulator.store.model_description import ListDescription
from anaplan_emulator.store.model_rows import ModelRows


class ListLoader:
    """Writes described lists into a model."""

    def __init__(self, rows: ModelRows) -> None:
        self._rows = rows
        self._db, self._model = rows.db, rows.model

    def load(self, lists: Sequence[ListDescription]) -> None:
        """Write lists into a model that has none."""
        keys = {
            each.name: self.insert_list(
                f"101{number:09}",
                each.name,
                "LIST",
                next(self._rows.prefixes),
                numbered=each.numbered,
                production_data=each.production_data,
            )
            for number, each in enumerate(lists)
        }
        for each in lists:
            if each.parent:
                self._db.execute(
                    "UPDATE lists SET parent = ? WHERE key = ?",
                    (keys[each.parent], keys[each.name]),
                )
            self._describe_list(each, keys[each.name])
        for each in lists:
            for item in each.items:
                self.insert_item(keys[each.name], item.name, item.code)
        # Parents and properties name items of any list, so all items come first.
        for each in lists:
            self._fill_items(each, keys[each.name])

    def extend(self, lists: Iterable[ListDescription]) -> None:
        """Add lists, or more to those that are there."""
        firsts: list[tuple[ListDescription, int, int]] = []
        for each in lists:
            key = self._rows.find("lists", each.name)
            if key is None:
                key = self.insert_list(
                    self._rows.next_id("lists", 101),
                    each.name,
                    "LIST",
                    next(self._rows.prefixes),
                    numbered=each.numbered,
                    production_data=each.production_data,
                )
            firsts.append((each, key, list_by_key(self._db, key).next_index))
        for each, key, _ in firsts:
            if each.parent:
                parent = list_by_name(self._db, self._model, each.parent).key
                self._db.execute("UPDATE lists SET parent = ? WHERE key = ?", (parent, key))
            self._describe_list(each, key)
        for each, key, _ in firsts:
            for item in each.items:
                self.insert_item(key, item.name, item.code)
        for each, key, first in firsts:
            self._fill_items(each, key, first)

    def insert_list(
        self,
        list_id: str,
        name: str,
        kind: str,
        prefix: int,
        *,
        numbered: bool = False,
        production_data: bool = False,
    ) -> int:
        """Insert a list without items, and return its key."""
        return self._rows.insert(
            "lists",
            model=self._model,
            id=list_id,
            name=name,
            kind=kind,
            numbered=numbered,
            production_data=production_data,
            item_prefix=prefix,
            next_index=1,
        )

    def insert_item(self, list_key: int, name: str, code: str | None = None) -> None:
        """Insert an item after the last one."""
        index = list_by_key(self._db, list_key).next_index
        self._rows.insert(
            "list_items",
            key=list_key * ITEMS_PER_LIST + index,
            list=list_key,
            name=name or f"#{index}",
            code=code,
        )
        self._db.execute("UPDATE lists SET next_index = ? WHERE key = ?", (index + 1, list_key))

    def _describe_list(self, described: ListDescription, list_key: int) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO list_details (list, top_level_item, category) VALUES (?, ?, ?)",
            (list_key, described.top_level_item or None, described.category or None),
        )
        for name in described.subsets:
            self._rows.insert("subsets", list=list_key, id=str(next(self._rows.subsets)), name=name)
        for field in described.properties:
            entity_list = (
                list_by_name(self._db, self._model, field.list).key if field.list else None
            )
            self._rows.insert(
                "properties",
                list=list_key,
                name=field.name,
                data_type=field.format.value,
                entity_list=entity_list,
                display_name=field.display_name,
            )

    def _fill_items(self, described: ListDescription, key: int, first: int = 1) -> None:
        structure = list_by_key(self._db, key)
        fields = properties(self._db, key)
        for index, item in enumerate(described.items, first):
            item_key = key * ITEMS_PER_LIST + index
            if item.parent and structure.parent is not None:
                self._db.execute(
                    "UPDATE list_items SET parent = ? WHERE key = ?",
                    (self._rows.item(structure.parent, item.parent), item_key),
                )
            for name, scalar in item.properties.items():
                field = property_named(fields, name)
                self._insert_property(item_key, field, self._rows.stored(field, scalar))
            self._db.executemany(
                "INSERT INTO subset_items (subset, item)"
                " SELECT key, ? FROM subsets WHERE list = ? AND name = ?",
                [(item_key, key, name) for name in item.subsets],
            )

    def _insert_property(self, item: int, field: Field, value: Stored) -> None:
        self._db.execute(
            "INSERT INTO property_values (item, property, value) SELECT ?1, ?2, ?3"
            " WHERE ?3 IS NOT NULL",
            (item, field.key, value),
        )
