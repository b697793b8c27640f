"""The description of Financial Consolidation."""

from typing import Any, Literal

from pydantic import Field, model_validator

from anaplan_emulator.tenant.description import Description

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
    """A member of a dimension. Its parent comes before it."""

    name: str
    caption: str = ""
    parent: str = ""
    operator: str = "+"
    properties: dict[str, str] = Field(default_factory=dict)


class DimensionDescription(Description):
    """A dimension and its members."""

    name: str
    type: str = ""
    """Its `dimensionType`; the name by default."""
    properties: tuple[PropertyDescription, ...] = ()
    members: tuple[MemberDescription, ...] = ()

    @model_validator(mode="after")
    def _check_members(self) -> "DimensionDescription":
        known: set[str] = set()
        for member in self.members:
            if member.parent and member.parent not in known:
                raise ValueError(f"{self.name}: no earlier member is called {member.parent!r}")
            known.add(member.name)
        if len(known) < len(self.members):
            raise ValueError(f"{self.name}: two members have the same name")
        return self


class TableDescription(Description):
    """A staging table, with the types of its columns by name."""

    name: str
    columns: dict[str, ColumnType] = Field(min_length=1)
    rows: tuple[dict[str, Value], ...] = ()

    @model_validator(mode="after")
    def _check_rows(self) -> "TableDescription":
        for row in self.rows:
            validate_row(self.columns, row)
        return self


class WorkflowDescription(Description):
    """A workflow in a folder."""

    path: str
    name: str
    seconds: float = Field(default=60, ge=0)
    """Duration of a run, in seconds on the emulator's clock."""


class ConsolidationUserDescription(Description):
    """A user of Financial Consolidation, who may be unknown to the rest of Anaplan."""

    name: str
    full_name: str
    email: str
    disabled: bool = False
    roles: tuple[str, ...] = ()


class ConsolidationDescription(Description):
    """Financial Consolidation."""

    tenant: str = Field(min_length=1)
    """The expected value of the header TENANT."""
    api_token: str = Field(min_length=1)
    tables: tuple[TableDescription, ...] = ()
    dimensions: tuple[DimensionDescription, ...] = ()
    models: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Names of the dimensions of each model."""
    workflows: tuple[WorkflowDescription, ...] = ()
    roles: tuple[str, ...] = ()
    users: tuple[ConsolidationUserDescription, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> "ConsolidationDescription":
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


def validate_row(columns: dict[str, ColumnType], row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with all columns of its table: booleans as 1 and 0, missing values as None.

    Raises:
        ValueError: A column is unknown, or a value has the wrong type.
    """
    if unknown := row.keys() - columns.keys():
        raise ValueError(f"no column is called {min(unknown)!r}")
    return {name: _validate_value(name, kind, row.get(name)) for name, kind in columns.items()}


def _validate_value(name: str, kind: ColumnType, value: object) -> object:
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
