"""How fields are shown in tables for people. Programs get names and values as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast

_SIZES = ("size_allowance", "current_size", "memory_usage")
# Shorter than the names, so that more of the values fits into 80 columns.
_TITLES = {
    "size_allowance": "ALLOWED",
    "current_size": "USED",
    "memory_usage": "SIZE",
    "active_state": "STATE",
    "workspace_name": "WORKSPACE",
    "module_name": "MODULE",
    "chunk_count": "CHUNKS",
}
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def title(name: str) -> str:
    """Return the title of a field.

    Args:
        name: Name of the field.

    Returns:
        The title, in capitals.
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")
    return _TITLES.get(name, words.upper())


def is_amount(name: str) -> bool:
    """Return whether a field contains numbers that are compared with each other.

    Args:
        name: Name of the field.

    Returns:
        Whether it does.
    """
    return name in (*_SIZES, "refused") or name.endswith("_count")


def text(value: Any, name: str = "") -> str:
    """Return a value as a person reads it.

    Args:
        value: The value, of JSON's types.
        name: Name of the field.

    Returns:
        The text: of sizes, with a unit; of objects that have a name, their names.
    """
    if name in _SIZES and isinstance(value, int):
        return readable_size(value)
    if isinstance(value, dict):
        return _name(cast("dict[str, object]", value))
    if isinstance(value, list):
        return ", ".join(map(text, cast("Sequence[object]", value)))
    return plain(value)


def plain(value: Any) -> str:
    """Return a value as CSV has it.

    Args:
        value: The value, of JSON's types.

    Returns:
        The text.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else to_json(value)


def to_json(value: object, indent: int | None = None) -> str:
    """Return a value as JSON.

    Args:
        value: The value.
        indent: Number of blanks by which each level is indented; None for a single line.

    Returns:
        The JSON.
    """
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def readable_size(size: float) -> str:
    """Return a number of bytes with a unit.

    Args:
        size: The number.

    Returns:
        The text, such as `24.6 MB`.
    """
    for unit, factor in _UNITS:
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size:.0f} B"


def _name(value: dict[str, object]) -> str:
    if value.get("name"):
        return str(value["name"])
    known = {name: each for name, each in value.items() if each not in (None, "")}
    return ", ".join(f"{name.replace('_', ' ')}: {text(each)}" for name, each in known.items())
