"""How described workspaces and models become rows."""

# ruff: noqa: S608 (identifiers are made of our own keys; values are bound)

import json
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import count

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.actions import PREFIXES
from anaplan_emulator.engine.definitions import ActionDefinition, ExportDefinition
from anaplan_emulator.engine.formats import DataType, Stored, parser
from anaplan_emulator.engine.source import FileFormat
from anaplan_emulator.engine.structure import (
    ITEMS_PER_LIST,
    Field,
    create_cells_table,
    drop_cells_tables,
    list_by_key,
    list_by_name,
    module_by_name,
    properties,
    property_named,
    value_column,
)
from anaplan_emulator.engine.values import find_items
from anaplan_emulator.store.model_description import (
    TIME,
    VERSIONS,
    ListDescription,
    ModelDescription,
    ModuleDescription,
    Scalar,
    WorkspaceDescription,
)

_TIME_ID, _VERSIONS_ID = "20000000003", "20000000020"
_TIME_ITEMS, _VERSION_ITEMS = 543, 107
_FIRST_ITEM_PREFIX = 201
_FIRST_VIEW_PREFIX = 2000
_FIRST_SUBSET = 109_000_000_000
_CREATED = "2026-01-05T09:00:00.000+0000"
_MEMORY_USAGE = 24_576_000
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def load_workspaces(
    db: sqlite3.Connection,
    workspaces: Iterable[WorkspaceDescription],
    user_ids: Mapping[str, str],
) -> None:
    """Fill a database that holds no workspaces yet.

    Args:
        db: A transaction.
        workspaces: What to put into it.
        user_ids: The users' ids, by e-mail address.
    """
    drop_cells_tables(db)
    for workspace in workspaces:
        db.execute(
            """
            INSERT INTO workspaces (id, name, active, size_allowance, single_sign_on)
            VALUES (?, ?, ?, ?, ?)
            """,
            (
                workspace.workspace_id,
                workspace.name,
                workspace.active,
                workspace.size_allowance,
                workspace.single_sign_on,
            ),
        )
        for model in workspace.models:
            _ModelLoader(db, workspace, model).load(user_ids)


class _ModelLoader:
    def __init__(
        self, db: sqlite3.Connection, workspace: WorkspaceDescription, model: ModelDescription
    ) -> None:
        self._db = db
        self._model = model
        self._key = self._insert_model(workspace)
        self._prefixes = count(_FIRST_ITEM_PREFIX)
        self._subsets = count(_FIRST_SUBSET)

    def load(self, user_ids: Mapping[str, str]) -> None:
        self._db.executemany(
            "INSERT INTO model_roles (model, user_id, role) VALUES (?, ?, ?)",
            [(self._key, user_ids[email], role) for email, role in self._model.roles.items()],
        )
        self._insert_time_and_versions()
        self._insert_lists()
        for number, module in enumerate(self._model.modules):
            self._insert_module(f"102{number:09}", module)
            self._insert_cells(module)
            self._insert_views(number, module)
        self._db.executemany(
            "INSERT INTO dashboards (model, id, name) VALUES (?, ?, ?)",
            [
                (self._key, f"115{number:09}", name)
                for number, name in enumerate(self._model.dashboards)
            ],
        )
        for number, file in enumerate(self._model.files):
            form = FileFormat.model_validate(file.model_dump(exclude={"name", "default"}))
            self._insert_file(f"113{number:09}", file.name, form, file.default)
        self._insert_actions(self._model.imports)
        self._insert_actions(self._model.exports)
        self._insert_actions(self._model.deletions)
        self._insert_actions(self._model.processes)

    def _insert(self, table: str, **values: Stored) -> int:
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        row = self._db.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING rowid",
            list(values.values()),
        ).fetchone()
        return int(row[0])

    def _insert_model(self, workspace: WorkspaceDescription) -> int:
        model = self._model
        categories = [
            {"attribute": category.attribute, "categoryName": category.name}
            for category in model.categories
        ]
        return self._insert(
            "models",
            id=workspace.model_id(model),
            workspace_id=workspace.workspace_id,
            name=model.name,
            active_state=model.active_state,
            is_open=model.active_state != "ARCHIVED",
            offline=model.offline,
            category_values=json.dumps(categories),
            memory_usage=0 if model.active_state == "ARCHIVED" else _MEMORY_USAGE,
            created_at=_CREATED,
            modified_at=_CREATED,
            serial_number=1,
        )

    def _insert_time_and_versions(self) -> None:
        first = self._model.first_month
        months = []
        for number in range(first.month - 1, first.month - 1 + self._model.months):
            year = first.year + number // 12
            months.append(f"{_MONTHS[number % 12]} {year % 100:02}")
        for list_id, name, kind, prefix, items in (
            (_TIME_ID, TIME, "TIME", _TIME_ITEMS, months),
            (_VERSIONS_ID, VERSIONS, "VERSIONS", _VERSION_ITEMS, self._model.versions),
        ):
            key = self._insert_list(list_id, name, kind, prefix)
            for item in items:
                self._insert_item(key, item)

    def _insert_lists(self) -> None:
        keys = {
            each.name: self._insert_list(
                f"101{number:09}",
                each.name,
                "LIST",
                next(self._prefixes),
                numbered=each.numbered,
                production_data=each.production_data,
            )
            for number, each in enumerate(self._model.lists)
        }
        for each in self._model.lists:
            if each.parent:
                self._db.execute(
                    "UPDATE lists SET parent = ? WHERE key = ?",
                    (keys[each.parent], keys[each.name]),
                )
            for field in each.properties:
                self._insert(
                    "properties",
                    list=keys[each.name],
                    name=field.name,
                    data_type=field.format.value,
                    entity_list=keys[field.list] if field.list else None,
                    display_name=field.display_name,
                )
            self._insert(
                "list_details",
                list=keys[each.name],
                top_level_item=each.top_level_item or None,
                category=each.category or None,
            )
            for name in each.subsets:
                self._insert(
                    "subsets", list=keys[each.name], id=str(next(self._subsets)), name=name
                )
        for each in self._model.lists:
            for item in each.items:
                self._insert_item(keys[each.name], item.name, item.code)
        # Parents and properties name items of any list, so all items come first.
        for each in self._model.lists:
            self._fill_items(each, keys[each.name])

    def _insert_list(
        self,
        list_id: str,
        name: str,
        kind: str,
        prefix: int,
        *,
        numbered: bool = False,
        production_data: bool = False,
    ) -> int:
        return self._insert(
            "lists",
            model=self._key,
            id=list_id,
            name=name,
            kind=kind,
            numbered=numbered,
            production_data=production_data,
            item_prefix=prefix,
            next_index=1,
        )

    def _insert_item(self, list_key: int, name: str, code: str | None = None) -> None:
        index = list_by_key(self._db, list_key).next_index
        self._insert(
            "list_items",
            key=list_key * ITEMS_PER_LIST + index,
            list=list_key,
            name=name or f"#{index}",
            code=code,
        )
        self._db.execute("UPDATE lists SET next_index = ? WHERE key = ?", (index + 1, list_key))

    def _fill_items(self, described: ListDescription, key: int) -> None:
        structure = list_by_key(self._db, key)
        fields = properties(self._db, key)
        for index, item in enumerate(described.items, 1):
            item_key = key * ITEMS_PER_LIST + index
            if item.parent and structure.parent is not None:
                self._db.execute(
                    "UPDATE list_items SET parent = ? WHERE key = ?",
                    (self._item(structure.parent, item.parent), item_key),
                )
            for name, scalar in item.properties.items():
                field = property_named(fields, name)
                self._insert_property(item_key, field, self._stored(field, scalar))
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

    def _insert_module(self, module_id: str, module: ModuleDescription) -> None:
        key = self._insert("modules", model=self._key, id=module_id, name=module.name)
        self._db.executemany(
            "INSERT INTO dimensions (module, position, list) VALUES (?, ?, ?)",
            [
                (key, position, list_by_name(self._db, self._key, name).key)
                for position, name in enumerate(module.dimensions)
            ],
        )
        prefix = next(self._prefixes)
        for number, item in enumerate(module.line_items, 1):
            entity_list = list_by_name(self._db, self._key, item.list).key if item.list else None
            line_item = self._insert(
                "line_items",
                module=key,
                id=f"{prefix}{number:09}",
                name=item.name,
                data_type=item.format.value,
                entity_list=entity_list,
                formula=item.formula,
                notes=item.notes,
            )
            self._insert(
                "line_item_attributes",
                line_item=line_item,
                code=item.code,
                summary=item.summary or ("Sum" if item.format is DataType.NUMBER else "None"),
                style=item.style,
                decimal_places=item.decimal_places,
                start_of_section=item.start_of_section,
            )
        create_cells_table(self._db, module_by_name(self._db, self._key, module.name))

    def _insert_cells(self, module: ModuleDescription) -> None:
        structure = module_by_name(self._db, self._key, module.name)
        for cell in module.cells:
            record: dict[str, Stored] = {
                f"d{dimension.key}": self._item(dimension.key, str(cell[dimension.name]))
                for dimension in structure.dimensions
            }
            for name, scalar in cell.items():
                if name not in module.dimensions:
                    field = structure.line_item(name)
                    record[value_column(field)] = self._stored(field, scalar)
            columns, places = ", ".join(record), ", ".join("?" * len(record))
            self._db.execute(
                f"INSERT INTO {structure.table} ({columns}) VALUES ({places})",
                list(record.values()),
            )

    def _insert_views(self, module_number: int, module: ModuleDescription) -> None:
        structure = module_by_name(self._db, self._key, module.name)
        for number, view in enumerate(module.views, 1):
            self._insert(
                "views",
                model=self._key,
                module=structure.key,
                # Saved views have prefixes of their own above all others (facts 4.2).
                id=f"{_FIRST_VIEW_PREFIX + module_number}{number:09}",
                name=view.name,
                definition=view.model_dump_json(exclude={"name"}),
            )

    def _stored(self, field: Field, scalar: Scalar) -> Stored:
        if field.data_type is DataType.LIST and field.entity_list is not None:
            return self._item(field.entity_list, str(scalar))
        return parser(field.data_type)(str(scalar))

    def _item(self, list_key: int, text: str) -> int:
        try:
            return find_items(self._db, list_key, [text], "either")[text]
        except KeyError:
            name = list_by_key(self._db, list_key).name
            raise ValueError(f"list {name} has no item {text!r}") from None

    def _insert_file(
        self, file_id: str, name: str, form: FileFormat | None, default: str | None = None
    ) -> None:
        self._insert(
            "files",
            model=self._key,
            id=file_id,
            name=name,
            form=form.model_dump_json() if form else None,
        )
        file = contents.file_by_id(self._db, self._key, file_id)
        if default is not None and form is not None and file is not None:
            content = contents.begin(self._db, file, None, 1, now=0)
            contents.put_chunk(self._db, content, 0, default.encode(form.codec))

    def _insert_actions(self, definitions: Iterable[ActionDefinition]) -> None:
        for number, definition in enumerate(definitions):
            action_id = f"{PREFIXES[definition.kind]}{number:09}"
            self._db.execute(
                "INSERT INTO actions (model, id, name, definition) VALUES (?, ?, ?, ?)",
                (self._key, action_id, definition.name, definition.model_dump_json()),
            )
            if isinstance(definition, ExportDefinition):
                # An export's output file shares its id (facts 4.2).
                self._insert_file(action_id, definition.name, None)
