"""Models of the Integration API: imports, exports, processes and other actions."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from anaplan_sdk.models._base import AnaplanModel, ObjectId, aliases, empty_list

ImportTypes: TypeAlias = Literal[
    "MODULE_DATA", "HIERARCHY_DATA", "LINE_ITEM_DEFINITION", "USERS", "VERSIONS"
]
"""What an import writes to. `HIERARCHY_DATA` is the items of a list."""

ExportTypes: TypeAlias = Literal[
    "TABULAR_MULTI_COLUMN",
    "TABULAR_SINGLE_COLUMN",
    "GRID_ALL_PAGES",
    "GRID_CURRENT_PAGE",
    "AUDIT_LOG",
    "TABULAR_ALL_LINE_ITEMS",
    "TABULAR_CURRENT_LINE_ITEM",
]
"""The layouts of an export."""

# Where the source is not a file, the field has the id of another object, or an empty text.
_FileId: TypeAlias = Annotated[
    ObjectId | None, BeforeValidator(lambda value: value if str(value).startswith("113") else None)
]


class Import(AnaplanModel):
    """An import.

    Attributes:
        id: The id, `112...`.
        name: The name.
        type: What it writes to, one of `ImportTypes` or one that is not known yet.
        file_id: The id of the file to upload to; None when the source is not a file.

    Source: Anaplan Integration API V2 guide, "List imports in a model".
    """

    id: ObjectId
    name: str = ""
    type: ImportTypes | str = Field(default="", validation_alias=aliases("importType", "type"))
    file_id: _FileId = Field(
        default=None, validation_alias=aliases("importDataSourceId", "file_id")
    )


class Export(AnaplanModel):
    """An export. Its output is the file with the same id.

    Attributes:
        id: The id, `116...`.
        name: The name.
        type: The layout, one of `ExportTypes` or one that is not known yet.
        format: The format: `text/csv`, `text/plain` or `application/vnd.ms-excel`.
        encoding: The encoding, such as `UTF-8`; None for Excel.
        layout: The layout once more, as Anaplan's `layout` field has it.

    Source: Anaplan Integration API V2 guide, "List the available export definitions".
    """

    id: ObjectId
    name: str = ""
    type: ExportTypes | str = Field(default="", validation_alias=aliases("exportType", "type"))
    format: str = Field(default="", validation_alias=aliases("exportFormat", "format"))
    encoding: str | None = None
    layout: ExportTypes | str = ""


class Action(AnaplanModel):
    """An action that is neither an import nor an export nor a process, such as a deletion.

    Attributes:
        id: The id, `117...`.
        name: The name.
        type: The type, such as `DELETE_BY_SELECTION`, `ORDER_HIERARCHY`, `BULK_COPY` or
            `OPTIMIZER`; None for an action that opens a dashboard.

    Source: Anaplan Integration API V2 guide, "List the actions in the model".
    """

    id: ObjectId
    name: str = ""
    type: str | None = Field(default=None, validation_alias=aliases("actionType", "type"))


class Process(AnaplanModel):
    """A process: actions that run one after the other.

    Attributes:
        id: The id, `118...`.
        name: The name.

    Source: Anaplan Integration API V2 guide, "List the process definitions available in a model".
    """

    id: ObjectId
    name: str = ""


class ImportSource(AnaplanModel):
    """How an import reads its file.

    Attributes:
        text_encoding: The encoding, such as `UTF-8`.
        column_separator: The character between columns.
        text_delimiter: The character around texts.
        header_row: The row with the names of the columns, from 1.
        first_data_row: The row the data starts in, from 1.
        decimal_separator: The character before decimals.
        header_names: The names of the columns.
        column_count: The number of columns.

    Source: Anaplan Integration API V2 guide, "Get the metadata for an import definition".
    """

    text_encoding: str | None = None
    column_separator: str | None = None
    text_delimiter: str | None = None
    header_row: int | None = None
    first_data_row: int | None = None
    decimal_separator: str | None = None
    header_names: list[str] = Field(default_factory=empty_list)
    column_count: int | None = None


class ImportMetadata(AnaplanModel):
    """The definition of an import.

    Attributes:
        name: The name.
        type: The type of the source, such as `FILE` or `MODEL`.
        source: How the file is read; None when the source is not a file.

    Source: Anaplan Integration API V2 guide, "Get the metadata for an import definition".
    """

    name: str = ""
    type: str | None = None
    source: ImportSource | None = None


class ExportMetadata(AnaplanModel):
    """The definition of an export.

    Attributes:
        column_count: The number of columns.
        row_count: Anaplan's estimate of the number of rows.
        header_names: The names of the columns.
        data_types: The types of the columns, such as `TEXT`, `NUMBER`, `BOOLEAN`, `DATE`, `ENTITY`
            (a list item), `TIME_ENTITY`, or `MIXED` when line items stand on rows or pages.
        list_names: The list of each column; None or empty for a column without one.
        export_format: The format: `text/csv`, `text/plain` or `application/vnd.ms-excel`.
        encoding: The encoding, such as `UTF-8`; None for Excel.
        separator: The character between columns.
        delimiter: The character around texts.

    Source: Anaplan Integration API V2 guide, "Get the metadata for an export definition".
    """

    column_count: int = 0
    row_count: int | None = None
    header_names: list[str] = Field(default_factory=empty_list)
    data_types: list[str] = Field(default_factory=empty_list)
    list_names: list[str | None] = Field(default_factory=empty_list)
    export_format: str | None = None
    encoding: str | None = None
    separator: str | None = None
    delimiter: str | None = None


class ActionMetadata(AnaplanModel):
    """The definition of an action. Fields that only its type has are kept as extra fields.

    Attributes:
        id: The id, `117...`.
        name: The name.
        type: The type, such as `DELETE_BY_SELECTION`, which has the extra fields `listId` and
            `filterLineItemId`.

    Source: Anaplan Integration API V2 guide, "List the actions in the model".
    """

    id: ObjectId | None = None
    name: str = ""
    type: str | None = Field(default=None, validation_alias=aliases("actionType", "type"))


class ProcessStep(AnaplanModel):
    """An action of a process.

    Attributes:
        id: The id of the import, export or other action.
        name: Its name.
        type: Its type: `IMPORT`, `EXPORT`, or that of another action.
        import_type: What an import writes to, one of `ImportTypes` or one that is not known yet.
        file_id: The id of the file an import reads; None when its source is not a file.
        export_type: The layout of an export, one of `ExportTypes` or one that is not known yet.
        export_format: The format of an export, such as `text/csv`.
        layout: The layout of an export once more, as Anaplan's `layout` field has it.

    Source: Anaplan Integration API V2 guide, "Retrieve metadata for a process".
    """

    id: ObjectId
    name: str = ""
    type: str | None = Field(default=None, validation_alias=aliases("actionType", "type"))
    import_type: ImportTypes | str | None = None
    file_id: _FileId = Field(
        default=None, validation_alias=aliases("importDataSourceId", "file_id")
    )
    export_type: ExportTypes | str | None = None
    export_format: str | None = None
    layout: ExportTypes | str | None = None


class ProcessMetadata(AnaplanModel):
    """The definition of a process.

    Attributes:
        name: The name.
        actions: Its actions, in the order in which they run.

    Source: Anaplan Integration API V2 guide, "Retrieve metadata for a process".
    """

    name: str = ""
    actions: list[ProcessStep] = Field(default_factory=empty_list)


class MappingParameter(AnaplanModel):
    """The value for a mapping of an import that is chosen each time the import runs.

    Attributes:
        entity_type: The dimension that is mapped, such as `Version`.
        entity_name: The name of the item to use.
        import_id: The id of the import within a process; not needed for an import that runs alone.

    Source: Anaplan Integration API V2 guide, "Start the import" and "Start the process".
    """

    entity_type: str
    entity_name: str
    import_id: str | None = None


class ConnectorParameter(AnaplanModel):
    """The value for a parameter of a connector that is chosen each time the import runs.

    Attributes:
        source_id_or_type: The id or the type of the import's source.
        parameter_id: The id of the parameter.
        value: The value.

    Source: Anaplan Integration API V2 guide, "Start the import".
    """

    source_id_or_type: str
    parameter_id: str
    value: str
