"""Describing imports, exports, processes and other actions.

Source: docs/anaplan-behaviour.md#action-metadata.
"""

import sqlite3
from typing import Any

from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.action_results import ActionFailed
from anaplan_emulator.engine.actions import Action, steps
from anaplan_emulator.engine.exports import export_metadata
from anaplan_emulator.engine.source_file import SourceFile
from anaplan_emulator.engine.structure import list_by_name, module_by_name
from anaplan_emulator.tenant.action_definitions import (
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    ListTarget,
    OptimizerDefinition,
    OtherDefinition,
    ProcessDefinition,
    SourceField,
)
from anaplan_emulator.tenant.file_format import FileFormat


def describe_action(db: sqlite3.Connection, model: int, action: Action) -> dict[str, Any]:
    """Return an action as JSON values, as in listings."""
    body: dict[str, Any] = {"id": action.id, "name": action.definition.name}
    match action.definition:
        case ImportDefinition() as definition:
            file = file_contents.file_by_name(db, model, definition.file)
            source = {"type": "FILE"} | ({"importDataSourceId": file.id} if file else {})
            body |= {
                "importType": definition.import_type,
                "importDataSourceId": source.get("importDataSourceId", ""),
                "importDataSource": source,
            }
        case ExportDefinition() as definition:
            body |= {
                "exportType": definition.layout,
                "exportFormat": definition.export_format,
                "encoding": definition.encoding,
                "layout": definition.layout,
            }
        case DeleteDefinition():
            body["actionType"] = "DELETE_BY_SELECTION"
        case OptimizerDefinition():
            body["actionType"] = "OPTIMIZER"
        case OtherDefinition() as definition:
            body["actionType"] = definition.action_type
    return body


def describe_import(
    db: sqlite3.Connection, model: int, definition: ImportDefinition, user_id: str, now: float
) -> dict[str, Any]:
    """Return the metadata of an import.

    Its columns are those of the upload, else those that the file is described with, else the ones
    that the import maps.
    """
    file = file_contents.file_by_name(db, model, definition.file)
    file_format = (file.file_format if file else None) or FileFormat()
    header: list[str] = []
    content = file_contents.content_of(db, file, user_id, now) if file else None
    if content is not None and file_contents.is_complete(db, content):
        try:
            header = SourceFile(file_contents.read_all(db, content), file_format).header
        except ActionFailed:
            # Content that does not have the file's format has no columns.
            header = []
    header = header or list(file_format.columns) or _mapped_columns(definition)
    return {
        "name": definition.name,
        "type": "FILE",
        "source": {
            "textEncoding": file_format.encoding,
            "columnSeparator": file_format.separator,
            "textDelimiter": file_format.delimiter,
            "headerRow": file_format.header_row,
            "firstDataRow": file_format.first_data_row,
            "decimalSeparator": file_format.decimal_separator,
            "headerNames": header,
            "columnCount": len(header),
        },
    }


def describe_export(
    db: sqlite3.Connection, model: int, definition: ExportDefinition
) -> dict[str, Any]:
    """Return the metadata of an export."""
    module = module_by_name(db, model, definition.module) if definition.module else None
    return export_metadata(db, module, definition)


def describe_process(
    db: sqlite3.Connection, model: int, definition: ProcessDefinition, *, data_sources: bool
) -> dict[str, Any]:
    """Return a process and its actions, optionally with the data sources of imports."""
    action_bodies = []
    for step in steps(db, model, definition):
        body = describe_action(db, model, step)
        if isinstance(step.definition, ImportDefinition):
            body["actionType"] = "IMPORT"
            if not data_sources:
                del body["importDataSource"]
        elif isinstance(step.definition, ExportDefinition):
            body["actionType"] = "EXPORT"
            del body["encoding"]
        action_bodies.append(body)
    return {"name": definition.name, "actions": action_bodies}


def describe_other(db: sqlite3.Connection, model: int, action: Action) -> dict[str, Any]:
    """Return a deletion or optimizer, with the members of its type."""
    body = describe_action(db, model, action)
    if isinstance(action.definition, DeleteDefinition):
        module = module_by_name(db, model, action.definition.module)
        body["listId"] = list_by_name(db, model, action.definition.list).id
        body["filterLineItemId"] = module.line_item(action.definition.line_item).id
    return body


def _mapped_columns(definition: ImportDefinition) -> list[str]:
    target = definition.target
    if target is None:
        return []
    fields: list[SourceField | None]
    if isinstance(target, ListTarget):
        fields = [target.code, target.name, target.parent, *target.properties.values()]
    else:
        fields = [*target.dimensions.values(), *target.line_items.values()]
    columns = [field.column for field in fields if field and isinstance(field.column, str)]
    return list(dict.fromkeys(columns))
