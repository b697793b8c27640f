"""What the suffixes of files, and the columns of files of items, mean."""

from pathlib import PurePath

YAML_SUFFIXES = (".yaml", ".yml")
"""Suffixes of tenant files that are YAML."""
ITEM_MEMBERS = ("id", "name", "code", "parent")
"""Columns of a file of items that are not about properties or subsets."""
PROPERTY, SUBSET = "property: ", "subset: "
"""What comes before the name of a property or subset in the name of a column."""


def is_parquet(path: str) -> bool:
    """Return whether a file is Parquet, by its suffix; others are CSV."""
    return PurePath(path).suffix.lower() in (".parquet", ".pq")


def needs_prefix(name: str) -> bool:
    """Return whether a column with only the name of a property would be another one."""
    folded = name.lower()
    return folded in ITEM_MEMBERS or folded.startswith((PROPERTY, SUBSET))
