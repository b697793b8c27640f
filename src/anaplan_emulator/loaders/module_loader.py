"""Writing described modules into a model: their line items and views."""

from collections.abc import Iterable, Iterator
from itertools import count

from anaplan_emulator.engine.structure import (
    ModuleStructure,
    create_cells_table,
    list_by_name,
    module_by_key,
)
from anaplan_emulator.loaders.cell_loader import cell_table, load_cells
from anaplan_emulator.loaders.model_rows import ModelRows
from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.description import DIGITS_OF_NUMBER
from anaplan_emulator.tenant.module_description import LineItemDescription, ModuleDescription


class ModuleLoader:
    """Writes described modules into a model that has its lists."""

    def __init__(self, rows: ModelRows) -> None:
        self._rows = rows
        self._db, self._model = rows.db, rows.model

    def load(self, modules: Iterable[ModuleDescription]) -> None:
        """Insert modules, or add line items to existing ones.

        Raises:
            ValueError: A cell refers to something that doesn't exist, or isn't valid.
        """
        for module in modules:
            key = self._rows.find("modules", module.name)
            if key is None:
                self._load_module(module)
            else:
                self._add_line_items(key, module)

    def _load_module(self, module: ModuleDescription) -> None:
        module_id = module.id or self._rows.next_id("modules", 102)
        structure = self._insert_module(module_id, module)
        table = cell_table(module)
        if table is not None:
            load_cells(self._db, structure, table)
        self._insert_views(structure, module)

    def _add_line_items(self, key: int, module: ModuleDescription) -> None:
        if module.dimensions or module.cells or module.cells_file or module.views:
            raise ValueError(
                f"module {module.name} exists already: only line items can be added to it"
            )
        (last,) = self._db.execute(
            "SELECT max(CAST(id AS INTEGER)) FROM line_items WHERE module = ?", (key,)
        ).fetchone()
        numbers = count(last + 1)
        for item in module.line_items:
            item_id = item.id or self._rows.derived(numbers)
            item_key = self._insert_line_item(key, item_id, item)
            if not item.is_computed:
                self._db.execute(f"ALTER TABLE cells_{key} ADD COLUMN v{item_key}")

    def _insert_module(self, module_id: str, module: ModuleDescription) -> ModuleStructure:
        key = self._rows.insert("modules", model=self._model, id=module_id, name=module.name)
        self._db.executemany(
            "INSERT INTO dimensions (module, position, list) VALUES (?, ?, ?)",
            [
                (key, position, list_by_name(self._db, self._model, name).key)
                for position, name in enumerate(module.dimensions)
            ],
        )
        if all(item.id for item in module.line_items):
            for item in module.line_items:
                self._insert_line_item(key, item.id, item)
        else:
            numbers = count(next(self._rows.item_prefixes) * 10**DIGITS_OF_NUMBER)
            for item in module.line_items:
                # One with a given id takes a number as well.
                derived = self._rows.derived(numbers)
                self._insert_line_item(key, item.id or derived, item)
        structure = module_by_key(self._db, key)
        create_cells_table(self._db, structure)
        return structure

    def _insert_line_item(self, module_key: int, item_id: str, item: LineItemDescription) -> int:
        entity_list = list_by_name(self._db, self._model, item.list).key if item.list else None
        line_item = self._rows.insert(
            "line_items",
            module=module_key,
            id=item_id,
            name=item.name,
            data_type=item.format.value,
            entity_list=entity_list,
            formula=item.formula,
            stored=item.stored,
            notes=item.notes,
        )
        self._rows.insert(
            "line_item_attributes",
            line_item=line_item,
            code=item.code,
            summary=item.summary or ("Sum" if item.format is DataType.NUMBER else "None"),
            style=item.style,
            decimal_places=item.decimal_places,
            start_of_section=item.start_of_section,
        )
        return line_item

    def _insert_views(self, structure: ModuleStructure, module: ModuleDescription) -> None:
        numbers: Iterator[int] = count(1)
        if not all(view.id for view in module.views):
            # The prefixes of saved views are greater than all others
            # (docs/anaplan-behaviour.md#id-prefixes).
            prefix = self._rows.view_prefix(int(structure.id[-DIGITS_OF_NUMBER:]))
            numbers = count(prefix * 10**DIGITS_OF_NUMBER + 1)
        for view in module.views:
            derived = self._rows.derived(numbers)
            self._rows.insert(
                "views",
                model=self._model,
                module=structure.key,
                id=view.id or derived,
                name=view.name,
                definition=view.model_dump_json(exclude={"id", "name"}),
            )
