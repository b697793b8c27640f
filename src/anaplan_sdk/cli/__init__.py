"""The command `anaplan`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

# What the extra `cli` installs.
_LIBRARIES = ("typer", "rich", "tomlkit")


def main() -> None:
    """Run the command, and exit with its code; or with a message if its extra is missing."""
    # Nothing that is imported becomes garbage; the collector would only look for some.
    gc.disable()
    _replace_closed_streams()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: The arguments.

    Returns:
        The exit code, one of `ExitCode`.
    """
    try:
        from anaplan_sdk.cli.tree import run_tree
    except ImportError as problem:
        is_extra = (problem.name or "").partition(".")[0] in _LIBRARIES
        advice = (
            "The command needs the extra 'cli': pip install 'anaplan-sdk[cli,emulator]'"
            if is_extra
            else "This Python, or the installation of anaplan-sdk, is incomplete."
        )
        print(f"Error: {problem}\n{advice}", file=sys.stderr)
        return 1
    return run_tree(arguments)


def _replace_closed_streams() -> None:
    """Open streams that the caller has closed, such as by `>&-` in a shell.

    Otherwise words would be printed as data, and a file that is opened would get their numbers.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # What is printed there is an error, as in other programs; words are dropped.
            flags = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            descriptor = os.open(os.devnull, flags)
            setattr(sys, name, open(descriptor, mode, encoding="utf-8"))  # noqa: SIM115, PTH123
