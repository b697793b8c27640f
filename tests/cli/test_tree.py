"""The tree of commands, without an emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anaplan_sdk.cli import run
from anaplan_sdk.cli.command_groups import Entry, GroupEntry
from anaplan_sdk.cli.tree import TREE, root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Command


def entries() -> Iterator[tuple[str, Entry]]:
    for section in TREE.values():
        for name, entry in section.items():
            if isinstance(entry, GroupEntry):
                yield from ((f"{name} {each}", one) for each, one in entry.commands.items())
            else:
                yield name, entry


def test_the_root_lists_every_command() -> None:
    assert set(root().list_commands(None)) == {name for each in TREE.values() for name in each}  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "entry"), [pytest.param(*each, id=each[0]) for each in entries()])
def test_a_command_is_what_the_tree_says(name: str, entry: Entry) -> None:
    command = entry.load(name.rpartition(" ")[2])
    assert command.help is not None
    assert command.help.splitlines()[0].rstrip(".") == entry.summary.rstrip(".") or entry.raw
    if not entry.raw:
        examples = getattr(command.callback, "examples", ())
        assert 2 <= len(examples) <= 3
        assert all(f"anaplan {name}" in line for line in examples)


@pytest.mark.parametrize("arguments", [(), ("upload",), ("users",)], ids=" ".join)
def test_help_has_a_short_name(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "-h"]) == 0
    assert capsys.readouterr().out.startswith("Usage: anaplan")


def test_help_is_a_command_too(anaplan: Command) -> None:
    whole = anaplan("help")
    assert (whole.code, whole.out) == (0, anaplan("--help").out)
    assert "Exit codes: 0 done, 1 failed, " in whole.out
    assert anaplan("help", "run").out == anaplan("run", "--help").out
