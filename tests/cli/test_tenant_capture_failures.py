"""`anaplan tenant capture` of models with unusual names, and where something fails."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command, ctrl_c_when
from tests.emulator.any_tenant import all_listings, tenant_with

from anaplan_emulator import Emulator, Fault, check_tenant
from anaplan_emulator.settings import Dialect
from anaplan_sdk.cli.failures import CommandError
from anaplan_sdk.cli.tenant.capturing.capture_state import CaptureState
from anaplan_sdk.cli.tenant.capturing.import_guesses import read_source
from anaplan_sdk.cli.tenant.capturing.list_items import _with_ids
from anaplan_sdk.cli.tenant.capturing.pseudonyms import Pseudonyms
from anaplan_sdk.cli.tenant.capturing.report_files import _escaped
from anaplan_sdk.cli.tenant.capturing.structure import ListStructure, PropertyStructure

# Such as YAML, CSV, Markdown, formulas or Anaplan itself could misread.
NAMES = (
    *("NO", "1e3", "~", "- x", "# c", "=1+1", "a/b", 'a"b', "a'b", "a, b", "x|y*z`", "é ünï", "😀"),
    *("on", "12:30:45", "0o17", "[x]", "{y}", "a: b", "\\", "2020-01-01", "!tag", "*alias", ">f"),
)
MODEL: dict[str, Any] = {
    "calendar": {"start": "2024-01-29", "type": "Weeks: 4-4-5, 4-5-4 or 5-4-4"},
    "lists": [
        *(
            {
                "name": name,
                "items": [
                    {"name": each, "code": f"C{at}" if at % 2 else ""}
                    for at, each in enumerate(NAMES)
                ],
                "properties": [{"name": "NO"}, {"name": "1e3", "format": "NUMBER"}],
            }
            for name in ("NO", "a/b", "- x")
        ),
        {
            "name": "Numbered",
            "numbered": True,
            # No cells show that it is the display name.
            "properties": [{"name": "Title", "display_name": True}],
            "items": [{"code": each, "properties": {"Title": "Same"}} for each in NAMES[:3]],
        },
        {"name": "Of ada@corp.example", "items": [{"name": "First", "code": "F"}]},
    ],
    "modules": [
        {
            "name": "- x.y's",
            "dimensions": ["NO"],
            "line_items": [
                {"name": "~", "format": "TEXT"},
                {"name": "#", "format": "NUMBER"},
                {"name": "a, b", "formula": "# + #", "format": "NUMBER"},
            ],
            "cells": [{"NO": "=1+1", "~": "line\nbreak", "#": 1e15}, {"NO": "~", "~": "0"}],
            "views": [{"name": "it's a.view"}, {"name": "v"}],
        },
        {
            "name": "- x",
            "dimensions": ["- x"],
            "line_items": [{"name": "Of - x"}],
            "views": [{"name": "y's.v"}],
        },
        {
            "name": "Months",
            "dimensions": ["a/b", "Time"],
            "line_items": [{"name": "Units"}],
            "cells": [{"a/b": "NO", "Time": "Week 1 FY25", "Units": 5}],
        },
        {
            "name": "Of ada@corp.example",
            "dimensions": ["Of ada@corp.example"],
            "line_items": [{"name": "ada@corp.example", "format": "BOOLEAN"}],
        },
    ],
    "files": [{"name": "people.csv", "columns": ["code", "name"]}],
    "imports": [
        {
            "name": "Of ada@corp.example from people.csv",
            "file": "people.csv",
            "target": {"list": "Of ada@corp.example", "code": "code", "name": "name"},
        }
    ],
    "deletions": [
        {
            "name": "Delete",
            "list": "Of ada@corp.example",
            "module": "Of ada@corp.example",
            "line_item": "ada@corp.example",
        }
    ],
}


@pytest.fixture(scope="module")
def shared_emulator() -> Iterator[Emulator]:
    with Emulator(tenant_with(**MODEL)) as emulator:
        yield emulator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "captured"


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_capture_lists_what_the_model_has(
    anaplan: Command, emulator: Emulator, folder: Path, form: str
) -> None:
    line = ("--data", "all", "--no-anonymise", "--format", form)
    done = anaplan("tenant", "capture", "-o", str(folder), *line)
    assert done.code == 0, done.err
    with Emulator(folder / f"tenant.{form}") as other:
        assert all_listings(other) == all_listings(emulator)


def test_addresses_in_names_are_replaced_wherever_the_names_stand(
    anaplan: Command, folder: Path
) -> None:
    done = anaplan("tenant", "capture", "-o", str(folder), "--format", "json")
    assert done.code == 0, done.err
    description, problems = check_tenant(folder / "tenant.json")
    assert (description is not None, problems) == (True, ())
    for path in folder.rglob("*.*"):
        assert "corp.example" not in path.read_text("utf-8"), path.name


@pytest.mark.parametrize("dialect", ["live", "guide", "odd"])
@pytest.mark.parametrize(
    "path",
    ["*/modelCalendar", "*/lists", "*/lists/101000000000", "*/lists/101000000001"],
    ids=["calendar", "lists", "one-list", "list-of-months"],
)
def test_what_depends_on_a_missing_object_is_left_out(
    anaplan: Command, emulator: Emulator, folder: Path, path: str, dialect: Dialect
) -> None:
    emulator.settings.dialect = dialect
    emulator.add_fault(Fault(path=path, status=403, times=None))
    line = ("--data", "all", "--no-anonymise", "--format", "json")
    done = anaplan("tenant", "capture", "-o", str(folder), *line)
    emulator.clear_faults()
    assert done.code == 0, done.err
    assert "not read" in (folder / "report.md").read_text("utf-8")
    with Emulator(folder / "tenant.json"):
        pass


def test_a_model_without_access_is_an_error(
    anaplan: Command, emulator: Emulator, folder: Path
) -> None:
    for path in ("*/lists", "*/modules"):
        emulator.add_fault(Fault(path=path, status=403, times=None))
    done = anaplan("tenant", "capture", "-o", str(folder))
    emulator.clear_faults()
    assert done.code == 1
    assert "The model can't be read: " in done.err
    assert not (folder / "tenant.yaml").exists()
    # With access the same command continues.
    assert anaplan("tenant", "capture", "-o", str(folder)).code == 0


def test_only_one_command_captures_into_a_folder(anaplan: Command, folder: Path) -> None:
    with CaptureState(folder, {}):
        done = anaplan("tenant", "capture", "-o", str(folder))
    assert done.code == 2
    assert "Another command captures into" in done.err


def test_a_long_chain_of_items_is_selected(anaplan: Command, home: Path, folder: Path) -> None:
    items = [{"name": f"n{at}", "properties": {"Next": f"n{at + 1}"}} for at in range(600)]
    chain = {
        "name": "Chain",
        "items": [*items, {"name": "n600", "properties": {"Next": "n0"}}],
        "properties": [{"name": "Next", "format": "LIST", "list": "Chain"}],
    }
    with Emulator(tenant_with(lists=[chain])) as emulator:
        environment = {
            "ANAPLAN_BASE_URL": emulator.base_url,
            "ANAPLAN_USER_EMAIL": emulator.user_email,
            "ANAPLAN_PASSWORD": emulator.password,
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            line = ("-w", "Workspace", "-m", "Model", "-o", str(folder), "--sample-items", "1")
            done = anaplan("tenant", "capture", *line, "--output", "json")
    assert done.code == 0, done.err
    assert done.json["read"]["items"] == 601


def test_after_ctrl_c_the_printed_command_continues(
    anaplan: Command, emulator: Emulator, folder: Path
) -> None:
    emulator.clear_requests()
    emulator.add_fault(Fault(path="*/imports", hold_seconds=20, times=None))
    with ctrl_c_when(lambda: any(each.path.endswith("/files") for each in emulator.requests())):
        done = anaplan("tenant", "capture", "-o", str(folder), "--data", "all", "--no-anonymise")
    emulator.clear_faults()
    assert done.code == 130
    (line,) = re.findall(r"To continue: '(anaplan .*)'", done.err)
    program, *words = shlex.split(line)
    assert program == "anaplan"
    done = anaplan(*words)
    assert done.code == 0, done.err
    assert "  list NO" not in done.err.splitlines()


def test_a_damaged_database_is_an_error(home: Path, folder: Path) -> None:
    CaptureState(folder, {}).__exit__(None, None, None)
    (path,) = (home / ".local" / "state" / "anaplan-sdk" / "captures").glob("*.sqlite")
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(CommandError, match="can't be used: file is not a database"):
        CaptureState(folder, {})
    # The lock was released.
    with pytest.raises(CommandError, match="with other arguments"):
        CaptureState(folder, {"data": "all"})


def test_items_of_an_unexpected_form() -> None:
    of = ListStructure("101", "List", {}, [], [PropertyStructure("Long", "TEXT")])
    long = "x" * 200_000
    content = f"id,name,code,parent,a,b,c,Long\n1,First\n2,Second,S,,,,,{long}\n".encode()
    (item,) = _with_ids(content.replace(b"Second", b"Sec\xffond"), of)
    assert (item.name, item.fields) == ("Sec\ufffdond", [long])


@pytest.mark.parametrize(
    "shown",
    [{"encoding": "IBM-UNKNOWN"}, {"separator": "||"}, {"delimiter": "''"}],
    ids=["encoding", "separator", "delimiter"],
)
def test_a_file_that_cannot_be_read_has_its_columns(shown: dict[str, str]) -> None:
    source = read_source("a.csv", ["code"], b"code\nA\nB\n", shown)
    assert (source.columns, source.values) == (["code"], {})


@pytest.mark.parametrize("text", ["Infinity", "NaN", "-inf", "text"])
def test_what_is_no_finite_number_is_not_kept(text: str) -> None:
    assert not re.search(text, Pseudonyms(b"secret").number(text, "102 207"))


def test_pseudonyms_of_addresses_are_not_replaced_again() -> None:
    pseudonyms = Pseudonyms(b"secret")
    once = pseudonyms.inside("For Ada@Corp.example, and bo@example.com")
    assert not re.search(r"Ada|bo@", once)
    assert pseudonyms.inside(once) == once


def test_names_have_no_marks_in_the_report() -> None:
    assert _escaped("a|b\n- `c` <d> *e*") == r"a\|b - \`c\` \<d> \*e\*"
