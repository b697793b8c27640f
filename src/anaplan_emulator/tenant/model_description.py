"""The description of workspaces and models."""

import math
from collections.abc import Mapping
from datetime import date
from itertools import chain
from typing import Literal, Self

from pydantic import Field, model_validator

from anaplan_emulator.store.identifiers import lower_hex, upper_hex
from anaplan_emulator.tenant.action_definitions import (
    LINE_ITEMS,
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    ListTarget,
    ModuleTarget,
    OptimizerDefinition,
    ProcessDefinition,
)
from anaplan_emulator.tenant.calendars import Calendar
from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.description import Description, require_distinct, require_known
from anaplan_emulator.tenant.file_format import FileFormat
from anaplan_emulator.tenant.list_description import ListDescription, check_list, require_fields
from anaplan_emulator.tenant.module_description import (
    ModuleAddition,
    ModuleDescription,
    check_module,
    require_writable,
)

TIME = "Time"
VERSIONS = "Versions"

ActiveState = Literal[
    "UNLOCKED", "PRODUCTION", "ARCHIVED", "LOCKED", "MAINTENANCE", "PRODUCTION_MAINTENANCE"
]


class StructureDescription(Description):
    """Additions to a model: lists and modules, or properties, items and line items of them.

    It is written as `lists` and `modules` are in a tenant's file. For an existing list or module
    only the additions are given.
    """

    lists: tuple[ListDescription, ...] = ()
    modules: tuple[ModuleAddition, ...] = ()


class RevisionDescription(Description):
    """A revision of a model."""

    name: str = Field(min_length=1, max_length=60)
    description: str = Field(default="", max_length=250)
    author: str = ""
    """E-mail address of the user who made it; the tenant's first user by default."""
    structure: StructureDescription = StructureDescription()
    """Additions to the model before the revision is made."""


class FileDescription(FileFormat):
    """A file that imports read."""

    name: str = Field(min_length=1)
    default: str | None = None
    """Its content for users who have not uploaded anything."""


class CategoryValue(Description):
    """A category of a model and the model's value of it.

    The names are those of the API (docs/anaplan-behaviour.md#users-workspaces-and-models).

    Attributes:
        attribute: The value, such as `EMEA`.
        name: The category, such as `Region`.
    """

    attribute: str
    name: str


class VersionDescription(Description):
    """A version. In a tenant's file its name alone is enough."""

    name: str = Field(min_length=1)
    current: bool = False
    """Whether it is the current version; only one version can be."""
    actual: bool = False
    """Whether it holds actual data; only one version can."""
    notes: str = ""
    edit_from: date | None = None
    """Any day in the first period that can be edited."""
    edit_to: date | None = None
    """Any day in the last period that can be edited."""
    switchover: date | None = None
    """Any day in the first period whose data is not taken from the actual version."""


class ModelDescription(Description):
    """A model and its content. Ids are derived from the order of the objects."""

    name: str = Field(min_length=1)
    id: str = Field(default="", pattern=r"^([0-9A-F]{32})?$")
    active_state: ActiveState = "UNLOCKED"
    offline: bool = False
    categories: tuple[CategoryValue, ...] = ()
    roles: dict[str, str] = Field(default_factory=dict)
    """Model roles by e-mail address. A user without a role, or with `No Access`, has no access."""
    first_month: date = date(2026, 1, 1)
    """The first month of the dimension Time, for a model without a calendar of its own."""
    months: int = Field(default=12, ge=1)
    calendar: Calendar | None = None
    """The model calendar, instead of `first_month` and `months`."""
    versions: tuple[str | VersionDescription, ...] = ("Actual", "Forecast")
    """By default the version named Actual holds actual data, and the first other one is current."""
    lists: tuple[ListDescription, ...] = ()
    modules: tuple[ModuleDescription, ...] = ()
    dashboards: tuple[str, ...] = ()
    """Names of dashboards."""
    files: tuple[FileDescription, ...] = ()
    imports: tuple[ImportDefinition, ...] = ()
    exports: tuple[ExportDefinition, ...] = ()
    deletions: tuple[DeleteDefinition, ...] = ()
    optimizers: tuple[OptimizerDefinition, ...] = ()
    processes: tuple[ProcessDefinition, ...] = ()
    revisions: tuple[RevisionDescription, ...] = ()
    """The model's history, oldest first."""
    copy_of: str = ""
    """Name of a model described earlier, of which this one is a copy without content of its own."""
    copied_at: str = ""
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

    @model_validator(mode="after")
    def _check_time_and_versions(self) -> Self:
        # A stored description contains all defaults and must remain valid.
        fields = type(self).model_fields
        own = [n for n in ("first_month", "months") if getattr(self, n) != fields[n].default]
        if self.calendar is not None and own:
            raise ValueError(f"{self.name}: a calendar goes without first_month and months")
        versions = [each for each in self.versions if not isinstance(each, str)]
        for flag in ("current", "actual"):
            if sum(getattr(each, flag) for each in versions) > 1:
                raise ValueError(f"{self.name}: no more than one version is {flag}")
        require_distinct("version", [each.name for each in self.described_versions])
        return self

    @model_validator(mode="after")
    def _check_copy(self) -> Self:
        content = ("lists", "modules", "files", "imports", "exports", "deletions", "optimizers")
        own = [name for name in (*content, "processes", "revisions") if getattr(self, name)]
        if self.copy_of and own:
            raise ValueError(f"{self.name} is a copy: it has no {own[0]} of its own")
        require_distinct("revision", [each.name for each in self.revisions])
        return self

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        lists = {each.name: each for each in self.lists}
        modules = {each.name: each for each in self.modules}
        files = [file.name for file in self.files]
        steps = [each.name for each in self.imports]
        steps += [each.name for each in self.exports]
        steps += [each.name for each in self.deletions]
        steps += [each.name for each in self.optimizers]
        require_distinct("list", [each.name for each in self.lists])
        require_distinct("module", [each.name for each in self.modules])
        require_distinct("file", files)
        require_distinct("action", [*steps, *(process.name for process in self.processes)])
        for each in self.lists:
            check_list(each, lists)
        for module in self.modules:
            check_module(module, lists, [*lists, TIME, VERSIONS])
        for action in self.imports:
            require_known("file", action.file, files)
            if isinstance(action.target, ListTarget):
                _check_list_import(action.target, lists)
            else:
                _check_module_import(action.target, modules)
        for export in self.exports:
            _check_export(export, modules)
        for deletion in self.deletions:
            require_known("list", deletion.list, lists)
            _check_deletion(deletion, modules)
        for optimizer in self.optimizers:
            _check_optimizer(optimizer, modules)
        for step in chain.from_iterable(process.actions for process in self.processes):
            require_known("action", step, steps)
        return self


class WorkspaceDescription(Description):
    """A workspace and its models."""

    name: str = Field(min_length=1)
    id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    active: bool = True
    size_allowance: int = 1_073_741_824
    single_sign_on: bool = False
    """Whether its users must use single sign-on, except for exception users.

    Source: docs/anaplan-behaviour.md#token-lifetime-and-refresh.
    """
    models: tuple[ModelDescription, ...] = ()

    @property
    def workspace_id(self) -> str:
        """The given id, or one derived from the name."""
        return self.id or lower_hex("workspace", self.name)

    def model_id(self, model: ModelDescription) -> str:
        """The given id of one of its models, or one derived from the names."""
        return model.id or upper_hex("model", f"{self.name}/{model.name}")

    @model_validator(mode="after")
    def _check_model_names(self) -> Self:
        require_distinct("model", [model.name for model in self.models])
        return self


def _check_list_import(target: ListTarget, lists: Mapping[str, ListDescription]) -> None:
    require_known("list", target.list, lists)
    into = lists[target.list]
    require_fields("property", target.properties, into.properties)
    if target.parent is not None and not into.parent:
        raise ValueError(f"{into.name} has no parent list")
    if into.numbered and (target.name is not None or target.identified_by != "code"):
        raise ValueError(f"{into.name} is numbered: its items are identified by code")


def _check_module_import(target: ModuleTarget, modules: Mapping[str, ModuleDescription]) -> None:
    require_known("module", target.module, modules)
    into = modules[target.module]
    if set(target.dimensions) != set(into.dimensions):
        raise ValueError(f"an import into {into.name} maps {', '.join(into.dimensions)}")
    require_writable(into, target.line_items)


def _check_export(export: ExportDefinition, modules: Mapping[str, ModuleDescription]) -> None:
    require_known("module", export.module, modules)
    module = modules[export.module]
    axes = [*export.rows, *export.columns, *export.pages]
    if export.is_grid and sorted(axes) != sorted([*module.dimensions, LINE_ITEMS]):
        raise ValueError(f"{export.name}: each dimension of {module.name} is on one axis")


def _check_deletion(deletion: DeleteDefinition, modules: Mapping[str, ModuleDescription]) -> None:
    require_known("module", deletion.module, modules)
    module = modules[deletion.module]
    filters = [item for item in module.line_items if item.name == deletion.line_item]
    by_list_alone = module.dimensions == (deletion.list,)
    if not by_list_alone or not filters or filters[0].format is not DataType.BOOLEAN:
        raise ValueError(
            f"{deletion.name}: the filter is a boolean line item by {deletion.list} alone"
        )


def _check_optimizer(
    optimizer: OptimizerDefinition, modules: Mapping[str, ModuleDescription]
) -> None:
    require_known("module", optimizer.module, modules)
    module = modules[optimizer.module]
    writable = {item.name: item.format for item in module.line_items if not item.formula}
    numbers = [name for name, kind in writable.items() if kind is DataType.NUMBER]
    booleans = [name for name, kind in writable.items() if kind is DataType.BOOLEAN]
    require_known(f"writable number line item of {module.name}", optimizer.objective, numbers)
    require_known(f"writable boolean line item of {module.name}", optimizer.choice, booleans)
