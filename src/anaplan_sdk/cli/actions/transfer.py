"""Moving content: `anaplan upload`, `download`, `import` and `export`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeAlias

import typer

from anaplan_sdk.cli.actions.action_run import ActionRun
from anaplan_sdk.cli.actions.run_parameters import Connector, Map, RunParameters
from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.destination import Destination
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.limits import Limits
from anaplan_sdk.cli.name_completion import completing
from anaplan_sdk.cli.options import AllowRefused, Locale, Refused, Timeout
from anaplan_sdk.cli.references import find_id, kind_of, named
from anaplan_sdk.cli.source import source_path
from anaplan_sdk.cli.wording import can_be_typed

if TYPE_CHECKING:
    from anaplan_sdk import Client

Source: TypeAlias = Annotated[str, typer.Argument(metavar="SRC", help="A file, or - for stdin.")]
Journal: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="PATH", help="Record of what has arrived: another run sends only the rest."
    ),
]
Dest: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="DEST", help="A file, a folder, or - for stdout; by default the file's own name."
    ),
]


@examples(
    "anaplan upload flights.csv --to flights.csv",
    "gunzip -c flights.csv.gz | anaplan upload - --to flights.csv",
    "anaplan upload big.csv --to flights.csv --journal big.journal",
)
def upload(
    context: typer.Context,
    source: Source,
    to: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The file in the model: name or id.",
            autocompletion=completing("files"),
        ),
    ],
    journal: Journal = None,
) -> None:
    """Upload content to a file.

    The content replaces what you uploaded to the file before. It is sent in chunks, several at the
    same time. A file's content belongs to you: other users do not see it, and Anaplan deletes it
    48 hours after its last use.
    """
    invocation = Invocation.of(context)
    content = _content(source)
    with invocation.client() as client:
        _upload(invocation, client, find_id(client, ("files",), to), to, content, journal)


@examples(
    "anaplan download flights.csv",
    "anaplan download flights.csv - | head -3",
    "anaplan download 'Flight Facts - tabular.csv' exports/",
)
def download(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="The file, or an export's output: name or id.",
            autocompletion=completing("files"),
        ),
    ],
    dest: Dest = None,
) -> None:
    """Download the content of a file.

    That is what you uploaded, or the output of an export that you ran. A file that exists is
    replaced when the content is complete, not before.
    """
    invocation = Invocation.of(context)
    destination = Destination(dest)
    with invocation.client() as client:
        file_id = find_id(client, ("files",), file)
        _download(invocation, client, file_id, _path(client, destination, "files", file_id), file)


@examples(
    "anaplan import flights.csv --run 'Flights from flights.csv'",
    "anaplan import - --run 'Load flights' --to flights.csv < flights.csv",
    "anaplan import plan.csv --run 112000000005 --map Version=Forecast",
)
def import_(
    context: typer.Context,
    source: Source,
    action: Annotated[
        str,
        typer.Option(
            "--run",
            metavar="IMPORT",
            help="The import, or a process: name or id.",
            autocompletion=completing("imports", "processes"),
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The file to upload to; by default the one it reads.",
            autocompletion=completing("files"),
        ),
    ] = None,
    journal: Journal = None,
    mappings: Map = None,
    connector: Connector = None,
    locale: Locale = "en_US",
    timeout: Timeout = None,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
) -> ExitCode:
    """Upload content, and run the import that reads it.

    The import is run only when all of the content has arrived. It waits for the end, and prints the
    result of each step. Rows that Anaplan refuses make the exit code 6, unless they are allowed;
    rows that it imports only in part count as refused.
    """
    invocation = Invocation.of(context)
    limits = Limits.read(timeout, allow_refused, refused)
    parameters = RunParameters(mappings, connector)
    content = _content(source)
    with invocation.client() as client:
        action_id = find_id(client, ("imports", "processes"), action)
        file_id, name = _source_file(client, action, action_id, to)
        resolved = parameters.resolve(client, action_id)
        _upload(invocation, client, file_id, name, content, journal)
        action_run = ActionRun(invocation, client, action, action_id)
        action_run.start(locale, *resolved)
        return action_run.finish(limits)


@examples(
    "anaplan export 'Flight Facts - tabular.csv'",
    "anaplan export 'Flight Facts - tabular.csv' - | gzip > facts.csv.gz",
    "anaplan export 116000000000 exports/ --timeout 3600",
)
def export(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="The export: name or id.",
            autocompletion=completing("exports"),
        ),
    ],
    dest: Dest = None,
    locale: Locale = "en_US",
    timeout: Timeout = None,
) -> None:
    """Run an export, and download its output.

    A file that exists is replaced when the output is complete, not before.
    """
    invocation = Invocation.of(context)
    limits = Limits.read(timeout)
    destination = Destination(dest)
    with invocation.client() as client:
        export_id = find_id(client, ("exports",), ref)
        path = _path(client, destination, "exports", export_id)
        action_run = ActionRun(invocation, client, ref, export_id)
        action_run.start(locale)
        action_run.finish(limits, is_result_shown=False)
        invocation.state = (
            "The export has ended, and its output was not downloaded: "
            f"{action_run.command('download', task=False)} does that."
        )
        _download(invocation, client, export_id, path, ref)


def _content(source: str) -> Path | BinaryIO:
    """Return what is uploaded, having checked that it can be read and is not empty."""
    if source == "-":
        stream: Any = typer.get_binary_stream("stdin")
        if not hasattr(stream, "peek"):
            stream = io.BufferedReader(stream)
        # Waits for the program that writes it, before anything is sent.
        if not stream.peek(1):
            raise usage_error("There is no content on stdin.", "Nothing was sent.")
        content: BinaryIO = stream
        return content
    path = source_path(source)
    if not path.is_file():
        return path  # A pipe can be opened only once.
    with path.open("rb") as file:
        if not file.read(1):
            raise usage_error(f"{source!r} is empty.", "Nothing was sent.")
    return path


def _upload(
    invocation: Invocation,
    client: Client,
    file_id: str,
    name: str,
    content: Path | BinaryIO,
    journal: str | None,
) -> None:
    invocation.state = f"The upload to {name!r} is incomplete; nothing was run."
    with invocation.progress(f"Uploading {name}") as show:
        client.upload_file(file_id, content, journal=journal, on_progress=show)
    invocation.state = f"The upload to {name!r} is complete; nothing was run."


def _path(client: Client, destination: Destination, kind: str, identifier: str) -> Path | None:
    """Return the path to write to; None for stdout."""

    def find_name() -> str:
        found = [each.name for each in named(kind, client) if str(each.id) == identifier]
        if not found:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"There is none of the {kind} with the id {identifier} that the user can see.",
                f"'anaplan ls {kind}' lists them.",
            )
        return found[0]

    return None if destination.is_stdout else destination.path(find_name)


def _download(
    invocation: Invocation, client: Client, file_id: str, path: Path | None, name: str
) -> None:
    """Download a file, which is called by the name that was typed where it has no content."""
    from anaplan_sdk.exceptions import FileContentMissingException

    try:
        _receive(invocation, client, file_id, path, name)
    except FileContentMissingException as error:
        typed = name if can_be_typed(name) else file_id
        is_output = kind_of(file_id) == "exports"
        words = ("export", typed) if is_output else ("upload", "FILE", "--to", typed)
        command = invocation.command_line("anaplan", *words)
        does = "runs the export, and downloads its output" if is_output else "uploads it again"
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"{name!r} has no content that the user can download.",
            f"Anaplan deletes content 48 hours after its last use; {command} {does}.",
            kind=type(error).__name__,
        ) from error


def _receive(
    invocation: Invocation, client: Client, file_id: str, path: Path | None, name: str
) -> None:
    if path is not None:
        with invocation.progress(f"Downloading {name}") as show:
            client.download_file(file_id, path, on_progress=show)
        invocation.say(f"Saved as {path}")
        return
    with invocation.progress(f"Downloading {name}", prints=True) as show:
        invocation.output.data(client.get_file_stream(file_id, on_progress=show))


def _source_file(client: Client, action: str, action_id: str, to: str | None) -> tuple[str, str]:
    """Return the id and the name of the file that content for an import is uploaded to."""
    if kind_of(action_id) == "processes":
        read = [step.file_id for step in client.get_process(action_id).actions]
    else:
        read = [each.file_id for each in client.get_imports() if str(each.id) == action_id]
    read_ids = list(dict.fromkeys(str(each) for each in read if each is not None))
    names = {str(each.id): each.name for each in named("files", client)}
    listed = ", ".join(f"{names.get(each, '')!r} ({each})" for each in read_ids)
    if to is not None:
        file_id = find_id(client, ("files",), to)
        if read_ids and file_id not in read_ids:
            raise usage_error(f"{action!r} does not read {to!r}.", f"It reads {listed}.")
        return file_id, names.get(file_id, to)
    if len(read_ids) == 1:
        return read_ids[0], names.get(read_ids[0], read_ids[0])
    if read_ids:
        raise usage_error(
            f"{action!r} reads several files; name one with --to.", f"It reads {listed}."
        )
    raise usage_error(
        f"{action!r} reads no file to upload to.", "'anaplan run' runs it without an upload."
    )
