"""The description of workspaces and models: the part of a tenant's file below the users."""

import math
from collections.abc import Collection, Iterable
from datetime import date
from itertools import chain
from typing import Literal, Self

from pydantic import Field, model_validator

from anaplan_emulator.engine.calendars import Calendar
from anaplan_emulator.engine.definitions import (
    LINE_ITEMS,
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    ListTarget,
    ModuleTarget,
    OptimizerDefinition,
    ProcessDefinition,
)
from anaplan_emulator.engine.formats import DataType
from anaplan_emulator.engine.formulas import is_constant, terms
from anaplan_emulator.engine.source import FileFormat
from anaplan_emulator.store.description import Description
from anaplan_emulator.store.identifiers import lower_hex, upper_hex
from anaplan_emulator.store.view_description import ViewDescription, check_view

TIME = "Time"
VERSIONS = "Versions"

Scalar = str | bool | int | float


class FieldDescription(Description):
    """A list's property or a module's line item."""

    name: str = Field(min_length=1)
    format: DataType = DataType.NUMBER
    list: str = ""
    """Whose items the values are, where the format is LIST."""

    @model_validator(mode="after")
    def _list_where_needed(self) -> Self:
        if (self.format is DataType.LIST) != bool(self.list):
            raise ValueError(f"{self.name}: format LIST and a list go together")
        return self


class PropertyDescription(FieldDescription):
    """A property of a list's items."""

    format: DataType = DataType.TEXT
    display_name: bool = False
    """Whether it stands for the item of a numbered list where people see it."""


class ItemDescription(Description):
    """An item a list starts with."""

    name: str = ""
    code: str | None = None
    parent: str = ""
    properties: dict[str, Scalar] = Field(default_factory=dict)
    subsets: tuple[str, ...] = ()
    """Those it is in, by name."""


class ListDescription(Description):
    """A list: flat, below a parent list, or numbered."""

    name: str = Field(min_length=1)
    numbered: bool = False
    production_data: bool = False
    """Whether its items may change while the model is deployed."""
    parent: str = ""
    properties: tuple[PropertyDescription, ...] = ()
    subsets: tuple[str, ...] = ()
    """Their names."""
    top_level_item: str = ""
    """The name of the item above all others. It is no item that cells are kept for."""
    category: str = ""
    items: tuple[ItemDescription, ...] = ()


class LineItemDescription(FieldDescription):
    """A line item.

    The formulas there are, are constants (TRUE, FALSE, 12.5 or "text"), and sums of the module's
    number line items that have none themselves, such as `Units - Returns`.
    """

    formula: str = ""
    notes: str = ""
    code: str | None = None
    summary: str = ""
    """How Anaplan would sum it up; unless told, `Sum` for numbers and `None` for all else."""
    style: str = "Normal"
    decimal_places: int = Field(default=-1, ge=-1, le=15)
    """How many a number is shown with; -1 for as many as it has."""
    start_of_section: bool = False

    @model_validator(mode="after")
    def _formula_is_one(self) -> Self:
        if self.formula and self.format is DataType.LIST:
            raise ValueError(f"{self.name}: a list item can't be a constant")
        if self.formula and not is_constant(self.formula, self.format):
            if self.format is not DataType.NUMBER:
                raise ValueError(f"{self.name}: {self.formula} is no constant")
            terms(self.formula)
        return self


class ModuleDescription(Description):
    """A module: where its cells are, and what they hold."""

    name: str = Field(min_length=1)
    dimensions: tuple[str, ...] = Field(min_length=1)
    line_items: tuple[LineItemDescription, ...] = Field(min_length=1)
    cells: tuple[dict[str, Scalar], ...] = ()
    """What it starts with: one place each, by the names of dimensions and line items."""
    views: tuple[ViewDescription, ...] = ()
    """Its saved views."""


class ModuleAddition(ModuleDescription):
    """A new module, or line items for one that there is, which has its dimensions already."""

    dimensions: tuple[str, ...] = ()


class StructureDescription(Description):
    """What is added to a model: lists and modules; properties, items and line items of old ones."""

    lists: tuple[ListDescription, ...] = ()
    modules: tuple[ModuleAddition, ...] = ()


class RevisionDescription(Description):
    """A revision of a model."""

    name: str = Field(min_length=1, max_length=60)
    description: str = Field(default="", max_length=250)
    author: str = ""
    """Who made it, by e-mail address; the tenant's first user by default."""
    structure: StructureDescription = StructureDescription()
    """What is added to the model before the revision is made."""


class FileDescription(FileFormat):
    """A file that imports read."""

    name: str = Field(min_length=1)
    default: str | None = None
    """What those read who haven't uploaded anything."""


class CategoryValue(Description):
    """A label on a model."""

    attribute: str
    name: str


class VersionDescription(Description):
    """A version. In a tenant's file its name alone will do."""

    name: str = Field(min_length=1)
    current: bool = False
    """Whether it is the current version; at most one is."""
    actual: bool = False
    """Whether it holds actual data; at most one does."""
    notes: str = ""
    edit_from: date | None = None
    """Any day in the first period that can be edited."""
    edit_to: date | None = None
    switchover: date | None = None
    """Any day in the first period that isn't taken from the actual version any more."""


ActiveState = Literal[
    "UNLOCKED", "PRODUCTION", "ARCHIVED", "LOCKED", "MAINTENANCE", "PRODUCTION_MAINTENANCE"
]


class ModelDescription(Description):
    """A model and everything in it. Ids follow from the order of things."""

    name: str = Field(min_length=1)
    id: str = Field(default="", pattern=r"^([0-9A-F]{32})?$")
    active_state: ActiveState = "UNLOCKED"
    offline: bool = False
    categories: tuple[CategoryValue, ...] = ()
    roles: dict[str, str] = Field(default_factory=dict)
    """Model roles by e-mail address; whoever has none, or `No Access`, doesn't see inside."""
    first_month: date = date(2026, 1, 1)
    """Where the dimension Time begins, if it is of months and has no calendar of its own."""
    months: int = Field(default=12, ge=1)
    calendar: Calendar | None = None
    """Years and periods in more detail; the dimension Time has its periods."""
    versions: tuple[str | VersionDescription, ...] = ("Actual", "Forecast")
    """Unless they tell otherwise, Actual holds actual data, and the first other one is current."""
    lists: tuple[ListDescription, ...] = ()
    modules: tuple[ModuleDescription, ...] = ()
    dashboards: tuple[str, ...] = ()
    """Their names."""
    files: tuple[FileDescription, ...] = ()
    imports: tuple[ImportDefinition, ...] = ()
    exports: tuple[ExportDefinition, ...] = ()
    deletions: tuple[DeleteDefinition, ...] = ()
    optimizers: tuple[OptimizerDefinition, ...] = ()
    processes: tuple[ProcessDefinition, ...] = ()
    revisions: tuple[RevisionDescription, ...] = ()
    """The model's history, the oldest first."""
    copy_of: str = ""
    """A model described before, whose content and history it has, and nothing else."""
    copied_at: str = ""
    """The revision at which it was copied; the latest by default."""

    @property
    def time(self) -> Calendar:
        """Its calendar; fiscal years begin where Time does unless told otherwise."""
        if self.calendar is not None:
            return self.calendar
        return Calendar(
            start=self.first_month.replace(day=1),
            months=self.months,
            future_years=math.ceil(self.months / 12) - 1,
        )

    @property
    def described_versions(self) -> list[VersionDescription]:
        """Its versions, with what follows from their order and names."""
        told = [
            VersionDescription(name=each) if isinstance(each, str) else each
            for each in self.versions
        ]
        actual = next((each for each in told if each.actual), None) or next(
            (each for each in told if each.name.lower() == "actual"), None
        )
        current = next((each for each in told if each.current), None) or next(
            (each for each in told if each is not actual), actual
        )
        return [
            each.model_copy(update={"actual": each is actual, "current": each is current})
            for each in told
        ]

    @model_validator(mode="after")
    def _time_is_told_once(self) -> Self:
        # A kept description is written with all its defaults, and must be read again.
        fields = type(self).model_fields
        own = [n for n in ("first_month", "months") if getattr(self, n) != fields[n].default]
        if self.calendar is not None and own:
            raise ValueError(f"{self.name}: a calendar goes without first_month and months")
        versions = [each for each in self.versions if not isinstance(each, str)]
        for flag in ("current", "actual"):
            if sum(getattr(each, flag) for each in versions) > 1:
                raise ValueError(f"{self.name}: no more than one version is {flag}")
        _require_distinct("version", [each.name for each in self.described_versions])
        return self

    @model_validator(mode="after")
    def _copies_have_no_content(self) -> Self:
        content = ("lists", "modules", "files", "imports", "exports", "deletions", "optimizers")
        own = [name for name in (*content, "processes", "revisions") if getattr(self, name)]
        if self.copy_of and own:
            raise ValueError(f"{self.name} is a copy: it has no {own[0]} of its own")
        _require_distinct("revision", [each.name for each in self.revisions])
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        lists = {each.name: each for each in self.lists}
        modules = {each.name: each for each in self.modules}
        steps = [each.name for each in self.imports]
        steps += [each.name for each in self.exports]
        steps += [each.name for each in self.deletions]
        steps += [each.name for each in self.optimizers]
        for kind, names in {
            "list": [each.name for each in self.lists],
            "module": [each.name for each in self.modules],
            "file": [each.name for each in self.files],
            "action": [*steps, *(each.name for each in self.processes)],
        }.items():
            _require_distinct(kind, names)
        dimensions = [*lists, TIME, VERSIONS]
        for each in self.lists:
            _check_list(each, lists)
        for module in self.modules:
            _check_module(module, lists, dimensions)
        for action in self.imports:
            _require("file", action.file, [file.name for file in self.files])
            if isinstance(action.target, ListTarget):
                _require("list", action.target.list, lists)
                _check_list_import(action.target, lists[action.target.list])
            else:
                _require("module", action.target.module, modules)
                _check_module_import(action.target, modules[action.target.module])
        for export in self.exports:
            _require("module", export.module, modules)
            _check_axes(export, modules[export.module])
        for deletion in self.deletions:
            _require("list", deletion.list, lists)
            _check_deletion(deletion, modules)
        for optimizer in self.optimizers:
            _check_optimizer(optimizer, modules)
        for step in chain.from_iterable(process.actions for process in self.processes):
            _require("action", step, steps)
        return self


class WorkspaceDescription(Description):
    """A workspace and its models."""

    name: str = Field(min_length=1)
    id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    active: bool = True
    size_allowance: int = 1_073_741_824
    single_sign_on: bool = False
    """Whether passwords are refused to its users, but for exception users (facts 2.3)."""
    models: tuple[ModelDescription, ...] = ()

    @property
    def workspace_id(self) -> str:
        """The given id, or one made from the name."""
        return self.id or lower_hex("workspace", self.name)

    def model_id(self, model: ModelDescription) -> str:
        """The given id of one of its models, or one made from the names."""
        return model.id or upper_hex("model", f"{self.name}/{model.name}")

    @model_validator(mode="after")
    def _models_are_distinct(self) -> Self:
        _require_distinct("model", [model.name for model in self.models])
        return self


def _require(kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise ValueError(f"no {kind} is called {name!r}")


def _require_distinct(kind: str, names: Collection[str]) -> None:
    if len({name.lower() for name in names}) < len(names):
        raise ValueError(f"each {kind} needs a name of its own")


def _require_all(kind: str, names: Iterable[str], known: Iterable[FieldDescription]) -> None:
    known_names = [each.name for each in known]
    for name in names:
        _require(kind, name, known_names)


def _check_list(each: ListDescription, lists: dict[str, ListDescription]) -> None:
    if each.parent:
        _require("list", each.parent, lists)
    _require_distinct("property", [field.name for field in each.properties])
    _require_distinct("subset", each.subsets)
    for field in each.properties:
        if field.list:
            _require("list", field.list, lists)
    for item in each.items:
        if bool(item.name) == each.numbered:
            raise ValueError(f"{each.name}: items have names unless the list is numbered")
        _require_all("property", item.properties, each.properties)
        for subset in item.subsets:
            _require("subset", subset, each.subsets)


def _check_module(
    module: ModuleDescription, lists: dict[str, ListDescription], dimensions: list[str]
) -> None:
    _require_distinct("dimension", module.dimensions)
    _require_distinct("line item", [item.name for item in module.line_items])
    for dimension in module.dimensions:
        _require("dimension", dimension, dimensions)
    for item in module.line_items:
        if item.list:
            _require("list", item.list, lists)
        _check_formula(item, module)
    _require_distinct("view", [view.name for view in module.views])
    for view in module.views:
        check_view(view, module.name, module.dimensions, [item.name for item in module.line_items])
        booleans = [item.name for item in module.line_items if item.format is DataType.BOOLEAN]
        if view.filter:
            _require("boolean line item", view.filter, booleans)
    for cell in module.cells:
        _require_writable(module, [name for name in cell if name not in module.dimensions])
        for dimension in module.dimensions:
            _require("place in the cells for", dimension, cell)


def _check_formula(item: LineItemDescription, module: ModuleDescription) -> None:
    if not item.formula or is_constant(item.formula, item.format):
        return
    for term in terms(item.formula):
        if not any(
            each.name == term.name and each.format is DataType.NUMBER and not each.formula
            for each in module.line_items
        ):
            raise ValueError(
                f"{item.name}: {item.formula} is neither a constant nor a sum: {term.name!r} is no"
                f" number line item of {module.name}, or has a formula itself"
            )


def _require_writable(module: ModuleDescription, line_items: Iterable[str]) -> None:
    writable = [item for item in module.line_items if not item.formula]
    _require_all(f"writable line item of {module.name}", line_items, writable)


def _check_list_import(target: ListTarget, into: ListDescription) -> None:
    _require_all("property", target.properties, into.properties)
    if target.parent is not None and not into.parent:
        raise ValueError(f"{into.name} has no parent list")
    if into.numbered and (target.name is not None or target.recognised_by != "code"):
        raise ValueError(f"{into.name} is numbered: its items are recognised by code")


def _check_module_import(target: ModuleTarget, into: ModuleDescription) -> None:
    if set(target.dimensions) != set(into.dimensions):
        raise ValueError(f"an import into {into.name} maps {', '.join(into.dimensions)}")
    _require_writable(into, target.line_items)


def _check_axes(export: ExportDefinition, module: ModuleDescription) -> None:
    axes = [*export.rows, *export.columns, *export.pages]
    if export.is_grid and sorted(axes) != sorted([*module.dimensions, LINE_ITEMS]):
        raise ValueError(f"{export.name}: each dimension of {module.name} is on one axis")


def _check_deletion(deletion: DeleteDefinition, modules: dict[str, ModuleDescription]) -> None:
    _require("module", deletion.module, modules)
    module = modules[deletion.module]
    chosen = [item for item in module.line_items if item.name == deletion.line_item]
    by_list_alone = module.dimensions == (deletion.list,)
    if not by_list_alone or not chosen or chosen[0].format is not DataType.BOOLEAN:
        raise ValueError(
            f"{deletion.name}: the filter is a boolean line item by {deletion.list} alone"
        )


def _check_optimizer(optimizer: OptimizerDefinition, modules: dict[str, ModuleDescription]) -> None:
    _require("module", optimizer.module, modules)
    module = modules[optimizer.module]
    writable = {item.name: item.format for item in module.line_items if not item.formula}
    numbers = [name for name, kind in writable.items() if kind is DataType.NUMBER]
    booleans = [name for name, kind in writable.items() if kind is DataType.BOOLEAN]
    _require(f"writable number line item of {module.name}", optimizer.objective, numbers)
    _require(f"writable boolean line item of {module.name}", optimizer.choice, booleans)
