"""Writing described workspaces and models into the database."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.model_calendar import insert_calendar
from anaplan_emulator.engine.revisions import (
    COPIED,
    CREATED,
    add_to_history,
    create_revision,
    exists,
    revision_timestamp,
)
from anaplan_emulator.engine.structure import (
    TIME_ID,
    TIME_ITEM_PREFIX,
    VERSIONS_ID,
    drop_cells_tables,
    list_by_key,
)
from anaplan_emulator.loaders.data_tables import described_table
from anaplan_emulator.loaders.given_ids import (
    GivenIds,
    ids_in_model,
    ids_in_structure,
    prefix_of,
)
from anaplan_emulator.loaders.item_loader import ItemLoader
from anaplan_emulator.loaders.list_loader import ListLoader
from anaplan_emulator.loaders.model_rows import ModelRows
from anaplan_emulator.loaders.module_loader import ModuleLoader
from anaplan_emulator.store.identifiers import upper_hex
from anaplan_emulator.tenant.action_definitions import (
    ACTION_PREFIXES,
    ActionDefinition,
    ExportDefinition,
)
from anaplan_emulator.tenant.calendars import Period
from anaplan_emulator.tenant.description import DIGITS_OF_NUMBER
from anaplan_emulator.tenant.file_format import FileFormat
from anaplan_emulator.tenant.model_description import (
    TIME,
    VERSIONS,
    FileDescription,
    ModelDescription,
    StructureDescription,
    VersionDescription,
    WorkspaceDescription,
)

_VERSION_ITEM_PREFIX = 107
_FIRST_REVISION_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
_CREATED_AT = "2026-01-05T09:00:00.000+0000"
_MEMORY_USAGE = 24_576_000
_CHUNK_BYTES = 10_000_000


def load_workspaces(
    db: sqlite3.Connection,
    workspaces: Iterable[WorkspaceDescription],
    user_ids: Mapping[str, str],
) -> None:
    """Insert workspaces and their models into a database that has none.

    Args:
        db: A transaction.
        workspaces: The descriptions.
        user_ids: Ids of users by e-mail address.

    Raises:
        ValueError: Items or cells refer to something that does not exist.
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
    """Add lists, properties, items, modules and line items to a model.

    Args:
        db: A transaction.
        model: Key of the model.
        change: The additions.

    Raises:
        ValueError: The change refers to something that does not exist, or adds something whose
            name is taken.
    """
    _restructure(db, model, change, ids_in_structure(change, given=GivenIds()))


def _restructure(
    db: sqlite3.Connection, model: int, change: StructureDescription, given: GivenIds
) -> None:
    rows = ModelRows(db, model, given)
    try:
        ListLoader(rows).load(change.lists)
        ModuleLoader(rows).load(change.modules)
    except LookupError as error:
        raise ValueError(str(error)) from error
    except sqlite3.IntegrityError as error:
        raise ValueError(f"a name is already in use: {error}") from error


def _load_model(
    db: sqlite3.Connection,
    workspace: WorkspaceDescription,
    model: ModelDescription,
    described: Mapping[str, tuple[WorkspaceDescription, ModelDescription]],
    user_ids: Mapping[str, str],
) -> None:
    """Insert a model and its history. A copy gets the content and history of its original."""
    workspace_of_original, original = described[model.copy_of or model.name]
    own = {"name", "id", "active_state", "offline", "categories", "roles"}
    content = original.model_copy(update={name: getattr(model, name) for name in own})
    key = _insert_model(db, workspace, model, next(iter(user_ids.values())))
    given = ids_in_model(content)
    _ModelLoader(db, content, key, given).load(user_ids)
    for number, revision in enumerate(original.revisions):
        _restructure(db, key, revision.structure, given)
        revision_id = revision.id or upper_hex(
            "revision", f"{workspace_of_original.name}/{original.name}/{revision.name}"
        )
        user_id = user_ids[revision.author or next(iter(user_ids))]
        now = revision_timestamp(_FIRST_REVISION_AT + timedelta(days=number))
        if model.copy_of or exists(db, revision_id):
            add_to_history(db, revision_id, key, user_id=user_id, now=now, method=COPIED)
        else:
            create_revision(
                db,
                key,
                revision_id=revision_id,
                name=revision.name,
                description=revision.description or None,
                user_id=user_id,
                now=now,
                method=CREATED,
                blueprint=json.loads(revision.snapshot) if revision.snapshot else None,
            )
        if model.copied_at == revision.name:
            break


def _insert_model(
    db: sqlite3.Connection, workspace: WorkspaceDescription, model: ModelDescription, user_id: str
) -> int:
    """Insert a model without content, which a user has created, and return its key."""
    categories = [
        {"attribute": category.attribute, "categoryName": category.name}
        for category in model.categories
    ]
    archived = model.active_state == "ARCHIVED"
    (key,) = db.execute(
        """
        INSERT INTO models (id, workspace_id, name, active_state, is_open, offline,
            category_values, memory_usage, created_at, modified_at, modified_by, serial_number)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) RETURNING key
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
            _CREATED_AT,
            _CREATED_AT,
            user_id,
        ),
    ).fetchone()
    return int(key)


class _ModelLoader:
    """Writes the described content into a model that has none."""

    def __init__(
        self, db: sqlite3.Connection, model: ModelDescription, key: int, given: GivenIds
    ) -> None:
        self._model = model
        self._key = key
        self._db = db
        self._rows = ModelRows(db, key, given)
        self._lists = ListLoader(self._rows)
        self._modules = ModuleLoader(self._rows)

    def load(self, user_ids: Mapping[str, str]) -> None:
        """Write everything except for the history."""
        self._db.executemany(
            "INSERT INTO model_roles (model, user_id, role) VALUES (?, ?, ?)",
            [(self._key, user_ids[email], role) for email, role in self._model.roles.items()],
        )
        self._insert_time_and_versions()
        self._lists.load(self._model.lists)
        self._modules.load(self._model.modules)
        dashboard_ids = self._ids("115")
        self._db.executemany(
            "INSERT INTO dashboards (model, id, name) VALUES (?, ?, ?)",
            [
                (self._key, each.id or next(dashboard_ids), each.name)
                for each in self._model.described_dashboards
            ],
        )
        self._insert_files()
        self._insert_actions(self._model.imports)
        self._insert_actions(self._model.exports)
        # They share a prefix, so they are numbered together.
        self._insert_actions(
            [*self._model.deletions, *self._model.optimizers, *self._model.other_actions]
        )
        self._insert_actions(self._model.processes)

    def _ids(self, prefix: str) -> Iterator[str]:
        """Yield ids with a prefix of three digits that are not given."""
        numbers = count(int(prefix) * 10**DIGITS_OF_NUMBER)
        while True:
            yield self._rows.derived(numbers)

    def _insert_time_and_versions(self) -> None:
        calendar = self._model.time
        insert_calendar(self._db, self._key, calendar)
        time = self._lists.insert_list(TIME_ID, TIME, "TIME", TIME_ITEM_PREFIX)
        periods = list(calendar.timescale.periods())
        names: dict[str, Callable[[Period], object]] = {"name": lambda period: period.text}
        table = described_table("periods", "period", names, periods)
        ItemLoader(self._db, list_by_key(self._db, time), table).insert()
        described = self._model.described_versions
        first = next((version.id for version in described if version.id), "")
        versions = self._lists.insert_list(
            VERSIONS_ID,
            VERSIONS,
            "VERSIONS",
            prefix_of(first) if first else _VERSION_ITEM_PREFIX,
        )
        columns: dict[str, Callable[[VersionDescription], object]] = {
            "id": lambda version: version.id,
            "name": lambda version: version.name,
        }
        table = described_table("versions", "version", columns, described)
        ItemLoader(self._db, list_by_key(self._db, versions), table).insert()
        keys = self._db.execute(
            "SELECT key FROM list_items WHERE list = ? ORDER BY key", (versions,)
        )
        for (key,), version in zip(keys.fetchall(), described, strict=True):
            self._rows.insert(
                "versions",
                item=key,
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

    def _insert_files(self) -> None:
        file_ids = self._ids("113")
        for file in self._model.files:
            file_format = FileFormat.model_validate(
                file.model_dump(include=set(FileFormat.model_fields))
            )
            file_id = file.id or next(file_ids)
            self._insert_file(file_id, file.name, file_format)
            self._insert_default(file_id, file)

    def _insert_file(self, file_id: str, name: str, file_format: FileFormat | None) -> None:
        self._rows.insert(
            "files",
            model=self._key,
            id=file_id,
            name=name,
            file_format=file_format.model_dump_json() if file_format else None,
        )

    def _insert_default(self, file_id: str, description: FileDescription) -> None:
        """Insert the content for users who have not uploaded anything."""
        file = file_contents.file_by_id(self._db, self._key, file_id)
        if file is None or (description.default is None and not description.default_file):
            return
        content = file_contents.begin(self._db, file, None, file_contents.UNKNOWN_COUNT, now=0)
        number = 0
        for number, chunk in enumerate(_default_chunks(description)):
            file_contents.put_chunk(self._db, content, number, chunk)
        file_contents.set_chunk_count(self._db, content, number + 1)

    def _insert_actions(self, definitions: Sequence[ActionDefinition]) -> None:
        if not definitions:
            return
        prefix = ACTION_PREFIXES[definitions[0].kind]
        ids = self._ids(prefix)
        for definition in definitions:
            action_id = definition.id or next(ids)
            self._db.execute(
                "INSERT INTO actions (model, id, name, definition) VALUES (?, ?, ?, ?)",
                (
                    self._key,
                    action_id,
                    definition.name,
                    definition.model_dump_json(exclude={"id"}),
                ),
            )
            if isinstance(definition, ExportDefinition):
                # An export's output file has the same id as the export
                # (docs/anaplan-behaviour.md#id-prefixes).
                self._insert_file(action_id, definition.name, None)


def _default_chunks(description: FileDescription) -> Iterator[bytes]:
    """Yield the content of a file, whose bytes in a file of its own remain as they are."""
    if not description.default_file:
        yield (description.default or "").encode(description.codec)
        return
    try:
        with Path(description.default_file).open("rb") as file:
            # The content of an empty file is one empty chunk.
            yield file.read(_CHUNK_BYTES)
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise ValueError(f"{description.default_file}: {error.strerror or error}") from error
