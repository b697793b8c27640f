"""`anaplan tenant new`, `check` and `show`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator import Emulator
from anaplan_sdk.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from tests.cli.conftest import Command, Shown

MISTAKES = (
    ("parent: Categories", "parent: Categores"),
    ("format: BOOLEAN", "format: BOOL"),
    ("actions: [Products from", "actions: [Product from"),
)


@pytest.fixture
def started(anaplan: Command, home: Path) -> Path:
    """The file that `anaplan tenant new` writes."""
    assert anaplan("tenant", "new").code == ExitCode.DONE
    return home / "tenant.yaml"


@pytest.fixture
def broken(started: Path) -> Path:
    text = started.read_text()
    for old, new in MISTAKES:
        assert old in text
        text = text.replace(old, new)
    started.write_text(text)
    return started


class TestNew:
    def test_the_file_is_valid_and_can_be_served(self, anaplan: Command, started: Path) -> None:
        result = anaplan("tenant", "check", "tenant.yaml")
        assert result.code == ExitCode.DONE
        assert result.out.startswith("tenant.yaml is valid: 1 user, 1 workspace, 1 model, 2 lists")
        with Emulator(started) as emulator:
            assert emulator.info()["user_email"] == "me@company.com"
        first, *lines = started.read_text().splitlines()
        schema = first.removeprefix("# yaml-language-server: $schema=file://")
        assert json.loads(Path(schema).read_text())["title"]
        assert "#   anaplan tenant check tenant.yaml" in lines

    def test_stdout(self, anaplan: Command, home: Path) -> None:
        result = anaplan("tenant", "new", "-")
        assert result.out.startswith("# yaml-language-server")
        assert list(home.glob("*.yaml")) == []

    def test_an_existing_file_is_kept(self, anaplan: Command, started: Path) -> None:
        started.write_text("mine")
        result = anaplan("tenant", "new")
        assert result.code == ExitCode.USAGE
        assert "--force" in result.err
        assert started.read_text() == "mine"
        assert anaplan("tenant", "new", "--force").code == ExitCode.DONE
        assert "name: My company" in started.read_text()

    @pytest.mark.parametrize("name", ["tenant.json", "no-folder/tenant.yaml", " "])
    def test_files_that_are_not_written(self, anaplan: Command, home: Path, name: str) -> None:
        result = anaplan("tenant", "new", name)
        assert result.code == ExitCode.USAGE
        assert result.err.startswith("Error: ")
        assert list(home.glob("**/tenant.*")) == []


class TestCheck:
    def test_mistakes(self, anaplan: Command, broken: Path) -> None:
        result = anaplan("tenant", "check", str(broken))
        assert result.code == ExitCode.FAILED
        lines = result.out.splitlines()
        assert lines[0] == f"{broken}: 3 problems"
        at = lines.index("  list 'Products' of model 'Sales'")
        assert lines[at - 1].endswith("workspaces[0].models[0].lists[1].parent")
        assert lines[at - 1].startswith("line ")
        assert lines[at + 1 : at + 3] == [
            "  no list is called 'Categores'",
            "  Did you mean 'Categories'?",
        ]

    def test_json(self, anaplan: Command, broken: Path) -> None:
        result = anaplan("tenant", "check", str(broken), "-o", "json")
        assert result.code == ExitCode.FAILED
        assert not result.json["valid"]
        (first, *_) = result.json["problems"]
        assert first.keys() >= {"place", "line", "column", "message", "hint", "object", "file"}
        rows = anaplan("tenant", "check", str(broken), "-o", "csv").out.splitlines()
        assert rows[0] == "file,line,column,place,object,message,hint"
        assert len(rows) == 4

    def test_guesses_are_listed(self, anaplan: Command, started: Path) -> None:
        line = "            file: products.csv\n"
        text = started.read_text().replace(line, f"{line}            confirm: [the mapping]\n")
        started.write_text(text)
        result = anaplan("tenant", "check", str(started))
        assert result.code == ExitCode.DONE
        assert "1 guessed value to confirm:" in result.out
        number = text.splitlines().index("            confirm: [the mapping]") + 1
        place = "workspaces[0].models[0].imports[0]"
        assert f"line {number}  {place} (Products from products.csv)" in result.out
        found = anaplan("tenant", "check", str(started), "-o", "json").json["confirm"]
        assert [(each["text"], each["line"]) for each in found] == [("the mapping", number)]

    def test_on_a_narrow_terminal(self, shown: Shown, broken: Path) -> None:
        text = shown("tenant", "check", str(broken), columns=80)
        assert all(len(line) <= 80 for line in text.splitlines())
        assert "Did you mean 'Categories'?" in text

    def test_hostile_names_do_not_control_the_terminal(self, anaplan: Command, home: Path) -> None:
        (home / "t.yaml").write_text('name: "a"\n"\\e[31mred": 1\nusers: []\n')
        result = anaplan("tenant", "check", "t.yaml")
        assert result.code == ExitCode.FAILED
        assert "\x1b" not in result.out

    @pytest.mark.parametrize("command", ["check", "show"])
    def test_a_missing_file(self, anaplan: Command, command: str) -> None:
        result = anaplan("tenant", command, "missing.yaml")
        assert result.code == ExitCode.USAGE
        assert "missing.yaml: No such file" in result.err

    def test_syntax(self, anaplan: Command, home: Path) -> None:
        (home / "t.yaml").write_text("name: [\n")
        result = anaplan("tenant", "check", "t.yaml")
        assert result.code == ExitCode.FAILED
        assert "line 2" in result.out
        assert "not valid YAML" in result.out


class TestShow:
    def test_tree(self, anaplan: Command, started: Path) -> None:
        out = anaplan("tenant", "show", str(started)).out
        for text in (
            "Categories  2 items",
            "Products  2 items; properties: Price (number)",
            "Units sold  by Products, Time, Versions; 1 cell",
            "Net = Units - Returns",
            "import from products.csv into Products",
            "process: Products from products.csv, Units sold.csv",
            "me@company.com  My Self, admin of Planning",
        ):
            assert text in out
        assert "secret" not in out

    def test_json_has_no_secrets(self, anaplan: Command, started: Path) -> None:
        result = anaplan("tenant", "show", str(started), "-o", "json")
        (model,) = result.json["workspaces"][0]["models"]
        assert [each["parent"] for each in model["lists"]] == [None, "Categories"]
        assert "secret" not in result.out

    def test_files_of_data_are_named_as_in_the_file(self, anaplan: Command, started: Path) -> None:
        data = started.parent / "data"
        data.mkdir()
        (data / "categories.csv").write_text("name,code\nFruit,FR\nVegetables,VE\n")
        items = """\
            items:
              - {name: Fruit, code: FR}
              - {name: Vegetables, code: VE}
"""
        named = "            items_file: data/categories.csv\n"
        started.write_text(started.read_text().replace(items, named))
        out = anaplan("tenant", "show", str(started)).out
        assert "Categories  items in data/categories.csv" in out

    def test_one_model(self, anaplan: Command, started: Path) -> None:
        out = anaplan("tenant", "show", str(started), "--model", "Sales").out
        assert "Users" not in out
        result = anaplan("tenant", "show", str(started), "--model", "Other")
        assert result.code == ExitCode.NOT_FOUND
        assert "'Sales'" in result.err

    def test_mistakes(self, anaplan: Command, broken: Path) -> None:
        result = anaplan("tenant", "show", str(broken))
        assert result.code == ExitCode.FAILED
        assert "has 3 problems" in result.err
        assert "anaplan tenant check" in result.err
        assert anaplan("tenant", "show", str(broken), "-o", "csv").code != ExitCode.DONE

    @pytest.mark.parametrize("columns", [80, 200])
    def test_hundreds_of_objects(self, shown: Shown, home: Path, columns: int) -> None:
        lists = [{"name": f"List {n}", "parent": f"List {n // 2}" if n else ""} for n in range(200)]
        items = [{"name": f"A line item with a number {n}"} for n in range(30)]
        modules = [
            {"name": f"Module {n}", "dimensions": [f"List {n}"], "line_items": items}
            for n in range(5)
        ]
        user = {"email": "a@b.c", "password": "x", "first_name": "A", "last_name": "B"}
        model = {"name": "Big", "lists": lists, "modules": modules}
        tenant = {
            "name": "Large",
            "users": [user],
            "workspaces": [{"name": "w", "models": [model]}],
        }
        (home / "big.json").write_text(json.dumps(tenant))
        text = shown("tenant", "show", "big.json", columns=columns)
        assert all(len(line) <= columns for line in text.splitlines())
        assert "number 29" in text


@pytest.mark.parametrize("missing", ["ruamel.yaml", "anaplan_emulator.tenant.tenant_file"])
def test_without_the_extra(started: Path, missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None; "
        f"from anaplan_sdk.cli import run; sys.exit(run(['tenant', 'check', {str(started)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.FAILED
    assert "pip install 'anaplan-sdk[emulator]'" in done.stderr
