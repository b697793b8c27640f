"""Writing described lists into a model: their properties, subsets and items."""

from collections.abc import Sequence

from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    list_by_key,
    list_by_name,
    properties,
    property_named,
)
from anaplan_emulator.loaders.model_rows import ModelRows
from anaplan_emulator.tenant.data_types import Stored
from anaplan_emulator.tenant.list_description import ListDescription


class ListLoader:
    """Writes described lists into a model."""

    def __init__(self, rows: ModelRows) -> None:
        self._rows = rows
        self._db, self._model = rows.db, rows.model

    def load(self, lists: Sequence[ListDescription]) -> None:
        """Insert lists, or add to existing ones."""
        loaded: list[tuple[ListDescription, int, int]] = []
        for each in lists:
            key = self._rows.find("lists", each.name)
            if key is None:
                key = self.insert_list(
                    self._rows.next_id("lists", 101),
                    each.name,
                    "LIST",
                    next(self._rows.item_prefixes),
                    numbered=each.numbered,
                    production_data=each.production_data,
                )
            loaded.append((each, key, list_by_key(self._db, key).next_index))
        for each, key, _ in loaded:
            if each.parent:
                parent = list_by_name(self._db, self._model, each.parent).key
                self._db.execute("UPDATE lists SET parent = ? WHERE key = ?", (parent, key))
            self._insert_details(each, key)
        for each, key, _ in loaded:
            for item in each.items:
                self.insert_item(key, item.name, item.code)
        # Parents and properties refer to items of any list, so all items are inserted first.
        for each, key, first_index in loaded:
            self._set_parents_and_values(each, key, first_index)

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
        """Insert a list without items and return its key."""
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

    def _insert_details(self, description: ListDescription, list_key: int) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO list_details (list, top_level_item, category) VALUES (?, ?, ?)",
            (list_key, description.top_level_item or None, description.category or None),
        )
        for name in description.subsets:
            self._rows.insert(
                "subsets", list=list_key, id=str(next(self._rows.subset_ids)), name=name
            )
        for field in description.properties:
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

    def _set_parents_and_values(
        self, description: ListDescription, key: int, first_index: int
    ) -> None:
        structure = list_by_key(self._db, key)
        fields = properties(self._db, key)
        for index, item in enumerate(description.items, first_index):
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
        if value is not None:
            self._rows.insert("property_values", item=item, property=field.key, value=value)
