"""Writing described lists into a model: their properties and subsets."""

from collections.abc import Sequence

from anaplan_emulator.engine.structure import list_by_key, list_by_name
from anaplan_emulator.loaders.given_ids import given_item_prefix
from anaplan_emulator.loaders.item_loader import ItemLoader
from anaplan_emulator.loaders.item_tables import item_table
from anaplan_emulator.loaders.model_rows import ModelRows
from anaplan_emulator.tenant.list_description import ListDescription


class ListLoader:
    """Writes described lists into a model."""

    def __init__(self, rows: ModelRows) -> None:
        self._rows = rows
        self._db, self._model = rows.db, rows.model

    def load(self, lists: Sequence[ListDescription]) -> None:
        """Insert lists, or add to existing ones.

        Raises:
            ValueError: An item refers to something that doesn't exist, or isn't valid.
        """
        loaded: list[tuple[ListDescription, int]] = []
        for each in lists:
            key = self._rows.find("lists", each.name)
            loaded.append((each, self._insert(each) if key is None else key))
        for each, key in loaded:
            if each.parent:
                parent = list_by_name(self._db, self._model, each.parent).key
                self._db.execute("UPDATE lists SET parent = ? WHERE key = ?", (parent, key))
            self._insert_details(each, key)
        loaders = [
            ItemLoader(self._db, list_by_key(self._db, key), table)
            for each, key in loaded
            if (table := item_table(each)) is not None
        ]
        for loader in loaders:
            loader.insert()
        # Parents and properties refer to items of any list, so all items are inserted first.
        for loader in loaders:
            loader.set_references()

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

    def _insert(self, description: ListDescription) -> int:
        prefix = given_item_prefix(description)
        return self.insert_list(
            description.id or self._rows.next_id("lists", 101),
            description.name,
            "LIST",
            next(self._rows.item_prefixes) if prefix is None else prefix,
            numbered=description.numbered,
            production_data=description.production_data,
        )

    def _insert_details(self, description: ListDescription, list_key: int) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO list_details (list, top_level_item, category) VALUES (?, ?, ?)",
            (list_key, description.top_level_item or None, description.category or None),
        )
        for subset in description.described_subsets:
            self._rows.insert(
                "subsets",
                list=list_key,
                id=subset.id or self._rows.next_subset_id(),
                name=subset.name,
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
