"""The commands."""

from __future__ import annotations

import typer

from anaplan_sdk import __version__
from anaplan_sdk.cli.emulator import emulator

app = typer.Typer(
    name="anaplan",
    help="Anaplan from the command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Rich help shows a type beside flags, which take no value.
    rich_markup_mode=None,
)
# The emulator has a command line of its own; what it takes is written there once.
app.command(
    help="Serve Anaplan's APIs from this machine; --help tells more.",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(emulator)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """Anaplan from the command line."""
    if version:
        typer.echo(f"anaplan-sdk {__version__}")
        raise typer.Exit
