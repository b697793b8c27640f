"""Financial Consolidation in the description of a tenant, and how it becomes rows."""

import json
import sqlite3
from typing import Any, Literal

from pydantic import Field, model_validator

from anaplan_emulator.store.description import Description
from anaplan_emulator.tokens import digest

ColumnType = Literal["string", "number", "boolean"]
Value = str | float | bool | None


class PropertyDescription(Description):
    """A property of a dimension's members."""

    name: str
    type: str = "string"
    standard: bool = False
    reporting: bool = False
    readonly: bool = False


class MemberDescription(Description):
    """A member of a dimension; its parent is a member before it."""

    name: str
    caption: str = ""
    parent: str = ""
    operator: str = "+"
    properties: dict[str, str] = Field(default_factory=dict)


class DimensionDescription(Description):
    """A dimension and its members."""

    name: str
    type: str = ""
    """What it is used as; its name where left out."""
    properties: tuple[PropertyDescription, ...] = ()
    members: tuple[MemberDescription, ...] = ()

    @model_validator(mode="after")
    def _parents_come_first(self) -> "DimensionDescription":
        known: set[str] = set()
        for member in self.members:
            if member.parent and member.parent not in known:
                raise ValueError(f"{self.name}: no member before is called {member.parent!r}")
            known.add(member.name)
        if len(known) < len(self.members):
            raise ValueError(f"{self.name}: two members have the same name")
        return self


class TableDescription(Description):
    """A staging table: names and types of its columns, and its rows."""

    name: str
    columns: dict[str, ColumnType] = Field(min_length=1)
    rows: tuple[dict[str, Value], ...] = ()

    @model_validator(mode="after")
    def _rows_fit(self) -> "TableDescription":
        for row in self.rows:
            fit_row(self.columns, row)
        return self


class WorkflowDescription(Description):
    """A workflow in a folder."""

    path: str
    name: str
    seconds: float = Field(default=60, ge=0)
    """How long a run takes, by the emulator's clock."""


class ConsolidationUserDescription(Description):
    """A user of Financial Consolidation, who need not be one of Anaplan's."""

    name: str
    full_name: str
    email: str
    disabled: bool = False
    roles: tuple[str, ...] = ()


class ConsolidationDescription(Description):
    """Financial Consolidation."""

    tenant: str = Field(min_length=1)
    """What the header TENANT names."""
    api_token: str = Field(min_length=1)
    tables: tuple[TableDescription, ...] = ()
    dimensions: tuple[DimensionDescription, ...] = ()
    models: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The dimensions of each model."""
    workflows: tuple[WorkflowDescription, ...] = ()
    roles: tuple[str, ...] = ()
    users: tuple[ConsolidationUserDescription, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> "ConsolidationDescription":
        for kind, names in (
            ("tables", [table.name for table in self.tables]),
            ("dimensions", [dimension.name for dimension in self.dimensions]),
            ("workflows", [f"{each.path}/{each.name}" for each in self.workflows]),
            ("users", [user.name for user in self.users]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"two {kind} have the same name")
        known = {dimension.name for dimension in self.dimensions}
        for model, dimensions in self.models.items():
            if unknown := set(dimensions) - known:
                raise ValueError(f"{model}: no dimension is called {min(unknown)!r}")
        for user in self.users:
            if missing := set(user.roles) - set(self.roles):
                raise ValueError(f"{user.name}: no role is called {min(missing)!r}")
        return self


def fit_row(columns: dict[str, ColumnType], row: dict[str, Any]) -> dict[str, Any]:
    """Read a row as its table has it: booleans are 1 and 0, what is left out is null.

    Raises:
        ValueError: It has an unknown column, or a value of another type.
    """
    if unknown := row.keys() - columns.keys():
        raise ValueError(f"no column is called {min(unknown)!r}")
    return {name: _fit(name, kind, row.get(name)) for name, kind in columns.items()}


def _fit(name: str, kind: ColumnType, value: object) -> object:
    if value is None:
        return None
    match kind, value:
        case ("string", str()):
            return value
        case ("number", int() | float()) if not isinstance(value, bool):
            return value
        case ("boolean", bool() | 0 | 1):
            return int(value)
    raise ValueError(f"{name}: not a {kind}")


def load_consolidation(db: sqlite3.Connection, described: ConsolidationDescription) -> None:
    """Fill its tables."""
    db.execute(
        "INSERT INTO consolidation_tenant VALUES (?, ?)",
        (described.tenant, digest(described.api_token)),
    )
    for table in described.tables:
        db.execute(
            "INSERT INTO consolidation_tables VALUES (?, ?)",
            (table.name, json.dumps(table.columns)),
        )
        db.executemany(
            "INSERT INTO consolidation_rows (table_name, content) VALUES (?, ?)",
            [(table.name, json.dumps(fit_row(table.columns, row))) for row in table.rows],
        )
    db.executemany(
        "INSERT INTO consolidation_dimensions VALUES (?, ?, ?, ?)",
        [
            (each.name, position, json.dumps(_dimension(each)), json.dumps(_members(each)))
            for position, each in enumerate(described.dimensions)
        ],
    )
    db.executemany(
        "INSERT INTO consolidation_models VALUES (?, ?)",
        [(name, json.dumps(dimensions)) for name, dimensions in described.models.items()],
    )
    db.executemany(
        "INSERT INTO consolidation_workflows (path, name, seconds) VALUES (?, ?, ?)",
        [(each.path, each.name, each.seconds) for each in described.workflows],
    )
    db.executemany("INSERT INTO consolidation_roles VALUES (?)", [(r,) for r in described.roles])
    for user in described.users:
        added = db.execute(
            "INSERT INTO consolidation_users (name, full_name, email, disabled)"
            " VALUES (?, ?, ?, ?)",
            (user.name, user.full_name, user.email, user.disabled),
        )
        db.executemany(
            "INSERT INTO consolidation_user_roles (user_id, role) VALUES (?, ?)",
            [(added.lastrowid, role) for role in user.roles],
        )


def _dimension(described: DimensionDescription) -> dict[str, Any]:
    return {
        "dimensionName": described.name,
        "dimensionType": described.type or described.name,
        "translations": None,
        "relatedDimension": None,
        "properties": [
            {
                "propertyName": each.name,
                "propertyType": each.type,
                "standardProperty": each.standard,
                "reportingProperty": each.reporting,
                "readonlyProperty": each.readonly,
                "processingStatus": 0,
                "typeInfo": each.name if each.type == "list" else each.type,
            }
            for each in described.properties
        ],
        "processingStatus": None,
    }


def _members(described: DimensionDescription) -> list[dict[str, Any]]:
    parents = {member.name: member.parent for member in described.members}

    def ancestors(name: str) -> list[str]:
        above = parents[name]
        return [*ancestors(above), above] if above else []

    return [
        {
            "memberName": member.name,
            "memberTag": None,
            "memberCaption": member.caption or member.name,
            "ancestors": "/".join(ancestors(member.name)) or None,
            "translations": [],
            "parentMemberName": member.parent or None,
            "sortOrder": position,
            "isLeaf": member.name not in parents.values(),
            "operator": member.operator,
            "startDate": None,
            "endDate": None,
            "memberStorage": "Stored",
            "properties": [{name: value} for name, value in member.properties.items()],
        }
        for position, member in enumerate(described.members, 1)
    ]
