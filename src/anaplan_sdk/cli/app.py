"""The tree of commands."""

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
    # Help in rich format shows a type for flags, which have no value.
    rich_markup_mode=None,
)
# The emulator has a command line of its own, which parses its options.
app.command(
    help="Serve an emulation of Anaplan's APIs on this machine; --help lists its options.",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(emulator)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """Anaplan from the command line.

    Args:
        version: Print the version.
    """
    if version:
        typer.echo(f"anaplan-sdk {__version__}")
        raise typer.Exit
