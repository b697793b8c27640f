"""The commands of `anaplan` that do what a call of Anaplan Connect did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from anaplan_sdk.cli.connect.steps import (
    Describe,
    Download,
    Enumerate,
    Query,
    ReadItems,
    ReadView,
    Run,
    Source,
    Step,
    Upload,
    Work,
    WriteItems,
)
from anaplan_sdk.cli.connect.values import Outer, Value

_REFUSED_ROWS = (
    "--allow-refused all: refused rows are no failure, as before. Give a number instead, or leave "
    "it out: then refused rows end with exit code 6."
)
_LOCALE = (
    "Locale: en_US unless --locale says otherwise; Anaplan Connect took that of the machine. Add "
    "--locale if numbers or dates are written in another way."
)


@dataclass
class Command:
    """A command of `anaplan`.

    Attributes:
        words: Its arguments.
        workspace: The workspace that it works in.
        model: The model that it works in.
        notes: What a person has to know about it.
        query: The query whose rows it reads from stdin.
        folder: The folder that it needs.
        destination: The file that its output is redirected to.
        questions: The variables that are asked for before, with the questions.
        secrets: The variables that have to be set before, with their purpose.
        differences: How it differs from Anaplan Connect in general.
    """

    words: list[Value]
    workspace: Value | None = None
    model: Value | None = None
    notes: list[str] = field(default_factory=list[str])
    query: Query | None = None
    folder: Value | None = None
    destination: Value | None = None
    questions: dict[str, str] = field(default_factory=dict[str, str])
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    differences: list[str] = field(default_factory=list[str])

    def add(self, *words: str | Value) -> None:
        """Add arguments.

        Args:
            *words: The arguments.
        """
        self.words += map(Value.of, words)


def commands_for(steps: Sequence[Step], asked: int = 0, separator: str = "/") -> list[Command]:
    """Return the commands for steps.

    Args:
        steps: The steps, in order.
        asked: How many variables have been asked for before.
        separator: What separates a folder from its files.

    Returns:
        The commands.
    """
    commands: list[Command] = []
    i = 0
    while i < len(steps):
        step = steps[i]
        command = Command([], step.workspace, step.model, list(step.notes))
        following = _joinable(steps, i)
        if following is None:
            _build(command, step.work, asked, separator)
            i += 1
        else:
            command.notes += following.notes
            _build_joined(command, step.work, following.work, asked, separator)
            i += 2
        asked += len(command.questions)
        commands.append(command)
    return commands


def _joinable(steps: Sequence[Step], i: int) -> Step | None:
    """Return the next step if one command does both."""
    if i + 1 == len(steps):
        return None
    step, following = steps[i], steps[i + 1]
    if (step.workspace, step.model) != (following.workspace, following.model):
        return None
    match step.work, following.work:
        case Upload(), Run(kind="import"):
            # After several uploads, it is not known which of the files the import reads.
            is_joined = i == 0 or not isinstance(steps[i - 1].work, Upload)
        case Run(kind="export", mappings=[], connectors=[]) as run, Download() as download:
            is_joined = download.file == run.reference
        case _:
            is_joined = False
    return following if is_joined else None


def _build_joined(
    command: Command, work: Work, following: Work, asked: int, separator: str
) -> None:
    match work, following:
        case Upload(file, source), Run() as run:
            command.add("import")
            _add_source(command, source)
            command.add("--run", run.reference, "--to", file)
            _add_run_options(command, run, asked, separator)
        case Run(reference=reference, locale=locale), Download(_, destination):
            command.add("export", reference, destination or "-")
            if locale is not None:
                command.add("--locale", locale)
        case _:
            pass


def _build(command: Command, work: Work, asked: int, separator: str) -> None:
    match work:
        case Enumerate(kind):
            command.add("ls", kind)
        case Describe(reference):
            command.add("show", reference)
        case Upload(file, source):
            command.add("upload")
            _add_source(command, source)
            command.add("--to", file)
        case Download(file, destination):
            command.add("download", file, destination or "-")
        case Run():
            command.add("run", work.reference)
            _add_run_options(command, work, asked, separator)
        case WriteItems():
            _build_write(command, work)
        case ReadItems(items, form, destination):
            command.add("list", "read", items, "--output", form)
            command.destination = destination
        case ReadView():
            _build_view(command, work)


def _build_write(command: Command, work: WriteItems) -> None:
    command.add("list", work.verb, work.items)
    _add_source(command, work.source)
    command.add("--allow-refused", "all")
    command.differences.append(_REFUSED_ROWS)
    if work.refused is not None:
        command.add("--refused", work.refused)
    if work.verb == "delete":
        command.add("--yes")


def _build_view(command: Command, work: ReadView) -> None:
    module, view = work.module, work.view
    if module is not None and view is not None and not view.plain.isdigit():
        view = Value.of(module, ".", view)
        if module.plain.isdigit():
            command.notes.append("Write the name of the module instead of its id.")
    command.add("view", "read", view or module or "")
    for page in work.pages:
        dimension, item = page.partition(":")
        command.add("--page", Value.of(dimension, "=", item or ""))
    command.add("--layout", work.layout, "--output", work.form)
    command.destination = work.destination


def _add_source(command: Command, source: Source) -> None:
    if isinstance(source, Value):
        command.add(source)
    else:
        command.add("-")
        command.query = source


def _asked(command: Command, target: Value, asked: int) -> Value:
    """Have the value of a parameter asked for, each in a variable of its own."""
    name = f"VALUE_{asked + len(command.questions) + 1}"
    command.questions[name] = target.plain
    return Value((Outer(name),))


def _add_run_options(command: Command, run: Run, asked: int, separator: str) -> None:
    for mapping in run.mappings:
        target, value = mapping.partition(":")
        if value is None or value.plain == "?":
            value = _asked(command, target, asked)
        command.add("--map", Value.of(target, "=", value))
    for connector in run.connectors:
        target, value = connector.partition(":")
        if value is None:
            command.notes.append("-xc: one without a value is left out.")
            continue
        if not value.is_outer:
            # Most are what the connector signs in with.
            name = f"CONNECTOR_{re.sub(r'[^A-Za-z0-9]+', '_', target.plain).upper()}"
            command.secrets[name] = "the value for the connector"
            value = Value((Outer(name),))
        command.add("--connector", Value.of(target, "=", value))
    if run.locale is not None:
        command.add("--locale", run.locale)
    if run.kind in ("import", "process"):
        command.add("--allow-refused", "all")
        command.differences.append(_REFUSED_ROWS)
        if run.locale is None:
            command.differences.append(_LOCALE)
    _add_refused(command, run, separator)


def _add_refused(command: Command, run: Run, separator: str) -> None:
    if run.refused is None:
        return
    refused = run.refused
    if run.kind == "process":
        command.folder = refused
        is_separated = refused.plain[-1:] in ("/", "\\")
        refused = Value.of(refused, "" if is_separated else separator, "refused.csv")
    command.add("--refused", refused)
