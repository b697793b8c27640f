"""Definitions of actions: imports, exports, deletions, optimizers and processes.

They refer to lists and modules by name, in a tenant's file and in the database alike.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from anaplan_emulator.tenant.description import Description

LINE_ITEMS = "Line Items"
"""The name of the line items on an axis of a grid."""


class SourceField(Description):
    """The source of a value: a column, a constant, or a parameter of the run.

    In a tenant's file, a column can be written as its name or number alone.
    """

    column: str | int | None = None
    constant: str | None = None
    ask: str | None = None
    """An `entityType`: the run gives the `entityName` in its mapping parameters."""
    match: Literal["name", "code", "either"] = "either"
    """How texts are matched with list items; `either` tries the code first."""

    @model_validator(mode="after")
    def _check_source(self) -> "SourceField":
        if sum(source is not None for source in (self.column, self.constant, self.ask)) != 1:
            raise ValueError("a source is one of column, constant and ask")
        return self


def _column_alone(value: Any) -> Any:
    return {"column": value} if isinstance(value, str | int) else value


FieldSource = Annotated[SourceField, BeforeValidator(_column_alone)]


class ListTarget(Description):
    """An import into a list: rows become items."""

    list: str
    key: Literal["code", "name", ""] = ""
    """The field that identifies items. By default the code if it is mapped, otherwise the name."""
    code: FieldSource | None = None
    name: FieldSource | None = None
    parent: FieldSource | None = None
    properties: dict[str, FieldSource] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_key(self) -> "ListTarget":
        if getattr(self, self.identified_by) is None:
            raise ValueError(f"the {self.identified_by} that identifies items isn't mapped")
        return self

    @property
    def identified_by(self) -> Literal["code", "name"]:
        """The field that identifies items."""
        return self.key or ("name" if self.code is None else "code")


class ModuleTarget(Description):
    """An import into a module: rows become cells."""

    module: str
    dimensions: dict[str, FieldSource]
    line_items: dict[str, FieldSource] = Field(min_length=1)


def _target_type(value: Any) -> Literal["ListTarget", "ModuleTarget"]:
    """Return the intended type, so that errors are reported for that type only."""
    into_module = "module" in value if isinstance(value, dict) else isinstance(value, ModuleTarget)
    return "ModuleTarget" if into_module else "ListTarget"


ImportTarget = Annotated[
    Annotated[ListTarget, Tag("ListTarget")] | Annotated[ModuleTarget, Tag("ModuleTarget")],
    Discriminator(_target_type),
]


class ImportDefinition(Description):
    """An import from an uploaded file."""

    kind: Literal["import"] = "import"
    name: str
    file: str
    target: ImportTarget

    @property
    def import_type(self) -> str:
        """Anaplan's `importType`."""
        return "HIERARCHY_DATA" if isinstance(self.target, ListTarget) else "MODULE_DATA"


class ExportDefinition(Description):
    """An export of a module's cells.

    A grid has dimensions on `rows`, `columns` and `pages`, and the line items on columns or pages.
    A tabular export has no axes.
    """

    kind: Literal["export"] = "export"
    name: str
    module: str
    layout: Literal[
        "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_MULTI_COLUMN", "TABULAR_SINGLE_COLUMN"
    ] = "TABULAR_MULTI_COLUMN"
    export_format: Literal["text/csv", "text/plain"] = "text/csv"
    encoding: Literal["UTF-8", "ISO-8859-1", "UTF-16LE"] = "UTF-8"
    labels: Literal["name", "code"] = "name"
    """How list items are shown. In a numbered list the display name, if any, replaces the name."""
    omit_empty_rows: bool = False
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = (LINE_ITEMS,)
    pages: tuple[str, ...] = ()

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
                raise ValueError(f"{LINE_ITEMS} must be on columns or on pages")
            if LINE_ITEMS in self.columns[:-1] or not self.rows:
                raise ValueError(f"a grid needs rows, and {LINE_ITEMS} come last on columns")
        elif self.rows or self.pages or self.columns != (LINE_ITEMS,):
            raise ValueError("only a grid has axes")
        return self


class DeleteDefinition(Description):
    """A deletion of those items of a list for which a boolean line item is true."""

    kind: Literal["delete"] = "delete"
    name: str
    list: str
    module: str
    line_item: str


class OptimizerDefinition(Description):
    """An optimizer: it selects the cells of a line item with the greatest values."""

    kind: Literal["optimizer"] = "optimizer"
    name: str
    module: str
    objective: str
    """The number line item whose sum over the selection is maximized."""
    choice: str
    """The boolean line item that is set to true for the selection, and cleared elsewhere."""
    at_most: int = Field(ge=1)
    """Greatest size of the selection."""


class ProcessDefinition(Description):
    """A process, which runs actions one after another."""

    kind: Literal["process"] = "process"
    name: str
    actions: list[str] = Field(min_length=1)
    """Names of the actions."""


ActionDefinition = Annotated[
    ImportDefinition
    | ExportDefinition
    | DeleteDefinition
    | OptimizerDefinition
    | ProcessDefinition,
    Field(discriminator="kind"),
]

ACTION_PREFIXES = {
    "import": "112",
    "export": "116",
    "delete": "117",
    "optimizer": "117",
    "process": "118",
}
"""The first three digits of ids, by kind of definition (docs/anaplan-behaviour.md#id-prefixes)."""
