"""The README and everything under docs/: that the examples run and print what is shown.

A `python` fence is executed, in the namespace of those before it in the same document (a comment
`<!--- clear-namespace -->` begins a new one); one that holds tests is given to pytest, and one that
begins with the name of a file, such as `# conftest.py`, is written to that file. What the
reader would do elsewhere is done in comments (`<!--- invisible-code-block: python`), in which
`company` is Anaplan. A `text` fence is what the `python` fence before it prints, a `log` fence the
same without what differs from run to run (times, ports, ids), a `json` fence describes a tenant, a
`toml` fence with profiles is the config file. A `bash` fence is looked at: its verbs, extras and
options have to exist, its curl lines are sent, its variables exported. A `shell` fence is
executed, and so is a `crontab` fence, with the variables that cron sets.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import ClearNamespaceParser, CodeBlockParser
from sybil.typing import Parser

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.__main__ import main as emulator_command
from anaplan_sdk import Client
from anaplan_sdk.auth.profiles import config_file
from anaplan_sdk.cli.command_groups import Group
from anaplan_sdk.cli.tree import root

if TYPE_CHECKING:
    from tests.docs.conftest import Seat
    from typer._click import Command

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#]*)#?([^)]*)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
VOLATILE = {
    r"\b\d\d:\d\d:\d\d\b": "TIME",
    r"\b\d+(?:\.\d)? (?=m?s\b)": "DURATION ",
    r"[\d,]+ bytes": "SIZE",
    r"127\.0\.0\.1:\d+": "HOST",
    r"\b[0-9A-F]{32}\b": "ID",
    r"\[Errno \d+\]": "[Errno]",
}
"""What differs between two runs that log the same."""

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
        named = re.match(r"# (\w+\.py)\n", example.parsed)
        if "def test_" in example.parsed:
            run_tests(example.parsed, named[1] if named else "test_example.py")
            return
        if named:
            Path(named[1]).write_text(example.parsed, encoding="utf-8")
            return
        output = io.StringIO()
        with redirect_stdout(output):
            self._execute(example)
        self._printed = output.getvalue()

    def execute(self, example: Example) -> None:
        """Executes a `shell` fence, or the command of a `crontab` fence as cron does."""
        command = Path("env/bin/anaplan")
        command.parent.mkdir(parents=True, exist_ok=True)
        program = "from anaplan_sdk.cli import main; main()"
        command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{program}" "$@"\n')
        command.chmod(0o700)
        is_job = example.parsed.startswith("15 2 * * *")
        script = example.parsed.removeprefix("15 2 * * *").replace("/srv/flights", str(Path.cwd()))
        path = f"{command.parent.absolute()}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        environ = {"PATH": os.defpath} if is_job else {**os.environ, "PATH": path}
        done = subprocess.run(
            ["sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            check=False,
        )
        self._printed = done.stdout.decode()
        assert done.returncode == 0, self._printed

    def compare(self, example: Example) -> None:
        """Compares a `text` fence with what the last `python` or `shell` fence printed."""
        assert self._printed.split("\n") == str(example.parsed).split("\n")

    def compare_log(self, example: Example) -> None:
        """Compares a `log` fence with the log that the last `python` fence printed."""
        assert steady(self._printed).split("\n") == steady(str(example.parsed)).split("\n")


def steady(log: str) -> str:
    """A log without what differs from run to run."""
    for pattern, replacement in VOLATILE.items():
        log = re.sub(pattern, replacement, log)
    return log


def load_tenant(example: Example) -> None:
    """Starts an emulator with the tenant of a `json` fence."""
    with Emulator(TenantDescription.model_validate_json(example.parsed)) as emulator:
        assert emulator.model_id is not None


def write_profiles(example: Example) -> None:
    """Writes a `toml` fence with profiles to where the SDK looks for them."""
    if "[profiles." in example.parsed:
        config_file().parent.mkdir(parents=True, exist_ok=True)
        config_file().write_text(example.parsed, encoding="utf-8")


def export(example: Example, environment: pytest.MonkeyPatch) -> None:
    """Exports the variables that a `bash` fence does."""
    names = re.findall(r"^export (\w+)=", example.parsed, re.MULTILINE)
    if not names:
        return
    script = f"{example.parsed}\nprintf '%s\\0' " + " ".join(f'"${name}"' for name in names)
    result = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=True)
    for name, value in zip(names, result.stdout.split("\0"), strict=False):
        environment.setenv(name, value)


def run_tests(code: str, name: str) -> None:
    """Runs tests as a user does, in a process and a folder of their own."""
    Path(name).write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name]
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


@pytest.mark.usefixtures("home", "ring", "own_telemetry")
@each_document
def test_python_examples_run(
    path: Path, fill: Fill, company: Emulator, in_terminal: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()
    document = read(
        path,
        fill,
        python=reader.run,
        text=reader.compare,
        log=reader.compare_log,
        json=load_tenant,
        toml=write_profiles,
        bash=lambda example: export(example, monkeypatch),
        shell=reader.execute,
        crontab=reader.execute,
    )
    document.namespace["company"] = company
    try:
        with in_terminal():
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
            check_line(shlex.split(line, comments=True))


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    missing = [
        (target, anchor)
        for target, anchor in LINK.findall(path.read_text(encoding="utf-8"))
        if not target.startswith("http") and not leads_somewhere(path, target, anchor)
    ]
    assert missing == []


def leads_somewhere(path: Path, target: str, anchor: str) -> bool:
    """Whether a link's file exists, and the heading in it."""
    file = path.parent / target if target else path
    if not anchor:
        return file.exists()
    headings = HEADING.findall(file.read_text(encoding="utf-8")) if file.is_file() else []
    # As GitHub makes them.
    return anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def check_line(words: list[str]) -> None:
    """Check a line of a shell; of several commands those that are ours, if there are any."""
    separators = ("|", "&&", "||", ";")
    grouped = groupby(words, lambda word: word in separators)
    parts = [list(part) for is_separator, part in grouped if not is_separator] or [[]]
    # Also those in `$(...)`.
    parts += [shlex.split(line) for line in re.findall(r"\$\((anaplan [^)]*)\)", " ".join(words))]
    ours = [part for part in parts if part[:1] == ["anaplan"]]
    for part in ours or parts:
        redirected = (at for at, word in enumerate(part) if re.match(r"\d?[<>]", word))
        line = part[: next(redirected, None)]
        if part in ours and line[1:2] != ["emulator"]:
            parse(line[1:])
        else:
            check_command(line)


def check_command(words: list[str]) -> None:
    match words:
        case ["make", *verbs]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            for verb in verbs:
                assert f"\n{verb}:" in makefile, verb
        case ["pip", "install", *packages]:
            project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
                "project"
            ]
            known = project["optional-dependencies"].keys()
            for extras in re.findall(r"\[(.+)\]", " ".join(packages)):
                assert set(extras.split(",")) <= known, extras
        case ["anaplan", "emulator", *options] | ["python", "-m", "anaplan_emulator", *options]:
            for option in options:
                assert not option.startswith("-") or option in emulator_options(), option
        case ["curl", *arguments]:
            send(arguments)
        case ["pytest"] | ["python", "-m", "venv", _] | ["opentelemetry-instrument", *_]:
            pass
        case [] | ["export", _] | ["git", "clone", *_] | ["cd", _] | [".", _]:
            pass
        case _:
            pytest.fail(f"No check knows this command: {shlex.join(words)}")


def parse(arguments: list[str]) -> None:
    """Read arguments as the command does, without running it."""
    command: Command = root()
    context = command.make_context("anaplan", arguments)
    while isinstance(command, Group):
        name, found, arguments = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert name is not None
        assert found is not None
        command = found
        context = command.make_context(name, arguments, parent=context)


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
