"""Comparing two structures, for both kinds of ALM reports."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from anaplan_emulator.engine.blueprint import Blueprint

Change = Literal["created", "modified", "deleted"]

_TITLES: Mapping[Change, str] = {"created": "ADDED", "modified": "CHANGED", "deleted": "DELETED"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between two structures.

    Attributes:
        kind: The kind of object, as in the summary report.
        change: The change to the target.
        parent: Name of the list or module that contains the object, if any.
        name: Name of the object in the source, or in the target if it is deleted.
        details: The attributes that differ, of a modified object.
    """

    kind: str
    change: Change
    parent: str
    name: str
    details: str = ""


_SECTIONS = {
    "timeSettings": "TIME SETTINGS",
    "versions": "VERSIONS",
    "lists": "LISTS",
    "listProperties": "LIST PROPERTIES",
    "listItems": "LIST ITEMS",
    "listSubsets": "LIST SUBSETS",
    "modules": "MODULES",
    "lineItems": "LINE ITEMS",
    "views": "SAVED VIEWS",
    "dashboards": "DASHBOARDS",
    "actions": "ACTIONS",
    "importDataSources": "IMPORT DATA SOURCES",
}
_HEADER = "Name\tIn\tDetails"


def compare(target: Blueprint, source: Blueprint) -> list[Difference]:
    """Return the changes that would turn the target into the source, matching objects by id."""
    return [
        *_compare("timeSettings", "", {"Time": target["calendar"]}, {"Time": source["calendar"]}),
        *_compare("versions", "", target["versions"], source["versions"]),
        *_compare(
            "lists", "", target["lists"], source["lists"], ("properties", "items", "subsets")
        ),
        *_compare_children(target["lists"], source["lists"], "listProperties", "properties"),
        *_compare_children(target["lists"], source["lists"], "listItems", "items"),
        *_compare_children(target["lists"], source["lists"], "listSubsets", "subsets"),
        *_compare("modules", "", target["modules"], source["modules"], ("line_items",)),
        *_compare_children(target["modules"], source["modules"], "lineItems", "line_items"),
        *_compare("views", "", target["views"], source["views"]),
        *_compare("dashboards", "", target["dashboards"], source["dashboards"]),
        *_compare("actions", "", target["actions"], source["actions"]),
        *_compare("importDataSources", "", target["files"], source["files"]),
    ]


def summary(differences: list[Difference]) -> dict[str, Any]:
    """Count the differences in total and by kind; a kind without any is left out."""
    kinds: dict[str, dict[str, int]] = {}
    for (kind, change), count in Counter((each.kind, each.change) for each in differences).items():
        kinds.setdefault(kind, {"modified": 0, "created": 0, "deleted": 0})[change] = count
    totals = {
        change: sum(counts[change] for counts in kinds.values())
        for change in ("modified", "created", "deleted")
    }
    return {"totals": totals, "differences": kinds}


def report(differences: list[Difference]) -> str:
    """Write the differences as tab-separated text, with a section for each kind and change."""
    lines: list[str] = []
    for kind, title in _SECTIONS.items():
        for change, change_title in _TITLES.items():
            rows = [each for each in differences if (each.kind, each.change) == (kind, change)]
            if rows:
                lines += [f"=== {title} {change_title} ===", _HEADER]
                lines += [_row(each.name, each.parent, each.details) for each in rows]
                lines.append("")
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return "\t".join(" ".join(cell.split()) for cell in cells)


def _compare_children(
    target: Mapping[str, Any], source: Mapping[str, Any], kind: str, children: str
) -> Iterator[Difference]:
    """Compare the children of objects that may exist in one of the structures only."""
    for key in {**target, **source}:
        parent = (source.get(key) or target[key])["name"]
        before = target.get(key, {}).get(children, {})
        after = source.get(key, {}).get(children, {})
        yield from _compare(kind, parent, before, after)


def _compare(
    kind: str,
    parent: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    children: tuple[str, ...] = (),
) -> Iterator[Difference]:
    for key, each in after.items():
        name = _name(key, each)
        if key not in before:
            yield Difference(kind, "created", parent, name)
            continue
        old = before[key]
        fields = [field for field in each if field not in children and each[field] != old[field]]
        if fields:
            details = ", ".join(
                _describe_change(field, old[field], each[field]) for field in fields
            )
            yield Difference(kind, "modified", parent, name, details)
    for key, each in before.items():
        if key not in after:
            yield Difference(kind, "deleted", parent, _name(key, each))


def _describe_change(field: str, old: object, new: object) -> str:
    name = field.replace("_", " ")
    is_simple = isinstance(old, str | bool | None) and isinstance(new, str | bool | None)
    return f"{name}: {old} -> {new}" if is_simple else name


def _name(key: str, each: Mapping[str, Any]) -> str:
    # The key of a property is its name; an item of a numbered list may have a code instead.
    return str(each.get("name") or each.get("code") or key)
