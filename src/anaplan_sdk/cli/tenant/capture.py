"""`anaplan tenant capture`: a tenant file from a real model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions, Data, FileFormat
from anaplan_sdk.cli.wording import counted, quoted

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.capturing.options import CaptureReport, Note

_MOST_SHOWN = 12


@examples(
    "anaplan tenant capture -m 'Flight Operations' -o captured",
    "anaplan tenant capture --profile live -m Planning -o captured --data none",
    "anaplan tenant capture -m Planning -o captured --data all --no-anonymise",
)
def capture(
    context: typer.Context,
    folder: Annotated[
        str, typer.Option("-o", "--to", metavar="DIR", help="The folder to write: new or empty.")
    ],
    data: Annotated[
        Data, typer.Option("--data", help="Items and cells: none, those of a sample, or all.")
    ] = "sample",
    anonymise: Annotated[
        bool,
        typer.Option(
            "--anonymise/--no-anonymise", help="Replace people, items, texts and numbers."
        ),
    ] = True,
    sample_items: Annotated[
        int,
        typer.Option("--sample-items", metavar="N", min=1, help="Items of each list in a sample."),
    ] = 100,
    form: Annotated[
        FileFormat, typer.Option("--format", help="Format of the tenant file.")
    ] = "yaml",
) -> ExitCode:
    """Write a tenant file from a real model, without changing it.

    Reads the model with its lists, modules, views, files, actions and users, and writes DIR with
    tenant.yaml, its data, and report.md, which says what was read, left out and guessed. Anaplan
    shows neither the mappings of imports nor the modules of exports: they are guessed from names,
    and marked in the file by 'confirm'.

    People, items, texts, numbers and dates are replaced by stable pseudonyms; notes and categories
    are left out. Names of lists, modules, line items, files and actions are kept, and so are
    formulas, except for items' names and e-mail addresses in them.

    A capture that was interrupted is continued by the same command.
    """
    from anaplan_sdk.cli.tenant.capturing.model_capture import capture_model

    invocation = Invocation.of(context)
    line = invocation.command_line(
        *("anaplan", "tenant", "capture", "-o", folder, "--data", data, "--format", form),
        *("--sample-items", str(sample_items)),
        "--anonymise" if anonymise else "--no-anonymise",
    )
    invocation.state = f"Nothing was changed at Anaplan. To continue: {line}"
    options = CaptureOptions(
        data=data,
        anonymise=anonymise,
        sample_items=sample_items,
        file_format=form,
        show=lambda text: invocation.say(f"  {text}"),
    )
    with invocation.client() as client:
        report = capture_model(
            client, invocation.workspace_id or "", invocation.model_id or "", Path(folder), options
        )
    _show(invocation, report)
    return ExitCode.DONE


def _show(invocation: Invocation, report: CaptureReport) -> None:
    from anaplan_sdk.cli.tenant.capturing.report_files import report_content

    if invocation.options.output in ("json", "jsonl"):
        invocation.output.record(report_content(report))
    read = ", ".join(
        counted(count, kind.removesuffix("s")) if kind.endswith("s") else f"{count:,} {kind}"
        for kind, count in report.read.items()
        if count
    )
    invocation.say(f"\nRead: {read}.")
    _list(invocation, "Guessed, to be confirmed", report.guessed)
    _list(invocation, "Skipped or approximated", report.skipped)
    file = quoted(str(report.tenant_file))
    invocation.say(
        f"\nThe report is in {report.folder / 'report.md'}. To go through the guesses:"
        f" 'anaplan tenant check {file}'. To start an emulator: 'anaplan emulator --tenant {file}'"
    )


def _list(invocation: Invocation, title: str, notes: list[Note]) -> None:
    if not notes:
        return
    invocation.say(f"\n{title}: {counted(len(notes), 'note')}")
    for each in notes[:_MOST_SHOWN]:
        invocation.say(f"  {each.place}: {each.text}")
    if len(notes) > _MOST_SHOWN:
        invocation.say(f"  and {len(notes) - _MOST_SHOWN} more, in report.md")
