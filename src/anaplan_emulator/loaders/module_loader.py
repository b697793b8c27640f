"""Writing described modules into a model: their line items, cells and views."""

from collections.abc import Iterable

from anaplan_emulator.engine.structure import (
    create_cells_table,
    list_by_name,
    module_by_name,
    value_column,
)
from anaplan_emulator.loaders.model_rows import ModelRows
from anaplan_emulator.store.records import insert_record
from anaplan_emulator.tenant.data_types import DataType, Stored
from anaplan_emulator.tenant.module_description import LineItemDescription, ModuleDescription

_FIRST_VIEW_PREFIX = 2000


class ModuleLoader:
    """Writes described modules into a model that has its lists."""

    def __init__(self, rows: ModelRows) -> None:
        self._rows = rows
        self._db, self._model = rows.db, rows.model

    def load(self, modules: Iterable[ModuleDescription]) -> None:
        """Insert modules, or add line items to existing ones."""
        for module in modules:
            key = self._rows.find("modules", module.name)
            if key is None:
                self._load_module(int(self._rows.next_id("modules", 102)[3:]), module)
            else:
                self._add_line_items(key, module)

    def _load_module(self, number: int, module: ModuleDescription) -> None:
        self._insert_module(f"102{number:09}", module)
        self._insert_cells(module)
        self._insert_views(number, module)

    def _add_line_items(self, key: int, module: ModuleDescription) -> None:
        if module.dimensions or module.cells or module.views:
            raise ValueError(
                f"module {module.name} exists already: only line items can be added to it"
            )
        (last,) = self._db.execute(
            "SELECT max(CAST(id AS INTEGER)) FROM line_items WHERE module = ?", (key,)
        ).fetchone()
        for number, item in enumerate(module.line_items, last + 1):
            item_key = self._insert_line_item(key, str(number), item)
            if not item.formula:
                self._db.execute(f"ALTER TABLE cells_{key} ADD COLUMN v{item_key}")

    def _insert_module(self, module_id: str, module: ModuleDescription) -> None:
        key = self._rows.insert("modules", model=self._model, id=module_id, name=module.name)
        self._db.executemany(
            "INSERT INTO dimensions (module, position, list) VALUES (?, ?, ?)",
            [
                (key, position, list_by_name(self._db, self._model, name).key)
                for position, name in enumerate(module.dimensions)
            ],
        )
        prefix = next(self._rows.item_prefixes)
        for number, item in enumerate(module.line_items):
            self._insert_line_item(key, f"{prefix}{number:09}", item)
        create_cells_table(self._db, module_by_name(self._db, self._model, module.name))

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

    def _insert_cells(self, module: ModuleDescription) -> None:
        structure = module_by_name(self._db, self._model, module.name)
        for cell in module.cells:
            record: dict[str, Stored] = {
                f"d{dimension.key}": self._rows.item(dimension.key, str(cell[dimension.name]))
                for dimension in structure.dimensions
            }
            for name, scalar in cell.items():
                if name not in module.dimensions:
                    field = structure.line_item(name)
                    record[value_column(field)] = self._rows.stored(field, scalar)
            insert_record(self._db, structure.table, record)

    def _insert_views(self, module_number: int, module: ModuleDescription) -> None:
        structure = module_by_name(self._db, self._model, module.name)
        for number, view in enumerate(module.views, 1):
            self._rows.insert(
                "views",
                model=self._model,
                module=structure.key,
                # The prefixes of saved views are greater than all others
                # (docs/anaplan-behaviour.md#id-prefixes).
                id=f"{_FIRST_VIEW_PREFIX + module_number}{number:09}",
                name=view.name,
                definition=view.model_dump_json(exclude={"name"}),
            )
