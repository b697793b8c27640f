"""The command `anaplan emulator`."""

from __future__ import annotations

import typer


def emulator(context: typer.Context) -> None:
    """Serve an emulated Anaplan until it is stopped.

    Args:
        context: The command line, whose arguments are the emulator's.
    """
    try:
        from anaplan_emulator.command_line import main
    except ImportError as problem:
        typer.echo(
            f"The emulator needs its extra: pip install 'anaplan-sdk[emulator]' ({problem})",
            err=True,
        )
        raise typer.Exit(1) from None
    raise typer.Exit(main(context.args, prog="anaplan emulator"))
