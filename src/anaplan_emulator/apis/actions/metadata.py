"""How imports, exports, processes and other actions are described (facts 4.13, 4.18)."""

import sqlite3
from typing import Any

from anaplan_emulator.engine import contents
from anaplan_emulator.engine.actions import Action, steps
from anaplan_emulator.engine.definitions import (
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    ListTarget,
    OptimizerDefinition,
    ProcessDefinition,
    SourceField,
)
from anaplan_emulator.engine.exports import describe
from anaplan_emulator.engine.outcomes import ActionFailed
from anaplan_emulator.engine.source import FileFormat, Source
from anaplan_emulator.engine.structure import list_by_name, module_by_name


def describe_action(db: sqlite3.Connection, model: int, action: Action) -> dict[str, Any]:
    """Write an action as the listing of its kind does."""
    body: dict[str, Any] = {"id": action.id, "name": action.definition.name}
    match action.definition:
        case ImportDefinition() as definition:
            file = contents.file_by_name(db, model, definition.file)
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
    return body


def describe_import(
    db: sqlite3.Connection, model: int, definition: ImportDefinition, user_id: str, now: float
) -> dict[str, Any]:
    """Write what is known of an import's source: its columns as last uploaded, or as mapped."""
    file = contents.file_by_name(db, model, definition.file)
    form = (file.form if file else None) or FileFormat()
    header: list[str] = []
    content = contents.content_of(db, file, user_id, now) if file else None
    if content is not None and contents.is_whole(db, content):
        try:
            header = Source(contents.read_all(db, content), form).header
        except ActionFailed:
            # Content that isn't what its file says has no columns to name.
            header = []
    header = header or _mapped_columns(definition)
    return {
        "name": definition.name,
        "type": "FILE",
        "source": {
            "textEncoding": form.encoding,
            "columnSeparator": form.separator,
            "textDelimiter": form.delimiter,
            "headerRow": form.header_row,
            "firstDataRow": form.first_data_row,
            "decimalSeparator": form.decimal_separator,
            "headerNames": header,
            "columnCount": len(header),
        },
    }


def describe_export(
    db: sqlite3.Connection, model: int, definition: ExportDefinition
) -> dict[str, Any]:
    """Write the metadata of an export's output."""
    return describe(db, module_by_name(db, model, definition.module), definition)


def describe_process(
    db: sqlite3.Connection, model: int, definition: ProcessDefinition, *, data_sources: bool
) -> dict[str, Any]:
    """Write a process and its actions, with the sources of its imports when asked for."""
    described = []
    for step in steps(db, model, definition):
        body = describe_action(db, model, step)
        if isinstance(step.definition, ImportDefinition):
            body["actionType"] = "IMPORT"
            if not data_sources:
                del body["importDataSource"]
        elif isinstance(step.definition, ExportDefinition):
            body["actionType"] = "EXPORT"
            del body["encoding"]
        described.append(body)
    return {"name": definition.name, "actions": described}


def describe_other(db: sqlite3.Connection, model: int, action: Action) -> dict[str, Any]:
    """Write an action of prefix 117, with what its type adds."""
    body = describe_action(db, model, action)
    if isinstance(action.definition, DeleteDefinition):
        module = module_by_name(db, model, action.definition.module)
        body["listId"] = list_by_name(db, model, action.definition.list).id
        body["filterLineItemId"] = module.line_item(action.definition.line_item).id
    return body


def _mapped_columns(definition: ImportDefinition) -> list[str]:
    target = definition.target
    fields: list[SourceField | None]
    if isinstance(target, ListTarget):
        fields = [target.code, target.name, target.parent, *target.properties.values()]
    else:
        fields = [*target.dimensions.values(), *target.line_items.values()]
    columns = [field.column for field in fields if field and isinstance(field.column, str)]
    return list(dict.fromkeys(columns))
