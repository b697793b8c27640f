"""Describing a model as it is now."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.actions import actions
from anaplan_emulator.engine.blueprint import digest, read_blueprint
from anaplan_emulator.engine.list_items import read_items, read_subsets
from anaplan_emulator.engine.model_calendar import read_calendar
from anaplan_emulator.engine.revisions import blueprint_of, history
from anaplan_emulator.engine.structure import (
    Field,
    ListStructure,
    ModuleStructure,
    item_id,
    list_by_key,
    list_by_name,
    modules,
    properties,
    value_column,
)
from anaplan_emulator.tenant.action_definitions import ACTION_CLASSES
from anaplan_emulator.tenant.calendars import Calendar
from anaplan_emulator.tenant.data_types import DataType, Stored
from anaplan_emulator.tenant.list_description import (
    ItemDescription,
    ListDescription,
    PropertyDescription,
    Scalar,
    SubsetDescription,
)
from anaplan_emulator.tenant.model_description import (
    VERSIONS,
    CategoryValue,
    DashboardDescription,
    FileDescription,
    ModelDescription,
    RevisionDescription,
    VersionDescription,
)
from anaplan_emulator.tenant.module_description import (
    LineItemDescription,
    ModuleDescription,
    ViewDescription,
)
from anaplan_emulator.tenant.tenant_writer import DataPlace

_LARGEST_INTEGER = 10**15


def describe_model(
    db: sqlite3.Connection, key: int, emails: Mapping[str, str], data: DataPlace
) -> ModelDescription:
    """Describe a model.

    Args:
        db: A transaction.
        key: Key of the model.
        emails: E-mail addresses of users by id.
        data: Where items, cells and default contents are put.

    Returns:
        The description, in which all ids are given.
    """
    return _ModelReader(db, key, emails, data).describe()


@dataclass
class _ModelReader:
    db: sqlite3.Connection
    key: int
    emails: Mapping[str, str]
    data: DataPlace
    _references: dict[int, dict[str, str]] = field(default_factory=dict)

    def describe(self) -> ModelDescription:
        row = self.db.execute("SELECT * FROM models WHERE key = ?", (self.key,)).fetchone()
        self._name = str(row["name"])
        roles = self.db.execute(
            "SELECT user_id, role FROM model_roles WHERE model = ?", (self.key,)
        )
        dashboards = self.db.execute(
            "SELECT id, name FROM dashboards WHERE model = ? ORDER BY id", (self.key,)
        )
        return ModelDescription(
            name=row["name"],
            id=row["id"],
            active_state=row["active_state"],
            offline=bool(row["offline"]),
            categories=tuple(
                CategoryValue(attribute=each["attribute"], name=each["categoryName"])
                for each in json.loads(row["category_values"])
            ),
            roles={self.emails[user]: role for user, role in roles if user in self.emails},
            calendar=self._calendar(),
            versions=tuple(self._versions()),
            lists=tuple(self._lists()),
            modules=tuple(self._describe_module(each) for each in modules(self.db, self.key)),
            dashboards=tuple(DashboardDescription(id=each, name=name) for each, name in dashboards),
            files=tuple(self._files()),
            revisions=tuple(self._revisions()),
            **self._actions(),
        )

    def _calendar(self) -> Calendar:
        model_calendar = read_calendar(self.db, self.key)
        calendar, year = model_calendar.calendar, model_calendar.timescale.year
        changes: dict[str, object] = {
            "current_period": model_calendar.current_period.first
            if model_calendar.current_period
            else None
        }
        if year is not None and year != calendar.named_year:
            changes |= {"start": calendar.begin_of(year), "year": year}
        first = model_calendar.timescale.first
        period = changes["current_period"]
        if period is not None and model_calendar.current_period is not None:
            # The period may begin before the timescale does.
            changes["current_period"] = max(model_calendar.current_period.first, first)
        return Calendar.model_validate(calendar.model_dump() | changes)

    def _versions(self) -> Iterator[VersionDescription]:
        versions = list_by_name(self.db, self.key, VERSIONS)
        rows = self.db.execute(
            "SELECT versions.*, list_items.name FROM versions JOIN list_items ON key = item"
            " WHERE list = ? ORDER BY item",
            (versions.key,),
        )
        for row in rows.fetchall():
            yield VersionDescription(
                id=item_id(self.db, versions, row["item"]),
                name=row["name"],
                current=bool(row["is_current"]),
                actual=bool(row["is_actual"]),
                notes=row["notes"],
                edit_from=row["edit_from"],
                edit_to=row["edit_to"],
                switchover=row["switchover"],
            )

    def _lists(self) -> Iterator[ListDescription]:
        rows = self.db.execute(
            "SELECT lists.key, top_level_item, category FROM lists"
            " LEFT JOIN list_details ON list_details.list = lists.key"
            " WHERE model = ? AND kind = 'LIST' ORDER BY lists.key",
            (self.key,),
        )
        for key, top_level_item, category in rows.fetchall():
            structure = list_by_key(self.db, key)
            description = ListDescription(
                id=structure.id,
                name=structure.name,
                numbered=structure.numbered,
                production_data=structure.production_data,
                parent=list_by_key(self.db, structure.parent).name if structure.parent else "",
                properties=tuple(self._properties(key)),
                subsets=tuple(
                    SubsetDescription(id=each.id, name=each.name)
                    for each in read_subsets(self.db, key)
                ),
                top_level_item=top_level_item or "",
                category=category or "",
            )
            yield self.data.items(self._name, description, self._items(structure))

    def _properties(self, list_key: int) -> Iterator[PropertyDescription]:
        rows = self.db.execute("SELECT * FROM properties WHERE list = ? ORDER BY key", (list_key,))
        for row in rows.fetchall():
            yield PropertyDescription(
                name=row["name"],
                format=DataType(row["data_type"]),
                list=self._list_name(row["entity_list"]),
                display_name=bool(row["display_name"]),
            )

    def _items(self, structure: ListStructure) -> Iterator[ItemDescription]:
        fields = properties(self.db, structure.key)
        subsets = read_subsets(self.db, structure.key)
        parents = self._ambiguous(structure.parent) if structure.parent else {}
        for item in read_items(self.db, structure, fields=fields, subsets=subsets):
            values = {
                each.name: self._scalar(each, value)
                for each, value in zip(fields, item.values, strict=True)
                if value is not None
            }
            # Large lists are not validated again.
            yield ItemDescription.model_construct(
                id=item_id(self.db, structure, item.key),
                name="" if structure.numbered else item.name,
                code=item.code,
                parent=parents.get(item.parent_name or "", item.parent_name or ""),
                properties=values,
                subsets=tuple(
                    each.name
                    for each, contained in zip(subsets, item.subsets, strict=True)
                    if contained
                ),
            )

    def _describe_module(self, module: ModuleStructure) -> ModuleDescription:
        views = self.db.execute(
            "SELECT * FROM views WHERE module = ? ORDER BY key", (module.key,)
        ).fetchall()
        description = ModuleDescription(
            id=module.id,
            name=module.name,
            dimensions=tuple(each.name for each in module.dimensions),
            line_items=tuple(self._line_item(item) for item in module.line_items),
            views=tuple(
                ViewDescription(id=row["id"], name=row["name"], **json.loads(row["definition"]))
                for row in views
            ),
        )
        return self.data.cells(self._name, description, self._cells(module))

    def _line_item(self, item: Field) -> LineItemDescription:
        row = self.db.execute(
            "SELECT notes, line_item_attributes.* FROM line_items"
            " JOIN line_item_attributes ON line_item = key WHERE key = ?",
            (item.key,),
        ).fetchone()
        return LineItemDescription(
            id=item.id,
            name=item.name,
            format=item.data_type,
            list=self._list_name(item.entity_list),
            formula=item.formula,
            stored=item.stored,
            notes=row["notes"],
            code=row["code"],
            summary=row["summary"],
            style=row["style"],
            decimal_places=row["decimal_places"],
            start_of_section=bool(row["start_of_section"]),
        )

    def _cells(self, module: ModuleStructure) -> Iterator[dict[str, Scalar]]:
        """Yield the cells that have values."""
        items = [item for item in module.line_items if not item.is_computed]
        if not items:
            return
        outputs, joins = [], ""
        for dimension in module.dimensions:
            label = f"i{dimension.key}"
            outputs.append(f"{label}.name")
            joins += f" CROSS JOIN list_items AS {label} ON {label}.key = cells.d{dimension.key}"
        for item in items:
            column = value_column(item)
            outputs.append(f"cells.{column}")
            if item.entity_list is not None:
                outputs[-1] = f"e{item.key}.name"
                joins += f" LEFT JOIN list_items AS e{item.key} ON e{item.key}.key = cells.{column}"
        order = ", ".join(f"cells.{column}" for column in module.coordinates)
        cursor = self.db.execute(
            f"SELECT {', '.join(outputs)} FROM {module.table} AS cells{joins}"
            f" WHERE coalesce({', '.join(f'cells.{value_column(i)}' for i in items)}, NULL)"
            f" IS NOT NULL ORDER BY {order}"
        )
        cursor.row_factory = None
        width = len(module.dimensions)
        references = [self._ambiguous(dimension.key) for dimension in module.dimensions]
        for row in cursor:
            cell: dict[str, Scalar] = {
                dimension.name: names.get(label, label)
                for dimension, names, label in zip(
                    module.dimensions, references, row[:width], strict=True
                )
            }
            for item, value in zip(items, row[width:], strict=True):
                if value is not None:
                    cell[item.name] = self._scalar(item, value)
            yield cell

    def _scalar(self, each: Field, value: Stored) -> Scalar:
        """Return a stored value as a description has it; a list item is given by its name."""
        if each.entity_list is not None:
            name = str(value)
            return self._ambiguous(each.entity_list).get(name, name)
        if each.data_type is DataType.BOOLEAN:
            return bool(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_INTEGER:
            return int(value)
        return "" if value is None else value

    def _ambiguous(self, list_key: int) -> dict[str, str]:
        """Return the codes of those items whose name is the code of another one."""
        if list_key not in self._references:
            rows = self.db.execute(
                "SELECT items.name, items.code FROM list_items AS others"
                " JOIN list_items AS items ON items.list = others.list"
                " AND items.name = others.code AND items.key <> others.key"
                " WHERE others.list = ? AND others.code IS NOT NULL AND items.code IS NOT NULL",
                (list_key,),
            )
            self._references[list_key] = dict(rows.fetchall())
        return self._references[list_key]

    def _list_name(self, list_key: int | None) -> str:
        return list_by_key(self.db, list_key).name if list_key is not None else ""

    def _files(self) -> Iterator[FileDescription]:
        """Yield the files that imports can read; others are uploads of users."""
        for file in file_contents.files(self.db, self.key):
            if file.file_format is None:
                continue
            description = FileDescription(
                id=file.id, name=file.name, **file.file_format.model_dump()
            )
            content = file_contents.default_content(self.db, file)
            if content is not None:
                chunks = file_contents.read_all(self.db, content)
                description = self.data.default(self._name, description, chunks)
            yield description

    def _actions(self) -> dict[str, Any]:
        described = [
            action.definition.model_copy(update={"id": action.id})
            for action in actions(self.db, self.key)
        ]
        return {
            member: tuple(each for each in described if isinstance(each, kind))
            for member, kind in ACTION_CLASSES.items()
        }

    def _revisions(self) -> Iterator[RevisionDescription]:
        revisions = history(self.db, self.key)
        current = digest(read_blueprint(self.db, self.key)) if revisions else ""
        for revision in reversed(revisions):
            snapshot = ""
            if revision.digest != current:
                snapshot = json.dumps(blueprint_of(self.db, revision), separators=(",", ":"))
            yield RevisionDescription(
                id=revision.id,
                name=revision.name,
                description=revision.description or "",
                author=self.emails.get(revision.created_by, ""),
                snapshot=snapshot,
            )
