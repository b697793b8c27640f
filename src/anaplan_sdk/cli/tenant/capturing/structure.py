"""Lists, modules and views of a model as Anaplan shows them, before they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from anaplan_sdk.cli.tenant.capturing.formulas import is_calculated
from anaplan_sdk.cli.tenant.capturing.model_reader import (
    LINE_ITEMS_ID,
    TIME_ID,
    USERS_LIST,
    VERSIONS_ID,
    ModelReader,
)

TIME, VERSIONS, LINE_ITEMS = "Time", "Versions", "Line Items"
FORMATS = ("NUMBER", "TEXT", "BOOLEAN", "DATE", "LIST")
_NOT_APPLICABLE = ("", "Not Applicable")
_WHOLE_CALENDAR = (*_NOT_APPLICABLE, "Model Calendar")


@dataclass
class PropertyStructure:
    """A property of a list.

    Attributes:
        name: Its name.
        data_format: Its format in the tenant file.
        list: The list of a list format, once it is known; else empty.
        is_display_name: Whether it is shown instead of the items' names, as far as is known.
    """

    name: str
    data_format: str
    list: str = ""
    is_display_name: bool = False


@dataclass
class ListStructure:
    """A list.

    Attributes:
        id: Its id.
        name: Its name.
        metadata: What Anaplan shows of it.
        subsets: The names of its subsets.
        properties: Its properties.
        confirm: What was guessed.
    """

    id: str
    name: str
    metadata: dict[str, Any]
    subsets: list[str]
    properties: list[PropertyStructure] = field(default_factory=list["PropertyStructure"])
    confirm: list[str] = field(default_factory=list[str])

    @property
    def is_numbered(self) -> bool:
        """Whether it is a numbered list."""
        return bool(self.metadata["numbered_list"])

    @property
    def parent(self) -> str:
        """Name of the list of the parents; empty without one."""
        return _name_of(self.metadata["parent"])

    @property
    def top_level_item(self) -> str:
        """Name of the top-level item; empty without one."""
        return _name_of(self.metadata["top_level_item"])


@dataclass
class LineItemStructure:
    """A line item that the tenant file has.

    Attributes:
        shown: What Anaplan shows of it.
        data_format: Its format in the tenant file.
        list: The list of a list format; else empty.
        is_calculated: Whether the emulator calculates its formula.
    """

    shown: dict[str, Any]
    data_format: str
    list: str = ""
    is_calculated: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.shown["name"])

    @property
    def formula(self) -> str:
        """Its formula; empty without one."""
        return self.shown["formula"] or ""


@dataclass
class ModuleStructure:
    """A module.

    Attributes:
        id: Its id.
        name: Its name.
        dimensions: The names of its dimensions.
        line_items: The line items that the tenant file has.
        left_out: The names of the other line items, by their ids.
        views: Its saved views, as they are in the tenant file.
        confirm: What was guessed.
    """

    id: str
    name: str
    dimensions: list[str]
    line_items: list[LineItemStructure]
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    views: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    confirm: list[str] = field(default_factory=list[str])

    def named(self, name: str) -> LineItemStructure | None:
        """Return a line item.

        Args:
            name: Its name.

        Returns:
            The line item; None if it was not found.
        """
        return next((each for each in self.line_items if each.name == name), None)


class Structure:
    """The lists and modules of a model.

    Args:
        reader: Reads them.

    Attributes:
        lists: The lists, by name.
        modules: The modules, by name.
        list_names: The names of lists, by the ids of lists and of their subsets.
    """

    def __init__(self, reader: ModelReader) -> None:
        self._reader = reader
        self._report = reader.report
        self.lists: dict[str, ListStructure] = {}
        self.modules: dict[str, ModuleStructure] = {}
        self.list_names: dict[str, str] = {}

    def read_modules(self) -> None:
        """Read all modules and views, after the lists."""
        self._read_modules()
        self._read_views()

    def line_item(self, identifier: str) -> tuple[ModuleStructure, LineItemStructure] | None:
        """Find a line item by its id.

        Args:
            identifier: The id.

        Returns:
            The line item and its module; None if the tenant file does not have it.
        """
        for module in self.modules.values():
            for item in module.line_items:
                if str(item.shown["id"]) == identifier:
                    return module, item
        return None

    def read_lists(self) -> None:
        """Read all lists."""
        tr = self._reader.client.tr
        for each in self._reader.several("lists", tr.get_lists):
            identifier, name = str(each["id"]), str(each["name"])
            if identifier == str(USERS_LIST):
                continue
            metadata = self._reader.one(f"list {name}", partial(tr.get_list_metadata, identifier))
            if metadata is None:
                continue
            subsets = [str(subset["name"]) for subset in metadata["subsets"]]
            self.lists[name] = ListStructure(identifier, name, metadata, subsets)
            self.list_names[identifier] = name
            self.list_names |= {str(subset["id"]): name for subset in metadata["subsets"]}
            self._report.count("lists")
        for of in self.lists.values():
            if of.parent and of.parent not in self.lists:
                self._report.skip(f"list {of.name}", f"its parent list {of.parent!r} is missing")
                of.metadata["parent"] = None
            self._read_properties(of)

    def _read_properties(self, of: ListStructure) -> None:
        for shown in of.metadata["properties"]:
            name, place = str(shown["name"]), f"list {of.name}, property {shown['name']}"
            data_format, target = str(shown.get("format") or "TEXT"), ""
            if data_format in ("LIST", "ENTITY"):
                metadata: Mapping[str, Any] = shown.get("formatMetadata") or {}
                identifier = str(metadata.get("hierarchyEntityLongId", ""))
                data_format, target = "LIST", self.list_names.get(identifier, "")
            elif data_format not in FORMATS:
                self._report.skip(place, f"the emulator has no {data_format}: it is a text")
                data_format = "TEXT"
            if shown.get("formula"):
                self._report.skip(
                    place, "its formula is left out: it has the values of the capture"
                )
            is_display_name = name == of.metadata.get("displayNameProperty")
            of.properties.append(PropertyStructure(name, data_format, target, is_display_name))

    def _read_modules(self) -> None:
        tr = self._reader.client.tr
        for each in self._reader.several("modules", tr.get_modules):
            identifier, name = str(each["id"]), str(each["name"])
            shown = self._reader.several(
                f"module {name}",
                partial(tr.get_line_items, identifier),
            )
            if not shown:
                self._report.skip(f"module {name}", "it has no line items")
                continue
            self._add_module(identifier, name, shown)

    def _add_module(self, identifier: str, name: str, shown: Sequence[dict[str, Any]]) -> None:
        place = f"module {name}"
        by_item = [self._dimensions(item, place) for item in shown]
        usable = Counter(tuple(each) for each in by_item if each is not None)
        if not usable:
            self._report.skip(place, "no line item has dimensions that the emulator knows")
            return
        dimensions = max(usable, key=lambda each: (bool(each), usable[each], len(each)))
        module = ModuleStructure(identifier, name, list(dimensions), [])
        for item, own in zip(shown, by_item, strict=True):
            if own is None or tuple(own) != dimensions:
                listed = "other dimensions" if own is None else ", ".join(own) or "no dimensions"
                self._report.skip(
                    f"{place}, line item {item['name']}",
                    f"left out: it applies to {listed}, the module's other line items to "
                    f"{', '.join(dimensions) or 'no dimensions'}",
                )
                module.left_out[str(item["id"])] = str(item["name"])
                continue
            data_format, target = self._format(item, place)
            module.line_items.append(LineItemStructure(item, data_format, target))
        inputs = [
            each.name
            for each in module.line_items
            if each.data_format == "NUMBER" and not each.formula
        ]
        for each in module.line_items:
            each.is_calculated = is_calculated(each.formula, each.data_format, inputs)
        self.modules[name] = module
        self._report.count("modules")
        self._report.count("line items", len(module.line_items))

    def _dimensions(self, item: Mapping[str, Any], place: str) -> list[str] | None:
        """Return the dimensions of a line item; None if the emulator does not have one of them."""
        names: list[str] = []
        for each in item["applies_to"]:
            identifier = str(each["id"])
            if identifier in (TIME_ID, VERSIONS_ID, LINE_ITEMS_ID):
                continue
            name = self.list_names.get(identifier)
            if name is None:
                return None
            if name != each["name"]:
                self._report.skip(place, f"its dimension {each['name']} is the whole list {name}")
            names.append(name)
        if item["time_scale"] not in _NOT_APPLICABLE:
            names.append(TIME)
            if item["time_range"] not in _WHOLE_CALENDAR:
                self._report.skip(
                    place, f"its time range {item['time_range']} is the whole calendar"
                )
        if _name_of(item["version"]) not in _NOT_APPLICABLE:
            names.append(VERSIONS)
        return names

    def _format(self, item: Mapping[str, Any], place: str) -> tuple[str, str]:
        data_format = str(item["format"])
        where = f"{place}, line item {item['name']}"
        if data_format == "LIST":
            identifier = str(item["format_metadata"].get("hierarchy_entity_long_id"))
            if identifier in self.list_names:
                return "LIST", self.list_names[identifier]
            self._report.skip(where, "its list is not in the capture: it is a text")
            return "TEXT", ""
        if data_format not in FORMATS:
            self._report.skip(where, f"the emulator has no format {data_format}: it is a text")
            return "TEXT", ""
        return data_format, ""

    def _read_views(self) -> None:
        tr = self._reader.client.tr
        modules = {each.id: each for each in self.modules.values()}
        line_items = {
            identifier
            for module in modules.values()
            for identifier in (*module.left_out, *(str(it.shown["id"]) for it in module.line_items))
        }
        for each in self._reader.several("views", tr.get_views):
            identifier = str(each["id"])
            module = modules.get(str(each["moduleId"]))
            if module is None or identifier in modules or identifier in line_items:
                continue
            name = _without_module(str(each["name"]), module.name)
            key = f"view {module.name}.{name}"
            info = self._reader.one(key, partial(tr.get_view_info, identifier), identifier)
            if info is None:
                continue
            # Not every tenant shows a view's own name.
            name = str(info["view_name"]) or name
            module.views.append({"id": identifier, "name": name, **self._axes(module, info, key)})
            self._add_hidden(module, module.views[-1], info, key)
            self._report.count("views")

    def _axes(self, module: ModuleStructure, info: Mapping[str, Any], key: str) -> dict[str, Any]:
        axes = {
            axis: [self._dimension_name(each) for each in info[axis]]
            for axis in ("rows", "columns", "pages")
        }
        names = [name for axis in axes.values() for name in axis]
        is_last = LINE_ITEMS not in (*axes["rows"][:-1], *axes["columns"][:-1])
        is_complete = sorted(names) == sorted([*module.dimensions, LINE_ITEMS])
        if axes["rows"] and axes["columns"] and is_last and is_complete:
            return {axis: names for axis, names in axes.items() if names}
        self._report.skip(
            key,
            "it has the layout of the default view: the emulator cannot arrange "
            f"{', '.join(names) or 'nothing'} as Anaplan does",
        )
        return {}

    def _dimension_name(self, shown: Mapping[str, Any]) -> str:
        identifier = str(shown["id"])
        fixed = {TIME_ID: TIME, VERSIONS_ID: VERSIONS, LINE_ITEMS_ID: LINE_ITEMS}
        return fixed.get(identifier) or self.list_names.get(identifier) or str(shown["name"])

    def _add_hidden(
        self, module: ModuleStructure, view: dict[str, Any], info: Mapping[str, Any], key: str
    ) -> None:
        """Add the line items that a view does not show, and a guess of its filter."""
        tr = self._reader.client.tr
        on_axes = [str(each["id"]) for axis in ("rows", "columns", "pages") for each in info[axis]]
        if LINE_ITEMS_ID in on_axes:
            shown = self._reader.several(
                f"line items of {key}",
                lambda: tr.get_view_dimension_items(view["id"], LINE_ITEMS_ID),
                view["id"],
            )
            names = {each["name"] for each in shown}
            hidden = [each.name for each in module.line_items if each.name not in names]
            if names and len(hidden) < len(module.line_items):
                view |= {"hidden": hidden} if hidden else {}
        words = re.findall(r"\w+", view["name"].casefold())
        for each in module.line_items:
            if each.data_format == "BOOLEAN" and each.name.casefold() in words:
                view["filter"] = each.name
                text = (
                    f"Anaplan does not show its filter; {each.name} was guessed from the name of "
                    "the view"
                )
                self._report.guess(key, text)
                module.confirm.append(f"view {view['name']}: {text}")
                return


def _without_module(name: str, module_name: str) -> str:
    """Return the name of a view, whose module stands before it in the listing of a model."""
    quoted = "'" + module_name.replace("'", "''") + "'"
    for start in (f"{module_name}.", f"{quoted}."):
        if name.startswith(start):
            name = name.removeprefix(start)
            is_quoted = len(name) > 1 and name[0] == name[-1] == "'"
            return name[1:-1].replace("''", "'") if is_quoted else name
    return name


def _name_of(shown: dict[str, Any] | None) -> str:
    """Return the name of what Anaplan shows by id and name; empty if it shows nothing."""
    return "" if shown is None else str(shown["name"])
