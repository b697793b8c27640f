"""Definitions of actions: imports, exports, deletions, optimizers and processes.

They refer to lists and modules by name, in a tenant's file and in the database alike.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from anaplan_emulator.tenant.description import Captured, Description, ObjectId
from anaplan_emulator.tenant.problems import Mistake

LINE_ITEMS: Final = "Line Items"
"""The name of the line items on an axis of a grid."""


class SourceField(Description):
    """The source of a value: a column, a constant, or a parameter of the run.

    In a tenant's file, a column can be written as its name or number alone.
    """

    column: str | int | None = Field(default=None, examples=["sku"])
    """Name of a column of the file, or its number from 1."""
    constant: str | None = Field(default=None, examples=["Actual"])
    """A value that is the same for all rows."""
    ask: str | None = Field(default=None, examples=["Version"])
    """An `entityType`: the run gives the `entityName` in its mapping parameters."""
    match: Literal["name", "code", "either"] = Field(default="either", examples=["code"])
    """How texts are matched with list items; `either` tries the code first."""

    @model_validator(mode="after")
    def _check_source(self) -> "SourceField":
        if sum(source is not None for source in (self.column, self.constant, self.ask)) != 1:
            raise Mistake(
                "a source is one of column, constant and ask", "Write exactly one of them."
            )
        return self


def _column_alone(value: Any) -> Any:
    return {"column": value} if isinstance(value, str | int) else value


FieldSource = Annotated[
    SourceField, BeforeValidator(_column_alone, json_schema_input_type=str | int | SourceField)
]


class ListTarget(Description):
    """An import into a list: rows become items."""

    list: str = Field(examples=["Products"])
    """Name of the list."""
    key: Literal["code", "name", ""] = Field(default="", examples=["code"])
    """The field that identifies items. By default the code if it is mapped, otherwise the name."""
    code: FieldSource | None = Field(default=None, examples=["sku"])
    """Source of the items' codes."""
    name: FieldSource | None = Field(default=None, examples=["product"])
    """Source of the items' names."""
    parent: FieldSource | None = Field(default=None, examples=["region"])
    """Source of the items' parents, which are names or codes in the parent list."""
    properties: dict[str, FieldSource] = Field(default_factory=dict, examples=[{"Price": "price"}])
    """Sources of properties, by the name of the property."""

    @model_validator(mode="after")
    def _check_key(self) -> "ListTarget":
        if getattr(self, self.identified_by) is None:
            raise Mistake(
                f"the {self.identified_by} that identifies items isn't mapped",
                f"Add {self.identified_by} with the name of a column.",
            )
        return self

    @property
    def identified_by(self) -> Literal["code", "name"]:
        """The field that identifies items."""
        return self.key or ("name" if self.code is None else "code")


class ModuleTarget(Description):
    """An import into a module: rows become cells."""

    module: str = Field(examples=["Sales"])
    """Name of the module."""
    dimensions: dict[str, FieldSource] = Field(
        examples=[{"Products": "sku", "Versions": {"constant": "Actual"}}]
    )
    """Sources of the items, by the name of the dimension; all dimensions of the module."""
    line_items: dict[str, FieldSource] = Field(min_length=1, examples=[{"Units": "units"}])
    """Sources of the values, by the name of the line item."""


def _target_type(value: Any) -> Literal["ListTarget", "ModuleTarget"]:
    """Return the intended type, so that errors are reported for that type only."""
    into_module = "module" in value if isinstance(value, dict) else isinstance(value, ModuleTarget)
    return "ModuleTarget" if into_module else "ListTarget"


ImportTarget = Annotated[
    Annotated[ListTarget, Tag("ListTarget")] | Annotated[ModuleTarget, Tag("ModuleTarget")],
    Discriminator(_target_type),
]


class ImportDefinition(Captured):
    """An import from an uploaded file."""

    kind: Literal["import"] = Field(default="import", examples=["import"])
    """The kind of action, which may be left out."""
    id: ObjectId = Field(default="", examples=["112000000000"])
    """Its id; derived from the order of the imports by default."""
    name: str = Field(examples=["Products from products.csv"])
    """Name of the action."""
    file: str = Field(default="", examples=["products.csv"])
    """Name of the file that it reads; "" if its source is not a file."""
    target: ImportTarget | None = Field(
        default=None, examples=[{"list": "Products", "code": "sku", "name": "product"}]
    )
    """Where rows go. An import without a target or a file is listed, but fails when it is run."""
    type: Literal["HIERARCHY_DATA", "MODULE_DATA", ""] = Field(default="", examples=["MODULE_DATA"])
    """Anaplan's `importType`, for an import without a target."""

    @property
    def import_type(self) -> str:
        """Anaplan's `importType`."""
        if self.target is None:
            return self.type or "MODULE_DATA"
        return "HIERARCHY_DATA" if isinstance(self.target, ListTarget) else "MODULE_DATA"


class ExportDefinition(Captured):
    """An export of a module's cells.

    A grid has dimensions on `rows`, `columns` and `pages`, and the line items on columns or pages.
    A tabular export has no axes.
    """

    kind: Literal["export"] = Field(default="export", examples=["export"])
    """The kind of action, which may be left out."""
    id: ObjectId = Field(default="", examples=["116000000000"])
    """Its id; derived from the order of the exports by default."""
    name: str = Field(examples=["Sales.csv"])
    """Name of the action, and of the file that it writes."""
    module: str = Field(default="", examples=["Sales"])
    """The module; an export without one is listed, but fails when it is run."""
    layout: Literal[
        "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_MULTI_COLUMN", "TABULAR_SINGLE_COLUMN"
    ] = Field(default="TABULAR_MULTI_COLUMN", examples=["GRID_ALL_PAGES"])
    """Layout of the file."""
    export_format: Literal["text/csv", "text/plain"] = Field(
        default="text/csv", examples=["text/plain"]
    )
    """Format of the file: separated by commas, or by tabs."""
    encoding: Literal["UTF-8", "ISO-8859-1", "UTF-16LE"] = Field(
        default="UTF-8", examples=["UTF-8"]
    )
    """Encoding of the file."""
    labels: Literal["name", "code"] = Field(default="name", examples=["code"])
    """How list items are shown. In a numbered list the display name, if any, replaces the name."""
    omit_empty_rows: bool = Field(default=False, examples=[True])
    """Whether rows without values are left out."""
    rows: tuple[str, ...] = Field(default=(), examples=[["Products"]])
    """Dimensions on rows, in a grid."""
    columns: tuple[str, ...] = Field(default=(LINE_ITEMS,), examples=[["Time", "Line Items"]])
    """Dimensions on columns, in a grid."""
    pages: tuple[str, ...] = Field(default=(), examples=[["Versions"]])
    """Dimensions on pages, in a grid."""

    @property
    def is_grid(self) -> bool:
        """Whether its layout is a grid."""
        return self.layout.startswith("GRID")

    @property
    def separator(self) -> str:
        """The separator between columns."""
        return "," if self.export_format == "text/csv" else "\t"

    @model_validator(mode="after")
    def _check_axes(self) -> "ExportDefinition":
        if self.is_grid:
            if (LINE_ITEMS in self.columns) == (LINE_ITEMS in self.pages):
                raise Mistake(f"{LINE_ITEMS} must be on columns or on pages", member="columns")
            if LINE_ITEMS in self.columns[:-1] or not self.rows:
                raise Mistake(
                    f"a grid needs rows, and {LINE_ITEMS} come last on columns",
                    member="columns" if self.rows else "rows",
                )
        elif self.rows or self.pages or self.columns != (LINE_ITEMS,):
            raise Mistake(
                "only a grid has axes", "Remove rows, columns and pages, or choose a GRID layout."
            )
        return self


class DeleteDefinition(Captured):
    """A deletion of those items of a list for which a boolean line item is true."""

    kind: Literal["delete"] = Field(default="delete", examples=["delete"])
    """The kind of action, which may be left out."""
    id: ObjectId = Field(default="", examples=["117000000000"])
    """Its id; derived from the order of the actions by default."""
    name: str = Field(examples=["Delete closed shops"])
    """Name of the action."""
    list: str = Field(examples=["Shops"])
    """Name of the list."""
    module: str = Field(examples=["Shop details"])
    """Name of a module whose only dimension is the list."""
    line_item: str = Field(examples=["Closed"])
    """Name of a boolean line item of the module."""


class OptimizerDefinition(Captured):
    """An optimizer: it selects the cells of a line item with the greatest values."""

    kind: Literal["optimizer"] = Field(default="optimizer", examples=["optimizer"])
    """The kind of action, which may be left out."""
    id: ObjectId = Field(default="", examples=["117000000001"])
    """Its id; derived from the order of the actions by default."""
    name: str = Field(examples=["Choose routes"])
    """Name of the action."""
    module: str = Field(examples=["Routes"])
    """Name of the module."""
    objective: str = Field(examples=["Profit"])
    """The number line item whose sum over the selection is maximized."""
    choice: str = Field(examples=["Selected"])
    """The boolean line item that is set to true for the selection, and cleared elsewhere."""
    at_most: int = Field(ge=1, examples=[10])
    """Greatest size of the selection."""


class ProcessDefinition(Captured):
    """A process, which runs actions one after another."""

    kind: Literal["process"] = Field(default="process", examples=["process"])
    """The kind of action, which may be left out."""
    id: ObjectId = Field(default="", examples=["118000000000"])
    """Its id; derived from the order of the processes by default."""
    name: str = Field(examples=["Load products"])
    """Name of the process."""
    actions: list[str] = Field(min_length=1, examples=[["Products from products.csv", "Sales.csv"]])
    """Names of the actions."""


class OtherDefinition(Captured):
    """An action of a kind that the emulator doesn't run: it is listed, but fails when it is run."""

    kind: Literal["other"] = Field(default="other", examples=["other"])
    """The kind of action, which may be left out."""
    id: ObjectId = Field(default="", examples=["117000000002"])
    """Its id; derived from the order of the actions by default."""
    name: str = Field(examples=["Open the dashboard"])
    """Name of the action."""
    action_type: str = Field(default="OTHER", examples=["OTHER"])
    """Anaplan's `actionType`."""


ActionDefinition = Annotated[
    ImportDefinition
    | ExportDefinition
    | DeleteDefinition
    | OptimizerDefinition
    | ProcessDefinition
    | OtherDefinition,
    Field(discriminator="kind"),
]

ACTION_CLASSES: Mapping[str, type[ActionDefinition]] = {
    "imports": ImportDefinition,
    "exports": ExportDefinition,
    "deletions": DeleteDefinition,
    "optimizers": OptimizerDefinition,
    "other_actions": OtherDefinition,
    "processes": ProcessDefinition,
}
"""The classes of actions, by the member of a model's description that contains them."""

ACTION_PREFIXES = {
    "import": "112",
    "export": "116",
    "delete": "117",
    "optimizer": "117",
    "process": "118",
    "other": "117",
}
"""The first three digits of ids, by kind of definition (docs/anaplan-behaviour.md#id-prefixes)."""
