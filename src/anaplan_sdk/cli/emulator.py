"""`anaplan emulator`: one of the two doors to the emulator."""

from __future__ import annotations

import typer


def emulator(context: typer.Context) -> None:
    """Serves until it is stopped."""
    try:
        from anaplan_emulator.command_line import main
    except ImportError as problem:
        typer.echo(
            f"The emulator needs its extra: pip install 'anaplan-sdk[emulator]' ({problem})",
            err=True,
        )
        raise typer.Exit(1) from None
    raise typer.Exit(main(context.args, prog="anaplan emulator"))
