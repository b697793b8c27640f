"""What the Integration API says of workspaces, models, files and actions."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from anaplan_sdk.models._base import AnaplanModel, empty_list, named

ImportTypes: TypeAlias = Literal[
    "MODULE_DATA", "HIERARCHY_DATA", "LINE_ITEM_DEFINITION", "USERS", "VERSIONS"
]
ExportTypes: TypeAlias = Literal[
    "TABULAR_MULTI_COLUMN",
    "TABULAR_SINGLE_COLUMN",
    "GRID_ALL_PAGES",
    "GRID_CURRENT_PAGE",
    "AUDIT_LOG",
    "TABULAR_ALL_LINE_ITEMS",
    "TABULAR_CURRENT_LINE_ITEM",
]
ModelStates: TypeAlias = Literal[
    "ARCHIVED",
    "UNLOCKED",
    "ACTIVE",
    "PRODUCTION",
    "MAINTENANCE",
    "PRODUCTION_MAINTENANCE",
    "LOCKED",
]

# Sources that aren't files carry another object's id in the same place, or an empty text.
_FileId: TypeAlias = Annotated[
    int | None, BeforeValidator(lambda value: value if str(value).startswith("113") else None)
]


class User(AnaplanModel):
    """A user. The date is ISO 8601 text, `None` for one who never signed in."""

    id: str
    active: bool = True
    email: str
    email_opt_in: bool = False
    first_name: str = ""
    last_name: str = ""
    last_login_date: str | None = None


class Workspace(AnaplanModel):
    """A workspace, with its sizes in bytes."""

    id: str
    name: str
    active: bool = True
    size_allowance: int = 0
    current_size: int = 0


class CategoryValue(AnaplanModel):
    """One of the categories a model was filed under, such as Region: EMEA."""

    id: str | None = None
    attribute: str | None = None
    category_id: str | None = None
    category_name: str | None = None
    customer_id: str | None = None


class Model(AnaplanModel):
    """A model. Dates are ISO 8601 text; `memory_usage` is in bytes, 0 for an archived model."""

    id: str
    name: str
    active_state: ModelStates | str
    last_saved_serial_number: int = 0
    last_modified_by_user_guid: str = ""
    memory_usage: int = 0
    workspace_id: str = Field(validation_alias=named("currentWorkspaceId", "workspace_id"))
    workspace_name: str = Field(
        "", validation_alias=named("currentWorkspaceName", "workspace_name")
    )
    url: str = Field("", validation_alias=named("modelUrl", "url"))
    category_values: list[CategoryValue] = Field(default_factory=empty_list)
    iso_creation_date: str = ""
    last_modified: str = ""


class ModelWithTransactionInfo(Model):
    """A model, and whether something is changing it right now."""

    model_transaction_running: bool = False


class DeletionFailure(AnaplanModel):
    """A model that was not deleted, and why."""

    model_id: str
    message: str


class ModelDeletionResult(AnaplanModel):
    """What became of a request to delete models."""

    models_deleted: int
    failures: list[DeletionFailure] = Field(
        default_factory=empty_list,
        validation_alias=named("bulkDeleteModelsFailures", "failures"),
    )


class File(AnaplanModel):
    """A file of a model. Rows count from 1; both are -1 until an import was set up for the file."""

    id: int
    name: str
    chunk_count: int = 0
    delimiter: str | None = None
    encoding: str | None = None
    first_data_row: int = -1
    format: str | None = None
    header_row: int = -1
    separator: str | None = None


class FileChunk(AnaplanModel):
    """One chunk of a file's content; ids count from 0."""

    id: int
    name: str = ""


class Import(AnaplanModel):
    """An import. `file_id` is the file to upload to, `None` when the source isn't a file."""

    id: int
    name: str
    type: ImportTypes | str = Field(validation_alias=named("importType", "type"))
    file_id: _FileId = Field(None, validation_alias=named("importDataSourceId", "file_id"))


class Export(AnaplanModel):
    """An export. Its output is the file of the same id. Excel exports have no encoding."""

    id: int
    name: str
    type: ExportTypes | str = Field(validation_alias=named("exportType", "type"))
    format: str = Field("", validation_alias=named("exportFormat", "format"))
    encoding: str | None = None
    layout: ExportTypes | str = ""


class Action(AnaplanModel):
    """An action that is neither an import nor an export nor a process, such as a deletion."""

    id: int
    name: str
    type: str | None = Field(None, validation_alias=named("actionType", "type"))


class Process(AnaplanModel):
    """A process: actions that run one after the other."""

    id: int
    name: str


class ImportSource(AnaplanModel):
    """How the import's file is read. Rows count from 1."""

    text_encoding: str | None = None
    column_separator: str | None = None
    text_delimiter: str | None = None
    header_row: int | None = None
    first_data_row: int | None = None
    decimal_separator: str | None = None
    header_names: list[str] = Field(default_factory=empty_list)
    column_count: int | None = None


class ImportMetadata(AnaplanModel):
    """An import's definition. `source` is `None` when another model is the source."""

    name: str
    type: str | None = None
    source: ImportSource | None = None


class ExportMetadata(AnaplanModel):
    """An export's columns. `row_count` is Anaplan's estimate."""

    column_count: int
    row_count: int | None = None
    header_names: list[str] = Field(default_factory=empty_list)
    data_types: list[str] = Field(default_factory=empty_list)
    list_names: list[str | None] = Field(default_factory=empty_list)
    export_format: str | None = None
    encoding: str | None = None
    separator: str | None = None
    delimiter: str | None = None


class ActionMetadata(AnaplanModel):
    """An action's definition; what is particular to its type is kept as extra fields."""

    id: int | None = None
    name: str
    type: str | None = Field(None, validation_alias=named("actionType", "type"))


class ProcessStep(AnaplanModel):
    """One of a process's actions."""

    id: int
    name: str
    type: str | None = Field(None, validation_alias=named("actionType", "type"))
    import_type: ImportTypes | str | None = None
    file_id: _FileId = Field(None, validation_alias=named("importDataSourceId", "file_id"))
    export_type: ExportTypes | str | None = None
    export_format: str | None = None
    layout: ExportTypes | str | None = None


class ProcessMetadata(AnaplanModel):
    """A process's definition: its actions in the order they run."""

    name: str
    actions: list[ProcessStep] = Field(default_factory=empty_list)


class MappingParameter(AnaplanModel):
    """An answer to a mapping that an import asks for each time it runs.

    Attributes:
        entity_type: The dimension that is asked for, such as "Version".
        entity_name: The item to use.
        import_id: Which import of a process is meant; not needed to run an import itself.
    """

    entity_type: str
    entity_name: str
    import_id: str | None = None


class ConnectorParameter(AnaplanModel):
    """A value for an import through a connector that asks for it each time it runs."""

    source_id_or_type: str
    parameter_id: str
    value: str


class WorkspaceMember(AnaplanModel):
    """An administrator or a visitor of a workspace, and the names of their other workspaces."""

    first_name: str = ""
    last_name: str = ""
    email: str
    active: bool = True
    other_workspaces: list[str] = Field(default_factory=empty_list)
