"""All that the SDK can say about an object, for `anaplan show`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from anaplan_sdk.cli.references import KINDS

if TYPE_CHECKING:
    from pydantic import BaseModel

    from anaplan_sdk import Client
    from anaplan_sdk.models import NamedObject

_Fields: TypeAlias = "dict[str, Any]"
_Tables: TypeAlias = "dict[str, Sequence[Mapping[str, Any]]]"

# The columns of each table; JSON has all fields.
COLUMNS: Mapping[str, Sequence[str]] = {
    "models": ("id", "name", "active_state", "memory_usage"),
    "chunks": ("id", "name"),
    "imports": ("id", "name", "type"),
    "columns": ("column", "name", "type", "list"),
    "source_columns": ("column", "name"),
    "steps": ("step", "id", "name", "type"),
    "properties": ("name", "format", "formula"),
    "subsets": ("id", "name"),
    "line_items": ("id", "name", "format", "summary", "applies_to", "formula"),
    "views": ("id", "name"),
    "dimensions": ("id", "name", "axis"),
    "categories": ("category_name", "attribute"),
}


def describe(client: Client, found: NamedObject) -> tuple[_Fields, _Tables]:
    """Describe an object.

    Args:
        client: The client.
        found: The object.

    Returns:
        Its fields, and tables of what belongs to it, whose columns `COLUMNS` names.

    Raises:
        AnaplanException: Something could not be read.
    """
    fields: _Fields = {"kind": found.kind, "id": found.id, "name": found.name}
    more, tables = _DESCRIPTIONS[found.kind](client, found.id)
    return {**fields, **{name: value for name, value in more.items() if name not in fields}}, tables


def _workspace(client: Client, identifier: str) -> tuple[_Fields, _Tables]:
    # The reply for a single one is for its administrators only.
    return _listed(client, "workspaces", identifier), {
        "models": _dumped(client.get_models(only_in_workspace=identifier))
    }


def _model(client: Client, identifier: str) -> tuple[_Fields, _Tables]:
    fields = _dump(client.get_model(identifier))
    categories = fields.pop("category_values")
    status = client.with_model(identifier).tr.get_model_status()
    fields |= {"current_step": status.current_step, "status": status.tooltip}
    if status.task_id:
        fields |= {"task_id": status.task_id, "progress": status.progress}
    return fields, {"categories": categories}


def _file(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    readers = [each for each in client.get_imports() if each.file_id == identifier]
    return _listed(client, "files", identifier), {
        "imports": _dumped(readers),
        "chunks": _dumped(client.get_file_chunks(identifier)),
    }


def _import(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    fields = _listed(client, "imports", identifier)
    fields.pop("importDataSource", None)  # What `file_id` says.
    metadata = client.get_import(identifier)
    fields["source_type"] = metadata.type
    if fields["file_id"]:
        fields["file_name"] = _listed(client, "files", fields["file_id"]).get("name")
    if metadata.source is None:
        return fields, {"source_columns": []}
    source = _dump(metadata.source)
    names = source.pop("header_names")
    return fields | source, {"source_columns": _numbered("column", names)}


def _export(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    fields = _listed(client, "exports", identifier)
    metadata = _dump(client.get_export(identifier))
    described = [metadata.pop(each) for each in ("header_names", "data_types", "list_names")]
    rows = (
        {"name": name, "type": kind, "list": list_name or None}
        for name, kind, list_name in zip_longest(*described)
    )
    # The listing has these, too.
    for each in ("export_format", "layout"):
        metadata.pop(each, None)
    return fields | metadata, {"columns": _numbered("column", rows)}


def _process(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    return {}, {"steps": _numbered("step", _dumped(client.get_process(identifier).actions))}


def _action(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    return _listed(client, "actions", identifier) | _dump(client.get_action(identifier)), {}


def _list(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    fields = _dump(client.tr.get_list_metadata(identifier))
    return fields, {name: fields.pop(name) for name in ("properties", "subsets")}


def _module(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    _, tables = _view(client, identifier)  # Its default view, with Time and Versions.
    return {}, {
        **tables,
        "line_items": _dumped(client.tr.get_line_items(identifier)),
        # With the names that commands take; the module's own list has shorter ones.
        "views": _dumped(
            each for each in KINDS["views"].listing(client, None) if each.moduleId == identifier
        ),
    }


def _view(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    info = client.tr.get_view_info(identifier)
    return {"module_id": _listed(client, "views", identifier)["moduleId"]}, {
        "dimensions": [
            {"id": each.id, "name": each.name, "axis": axis}
            for axis, dimensions in (
                ("rows", info.rows),
                ("columns", info.columns),
                ("pages", info.pages),
            )
            for each in dimensions
        ]
    }


def _line_item(client: Client, identifier: int) -> tuple[_Fields, _Tables]:
    return _listed(client, "line-items", identifier), {}


def _dashboard(client: Client, identifier: int) -> tuple[_Fields, _Tables]:  # noqa: ARG001
    return {}, {}


_DESCRIPTIONS: Mapping[str, Any] = {
    "workspace": _workspace,
    "model": _model,
    "file": _file,
    "import": _import,
    "export": _export,
    "process": _process,
    "action": _action,
    "list": _list,
    "module": _module,
    "view": _view,
    "line item": _line_item,
    "dashboard": _dashboard,
}


def _listed(client: Client, kind: str, identifier: int | str) -> _Fields:
    """Return what the listing of a kind has of an object."""
    for each in KINDS[kind].listing(client, None):
        if each.id == identifier:
            return _dump(each)
    return {}


def _dump(thing: BaseModel) -> _Fields:
    return thing.model_dump(mode="json")


def _dumped(things: Iterable[BaseModel]) -> list[_Fields]:
    return [_dump(each) for each in things]


def _numbered(name: str, rows: Iterable[Any]) -> list[_Fields]:
    """Return rows with their number, from 1; a row may be a mere name."""
    return [
        {name: number, **(row if isinstance(row, dict) else {"name": row})}
        for number, row in enumerate(rows, 1)
    ]
