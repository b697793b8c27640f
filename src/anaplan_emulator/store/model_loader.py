"""How described workspaces and models become rows."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.actions import PREFIXES
from anaplan_emulator.engine.definitions import ActionDefinition, ExportDefinition
from anaplan_emulator.engine.revisions import COPIED, MADE, create_revision, moment, note_applied
from anaplan_emulator.engine.source import FileFormat
from anaplan_emulator.engine.structure import ITEMS_PER_LIST, drop_cells_tables
from anaplan_emulator.engine.time_store import start_calendar
from anaplan_emulator.store.identifiers import upper_hex
from anaplan_emulator.store.list_loader import ListLoader
from anaplan_emulator.store.model_description import (
    TIME,
    VERSIONS,
    ModelDescription,
    StructureDescription,
    WorkspaceDescription,
)
from anaplan_emulator.store.model_rows import ModelRows
from anaplan_emulator.store.module_loader import ModuleLoader

_TIME_ID, _VERSIONS_ID = "20000000003", "20000000020"
_TIME_ITEMS, _VERSION_ITEMS = 543, 107
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


class ModelLoader:
    """Writes what is described into a model.

    Args:
        db: A transaction.
        model: The description of the model.
        key: The model's key.
    """

    def __init__(self, db: sqlite3.Connection, model: ModelDescription, key: int) -> None:
        self._model = model
        self.key = key
        self._db = db
        self._rows = ModelRows(db, key)
        self._lists = ListLoader(self._rows)
        self._modules = ModuleLoader(self._rows)

    def extend(self, change: StructureDescription) -> None:
        """Add lists, properties, items, modules and line items."""
        self._lists.extend(change.lists)
        self._modules.extend(change.modules)

    def load(self, user_ids: Mapping[str, str]) -> None:
        """Write everything described but the history."""
        self._db.executemany(
            "INSERT INTO model_roles (model, user_id, role) VALUES (?, ?, ?)",
            [(self.key, user_ids[email], role) for email, role in self._model.roles.items()],
        )
        self._insert_time_and_versions()
        self._lists.load(self._model.lists)
        self._modules.load(self._model.modules)
        self._db.executemany(
            "INSERT INTO dashboards (model, id, name) VALUES (?, ?, ?)",
            [
                (self.key, f"115{number:09}", name)
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

    def _insert_time_and_versions(self) -> None:
        calendar = self._model.time
        start_calendar(self._db, self.key, calendar)
        time = self._lists.insert_list(_TIME_ID, TIME, "TIME", _TIME_ITEMS)
        for period in calendar.timescale.periods():
            self._lists.insert_item(time, period.text)
        versions = self._lists.insert_list(_VERSIONS_ID, VERSIONS, "VERSIONS", _VERSION_ITEMS)
        for number, version in enumerate(self._model.described_versions, 1):
            self._lists.insert_item(versions, version.name)
            self._rows.insert(
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

    def _insert_file(
        self, file_id: str, name: str, form: FileFormat | None, default: str | None = None
    ) -> None:
        self._rows.insert(
            "files",
            model=self.key,
            id=file_id,
            name=name,
            form=form.model_dump_json() if form else None,
        )
        file = contents.file_by_id(self._db, self.key, file_id)
        if default is not None and form is not None and file is not None:
            content = contents.begin(self._db, file, None, 1, now=0)
            contents.put_chunk(self._db, content, 0, default.encode(form.codec))

    def _insert_actions(self, definitions: Iterable[ActionDefinition]) -> None:
        for number, definition in enumerate(definitions):
            action_id = f"{PREFIXES[definition.kind]}{number:09}"
            self._db.execute(
                "INSERT INTO actions (model, id, name, definition) VALUES (?, ?, ?, ?)",
                (self.key, action_id, definition.name, definition.model_dump_json()),
            )
            if isinstance(definition, ExportDefinition):
                # An export's output file shares its id (facts 4.2).
                self._insert_file(action_id, definition.name, None)
