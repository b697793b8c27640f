"""How described workspaces and models become rows."""

# ruff: noqa: S608 (identifiers are made of our own keys; values are bound)

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.actions import PREFIXES
from anaplan_emulator.engine.definitions import ActionDefinition, ExportDefinition
from anaplan_emulator.engine.formats import DataType, Stored, parser
from anaplan_emulator.engine.revisions import COPIED, MADE, create_revision, moment, note_applied
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
from anaplan_emulator.engine.time_store import start_calendar
from anaplan_emulator.engine.values import find_items
from anaplan_emulator.store.identifiers import upper_hex
from anaplan_emulator.store.model_description import (
    TIME,
    VERSIONS,
    LineItemDescription,
    ListDescription,
    ModelDescription,
    ModuleAddition,
    ModuleDescription,
    Scalar,
    StructureDescription,
    WorkspaceDescription,
)

_TIME_ID, _VERSIONS_ID = "20000000003", "20000000020"
_TIME_ITEMS, _VERSION_ITEMS = 543, 107
_FIRST_ITEM_PREFIX = 201
_FIRST_VIEW_PREFIX = 2000
_FIRST_SUBSET = 109_000_000_000
_FIRST_REVISION = datetime(2026, 1, 5, 9, tzinfo=UTC)
_CREATED = "2026-01-05T09:00:00.000+0000"
_MEMORY_USAGE = 24_576_000


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
    described: dict[str, tuple[WorkspaceDescription, ModelDescription]] = {}
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
            described[model.name] = (workspace, model)
            _load_model(db, workspace, model, described, user_ids)


def restructure(db: sqlite3.Connection, model: int, change: StructureDescription) -> None:
    """Add to the structure of a model.

    Raises:
        ValueError: The change refers to what isn't there, or adds what is there already.
    """
    try:
        ModelLoader(db, ModelDescription(name="Restructured"), model).extend(change)
    except LookupError as error:
        raise ValueError(str(error)) from error
    except sqlite3.IntegrityError as error:
        raise ValueError(f"something of that name is there already: {error}") from error


def _load_model(
    db: sqlite3.Connection,
    workspace: WorkspaceDescription,
    model: ModelDescription,
    described: Mapping[str, tuple[WorkspaceDescription, ModelDescription]],
    user_ids: Mapping[str, str],
) -> None:
    """Load a model and its history; a copy is loaded as what it is a copy of was."""
    home, original = described[model.copy_of or model.name]
    own = {"name", "id", "active_state", "offline", "categories", "roles"}
    content = original.model_copy(update={name: getattr(model, name) for name in own})
    loader = ModelLoader(db, content, insert_model(db, workspace, model))
    loader.load(user_ids)
    for number, revision in enumerate(original.revisions):
        restructure(db, loader.key, revision.structure)
        revision_id = upper_hex("revision", f"{home.name}/{original.name}/{revision.name}")
        user_id = user_ids[revision.author or next(iter(user_ids))]
        now = moment(_FIRST_REVISION + timedelta(days=number))
        if model.copy_of:
            note_applied(db, revision_id, loader.key, user_id=user_id, now=now, method=COPIED)
        else:
            create_revision(
                db,
                loader.key,
                revision_id=revision_id,
                name=revision.name,
                description=revision.description or None,
                user_id=user_id,
                now=now,
                method=MADE,
            )
        if model.copied_at == revision.name:
            break


def insert_model(
    db: sqlite3.Connection, workspace: WorkspaceDescription, model: ModelDescription
) -> int:
    """Insert a model without content, and return its key."""
    categories = [
        {"attribute": category.attribute, "categoryName": category.name}
        for category in model.categories
    ]
    archived = model.active_state == "ARCHIVED"
    (key,) = db.execute(
        """
        INSERT INTO models (id, workspace_id, name, active_state, is_open, offline,
            category_values, memory_usage, created_at, modified_at, serial_number)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) RETURNING key
        """,
        (
            workspace.model_id(model),
            workspace.workspace_id,
            model.name,
            model.active_state,
            not archived,
            model.offline,
            json.dumps(categories),
            0 if archived else _MEMORY_USAGE,
            _CREATED,
            _CREATED,
        ),
    ).fetchone()
    return int(key)


def _first_free_prefix(db: sqlite3.Connection, model: int) -> int:
    (last,) = db.execute(
        """
        SELECT max(prefix) FROM (
            SELECT item_prefix AS prefix FROM lists WHERE model = ?1 AND kind = 'LIST'
            UNION ALL
            SELECT CAST(substr(line_items.id, 1, 3) AS INTEGER) FROM line_items
            JOIN modules ON modules.key = line_items.module WHERE modules.model = ?1
        )
        """,
        (model,),
    ).fetchone()
    return _FIRST_ITEM_PREFIX if last is None else int(last) + 1


def _first_free_subset(db: sqlite3.Connection, model: int) -> int:
    (last,) = db.execute(
        "SELECT max(CAST(subsets.id AS INTEGER)) FROM subsets JOIN lists ON lists.key = list"
        " WHERE model = ?",
        (model,),
    ).fetchone()
    return _FIRST_SUBSET if last is None else int(last) + 1


class ModelLoader:
    """Writes what is described into a model.

    Args:
        db: A transaction.
        model: The description of the model.
        key: The model's key.
    """

    def __init__(self, db: sqlite3.Connection, model: ModelDescription, key: int) -> None:
        self._db = db
        self._model = model
        self.key = self._key = key
        self._prefixes = count(_first_free_prefix(db, key))
        self._subsets = count(_first_free_subset(db, key))

    def extend(self, change: StructureDescription) -> None:
        """Add lists, properties, items, modules and line items."""
        self._extend_lists(change.lists)
        for module in change.modules:
            key = self._find("modules", module.name)
            if key is None:
                module_id = self._next_id("modules", 102)
                self._insert_module(module_id, module)
                self._insert_cells(module)
                self._insert_views(int(module_id[3:]), module)
            else:
                self._extend_module(key, module)

    def _extend_lists(self, lists: Iterable[ListDescription]) -> None:
        firsts: list[tuple[ListDescription, int, int]] = []
        for each in lists:
            key = self._find("lists", each.name)
            if key is None:
                key = self._insert_list(
                    self._next_id("lists", 101),
                    each.name,
                    "LIST",
                    next(self._prefixes),
                    numbered=each.numbered,
                    production_data=each.production_data,
                )
            firsts.append((each, key, list_by_key(self._db, key).next_index))
        for each, key, _ in firsts:
            if each.parent:
                parent = list_by_name(self._db, self._key, each.parent).key
                self._db.execute("UPDATE lists SET parent = ? WHERE key = ?", (parent, key))
            self._describe_list(each, key)
        for each, key, _ in firsts:
            for item in each.items:
                self._insert_item(key, item.name, item.code)
        for each, key, first in firsts:
            self._fill_items(each, key, first)

    def _extend_module(self, key: int, module: ModuleAddition) -> None:
        if module.dimensions or module.cells or module.views:
            raise ValueError(f"module {module.name} is there already: it takes line items alone")
        (last,) = self._db.execute(
            "SELECT max(CAST(id AS INTEGER)) FROM line_items WHERE module = ?", (key,)
        ).fetchone()
        for number, item in enumerate(module.line_items, last + 1):
            item_key = self._insert_line_item(key, str(number), item)
            if not item.formula:
                self._db.execute(f"ALTER TABLE cells_{key} ADD COLUMN v{item_key}")

    def _find(self, table: str, name: str) -> int | None:
        row = self._db.execute(
            f"SELECT key FROM {table} WHERE model = ? AND name = ?", (self._key, name)
        ).fetchone()
        return row["key"] if row else None

    def _next_id(self, table: str, prefix: int) -> str:
        """Return the id after the last one of the prefix."""
        (last,) = self._db.execute(
            f"SELECT max(CAST(id AS INTEGER)) FROM {table} WHERE model = ? AND id GLOB ?",
            (self._key, f"{prefix}?????????"),
        ).fetchone()
        return f"{prefix}{0:09}" if last is None else str(last + 1)

    def load(self, user_ids: Mapping[str, str]) -> None:
        """Write everything described but the history."""
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
        # They share a prefix, and so a count.
        self._insert_actions([*self._model.deletions, *self._model.optimizers])
        self._insert_actions(self._model.processes)

    def _insert(self, table: str, **values: Stored) -> int:
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        row = self._db.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING rowid",
            list(values.values()),
        ).fetchone()
        return int(row[0])

    def _insert_time_and_versions(self) -> None:
        calendar = self._model.time
        start_calendar(self._db, self._key, calendar)
        time = self._insert_list(_TIME_ID, TIME, "TIME", _TIME_ITEMS)
        for period in calendar.timescale.periods():
            self._insert_item(time, period.text)
        versions = self._insert_list(_VERSIONS_ID, VERSIONS, "VERSIONS", _VERSION_ITEMS)
        for number, version in enumerate(self._model.described_versions, 1):
            self._insert_item(versions, version.name)
            self._insert(
                "versions",
                item=versions * ITEMS_PER_LIST + number,
                is_current=version.current,
                is_actual=version.actual,
                notes=version.notes,
                **{
                    limit: day.isoformat() if day else None
                    for limit, day in (
                        ("edit_from", version.edit_from),
                        ("edit_to", version.edit_to),
                        ("switchover", version.switchover),
                    )
                },
            )

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
            self._describe_list(each, keys[each.name])
        for each in self._model.lists:
            for item in each.items:
                self._insert_item(keys[each.name], item.name, item.code)
        # Parents and properties name items of any list, so all items come first.
        for each in self._model.lists:
            self._fill_items(each, keys[each.name])

    def _describe_list(self, described: ListDescription, list_key: int) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO list_details (list, top_level_item, category) VALUES (?, ?, ?)",
            (list_key, described.top_level_item or None, described.category or None),
        )
        for name in described.subsets:
            self._insert("subsets", list=list_key, id=str(next(self._subsets)), name=name)
        for field in described.properties:
            entity_list = list_by_name(self._db, self._key, field.list).key if field.list else None
            self._insert(
                "properties",
                list=list_key,
                name=field.name,
                data_type=field.format.value,
                entity_list=entity_list,
                display_name=field.display_name,
            )

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

    def _fill_items(self, described: ListDescription, key: int, first: int = 1) -> None:
        structure = list_by_key(self._db, key)
        fields = properties(self._db, key)
        for index, item in enumerate(described.items, first):
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
            self._insert_line_item(key, f"{prefix}{number:09}", item)
        create_cells_table(self._db, module_by_name(self._db, self._key, module.name))

    def _insert_line_item(self, module_key: int, item_id: str, item: LineItemDescription) -> int:
        entity_list = list_by_name(self._db, self._key, item.list).key if item.list else None
        line_item = self._insert(
            "line_items",
            module=module_key,
            id=item_id,
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
        return line_item

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
