"""Versions of libraries that are too old are named, with the one that is needed."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.pyarrow_library import PyArrowLibrary
from anaplan_sdk._formats.tables.table_source import open_table
from anaplan_sdk.exceptions import ArgumentTypeException


@pytest.mark.parametrize(
    ("name", "version", "needed"),
    [
        ("polars", "1.2.1", "1.4"),
        ("polars", "0.20.31", "1.4"),
        ("pandas", "2.1.4", "2.2"),
        ("duckdb", "1.0.0", "1.1"),
        ("pyarrow", "13.0.0", "14"),
    ],
)
def test_a_table_of_an_old_library(
    name: str, version: str, needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = arrow_library()
    module = ModuleType(name)
    module.__version__ = version  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    table = type(
        "DataFrame", (), {"__module__": f"{name}.frame", "__iter__": lambda self: iter(())}
    )
    message = f"{name} {version} .* install {name} {needed} or newer"
    with pytest.raises(ArgumentTypeException, match=message):
        open_table(library, table())


def test_an_old_pyarrow_in_place_of_arro3(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("pyarrow")
    module.__version__ = "17.0.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyarrow", module)
    with pytest.raises(ImportError, match=re.escape("pyarrow 17.0.0 is too old")):
        PyArrowLibrary()
