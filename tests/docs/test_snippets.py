"""The README and everything under docs/: that the examples run and print what is shown.

A `python` fence is executed, in the namespace of those before it in the same document (a comment
`<!--- clear-namespace -->` begins a new one); one that holds tests is given to pytest. A `text`
fence is what the `python` fence before it prints, a `json` fence describes a tenant. A `bash` fence
is looked at: its verbs, extras and options have to exist, and its curl lines are sent.
"""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.metadata import metadata
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import ClearNamespaceParser, CodeBlockParser
from sybil.typing import Parser

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.__main__ import main as emulator_command
from anaplan_sdk import Client

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")

Fill = Callable[[str], str]
each_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


class Reader:
    """Does what a document's examples say, one after the other."""

    def __init__(self) -> None:
        self._execute = PythonEvaluator()
        self._printed = ""

    def run(self, example: Example) -> None:
        """Executes a `python` fence."""
        if "def test_" in example.parsed:
            run_tests(example.parsed)
            return
        output = io.StringIO()
        with redirect_stdout(output):
            self._execute(example)
        self._printed = output.getvalue()

    def compare(self, example: Example) -> None:
        """Compares a `text` fence with what the last `python` fence printed."""
        assert self._printed.split("\n") == str(example.parsed).split("\n")


def load_tenant(example: Example) -> None:
    """Starts an emulator with the tenant of a `json` fence."""
    with Emulator(TenantDescription.model_validate_json(example.parsed)) as emulator:
        assert emulator.model_id is not None


def run_tests(code: str) -> None:
    """Runs tests as a user does, in a process and a folder of their own."""
    Path("test_example.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def read(path: Path, fill: Fill, **evaluators: Callable[[Example], None]) -> Document:
    """A document with its placeholders filled in, and an evaluator for each kind of fence."""
    document = Document(fill(path.read_text(encoding="utf-8")), str(path))
    parsers: list[Parser] = [
        ClearNamespaceParser(),
        *(CodeBlockParser(language, evaluator) for language, evaluator in evaluators.items()),
    ]
    for parser in parsers:
        for region in parser(document):
            document.add(region)
    return document


@pytest.mark.usefixtures("home")
@each_document
def test_python_examples_run(path: Path, fill: Fill) -> None:
    reader = Reader()
    document = read(path, fill, python=reader.run, text=reader.compare, json=load_tenant)
    try:
        for example in document:
            example.evaluate()
    finally:
        for value in document.namespace.values():
            if isinstance(value, Client):
                value.close()


@each_document
def test_commands_exist(path: Path, fill: Fill) -> None:
    for example in read(path, fill, bash=lambda _: None):
        for line in str(example.parsed).replace("\\\n", " ").splitlines():
            check_command(shlex.split(line, comments=True))


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    missing = [
        target
        for target in targets
        if not target.startswith("http") and not (path.parent / target).exists()
    ]
    assert missing == []


def check_command(words: list[str]) -> None:
    match words:
        case ["make", *verbs]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            for verb in verbs:
                assert f"\n{verb}:" in makefile, verb
        case ["pip", "install", *packages]:
            known = set(metadata("anaplan-sdk").get_all("Provides-Extra") or ())
            for extras in re.findall(r"\[(.+)\]", " ".join(packages)):
                assert set(extras.split(",")) <= known, extras
        case ["anaplan", "emulator", *options] | ["python", "-m", "anaplan_emulator", *options]:
            for option in options:
                assert not option.startswith("-") or option in emulator_options(), option
        case ["curl", *arguments]:
            send(arguments)
        case [] | ["export", _] | ["git", "clone", *_] | ["cd", _]:
            pass
        case _:
            pytest.fail(f"No check knows this command: {shlex.join(words)}")


def emulator_options() -> set[str]:
    """Every option in the command's own help."""
    output = io.StringIO()
    with redirect_stdout(output), pytest.raises(SystemExit):
        emulator_command(["--help"])
    return set(re.findall(r"--[\w-]+", output.getvalue()))


def send(arguments: list[str]) -> None:
    """What curl would do with `[-X METHOD] URL [-d BODY]`."""
    options = dict(pairwise(arguments))
    body = options.get("-d")
    method = options.get("-X", "GET" if body is None else "POST")
    (url,) = (argument for argument in arguments if argument.startswith("http://"))
    httpx2.request(method, url, content=body).raise_for_status()
