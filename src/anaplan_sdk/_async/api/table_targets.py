"""What is known of the target of an import: the formats of its columns, and members of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from anaplan_sdk import models
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.large_reads import LargeReads
from anaplan_sdk._async.api.lists import Lists
from anaplan_sdk._async.api.modules import Modules
from anaplan_sdk._async.api.namespace import SharedState
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.tables.names import folded
from anaplan_sdk._formats.tables.table_check import Expectation
from anaplan_sdk._formats.tables.value_checks import KINDS, ValueKind
from anaplan_sdk._table_checks import CheckTarget
from anaplan_sdk.config import ClientConfig
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidIdentifierException,
    LargeReadException,
)

_LIST, _SUBSET = "101", "109"
_FROM = " from "
# What the API returns at once; of larger lists a large read is made.
_LARGE = 1_000_000
_NUMBERED = "its list is numbered, and imports may match its items by other properties"
_UNKNOWN = "the target has no line item, property or dimension of this name"


@dataclass(frozen=True)
class _Field:
    """A line item, a property or a dimension of the target.

    Attributes:
        name: What the report calls it.
        kind: The type of its values; None if they are items of a list, or not checked.
        list_id: The list that its values are items of.
        is_dimension: Whether it is a dimension.
        unchecked: Why its values are not checked; empty if they are.
    """

    name: str
    kind: ValueKind | None = None
    list_id: str | None = None
    is_dimension: bool = False
    unchecked: str = ""


@dataclass
class Expectations:
    """What is known of the columns of a table.

    Attributes:
        by_place: What is known of the values of a column, by its position in the table.
        unchecked: Why nothing is known of others, by their own names.
        target: The module or list.
    """

    by_place: dict[int, list[Expectation]] = field(default_factory=dict[int, list[Expectation]])
    unchecked: dict[str, str] = field(default_factory=dict[str, str])
    target: CheckTarget | None = None


class TableTargets(Lists, Modules, LargeReads):
    """Reads what is known of the target of an import, for one check.

    Args:
        session: Session of the client.
        config: Options of the client, with the model that is read.
        shared: What the namespaces of a client share.
    """

    def __init__(
        self, session: Session, config: ClientConfig, shared: SharedState | None = None
    ) -> None:
        super().__init__(session, config, shared)
        self._lists_read: dict[tuple[str, bool], tuple[frozenset[str] | None, str]] = {}

    async def expectations(
        self,
        action: models.Import,
        columns: Sequence[tuple[int, str, str]],
        *,
        target: int | str | None,
        lists: Mapping[int, int | str],
        members: bool,
    ) -> Expectations:
        """Return what is known of the columns of a table.

        Args:
            action: The import.
            columns: The position of each column, its name in the table, and that in the file.
            target: The module or list that the caller names.
            lists: The lists that the caller names, by the position of the column.
            members: Whether to read the members of lists.

        Returns:
            What is known of the values, and of which columns nothing is known.

        Raises:
            InvalidIdentifierException: There is no such module or list.
            AnaplanException: A request failed; see the subclasses.
        """
        known = Expectations()
        known.target, fields, reason = await self._target(action, target)
        is_inferred = known.target is not None and known.target.is_inferred
        for place, own, name in columns:
            if place in lists:
                target_field = _Field(f"list {lists[place]}", list_id=identifier(lists[place]))
            else:
                target_field = fields.get(folded(name), _Field("", unchecked=reason))
            unchecked, found = target_field.unchecked, None
            if target_field.list_id is not None and not members:
                unchecked = "members of lists were not compared"
            elif target_field.list_id is not None:
                found, unchecked = await self._compared(target_field.list_id, place in lists)
            if unchecked:
                known.unchecked[own] = unchecked
            known.by_place[place] = [
                Expectation(
                    target_field.name,
                    kind=target_field.kind,
                    members=found,
                    is_dimension=target_field.is_dimension,
                    is_inferred=is_inferred and place not in lists,
                )
            ]
        return known

    async def _target(
        self, action: models.Import, target: int | str | None
    ) -> tuple[CheckTarget | None, Mapping[str, _Field], str]:
        """Return the target, what it has by name, and why nothing is known of other names."""
        if target is not None:
            return *await self._named_target(identifier(target)), _UNKNOWN
        # What is only inferred must not make a check fail.
        try:
            found, fields = await self._inferred_target(action)
        except (AnaplanRequestException, InvalidIdentifierException) as error:
            return None, {}, f"the target could not be read: {error.message}"
        if found is None:
            return None, {}, "it is unknown what the import writes to: name it with target="
        return found, fields, _UNKNOWN

    async def _compared(self, list_id: str, is_named: bool) -> tuple[frozenset[str] | None, str]:
        """Return the members of a list, or why they are not compared; each list is read once."""
        key = list_id, is_named
        if key not in self._lists_read:
            if is_named:
                self._lists_read[key] = await self._members(list_id), ""
            else:
                self._lists_read[key] = await self._known_members(list_id)
        return self._lists_read[key]

    async def _named_target(self, target: str) -> tuple[CheckTarget, Mapping[str, _Field]]:
        for each in await self.get_modules():
            if str(each.id) == target:
                return CheckTarget("module", target, each.name, False), await self._of_module(
                    target
                )
        for named in await self.get_lists():
            if str(named.id) == target:
                return CheckTarget("list", target, named.name, False), await self._of_list(target)
        raise InvalidIdentifierException(f"target: the model has no module or list {target}.")

    async def _inferred_target(
        self, action: models.Import
    ) -> tuple[CheckTarget | None, Mapping[str, _Field]]:
        """Return the object that an import is named after, as Anaplan names imports by default."""
        parts = action.name.split(_FROM)
        names = {folded(_FROM.join(parts[:end])) for end in range(1, len(parts))}
        if not names:
            return None, {}
        if action.type == "MODULE_DATA":
            modules = [each for each in await self.get_modules() if folded(each.name) in names]
            if len(modules) == 1:
                found = modules[0]
                target = CheckTarget("module", str(found.id), found.name, True)
                return target, await self._of_module(target.id)
        elif action.type == "HIERARCHY_DATA":
            lists = [each for each in await self.get_lists() if folded(each.name) in names]
            if len(lists) == 1:
                target = CheckTarget("list", str(lists[0].id), lists[0].name, True)
                return target, await self._of_list(target.id)
        return None, {}

    async def _of_module(self, module_id: str) -> Mapping[str, _Field]:
        fields: dict[str, _Field] = {}
        dimensions: dict[str, _Field] = {}
        for item in await self.get_line_items(module_id):
            name = f"line item {item.name!r} of module {item.module_name!r}"
            metadata = item.format_metadata
            if isinstance(metadata, models.ListFormatMetadata):
                list_id = str(metadata.hierarchy_entity_long_id or "")
                fields[folded(item.name)] = _list_field(name, list_id)
            else:
                fields[folded(item.name)] = _typed_field(name, item.format)
            for each in item.applies_to:
                dimensions[folded(each.name)] = _list_field(
                    f"dimension {each.name!r}", str(each.id), is_dimension=True
                )
        # A column of the name of both may be read into either.
        both = fields.keys() & dimensions.keys()
        ambiguous = {
            key: _Field(fields[key].name, unchecked="a line item and a dimension have this name")
            for key in both
        }
        return {**fields, **dimensions, **ambiguous}

    async def _of_list(self, list_id: str) -> Mapping[str, _Field]:
        metadata = await self.get_list_metadata(list_id)
        fields: dict[str, _Field] = {}
        for each in metadata.properties:
            name = str(each.get("name", ""))
            described = f"property {name!r} of list {metadata.name!r}"
            fields[folded(name)] = _typed_field(described, str(each.get("format", "")))
        parent = metadata.parent
        # Items of the same list may be parents that the import itself makes.
        if parent is not None and str(parent.id) != list_id:
            fields.setdefault(
                "parent",
                _list_field(f"parent in list {parent.name!r}", str(parent.id)),
            )
        own = "names and codes of the list that is imported into may be new"
        for key in ("name", "code"):
            fields.setdefault(key, _Field(f"{key} of list {metadata.name!r}", unchecked=own))
        return fields

    async def _known_members(self, list_id: str) -> tuple[frozenset[str] | None, str]:
        """Return the members of a list that the target has, or why they are not compared."""
        try:
            if list_id.startswith(_LIST):
                metadata = await self.get_list_metadata(list_id)
                if metadata.numbered_list:
                    return None, _NUMBERED
                return await self._members(list_id, metadata.item_count), ""
            members = await self._members(list_id)
        except (AnaplanRequestException, InvalidIdentifierException, LargeReadException) as error:
            return None, f"the members of its list could not be read: {error.message}"
        # A subset's list is not shown, but the names of a numbered list's items are "#1" and so on.
        is_numbered = any(each.startswith("#") for each in members)
        return (None, _NUMBERED) if is_numbered else (members, "")

    async def _members(self, list_id: str, count: int | None = None) -> frozenset[str]:
        """Return the names and codes of a list."""
        if count is None and list_id.startswith(_LIST):
            count = (await self.get_list_metadata(list_id)).item_count
        found: set[str] = set()
        if (count or 0) > _LARGE:
            async with aclosing(self.read_list(list_id)) as rows:
                async for row in rows:
                    found.update((folded(row.get("", "")), folded(row.get("Code", ""))))
        else:
            for item in await self.get_dimension_items(list_id, return_raw=True):
                found.update(folded(str(item.get(name) or "")) for name in ("name", "code"))
        found.discard("")
        return frozenset(found)


def _typed_field(name: str, data_type: str) -> _Field:
    if (kind := KINDS.get(data_type.upper())) is not None:
        return _Field(name, kind=kind)
    return _Field(name, unchecked=f"values of the format {data_type or 'NONE'} are not checked")


def _list_field(name: str, list_id: str, *, is_dimension: bool = False) -> _Field:
    if list_id.startswith((_LIST, _SUBSET)):
        return _Field(name, list_id=list_id, is_dimension=is_dimension)
    return _Field(name, is_dimension=is_dimension, unchecked="its list is not known")
