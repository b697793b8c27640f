"""The description of workspaces and models."""

import math
from datetime import date
from typing import Final, Literal

from pydantic import Field

from anaplan_emulator.store.identifiers import lower_hex, upper_hex
from anaplan_emulator.tenant.action_definitions import (
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    OptimizerDefinition,
    OtherDefinition,
    ProcessDefinition,
)
from anaplan_emulator.tenant.calendars import Calendar
from anaplan_emulator.tenant.description import (
    Captured,
    DataFile,
    Description,
    ObjectId,
)
from anaplan_emulator.tenant.file_format import FileFormat
from anaplan_emulator.tenant.list_description import ListDescription
from anaplan_emulator.tenant.module_description import ModuleAddition, ModuleDescription

TIME: Final = "Time"
VERSIONS: Final = "Versions"

ActiveState = Literal[
    "UNLOCKED", "PRODUCTION", "ARCHIVED", "LOCKED", "MAINTENANCE", "PRODUCTION_MAINTENANCE"
]


class StructureDescription(Description):
    """Additions to a model: lists and modules, or properties, items and line items of them.

    It is written as `lists` and `modules` are in a tenant's file. For an existing list or module
    only the additions are given.
    """

    lists: tuple[ListDescription, ...] = Field(default=(), examples=[[{"name": "Suppliers"}]])
    """New lists, or additions to existing ones."""
    modules: tuple[ModuleAddition, ...] = Field(
        default=(), examples=[[{"name": "Sales", "line_items": [{"name": "Discount"}]}]]
    )
    """New modules, or line items for existing ones."""


class RevisionDescription(Description):
    """A revision of a model."""

    id: str = Field(
        default="", pattern=r"^([0-9A-F]{32})?$", examples=["0123456789ABCDEF0123456789ABCDEF"]
    )
    """Its id; derived from the names by default."""
    name: str = Field(min_length=1, max_length=60, examples=["1.0"])
    """Title of the revision."""
    description: str = Field(default="", max_length=250, examples=["First release"])
    """Notes about it."""
    author: str = Field(default="", examples=["me@company.com"])
    """E-mail address of the user who made it; the tenant's first user by default."""
    structure: StructureDescription = Field(
        default=StructureDescription(), examples=[{"lists": [{"name": "Suppliers"}]}]
    )
    """Additions to the model before the revision is made."""
    snapshot: str = Field(default="", examples=['{"lists": {}}'])
    """The structure in the revision as JSON, as a saved tenant has it, if that isn't the structure
    that the model then has."""


class FileDescription(FileFormat):
    """A file that imports read."""

    id: ObjectId = Field(default="", examples=["113000000000"])
    """Its id; derived from the order of the files by default."""
    name: str = Field(min_length=1, examples=["products.csv"])
    """Name of the file."""
    default: str | None = Field(default=None, examples=["sku,product\nP1,Apple\n"])
    """Its content for users who have not uploaded anything."""
    default_file: DataFile = Field(default="", examples=["data/products.csv"])
    """File with that content, instead of `default`, relative to the tenant's file."""


class CategoryValue(Description):
    """A category of a model and the model's value of it.

    The names are those of the API (docs/anaplan-behaviour.md#users-workspaces-and-models).

    Attributes:
        attribute: The value, such as `EMEA`.
        name: The category, such as `Region`.
    """

    attribute: str = Field(examples=["EMEA"])
    """The value."""
    name: str = Field(examples=["Region"])
    """The category."""


class DashboardDescription(Description):
    """A dashboard. In a tenant's file its name alone is enough."""

    id: ObjectId = Field(default="", examples=["115000000000"])
    """Its id; derived from the order of the dashboards by default."""
    name: str = Field(min_length=1, examples=["Overview"])
    """Name of the dashboard."""


class VersionDescription(Description):
    """A version. In a tenant's file its name alone is enough."""

    id: ObjectId = Field(default="", examples=["107000000001"])
    """Its id; derived from the order of the versions by default."""
    name: str = Field(min_length=1, examples=["Forecast"])
    """Name of the version."""
    current: bool = Field(default=False, examples=[True])
    """Whether it is the current version; only one version can be."""
    actual: bool = Field(default=False, examples=[True])
    """Whether it holds actual data; only one version can."""
    notes: str = Field(default="", examples=["Rolls each week"])
    """Notes."""
    edit_from: date | None = Field(default=None, examples=["2026-01-01"])
    """Any day in the first period that can be edited."""
    edit_to: date | None = Field(default=None, examples=["2026-06-30"])
    """Any day in the last period that can be edited."""
    switchover: date | None = Field(default=None, examples=["2026-03-02"])
    """Any day in the first period whose data is not taken from the actual version."""


class ModelDescription(Captured):
    """A model and its content. Ids that are not given are derived from the order of the objects."""

    name: str = Field(min_length=1, examples=["Sales"])
    """Name of the model."""
    id: str = Field(
        default="", pattern=r"^([0-9A-F]{32})?$", examples=["0123456789ABCDEF0123456789ABCDEF"]
    )
    """Its id; derived from the names of workspace and model by default."""
    active_state: ActiveState = Field(default="UNLOCKED", examples=["PRODUCTION"])
    """Its mode."""
    offline: bool = Field(default=False, examples=[True])
    """Whether it is offline for its users."""
    categories: tuple[CategoryValue, ...] = Field(
        default=(), examples=[[{"attribute": "EMEA", "name": "Region"}]]
    )
    """Values of the categories that models can have."""
    roles: dict[str, str] = Field(
        default_factory=dict, examples=[{"me@company.com": "Full Access"}]
    )
    """Model roles by e-mail address. A user without a role, or with `No Access`, has no access."""
    first_month: date = Field(default=date(2026, 1, 1), examples=["2026-01-01"])
    """The first month of the dimension Time, for a model without a calendar of its own."""
    months: int = Field(default=12, ge=1, examples=[12])
    """Number of months of Time, for a model without a calendar of its own."""
    calendar: Calendar | None = Field(
        default=None, examples=[{"type": "Weeks: General", "start": "2026-01-05", "weeks": 26}]
    )
    """The model calendar, instead of `first_month` and `months`."""
    versions: tuple[str | VersionDescription, ...] = Field(
        default=("Actual", "Forecast"),
        examples=[["Actual", {"name": "Forecast", "switchover": "2026-03-02"}]],
    )
    """By default the version named Actual holds actual data, and the first other one is current."""
    lists: tuple[ListDescription, ...] = Field(
        default=(), examples=[[{"name": "Products", "items": [{"name": "Apple"}]}]]
    )
    """Lists."""
    modules: tuple[ModuleDescription, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "Sales",
                    "dimensions": ["Products", "Time"],
                    "line_items": [{"name": "Units"}],
                }
            ]
        ],
    )
    """Modules."""
    dashboards: tuple[str | DashboardDescription, ...] = Field(default=(), examples=[["Overview"]])
    """Dashboards."""
    files: tuple[FileDescription, ...] = Field(default=(), examples=[[{"name": "products.csv"}]])
    """Files that imports read."""
    imports: tuple[ImportDefinition, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "Products from products.csv",
                    "file": "products.csv",
                    "target": {"list": "Products", "name": "product"},
                }
            ]
        ],
    )
    """Imports."""
    exports: tuple[ExportDefinition, ...] = Field(
        default=(), examples=[[{"name": "Sales.csv", "module": "Sales"}]]
    )
    """Exports."""
    deletions: tuple[DeleteDefinition, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "Delete closed shops",
                    "list": "Shops",
                    "module": "Shop details",
                    "line_item": "Closed",
                }
            ]
        ],
    )
    """Actions that delete items of lists."""
    optimizers: tuple[OptimizerDefinition, ...] = Field(
        default=(),
        examples=[
            [
                {
                    "name": "Choose routes",
                    "module": "Routes",
                    "objective": "Profit",
                    "choice": "Selected",
                    "at_most": 10,
                }
            ]
        ],
    )
    """Optimizer actions."""
    processes: tuple[ProcessDefinition, ...] = Field(
        default=(), examples=[[{"name": "Load", "actions": ["Products from products.csv"]}]]
    )
    """Processes."""
    other_actions: tuple[OtherDefinition, ...] = Field(
        default=(), examples=[[{"name": "Open the dashboard"}]]
    )
    """Actions of other kinds, which are listed but can't be run."""
    revisions: tuple[RevisionDescription, ...] = Field(default=(), examples=[[{"name": "1.0"}]])
    """The model's history, oldest first."""
    copy_of: str = Field(default="", examples=["Sales"])
    """Name of a model described earlier, of which this one is a copy without content of its own."""
    copied_at: str = Field(default="", examples=["1.0"])
    """Name of the revision at which it was copied; the latest by default."""

    @property
    def time(self) -> Calendar:
        """Its calendar. Without one of its own, fiscal years begin in the first month of Time."""
        if self.calendar is not None:
            return self.calendar
        return Calendar(
            start=self.first_month.replace(day=1),
            months=self.months,
            future_years=math.ceil(self.months / 12) - 1,
        )

    @property
    def described_dashboards(self) -> list[DashboardDescription]:
        """Its dashboards, also those of which only the name is given."""
        return [
            DashboardDescription(name=each) if isinstance(each, str) else each
            for each in self.dashboards
        ]

    @property
    def described_versions(self) -> list[VersionDescription]:
        """Its versions, with defaults derived from their order and names."""
        versions = [
            VersionDescription(name=each) if isinstance(each, str) else each
            for each in self.versions
        ]
        actual = next((each for each in versions if each.actual), None) or next(
            (each for each in versions if each.name.lower() == "actual"), None
        )
        current = next((each for each in versions if each.current), None) or next(
            (each for each in versions if each is not actual), actual
        )
        return [
            each.model_copy(update={"actual": each is actual, "current": each is current})
            for each in versions
        ]


class WorkspaceDescription(Description):
    """A workspace and its models."""

    name: str = Field(min_length=1, examples=["Planning"])
    """Name of the workspace."""
    id: str = Field(
        default="", pattern=r"^([0-9a-f]{32})?$", examples=["0123456789abcdef0123456789abcdef"]
    )
    """Its id; derived from the name by default."""
    active: bool = Field(default=True, examples=[True])
    """Whether it is active."""
    size_allowance: int = Field(default=1_073_741_824, examples=[1073741824])
    """Memory that its models may use, in bytes."""
    single_sign_on: bool = Field(default=False, examples=[True])
    """Whether its users must use single sign-on, except for exception users.

    Source: docs/anaplan-behaviour.md#token-lifetime-and-refresh.
    """
    models: tuple[ModelDescription, ...] = Field(default=(), examples=[[{"name": "Sales"}]])
    """Models."""

    @property
    def workspace_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("workspace", self.name)

    def model_id(self, model: ModelDescription) -> str:
        """The given id of one of its models, or one derived from the names."""
        return model.id or upper_hex("model", f"{self.name}/{model.name}")
