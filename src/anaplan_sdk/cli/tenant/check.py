"""`anaplan tenant check`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.table_cells import to_json
from anaplan_sdk.cli.tenant.files import checked
from anaplan_sdk.cli.wording import counted

if TYPE_CHECKING:
    from anaplan_emulator import TenantDescription, TenantProblem
    from anaplan_emulator.tenant.confirmations import Confirmation

_COLUMNS = ("file", "line", "column", "place", "object", "message", "hint")


@examples(
    "anaplan tenant check tenant.yaml",
    "anaplan tenant check tenant.yaml -o json | jq -r '.problems[].place'",
)
def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML, JSON or TOML file.")],
) -> ExitCode:
    """Report every mistake in a tenant file.

    It checks the file and the files of data that it names, and prints for each mistake where it is
    and what to write instead. It also lists what a capture has guessed, for you to confirm. The
    exit code is 1 if there is a mistake.
    """
    invocation = Invocation.of(context)
    tenant, problems = checked(file)
    notes = _to_confirm(tenant, file) if tenant is not None else []
    chosen = invocation.options.output
    if chosen == "json":
        found = {
            "file": file,
            "valid": tenant is not None,
            "problems": [asdict(each) for each in problems],
            "confirm": [asdict(each) for each in notes],
        }
        print(to_json(found, indent=2))
    elif chosen in ("jsonl", "csv"):
        invocation.output.rows([asdict(each) for each in problems], _COLUMNS)
    else:
        width = invocation.output.text_width
        for line in _lines(file, tenant, problems, notes):
            print("\n".join(_folded(printable(line), width)))
    return ExitCode.DONE if tenant is not None else ExitCode.FAILED


def _to_confirm(tenant: TenantDescription, file: str) -> list[Confirmation]:
    from anaplan_emulator.tenant.confirmations import confirmations
    from anaplan_emulator.tenant.document import read_document

    # Only if there is something to find: it takes time to read a file again.
    return confirmations(tenant) and confirmations(tenant, read_document(Path(file)))


def _lines(
    file: str,
    tenant: TenantDescription | None,
    problems: Sequence[TenantProblem],
    notes: Sequence[Confirmation],
) -> Iterator[str]:
    if tenant is not None:
        yield f"{file} is valid: {_summary(tenant)}."
        if notes:
            yield ""
            yield f"{counted(len(notes), 'guessed value')} to confirm:"
        for note in notes:
            line = "" if note.line is None else f"line {note.line}  "
            yield f"  {line}{note.place} ({note.name})"
            yield f"    {note.text}"
        return
    yield f"{file}: {counted(len(problems), 'problem')}"
    for name in dict.fromkeys(each.file for each in problems):
        if name:
            yield ""
            yield f"{name}:"
        for problem in problems:
            if problem.file == name:
                yield ""
                yield from _problem_lines(problem)


def _problem_lines(problem: TenantProblem) -> Iterator[str]:
    line = "" if problem.line is None else f"line {problem.line}"
    column = "" if problem.column is None else f"column {problem.column}"
    position = ", ".join(filter(None, (line, column)))
    yield "  ".join(filter(None, (position, problem.place))) or "The file"
    if problem.object:
        yield f"  {problem.object}"
    yield f"  {problem.message}"
    if problem.hint:
        yield f"  {problem.hint}"


def _summary(tenant: TenantDescription) -> str:
    from anaplan_emulator.tenant.action_definitions import ACTION_CLASSES

    models = [model for workspace in tenant.workspaces for model in workspace.models]
    numbers = (
        (len(tenant.users), "user"),
        (len(tenant.workspaces), "workspace"),
        (len(models), "model"),
        (sum(len(model.lists) for model in models), "list"),
        (sum(len(model.modules) for model in models), "module"),
        (sum(len(getattr(model, kind)) for model in models for kind in ACTION_CLASSES), "action"),
    )
    return ", ".join(counted(number, noun) for number, noun in numbers)


def _folded(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
        break_long_words=False,
    )
