"""The tables that list items are described in: their columns, in a description and in a file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from anaplan_emulator.loaders.data_tables import DataTable, described_table, open_table
from anaplan_emulator.tenant.file_names import ITEM_MEMBERS, PROPERTY, SUBSET
from anaplan_emulator.tenant.list_description import ItemDescription, ListDescription

ITEM_ID = "id"


@dataclass(slots=True)
class ItemColumns:
    """The positions of the columns of a table of items.

    Attributes:
        members: Those of id, name, code and parent, by these names.
        properties: Those of properties, by name in lower case.
        subsets: Those of subsets, by name in lower case.
    """

    members: dict[str, int] = field(default_factory=dict)
    properties: dict[str, int] = field(default_factory=dict)
    subsets: dict[str, int] = field(default_factory=dict)


def item_table(description: ListDescription) -> DataTable | None:
    """Return the table of a list's items, if any are described.

    Raises:
        ValueError: Their file can't be read.
    """
    if description.items_file:
        return open_table(description.items_file)
    if not description.items:
        return None
    columns: dict[str, Callable[[ItemDescription], object]] = {
        "id": lambda item: item.id,
        "name": lambda item: item.name,
        "code": lambda item: item.code,
        "parent": lambda item: item.parent,
    }
    for each in description.properties:
        columns[f"{PROPERTY}{each.name}"] = partial(_property, each.name)
    for subset in description.described_subsets:
        columns[f"{SUBSET}{subset.name}"] = partial(_is_in, subset.name)
    for item in description.items:
        # In additions to a list, they may be about properties and subsets that it had before.
        for name in item.properties:
            columns.setdefault(f"{PROPERTY}{name}", partial(_property, name))
        for name in item.subsets:
            columns.setdefault(f"{SUBSET}{name}", partial(_is_in, name))
    return described_table(f"items of list {description.name}", "item", columns, description.items)


def item_columns(table: DataTable, properties: set[str], subsets: set[str]) -> ItemColumns:
    """Find the columns of a table of items.

    Args:
        table: The table.
        properties: Names of the list's properties, in lower case.
        subsets: Names of its subsets, in lower case.

    Raises:
        ValueError: A column does not belong to the list, or a name and a code are both missing.
    """
    found = ItemColumns()
    for position, column in enumerate(table.columns):
        name = column.lower()
        kind, group, known = "property", found.properties, properties
        if name in ITEM_MEMBERS:
            found.members[name] = position
            continue
        if name.startswith(SUBSET):
            kind, group, known = "subset", found.subsets, subsets
            name = name.removeprefix(SUBSET)
        else:
            name = name.removeprefix(PROPERTY)
        if name not in known:
            raise ValueError(f"{table.source}: column {column!r}: the list has no such {kind}")
        if name in group:
            raise ValueError(f"{table.source}: two columns are of the {kind} {name!r}")
        group[name] = position
    if not {"name", "code"} & found.members.keys():
        raise ValueError(f"{table.source}: it has neither a column 'name' nor a column 'code'")
    return found


def _property(name: str, item: ItemDescription) -> Any:
    return item.properties.get(name)


def _is_in(name: str, item: ItemDescription) -> bool:
    return name in item.subsets
