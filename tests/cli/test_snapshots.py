"""What a person sees at 80 and 200 columns: help, tables and errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.cli.test_tree import entries

if TYPE_CHECKING:
    from tests.cli.conftest import Command, Compare, Shown

ROWS = "carrier,name\nAA,American Airlines\n,Lost Airways\n"
IMPORT = "Airlines from airlines.csv"
SCREENS = (
    ("ls", "workspaces"),
    ("ls", "models"),
    ("ls", "files"),
    ("ls", "imports"),
    ("ls", "modules"),
    ("ls", "views"),
    ("ls", "line-items", "--search", "distance"),
    ("show", "Load flights"),
    ("show", IMPORT),
    ("run", IMPORT),
    ("run", "Load flights"),
    ("tasks", IMPORT),
    ("list", "read", "Airlines"),
    (
        "view",
        "read",
        "Passenger Plan",
        "--layout",
        "single",
        "--page",
        "Versions=Actual",
        "--max-rows",
        "6",
    ),
    ("alm", "revisions"),
    ("cw", "ls"),
    ("users", "ls"),
    ("whoami",),
    ("run", "Load flight"),
    ("show", "112000000009"),
)
# The models of the default tenant.
KNOWN = {"90360869A4629FDAB24AE773ACAAC720", "E2F336A9505F0AFE12F5BCCE2861EBE5"}
widths = pytest.mark.parametrize("columns", [80, 200])


def steady(text: str) -> str:
    """A screen without what differs from run to run: ids of runs, and times."""
    for run in set(re.findall(r"\b(?=\w*[A-F])[0-9A-F]{32}\b", text)) - KNOWN:
        text = text.replace(run, "R" * 32)
    text = re.sub(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", "0000-00-00 00:00:00", text)
    return re.sub(r"\b\d:\d\d:\d\d|\b\d\d:\d\d\b|\d+\.\d MB/s", "00:00", text)


@widths
def test_help(
    columns: int, anaplan: Command, snapshot: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    pages = [anaplan("--help").out]
    pages += [anaplan(*name.split(), "--help").out for name, entry in entries() if not entry.raw]
    text = ("\n" + "=" * 40 + "\n").join(pages)
    assert max(map(len, text.splitlines())) <= columns
    snapshot(f"help-{columns}", text)


@widths
def test_screens(columns: int, anaplan: Command, shown: Shown, snapshot: Compare) -> None:
    assert anaplan("upload", "-", "--to", "airlines.csv", stdin=ROWS).code == 0
    screens = []
    for arguments in SCREENS:
        text = shown(*arguments, columns=columns)
        assert max(map(len, text.splitlines())) <= columns
        screens.append(f"$ anaplan {' '.join(arguments)}\n{text}")
    snapshot(f"screens-{columns}", steady("\n\n".join(screens)))
