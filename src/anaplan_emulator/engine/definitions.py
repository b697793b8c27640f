"""What imports, exports, deletions, optimizers and processes are set up to do.

A tenant's file describes them in these terms, by the names of lists and modules; the store keeps
them as they are written there.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from anaplan_emulator.store.description import Description

LINE_ITEMS = "Line Items"
"""The name under which a module's line items stand on an axis of a grid."""


class SourceField(Description):
    """Where a value comes from: a column, a constant, or whoever runs the import.

    In a tenant's file a column may be written as its name or number alone.
    """

    column: str | int | None = None
    constant: str | None = None
    ask: str | None = None
    """The `entityType` whose `entityName` the run must give in its mapping parameters."""
    match: Literal["name", "code", "either"] = "either"
    """How texts find list items; either means by code first."""

    @model_validator(mode="after")
    def _one_origin(self) -> "SourceField":
        if sum(origin is not None for origin in (self.column, self.constant, self.ask)) != 1:
            raise ValueError("a source is one of column, constant and ask")
        return self


def _column_alone(value: Any) -> Any:
    return {"column": value} if isinstance(value, str | int) else value


FieldSource = Annotated[SourceField, BeforeValidator(_column_alone)]


class ListTarget(Description):
    """Rows become items of a list."""

    list: str
    key: Literal["code", "name", ""] = ""
    """What items are recognised by; unless told, by code if that is mapped, else by name."""
    code: FieldSource | None = None
    name: FieldSource | None = None
    parent: FieldSource | None = None
    properties: dict[str, FieldSource] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_key(self) -> "ListTarget":
        if getattr(self, self.recognised_by) is None:
            raise ValueError(f"the {self.recognised_by} that items are recognised by isn't mapped")
        return self

    @property
    def recognised_by(self) -> Literal["code", "name"]:
        """The field that is the key."""
        return self.key or ("name" if self.code is None else "code")


class ModuleTarget(Description):
    """Rows become cells of a module."""

    module: str
    dimensions: dict[str, FieldSource]
    line_items: dict[str, FieldSource] = Field(min_length=1)


def _kind_of_target(value: Any) -> Literal["ListTarget", "ModuleTarget"]:
    """Tell what a target is meant to be, so that only that kind's mistakes are told."""
    into_module = "module" in value if isinstance(value, dict) else isinstance(value, ModuleTarget)
    return "ModuleTarget" if into_module else "ListTarget"


ImportTarget = Annotated[
    Annotated[ListTarget, Tag("ListTarget")] | Annotated[ModuleTarget, Tag("ModuleTarget")],
    Discriminator(_kind_of_target),
]


class ImportDefinition(Description):
    """An import from an uploaded file."""

    kind: Literal["import"] = "import"
    name: str
    file: str
    target: ImportTarget

    @property
    def import_type(self) -> str:
        """Anaplan's word for the kind of target."""
        return "HIERARCHY_DATA" if isinstance(self.target, ListTarget) else "MODULE_DATA"


class ExportDefinition(Description):
    """An export of a module's cells.

    A grid has `rows` and `columns`, and its other dimensions on `pages`; the line items are on
    one of the latter two. A tabular export needs no axes.
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
    """What stands for list items; a numbered list's name is its display name where it has one."""
    omit_empty_rows: bool = False
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = (LINE_ITEMS,)
    pages: tuple[str, ...] = ()

    @property
    def is_grid(self) -> bool:
        """Whether it is laid out as a grid."""
        return self.layout.startswith("GRID")

    @property
    def separator(self) -> str:
        """What stands between columns."""
        return "," if self.export_format == "text/csv" else "\t"

    @model_validator(mode="after")
    def _axes(self) -> "ExportDefinition":
        if self.is_grid:
            if (LINE_ITEMS in self.columns) == (LINE_ITEMS in self.pages):
                raise ValueError(f"{LINE_ITEMS} must be on columns or on pages")
            if LINE_ITEMS in self.columns[:-1] or not self.rows:
                raise ValueError(f"a grid needs rows, and {LINE_ITEMS} come last on columns")
        elif self.rows or self.pages or self.columns != (LINE_ITEMS,):
            raise ValueError("only a grid has axes")
        return self


class DeleteDefinition(Description):
    """Deletes those items of a list for which a boolean line item is true."""

    kind: Literal["delete"] = "delete"
    name: str
    list: str
    module: str
    line_item: str


class OptimizerDefinition(Description):
    """Chooses the places of a module that bring the most, and writes down which they are."""

    kind: Literal["optimizer"] = "optimizer"
    name: str
    module: str
    objective: str
    """The number line item whose sum over the chosen places is to be the greatest."""
    choice: str
    """The boolean line item that is true where a place was chosen, and nowhere else."""
    at_most: int = Field(ge=1)
    """How many may be chosen."""


class ProcessDefinition(Description):
    """Runs actions one after another."""

    kind: Literal["process"] = "process"
    name: str
    actions: list[str] = Field(min_length=1)
    """Their names."""


ActionDefinition = Annotated[
    ImportDefinition
    | ExportDefinition
    | DeleteDefinition
    | OptimizerDefinition
    | ProcessDefinition,
    Field(discriminator="kind"),
]
