"""The reference of the command is what the command says today."""

from __future__ import annotations

import command_reference
from anaplan_sdk.cli.exit_codes import ExitCode


def test_the_page_is_up_to_date() -> None:
    present = command_reference.PAGE.read_text("utf-8")
    assert command_reference.differences(present, command_reference.page()) == []


def test_a_stale_page_is_found() -> None:
    generated = command_reference.page()
    stale = generated.replace("| `SRC` |", "| `SOURCE` |", 1)
    found = command_reference.differences(stale, generated)
    assert any(line.startswith("+| `SRC` |") for line in found)
    assert found[-1] == "docs/reference/command.md is out of date: run make reference."


def test_the_page_names_every_exit_code() -> None:
    text = command_reference.page()
    assert all(f"| {int(code)} | {code.__doc__} |" in text for code in ExitCode)
