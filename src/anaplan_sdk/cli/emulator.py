"""`anaplan emulator`: one of the two doors to the emulator."""

from __future__ import annotations

import typer


def emulator(context: typer.Context) -> None:
    """Serves until it is stopped."""
    try:
        from anaplan_emulator.__main__ import main
    except ImportError as problem:
        typer.echo(
            f"This needs the extra 'emulator': pip install 'anaplan-sdk[emulator]' ({problem})",
            err=True,
        )
        raise typer.Exit(2) from None
    raise typer.Exit(main(context.args, prog="anaplan emulator"))
