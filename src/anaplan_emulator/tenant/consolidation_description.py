"""The description of Financial Consolidation."""

from typing import Any, Literal

from pydantic import Field, model_validator

from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.problems import Checks, Location, Mistake, suggestion

ColumnType = Literal["string", "number", "boolean"]
Value = str | float | bool | None


class DimensionPropertyDescription(Description):
    """A property of a dimension's members."""

    name: str = Field(examples=["Classification"])
    """Name of the property."""
    type: str = Field(default="string", examples=["list"])
    """Its type, as the API shows it."""
    standard: bool = Field(default=False, examples=[True])
    """Whether every tenant has it."""
    reporting: bool = Field(default=False, examples=[True])
    """Whether reports can use it."""
    readonly: bool = Field(default=False, examples=[True])
    """Whether its values can't be changed."""


class MemberDescription(Description):
    """A member of a dimension. Its parent comes before it."""

    name: str = Field(examples=["Revenue"])
    """Name of the member."""
    caption: str = Field(default="", examples=["Operating revenue"])
    """Text that is shown; the name by default."""
    parent: str = Field(default="", examples=["Income"])
    """Name of the parent, a member before this one."""
    operator: str = Field(default="+", examples=["-"])
    """How it is added to its parent: + or -."""
    properties: dict[str, str] = Field(
        default_factory=dict, examples=[{"Classification": "Income"}]
    )
    """Values of properties, by name."""


class DimensionDescription(Description):
    """A dimension and its members."""

    name: str = Field(examples=["Account"])
    """Name of the dimension."""
    type: str = Field(default="", examples=["Account"])
    """Its `dimensionType`; the name by default."""
    properties: tuple[DimensionPropertyDescription, ...] = Field(
        default=(), examples=[[{"name": "Classification"}]]
    )
    """Properties of its members."""
    members: tuple[MemberDescription, ...] = Field(
        default=(), examples=[[{"name": "Income"}, {"name": "Revenue", "parent": "Income"}]]
    )
    """Its members, parents before their children."""

    @model_validator(mode="after")
    def _check_members(self) -> "DimensionDescription":
        known: set[str] = set()
        for member in self.members:
            if member.parent and member.parent not in known:
                raise Mistake(
                    f"{self.name}: no earlier member is called {member.parent!r}",
                    suggestion(member.parent, known),
                    "members",
                )
            known.add(member.name)
        if len(known) < len(self.members):
            raise Mistake(f"{self.name}: two members have the same name", member="members")
        return self


class TableDescription(Description):
    """A staging table, with the types of its columns by name."""

    name: str = Field(examples=["Ledger"])
    """Name of the table."""
    columns: dict[str, ColumnType] = Field(
        min_length=1, examples=[{"Account_Name": "string", "Amount": "number"}]
    )
    """Types of the columns, by name."""
    rows: tuple[dict[str, Value], ...] = Field(
        default=(), examples=[[{"Account_Name": "1110", "Amount": 75443.48}]]
    )
    """Rows at the start: the values by column."""

    @model_validator(mode="after")
    def _check_rows(self) -> "TableDescription":
        for row in self.rows:
            validate_row(self.columns, row)
        return self


class WorkflowDescription(Description):
    """A workflow in a folder."""

    path: str = Field(examples=["Imports"])
    """Path of its folder."""
    name: str = Field(examples=["Load"])
    """Name of the workflow."""
    seconds: float = Field(default=60, ge=0, examples=[60])
    """Duration of a run, in seconds on the emulator's clock."""


class ConsolidationUserDescription(Description):
    """A user of Financial Consolidation, who may be unknown to the rest of Anaplan."""

    name: str = Field(examples=["me"])
    """Name to sign in with."""
    full_name: str = Field(examples=["My Self"])
    """Name that is shown."""
    email: str = Field(examples=["me@company.com"])
    """E-mail address."""
    disabled: bool = Field(default=False, examples=[True])
    """Whether the user can't sign in."""
    roles: tuple[str, ...] = Field(default=(), examples=[["Preparer"]])
    """Names of the user's roles."""


class ConsolidationDescription(Description):
    """Financial Consolidation."""

    tenant: str = Field(min_length=1, examples=["My company"])
    """The expected value of the header TENANT."""
    api_token: str = Field(min_length=1, examples=["example-token"])
    """The token that requests must give."""
    tables: tuple[TableDescription, ...] = Field(
        default=(), examples=[[{"name": "Ledger", "columns": {"Amount": "number"}}]]
    )
    """Staging tables."""
    dimensions: tuple[DimensionDescription, ...] = Field(
        default=(), examples=[[{"name": "Account", "members": [{"name": "Revenue"}]}]]
    )
    """Dimensions."""
    models: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, examples=[{"Consolidation": ["Account"]}]
    )
    """Names of the dimensions of each model."""
    workflows: tuple[WorkflowDescription, ...] = Field(
        default=(), examples=[[{"path": "Imports", "name": "Load"}]]
    )
    """Workflows."""
    roles: tuple[str, ...] = Field(default=(), examples=[["Preparer"]])
    """Names of the roles that users can have."""
    users: tuple[ConsolidationUserDescription, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "me",
                    "full_name": "My Self",
                    "email": "me@company.com",
                    "roles": ["Preparer"],
                }
            ]
        ],
    )
    """Users."""


def check_consolidation(checks: Checks, described: ConsolidationDescription) -> None:
    """Check that names are distinct and refer to something.

    Args:
        checks: Collects the mistakes.
        described: The description.
    """
    at: Location = ("consolidation",)
    for member, names in (
        ("tables", [table.name for table in described.tables]),
        ("dimensions", [dimension.name for dimension in described.dimensions]),
        ("workflows", [f"{each.path}/{each.name}" for each in described.workflows]),
        ("users", [user.name for user in described.users]),
    ):
        for number, name in enumerate(names):
            if name in names[:number]:
                checks.add((*at, member, number, "name"), f"two {member} have the same name")
    known = [dimension.name for dimension in described.dimensions]
    for model, dimensions in described.models.items():
        for number, name in enumerate(dimensions):
            place = (*at, "models", model, number)
            checks.known("dimension", name, known, place, (*at, "dimensions"))
    for position, user in enumerate(described.users):
        for number, role in enumerate(user.roles):
            place = (*at, "users", position, "roles", number)
            checks.known("role", role, described.roles, place, (*at, "roles"))


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
