"""Moving content: `anaplan upload`, `download`, `import` and `export`."""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping
from contextlib import contextmanager
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
from anaplan_sdk.cli.options import AllowRefused, Locale, Refused, RunStoreOption, Timeout
from anaplan_sdk.cli.references import find_id, kind_of, named
from anaplan_sdk.cli.source import source_path
from anaplan_sdk.cli.table_formats import FormatOption, TableFormat, format_of
from anaplan_sdk.cli.tables.check_report import judge, show_reports
from anaplan_sdk.cli.tables.column_types import TypeOption, column_types, type_advice
from anaplan_sdk.cli.tables.row_files import check_target, write_table
from anaplan_sdk.cli.tables.table_upload import (
    ColumnOption,
    DateFormatOption,
    RenameOption,
    TableOptions,
    TableUpload,
    TimestampsOption,
)
from anaplan_sdk.cli.wording import can_be_typed

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import Import

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
    "anaplan upload flights.parquet --to flights.csv",
    "gunzip -c flights.csv.gz | anaplan upload - --to flights.csv",
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
    form: FormatOption = None,
    column: ColumnOption = None,
    rename: RenameOption = None,
    date_format: DateFormatOption = None,
    timestamps: TimestampsOption = None,
) -> None:
    """Upload content to a file.

    The content replaces what you uploaded to the file before. It is sent in chunks, several at the
    same time. A file's content belongs to you: other users do not see it, and Anaplan deletes it
    48 hours after its last use.

    Parquet, Arrow and JSON Lines are written as the text that the file's imports read: its
    columns are compared with theirs by name. All else is sent as it is.
    """
    invocation = Invocation.of(context)
    options = TableOptions.read(form, column, rename, date_format, timestamps)
    with _opened(source, options) as content, invocation.client() as client:
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
    "anaplan import sales.parquet --run Sales --check",
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
    run_store: RunStoreOption = None,
    form: FormatOption = None,
    column: ColumnOption = None,
    rename: RenameOption = None,
    date_format: DateFormatOption = None,
    timestamps: TimestampsOption = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Only report what Anaplan would refuse; send nothing."),
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="The module or list to check against; by default by the import's name.",
            autocompletion=completing("modules", "lists"),
        ),
    ] = None,
) -> ExitCode:
    """Upload content, and run the import that reads it.

    The import is run only when all of the content has arrived. It waits for the end, and prints the
    result of each step. Rows that Anaplan refuses make the exit code 6, unless they are allowed;
    rows that it imports only in part count as refused.

    With --run-store, a command that is repeated after a crash resumes the run that it started,
    and uploads nothing; it begins again only if that run has failed, or was never started. Use
    another path for tomorrow's run.

    Parquet, Arrow and JSON Lines are written as the text that the import reads: its columns are
    compared with the import's by name. Refused rows then have their index in the table, from 0.

    --check compares columns, numbers, dates and items of lists with those of the model, and prints
    what Anaplan would refuse; the exit code is 6 if there is anything.
    """
    invocation = Invocation.of(context)
    limits = Limits.read(timeout, allow_refused, refused)
    parameters = RunParameters(mappings, connector)
    if target is not None and not check:
        raise usage_error("--target is for --check.", "Without it, the import itself decides.")
    options = TableOptions.read(form, column, rename, date_format, timestamps)
    with _opened(source, options, is_table=check) as content, invocation.client() as client:
        action_id = find_id(client, ("imports", "processes"), action)
        file_id, name = _source_file(client, action, action_id, to)
        if check and isinstance(content, TableUpload):
            with invocation.progress(f"Checking {source}"):
                readers = _readers(client, file_id, action_id)
                target_id = (
                    None if target is None else find_id(client, ("modules", "lists"), target)
                )
                reports = [content.check(client, str(each.id), target_id) for each in readers]
            show_reports(invocation, reports)
            return judge(invocation, reports, limits, source)
        resolved = parameters.resolve(client, action_id)
        table = content if isinstance(content, TableUpload) else None
        action_run = ActionRun(
            invocation, client, action, action_id, table=table, run_store=run_store
        )
        if not action_run.was_started():
            _upload(invocation, client, file_id, name, content, journal, action_id)
        action_run.start(locale, *resolved)
        return action_run.finish(limits)


@examples(
    "anaplan export 'Flight Facts - tabular.csv'",
    "anaplan export 'Flight Facts - tabular.csv' facts.parquet",
    "anaplan export 'Flight Facts - tabular.csv' - | gzip > facts.csv.gz",
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
    form: FormatOption = None,
    types: TypeOption = None,
) -> None:
    """Run an export, and download its output.

    A file that exists is replaced when the output is complete, not before.

    Parquet, Arrow and JSON Lines have columns of the types that the export reports: numbers,
    booleans, dates and texts. All else is the output as Anaplan writes it.
    """
    invocation = Invocation.of(context)
    limits = Limits.read(timeout)
    destination = Destination(dest)
    schema = column_types(types)
    form = form or (format_of(dest) if dest else None)
    if types and form in (None, "csv"):
        raise usage_error("--type is only for Parquet, Arrow and JSON Lines.", "See --help.")
    check_target(destination, form, invocation.output)
    with invocation.client() as client:
        export_id = find_id(client, ("exports",), ref)
        path = _path(client, destination, "exports", export_id)
        if path is not None and destination.is_folder and form is not None:
            path = path.with_suffix(f".{form}")
        action_run = ActionRun(invocation, client, ref, export_id)
        action_run.start(locale)
        action_run.finish(limits, is_result_shown=False)
        invocation.state = (
            "The export has ended, and its output was not downloaded: "
            f"{action_run.command('download', task=False)} does that."
        )
        if form in (None, "csv"):
            _download(invocation, client, export_id, path, ref)
        else:
            _download_table(invocation, client, export_id, path, ref, form, schema)


def _download_table(
    invocation: Invocation,
    client: Client,
    export_id: str,
    path: Path | None,
    name: str,
    form: TableFormat,
    schema: Mapping[str, str],
) -> None:
    """Download the output of an export as a table."""
    with (
        _missing_content(invocation, export_id, name),
        type_advice(),
        invocation.progress(f"Downloading {name}", prints=path is None) as show,
        client.export_table(export_id, schema=schema, run=False, on_progress=show) as table,
    ):
        write_table(table, form, Destination("-" if path is None else str(path)), invocation.output)
    if path is not None:
        invocation.say(f"Saved as {path}")


@contextmanager
def _opened(
    source: str, options: TableOptions, *, is_table: bool = False
) -> Generator[Path | BinaryIO | TableUpload]:
    """Open what is uploaded: a table, or content that is sent as it is."""
    table = options.table(source, is_checked=is_table)
    if table is None:
        yield _content(source)
        return
    with table:
        yield table


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
    content: Path | BinaryIO | TableUpload,
    journal: str | None,
    action_id: str | None = None,
) -> None:
    """Upload content to a file, for an action if one is named."""
    readers = _readers(client, file_id, action_id) if isinstance(content, TableUpload) else ()
    invocation.state = f"The upload to {name!r} is incomplete; nothing was run."
    with invocation.progress(f"Uploading {name}") as show:
        if isinstance(content, TableUpload):
            content.upload(client, file_id, readers, journal, show)
        else:
            client.upload_file(file_id, content, journal=journal, on_progress=show)
    invocation.state = f"The upload to {name!r} is complete; nothing was run."


def _readers(client: Client, file_id: str, action_id: str | None) -> list[Import]:
    """Return the imports that read a file: those of an action, or all."""
    ids = None if action_id is None else {action_id}
    if action_id is not None and kind_of(action_id) == "processes":
        ids = {str(step.id) for step in client.get_process(action_id).actions}
    return [
        each
        for each in client.get_imports()
        if str(each.file_id or "") == file_id and (ids is None or str(each.id) in ids)
    ]


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
    with _missing_content(invocation, file_id, name):
        if path is None:
            with invocation.progress(f"Downloading {name}", prints=True) as show:
                invocation.output.data(client.get_file_stream(file_id, on_progress=show))
            return
        with invocation.progress(f"Downloading {name}") as show:
            client.download_file(file_id, path, on_progress=show)
    invocation.say(f"Saved as {path}")


@contextmanager
def _missing_content(invocation: Invocation, file_id: str, name: str) -> Generator[None]:
    """Say what uploads a file, or runs an export, that has no content."""
    from anaplan_sdk.exceptions import FileContentMissingException

    try:
        yield
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
