"""What two structures differ in: the rows of both ALM reports."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from anaplan_emulator.engine.blueprint import Blueprint

Change = Literal["created", "modified", "deleted"]

_WORDS: Mapping[Change, str] = {"created": "ADDED", "modified": "CHANGED", "deleted": "DELETED"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    Attributes:
        kind: What it is, in the summary's words.
        change: What must be done to the target.
        place: The list or module it is in, if any.
        name: Its name in the source, or in the target if it is gone.
        details: What differs, for what is modified.
    """

    kind: str
    change: Change
    place: str
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
    """Tell what must change in the target to make it the source; ids say what is the same."""
    return [
        *_among("timeSettings", "", {"Time": target["calendar"]}, {"Time": source["calendar"]}),
        *_among("versions", "", target["versions"], source["versions"]),
        *_among("lists", "", target["lists"], source["lists"], ("properties", "items", "subsets")),
        *_within(target["lists"], source["lists"], "listProperties", "properties"),
        *_within(target["lists"], source["lists"], "listItems", "items"),
        *_within(target["lists"], source["lists"], "listSubsets", "subsets"),
        *_among("modules", "", target["modules"], source["modules"], ("line_items",)),
        *_within(target["modules"], source["modules"], "lineItems", "line_items"),
        *_among("views", "", target["views"], source["views"]),
        *_among("dashboards", "", target["dashboards"], source["dashboards"]),
        *_among("actions", "", target["actions"], source["actions"]),
        *_among("importDataSources", "", target["files"], source["files"]),
    ]


def summary(differences: list[Difference]) -> dict[str, Any]:
    """Count differences, in all and by kind; a kind without any is left out."""
    kinds: dict[str, dict[str, int]] = {}
    for (kind, change), count in Counter((each.kind, each.change) for each in differences).items():
        kinds.setdefault(kind, {"modified": 0, "created": 0, "deleted": 0})[change] = count
    totals = {
        change: sum(counts[change] for counts in kinds.values())
        for change in ("modified", "created", "deleted")
    }
    return {"totals": totals, "differences": kinds}


def report(differences: list[Difference]) -> str:
    """Write differences as tab-separated text, in a section for each kind and change."""
    lines: list[str] = []
    for kind, title in _SECTIONS.items():
        for change, word in _WORDS.items():
            rows = [each for each in differences if (each.kind, each.change) == (kind, change)]
            if rows:
                lines += [f"=== {title} {word} ===", _HEADER]
                lines += [_row(each.name, each.place, each.details) for each in rows]
                lines.append("")
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return "\t".join(" ".join(cell.split()) for cell in cells)


def _within(
    target: Mapping[str, Any], source: Mapping[str, Any], kind: str, inside: str
) -> Iterator[Difference]:
    """Compare what is in things that may themselves be new or gone."""
    for key in {**target, **source}:
        place = (source.get(key) or target[key])["name"]
        before = target.get(key, {}).get(inside, {})
        after = source.get(key, {}).get(inside, {})
        yield from _among(kind, place, before, after)


def _among(
    kind: str,
    place: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    inside: tuple[str, ...] = (),
) -> Iterator[Difference]:
    for key, each in after.items():
        name = _name(key, each)
        if key not in before:
            yield Difference(kind, "created", place, name)
            continue
        old = before[key]
        fields = [field for field in each if field not in inside and each[field] != old[field]]
        if fields:
            details = ", ".join(_told(field, old[field], each[field]) for field in fields)
            yield Difference(kind, "modified", place, name, details)
    for key, each in before.items():
        if key not in after:
            yield Difference(kind, "deleted", place, _name(key, each))


def _told(field: str, old: object, new: object) -> str:
    words = field.replace("_", " ")
    plain = isinstance(old, str | bool | None) and isinstance(new, str | bool | None)
    return f"{words}: {old} -> {new}" if plain else words


def _name(key: str, each: Mapping[str, Any]) -> str:
    # Properties have no other name than their key; items of numbered lists have a code.
    return str(each.get("name") or each.get("code") or key)
