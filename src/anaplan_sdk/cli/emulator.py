"""`anaplan emulator`."""

from __future__ import annotations

import typer

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import flush_output


def emulator(context: typer.Context) -> None:
    """Serve an emulated Anaplan on this machine. It has a command line of its own."""
    try:
        from anaplan_emulator.command_line import main
    except ImportError as problem:
        typer.echo(
            f"The emulator needs its extra: pip install 'anaplan-sdk[emulator]' ({problem})",
            err=True,
        )
        raise typer.Exit(ExitCode.FAILED) from None
    code = main(context.args, prog="anaplan emulator")
    flush_output()  # It also serves if nobody can read its message.
    raise typer.Exit(code)
