"""Completion in shells: of the command line, and of names at Anaplan."""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from anaplan_emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Command

    from anaplan_emulator import Emulator

Complete: TypeAlias = "Callable[..., list[str]]"


@pytest.fixture
def complete(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Completes the last word of a line, as the scripts of zsh, fish and PowerShell do."""

    def complete_words(*words: str, shell: str = "zsh") -> list[str]:
        with monkeypatch.context() as patch:
            patch.setenv("_ANAPLAN_COMPLETE", shell)
            patch.setenv("_ANAPLAN_WORDS", "\n".join(("anaplan", *words)))
            done = anaplan()
        assert (done.code, done.err) == (0, "")
        return done.out.splitlines()

    return complete_words


@pytest.fixture
def complete_bash(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Completes a line, as the script of bash does."""

    def complete_line(line: str, word: str, listing: str = "9") -> list[str]:
        with monkeypatch.context() as patch:
            patch.setenv("_ANAPLAN_COMPLETE", "bash")
            patch.setenv("_ANAPLAN_LINE", line)
            patch.setenv("_ANAPLAN_WORD", word)
            patch.setenv("_ANAPLAN_LISTING", listing)
            done = anaplan()
        assert (done.code, done.err) == (0, "")
        return done.out.splitlines()

    return complete_line


def names(lines: list[str]) -> list[str]:
    return [line.partition("\t")[0] for line in lines]


def list_imports(emulator: Emulator, *listed: str) -> None:
    imports: Any = [{"id": str(112000000000 + n), "name": name} for n, name in enumerate(listed)]
    emulator.add_fault(Fault(path="*/imports", body={"imports": imports}, times=None))


def test_commands_are_completed_with_their_summaries(complete: Complete) -> None:
    found = complete("l")
    assert "ls\tList workspaces, models, files, imports and the like." in found
    assert names(found) == ["ls", "list", "login", "logout"]
    assert complete("list", "r") == ["read\tPrint the items of a list, or write them to a file."]


def test_options_and_choices_are_completed(complete: Complete) -> None:
    assert "--search\tList only names that contain this, in any case." in complete("ls", "--s")
    assert names(complete("ls", "models", "--output", "js")) == ["json", "jsonl"]
    assert "line-items" in names(complete("ls", ""))
    # Where no argument is left, options are.
    assert "--search" in names(complete("ls", "models", ""))


def test_names_and_ids_at_anaplan_are_completed(complete: Complete) -> None:
    assert complete("upload", "a.csv", "--to", "fl") == ["flights.csv\tfile 113000000002"]
    assert complete("upload", "a.csv", "--to", "113000000002") == ["113000000002\tfile flights.csv"]
    assert names(complete("--model", "Flight")) == ["Flight Operations", "Flight Operations 2012"]
    assert names(complete("show", "Load")) == ["Load flights"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "Lo"), ["Load flights"]),
        (("wait", "Delete"), ["Delete all flights", "Delete loaded flights"]),
        (("import", "a.csv", "--run", "Airlines"), ["Airlines from airlines.csv"]),
        (("import", "a.csv", "--to", "fl"), ["flights.csv"]),
        (("export", "'Passenger Plan - g"), ["Passenger Plan - grid.csv"]),
        (("download", "airl"), ["airlines.csv"]),
        (("list", "delete", "Coun"), ["Countries"]),
        (("view", "read", "'Flight Facts.L"), ["Flight Facts.Loaded Flights"]),
        (("cells", "write", "Passenger"), ["Passenger Plan"]),
        (("alm", "diff", "--source", "'Flight Operations 2"), ["Flight Operations 2012"]),
    ],
)
def test_commands_complete_what_they_take(
    complete: Complete, words: tuple[str, ...], expected: list[str]
) -> None:
    assert names(complete(*words)) == expected


def test_a_model_on_the_line_is_that_of_the_names(complete: Complete) -> None:
    assert names(complete("-m", "Flight Operations 2012", "show", "Load")) == []
    assert names(complete("-m", "Flight Operations", "show", "Load")) == ["Load flights"]


def test_workspaces_are_completed_whatever_the_model(
    complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANAPLAN_WORKSPACE_ID")
    monkeypatch.delenv("ANAPLAN_MODEL_ID")
    assert names(complete("ls", "models", "-w", "N")) == ["Network Planning"]
    assert names(complete("show", "'Flight Operations")) == [
        "Flight Operations",
        "Flight Operations 2012",
    ]


def test_profiles_are_completed(
    complete: Complete, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.toml").write_text("[profiles.test]\n[profiles.production]\n")
    monkeypatch.setenv("ANAPLAN_CONFIG_FILE", str(home / "config.toml"))
    assert complete("ls", "--profile", "p") == ["production\t"]


def test_names_are_kept_for_five_minutes(
    complete: Complete, home: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complete("upload", "--to", "fl")
    emulator.clear_requests()
    assert complete("upload", "--to", "ai")
    assert emulator.requests() == []
    (kept,) = home.glob(".cache/anaplan-sdk/names/*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    old = time.time() - 301
    os.utime(kept, (old, old))
    monkeypatch.setenv("ANAPLAN_PASSWORD", "wrong")
    assert complete("upload", "--to", "fl") == []


def test_names_of_one_model_are_not_those_of_another(
    complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complete("upload", "--to", "fl")
    monkeypatch.setenv("ANAPLAN_MODEL_ID", "E2F336A9505F0AFE12F5BCCE2861EBE5")
    assert complete("upload", "--to", "fl") == []


def test_nothing_is_completed_if_anaplan_is_slow(complete: Complete, emulator: Emulator) -> None:
    assert complete("upload", "--to", "fl") == ["flights.csv\tfile 113000000002"]
    emulator.add_fault(Fault(path="*/imports", delay_seconds=6))
    started = time.monotonic()
    assert complete("import", "a.csv", "--run", "Fl") == []
    assert time.monotonic() - started < 5


def test_nothing_is_completed_without_credentials(
    complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANAPLAN_PASSWORD")
    assert complete("upload", "--to", "fl") == []


def test_nothing_is_completed_for_a_line_that_is_wrong(complete: Complete) -> None:
    assert complete("lss", "mod") == []


def test_fish_gets_the_option_with_its_value(complete: Complete) -> None:
    assert names(complete("upload", "--to=fl", shell="fish")) == ["--to=flights.csv"]
    assert names(complete("upload", "--to=fl", shell="zsh")) == ["flights.csv"]


@pytest.mark.parametrize("typed", ["'Load f", '"Load f', r"Load\ f", "Load\\ "])
def test_a_quoted_word_is_completed(complete: Complete, typed: str) -> None:
    assert names(complete("show", typed)) == ["Load flights"]


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        # As bash calls the function: the word is what readline replaces.
        ("anaplan show Lo", "Lo", [r"Load\ flights"]),
        (r"anaplan show Load\ f", r"Load\ f", [r"Load\ flights"]),
        ("anaplan show 'Load f", "Load f", ["Load flights"]),
        ('anaplan show "Load f', "Load f", ["Load flights"]),
        ("anaplan show Lo'ad f", "ad f", ["ad flights"]),
        ("anaplan upload --to=fl", "fl", ["flights.csv"]),
        ("anaplan upload --to=", "", ["airlines.csv", "airports.csv", "flights.csv"]),
        ("anaplan l", "l", ["ls", "list", "login", "logout"]),
    ],
)
def test_bash_gets_what_readline_inserts(
    complete_bash: Complete, line: str, word: str, expected: list[str]
) -> None:
    assert complete_bash(line, word)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        ("anaplan show US", "US", [r"US:\ it\'s\ \"\$5\"\ \(net\)\;\ ü"]),
        ("anaplan show US:", "", [r"\ it\'s\ \"\$5\"\ \(net\)\;\ ü"]),
        ("anaplan show 'US:", "US:", [r"""US: it'\''s "$5" (net); ü"""]),
        ('anaplan show "US:', "US:", [r"""US: it's \"\$5\" (net); ü"""]),
    ],
)
def test_special_characters_are_quoted_for_bash(
    complete_bash: Complete, emulator: Emulator, line: str, word: str, expected: list[str]
) -> None:
    list_imports(emulator, """US: it's "$5" (net); ü""", "US\nin two lines")
    assert complete_bash(line, word) == expected


def test_bash_lists_names_with_descriptions(complete_bash: Complete) -> None:
    assert complete_bash("anaplan -m ", "", listing="63") == [
        "Flight Operations       model 90360869A4629FDAB24AE773ACAAC720",
        "Flight Operations 2012  model E2F336A9505F0AFE12F5BCCE2861EBE5",
    ]


def test_tab_in_bash(shell: Command) -> None:
    # The command prints its arguments, unless it is asked for completions.
    script = r"""
        eval "$(declare -f anaplan | sed '1s/anaplan/real/')"
        {
            declare -f real
            echo 'anaplan() {'
            echo '  if [ "$_ANAPLAN_COMPLETE" ]; then real; else printf "<%s>" "$@"; echo; fi'
            echo '}'
            real completion bash
            echo "PS1='$ '"
        } > rc
        script -qec 'bash --noprofile --rcfile rc -i' /dev/null
    """
    keys = "anaplan show Loa\t--kind processes\nanaplan ls files -m 'Flight Operations 2\t\nexit\n"
    shown = shell(script, stdin=keys).out
    assert "<show><Load flights><--kind><processes>" in shown
    assert "<ls><files><-m><Flight Operations 2012>" in shown


@pytest.mark.parametrize("name", ["bash", "zsh", "fish", "powershell"])
def test_scripts_are_valid(anaplan: Command, shell: Command, home: Path, name: str) -> None:
    script = anaplan("completion", name)
    assert script.code == 0
    assert re.search(rf"_ANAPLAN_COMPLETE(=| = '| ){name}\b", script.out)
    if name != "powershell" and shutil.which(name):
        (home / "script").write_text(script.out)
        assert shell(f"{name} -n script").err == ""
